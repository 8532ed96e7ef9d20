"""What the pages need of the composition root; ``hub.runtime.Runtime`` has it."""

from contextlib import AbstractContextManager
from typing import Any, Protocol

from flask import current_app
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.seams import Clock


class WebRuntime(Protocol):
    """The object graph, seen from the web."""

    @property
    def clock(self) -> Clock: ...

    @property
    def engine(self) -> Engine: ...

    @property
    def pepper(self) -> bytes:
        """The secret that session ids, throttle subjects and tokens are hashed with."""

    @property
    def listens_on_loopback(self) -> bool: ...

    @property
    def setup_token(self) -> str | None:
        """The one-time token of first start; None when the hub listens on loopback only."""

    @property
    def settings(self) -> Any: ...

    def read(self) -> AbstractContextManager[Session]: ...

    def write(self) -> AbstractContextManager[Session]: ...


def the_runtime() -> Any:
    """Return the runtime of the current app. Typed Any: pages use more of it than the frame does."""
    return current_app.extensions["hub_runtime"]


def frame_runtime() -> WebRuntime:
    """Return the runtime as the frame of the pages sees it."""
    runtime: WebRuntime = current_app.extensions["hub_runtime"]
    return runtime


def public_url(runtime: Any) -> str:
    """Return the address by which people reach the hub (HUB_PUBLIC_URL), or nothing."""
    given = getattr(runtime, "public_url", "")
    return str(given or getattr(getattr(runtime, "environment", None), "public_url", "") or "")
