"""From a posted form to raw input: an unticked box sends nothing, a list sends its name often."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from hub.sdk import Kind, ParameterSpec


class Form(Protocol):
    """A multi-dict, as Flask's ``request.form``."""

    def get(self, key: str) -> str | None: ...

    def getlist(self, key: str) -> list[str]: ...

    def keys(self) -> Iterable[str]: ...

    def __contains__(self, key: object) -> bool: ...


def form_values(specs: Sequence[ParameterSpec], form: Form, prefix: str = "") -> dict[str, Any]:
    """Return raw values for ``validate``. Field names are ``prefix`` + parameter name.

    MULTI: ``name`` many times, ``name__all`` for *all*. TABLE: ``name__mode`` (``default``,
    ``specific``, ``mapped``), then ``name`` many times, or ``name__row.KEY`` = value per row.
    """
    found: dict[str, Any] = {}
    for spec in specs:
        field = prefix + spec.name
        if spec.kind is Kind.BOOL:
            found[spec.name] = form.get(field) not in (None, "", "false", "0")
        elif spec.kind is Kind.MULTI:
            found[spec.name] = "all" if f"{field}__all" in form else form.getlist(field)
        elif spec.kind is Kind.TABLE:
            found[spec.name] = _table(form, field, choices=bool(spec.choices))
        elif field in form:
            found[spec.name] = form.get(field)
    return found


def _table(form: Form, field: str, *, choices: bool) -> Any:
    mode = form.get(f"{field}__mode") or ("default" if choices else "mapped")
    if mode == "specific":
        return form.getlist(field)
    if mode == "mapped":
        start = f"{field}__row."
        names = [key for key in form.keys() if key.startswith(start)]  # noqa: SIM118
        rows = {name[len(start) :]: (form.get(name) or "").strip() for name in names}
        return {key: value for key, value in rows.items() if value}
    return mode
