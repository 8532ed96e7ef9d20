"""Simulators of the installed plugins, as servers on loopback."""

from collections.abc import Mapping
from typing import Any

from hub.config import ConfigProblem
from hub.registry import Registry
from hub.sdk import ConfigError
from hub.sdk.simulation import RunningSimulator, serve
from hub.seams import Clock


def start_simulator(
    registry: Registry,
    clock: Clock,
    plugin: str,
    *,
    seed: int,
    size: Mapping[str, Any],
    faults: tuple[str, ...] = (),
    port: int = 0,
) -> RunningSimulator:
    """Start one plugin's simulator on a loopback port (0 = any free one).

    Raises ``ConfigProblem`` for a plugin without one, a bad fault or a port that is taken.
    """
    found = registry.get(plugin)
    simulator = found.simulator(clock, seed, size) if found else None
    if simulator is None:
        raise ConfigProblem(
            f"There is no simulator {plugin!r}. There are: {', '.join(registry.plugins)}."
        )
    for fault in faults:
        try:
            simulator.faults.add_option(fault)
        except (ValueError, ConfigError) as error:
            raise ConfigProblem(f"--fault {fault}: {error}") from None
    try:
        return serve(simulator, "127.0.0.1", port)
    except OSError as error:
        raise ConfigProblem(
            f"Port {port} cannot be used ({error.strerror}). Choose another with --port."
        ) from None


def parse_quotas(options: tuple[str, ...]) -> dict[str, tuple[int, float]] | str | None:
    """Read ``--quota b2b=150/60``; ``none`` gives None, nothing at all gives "default".

    Raises ``ConfigProblem``.
    """
    if not options:
        return "default"
    if options == ("none",):
        return None
    quotas: dict[str, tuple[int, float]] = {}
    for option in options:
        name, _, limit = option.partition("=")
        calls, _, seconds = limit.partition("/")
        try:
            quotas[name] = (int(calls), float(seconds))
        except ValueError:
            raise ConfigProblem(
                f"--quota must be none or NAME=CALLS/SECONDS, such as b2b=150/60. "
                f"You entered {option!r}."
            ) from None
        if not name or quotas[name][0] < 1 or quotas[name][1] <= 0:
            raise ConfigProblem(f"--quota {option!r}: calls and seconds must be above zero.")
    return quotas
