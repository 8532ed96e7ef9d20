"""One worker per flow: who holds it, what is left over, and who notices that it is lost."""

import pytest
from test_outbox_collapse import Box

from hub.engine.context import Tools
from hub.engine.runs import FlowBusy, holding_flow, release_flow, renew_flow, take_flow


@pytest.fixture
def tools(tmp_path):
    box = Box(tmp_path)
    made = {}

    def worker(owner):
        if owner not in made:
            made[owner] = Tools(box.database, None, None, None, box.kit.clock, None, owner,
                                lambda _owner: False)  # fmt: skip
        return made[owner], box.flow

    return worker


def test_a_process_holds_a_flow_once(tools):
    me, flow = tools("me")
    with holding_flow(me, flow), pytest.raises(FlowBusy), holding_flow(me, flow):
        pass
    with holding_flow(me, flow):
        pass


def test_what_another_process_holds_is_busy(tools):
    me, flow = tools("me")
    other, _ = tools("other")
    take_flow(other, flow, alone=True)
    with pytest.raises(FlowBusy), holding_flow(me, flow):
        pass
    release_flow(other, flow)
    with holding_flow(me, flow):
        pass


def test_a_lease_that_could_not_be_given_back_does_not_keep_its_own_process_waiting(tools):
    me, flow = tools("me")
    take_flow(me, flow, alone=True)
    with holding_flow(me, flow):
        pass


def test_a_worker_notices_that_its_flow_was_taken_over(tools):
    me, flow = tools("me")
    other, _ = tools("other")
    take_flow(me, flow, alone=True)
    assert renew_flow(me, flow)
    me.clock.advance(91)
    take_flow(other, flow, alone=True)
    assert not renew_flow(me, flow)
    assert renew_flow(other, flow)
