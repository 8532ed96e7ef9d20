"""Composition root: builds the object graph once, for web, command line and workers alike."""

from hub.runtime.runtime import Runtime, build
from hub.runtime.serving import AlreadyServing

__all__ = ["AlreadyServing", "Runtime", "build"]
