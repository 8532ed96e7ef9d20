"""The file that ``hub backup`` writes: a database and its manifest, packed."""

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import BinaryIO

from hub.config import ConfigProblem

FORMAT = 1
MANIFEST = "manifest.json"
CHUNK = 1 << 20
LARGEST_MANIFEST = 100_000
SEAL = 64
"""Characters of the SHA-256 (hex) over all that stands before it: the archive's comment."""
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself. ``made_at`` ISO UTC; ``size`` bytes; ``key_ids`` name keys.

    ``unreadable``: sealed values that no key of that day opened.
    """

    format: int
    made_at: str
    hub_version: str
    database: str
    revision: str
    file: str
    size: int
    sha256: str
    key_ids: list[str]
    unreadable: int


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def pack(draft: Path, copy: Path, manifest: Manifest) -> None:
    """Write manifest and database into one private file, on disk."""
    handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w+b") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=2))
            archive.write(copy, manifest.file)
            archive.comment = b"0" * SEAL
        seal = _seal(file)
        file.write(seal)
        file.flush()
        os.fsync(file.fileno())


def _seal(file: BinaryIO) -> bytes:
    """Return the SHA-256 of all but the last ``SEAL`` bytes, and stand before these."""
    left = file.seek(-SEAL, os.SEEK_END)
    file.seek(0)
    digest = hashlib.sha256()
    while left and (chunk := file.read(min(CHUNK, left))):
        left -= len(chunk)
        digest.update(chunk)
    return digest.hexdigest().encode()


@contextmanager
def open_archive(source: Path) -> Iterator[zipfile.ZipFile]:
    """Open a backup whose every byte is as it was written. Raises ``ConfigProblem``."""
    try:
        archive = zipfile.ZipFile(source)
        with source.open("rb") as file:
            if len(archive.comment) != SEAL or _seal(file) != archive.comment:
                archive.close()
                raise ConfigProblem(
                    f"{source} is damaged: its checksum does not match. Use another backup; "
                    "nothing was changed."
                )
    except (*DAMAGE, OSError) as error:
        why = getattr(error, "strerror", None) or "it is no backup of the hub, or it was cut"
        raise ConfigProblem(f"{source} cannot be read: {why}. Nothing was changed.") from None
    with archive:
        yield archive


def read_manifest(archive: zipfile.ZipFile, source: Path) -> Manifest:
    """Return the manifest. Raises ``ConfigProblem`` when it is missing, damaged or of another kind."""
    try:
        if archive.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
            raise ValueError("too long")
        found = json.loads(archive.read(MANIFEST))
        manifest = Manifest(**{field.name: found[field.name] for field in fields(Manifest)})
        usable = (
            int(manifest.format) == FORMAT
            and manifest.file in archive.namelist()
            and manifest.size >= 0
            and all(isinstance(name, str) for name in manifest.key_ids)
        )
    except (KeyError, TypeError, OSError, *DAMAGE):
        usable = False
    if not usable:
        raise ConfigProblem(
            f"{source} is no backup of the hub, or its manifest is damaged. Nothing was changed."
        )
    return manifest


def unpack(archive: zipfile.ZipFile, manifest: Manifest, target: Path) -> None:
    """Write the database to ``target`` (0600). Raises ``ConfigProblem`` at a wrong checksum."""
    digest, left = hashlib.sha256(), manifest.size
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file, archive.open(manifest.file) as packed:
            while left >= 0 and (chunk := packed.read(CHUNK)):
                left -= len(chunk)
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        whole = left == 0 and digest.hexdigest() == manifest.sha256
    except DAMAGE:
        whole = False
    except OSError as error:
        raise ConfigProblem(
            f"The backup cannot be unpacked: {error.strerror or error}. Nothing was changed."
        ) from None
    if not whole:
        raise ConfigProblem(
            "The backup is damaged: its checksum does not match. Use another one; nothing was "
            "changed."
        )
