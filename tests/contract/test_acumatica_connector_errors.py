"""Every row of the error table in CONTRACT §3: the class, the text an operator reads, the field."""

import json
from pathlib import Path

import pytest

from hub.sdk import (
    AmbiguousWrite,
    AuthError,
    ConfigError,
    ConnectionTrouble,
    RateLimited,
    RecordRejected,
    TransientError,
)
from plugins.acumatica import errors
from tests.contract.acumatica_connector_kit import answer

SAMPLES = (
    Path(__file__).resolve().parents[2].parent / "shared/vendor/acumatica/samples/error-bodies.json"
)
SETTINGS = {"base_url": "https://erp.test/Site", "tenant": "Nowhere", "username": "hub"}


def sample(start: str):
    if not SAMPLES.exists():
        pytest.skip("the recorded error bodies (../shared/vendor) are not here")
    found = json.loads(SAMPLES.read_text())
    row = next(value for name, value in found.items() if name.startswith(start))
    body = row["body"]
    return answer(row["status"], body.encode() if isinstance(body, str) else body)


def exception(kind: str, text: str = "Something went wrong."):
    return answer(
        500,
        {
            "message": "An error has occurred.",
            "exceptionMessage": text,
            "exceptionType": kind,
            "stackTrace": "   at PX.Secret.Internals",
        },
    )


def test_400_is_a_wrong_request_and_keeps_the_vendors_words():
    error = errors.failure(sample("400_"), "the Customer list")
    assert type(error) is ConfigError
    assert "The request body should not be empty." in str(error)
    assert type(errors.failure(sample("400_"), "the Customer", write=True)) is RecordRejected


def test_401_asks_for_one_new_sign_in():
    assert isinstance(errors.failure(answer(401), "x"), errors.SessionGone)


def test_403_names_the_role():
    error = errors.failure(
        answer(403, {"message": "You have insufficient rights."}), "the Contact list"
    )
    assert isinstance(error, ConfigError)
    assert error.parameter == "username"
    assert "insufficient rights" in str(error)
    assert "role" in str(error)


def test_404_points_at_the_endpoint_version():
    error = errors.failure(
        answer(404, {"message": "No HTTP resource was found."}), "the Customer list"
    )
    assert isinstance(error, errors.EntityMissing)
    assert error.parameter == "endpoint_version"


def test_412_is_about_the_record():
    assert isinstance(errors.failure(answer(412), "x", write=True), errors.Precondition)


def test_422_names_the_field_path_and_its_text():
    error = errors.failure(sample("422_"), "the bill", write=True)
    assert isinstance(error, RecordRejected)
    assert error.field == "Details[1].Project"
    assert "Details[1].Project: Project 'TES2323T ' cannot be found" in str(error)


def test_429_in_plain_text_and_with_a_wait():
    assert errors.failure(sample("429_"), "x").retry_after is None
    error = errors.failure(answer(429, b"slow down", retry_after="17"), "x")
    assert isinstance(error, RateLimited)
    assert error.retry_after == 17
    dated = answer(
        429, b"", retry_after="Tue, 24 Nov 2026 12:00:40 GMT", date="Tue, 24 Nov 2026 12:00:00 GMT"
    )
    assert errors.failure(dated, "x").retry_after == 40


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        ("500_record_not_found", errors.NotFound),
        ("500_invalid_credentials", AuthError),
        ("500_or_429_api_login_limit", ConnectionTrouble),
        ("500_optimization", errors.ShapeRefused),
        ("500_duplicate", errors.SaveRejected),
        ("500_setup_missing", ConfigError),
        ("500_unknown_tenant", AuthError),
    ],
)
def test_500_is_told_apart_by_its_marker(start, kind):
    error = errors.failure(sample(start), "the Customer list", write=True)
    assert isinstance(error, kind)
    assert "stack" not in str(error).lower()
    assert "   at PX" not in str(error)


def test_the_session_limit_waits_minutes_also_as_429():
    for status in (500, 429):
        body = {"exceptionMessage": "The API Login Limit is reached."}
        error = errors.failure(answer(status, body), "x")
        assert isinstance(error, ConnectionTrouble)
        assert error.retry_after >= 60


def test_a_lock_violation_is_tried_again():
    error = errors.failure(
        exception(
            "PX.Data.PXLockViolationException", "Another process has updated the 'Customer' record."
        ),
        "x",
        write=True,
    )
    assert isinstance(error, TransientError)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_outages_are_trouble_for_reads_and_open_for_writes(status):
    body = {"exceptionMessage": "Transaction (Process ID 61) was deadlocked."}
    assert isinstance(errors.failure(answer(status, body), "x"), ConnectionTrouble)
    assert isinstance(errors.failure(answer(status, body), "x", write=True), AmbiguousWrite)


def test_unknown_500_shows_the_message_but_no_stack():
    error = errors.failure(
        exception("System.Exception", "Incompatible types."), "the Customer list"
    )
    assert "Incompatible types." in str(error)
    assert "PX.Secret" not in str(error)


def test_redirects_tell_moved_from_restarting_from_signed_out():
    url = "http://erp.test/Site/entity/Default/24.200.001/Customer"
    moved = answer(
        301, url=url, location="https://erp.test/Site/entity/Default/24.200.001/Customer"
    )
    error = errors.failure(moved, "x")
    assert type(error) is ConfigError
    assert error.parameter == "base_url"
    assert "https://erp.test/Site." in str(error)
    page = errors.failure(answer(302, url=url, location="/Site/ui/error?code=1"), "x")
    assert type(page) is ConnectionTrouble
    login = errors.failure(answer(302, url=url, location="/Site/Frames/Login.aspx"), "x")
    assert isinstance(login, errors.SessionGone)


def test_wrong_password_lands_on_its_field_and_names_the_user():
    error = errors.sign_in_failure(sample("500_invalid"), SETTINGS)
    assert isinstance(error, AuthError)
    assert error.parameter == "password"
    assert "user hub: Invalid credentials. Please try again. Type the password again" in str(error)


def test_a_locked_account_is_not_tried_again():
    body = {"exceptionMessage": "Error: Your account is temporarily locked."}
    assert isinstance(errors.sign_in_failure(answer(500, body), SETTINGS), AuthError)
    body = {"exceptionMessage": "Transaction was deadlocked; timeout expired."}
    assert type(errors.sign_in_failure(answer(500, body), SETTINGS)) is errors.ServerFault


def test_unknown_tenant_lands_on_its_field():
    error = errors.sign_in_failure(sample("500_unknown_tenant"), SETTINGS)
    assert error.parameter == "tenant"
    assert "Nowhere" in str(error)


def test_no_acumatica_at_the_address():
    for given in (answer(404), answer(200, b"<html>a shop</html>")):
        error = errors.sign_in_failure(given, SETTINGS)
        assert type(error) is ConfigError
        assert error.parameter == "base_url"
