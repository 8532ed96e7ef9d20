"""A hook that does not come back: its plugin is stopped, its thread is replaced."""

from hub.dispatch import ThreadDoorbell
from hub.registry import Registry, watch

MINUTES = 15


def relieve(registry: Registry, doorbell: ThreadDoorbell, minutes: float = MINUTES) -> None:
    """Put plugins in quarantine whose hook runs for so long without a call to the vendor.

    The worker it holds is replaced, so that other syncs go on. Python code is broken off; a wait
    inside the system's own code lasts as long as it lasts, in a thread that nobody waits for.
    """
    for stay in watch.overdue(minutes * 60):
        reason = f"{stay.hook}: it did not come back within {minutes:g} minutes"
        registry.quarantine(stay.plugin, reason)
        if doorbell.relieve(stay.thread):
            watch.interrupt(stay)
