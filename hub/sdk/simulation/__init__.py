"""A kit for simulated vendor servers: sockets, faults, journal, quotas, statistics."""

from hub.sdk.simulation.base import Reply, SimulatedServer
from hub.sdk.simulation.faults import FaultScript
from hub.sdk.simulation.journal import Effect, Journal
from hub.sdk.simulation.messages import Handler, SimBadJson, SimRequest, SimResponse
from hub.sdk.simulation.quota import Quota, parse_quota
from hub.sdk.simulation.router import Match, Router
from hub.sdk.simulation.samples import Sample
from hub.sdk.simulation.server import RunningSimulator, serve
from hub.sdk.simulation.stats import Stats

__all__ = [
    "Effect",
    "FaultScript",
    "Handler",
    "Journal",
    "Match",
    "Quota",
    "Reply",
    "Router",
    "RunningSimulator",
    "Sample",
    "SimBadJson",
    "SimRequest",
    "SimResponse",
    "SimulatedServer",
    "Stats",
    "parse_quota",
    "serve",
]
