"""Write docs/reference from the code: hooks, values, parameters, commands, environment, logs, errors.

``python scripts/reference.py`` writes; ``--check`` only says what is out of date (exit status 1).
"""

import inspect
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import click

from hub import sdk
from hub.cli import main as cli
from hub.config import VARIABLES
from hub.registry import Registry
from hub.registry.plugin import REQUIRED
from hub.sdk import Direction, ParameterSpec, errors, hookspecs
from hub.settings.common_specs import COMMON_SPECS
from hub.settings.specs import CONNECTION_SPECS, SECTIONS
from hub.store.tables import LogEntry
from hub.vault.logs import FIELDS

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"
MADE = "*Made from the code by `python scripts/reference.py`; do not edit.*"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; line breaks and bars in a cell cannot break it."""
    lines = [heads, ["---"] * len(heads), *rows]
    cells = (" | ".join(" ".join(c.split()).replace("|", "\\|") for c in line) for line in lines)
    return "\n".join(f"| {line} |" for line in cells) + "\n"


def page(title: str, intro: str, *parts: str) -> str:
    """Return a page of the reference."""
    return "\n".join([f"# {title}\n", f"{intro}\n", f"{MADE}\n", *parts])


def doc(thing: Any) -> str:
    """Return the whole docstring with its indentation taken off."""
    return (inspect.getdoc(thing) or "").replace("``", "`")


def hooks() -> str:
    """Return every hook with its arguments and rules."""
    parts = []
    for name, function in vars(hookspecs).items():
        if not name.startswith("hub_") or not callable(function):
            continue
        options = getattr(function, f"{hookspecs.PROJECT}_spec")
        kind = "addressed to one plugin" if options["firstresult"] else "broadcast"
        need = "required" if name in REQUIRED else "optional"
        arguments = ", ".join(inspect.signature(function).parameters)
        parts.append(f"## `{name}({arguments})`\n\n{need}, {kind}\n\n{doc(function)}\n")
    intro = (
        "What a connector can implement, each marked with `@hookimpl` from `hub.sdk`. "
        "A hook takes any subset of the arguments."
    )
    return page("Hooks", intro, *parts)


def values() -> str:
    """Return the values that cross the boundary."""
    parts = []
    for name in sdk.__all__:
        thing = getattr(sdk, name)
        if is_dataclass(thing):
            rows = [(f"`{f.name}`", f"`{_type(f.type)}`", _default(f)) for f in fields(thing)]
            parts.append(
                f"## {name}\n\n{doc(thing)}\n\n{table(('field', 'type', 'default'), rows)}"
            )
        elif isinstance(thing, type) and issubclass(thing, StrEnum):
            listed = ", ".join(f"`{one.value}`" for one in thing)
            parts.append(f"## {name}\n\n{doc(thing)}\n\n{listed}\n")
    return page("Values", "What connector and hub hand to each other, all from `hub.sdk`.", *parts)


def _type(kind: Any) -> str:
    return (
        kind
        if isinstance(kind, str)
        else inspect.formatannotation(kind).replace("hub.sdk.types.", "")
    )


def _default(item: Any) -> str:
    if item.default_factory is not MISSING:
        return "empty"
    return "**required**" if item.default is MISSING else f"`{item.default!r}`"


def parameters() -> str:
    """Return every setting: of connections, connectors, and the hub."""
    registry = Registry()
    parts = []
    for key, plugin in registry.plugins.items():
        parts.append(f"## Connection: {plugin.info.label} (`{key}`)\n\n{_specs(plugin.parameters)}")
        if plugin.preferences:
            parts.append(f"### Preferences of a connector\n\n{_specs(plugin.preferences)}")
    parts.append(f"## Every connection\n\n{_specs(CONNECTION_SPECS)}")
    for section in SECTIONS:
        specs = [setting.spec for setting in section.settings]
        where = f"In the configuration file under `{section.store}`."
        parts.append(f"## Connector: {section.label}\n\n{where}\n\n{_specs(specs)}")
    parts.append(f"## Common configuration\n\n{_specs(COMMON_SPECS)}")
    return page("Parameters", "Every field of the configuration pages and of the file.", *parts)


def _specs(specs: Iterable[ParameterSpec]) -> str:
    rows = [(f"`{spec.name}`", spec.label, _kind(spec), _start(spec), spec.help) for spec in specs]
    return table(("name", "label", "kind", "default", "meaning"), rows)


def _kind(spec: ParameterSpec) -> str:
    words = [spec.kind.value]
    if spec.choices:
        words.append(": " + ", ".join(f"`{choice.value}`" for choice in spec.choices))
    if spec.minimum is not None or spec.maximum is not None:
        words.append(f" {spec.minimum if spec.minimum is not None else ''} to {spec.maximum or ''}")
    return "".join(words) + (f" {spec.unit}" if spec.unit else "")


def _start(spec: ParameterSpec) -> str:
    if spec.default is None:
        return "**required**" if spec.required else ""
    return f"`{spec.default}`"


def commands() -> str:
    """Return every command with its options."""
    parts: list[str] = []
    _commands(cli, "hub", parts)
    intro = (
        "`hub COMMAND --help` says the same. Exit status: 0 done and nothing needs a person · "
        "3 done, but messages are parked or records differ · 2 usage or configuration error, said "
        "in one line · 1 anything else."
    )
    return page("Commands", intro, *parts)


def _commands(command: click.Command, name: str, parts: list[str]) -> None:
    if isinstance(command, click.Group):
        for key, inner in sorted(command.commands.items()):
            _commands(inner, f"{name} {key}", parts)
        if not command.invoke_without_command:
            return
    with click.Context(command, info_name=name) as context:
        usage = " ".join([name, *command.collect_usage_pieces(context)])
        rows = [
            record
            for one in command.get_params(context)
            if (record := one.get_help_record(context))
        ]
    options = [(f"`{option}`", text) for option, text in rows if text and "--help" not in option]
    text = inspect.cleandoc(command.help or "").replace("``", "`")
    listed = "\n" + table(("option", "meaning"), options) if options else ""
    parts.append(f"## `{usage}`\n\n{text}\n{listed}")


def environment() -> str:
    """Return every variable."""
    rows = [(f"`{name}`", default, text) for name, (default, text) in VARIABLES.items()]
    intro = "Read once when a process starts. A bad value stops it with one sentence."
    return page("Environment", intro, table(("variable", "default", "meaning"), rows))


COLUMNS = {
    "id": "number of the line",
    "at": "when, UTC",
    "level": "debug, info, warning or error",
    "connector_id": "the connector; empty for the hub's own lines",
    "flow_key": "the flow, such as customer",
    "run_id": "the run",
    "message_id": "the message, where the line is about one",
    "message": "what happened, to which record",
    "entity_url": "the vendor's address that was called",
    "user": "who did it, for a person's action",
    "description": "detail: what the vendor answered",
}
"""What the columns of the connector log hold."""


def log_fields() -> str:
    """Return the fields of both logs."""
    columns = [column.name for column in LogEntry.__table__.columns]
    missing = set(columns) ^ set(COLUMNS)
    if missing:
        raise LookupError(f"scripts/reference.py does not say what these hold: {sorted(missing)}")
    log = table(("field", "holds"), [(f"`{name}`", COLUMNS[name]) for name in columns])
    lines = [(f"`{name}`", text) for name, text in FIELDS.items()]
    fixed = [
        ("`asctime`", "when, UTC"),
        ("`levelname`", "DEBUG, INFO, WARNING, ERROR or CRITICAL"),
        ("`name`", "the part of the hub that speaks"),
        ("`message`", "what happened"),
        ("`exc_info`", "the trace of a fault, secrets taken out"),
    ]
    return page(
        "Log fields",
        "Secrets are taken out of both logs, in every encoding.",
        f"## Connector log\n\nThe page *Log*, `hub logs`.\n\n{log}",
        "## Process log\n\nStandard error; with `HUB_LOG_FORMAT=json` one JSON object per line.\n\n"
        + table(("field", "holds"), [*fixed, *lines]),
    )


def error_words() -> str:
    """Return what a connector raises, and what the hub does next."""
    found = [
        thing
        for thing in vars(errors).values()
        if isinstance(thing, type) and issubclass(thing, BaseException)
    ]
    rows = []
    for kind in found:
        own = inspect.getfullargspec(kind.__init__).kwonlyargs
        given = ", ".join(f"`{name}=`" for name in own)
        rows.append((f"`{kind.__name__}`", f"`{kind.__mro__[1].__name__}`", given, doc(kind)))
    outcomes = doc(sdk.Outcome)
    return page(
        "Error words",
        "Each class answers one question: what does the hub do next? Anything else that a "
        "connector raises counts as a passing fault of the record and is logged as a plugin bug.",
        table(("raise", "is a", "with", "the hub"), rows),
        f"## Outcomes of a delivery\n\n{outcomes}\n",
    )


def flows() -> str:
    """Return the action types of the bundled connectors."""
    parts = []
    for key, plugin in Registry().plugins.items():
        rows = [
            (
                f"`{action.key}`",
                action.label,
                "reads" if action.direction is Direction.EXTRACT else "writes",
                f"`{action.method} {action.endpoint}`",
                str(action.batch_size),
                "yes" if action.supports_delta else "no",
            )
            for action in plugin.actions.values()
        ]
        heads = ("flow", "label", "direction", "endpoint", "batch", "delta")
        parts.append(f"## {plugin.info.label} (`{key}`)\n\n{table(heads, rows)}")
    return page("Action types", "What the bundled connectors can do.", *parts)


PAGES: dict[str, Callable[[], str]] = {
    "hooks.md": hooks,
    "values.md": values,
    "parameters.md": parameters,
    "action-types.md": flows,
    "commands.md": commands,
    "environment.md": environment,
    "log-fields.md": log_fields,
    "error-words.md": error_words,
}


def stale() -> dict[str, str]:
    """Return the pages that differ from the code, with what they should say."""
    made = {name: write() for name, write in PAGES.items()}
    return {
        name: text
        for name, text in made.items()
        if not (FOLDER / name).exists() or (FOLDER / name).read_text(encoding="utf-8") != text
    }


def run() -> int:
    """Write or check; return the exit status."""
    found = stale()
    if "--check" in sys.argv[1:]:
        for name in found:
            print(f"docs/reference/{name} is out of date: run python scripts/reference.py")
        return 1 if found else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in found.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(f"docs/reference/{name} written")
    return 0


if __name__ == "__main__":
    sys.exit(run())
