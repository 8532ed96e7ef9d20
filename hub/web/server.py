"""The web server: waitress with a strict parser (no folded headers, no ambiguous lengths)."""

from typing import Any, Protocol, cast

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import create_server
from waitress.utilities import RequestEntityTooLarge

THREADS = 8
LARGEST_BODY = 32 * 1024 * 1024
"""What is taken from the wire, to be able to say which form holds how much; more is cut off."""

TOO_LARGE = (
    "Nothing was read: a file of records may have 5 MB, any other form 1 MB. "
    "Go back and choose a smaller file, or use the command line where the hub runs."
)


class PageServer(Protocol):
    """A bound server."""

    effective_port: int

    def run(self) -> None: ...

    def close(self) -> None: ...


class StrictParser(HTTPRequestParser):
    """Refuses what two servers could read differently (request smuggling)."""

    def received(self, data: bytes) -> int:
        """Take what came from the wire; a body beyond all limits is refused in words."""
        taken: int = super().received(data)
        if isinstance(self.error, RequestEntityTooLarge):
            self.error = RequestEntityTooLarge(TOO_LARGE)
        return taken

    def parse_header(self, header_plus: bytes) -> None:
        """Parse a request's head. Raises ``ParsingError`` for folded or contradicting headers."""
        lines = header_plus.split(b"\r\n")
        if any(line[:1] in (b" ", b"\t") for line in lines[1:]):
            raise ParsingError("folded header line")
        names = [line.partition(b":")[0].strip().lower() for line in lines[1:]]
        if b"transfer-encoding" in names and b"content-length" in names:
            raise ParsingError("Transfer-Encoding and Content-Length together")
        super().parse_header(header_plus)


class StrictChannel(HTTPChannel):
    """A connection that reads with the strict parser."""

    parser_class = StrictParser


def make_server(app: Flask, host: str, port: int) -> PageServer:
    """Bind a server; ``run()`` serves, ``close()`` ends it. Raises OSError for a taken port."""
    server: Any = create_server(
        app,
        host=host,
        port=port,
        threads=THREADS,
        ident=None,
        map={},
        max_request_body_size=LARGEST_BODY,
        clear_untrusted_proxy_headers=True,
    )
    server.channel_class = StrictChannel
    return cast("PageServer", server)
