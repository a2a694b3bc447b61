"""Whose address counts, with and without proxies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobserver.auth.addresses import client_address, parse_proxies

PROXIES = parse_proxies(["10.0.0.0/8", "loopback", "2001:db8:1::/48"])


def test_without_trust_the_peer_counts_whatever_it_claims():
    assert client_address("198.51.100.7", ["203.0.113.9"], ()) == "198.51.100.7"
    assert client_address("198.51.100.7", ["203.0.113.9"], PROXIES) == "198.51.100.7"


@pytest.mark.parametrize(
    ("peer", "forwarded", "who"),
    [
        ("10.1.2.3", ["203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["203.0.113.9, 10.9.9.9"], "203.0.113.9"),
        ("127.0.0.1", ["203.0.113.9", "10.9.9.9"], "203.0.113.9"),
        ("10.1.2.3", ["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
        ("10.1.2.3", ["1.1.1.1, 203.0.113.9, 10.0.0.1"], "203.0.113.9"),
        ("10.1.2.3", ["10.0.0.9, 10.0.0.8"], "10.0.0.9"),
        ("10.1.2.3", [], "10.1.2.3"),
        ("10.1.2.3", [""], "10.1.2.3"),
        ("10.1.2.3", ["unknown"], "10.1.2.3"),
        ("10.1.2.3", ["1.1.1.1, _hidden, 10.0.0.1"], "10.0.0.1"),
        ("10.1.2.3", ["203.0.113.9:4711"], "203.0.113.9"),
        ("10.1.2.3", ["[2001:db8:2::5]:4711"], "2001:db8:2::/64"),
        ("10.1.2.3", ["::ffff:203.0.113.9"], "203.0.113.9"),
        ("::ffff:10.1.2.3", ["203.0.113.9"], "203.0.113.9"),
        ("2001:db8:1::7", ["203.0.113.9"], "203.0.113.9"),
        ("", ["203.0.113.9"], "203.0.113.9"),
        (None, ["203.0.113.9"], "203.0.113.9"),
    ],
)
def test_a_trusted_proxy_is_believed_about_the_one_before_it(peer: str | None, forwarded: list[str], who: str):
    assert client_address(peer, forwarded, PROXIES) == who


def test_an_ipv6_address_counts_as_its_network():
    one, other = "2001:db8:9:1:aaaa::1", "2001:db8:9:1:bbbb:c::2"
    assert client_address(one, (), ()) == client_address(other, (), ()) == "2001:db8:9:1::/64"
    assert client_address("2001:db8:9:2::1", (), ()) != client_address(one, (), ())
    assert client_address("fe80::1%eth0", (), ()) == "fe80::/64"


def test_a_unix_socket_is_this_machine():
    assert client_address("", (), ()) == client_address(None, (), ()) == "127.0.0.1"


def test_a_header_of_any_length_is_read_from_its_end():
    assert client_address("10.0.0.1", ["1.1.1.1, " * 100_000 + "203.0.113.9"], PROXIES) == "203.0.113.9"
    assert client_address("10.0.0.1", [", ".join(["10.0.0.2"] * 100_000)], PROXIES) == "10.0.0.2"


@given(st.lists(st.text(max_size=60), max_size=4))
def test_junk_ends_the_chain_and_breaks_nothing(forwarded: list[str]):
    assert client_address("10.0.0.1", forwarded, PROXIES)


@pytest.mark.parametrize("text", ["10.0.0.0/33", "example.com", "", "10.0.0.0/8/8"])
def test_what_is_no_network_is_refused_by_name(text: str):
    with pytest.raises(ValueError, match="is no network"):
        parse_proxies([text])


def test_one_address_is_a_network_of_its_own():
    trusted = parse_proxies(["192.0.2.1", "2001:db8::1"])
    assert client_address("192.0.2.1", ["203.0.113.9"], trusted) == "203.0.113.9"
    assert client_address("192.0.2.2", ["203.0.113.9"], trusted) == "192.0.2.2"
