"""All plugins of this process: the bundled ones, and those that an administrator approved."""

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hub.registry import discovery
from hub.registry.child import wrong_key
from hub.registry.discovery import own_namespace
from hub.registry.found import Approval, Found, Held, Package
from hub.registry.guard import PluginBug, told
from hub.registry.loading import load
from hub.registry.plugin import Plugin, PluginBroken
from hub.registry.probe import Limits, look_at
from hub.sdk import Direction, Record, Role

BUNDLED = {"acumatica": "plugins.acumatica", "bigcommerce": "plugins.bigcommerce"}
"""From a bare checkout entry points are empty, so bundled plugins are named here."""

WHY: dict[Held, str] = {
    "found": "it is not approved, so none of its code runs. Approve it on the Plugins page, or run "
    "hub plugins approve {name}",
    "changed": "its files are not the ones that were approved, so none of its code runs. Look at "
    "what changed, then approve it again on the Plugins page, or run hub plugins approve {name}",
    "revoked": "its approval was revoked, so none of its code runs. Approve it again on the Plugins "
    "page, or run hub plugins approve {name}",
    "missing": "its package {distribution} is not installed any more. Install it again where the "
    "hub runs; nothing is lost",
    "restart": "it is approved, but this process has an earlier version of it in memory. Start the "
    "hub again",
}

log = logging.getLogger(__name__)


class Registry:
    """All plugins of this installation; a broken one never keeps the others from working.

    Bundled ones are imported at once. An installed one is only found; ``follow`` imports it when
    its approval is for the files that are there, and a child process survived it first.
    """

    def __init__(
        self,
        bundled: Mapping[str, str] = BUNDLED,
        *,
        version: str = "",
        limits: Limits | None = None,
    ) -> None:
        own_namespace()
        self.found: dict[str, Found] = {}
        self.others: list[Found] = []
        self._bundled = {name: _bundled(name, module, version) for name, module in bundled.items()}
        for name, item in self._bundled.items():
            if item.plugin is not None:
                self._watch(name, item.plugin)
        self._limits = limits
        self._lock = threading.Lock()
        self._loaded: dict[tuple[str, str], tuple[str, Plugin]] = {}
        self._refused: dict[tuple[str, str], tuple[str, int, str]] = {}
        self._troubled: dict[tuple[str, str], tuple[int, str]] = {}
        self.packages = discovery.scan()
        self._approvals: dict[tuple[str, str], Approval] = {}
        self._sort()

    def follow(self, approvals: Iterable[Approval], *, scan: bool = True) -> None:
        """Look what is installed and go by these decisions: import what was approved, drop the rest.

        Where neither changed since the last time, nothing is done. Without ``scan`` only the
        decisions are looked at.
        """
        before = self.packages, self._approvals
        self._approvals = {approval.key: approval for approval in approvals}
        if scan:
            self.packages = discovery.scan()
        if before != (self.packages, self._approvals):
            self._sort()

    def quarantine(self, name: str, reason: str) -> None:
        """Stop using a plugin at once, until an administrator decides anew."""
        item = self.found.get(name)
        if item is None or item.plugin is None:
            return
        log.error("Plugin %s is quarantined: %s", name, reason)
        key = item.distribution, name
        self._troubled[key] = self._decided(key), reason
        self._sort()

    def troubles(self) -> dict[tuple[str, str], tuple[str, bool]]:
        """Why approved plugins are in quarantine in this process, by distribution and name.

        True: it did something while it worked, so that a new start alone mends nothing.
        """
        return {
            (item.distribution, item.name): (item.reason, bool(self._trouble(item.key)))
            for item in self.all()
            if item.state == "quarantined" and not (item.package and item.package.problem)
        }

    def _decided(self, key: tuple[str, str]) -> int:
        approval = self._approvals.get(key)
        return approval.decided if approval else 0

    def _trouble(self, key: tuple[str, str]) -> str:
        """Return why a plugin was put in quarantine since the last decision about it."""
        decided, reason = self._troubled.get(key, (-1, ""))
        if decided == self._decided(key):
            return reason
        approval = self._approvals.get(key)
        return approval.trouble if approval else ""

    def all(self) -> list[Found]:
        """Return every plugin, also those that stand behind another of the same name."""
        return [*self.found.values(), *self.others]

    # How it is sorted ---------------------------------------------------------------------------

    def _sort(self) -> None:
        with self._lock:
            found = {name: self._judged(item) for name, item in self._bundled.items()}
            others: list[Found] = []
            for package in sorted(self.packages, key=self._approved_last, reverse=True):
                taken = found.get(package.name)
                item = self._external(package, taken)
                if taken is None:
                    found[package.name] = item
                else:
                    others.append(item)
            installed = {package.key for package in self.packages}
            for key, approval in self._approvals.items():
                if approval.approved and key not in installed and approval.name not in found:
                    found[approval.name] = _held("missing", _gone(approval))
            self.found, self.others = found, others

    def _judged(self, item: Found) -> Found:
        trouble = self._trouble((item.distribution, item.name))
        if not trouble or item.plugin is None:
            return item
        return Found(item.name, item.module, item.distribution, item.version, None, trouble)

    def _approved_last(self, package: Package) -> bool:
        approval = self._approvals.get(package.key)
        return approval is not None and approval.approved

    def _external(self, package: Package, taken: Found | None) -> Found:
        rivals = [p for p in self.packages if p.name == package.name and p.key != package.key]
        approval = self._approvals.get(package.key)
        problem = package.problem
        if taken is not None or (rivals and not (approval and approval.approved)):
            other = taken.distribution if taken else rivals[0].distribution
            problem = problem or (
                f"{other} has a plugin of the same name, {package.name}. Uninstall one of them"
            )
        if problem:
            return _found(package, None, problem)
        if approval is None:
            return _held("found", package)
        if not approval.approved:
            return _held("revoked", package)
        if approval.sha256 != package.sha256:
            return _held("changed", package)
        trouble = self._trouble(package.key)
        return _found(package, None, trouble) if trouble else self._use(package)

    def _use(self, package: Package) -> Found:
        """Import what was approved, once per process and version, after a child survived it."""
        loaded = self._loaded.get(package.key)
        if loaded is not None:
            if loaded[0] != package.sha256:
                return _held("restart", package)
            return _found(package, loaded[1])
        refused = self._refused.get(package.key)
        decided = self._decided(package.key)
        if refused is not None and refused[:2] == (package.sha256, decided):
            return _found(package, None, refused[2])
        reason = look_at(package, self._limits).reason
        if not reason:
            plugin, reason = _import(package)
            if plugin is not None:
                self._watch(package.name, plugin)
                self._loaded[package.key] = package.sha256, plugin
                return _found(package, plugin)
        log.error("Plugin %s is quarantined: %s", package.name, reason)
        self._refused[package.key] = package.sha256, decided, reason
        return _found(package, None, reason)

    def _watch(self, name: str, plugin: Plugin) -> None:
        plugin.face.on_grave = lambda bug: self.quarantine(name, bug.reason)

    # What it is asked ---------------------------------------------------------------------------

    @property
    def plugins(self) -> dict[str, Plugin]:
        """Usable plugins by key."""
        return {name: found.plugin for name, found in self.found.items() if found.plugin}

    def get(self, key: str) -> Plugin | None:
        """Return the usable plugin with this key."""
        found = self.found.get(key)
        return found.plugin if found else None

    def why_not(self, key: str) -> str:
        """Return why a plugin is not usable, as a sentence with its remedy; empty = it is."""
        found = self.found.get(key)
        if found is None:
            return f"The plugin {key} is not installed. Install it again; nothing is lost."
        if found.plugin is not None:
            return ""
        mend = (
            ""
            if found.held
            else (
                " It is in quarantine: update it, then let it try again on the Plugins page; nothing "
                "is lost."
            )
        )
        return f"The plugin {key} cannot be used: {found.reason}.{mend}"

    def record_mapped(self, flow: str, record: Record, payload: dict[str, Any]) -> dict[str, Any]:
        """Let each plugin that wants to touch a payload last, in order of discovery."""
        for plugin in self._broadcasting("hub_record_mapped"):
            payload = plugin.record_mapped(flow, record, payload) or payload
        return payload

    def run_finished(self, summary: Mapping[str, Any]) -> None:
        """Tell notifiers that a run ended; a failing one is logged."""
        self._tell("hub_run_finished", summary=summary)

    def message_parked(self, message: Mapping[str, Any]) -> None:
        """Tell notifiers that a message needs a person; a failing one is logged."""
        self._tell("hub_message_parked", message=message)

    def _broadcasting(self, hook: str) -> Iterator[Plugin]:
        return (plugin for plugin in self.plugins.values() if plugin.implements(hook))

    def _tell(self, hook: str, **arguments: Any) -> None:
        for plugin in self._broadcasting(hook):
            try:
                plugin.tell(hook, **arguments)
            except PluginBug as bug:
                log.error("%s", bug)  # noqa: TRY400 - its trace was logged where it arose
            except Exception:
                log.exception("Plugin %s failed in %s", plugin.info.key, hook)

    def with_role(self, role: Role) -> dict[str, Plugin]:
        """Return the plugins that can stand on this side."""
        return {k: p for k, p in self.plugins.items() if p.info.role in (role, Role.BOTH)}

    def flow_keys(self, erp: Plugin, store: Plugin) -> list[str]:
        """Return the flow keys that this pair can run, in the ERP plugin's order."""
        return [
            action.key
            for action in erp.actions.values()
            if action.direction is Direction.EXTRACT and store.action(action.key, Direction.LOAD)
        ]


def _bundled(name: str, module: str, version: str) -> Found:
    try:
        plugin = Plugin(load(module), source=discovery.OWN)
        if plugin.info.key != name:
            raise PluginBroken(wrong_key(plugin.info.key, name))
    except PluginBroken as broken:
        log.exception("Plugin %s is quarantined", name)
        return Found(name, module, discovery.OWN, version, None, str(broken))
    return Found(name, module, discovery.OWN, version or plugin.info.version, plugin)


def _import(package: Package) -> tuple[Plugin | None, str]:
    own_namespace([package.module])
    try:
        plugin = Plugin(load(package.module, package.attribute), source=package.distribution)
    except PluginBroken as broken:
        return None, str(broken)
    except Exception as error:
        return None, told(error)
    if plugin.info.key != package.name:
        return None, wrong_key(plugin.info.key, package.name)
    return plugin, ""


def _found(package: Package, plugin: Plugin | None, reason: str = "", held: Held = "") -> Found:
    return Found(
        package.name, package.module, package.distribution, package.version, plugin, reason, held,
        package,
    )  # fmt: skip


def _held(held: Held, package: Package) -> Found:
    reason = WHY[held].replace("{name}", package.name)
    reason = reason.replace("{distribution}", package.distribution)
    return _found(package, None, reason, held)


def _gone(approval: Approval) -> Package:
    return Package(approval.name, "", "", approval.distribution, "", approval.sha256)
