"""The command group."""

import click

from hub import __version__
from hub.cli import admin, check, configure, inspect, plugins, record_files, safety, serve, syncing
from hub.cli.new_connector import new_connector


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hub")
def main() -> None:
    """Integration Hub: keeps an ERP and a B2B web shop in step."""


for command in (
    serve.demo,
    serve.run,
    serve.scheduler,
    serve.simulate,
    serve.web,
    serve.worker,
    configure.config,
    configure.test,
    syncing.sync,
    inspect.messages,
    inspect.records,
    inspect.logs,
    plugins.plugins,
    check.check,
    new_connector,
    admin.doctor,
    admin.db,
    admin.keys,
    admin.user,
    safety.backup,
    safety.restore,
    safety.audit,
):
    main.add_command(command)
admin.keys.add_command(safety.rotate)
inspect.records.add_command(record_files.import_file)
inspect.records.add_command(record_files.export)
inspect.records.add_command(record_files.match)
