import re
import statistics
import threading
import time

import pytest
from sqlalchemy import func, select, update
from web_frame import PASSWORD, Browser

from hub.settings import audit
from hub.settings.passwords import PasswordProblem, check_password
from hub.settings.users import UserProblem, create_user, set_password
from hub.store.tables import AuditEvent, User, UserSession
from hub.web import create_app
from hub.web.auth import local_path

START = "/start"


def count(frame, table):
    with frame.read() as db:
        return db.scalar(select(func.count()).select_from(table))


def test_until_set_up_every_page_leads_to_the_set_up_page(browser):
    for path in ("/", "/sign-in", "/start", "/messages/7", "/nothing-here"):
        answer = browser.get(path)
        assert (answer.status_code, answer.location) == (303, "/setup"), path
    assert browser.get("/hooks/store/abc").status_code == 503
    assert browser.get("/healthz").get_data(as_text=True) == "ok\n"


def test_first_start_signs_in_and_is_gone_afterwards(browser, frame):
    assert browser.set_up().location == START
    page = browser.get(START).get_data(as_text=True)
    assert "Connect my systems" in page
    assert browser.get("/setup").location == "/sign-in"
    assert browser.set_up("eve@example.com").location == "/sign-in"
    assert count(frame, User) == 1


def test_explore_is_offered_only_where_the_hub_can_do_it(browser, frame):
    browser.set_up()
    frame.can_explore = False
    assert "Explore with simulators" not in browser.get(START).get_data(as_text=True)
    frame.can_explore = True
    assert "Explore with simulators" in browser.get(START).get_data(as_text=True)
    assert browser.post("/start/explore", page=START).status_code == 303
    assert frame.explored == ["explored"]


def test_twenty_parallel_posts_make_exactly_one_admin(frame_app, frame):
    browsers = [Browser(frame_app.test_client()) for _ in range(20)]
    hidden = [b.hidden("/setup") for b in browsers]
    gate, answers = threading.Barrier(20), []

    def post(index):
        gate.wait()
        data = {"email": f"admin{index}@example.com", "password": PASSWORD}
        answers.append(browsers[index].post("/setup", data, hidden=hidden[index]))

    threads = [threading.Thread(target=post, args=(i,)) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(a.location for a in answers) == ["/sign-in"] * 19 + [START]
    assert count(frame, User) == 1


def test_off_loopback_the_set_up_token_of_the_console_is_asked_for(frame):
    frame.listens_on_loopback, frame.setup_token = False, "pine-42-tokenŭ"
    browser = Browser(create_app(frame).test_client())
    page = browser.get("/setup").get_data(as_text=True)
    assert "Set-up token" in page
    assert "travels unencrypted" in page
    refused = browser.set_up(token="wrong ö")
    assert refused.status_code == 422
    assert "This is not the set-up token." in refused.get_data(as_text=True)
    assert count(frame, User) == 0
    assert browser.set_up(token="pine-42-tokenŭ").location == START


@pytest.mark.parametrize(
    ("email", "password", "said"),
    [
        ("mara", PASSWORD, "This is not an e-mail address."),
        ("mara@example.com", "short one", "The password has 9 characters."),
        ("mara@example.com", "x" * 129, "Use at most 128."),
        ("mara@example.com", "password1234!", "among the first that anyone would try"),
    ],
)
def test_set_up_names_the_field_that_is_wrong(browser, frame, email, password, said):
    answer = browser.set_up(email, password)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in page
    assert 'aria-invalid="true"' in page
    assert password not in page
    assert count(frame, User) == 0


@pytest.mark.parametrize(
    "common",
    [
        "123456789012",
        "qwertyuiop12",
        "PasswordPassword1",
        "aaaaaaaaaaaa",
        "mara@example.com1",
        "letmein!!!2026",
        "abcdefghijkl",
        "administrator",
        "Welcome2026!!!",
    ],
)
def test_common_passwords_are_refused(common):
    with pytest.raises(PasswordProblem):
        check_password(common, "mara@example.com")


@pytest.mark.parametrize(
    "good", ["brisk walnut ladder", "Zürich im Regen", "x7#kQ!9vLp2m", "a b c d e f g h"]
)
def test_unusual_passwords_pass(good):
    check_password(good, "mara@example.com")


def test_wrong_unknown_and_disabled_get_the_same_answer(browser, frame):
    browser.set_up()
    create_user(frame.write, frame.clock, "off@example.com", PASSWORD, role="viewer")
    with frame.write() as db:
        db.execute(update(User).where(User.email == "off@example.com").values(disabled=True))
    answers = []
    for email, password in (
        ("nobody@example.com", PASSWORD),
        ("off@example.com", PASSWORD),
        ("off@example.com", "not the password"),
    ):
        frame.clock.advance(4000)
        answer = Browser(browser.client.application.test_client()).sign_in(email, password)
        page = answer.get_data(as_text=True).replace(email, "")
        page = re.sub(r'name="(csrf_token|_once)" value="[^"]*"', "", page)
        answers.append((answer.status_code, page))
    assert answers[0][0] == 422
    assert len(set(answers)) == 1
    assert "This e-mail and password do not match." in answers[0][1]


@pytest.mark.slow
def test_unknown_and_wrong_take_the_same_time(browser, frame):
    browser.set_up()
    spent = {"mara@example.com": [], "nobody@example.com": []}
    for _ in range(15):
        for email, times in spent.items():
            frame.clock.advance(4000)
            other = Browser(browser.client.application.test_client())
            hidden = other.hidden("/sign-in")
            began = time.perf_counter()
            other.post("/sign-in", {"email": email, "password": "wrong wrong wrong"}, hidden=hidden)
            times.append(time.perf_counter() - began)
    known, unknown = (statistics.median(times) for times in spent.values())
    assert abs(known - unknown) <= 0.25 * max(known, unknown)


def test_a_thousand_guesses_in_ten_minutes_are_hardly_evaluated(browser, frame, monkeypatch):
    browser.set_up()
    evaluated = []
    monkeypatch.setattr("hub.web.auth.verify_password", lambda *a: evaluated.append(1) or False)
    stranger = Browser(browser.client.application.test_client())
    hidden = stranger.hidden("/sign-in")
    hidden.pop("_once")
    for guess in range(300):
        frame.clock.advance(2)
        address = {"REMOTE_ADDR": f"10.1.{guess // 200}.{guess % 200}"}
        answer = stranger.post(
            "/sign-in",
            {"email": "mara@example.com", "password": f"guess {guess} guess"},
            hidden=hidden,
            environ_overrides=address,
        )
    assert len(evaluated) <= 15
    assert answer.status_code == 429
    assert "Sign-in pauses" in answer.get_data(as_text=True)


def test_the_pause_ends_by_itself_and_a_known_browser_is_never_locked_out(browser, frame):
    browser.set_up()
    browser.post("/sign-out", page=START)
    stranger = Browser(browser.client.application.test_client())
    for _ in range(6):
        answer = stranger.sign_in(password="wrong wrong wrong")
    assert answer.status_code == 429
    assert stranger.sign_in().status_code == 429
    assert browser.sign_in().status_code == 303
    frame.clock.advance(901)
    assert stranger.sign_in().status_code == 303


def test_five_tries_are_free_then_the_page_says_how_long_it_pauses(browser, frame):
    browser.set_up()
    stranger = Browser(browser.client.application.test_client())
    said = [stranger.sign_in(password="wrong wrong wrong").get_data(as_text=True) for _ in range(6)]
    assert "After 4 more tries" in said[0]
    assert "Sign-in pauses for 15 s now" in said[4]
    assert "Try again in 15 s" in said[5]


def test_the_session_id_is_new_hashed_and_only_in_the_cookie(browser, frame):
    browser.set_up()
    first = browser.client.get_cookie("hub_session").value
    assert len(first) >= 43
    with frame.read() as db:
        row = db.scalars(select(UserSession)).one()
    assert first not in (row.id_hash, str(row.data))
    browser.post("/sign-out", page=START)
    browser.sign_in()
    assert browser.client.get_cookie("hub_session").value != first
    cookie = browser.client.get_cookie("hub_session")
    assert (cookie.http_only, cookie.same_site, cookie.secure) == (True, "Lax", False)


def test_over_https_the_cookie_is_secure_and_bound_to_the_host(frame_app):
    browser = Browser(frame_app.test_client())
    https = {"base_url": "https://localhost"}
    page = browser.get("/setup", **https).get_data(as_text=True)
    hidden = dict(re.findall(r'name="([^"]+)" value="([^"]*)">', page))
    answer = browser.post(
        "/setup", {"email": "m@example.com", "password": PASSWORD}, hidden=hidden, **https
    )
    cookies = [
        c for c in answer.headers.getlist("Set-Cookie") if c.startswith("__Host-hub_session=")
    ]
    assert len(cookies) == 1
    assert all(word in cookies[0] for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def stolen(browser):
    thief = Browser(browser.client.application.test_client())
    thief.client.set_cookie("hub_session", browser.client.get_cookie("hub_session").value)
    return thief


@pytest.mark.parametrize("event", ["sign-out", "password", "idle", "absolute", "disabled"])
def test_a_stolen_cookie_is_worth_nothing_after(browser, frame, event):
    browser.set_up()
    thief = stolen(browser)
    assert thief.get(START).status_code == 200
    if event == "sign-out":
        browser.post("/sign-out", page=START)
    elif event == "password":
        assert (
            set_password(frame.write, frame.clock, "mara@example.com", "other walnut ladder") == 1
        )
    elif event == "idle":
        frame.clock.advance(3601)
    elif event == "absolute":
        for _ in range(13):
            frame.clock.advance(3500)
            thief.get(START)
    else:
        with frame.write() as db:
            db.execute(update(User).values(disabled=True))
    assert thief.get(START).location.startswith("/sign-in")


def test_polling_does_not_keep_a_session_alive(browser, frame):
    browser.set_up()
    for _ in range(3):
        frame.clock.advance(1500)
        answer = browser.get(START + "?poll=1")
    assert answer.status_code == 303
    assert answer.location.startswith("/sign-in")


HOSTILE = [
    "//evil.example", "///evil.example", "https://evil.example", "http:evil.example", "\\\\evil.example",
    "/\\evil.example", "/\t/evil.example", "/%0d%0aSet-Cookie:x=1\r\n", "javascript:alert(1)",
    "data:text/html,x", " /start", "//evil.example/%2f..", "/\n/evil.example", "evil.example",
    "", "\x00/start", "/ok\x7f", "////evil.example", "https:///evil.example", "/sign-in?next=/",
    "?next=/", "#x", ".", "..", "../start", "ftp://evil.example", "//evil.example:80", "/\\/evil",
    "//[::1]", "/\r\nLocation: //evil",
]  # fmt: skip


@pytest.mark.parametrize("target", HOSTILE)
def test_a_sign_in_never_leads_to_another_place(target):
    assert local_path(target) == "/"


def test_a_sign_in_leads_back_to_where_one_was(browser):
    browser.set_up()
    browser.post("/sign-out", page=START)
    location = browser.get("/start?x=1").location
    assert location == "/sign-in?next=/start?x%3D1"
    page = location.replace("%3D", "=")
    answer = browser.post(
        "/sign-in", {"email": "mara@example.com", "password": PASSWORD}, page=page
    )
    assert answer.location == "/start?x=1"


def test_htmx_is_told_to_load_the_sign_in_page(browser):
    browser.set_up()
    browser.post("/sign-out", page=START)
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost/messages?status=parked"}
    answer = browser.get(START, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in?next=/messages?status%3Dparked"


def test_every_event_of_a_sign_in_is_in_the_audit_trail(browser, frame):
    browser.set_up()
    browser.post("/sign-out", page=START)
    browser.sign_in(password="wrong wrong wrong")
    browser.sign_in()
    with frame.read() as db:
        events = db.execute(select(AuditEvent.action, AuditEvent.who).order_by(AuditEvent.id)).all()
        assert audit.verify(db) is None
        assert PASSWORD not in str(db.scalars(select(AuditEvent.after)).all())
    assert [event.action for event in events] == [
        "user.created", "session.sign-out", "session.refused", "session.sign-in",
    ]  # fmt: skip


def test_users_of_the_command_line(frame):
    create_user(frame.write, frame.clock, "A@Example.com", PASSWORD)
    with pytest.raises(UserProblem, match="already has an account"):
        create_user(frame.write, frame.clock, "a@example.com", PASSWORD)
    with pytest.raises(UserProblem, match="No account has the e-mail"):
        set_password(frame.write, frame.clock, "b@example.com", PASSWORD)
    with pytest.raises(UserProblem, match="The role is viewer, operator, admin"):
        create_user(frame.write, frame.clock, "c@example.com", PASSWORD, role="root")
