"""``hub records import``, ``export`` and ``match``."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

import click

from hub.cli.base import NEEDS_PERSON, Stop, finish, opened, print_json, say, table
from hub.reports import imports as reports
from hub.reports import proposals, record_export
from hub.reports.sheet_files import csv_parts, write_xlsx
from hub.runtime import Runtime
from hub.runtime.importing import apply_import
from hub.settings import audit, imports
from hub.settings.errors import NotFound
from hub.store.tables import Connector, RecordImport

WHO = "command line"
SHOWN = 10
WORDS = (
    ("rows", "rows"), ("enable", "enable"), ("disable", "disable"), ("link", "link"),
    ("unlink", "unlink"), ("unchanged", "no change"), ("errors", "errors"),
)  # fmt: skip


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--connector", help="The connector of every row; else a column names it.")
@click.option("--dry-run", is_flag=True, help="Say what would change; change nothing.")
@click.option("--errors", type=click.Path(dir_okay=False, path_type=Path),
              help="Write the rows left out, with reasons, to this CSV or XLSX file.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def import_file(
    file: Path, connector: str | None, dry_run: bool, errors: Path | None, as_json: bool
) -> None:
    """Enable, disable, link and unlink the records of a CSV or XLSX file, all or nothing.

    Columns: entity, entity_key, connector, enabled (yes, no), reference_id (the store's ID, or
    the word unlink). An empty cell leaves things as they are; rows with errors are left out.
    """
    if errors is not None:
        _kind_of(errors)
    with opened() as runtime:
        import_id = _read(runtime, file, connector or "")
        try:
            found = _finish(runtime, import_id, errors, dry_run=dry_run, as_json=as_json)
        finally:
            imports.discard(runtime.context, import_id)
    finish(NEEDS_PERSON if found["errors"] else 0)


def _read(runtime: Runtime, file: Path, connector: str) -> int:
    size = file.stat().st_size
    if size > imports.COMMAND.size:
        raise Stop(f"{file.name}: the file is larger than 100 MB. {imports.COMMAND.remedy}")
    try:
        return imports.read(
            runtime.context, file.read_bytes(), file.name, WHO, imports.COMMAND, only=connector
        )
    except imports.FileRefused as error:
        raise Stop(f"{file.name}: {error}") from None


def _finish(
    runtime: Runtime, import_id: int, errors: Path | None, *, dry_run: bool, as_json: bool
) -> dict[str, int]:
    if dry_run:
        with runtime.read() as session:
            found = dict(session.get_one(RecordImport, import_id).counts)
    else:
        found = apply_import(runtime, import_id, WHO, wait=True)
    if found["errors"] and errors is not None:
        with runtime.read() as session:
            row = session.get_one(RecordImport, import_id)
            write_table(errors, "Errors", reports.error_head(row), reports.error_rows(session, row))
    if as_json:
        print_json({"dry_run": dry_run, **found})
        return found
    table([[f"{found[name]:,}" for name, _ in WORDS]], [word for _, word in WORDS])
    _say_more(runtime, import_id, found, errors, dry_run=dry_run)
    return found


def _say_more(
    runtime: Runtime, import_id: int, found: dict[str, int], errors: Path | None, *, dry_run: bool
) -> None:
    if dry_run:
        say("Nothing was changed.")
    elif not found["changed"]:
        say("Nothing had to be changed.")
    else:
        say(
            f"Applied. {found['queued']:,} records will be read from the ERP and sent by the next "
            f"sync; {found['cancelled']:,} waiting messages were cancelled."
        )
    if not found["errors"]:
        return
    if errors is not None:
        say(f"{found['errors']:,} rows were left out; {errors} has them with the reasons.")
        return
    with runtime.read() as session:
        rows, more, _ = reports.rows(session, import_id, "errors", size=SHOWN)
        for view in rows:
            field = f" {view.row.field}:" if view.row.field else ""
            say(f"row {view.row.number}:{field} {view.row.error}")
    if more:
        say(f"… {found['errors'] - SHOWN:,} more. --errors FILE writes all of them to a file.")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--connector", help="Only as this connector sees them.")
@click.option("--entity", help="Only customer, location, contact, stock …")
def export(file: Path, connector: str | None, entity: str | None) -> None:
    """Write the records, enabled or not and linked to what, to a CSV or XLSX file."""
    _kind_of(file)
    count = 0

    def counted(rows: Iterable[list[str]]) -> Iterator[list[str]]:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    with opened() as runtime, runtime.read() as session:
        rows = record_export.everything(session, connector=connector, entity=entity)
        if connector:
            try:
                runtime.settings.connector_id(connector)
            except NotFound as error:
                raise Stop(str(error)) from None
        write_table(file, "Records", record_export.HEAD, counted(rows))
        what = f"{connector or 'every connector'} {entity or 'every entity'}"
        with runtime.write() as writing:
            audit.record(writing, WHO, "records exported", what, at=runtime.clock.now())
    say(f"{count:,} rows written to {file}.")


def _kind_of(file: Path) -> str:
    kind = file.suffix.lower()
    if kind not in (".csv", ".xlsx"):
        raise Stop(f"{file.name}: name the file .csv or .xlsx, so that its kind is known.")
    return kind


def write_table(file: Path, title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a file as a whole or not at all."""
    part = file.with_name(f".{file.name}.part")
    try:
        with part.open("wb") as target:
            _fill(target, _kind_of(file), title, head, rows)
        part.replace(file)
    except (OSError, ValueError) as error:
        raise Stop(f"{file} cannot be written: {error}") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _fill(
    target: IO[bytes], kind: str, title: str, head: Sequence[str], rows: Iterable[Sequence[str]]
) -> None:
    if kind == ".xlsx":
        write_xlsx(target, title, head, rows)
        return
    for piece in csv_parts(head, rows):
        target.write(piece)


@click.command()
@click.argument("connector")
@click.option("--entity", default="customer", show_default=True)
@click.option(
    "--accept", type=click.Choice(["certain", "high"]), multiple=True,
    help="Link all proposals of this confidence; may be given twice.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def match(connector: str, entity: str, accept: tuple[str, ...], as_json: bool) -> None:
    """Compare both sides and propose links; nothing is linked unless --accept says so."""
    with opened() as runtime:
        try:
            connector_id = runtime.settings.connector_id(connector)
        except NotFound as error:
            raise Stop(str(error)) from None
        run = runtime.matching.compare_now(connector_id, entity, WHO)
        if run is None:
            raise Stop("They are being compared by another process already. Try again later.")
        if run.status != "finished":
            raise Stop(run.error)
        done = {
            level: runtime.matching.accept(connector_id, entity, [], level, WHO) for level in accept
        }
        with runtime.read() as session:
            row = session.get_one(Connector, connector_id)
            counts = proposals.counts(session, row, entity)
    linked = sum(len(each.records) for each in done.values())
    refused = [text for each in done.values() for text in each.refused.values()]
    if as_json:
        print_json({"listed": run.listed, "linked": linked, "refused": refused, "left": counts})
    else:
        table([[f"{n:,}" for n in counts.values()]], [*proposals.LEVELS[:3], "not clear"])
        say(f"{run.listed:,} records of the store compared, {linked:,} linked.")
        for text in refused[:SHOWN]:
            say(text)
    finish(NEEDS_PERSON if any(counts.values()) else 0)
