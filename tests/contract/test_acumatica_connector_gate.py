"""The connector behind the real gate: one session over processes, one try of a wrong password."""

import pytest

from hub.sdk import AuthError, ConfigError, SystemClock, Window
from tests.contract.acumatica_connector_kit import PLUGIN, Site, action
from tests.store.gate_kit import Hub


@pytest.fixture
def site():
    found = Site(clock=SystemClock(), customers=20, items=10)
    yield found
    found.running.stop()


@pytest.fixture
def hub(tmp_path):
    found = Hub(tmp_path)
    yield found
    found.close()


def customers(client) -> int:
    pages = PLUGIN.extract(client, action("customer"), Window())
    return sum(len(page.records) for page in pages)


def opened(hub, site, gate, **settings):
    return gate.open(hub.facts, PLUGIN, {**site.settings, **settings})


def signins(site) -> tuple[int, int]:
    stats = site.sim.stats_json()
    return stats["signins"], stats["open_signins"]


def test_two_processes_share_one_sign_in_and_leave_none(hub, site):
    first, second = hub.gate("host:boot:1:1"), hub.gate("host:boot:2:2")
    with opened(hub, site, first) as one:
        assert customers(one.client) == 20
        with opened(hub, site, second) as two:
            assert customers(two.client) == 20
        assert customers(one.client) == 20
        assert signins(site) == (1, 1)
    assert signins(site) == (1, 0)
    assert hub.state()[0] == "connected"


def test_a_session_that_the_server_dropped_is_renewed(hub, site):
    with opened(hub, site, hub.gate()) as one:
        site.fault("session_lost", nth=1)
        assert customers(one.client) == 20
    assert signins(site) == (2, 0)


def test_a_wrong_password_is_sent_once_until_it_changes(hub, site):
    gate = hub.gate()
    for _ in range(3):
        with pytest.raises(AuthError), opened(hub, site, gate, password="wrong"):
            pass
    assert site.sim.stats_json()["requests"]["POST /entity/auth/login"] == 1
    assert hub.state()[0] == "needs_sign_in"
    with opened(hub, site, gate) as one:
        assert customers(one.client) == 20


def test_another_tenant_is_tried_once_too(hub, site):
    site.fault("wrong_tenant", match="POST /entity/auth/login")
    gate = hub.gate()
    for _ in range(2):
        with pytest.raises(ConfigError) as caught, opened(hub, site, gate):
            pass
        assert "tenant" in str(caught.value)
    assert signins(site) == (2, 0)


def test_a_kept_session_is_used_again_and_ended_when_idle(hub, site):
    gate = hub.gate(keep_alive=True)
    for _ in range(3):
        with opened(hub, site, gate) as one:
            customers(one.client)
    assert signins(site) == (1, 1)
