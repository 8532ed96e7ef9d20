"""Log formatters that redact the final string, and escape what could forge or hide a line."""

import logging
import re
import sys
from typing import IO, Any

from pythonjsonlogger.json import JsonFormatter

from hub.vault.log_budget import LONGEST, Budget, shorten
from hub.vault.redact import Redactor

FIELDS = {
    "connector": "the key of the connector",
    "flow": "the key of the flow, such as customer",
    "run": "the number of the run",
    "message_id": "the number of the message",
    "connection": "the key of the connection",
    "plugin": "the key of the plugin",
    "left_out": "how many lines of this kind were left out since the last one shown",
}
"""Extra fields that a log call may carry, and what they hold; they stand in the line by name."""

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
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
        """Return the finished line without secrets, and no longer than a reader can use."""
        # Before redaction for its cost, after it for the line: a secret at a cut is whole or gone.
        text = shorten(self._inner.format(record), 4 * LONGEST)
        return shorten(self._redactor.redact(text))


class RedactingHandler(logging.StreamHandler[Any]):
    """Writes lines; one that cannot be made is named instead of shown with its arguments."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """Say that a line is missing; what it held may be secret."""
        kind = getattr(sys.exc_info()[0], "__name__", "an error")
        try:
            self.stream.write(f"A log line of {escape(str(record.name))} is missing: {kind}\n")
        except (OSError, ValueError):
            return


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
    handler = RedactingHandler(stream or sys.stderr)
    handler.addFilter(Budget())
    handler.setFormatter(make_formatter(kind, redactor))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
