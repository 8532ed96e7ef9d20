"""No known secret leaves through any sink, in any of its encodings."""

import base64
import html
import io
import json
import logging
import traceback
from urllib.parse import quote, quote_plus, urlencode

import pytest

from hub.vault import MASK, Redactor, configure_logging, make_formatter

SECRETS = [
    "s3cr3t/+pass 'w\"ord<&é",
    "abc123DEF456ghi",
    "päss\\wörd\n\tend",
    "sk_live_0123456789abcdef==",
]

ENCODINGS = {
    "raw": lambda s: s,
    "repr": repr,
    "json": json.dumps,
    "json in json": lambda s: json.dumps({"body": json.dumps({"p": s})}),
    "json unescaped": lambda s: json.dumps(s, ensure_ascii=False),
    "quote": lambda s: quote(s, safe=""),
    "quote path": quote,
    "quote_plus": quote_plus,
    "urlencode twice": lambda s: quote(quote(s, safe=""), safe=""),
    "html": html.escape,
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64 url": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "user:secret": lambda s: base64.b64encode(f"admin:{s}".encode()).decode(),
    "bytes repr": lambda s: repr(s.encode()),
    "hex": lambda s: s.encode().hex(),
}

SINKS = [
    "GET {} failed",
    "{}",
    "value={}",
    "prefix{}suffix",
    "https://erp.example.com/x?p={}&q=1",
    "https://{}@erp.example.com/",
    "Authorization: Basic {}",
    "Authorization: Bearer {}",
    "X-Auth-Token: {}",
    "Cookie: ASPXAUTH={}; UserBranch=1",
    "Set-Cookie: a={}; path=/",
    '{{"password": "{}"}}',
    "{{'access_token': '{}'}}",
    "('X-Auth-Token', '{}')",
    "password={}",
    "password: {}",
    "KeyError: {}",
    "<td>{}</td>",
    "<input value={}>",
    "a,b,{},c",
    "line one\nline two {}\nline three",
    "[{}, {}]",
    "name=admin&password={}&company=X",
    "body: b'{}'",
    "2026-11-24 ERROR hub: {} (connection erp)",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("name", ENCODINGS)
def test_every_encoding_in_every_sink(secret, name):
    redactor = Redactor()
    redactor.learn(secret)
    encoded = ENCODINGS[name](secret)
    needle = encoded.strip("'\"") if name in ("repr", "json", "json unescaped") else encoded
    if name == "bytes repr":
        needle = encoded[2:-1]
    if name == "json in json":
        needle = json.dumps(json.dumps(secret)[1:-1])[1:-1]
    for sink in SINKS:
        out = redactor.redact(sink.replace("{}", encoded))
        assert needle not in out
        assert secret not in out


def test_named_values_are_masked_though_never_learned():
    redact = Redactor().redact
    for text in (
        "Authorization: Basic dXNlcjpodW50ZXIy",
        "{'password': 'hunter2!'}",
        '{"access_token": "hunter2!"}',
        '{\\"client_secret\\": \\"hunter2!\\"}',
        "Cookie: session=hunter2!; other=hunter2!",
        "X-Auth-Token: hunter2!",
        "api_key=hunter2!&page=2",
        "postgresql://hub:hunter2!@db/hub",
        'password: "hunter2!"',
    ):
        out = redact(text)
        assert "hunter2!" not in out
        assert "dXNlcjpodW50ZXIy" not in out
        assert MASK in out


def test_ordinary_words_stay_readable():
    redact = Redactor().redact
    for text in (
        "The token is not valid for this store. Paste its access token here.",
        "key=C00123 flow_key=customer dedup_key=4:C00123",
        '{"key": "C00123", "idempotency_key": "4-1"}',
        "Retry Count must be between 0 and 50. You entered 80.",
        "https://erp.example.com/entity/Default/24.200.001/Customer?$top=1000",
    ):
        assert redact(text) == text


def test_short_secrets_are_not_learned_and_repr_tells_nothing():
    redactor = Redactor()
    redactor.learn("abc", "long-enough-secret")
    assert redactor.redact("abc") == "abc"
    assert "long-enough" not in repr(redactor)


def test_partial_base64_of_a_known_user_and_secret():
    redactor = Redactor()
    redactor.learn("opensesame99")
    for user in ("a", "ab", "abc", "admin@example.com"):
        out = redactor.redact("x " + base64.b64encode(f"{user}:opensesame99".encode()).decode())
        assert out == f"x {MASK}"


def test_child_loggers_and_tracebacks_are_redacted():
    redactor = Redactor()
    redactor.learn(SECRETS[0])
    for kind in ("text", "json"):
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(make_formatter(kind, redactor))
        logger = logging.getLogger(f"vault.test.{kind}.child")
        logger.propagate = False
        logger.addHandler(handler)
        try:
            raise ValueError(SECRETS[0])
        except ValueError:
            logger.exception("failed with %s", SECRETS[0], extra={"connector": SECRETS[0]})
        out = stream.getvalue()
        assert SECRETS[0] not in out
        assert json.dumps(SECRETS[0])[1:-1] not in out
        assert "failed with" in out
        logger.removeHandler(handler)


def test_a_line_cannot_be_forged_nor_turned_around():
    stream = io.StringIO()
    root = logging.getLogger()
    old, level = list(root.handlers), root.level
    try:
        configure_logging(Redactor(), "text", "info", stream)
        logging.getLogger("hub.x").warning("name\n2026 ERROR forged \u202eevil\x1b[31m")
    finally:
        root.handlers[:], root.level = old, level
    lines = stream.getvalue().splitlines()
    assert len(lines) == 1
    assert "\u202e" not in lines[0]
    assert "\x1b" not in lines[0]
    assert "\\n2026 ERROR forged" in lines[0]


def test_traceback_text_of_a_form_body():
    redactor = Redactor()
    redactor.learn("p@ss word/1")
    try:
        raise RuntimeError(urlencode({"name": "admin", "password": "p@ss word/1"}))
    except RuntimeError:
        out = redactor.redact(traceback.format_exc())
    assert "p%40ss" not in out
