"""Connectors that call an error by a wrong name, or say too much."""

from hub.sdk import AuthError, ConnectionTrouble, RateLimited, retry_after
from tests.contract.broken import breaks
from tests.contract.toy import client as toy

COMPLAIN, SIGN_IN, ROWS = toy.complain, toy.sign_in, toy.rows


@breaks("wrong-secret-named", "client.sign_in")
def refused_is_trouble(client):
    """calls a refused sign-in connection trouble"""
    try:
        return SIGN_IN(client)
    except AuthError as error:
        raise ConnectionTrouble(str(error)) from None


@breaks("quota-waits", "client.complain")
def wait_unread(answer):
    """does not read how long to wait"""
    if answer.status == 429:
        raise RateLimited("Toy has no more calls for us now.")
    COMPLAIN(answer)


@breaks("quota-bare", "client.complain")
def wait_invented(answer):
    """invents a wait where none was said"""
    if answer.status == 429:
        said = retry_after(answer.headers.get("retry-after"), None)
        raise RateLimited("Toy has no more calls for us now.", retry_after=said or 60)
    COMPLAIN(answer)


@breaks("trouble-classified", "client.rows")
def unreadable_is_empty(answer):
    """takes what it cannot read for an empty list"""
    try:
        return ROWS(answer)
    except ConnectionTrouble:
        return []


@breaks("no-secret-shown", "client.sign_in")
def password_in_the_error(client):
    """repeats the password in its error"""
    try:
        return SIGN_IN(client)
    except AuthError:
        said = f"Toy refused hub/{client.settings['password']}."
        raise AuthError(said, parameter="password") from None
