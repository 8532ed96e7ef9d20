"""Which plugins are installed, read from the files of their distributions; nothing is imported."""

import hashlib
import importlib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path
from types import ModuleType
from typing import Any

from hub.registry.found import Package

GROUP = "hub.connectors"
OWN = "integration-hub"
NAMESPACE = "plugins"
HOME = Path(__file__).resolve().parents[2] / NAMESPACE
"""Where the bundled plugins lie, in a checkout and in a wheel alike."""

NAME = re.compile(r"[A-Za-z0-9_-]{1,60}\Z")
MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\Z", re.ASCII)
WRITTEN_BY_INSTALLERS = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
TEXT = 200
"""Characters that are kept of what a distribution says of itself."""

_hashed: dict[tuple[str, str], tuple[Any, str]] = {}


def scan() -> list[Package]:
    """Return the plugins of every installed distribution but our own, by distribution and name.

    A distribution that cannot be read is passed over, or told with its problem where it names a
    plugin.
    """
    importlib.invalidate_caches()
    found: list[Package] = []
    seen: set[str] = set()
    for dist in distributions():
        try:
            # Few name the group, and reading who they are costs ten times as much.
            if GROUP not in (dist.read_text("entry_points.txt") or ""):
                continue
            name = normal(dist.name)
            points = [p for p in dist.entry_points if p.group == GROUP]
        except Exception:  # noqa: S112 - somebody else's broken metadata
            continue
        if name in seen:
            continue
        seen.add(name)
        if name != OWN:
            found += [_package(dist, name, point) for point in points]
    return sorted(found, key=lambda package: package.key)


def normal(name: str) -> str:
    """Return a distribution's name as indexes compare it. Raises TypeError where there is none."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _package(dist: Distribution, distribution: str, point: EntryPoint) -> Package:
    module, _, attribute = str(point.value).partition(":")
    module, attribute = module.strip(), attribute.partition("[")[0].strip()
    try:
        said = dist.metadata
        version = str(said["Version"] or "")[:TEXT]
        author = str(said["Author-email"] or said["Author"] or "")[:TEXT]
        licence = str(said["License-Expression"] or said["License"] or "")[:TEXT]
        requires = tuple(str(line)[:TEXT] for line in (dist.requires or ())[:50])
    except Exception:
        version = author = licence = ""
        requires = ()
    problem = _problem(point.name, module)
    sha256, files, size, installed = "", 0, 0, None
    if not problem:
        try:
            paths = files_of(dist, module)
            sha256, size = fingerprint((distribution, point.name), paths)
            files, installed = len(paths), _installed_at(dist)
        except Exception as error:
            problem = f"its files cannot be read ({type(error).__name__}: {error})"
    return Package(
        str(point.name)[:TEXT], module, attribute, distribution, version, sha256, files, size,
        author, licence.splitlines()[0] if licence else "", requires, installed, problem,
    )  # fmt: skip


def _problem(name: str, module: str) -> str:
    if not NAME.match(name):
        return "the name of its entry point must be 1 to 60 characters of A-Z a-z 0-9 - and _"
    if not MODULE.match(module):
        return f"its entry point names {module[:TEXT]!r}, which is not a module"
    spec = find(NAMESPACE, None)
    if (
        module.split(".", maxsplit=1)[0] == NAMESPACE
        and spec is not None
        and spec.origin is not None
    ):
        return f"a package brings {NAMESPACE}/__init__.py, which would hide the hub's own plugins"
    if locate(module) is None:
        return f"there is no module {module}"
    return ""


def _installed_at(dist: Distribution) -> datetime | None:
    folder = getattr(dist, "_path", None)
    if folder is None:
        return None
    return datetime.fromtimestamp(os.stat(folder).st_mtime, UTC)  # noqa: PTH116 - any path-like


def find(name: str, path: Any) -> ModuleSpec | None:
    """Return where a module lies; unlike importlib's own, never imports its parents."""
    for finder in sys.meta_path:
        look = getattr(finder, "find_spec", None)
        spec: ModuleSpec | None = look(name, path, None) if look else None
        if spec is not None:
            return spec
    return None


def locate(module: str) -> Path | None:
    """Return the folder or file whose code runs first when ``module`` is imported.

    Folders that only hold packages (PEP 420) have no code and are passed through.
    """
    path: Any = None
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        spec = find(".".join(parts[:depth]), path)
        if spec is None:
            return None
        if spec.origin is not None and spec.has_location:
            origin = Path(spec.origin)
            return origin.parent if spec.submodule_search_locations is not None else origin
        path = spec.submodule_search_locations
        if path is None:
            return None
    return None


def files_of(dist: Distribution, module: str) -> dict[str, Path]:
    """Return what a plugin consists of: the files its distribution lists and those of its package.

    What installers and Python write themselves is left out.
    """
    found: dict[Path, str] = {}
    for listed in dist.files or ():
        path = Path(str(dist.locate_file(listed)))
        noted = listed.name in WRITTEN_BY_INSTALLERS and listed.parent.suffix == ".dist-info"
        if not noted and _counts(path) and path.is_file():
            found[path.resolve()] = listed.as_posix()
    place = locate(module)
    for path in _below(place) if place else ():
        assert place is not None  # noqa: S101 - just asked
        found.setdefault(path.resolve(), path.relative_to(place.parent).as_posix())
    return {name: path for path, name in found.items()}


def _counts(path: Path) -> bool:
    return path.suffix not in (".pyc", ".pyo") and "__pycache__" not in path.parts


def _below(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
        return
    for folder, _, names in os.walk(place):
        for name in names:
            path = Path(folder, name)
            if _counts(path) and path.is_file():
                yield path


def fingerprint(key: tuple[str, str], paths: Mapping[str, Path]) -> tuple[str, int]:
    """Return the SHA-256 over names and contents, and the size in bytes.

    Files that look as they did at the last call of this process are not read again.
    """
    stats = {name: path.stat() for name, path in paths.items()}
    looks = tuple(sorted((n, s.st_size, s.st_mtime_ns) for n, s in stats.items()))
    size = sum(stat.st_size for stat in stats.values())
    if key in _hashed and _hashed[key][0] == looks:
        return _hashed[key][1], size
    whole = hashlib.sha256()
    for name in sorted(paths):
        with paths[name].open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        whole.update(f"{name}\0{digest}\n".encode())
    _hashed[key] = looks, whole.hexdigest()
    return whole.hexdigest(), size


def own_namespace(approved: Iterable[str] = ()) -> None:
    """Let ``plugins`` be the hub's folder and those of approved plugins (module names), no other.

    Left to itself, Python would take that name from the first package of the installation that
    claims it, and run its ``__init__``.
    """
    module = sys.modules.get(NAMESPACE)
    if module is None:
        spec = ModuleSpec(NAMESPACE, None, is_package=True)
        module = ModuleType(NAMESPACE)
        module.__spec__ = spec
        sys.modules[NAMESPACE] = module
    places = {str(HOME): None}
    for name in approved:
        places.update(dict.fromkeys(_portion(name)))
    before = [str(path) for path in getattr(module, "__path__", ())]
    kept = [path for path in before if path in places or path in _given]
    _given.update(places)
    module.__path__ = list(dict.fromkeys([*places, *kept]))
    if module.__spec__ is not None:
        module.__spec__.submodule_search_locations = module.__path__


def _portion(module: str) -> list[str]:
    """Return the folder of the namespace in which a plugin lies; none for one that is elsewhere."""
    parts = module.split(".")
    outer = find(NAMESPACE, None) if parts[0] == NAMESPACE and len(parts) > 1 else None
    for folder in (outer.submodule_search_locations or ()) if outer else ():
        if find(".".join(parts[:2]), [folder]) is not None:
            return [str(folder)]
    return []


_given: set[str] = set()
"""Folders that were given to the namespace: what was imported from there goes on working."""
