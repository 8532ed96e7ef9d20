"""Named transforms: ``f(value, argument, context) -> value``. Data, never code, chooses them."""

from collections.abc import Callable, Mapping
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from functools import cache
from typing import Any

from hub.mapping.places import COUNTRIES, STATES

Transform = Callable[[Any, str, Mapping[str, Any]], Any]


class MappingProblem(Exception):
    """A value cannot be mapped. ``group`` is equal for all records with the same cause."""

    def __init__(self, message: str, remedy: str = "", group: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy
        self.group = group or message


def walk(source: Any, path: tuple[str, ...]) -> Any:
    """Follow a path through nested mappings; None where it ends early."""
    for part in path:
        # The plain check first: asking the abstract class costs more than the rest of a mapping.
        if type(source) is not dict and not isinstance(source, Mapping):
            return None
        source = source.get(part)
    return source


def _at(context: Mapping[str, Any], path: str) -> Any:
    return walk(context, tuple(path.split(".")))


def text(value: Any, _argument: str, _context: Mapping[str, Any]) -> str:
    """Any value as stripped text; nothing becomes empty."""
    if type(value) is str:
        return value.strip()
    return "" if value is None else str(value).strip()


def upper(value: Any, _argument: str, _context: Mapping[str, Any]) -> Any:
    """Upper case."""
    return value.upper() if isinstance(value, str) else value


def lower(value: Any, _argument: str, _context: Mapping[str, Any]) -> Any:
    """Lower case, for e-mail addresses."""
    return value.lower() if isinstance(value, str) else value


def whole(value: Any, argument: str, _context: Mapping[str, Any]) -> int | None:
    """A whole number; empty stays empty, anything else is a problem."""
    if value is None or value == "":
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        raise MappingProblem(f"“{value}” is not a whole number{argument}.") from None


def boolean(value: Any, _argument: str, _context: Mapping[str, Any]) -> bool:
    """True for true, "true", "1", "yes"."""
    if isinstance(value, str):
        return value.strip().lower() in {"true", "1", "yes"}
    return bool(value)


def first_word(value: Any, _argument: str, _context: Mapping[str, Any]) -> str:
    """The text up to the first space."""
    return str(value or "").strip().partition(" ")[0]


def rest_words(value: Any, _argument: str, _context: Mapping[str, Any]) -> str:
    """The text after the first space; one word stands for both names."""
    first, _, rest = str(value or "").strip().partition(" ")
    return rest.strip() or first


def default(value: Any, argument: str, _context: Mapping[str, Any]) -> Any:
    """The argument where the value is empty."""
    return argument if value in (None, "") else value


def mapped(value: Any, argument: str, _context: Mapping[str, Any]) -> Any:
    """``map:a=1,b=2,*=x``: replace by table; whole numbers become numbers."""
    table = _table(argument)
    found = table.get(str(value), table.get("*", value))
    return int(found) if isinstance(found, str) and found.removeprefix("-").isdecimal() else found


@cache
def _table(argument: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in argument.split(","))


def values(value: Any, argument: str, context: Mapping[str, Any]) -> Any:
    """``values:price_class``: look up in a value mapping; an unmapped value is a problem."""
    if value in (None, ""):
        return None
    table: Mapping[str, Any] = (context.get("values") or {}).get(argument) or {}
    if str(value) in table:
        found = table[str(value)]
        return int(found) if str(found).isdecimal() else found
    words = argument.replace("_", " ")
    raise MappingProblem(
        f"The {words} “{value}” is not mapped to a value of the store.",
        f"Add “{value}” to the value mapping {argument} of this connector. "
        "All records with this value follow by themselves.",
        group=f"unmapped {argument}: {value}",
    )


def country_name(value: Any, _argument: str, _context: Mapping[str, Any]) -> str:
    """The English name of an ISO country code; a name stays as it is."""
    code = str(value or "").strip()
    return COUNTRIES.get(code.upper(), code)


def state_name(value: Any, argument: str, context: Mapping[str, Any]) -> str:
    """``state_name:address.country``: the full name of a state code in that country."""
    code = str(value or "").strip()
    country = str(_at(context, argument) or "").upper()
    return STATES.get(country, {}).get(code.upper(), code)


def state_required(value: Any, argument: str, context: Mapping[str, Any]) -> Any:
    """``state_required:address.country``: a problem where the country has states and none is given."""
    country = str(_at(context, argument) or "").upper()
    if value in (None, "") and country in STATES:
        raise MappingProblem(
            f"The state is missing; the store requires one in {COUNTRIES.get(country, country)}.",
            "Fill in the state of this address in the ERP; the next sync picks it up.",
            group="state missing",
        )
    return value


def equals(value: Any, argument: str, context: Mapping[str, Any]) -> bool:
    """``equals:parent.primary_contact``: True when both are the same, non-empty value."""
    return value not in (None, "") and str(value) == str(_at(context, argument))


def choose(value: Any, argument: str, context: Mapping[str, Any]) -> Any:
    """``choose:0|preferences.contact_role``: the literal where true, else the value at the path."""
    literal, _, path = argument.partition("|")
    return literal if value else _at(context, path)


QUANTITIES = {
    "available": "QtyAvailable",
    "available_for_shipping": "QtyHardAvailable",
    "on_hand": "QtyOnHand",
}


def quantity(value: Any, _argument: str, context: Mapping[str, Any]) -> int:
    """The chosen quantity minus safety stock, floored, never negative.

    ``value`` maps the ERP's quantity names to numbers (FIRST-FLOWS, Inventory).
    """
    preferences = context.get("preferences") or {}
    name = QUANTITIES[preferences.get("sync_qty") or "available"]
    raw = value.get(name) if isinstance(value, Mapping) else value
    try:
        number = Decimal(str(raw if raw not in (None, "") else 0))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise MappingProblem(f"“{raw}” is not a quantity.")
    number -= int(preferences.get("safety_stock") or 0)
    return max(0, int(number.to_integral_value(ROUND_FLOOR)))


TRANSFORMS: dict[str, Transform] = {
    "trim": text,
    "text": text,
    "upper": upper,
    "lower": lower,
    "int": whole,
    "bool": boolean,
    "first_word": first_word,
    "rest_words": rest_words,
    "default": default,
    "map": mapped,
    "values": values,
    "country_name": country_name,
    "state_name": state_name,
    "state_required": state_required,
    "equals": equals,
    "choose": choose,
    "quantity": quantity,
}
