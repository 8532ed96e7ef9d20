"""What a connector raises; each class answers "what does the hub do next?"."""


class HubError(Exception):
    """Base of the connector vocabulary. The text is for operators: no secrets, no traces."""


class ConfigError(HubError):
    """A setting is wrong: the flow pauses and the text is shown at ``parameter``."""

    def __init__(self, message: str, *, parameter: str | None = None) -> None:
        super().__init__(message)
        self.parameter = parameter


class AuthError(ConfigError):
    """The system refused the sign-in: the connection needs a person, messages wait."""


class RateLimited(HubError):
    """The quota is used up: everyone on it waits ``retry_after`` seconds (None: not said)."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ConnectionTrouble(HubError):
    """Refused, DNS, TLS, timeout of a read, 5xx storm, session limit: nothing is spent."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TransientError(HubError):
    """The record could not be handled now; it is tried again and spends an attempt."""


class AmbiguousWrite(HubError):
    """A write whose end is not known: it may have taken effect, now or within the hold."""


class RecordRejected(HubError):
    """The system refused this record for a reason of its own; it is parked."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class LeaseLost(BaseException):
    """The claim was taken over: stop at once, send nothing more.

    Derived from BaseException so that an ``except Exception`` in a connector cannot swallow it.
    """
