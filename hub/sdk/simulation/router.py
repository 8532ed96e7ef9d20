"""Which handler answers a path."""

from typing import NamedTuple

from hub.sdk.simulation.messages import Handler


class Match(NamedTuple):
    """A found route: what answers, the values of the pattern's names, the pattern itself."""

    handler: Handler
    params: dict[str, str]
    pattern: str


class _Route(NamedTuple):
    names: tuple[tuple[int, str], ...]
    fixed: tuple[tuple[int, str], ...]
    rest: str | None
    handler: Handler
    pattern: str


class Router:
    """Patterns such as ``/entity/Default/{version}/{entity}``; ``{rest:path}`` at the end takes
    the remainder, at least one step. Routes are tried in the order in which they were added,
    fixed paths first.
    """

    def __init__(self) -> None:
        self._exact: dict[tuple[str, str], Match] = {}
        self._by_length: dict[tuple[str, int], list[_Route]] = {}
        self._open: dict[str, list[_Route]] = {}
        self._all: list[tuple[str, _Route]] = []

    def add(self, method: str, pattern: str, handler: Handler) -> None:
        """Let ``handler`` answer ``method`` on ``pattern``."""
        parts = pattern.split("/")[1:]
        rest = None
        if parts and parts[-1].endswith(":path}"):
            rest = parts.pop()[1 : -len(":path}")]
        named = tuple((i, p[1:-1]) for i, p in enumerate(parts) if p.startswith("{"))
        fixed = tuple((i, p) for i, p in enumerate(parts) if not p.startswith("{"))
        route = _Route(named, fixed, rest, handler, pattern)
        self._all.append((method, route))
        if rest is not None:
            self._open.setdefault(method, []).append(route)
        elif not named:
            self._exact[method, pattern] = Match(handler, {}, pattern)
        else:
            self._by_length.setdefault((method, len(parts)), []).append(route)

    def find(self, method: str, segments: tuple[str, ...]) -> Match | None:
        """Return the route of a path given as decoded segments, or None."""
        exact = self._exact.get((method, "/" + "/".join(segments)))
        if exact is not None:
            return Match(exact.handler, {}, exact.pattern)
        for route in self._by_length.get((method, len(segments)), ()):
            if all(segments[i] == text for i, text in route.fixed):
                return Match(route.handler, {n: segments[i] for i, n in route.names}, route.pattern)
        for route in self._open.get(method, ()):
            found = _match_open(route, segments)
            if found is not None:
                return found
        return None

    def methods(self, segments: tuple[str, ...]) -> set[str]:
        """Return the methods that the path has a route for: the difference of 404 and 405."""
        return {m for m, _ in self._all if self.find(m, segments) is not None}


def _match_open(route: _Route, segments: tuple[str, ...]) -> Match | None:
    length = len(route.names) + len(route.fixed)
    if len(segments) <= length or any(segments[i] != text for i, text in route.fixed):
        return None
    params = {name: segments[i] for i, name in route.names}
    params[route.rest or "rest"] = "/".join(segments[length:])
    return Match(route.handler, params, route.pattern)
