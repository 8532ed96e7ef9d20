"""Error bodies as the vendor sends them (CONTRACT §2, §3, §7)."""

from collections.abc import Callable, Mapping

from hub.sdk.simulation import SimRequest, SimResponse

_TAKES_FORMS = ("/entity/auth/", "/identity/")
IIS_429 = "The custom error module does not recognize this error."
NOT_FOUND = "PX.Api.ContractBased.NoEntitySatisfiesTheConditionException"


def server_error(text: str, kind: str = "PX.Data.PXException", stack: str = "") -> SimResponse:
    """Return the 500 that stands for almost everything."""
    body = {
        "message": "An error has occurred.",
        "exceptionMessage": text,
        "exceptionType": kind,
        "stackTrace": stack or "   at PX.Api.ContractBased.WebApi.Controllers.SoapFacadeBase",
    }
    return SimResponse.json(body, 500)


def no_such_record() -> SimResponse:
    """Not found by key: a 500, not a 404."""
    return server_error("No entity satisfies the condition.", NOT_FOUND)


def optimization(field: str) -> SimResponse:
    """A list that the server cannot turn into one query."""
    return server_error(
        "Optimization cannot be performed.The following fields cause the error:\r\n"
        f"{field}: View {field} has BQL delegate",
        "PX.Api.ContractBased.OptimizationException",
    )


def invalid(texts: Mapping[str, list[str]]) -> SimResponse:
    """Return a 400 with the model's state."""
    return SimResponse.json({"message": "The request is invalid.", "modelState": dict(texts)}, 400)


def message(status: int, text: str) -> SimResponse:
    """Return an HttpError that is a message only."""
    return SimResponse.json({"message": text}, status)


def no_resource(path: str) -> SimResponse:
    """Return the 404 for an endpoint, entity or action that does not exist."""
    return message(404, f"No HTTP resource was found that matches the request URI '{path}'.")


def throttled(headers: bool) -> SimResponse:
    """Return the 429 of the web server, plain text; ``headers`` adds Retry-After."""
    extra = [("Retry-After", "60")] if headers else []
    return SimResponse.text(IIS_429, 429, extra, kind="text/plain")


def not_readable(request: SimRequest) -> SimResponse | None:
    """Return the 415 of a body that is neither JSON nor, at the sign-in, a form; else None."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    form = "x-www-form-urlencoded" in kind and request.path.startswith(_TAKES_FORMS)
    if not request.body or not kind or kind.endswith("json") or form:
        return None
    text = f"The request entity's media type '{kind}' is not supported for this resource."
    return message(415, text)


def redirected(target: str) -> SimResponse:
    """Return a redirect to one of the site's web pages."""
    return SimResponse.empty(302, [("Location", target)])


STATED: Mapping[str, Callable[[], SimResponse]] = {
    "forbidden": lambda: message(403, "You have insufficient rights to access the object."),
    "setup_missing": lambda: server_error(
        "The required configuration data is not entered on the Company Branches form.",
        "PX.Data.PXSetupNotEnteredException",
    ),
    "lock_error": lambda: server_error(
        "Another process has updated the 'Customer' record. Your changes will be lost.",
        "PX.Data.PXLockViolationException",
    ),
    "deadlock": lambda: server_error(
        "Transaction (Process ID 61) was deadlocked on lock resources with another process and has "
        "been chosen as the deadlock victim. Rerun the transaction.",
        "System.Data.SqlClient.SqlException",
    ),
    "save_rejected": lambda: server_error(
        "Inserting  'Customer' record raised at least one error. Please review the errors.",
        "PX.Api.ContractBased.OutcomeEntityHasErrorsException",
    ),
    "redirect_login": lambda: redirected("/Frames/Login.aspx?ReturnUrl=%2fentity"),
    "html_login": lambda: SimResponse.text(LOGIN_PAGE, kind="text/html; charset=utf-8"),
}
"""Faults that are an answer and nothing else: name to answer."""

LOGIN_PAGE = (
    '<!DOCTYPE html><html><head><title>Sign In</title></head><body><form id="form1">'
    '<input type="hidden" name="txtSingleCompany" value="Company" /></form></body></html>'
)
