"""Log formatters that redact the final string, and escape what could forge or hide a line."""

import logging
import re
import sys
from typing import IO

from pythonjsonlogger.json import JsonFormatter

from hub.vault.redact import Redactor

FIELDS = ("connector", "flow", "run", "message_id", "connection", "plugin")
"""Extra fields that a log call may carry; they stand in the line by name."""

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


def escape(text: str) -> str:
    """Write control, bidi and invisible characters as escapes, so that one event is one line."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(lambda m: m.group().encode("unicode_escape").decode(), text)


class _PlainFormatter(logging.Formatter):
    """``time LEVEL logger message key=value``; a traceback follows, each line indented."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = self.formatTime(record, "%Y-%m-%dT%H:%M:%S")
        extra = "".join(
            f" {name}={getattr(record, name)}" for name in FIELDS if hasattr(record, name)
        )
        line = f"{stamp} {record.levelname:<7} {record.name}: {record.getMessage()}{extra}"
        lines = [escape(line)]
        for text in (record.exc_info and self.formatException(record.exc_info), record.stack_info):
            lines += [f"  | {escape(part)}" for part in (text or "").splitlines()]
        return "\n".join(lines)


class RedactingFormatter(logging.Formatter):
    """Wraps any formatter: what it made is redacted as a whole, whatever logger it came from."""

    def __init__(self, inner: logging.Formatter, redactor: Redactor) -> None:
        super().__init__()
        self._inner = inner
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """Return the finished line without secrets."""
        return self._redactor.redact(self._inner.format(record))


def make_formatter(kind: str, redactor: Redactor) -> RedactingFormatter:
    """Return the formatter for ``HUB_LOG_FORMAT``: ``text`` or ``json``."""
    if kind == "json":
        names = "%(asctime)s %(levelname)s %(name)s %(message)s"
        inner: logging.Formatter = JsonFormatter(names, json_ensure_ascii=True)
    else:
        inner = _PlainFormatter()
    return RedactingFormatter(inner, redactor)


def configure_logging(
    redactor: Redactor, kind: str = "text", level: str = "info", stream: IO[str] | None = None
) -> None:
    """Give the root logger one redacting handler on ``stream`` (standard error)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(make_formatter(kind, redactor))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
