"""Which addresses a call may reach."""

import pytest

from hub.gate.guard import Refused, check_address, split_url

METADATA = [
    "169.254.169.254",
    "169.254.0.1",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "::a9fe:a9fe",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "fd20:ce::254",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "224.0.0.1",
]


@pytest.mark.parametrize("address", METADATA)
def test_metadata_and_link_local_never_even_on_the_own_network(address):
    with pytest.raises(Refused, match="never allowed"):
        check_address(address, own_network=True, encrypted=True)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.9",
        "172.16.0.1",
        "::1",
        "fc00::1",
        "::ffff:10.0.0.1",
        "100.64.0.1",
        "0.0.0.0",
    ],
)
def test_private_addresses_need_the_tick(address):
    with pytest.raises(Refused, match="on our network"):
        check_address(address, own_network=False, encrypted=True)
    check_address(address, own_network=True, encrypted=False)


def test_the_internet_needs_encryption():
    check_address("93.184.216.34", own_network=False, encrypted=True)
    for own_network in (True, False):
        with pytest.raises(Refused, match="https://"):
            check_address("93.184.216.34", own_network=own_network, encrypted=False)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/x",
        "host/x",
        "http://",
        "https://user:pw@host/",
        "file:///etc/passwd",
        "http://[::1",
        "javascript:alert(1)",
    ],
)
def test_odd_urls_are_refused(url):
    with pytest.raises(Refused):
        split_url(url)


def test_the_origin_is_scheme_host_and_port():
    assert str(split_url("https://Host.Example:443/a")[0]) == "host.example"
    assert str(split_url("http://h:8101/a?b=c")[0]) == "h:8101"
    assert split_url("https://h/")[0] != split_url("http://h/")[0]
    assert split_url("https://h.example@evil.test/".replace("@", "/"))[0].host == "h.example"
