"""Own means: what a connector's source imports, and what its code does while it works."""

import ast
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

WIRE = {
    "aiohttp", "asyncio", "ftplib", "http.client", "http.server", "httpx", "paramiko", "pycurl",
    "requests", "smtplib", "socket", "socketserver", "ssl", "urllib.request", "urllib3",
    "websocket", "websockets",
}  # fmt: skip
THREADS = {"_thread", "concurrent.futures", "multiprocessing", "threading"}
OTHER = {"os.system": "starts programs", "subprocess": "starts programs", "random": "draws lots"}
CLOCK = {
    ("time", "sleep"), ("time", "time"), ("time", "time_ns"), ("time", "monotonic"),
    ("time", "perf_counter"), ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"),
    ("date", "today"),
}  # fmt: skip
HUB_ALLOWED = "hub.sdk"


def sources(module: ModuleType) -> list[Path]:
    """Return the files of a plugin, without its simulator and tests."""
    place = Path(str(module.__file__))
    if place.name != "__init__.py":
        return [place]
    return [
        path
        for path in sorted(place.parent.rglob("*.py"))
        if not any(
            part.startswith(("simulator", "test")) for part in path.relative_to(place.parent).parts
        )
    ]


def own_means(path: Path) -> Iterator[str]:
    """Yield what a source file does by itself that is the hub's to do, with its line."""
    for line, word in means_of(path.read_text(encoding="utf-8")):
        yield f"{path.name}:{line} {word}"


def means_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, what) of a source text; names given by ``as`` hide nothing."""
    tree = ast.parse(source)
    names = _names(tree)
    for node in ast.walk(tree):
        for word in _words(node, names):
            yield getattr(node, "lineno", 0), word


def _names(tree: ast.AST) -> dict[str, str]:
    """Return what each imported local name stands for."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return found


def _words(node: ast.AST, names: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield from _imported(alias.name)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        if node.module != "hub":
            yield from _imported(node.module)
        for alias in node.names:
            if (node.module, alias.name) in CLOCK:
                yield f"takes {alias.name} from {node.module}"
            else:
                yield from _imported(f"{node.module}.{alias.name}", exactly=node.module != "hub")
    elif isinstance(node, ast.Attribute):
        dotted = _dotted(node, names).split(".")
        if tuple(dotted[-2:]) in CLOCK:
            yield f"asks {'.'.join(dotted[-2:])}"
        elif ".".join(dotted) in OTHER:
            yield f"{OTHER['.'.join(dotted)]} by {'.'.join(dotted)}"
    elif isinstance(node, ast.Call):
        yield from _hidden(node, names)


def _dotted(node: ast.expr, names: dict[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, names)}.{node.attr}"
    return names.get(node.id, node.id) if isinstance(node, ast.Name) else ""


def _hidden(node: ast.Call, names: dict[str, str]) -> Iterator[str]:
    """Yield imports that are made by a call."""
    if _dotted(node.func, names) in ("__import__", "importlib.import_module") and node.args:
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield from _imported(first.value)


def _imported(name: str, *, exactly: bool = False) -> Iterator[str]:
    def among(names: Any) -> bool:
        return name in names or (not exactly and any(name.startswith(n + ".") for n in names))

    if among(WIRE):
        yield f"imports {name}: a wire of its own"
    elif among(THREADS):
        yield f"imports {name}: threads of its own"
    elif among(OTHER):
        yield f"imports {name}: {OTHER.get(name, 'not for a connector')}"
    elif (
        not exactly
        and name.partition(".")[0] == "hub"
        and name != HUB_ALLOWED
        and not name.startswith(HUB_ALLOWED + ".")
    ):
        yield f"imports {name}: only hub.sdk is public"


@contextmanager
def watched(package: str, seen: list[str]) -> Iterator[None]:
    """While it lasts, note in ``seen`` what code of ``package`` does by own means.

    A call through the guarded session is none of them; the plugin's simulator may do anything.
    """
    patches: list[tuple[Any, str, bool, str]] = [
        (time, "sleep", True, "slept by itself"),
        (time, "time", False, "asked the clock itself"),
        (time, "monotonic", False, "asked the clock itself"),
        (threading.Thread, "start", True, "started a thread"),
        (socket.socket, "connect", True, "opened a connection of its own"),
        (socket, "getaddrinfo", True, "looked up a host by itself"),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _, _ in patches]
    for (owner, name, deep, words), (_, _, real) in zip(patches, before, strict=True):
        setattr(owner, name, _noting(real, package, deep, words, seen))
    try:
        yield
    finally:
        for owner, name, real in before:
            setattr(owner, name, real)


def _noting(
    real: Callable[..., Any], package: str, deep: bool, words: str, seen: list[str]
) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        where = _guilty(sys._getframe(1), package, deep)  # noqa: SLF001 - the only way to the caller
        if where:
            seen.append(f"{where} {words}")
        return real(*args, **kwargs)

    return wrapper


def _guilty(frame: FrameType | None, package: str, deep: bool) -> str:
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name == package or name.startswith(package + "."):
            inner = name[len(package) :]
            return "" if ".simulator" in inner else f"{name}:{frame.f_lineno}"
        if not deep or name.startswith(("hub.gate", "hub.testing")):
            return ""
        frame = frame.f_back
    return ""
