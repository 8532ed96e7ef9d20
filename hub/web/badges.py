"""Every status word of the pages: icon, word and tone, always all three (DESIGN.md §3)."""

from typing import NamedTuple


class Badge(NamedTuple):
    """``tone``: ok, info, wait, bad, block or mute."""

    label: str
    icon: str
    tone: str


BADGES: dict[str, Badge] = {
    # message
    "pending": Badge("Waiting", "clock", "wait"),
    "waiting": Badge("Waiting", "clock", "wait"),
    "retrying": Badge("Waiting to retry", "rotate-cw", "wait"),
    "in_flight": Badge("Sending", "send", "info"),
    "sending": Badge("Sending", "send", "info"),
    "unknown": Badge("Unknown", "search", "wait"),
    "done": Badge("Done", "check", "ok"),
    "unchanged": Badge("Unchanged", "equal", "mute"),
    "filtered": Badge("Filtered", "funnel", "mute"),
    "blocked": Badge("Blocked", "hourglass", "block"),
    "parked": Badge("Parked", "octagon-alert", "bad"),
    "cancelled": Badge("Cancelled", "skip-forward", "mute"),
    "superseded": Badge("Superseded", "skip-forward", "mute"),
    # connection, connector, sync
    "running": Badge("Running", "circle-check", "ok"),
    "connected": Badge("Connected", "circle-check", "ok"),
    "needs_attention": Badge("Needs attention", "triangle-alert", "wait"),
    "needs_sign_in": Badge("Needs sign-in", "key-round", "bad"),
    "waiting_for_quota": Badge("Waiting for quota", "timer", "wait"),
    "not_reachable": Badge("Not reachable", "unplug", "bad"),
    "paused": Badge("Paused", "circle-pause", "mute"),
    "off": Badge("Off", "power", "mute"),
    "untested": Badge("Not tested", "circle-dashed", "mute"),
    "not_tested": Badge("Not tested", "circle-dashed", "mute"),
    "not_set": Badge("Not set", "circle-dashed", "mute"),
    "set": Badge("Set", "check", "ok"),
    "being_set_up": Badge("Being set up", "list-checks", "info"),
    # log
    "error": Badge("Error", "circle-x", "bad"),
    "warning": Badge("Warning", "triangle-alert", "wait"),
    "info": Badge("Info", "info", "mute"),
    "debug": Badge("Debug", "bug", "mute"),
    # dry run
    "create": Badge("Create", "plus", "ok"),
    "update": Badge("Update", "pencil", "info"),
    "delete": Badge("Delete", "trash-2", "bad"),
    # records
    "enabled": Badge("Enabled", "circle-check", "ok"),
    "disabled": Badge("Disabled", "ban", "mute"),
    "not_linked": Badge("Not linked", "unlink", "mute"),
    "link_proposed": Badge("Link proposed", "link-2", "ok"),
    "certain": Badge("Certain", "link-2", "ok"),
    "high": Badge("High", "link-2", "info"),
    "possible": Badge("Possible", "search", "mute"),
    "exists_twice": Badge("Exists twice", "copy", "bad"),
    # checks and runs
    "passed": Badge("Passed", "check", "ok"),
    "finished": Badge("Finished", "check", "ok"),
    "finished_parked": Badge("Finished, some parked", "triangle-alert", "wait"),
    "failed": Badge("Failed", "circle-x", "bad"),
    "waits": Badge("Waits", "hourglass", "block"),
    "not_needed": Badge("Not needed", "minus", "mute"),
    "run_running": Badge("Running", "send", "info"),
    # reconciliation, circuits, plugins, health
    "agree": Badge("Agree", "equal", "ok"),
    "differ": Badge("Differ", "equal-not", "wait"),
    "open": Badge("Open", "circle-check", "ok"),
    "closed": Badge("Closed", "unplug", "bad"),
    "approved": Badge("Approved", "circle-check", "ok"),
    "quarantined": Badge("Quarantined", "shield-alert", "bad"),
    "found": Badge("Found, not approved", "package-search", "wait"),
    "changed": Badge("Changed, not approved", "package-search", "wait"),
    "revoked": Badge("Revoked", "ban", "mute"),
    "missing": Badge("Not installed", "unplug", "bad"),
    "restart": Badge("Needs a new start", "rotate-cw", "wait"),
    "to_mend": Badge("To mend", "wrench", "bad"),
    "watch": Badge("Watch", "triangle-alert", "wait"),
}


def badge_of(key: str) -> Badge:
    """Return the badge of a status; raise KeyError for a status nobody gave a word."""
    return BADGES[key]
