"""A hook that does not come back: the plugin is stopped, another worker takes the place."""

import threading

from hub.dispatch import ThreadDoorbell
from hub.registry import watch
from hub.runtime.stuck import relieve
from hub.seams import SystemClock


def test_a_hook_that_hangs_costs_its_plugin_and_no_worker(site, start, trusting):
    body = "@hookimpl\ndef hub_health(client):\n    while True:\n        pass\n"
    site.plugin("stuck", body)
    runtime = start()
    runtime.approvals.approve("stuck", "mara")
    plugin = runtime.registry.get("stuck")
    ended, other = threading.Event(), threading.Event()
    said = []

    def work(flow_id):
        if flow_id == 2:
            other.set()
            return
        try:
            plugin.health(None)
        except Exception as error:
            said.append(str(error))
            ended.set()

    doorbell = ThreadDoorbell(work, SystemClock(), workers=1)
    doorbell.start()
    doorbell.ring(1)
    pause = threading.Event()
    while not watch._stays:
        pause.wait(0.01)
    doorbell.ring(2)
    assert runtime.registry.get("stuck") is plugin
    relieve(runtime.registry, doorbell, minutes=0)
    assert other.wait(60)
    assert ended.wait(60)
    assert said == ["The plugin stuck failed in hub_health: it did not come back."]
    runtime.approvals.look()
    item = runtime.registry.found["stuck"]
    assert item.reason == "hub_health: it did not come back within 0 minutes"
    assert doorbell.stop(60)


def test_time_that_the_hub_needs_for_a_plugin_is_not_the_plugins():
    at_work = []
    watch.enter("any", "hub_extract")
    try:
        watch.outside(lambda: at_work.extend(watch.overdue(0)))()
        assert at_work == []
        assert [stay.hook for stay in watch.overdue(0)] == ["hub_extract"]
        assert watch.overdue(0) == []
    finally:
        watch.leave()
