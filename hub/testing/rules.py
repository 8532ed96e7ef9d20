"""What a check is: an id that stays, a rule in one sentence, what the author does when it fails."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NoReturn

if TYPE_CHECKING:
    from hub.testing.kit import Kit

Level = Literal["bronze", "silver", "gold"]
LEVELS: tuple[Level, ...] = ("bronze", "silver", "gold")
"""From "safe to install" over "safe to run" to "complete"; each includes those before."""


class CheckFailed(AssertionError):
    """The connector breaks a rule. The text says what was seen and what its author does."""

    def __init__(self, seen: str, remedy: str) -> None:
        super().__init__(f"{seen}\nWhat to do: {remedy}")
        self.seen = seen
        self.remedy = remedy


class NotApplicable(Exception):
    """The rule does not concern this connector; the text says why."""


class Broken(Exception):
    """A check saw the rule broken; ``run`` adds the check's own remedy unless there is another."""

    def __init__(self, seen: str, remedy: str = "") -> None:
        super().__init__(seen)
        # What is quoted may bring its own full stop.
        self.seen = seen.strip().removesuffix("..") + "." if seen.endswith("..") else seen.strip()
        self.remedy = remedy


def broken(seen: str, remedy: str = "") -> NoReturn:
    """End the check: this was seen."""
    raise Broken(seen, remedy)


@dataclass(frozen=True, slots=True)
class Check:
    """One rule of the contract."""

    id: str
    rule: str
    remedy: str
    level: Level
    body: Callable[["Kit"], None]

    @property
    def test_name(self) -> str:
        """The name of its test in ``ConnectorContract``."""
        return "test_" + self.id.replace("-", "_")

    def run(self, kit: "Kit") -> None:
        """Try the rule. Raises ``CheckFailed`` or ``NotApplicable``."""
        try:
            self.body(kit)
        except Broken as found:
            raise CheckFailed(found.seen, found.remedy or self.remedy) from found.__cause__
        except NotApplicable:
            raise
        except Exception as error:
            seen = f"The connector raised {type(error).__name__} in a healthy case: {error}"
            raise CheckFailed(seen, self.remedy) from error


CHECKS: dict[str, Check] = {}
"""Every check by its id, in the order of the reference."""


def check(
    id: str,
    rule: str,
    remedy: str,
    level: Level = "bronze",
) -> Callable[[Callable[["Kit"], None]], Callable[["Kit"], None]]:
    """Register a check."""

    def register(body: Callable[["Kit"], None]) -> Callable[["Kit"], None]:
        CHECKS[id] = Check(id, rule, remedy, level, body)
        return body

    return register
