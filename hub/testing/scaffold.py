"""``hub new-connector``: a package that passes the contract kit at once, for an author to fill."""

import re
import sys
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path

from hub.sdk import Role

NAME = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*")
LONGEST = 40
RESERVED = {"hub", "plugins", "tests", "test", "hooks"}


class NameRefused(Exception):
    """The connector cannot be made; the text says why and what to do."""


def package_of(name: str) -> str:
    """Return the Python package for a connector's name: ``fabric-shop`` is ``fabric_shop``.

    Raises ``NameRefused`` for a name that no package can have, or that another one has.
    """
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        raise NameRefused(
            f"A connector's name has small letters, digits, - and _ between them, at most "
            f"{LONGEST}, and starts with a letter, such as fabric-shop. You entered {name[:60]!r}."
        )
    package = name.replace("-", "_")
    if package in RESERVED or iskeyword(package) or package in sys.stdlib_module_names:
        raise NameRefused(f"The name {name} is taken by Python or the hub. Choose another one.")
    if find_spec(package) is not None:
        raise NameRefused(
            f"A package {package} is installed here already. Choose another name, or uninstall it."
        )
    return package


def create(name: str, role: Role, into: Path) -> Path:
    """Write the package into ``into/hub-connector-NAME`` and return that folder.

    Raises ``NameRefused`` when the name does not do or the folder exists; nothing is written then.
    """
    package = package_of(name)
    target = into / f"hub-connector-{package.replace('_', '-')}"
    if target.exists():
        raise NameRefused(f"{target} exists already. Choose another name, or remove it.")
    words = {
        "my_platform": package,
        "my-platform": package.replace("_", "-"),
        "My platform": package.replace("_", " ").capitalize(),
    }
    root = files("hub.testing") / "scaffold_files"
    try:
        target.mkdir(parents=True)
        for part in ("common", role.value):
            _copy(root / part, target, words)
    except OSError as error:
        raise NameRefused(f"{target} cannot be written: {error.strerror}.") from None
    return target


def _copy(source: Traversable, target: Path, words: dict[str, str]) -> None:
    for child in source.iterdir():
        place = target / _said(child.name, words).removesuffix(".txt")
        if child.is_dir():
            place.mkdir(exist_ok=True)
            _copy(child, place, words)
        else:
            place.write_text(_said(child.read_text(encoding="utf-8"), words), encoding="utf-8")


def _said(text: str, words: dict[str, str]) -> str:
    return re.sub("|".join(words), lambda found: words[found.group()], text)
