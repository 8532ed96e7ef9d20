"""The process's environment, read once and checked: one clear sentence per bad value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

ENGINES = ("threads",)
LOG_FORMATS = ("text", "json")
LOG_LEVELS = ("debug", "info", "warning", "error")
DATABASES = ("sqlite", "postgresql")
MAX_WORKERS = 64

VARIABLES = {
    "HUB_HOME": ("~/.integration-hub", "The data folder: the database and the key file."),
    "HUB_DATABASE_URL": (
        "SQLite in HUB_HOME",
        "sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME, for more than one process.",
    ),
    "HUB_SECRET_KEYS": (
        "the key file in HUB_HOME",
        "Sealing keys, comma-separated: the first seals, all of them open.",
    ),
    "HUB_ENGINE": ("threads", "What rings the workers: threads of the same process."),
    "HUB_WORKERS": ("4", f"Worker threads of this process, 1 to {MAX_WORKERS}."),
    "HUB_PUBLIC_URL": (
        "empty",
        "The address that people open; where it is https, its cookies go by https only.",
    ),
    "HUB_LOG_FORMAT": ("text", "text or json: how lines on standard error look."),
    "HUB_LOG_LEVEL": ("info", "debug, info, warning or error: what stands on standard error."),
}
"""Every variable: its default, and what it does."""


class ConfigProblem(Exception):
    """A usage or configuration error, said in one sentence; the command line exits with 2."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Where the hub lives and how it runs. ``secret_keys`` empty = the key file in ``home``."""

    home: Path
    database_url: str = field(repr=False)
    secret_keys: tuple[str, ...] = field(default=(), repr=False)
    engine: str = "threads"
    workers: int = 4
    public_url: str = ""
    log_format: str = "text"
    log_level: str = "info"

    @property
    def key_file(self) -> Path:
        """The file that holds the sealing keys when the environment gives none."""
        return self.home / "secret.keys"

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> "Environment":
        """Read the ``HUB_*`` variables. Raises ``ConfigProblem`` naming the variable."""
        given = environ.get("HUB_HOME", "").strip()
        home = Path(given).expanduser() if given else Path.home() / ".integration-hub"
        if home.exists() and not home.is_dir():
            raise ConfigProblem(f"HUB_HOME must be a folder, but {home} is a file. Name a folder.")
        return cls(
            home=home.absolute(),
            database_url=_database(environ, home.absolute()),
            secret_keys=_keys(environ),
            engine=_one_of(environ, "HUB_ENGINE", ENGINES, "threads"),
            workers=_workers(environ),
            public_url=_public_url(environ),
            log_format=_one_of(environ, "HUB_LOG_FORMAT", LOG_FORMATS, "text"),
            log_level=_one_of(environ, "HUB_LOG_LEVEL", LOG_LEVELS, "info"),
        )


def _one_of(environ: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str) -> str:
    value = environ.get(name, "").strip().lower() or default
    if value not in allowed:
        words = " or ".join(allowed) if len(allowed) < 3 else ", ".join(allowed)
        raise ConfigProblem(f"{name} must be {words}. It is set to {value[:40]!r}.")
    return value


def _keys(environ: Mapping[str, str]) -> tuple[str, ...]:
    if "HUB_SECRET_KEYS" not in environ:
        return ()
    keys = tuple(key.strip() for key in environ["HUB_SECRET_KEYS"].split(",") if key.strip())
    if not keys:
        raise ConfigProblem(
            "HUB_SECRET_KEYS is set but empty. Set the sealing key, or unset the variable to use "
            "the key file; if the key is lost, run: hub keys reset"
        )
    return keys


def _workers(environ: Mapping[str, str]) -> int:
    text = environ.get("HUB_WORKERS", "").strip() or "4"
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= MAX_WORKERS):
        raise ConfigProblem(
            f"HUB_WORKERS must be a whole number between 1 and {MAX_WORKERS}. "
            f"It is set to {text[:40]!r}."
        )
    return int(text)


def _public_url(environ: Mapping[str, str]) -> str:
    text = environ.get("HUB_PUBLIC_URL", "").strip().rstrip("/")
    if not text:
        return ""
    problem = ConfigProblem(
        "HUB_PUBLIC_URL must be an address like https://hub.example.com, "
        "without user name, query or fragment. Correct it or leave it out."
    )
    try:
        parts = urlsplit(text)
        bad_port = parts.port == 0
    except ValueError:
        raise problem from None
    extras = parts.username is not None or parts.query or parts.fragment
    if parts.scheme not in ("http", "https") or not parts.hostname or extras or bad_port:
        raise problem
    return text


def _database(environ: Mapping[str, str], home: Path) -> str:
    text = environ.get("HUB_DATABASE_URL", "").strip()
    if not text:
        return f"sqlite:///{home / 'hub.db'}"
    try:
        url = make_url(text)
        backend = url.get_backend_name()
    except (ArgumentError, ValueError):
        backend = ""
    if backend not in DATABASES:
        raise ConfigProblem(
            "HUB_DATABASE_URL must be a database address that starts with sqlite:/// or "
            "postgresql://. Correct it, or leave it out to use SQLite in HUB_HOME."
        )
    return text
