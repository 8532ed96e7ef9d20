"""Connectors that describe themselves, sign in or answer cheap questions wrongly."""

from contextlib import contextmanager
from dataclasses import replace
from itertools import count

from hub.sdk import Choice, FieldRule, Health, Kind, ParameterSpec, Probe, QuotaSpec, hookimpl
from tests.contract import toy
from tests.contract.broken import breaks
from tests.contract.toy import client as calls

INFO, PARAMETERS, ACTIONS, RULES = (
    toy.hub_plugin_info,
    toy.hub_parameters,
    toy.hub_action_types,
    toy.hub_mapping_defaults,
)
SERIAL = count()


@breaks("loads", "hub_quotas")
def quotas_forgotten(settings):
    """forgets @hookimpl on a required hook"""
    return []


@breaks("description-pure", "hub_plugin_info")
@hookimpl
def info_counts():
    """counts its calls in the version"""
    return replace(INFO(), version=f"1.{next(SERIAL)}")


@breaks("description-complete", "hub_action_types")
@hookimpl
def schedule_in_words():
    """states the schedule in words"""
    extract, load = ACTIONS()
    return [replace(extract, default_schedule="every hour"), load]


@breaks("mapping-complete", "hub_mapping_defaults")
@hookimpl
def unknown_transform(action):
    """uses a transform that does not exist"""
    return [*RULES(action), FieldRule("phone", "phone", ("dial",))]


@breaks("quotas-cover", "hub_quotas")
@hookimpl
def quota_of_one_path(settings):
    """states a quota for one path only"""
    return [QuotaSpec("toy", "Toy", calls=60, seconds=60.0, match=("/customers",))]


@breaks("parameters-valid", "hub_parameters")
@hookimpl
def default_out_of_bounds():
    """has a default below its own minimum"""
    return [*PARAMETERS()[:-1], replace(PARAMETERS()[-1], default=0)]


@breaks("secrets-marked", "hub_parameters")
@hookimpl
def password_as_text():
    """asks for the password as ordinary text"""
    return [replace(s, kind=Kind.TEXT) if s.secret else s for s in PARAMETERS()]


@breaks("parameters-enough", "hub_parameters")
@hookimpl
def parameter_nobody_knows():
    """requires a parameter that its simulator does not know"""
    return [*PARAMETERS(), ParameterSpec("tenant", "Tenant", required=True)]


@breaks("sign-out-always", "opened")
@contextmanager
def no_finally(settings, http, state):
    """signs out only when nothing went wrong"""
    client = calls.Client(settings, http, state)
    client.enter()
    yield client
    client.leave()


@breaks("session-shared", "client.Client.enter")
def always_signs_in(self):
    """signs in for every client, whatever the state holds"""
    self.token = calls.sign_in(self)
    self.state.save({"token": self.token})


@breaks("connection-test", "hub_test_connection")
@hookimpl
def test_without_call(client):
    """says that all is well without asking"""
    return Probe(True, "Toy shop")


@breaks("lookups-live", "hub_lookup")
@hookimpl
def any_lookup(client, lookup, query):
    """answers every lookup name with the same list"""
    return [Choice("retail", "Retail"), Choice("wholesale", "Wholesale")]


@breaks("own-means-at-work", "hub_health", inside=True)
@hookimpl
def sleeps(client):
    """sleeps to be polite"""
    import time

    time.sleep(0.001)
    return Health(ok=True, detail="")
