"""Simulators that forgive."""

from hub.sdk.simulation import SimResponse, SimulatedServer
from tests.contract.broken import breaks
from tests.contract.toy.simulator import ToySimulator


@breaks("simulator-strict", "simulator.ToySimulator.unknown")
def answers_all(self, request):
    """answers every path with an empty list"""
    return SimResponse.json([])


@breaks("simulator-asks-sign-in", "simulator.ToySimulator.dispatch")
def lets_all_in(self, request):
    """never asks who is calling"""
    with self.lock:
        self.commit_due()
        return SimulatedServer.dispatch(self, request)


@breaks("simulator-journal", "simulator.ToySimulator.create")
def forgets_to_write(self, request):
    """creates without a line in the journal"""
    return self.refusal(request, request.json()) or SimResponse.json(self.new(request.json()), 201)


@breaks("simulator-fresh", "simulator.ToySimulator.__init__")
def one_for_all(self, clock, seed, customers):
    """keeps its rows between two calls of hub_simulator"""
    INIT(self, clock, seed, customers)
    self.table = SHARED.setdefault("table", self.table)


INIT = ToySimulator.__init__
SHARED = {}
CREATE = ToySimulator.create


@breaks("simulator-faults", "simulator.ToySimulator.create")
def finds_at_once(self, request):
    """does not know index_lag"""
    request.faults = ()
    return CREATE(self, request)
