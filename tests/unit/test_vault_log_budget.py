"""F51: a plugin that logs a million lines, a line of a megabyte, or bytes (R17, S10)."""

import io
import json
import logging
import time

import pytest

from hub.seams import VirtualClock
from hub.vault import Redactor, configure_logging
from hub.vault.log_budget import BURST, Budget

SECRET = "s3cr3t-of-the-store"


@pytest.fixture(params=["text", "json"])
def log(request):
    stream = io.StringIO()
    root = logging.getLogger()
    old, level = list(root.handlers), root.level
    redactor = Redactor()
    redactor.learn(SECRET)
    configure_logging(redactor, request.param, "info", stream)
    yield stream
    root.handlers[:] = old
    root.setLevel(level)


def lines(log, count):
    noisy = logging.getLogger("plugins.noisy.client")
    began = time.process_time()
    for number in range(count):
        noisy.info("line %s of a loop that never ends %s", number, "x" * 200)
    return time.process_time() - began


def test_a_flood_is_bounded_and_others_are_heard(log):
    lines(log, 20_000)
    assert len(log.getvalue().splitlines()) <= BURST + 50
    logging.getLogger("hub.engine").warning("the hub's own line")
    assert "the hub's own line" in log.getvalue()


@pytest.mark.slow
def test_a_million_lines(log):
    spent = lines(log, 1_000_000)
    size = len(log.getvalue())
    print(f"1,000,000 lines: {size:,} bytes, {spent:.1f} s CPU")
    assert size <= 100_000_000


def test_what_was_left_out_is_counted_on_the_next_line():
    clock = VirtualClock()
    budget = Budget(clock)
    record = logging.LogRecord("plugins.noisy", 20, "", 0, "text", (), None)
    passed = sum(budget.filter(record) for _ in range(BURST + 70))
    clock.advance(1)
    fresh = logging.LogRecord("plugins.noisy.other", 20, "", 0, "text", (), None)
    assert (passed, budget.filter(fresh), fresh.left_out) == (BURST, True, 70)


def test_a_source_that_invents_names_is_bounded_too(log):
    for number in range(20_000):
        logging.getLogger().handle(
            logging.LogRecord(f"plugin{number}", 30, "", 0, "invented", (), None)
        )
    assert len(log.getvalue().splitlines()) < 256 + BURST + 50


def test_a_line_of_a_megabyte_keeps_head_and_tail_and_no_secret(log):
    text = f"HEAD {SECRET} " + "y\u202e" * 500_000 + f" {SECRET} TAIL"
    logging.getLogger("plugins.noisy").error(text)
    out = log.getvalue()
    assert len(out) < 40_000
    assert len(out.splitlines()) == 1
    assert "HEAD" in out
    assert "TAIL" in out
    assert "left out" in out
    assert SECRET not in out
    if out.startswith("{"):
        assert json.loads(out)["message"].startswith("HEAD")


@pytest.mark.parametrize(
    "what",
    [bytes(range(256)) * 12, b"\x00\xff" * 50, "\ud800\udfff \x00\x1b[2J", {"a": b"\xff"}],
    ids=["every byte", "two bytes", "lone surrogates", "bytes inside"],
)
def test_bytes_and_broken_text_are_one_printable_line(log, what):
    # Past pytest's own handlers: they would hand it to another process, which it cannot cross.
    noisy = logging.getLogger("plugins.noisy")
    (hubs,) = [h for h in logging.getLogger().handlers if getattr(h, "stream", None) is log]
    hubs.handle(noisy.makeRecord(noisy.name, logging.ERROR, __file__, 1, what, (), None))
    out = log.getvalue()
    out.encode()
    assert len(out.splitlines()) == 1
    assert out.rstrip("\n").isprintable()


def test_a_line_that_cannot_be_made_shows_no_argument(log, capfd, monkeypatch):
    noisy, root = logging.getLogger("plugins.noisy"), logging.getLogger()
    monkeypatch.setattr(
        root, "handlers", [h for h in root.handlers if getattr(h, "stream", None) is log]
    )
    noisy.error("%d records with %s", SECRET, SECRET)
    assert "plugins.noisy is missing: TypeError" in log.getvalue()
    assert SECRET not in log.getvalue() + "".join(capfd.readouterr())
