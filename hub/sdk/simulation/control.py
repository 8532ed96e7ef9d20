"""The control path ``/_sim/…``: for tests, from loopback only, at no vendor quota."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hub.sdk.errors import ConfigError
from hub.sdk.simulation.messages import SimBadJson, SimRequest, SimResponse

if TYPE_CHECKING:
    from hub.sdk.simulation.base import SimulatedServer

PREFIX = "_sim"


def control(sim: "SimulatedServer", request: SimRequest) -> SimResponse:
    """Answer a request of the control path (INTERFACES, "Simulators, seen from outside")."""
    method, parts = request.method, request.segments[1:]
    try:
        if method == "GET":
            answer = _read(sim, request, parts)
        elif parts == ("faults",) and method == "PUT":
            sim.faults.replace(_list(request.json()))
            answer = SimResponse.json(sim.faults.as_list())
        elif len(parts) == 3 and parts[0] == "rows" and method in ("PUT", "DELETE"):
            answer = _change(sim, request, parts[1], parts[2])
        else:
            answer = None
    except KeyError as error:
        return SimResponse.json({"error": f"There is no {error.args[0]} here."}, 404)
    except (ConfigError, SimBadJson) as error:
        return SimResponse.json({"error": str(error)}, 400)
    except (TypeError, ValueError) as error:
        return SimResponse.json({"error": f"A value does not fit its member: {error}."}, 400)
    return answer or SimResponse.json({"error": "The control path has no such page."}, 404)


def _read(sim: "SimulatedServer", request: SimRequest, parts: tuple[str, ...]) -> Any:
    if parts == ("stats",):
        return SimResponse.json(sim.stats_json())
    if parts == ("faults",):
        return SimResponse.json(sim.faults.as_list())
    if parts == ("journal",):
        after = request.arg("after") or "0"
        if not after.isdecimal():
            raise ConfigError(f"The parameter after is a number, not {after!r}.")
        lines = [json.dumps(entry) + "\n" for entry in sim.journal.after(int(after))]
        return SimResponse.text("".join(lines), kind="application/x-ndjson")
    if len(parts) == 2 and parts[0] == "rows":
        with sim.lock:
            rows = sim.rows(parts[1])
        return SimResponse.json(rows)
    return None


def _change(sim: "SimulatedServer", request: SimRequest, entity: str, key: str) -> SimResponse:
    if request.method == "DELETE":
        with sim.lock:
            sim.delete_row(entity, key)
        return SimResponse.empty()
    changes = request.json()
    if not isinstance(changes, Mapping):
        raise ConfigError("The changes of a row are a JSON object.")
    with sim.lock:
        row = sim.put_row(entity, key, changes)
    return SimResponse.json(row)


def _list(payload: Any) -> list[Any]:
    if not isinstance(payload, list):
        raise ConfigError("The fault script is a JSON list.")
    return payload
