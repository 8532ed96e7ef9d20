"""``hub run``, ``hub demo`` and ``hub simulate``."""

import logging
import signal
import sys
import threading
from typing import Any

import click
import yaml

from hub.cli.base import EXPECTED, Stop, finish, opened, say
from hub.registry import Registry
from hub.runtime import Runtime
from hub.runtime.demo import EMAIL, Demo
from hub.runtime.simulators import parse_quotas, start_simulator
from hub.seams import SystemClock
from hub.vault import configure_logging

PORT = click.IntRange(0, 65_535)


def _knowing(plugin: str) -> Registry:
    """Return the plugins; the approvals of this hub are asked for one that is not bundled."""
    registry = Registry()
    if registry.get(plugin) is None and plugin in registry.found:
        with opened() as runtime:
            return runtime.registry
    return registry


def wait_for_stop() -> None:
    """Wait for Ctrl-C or SIGTERM; a second signal ends the process at once."""
    stop = threading.Event()

    def first(_signum: int, _frame: Any) -> None:
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_DFL)
        stop.set()

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, first)
    while not stop.wait(1.0):
        pass


class Pages:
    """The web server in threads of this process."""

    def __init__(self, runtime: Runtime, host: str, port: int) -> None:
        from hub.web import create_app
        from hub.web.server import make_server

        runtime.listen_on(host)
        try:
            self._server = make_server(create_app(runtime), host, port)
        except OSError as error:
            raise Stop(
                f"Port {port} on {host} cannot be used ({error.strerror or error}). "
                "Choose another with --port."
            ) from None
        self.port = self._server.effective_port
        self.url = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{self.port}"  # noqa: S104
        self._thread = threading.Thread(target=self._server.run, name="pages", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Close the port."""
        self._server.close()


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=PORT, default=8000, show_default=True, help="Port to listen on.")
def run(host: str, port: int) -> None:
    """Serve the pages, run the clock and the workers in one process."""
    with opened(quiet=False, keep_alive=True) as runtime:
        runtime.start_serving()
        pages: Pages | None = None
        try:
            pages = Pages(runtime, host, port)
            say(f"Integration Hub is at {pages.url}")
            if runtime.setup_token:
                say(f"One-time token for the first start: {runtime.setup_token}")
            wait_for_stop()
            say("Stopping: running calls get 25 seconds.")
        finally:
            if pages is not None:
                pages.close()
            ended = runtime.stop_serving()
    if not ended:
        finish(1)


def _serve_apart(name: str, *, clock: bool, workers: int | None) -> None:
    """Run one of the three parts of ``hub run`` in a process of its own."""
    with opened(quiet=False, keep_alive=True) as runtime:
        if runtime.database.is_sqlite:
            raise Stop(
                f"hub {name} needs a PostgreSQL, which several processes can share: set "
                "HUB_DATABASE_URL. On SQLite one process does it all: hub run"
            )
        runtime.start_serving(clock=clock, workers=workers)
        try:
            say(f"hub {name} is running. Ctrl-C stops it.")
            wait_for_stop()
        finally:
            ended = runtime.stop_serving()
    if not ended:
        finish(1)


@click.command()
def worker() -> None:
    """Read and deliver, in HUB_WORKERS threads (PostgreSQL)."""
    _serve_apart("worker", clock=False, workers=None)


@click.command()
def scheduler() -> None:
    """Start what is due, sweep and clean; one of several leads (PostgreSQL)."""
    _serve_apart("scheduler", clock=True, workers=0)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=PORT, default=8000, show_default=True, help="Port to listen on.")
def web(host: str, port: int) -> None:
    """Serve the pages alone (PostgreSQL); workers and scheduler run elsewhere."""
    with opened(quiet=False, keep_alive=True) as runtime:
        if runtime.database.is_sqlite:
            raise Stop(
                "hub web needs a PostgreSQL, which several processes can share: set "
                "HUB_DATABASE_URL. On SQLite one process does it all: hub run"
            )
        runtime.start_serving(clock=False, workers=0)
        pages = Pages(runtime, host, port)
        try:
            say(f"Integration Hub is at {pages.url}")
            if runtime.setup_token:
                say(f"One-time token for the first start: {runtime.setup_token}")
            wait_for_stop()
        finally:
            pages.close()
            runtime.stop_serving()


@click.command()
@click.option("--port", type=PORT, default=8000, show_default=True, help="Port to listen on.")
@click.option(
    "--customers",
    type=click.IntRange(0, 200_000),
    default=120,
    show_default=True,
    help="How many customers the ERP has.",
)
@click.option(
    "--items",
    type=click.IntRange(0, 200_000),
    default=400,
    show_default=True,
    help="How many items the ERP has.",
)
def demo(port: int, customers: int, items: int) -> None:
    """Try it: simulated ERP and store, a connector, syncs running. Ctrl-C cleans up."""
    try:
        show = Demo(customers, items)
    except EXPECTED as problem:
        raise Stop(str(problem)) from None
    try:
        _show(show, port)
    except EXPECTED as problem:
        raise Stop(str(problem)) from None
    finally:
        show.close()


def _show(show: Demo, port: int) -> None:
    runtime = show.runtime
    configure_logging(runtime.redactor, runtime.environment.log_format, "warning")
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    show.configure()
    pages = Pages(runtime, "127.0.0.1", port)
    runtime.start_serving()
    say(f"Integration Hub (demo) is at  {pages.url}")
    say(f"Sign in with                  {EMAIL}")
    say(f"Password                      {show.password}")
    say(f"Simulated Acumatica           {show.erp.url}/_sim/stats")
    say(f"Simulated BigCommerce         {show.store.url}/_sim/stats")
    say("Ctrl-C ends the demo and removes its data.")
    try:
        wait_for_stop()
    finally:
        pages.close()


@click.command()
@click.argument("plugin", metavar="PLUGIN")
@click.option("--port", type=PORT, default=0, help="0 = any free port.")
@click.option(
    "--seed", type=int, default=7, show_default=True, help="The same seed makes the same records."
)
@click.option(
    "--customers",
    type=click.IntRange(0, 500_000),
    default=120,
    show_default=True,
    help="How many customers the ERP has.",
)
@click.option(
    "--items",
    type=click.IntRange(0, 500_000),
    default=400,
    show_default=True,
    help="How many items the ERP has.",
)
@click.option(
    "--orders", type=click.IntRange(0, 500_000), default=0, help="How many orders the ERP has."
)
@click.option("--fault", "faults", multiple=True, metavar="NAME[=V]", help="What goes wrong.")
@click.option(
    "--quota",
    "quotas",
    multiple=True,
    metavar="NAME=CALLS/SECONDS|none",
    help="A limit other than the vendor's.",
)
@click.option("--option", "options", multiple=True, metavar="NAME=V", help="Simulator's own.")
def simulate(
    plugin: str,
    port: int,
    seed: int,
    customers: int,
    items: int,
    orders: int,
    faults: tuple[str, ...],
    quotas: tuple[str, ...],
    options: tuple[str, ...],
) -> None:
    """Serve one platform's simulator on loopback; prints its parameters as YAML."""
    size: dict[str, Any] = {"customers": customers, "items": items, "orders": orders}
    try:
        limits = parse_quotas(quotas)
        if limits != "default":
            size["quotas"] = limits
        for option in options:
            name, _, value = option.partition("=")
            size[name] = yaml.safe_load(value)
        running = start_simulator(
            _knowing(plugin), SystemClock(), plugin, seed=seed, size=size, faults=faults, port=port
        )
    except EXPECTED as problem:
        raise Stop(str(problem)) from None
    except TypeError as error:
        raise Stop(f"The simulator {plugin} does not take this option: {error}") from None
    parameters = running.sim.settings(running.url)
    click.echo(yaml.safe_dump({"plugin": plugin, "own_network": True, "parameters": parameters},
                              sort_keys=False), nl=False)  # fmt: skip
    sys.stdout.flush()
    try:
        wait_for_stop()
    finally:
        running.stop()
