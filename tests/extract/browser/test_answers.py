from __future__ import annotations

import pytest

from jobserver.egress.gate import Gate
from jobserver.egress.policy import UrlPolicy
from jobserver.egress.proxy import FilteringProxy
from jobserver.egress.proxy.answers import refused, unreachable
from jobserver.egress.resolver import Resolver
from jobserver.errors import PageUnreachable, UrlRefused
from jobserver.extract.browser.answers import told_by


@pytest.fixture
def proxy() -> FilteringProxy:
    return FilteringProxy(Gate(UrlPolicy(), Resolver()))


@pytest.mark.parametrize(
    ("tunnel", "url"),
    [
        ("https://page.example:443/", "https://page.example/a?b#c"),
        ("https://page.example:8443/", "https://page.example:8443/"),
        ("https://[2606:4700::1111]:443/", "https://[2606:4700::1111]/a"),
    ],
)
async def test_a_page_whose_tunnel_was_declined_is_told_why(proxy: FilteringProxy, tunnel: str, url: str):
    proxy.declined[tunnel] = unreachable()
    told = told_by(proxy, url)
    assert isinstance(told, PageUnreachable)
    assert told.message == "The server could not be reached."


async def test_a_page_that_came_through_a_tunnel_did_not_come_from_the_proxy(proxy: FilteringProxy):
    proxy.declined["https://page.example:443/"] = unreachable()
    assert told_by(proxy, "https://page.example/", 200) is None
    assert told_by(proxy, "https://page.example/", 502) is None


async def test_a_plain_answer_is_the_proxys_when_it_has_its_status(proxy: FilteringProxy):
    proxy.declined["http://page.example/"] = refused()
    assert isinstance(told_by(proxy, "http://page.example/#part", 403), UrlRefused)
    assert told_by(proxy, "http://page.example/", 200) is None
