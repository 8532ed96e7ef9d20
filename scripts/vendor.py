"""Fetch the vendored front-end files named in hub/web/static/vendor.lock, and check each of them.

``python scripts/vendor.py`` runs ``npm pack`` for every package, refuses a tarball whose sha256 is
not the locked one, copies the listed files with their licence and builds the icon sprite.
``--relock`` writes the sha256 of the files that came out (after a deliberate change of the list).
"""

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

STATIC = Path(__file__).resolve().parents[1] / "hub" / "web" / "static"
LOCK = STATIC / "vendor.lock"
INNER = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


def sha256(content: bytes) -> str:
    """Return the hex digest of ``content``."""
    return hashlib.sha256(content).hexdigest()


def pack(package: dict[str, Any], folder: Path) -> Path:
    """Download one tarball; raise SystemExit when it is not the locked one."""
    name = f"{package['name']}@{package['version']}"
    command = ["npm", "pack", "--silent", name]
    told = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    tarball = folder / told.stdout.split()[-1]
    if sha256(tarball.read_bytes()) != package["sha256"]:
        raise SystemExit(f"{name}: the tarball is not the locked one. Nothing was copied.")
    return tarball


def sprite(archive: tarfile.TarFile, names: list[str]) -> bytes:
    """Build one SVG with a symbol per icon: the inner markup of each, on one line."""
    symbols = []
    for name in sorted(names):
        inner = INNER.search(member(archive, f"package/icons/{name}.svg").decode())
        if inner is None:
            raise SystemExit(f"The icon {name} has no markup.")
        body = re.sub(r"\s+", " ", inner[1]).replace("> <", "><").replace(" />", "/>").strip()
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{body}</symbol>')
    head = '<svg xmlns="http://www.w3.org/2000/svg">'
    return (head + "\n" + "\n".join(symbols) + "\n</svg>\n").encode()


def member(archive: tarfile.TarFile, path: str) -> bytes:
    """Return one file of the archive."""
    found = archive.extractfile(path)
    if found is None:
        raise SystemExit(f"{path} is not in the tarball.")
    return found.read()


def take(package: dict[str, Any], tarball: Path, *, relock: bool) -> None:
    """Copy the package's listed files into the static folder, checking each."""
    with tarfile.open(tarball) as archive:
        for file in package["files"]:
            if "icons" in package and file["source"] == "icons/*.svg":
                content = sprite(archive, package["icons"])
            else:
                content = member(archive, "package/" + file["source"])
            if relock:
                file["sha256"] = sha256(content)
            elif sha256(content) != file["sha256"]:
                raise SystemExit(
                    f"{file['target']} would differ from the lock. It was not written."
                )
            target = STATIC / file["target"]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            print(f"{file['target']}  {len(content):,} bytes")


def main() -> None:
    """Run the whole list."""
    relock = "--relock" in sys.argv[1:]
    lock = json.loads(LOCK.read_text())
    with tempfile.TemporaryDirectory() as folder:
        for package in lock["packages"]:
            take(package, pack(package, Path(folder)), relock=relock)
    if relock:
        LOCK.write_text(json.dumps(lock, indent=2) + "\n")


if __name__ == "__main__":
    main()
