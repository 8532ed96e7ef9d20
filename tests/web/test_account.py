"""One's own account: password, time zone, other browsers."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from web_frame import PASSWORD, Browser

from hub.settings.users import create_user
from hub.store.tables import AuditEvent, User, UserSession
from hub.web.views.account import in_words, zones

NEW = "quiet copper lantern"
PAGE = "/account/"


@pytest.fixture
def mara(browser):
    browser.set_up()
    return browser


def change(browser, current=PASSWORD, password=NEW):
    data = {"current": current, "password": password}
    return browser.post("/account/password", data, page=PAGE)


def signed_in(browser):
    return browser.get(PAGE).status_code == 200


def test_a_changed_password_holds_and_signs_out_every_other_browser(mara, frame_app):
    other = Browser(frame_app.test_client())
    other.sign_in()
    stolen = mara.client.get_cookie("hub_session").value
    answer = change(mara)
    assert (answer.status_code, answer.location) == (303, PAGE)
    assert "1 other browser signed out" in mara.get(PAGE).get_data(as_text=True)
    assert signed_in(mara)
    assert not signed_in(other)
    thief = Browser(frame_app.test_client())
    thief.client.set_cookie("hub_session", stolen)
    assert not signed_in(thief)
    fresh = Browser(frame_app.test_client())
    assert fresh.sign_in(password=PASSWORD).status_code == 422
    assert fresh.sign_in(password=NEW).status_code == 303


@pytest.mark.parametrize(
    ("current", "password", "field", "words"),
    [
        ("not mine at all", NEW, "f-current", "not your password of today"),
        ("", NEW, "f-current", "not your password of today"),
        (PASSWORD, "short", "f-password", "has 5 characters"),
        (PASSWORD, "x" * 129, "f-password", "at most 128"),
        (PASSWORD, "password1234", "f-password", "first that anyone would try"),
        (PASSWORD, PASSWORD, "f-password", "you have now"),
    ],
)
def test_a_refused_change_says_why_at_the_field(
    mara, frame, frame_app, current, password, field, words
):
    answer = change(mara, current, password)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert words in page
    assert f'id="{field}-err"' in page
    assert PASSWORD not in page
    with frame.read() as db:
        assert not db.scalars(select(AuditEvent).where(AuditEvent.action == "user.password")).all()
    assert Browser(frame_app.test_client()).sign_in().status_code == 303


def test_guessing_the_old_password_pauses_but_does_not_lock_the_sign_in(mara, frame, frame_app):
    codes = [change(mara, f"guess number {n}").status_code for n in range(8)]
    assert codes == [422] * 5 + [429] * 3
    assert change(mara).status_code == 429
    assert Browser(frame_app.test_client()).sign_in().status_code == 303
    frame.clock.advance(20)
    assert change(mara).status_code == 303


def test_times_are_shown_in_the_chosen_zone(mara, frame):
    assert "The hub&#39;s zone (UTC)" in mara.get(PAGE).get_data(as_text=True)
    mara.post("/account/time-zone", {"time_zone": "Asia/Tokyo"}, page=PAGE)
    with frame.read() as db:
        assert db.scalar(select(User.time_zone)) == "Asia/Tokyo"
    page = mara.get(PAGE).get_data(as_text=True)
    tokyo = frame.clock.now() + timedelta(hours=9)
    assert f"{tokyo:%H:%M}" in page
    mara.post("/account/time-zone", {"time_zone": ""}, page=PAGE)
    with frame.read() as db:
        assert db.scalar(select(User.time_zone)) == ""


def test_a_zone_that_does_not_exist_is_refused_at_its_field(mara, frame):
    for wrong in ("Mars/Olympus", "../../etc/passwd", "x" * 300, "\x00"):
        answer = mara.post("/account/time-zone", {"time_zone": wrong}, page=PAGE)
        assert answer.status_code == 422
        assert 'id="f-time_zone-err"' in answer.get_data(as_text=True)
    with frame.read() as db:
        assert db.scalar(select(User.time_zone)) == ""


def test_other_browsers_can_be_signed_out_without_a_new_password(mara, frame, frame_app):
    others = [Browser(frame_app.test_client()) for _ in range(2)]
    for other in others:
        other.sign_in()
    assert "Sign out everywhere else" in mara.get(PAGE).get_data(as_text=True)
    mara.post("/account/sign-out-others", page=PAGE)
    assert signed_in(mara)
    assert not any(signed_in(other) for other in others)
    with frame.read() as db:
        assert len(db.scalars(select(UserSession)).all()) == 1
    assert "Sign out everywhere else" not in mara.get(PAGE).get_data(as_text=True)


def test_a_viewer_has_an_account_page_and_ends_nobody_elses_sessions(mara, frame, frame_app):
    create_user(frame.write, frame.clock, "vera@example.com", PASSWORD, role="viewer")
    vera = Browser(frame_app.test_client())
    vera.sign_in("vera@example.com")
    vera.post("/account/sign-out-others", page=PAGE)
    assert change(vera).status_code == 303
    assert signed_in(mara)


def test_browsers_are_named_in_words_and_zones_are_known():
    agent = "Mozilla/5.0 (Windows NT 10.0; rv:130.0) Gecko/20100101 Firefox/130.0"
    assert in_words(agent) == "Firefox on Windows"
    assert in_words("curl/8") == "A browser"
    assert {"UTC", "America/Chicago", "Europe/Berlin"} <= set(zones())
