"""Doorbells: threads by default, a distributed engine past one machine."""

from hub.dispatch.threads import ThreadDoorbell

__all__ = ["ThreadDoorbell"]
