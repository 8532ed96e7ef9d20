"""What a plugin says of itself."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from cronsim import CronSim, CronSimError

from hub.mapping import TRANSFORMS
from hub.registry.plugin import PluginBroken
from hub.sdk import ActionType, Direction, FieldRule, QuotaSpec, SystemClock
from hub.testing.kit import Kit
from hub.testing.rules import broken, check
from hub.testing.watch import watched

_KEY = re.compile(r"[a-z][a-z0-9_]{1,40}")


@check(
    "loads",
    "The hub takes the plugin: required hooks are there, no hook is misspelt, its SDK is known.",
    "Implement the hook that is named, with @hookimpl, in the module of the entry point.",
)
def loads(kit: Kit) -> None:
    """Let the registry look at it."""
    try:
        _ = kit.plugin.parameters, kit.plugin.actions, kit.plugin.info
    except PluginBroken as error:
        broken(f"The hub would put the plugin in quarantine: {error}.")


def _described(kit: Kit) -> dict[str, Any]:
    from hub.registry.plugin import Plugin  # noqa: PLC0415 - a fresh one: it remembers answers

    plugin = Plugin(kit.module, "contract kit")
    return {
        "hub_plugin_info": plugin.info,
        "hub_parameters": plugin.parameters,
        "hub_preferences": plugin.preferences,
        "hub_action_types": plugin.actions,
        "hub_mapping_defaults": [plugin.mapping_defaults(a) for a in plugin.actions.values()],
        "hub_quotas": [_plain(quota) for quota in plugin.quotas({})],
    }


def _plain(quota: QuotaSpec) -> Any:
    return quota.key, quota.label, quota.calls, quota.seconds, quota.concurrent, quota.match


@check(
    "description-pure",
    "The description is the same at every call, before and after other settings, and does no I/O.",
    "Build the answer from constants only: no counter, clock, file, call or saved state in "
    "hub_plugin_info, hub_parameters, hub_preferences, hub_action_types, hub_mapping_defaults "
    "and hub_quotas.",
)
def description_pure(kit: Kit) -> None:
    """Describe, use with other settings, describe again."""
    seen: list[str] = []
    with watched(kit.module.__name__, seen):
        before = _described(kit)
        again = _described(kit)
    world = kit.world()
    with world.client():
        kit.plugin.quotas({**world.settings, "kit_other_settings": "1"})
    after = _described(kit)
    for hook, said in before.items():
        if said != again[hook] or said != after[hook]:
            broken(f"{hook} gave one answer first and another one later.")
    if seen:
        broken(f"While it described itself, the plugin did this: {seen[0]}.")


@check(
    "description-complete",
    "Name, version, role and every action type are stated so that a person can configure them.",
    "State what is named here in hub_plugin_info or hub_action_types.",
)
def description_complete(kit: Kit) -> None:
    """Look at each field that pages and engine rely on."""
    info = kit.plugin.info
    for name in ("label", "version", "summary"):
        if not str(getattr(info, name)).strip():
            broken(f"hub_plugin_info says no {name}.")
    if not _KEY.fullmatch(info.key):
        broken(f"The key {info.key!r} is not made of lower-case letters, digits and _ alone.")
    if not kit.plugin.actions:
        broken("hub_action_types offers nothing, so that no sync can use the plugin.")
    for action in kit.plugin.actions.values():
        for problem in _problems(kit, action):
            broken(f"The action type {action.direction.value}:{action.key} {problem}.")


def _problems(kit: Kit, action: ActionType) -> Iterator[str]:
    known = {spec.name for spec in kit.plugin.parameters}
    if not _KEY.fullmatch(action.key):
        yield "has a key that is not made of lower-case letters, digits and _ alone"
    if not action.label.strip() or not action.entity.strip():
        yield "has no label or no entity"
    if unknown := set(re.findall(r"\{([^}]*)\}", action.endpoint)) - known:
        yield f"has an endpoint over {', '.join(sorted(unknown))}, which is no parameter"
    if not action.endpoint.strip():
        yield "has no endpoint"
    if action.batch_size < 1 or action.hold_seconds < 1 or action.concurrency < 1:
        yield "has a batch_size, hold_seconds or concurrency below 1"
    if not _is_schedule(action.default_schedule):
        yield f"has the schedule {action.default_schedule!r}, which is not five fields of cron"
    if action.stamp_parameter and action.stamp_parameter not in known:
        yield f"names the stamp parameter {action.stamp_parameter}, which is no parameter"
    if action.direction is Direction.LOAD and action.creates and not action.match_on:
        yield "creates records but has no match_on, so that a repeated create doubles them"
    if action.direction is Direction.LOAD and not (
        kit.plugin.implements("hub_match") or kit.plugin.implements("hub_list")
    ):
        yield "delivers, but there is neither hub_match nor hub_list to find what is there"


def _is_schedule(text: str) -> bool:
    if len(text.split()) != 5:
        return False
    try:
        CronSim(text, SystemClock().now())
    except CronSimError:
        return False
    return True


@check(
    "mapping-complete",
    "The default rules of every action type use known transforms and state each target once.",
    "Correct the rule in hub_mapping_defaults; hub.mapping.TRANSFORMS lists the transforms.",
)
def mapping_complete(kit: Kit) -> None:
    """Look at the rules one by one."""
    for action in kit.plugin.actions.values():
        rules = kit.plugin.mapping_defaults(action)
        if not rules:
            broken(f"{action.direction.value}:{action.key} has no default rules.")
        targets = [rule.target for rule in rules]
        if doubled := {target for target in targets if targets.count(target) > 1}:
            broken(f"{action.key} states the target {min(doubled)} twice.")
        for rule in rules:
            for find in (_unknown_step, _unlabelled):
                if problem := find(rule):
                    broken(f"The rule for {rule.target} of {action.key} {problem}.")


def _unknown_step(rule: FieldRule) -> str:
    for step in rule.transforms:
        name = step.partition(":")[0]
        if name not in TRANSFORMS:
            return f"uses the transform {name}, which does not exist"
    return ""


def _unlabelled(rule: FieldRule) -> str:
    if rule.required and not rule.label:
        return "is required but has no label to name it to a person"
    return ""


@check(
    "quotas-cover",
    "Every call costs a stated quota with sensible numbers.",
    "State the vendor's limits in hub_quotas; a quota whose match covers all paths catches the "
    "rest. A limit that is not stated is found out by 429 in the middle of work.",
    "silver",
)
def quotas_cover(kit: Kit) -> None:
    """Compare the limits with the calls that are really made."""
    world = kit.world()
    for quota in kit.plugin.quotas(world.settings):
        if quota.calls < 1 or quota.seconds <= 0 or not quota.match:
            broken(f"The quota {quota.key} allows {quota.calls} calls per {quota.seconds} s.")
        for mark in quota.match:
            if not mark.startswith("/") and _fails(re.compile, mark):
                broken(f"The quota {quota.key} has the pattern {mark!r}, which does not compile.")
    with world.client() as client:
        kit.plugin.test_connection(client)
        for action in kit.plugin.actions.values():
            if action.direction is Direction.EXTRACT:
                world.read(client, action)
            else:
                world.delivered(client, action, world.new_items(client, action, 1))
    for call in world.sent:
        if not call.listed:
            broken(f"{call.method} {call.path} costs no quota of the plugin.")


def _fails(function: Callable[[str], Any], text: str) -> bool:
    try:
        function(text)
    except re.error:
        return True
    return False
