"""Calls over real sockets: what a vendor can do to us, and what the operator is told."""

import gzip
import resource
import socket
import struct
import threading
import time

import pytest
from gate_kit import OK, answer, vendor

from hub.gate.guard import Refused, split_url
from hub.gate.transport import NoAnswer, NotSent, Request, TooLarge, Transport


@pytest.fixture
def transport():
    made = Transport()
    yield made
    made.close()


def call(transport, url, *, method="GET", body=None, seconds=1.0, max_bytes=10_000, own=True):
    origin, parts = split_url(url)
    request = Request(method, parts.request_uri, {}, body, max_bytes)
    return transport.send(origin, request, own_network=own, seconds=seconds)


def test_one_connection_is_kept_for_all_calls(transport):
    with vendor() as server:
        for _ in range(5):
            assert call(transport, server.url).body == b"{}"
        assert (len(server.seen), server.connections) == (5, 1)


def test_a_connection_closed_while_idle_is_replaced_without_a_second_send(transport):
    with vendor(lambda _r, sock: (sock.sendall(OK), None)[1]) as server:
        for _ in range(3):
            call(transport, server.url, method="POST", body=b"{}")
            time.sleep(0.05)
        assert (len(server.seen), server.connections) == (3, 3)


def test_a_private_address_without_the_tick_gets_no_byte(transport):
    with vendor() as server, pytest.raises(Refused, match="on our network"):
        call(transport, server.url, own=False)
    assert server.seen == []


def test_dns_rebinding_is_caught_on_the_connected_socket(transport, monkeypatch):
    with vendor() as server:

        def rebound(_host, port, *_args):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]

        monkeypatch.setattr(socket, "getaddrinfo", rebound)
        with pytest.raises(Refused):
            call(transport, "http://shop.example/x", own=False)
        time.sleep(0.05)
        assert server.seen == []


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "127.0.0.1.",
        "0x7f.1",
        "①②⑦.0.0.1",
    ],
)
def test_every_spelling_of_loopback_is_seen_through(transport, host):
    with vendor() as server:
        try:
            call(transport, f"http://{host}:{server.port}/", own=False)
        except (Refused, NotSent):
            pass
        else:
            pytest.fail("the call went out")
        assert server.seen == []


DONE = threading.Event()
"""The caller has given up: who keeps it waiting may stop."""


def drip(_request, sock):
    try:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not DONE.wait(0.03):
            sock.sendall(b"x")
    except OSError:
        pass


def drip_head(_request, sock):
    try:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 300:
            sock.sendall(bytes([byte]))
            if DONE.wait(0.03):
                return
    except OSError:
        pass


def endless_without_length(_request, sock):
    sock.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\npart")
    DONE.wait(3)


def silent(_request, _sock):
    DONE.wait(3)


@pytest.mark.parametrize("reply", [drip, drip_head, endless_without_length, silent])
def test_the_deadline_is_total(transport, reply):
    DONE.clear()
    with vendor(reply) as server:
        began = time.monotonic()
        try:
            with pytest.raises(NoAnswer, match=r"within 0\.4 seconds"):
                call(transport, server.url, seconds=0.4)
        finally:
            DONE.set()
        assert time.monotonic() - began < 2.5, "given up before the vendor was done"


def reset(_request, sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (reset, "cut the connection"),
        (lambda _r, _s: None, "cut the connection"),
        (lambda _r, s: (s.sendall(answer(body=b"x" * 50)[:-20]), None)[1], "cut"),
        (
            lambda _r, s: (
                s.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nab"),
                None,
            )[1],
            "cut",
        ),
        (b"garbage\r\n\r\n", "cut the connection|not HTTP"),
        (answer(body=b"not gzip", Content_Encoding="gzip"), "cannot be unpacked"),
    ],
)
def test_broken_answers_are_no_answers(transport, reply, text):
    with vendor(reply) as server, pytest.raises(NoAnswer, match=text):
        call(transport, server.url + "/?token=secret")


def test_size_is_bounded_after_unpacking(transport):
    bomb = gzip.compress(b"0" * 50_000_000, 9)
    with vendor(answer(body=bomb, Content_Encoding="gzip")) as server, pytest.raises(TooLarge):
        call(transport, server.url, max_bytes=1_000_000, seconds=5)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (gzip.compress(b" " * 100_000_000, 1), {"Content_Encoding": "gzip"}),
        (b"[" + b"0," * 15_000_000 + b"0]", {}),
    ],
    ids=["bomb of 100 MB", "30 MB"],
)
def test_an_answer_that_is_too_large_costs_no_more_than_what_is_allowed(transport, body, headers):
    reply = answer(body=body, **headers)
    with vendor(reply) as server:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(TooLarge, match="20 MB"):
            call(transport, server.url, max_bytes=20_000_000, seconds=10)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 50_000


def test_gzip_is_unpacked(transport):
    with vendor(answer(body=gzip.compress(b"hello"), Content_Encoding="gzip")) as server:
        assert call(transport, server.url).body == b"hello"


def test_nothing_sent_is_told_apart(transport):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(NotSent, match="refused the connection"):
        call(transport, f"http://127.0.0.1:{port}/")


def test_an_unknown_name_is_told_apart(transport, monkeypatch):
    def unknown(*_args):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(NotSent, match="cannot be found") as caught:
        call(transport, "https://nowhere.example/?key=secret")
    assert caught.value.kind == "name"
    assert "secret" not in str(caught.value)


def test_cookies_and_headers_come_back(transport):
    reply = b"HTTP/1.1 204 N\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: a=2\r\nSet-Cookie: b=x=y\r\nX-A: 7\r\n\r\n"
    with vendor(reply) as server:
        raw = call(transport, server.url)
    assert (raw.status, raw.cookies, raw.headers["x-a"]) == (204, {"a": "2", "b": "x=y"}, "7")


@pytest.fixture
def certificate(tmp_path):
    from datetime import UTC, datetime, timedelta
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = tmp_path / "ca.pem", tmp_path / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return public, private


def test_certificates_are_verified_against_known_or_own_authorities(transport, certificate):
    import ssl
    import threading

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    seen = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            for _ in range(2):
                sock, _ = listener.accept()
                with sock:
                    try:
                        with context.wrap_socket(sock, server_side=True) as wrapped:
                            seen.append(wrapped.recv(65536))
                            wrapped.sendall(OK)
                    except OSError:
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(NotSent, match="certificate") as caught:
            call(transport, url)
        assert caught.value.kind == "certificate"
        own = Transport(ca_file=str(certificate[0]))
        assert call(own, url).body == b"{}"
        own.close()
        thread.join(5)
    assert len(seen) == 1


def test_a_kept_connection_to_the_own_network_serves_no_call_without_the_tick(transport):
    with vendor() as server:
        call(transport, server.url)
        with pytest.raises(Refused):
            call(transport, server.url, own=False)
        assert len(server.seen) == 1


def test_proxies_and_passwords_of_the_environment_are_not_used(transport, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with vendor() as server:
        call(transport, server.url + "/a;b//c?d=%2Fe'", method="PUT", body=b"{}")
    head, _, body = server.seen[0].partition(b"\r\n\r\n")
    lines = dict(line.lower().split(b": ") for line in head.split(b"\r\n")[1:])
    assert head.startswith(b"PUT /a;b//c?d=%2Fe' HTTP/1.1\r\n")
    assert (lines[b"content-length"], body) == (b"2", b"{}")
    assert b"authorization" not in lines
    assert b"transfer-encoding" not in lines


def test_an_answer_leaves_no_cookie_and_a_deadline_no_trace_on_the_kept_connection(transport):
    with vendor(answer(Set_Cookie="a=1; Path=/")) as server:
        call(transport, server.url, seconds=0.1)
        time.sleep(0.2)
        call(transport, server.url)
        assert b"cookie" not in server.seen[1].lower()
        assert server.connections == 1


def test_a_redirect_is_an_answer(transport):
    with vendor(answer(302, Location="/other")) as server:
        assert call(transport, server.url).status == 302
        assert len(server.seen) == 1
