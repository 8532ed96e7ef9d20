"""A paused sync collects and sends nothing; the others go on; resumed, it sends what waits."""

from rig import Rig, eligible

from hub.settings.flow_schedule import set_flow_paused
from hub.store.tables import Flow


def pause(rig: Rig, key: str, *, paused: bool) -> None:
    with rig.runtime.write() as session:
        flow = session.get_one(Flow, rig.flow_id(key))
        assert set_flow_paused(rig.runtime.context, session, flow, "test", paused=paused)


def test_one_paused_sync_collects_while_the_others_send(rig: Rig) -> None:
    rig.sync()
    pause(rig, "customer", paused=True)
    key = next(k for k in eligible(rig) if k in rig.companies())
    mark = rig.mark()
    rig.put("Customer", key, CustomerName="Renamed While Paused")
    rig.run("customer")
    assert rig.companies()[key]["companyName"] != "Renamed While Paused"
    assert not rig.effects(mark, "companies")
    assert key in rig.messages("pending", "customer")
    assert rig.sync("location")["location"].get("failed", 0) == 0

    pause(rig, "customer", paused=False)
    rig.sync("customer")
    assert rig.companies()[key]["companyName"] == "Renamed While Paused"
    assert [e["key"] for e in rig.effects(mark, "companies")] == [key]


def test_a_pause_in_the_middle_of_a_run_stops_sending_before_the_next_call(rig: Rig) -> None:
    from hub.engine.flow_run import FlowRun

    run = FlowRun(rig.runtime.tools, rig.flow_id("customer"), lambda: False, None)
    assert not run.should_hold()
    pause(rig, "customer", paused=True)
    rig.clock.sleep(5)
    assert run.should_hold()
    assert not run.cancelled
