from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from jobserver.egress.hosts import Address, check_address
from jobserver.errors import UrlRefused

NOT_PUBLIC = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"),
    *("168.63.129.16/32", "192.0.0.0/24", "192.0.0.192/32", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15"),
    *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32"),
    *("::/128", "::1/128", "::/96", "::ffff:0:0/96", "::ffff:8.8.8.8/128", "::ffff:0:0:0/96"),
    *("64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    *("4000::/3", "5f00::/16", "e000::/4", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
)

PUBLIC = (
    *("1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"),
    *("128.0.0.1", "168.63.129.15", "168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0"),
    *("191.255.255.255", "192.0.1.0", "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0"),
    *("198.17.255.255", "198.20.0.0", "223.255.255.255"),
    *("2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700:4700::1111", "2a00:1450:4001:82b::200e", "3ffe::1"),
)


def refused(address: Address) -> bool:
    try:
        check_address(address)
    except UrlRefused as refusal:
        return refusal.stage == "address"
    return False


@pytest.mark.parametrize("network", NOT_PUBLIC)
def test_a_network_that_is_not_public_is_refused_from_its_first_address_to_its_last(network: str) -> None:
    addresses = ip_network(network)
    middle = addresses[addresses.num_addresses // 2]
    assert refused(addresses[0])
    assert refused(middle)
    assert refused(addresses[-1])


def test_an_address_with_a_zone_is_refused() -> None:
    assert refused(ip_address("fe80::1%eth0"))


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_passes(address: str) -> None:
    assert not refused(ip_address(address))
