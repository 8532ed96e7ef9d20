"""The guard on outgoing connections: the address is checked on the connected socket."""

import ipaddress
import socket
import ssl
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "169.254.0.0/16",  # link-local, and the metadata service of most clouds
        "fe80::/10",
        "fd00:ec2::/32",  # metadata over IPv6
        "fd20:ce::/32",
        "100.100.100.200/32",
        "192.0.0.192/32",
        "168.63.129.16/32",
    )
)
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Refused(Exception):
    """The guard does not let the call out; the text says why, for the operator."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: what a plugin may reach, exactly."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        usual = {"http": 80, "https": 443}[self.scheme]
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}" if self.port == usual else f"{host}:{self.port}"


@lru_cache(maxsize=500)
def split_url(url: str) -> tuple[Origin, Url]:
    """Return origin and parts of an absolute http(s) URL.

    Raises ``Refused`` when it is not one, or carries a user name.
    """
    try:
        parts = parse_url(url)
    except LocationParseError:
        raise Refused("the address is not a valid URL") from None
    if parts.scheme not in {"http", "https"} or not parts.host:
        raise Refused("the address must start with https:// or http:// and name a host")
    if parts.auth:
        raise Refused("the address must not carry a user name or password")
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    return Origin(parts.scheme, parts.host.strip("[]"), port), parts


def plain_address(text: str) -> Address:
    """Return the address that a peer really is: IPv4 inside IPv6 is unwrapped."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour
        if inside is None and address in NAT64:
            inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inside is None and address.teredo is not None:
            inside = address.teredo[1]
        if inside is None and int(address) >> 32 == 0 and int(address) > 1:
            inside = ipaddress.IPv4Address(int(address))  # the old IPv4-compatible form
        return inside or address
    return address


def check_address(text: str, *, own_network: bool, encrypted: bool) -> None:
    """Raise ``Refused`` unless a connection to the address ``text`` may be used (S38–S42)."""
    address = plain_address(text)
    if address.is_multicast or any(address in network for network in NEVER):
        raise Refused(f"leads to {address}, an address that is never allowed")
    if not address.is_global:
        if not own_network:
            raise Refused(
                f"leads to {address}, a private address. "
                'Tick "this system is on our network" if that is meant'
            )
        return
    if not encrypted:
        raise Refused("would be called without encryption. Let the address start with https://")


def _guard(sock: socket.socket, *, own_network: bool, encrypted: bool) -> socket.socket:
    try:
        check_address(sock.getpeername()[0], own_network=own_network, encrypted=encrypted)
    except BaseException:
        sock.close()
        raise
    return sock


class InOnePiece(HTTPConnection):
    """Head and body of a request leave together: a system call less, and no waiting (Nagle)."""

    _parts: list[bytes] | None = None

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request."""
        parts: list[bytes] = []
        self._parts = parts
        try:
            super().request(*args, **kwargs)
        finally:
            self._parts = None
        self.send(b"".join(parts))

    def send(self, data: Any) -> None:
        """Send bytes, or keep them until the request is whole."""
        if self._parts is None:
            super().send(data)
        else:
            self._parts.append(data)


class GuardedHttp(InOnePiece):
    """A plain connection whose peer is checked before the first byte."""

    own_network = False

    def _new_conn(self) -> socket.socket:
        return _guard(super()._new_conn(), own_network=self.own_network, encrypted=False)


class GuardedHttps(InOnePiece, HTTPSConnection):
    """A TLS connection whose peer is checked before the handshake."""

    own_network = False

    def _new_conn(self) -> socket.socket:
        return _guard(super()._new_conn(), own_network=self.own_network, encrypted=True)


@cache
def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Return the one context per CA file; certificates and host names are always verified."""
    context = ssl.create_default_context(cafile=ca_file or DEFAULT_CA_BUNDLE_PATH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
