"""Pages of other origins: none may call unless a setting names them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from jobserver.web.app import ROUTES
from jobserver.web.cors import REQUEST_HEADERS, parse_origins
from jobserver.web.keys import WebSettings
from tests.web.site import SIGNED, Site

PAGE, OTHER = "https://app.example.com", "https://evil.example.com"


def allowing(*origins: str) -> Site:
    return Site(settings=WebSettings(cors_origins=parse_origins(origins), rate_limit=100))


def wish(origin: str, method: str = "POST", headers: str = "authorization,content-type") -> Mapping[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
    }


def cors(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.startswith("Access-Control")}


async def test_by_default_no_page_may_call(site: Site):
    asked = await site.client.options("/v1/jobs", headers=wish(PAGE))
    assert (asked.status, cors(asked.headers)) == (405, {})
    answer = await site.client.get("/jobs", headers=SIGNED | {"Origin": PAGE})
    assert cors(answer.headers) == {}
    assert "Vary" not in answer.headers


async def test_a_named_page_may_ask_and_read():
    async with allowing(PAGE) as site:
        asked = await site.client.options("/v1/jobs", headers=wish(PAGE))
        assert asked.status == 204
        assert asked.headers["Access-Control-Allow-Origin"] == PAGE
        assert asked.headers["Access-Control-Allow-Methods"] == "GET, POST"
        assert set(asked.headers["Access-Control-Allow-Headers"].split(", ")) == set(REQUEST_HEADERS)
        assert "Access-Control-Allow-Credentials" not in asked.headers
        answer = await site.client.post("/analyze", json={"url": "https://e.com"}, headers=SIGNED | {"Origin": PAGE})
        assert answer.status == 202
        assert answer.headers["Access-Control-Allow-Origin"] == PAGE
        exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
        assert {"Location", "Retry-After", "RateLimit", "RateLimit-Policy"} <= set(exposed)
        assert set(exposed) >= {"ETag", "Idempotency-Replayed", "Link"}


async def test_a_refusal_can_be_read_as_well():
    async with allowing(PAGE) as site:
        for method, path, status in (("GET", "/jobs", 401), ("GET", "/nowhere", 404), ("PUT", "/analyze", 405)):
            answer = await site.client.request(method, path, headers={"Origin": PAGE})
            assert answer.status == status
            assert answer.headers["Access-Control-Allow-Origin"] == PAGE


async def test_a_page_that_is_not_named_learns_nothing():
    async with allowing(PAGE) as site:
        asked = await site.client.options("/v1/jobs", headers=wish(OTHER))
        answer = await site.client.get("/jobs", headers=SIGNED | {"Origin": OTHER})
        for each in (asked, answer):
            assert cors(each.headers) == {}
            assert each.headers["Vary"] == "Origin"


async def test_every_page_may_call_and_none_with_the_browsers_own_credentials():
    async with allowing("*") as site:
        for answer in (
            await site.client.options("/v1/jobs", headers=wish(OTHER)),
            await site.client.get("/jobs", headers=SIGNED | {"Origin": OTHER}),
        ):
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert "Access-Control-Allow-Credentials" not in answer.headers
            assert "Vary" not in answer.headers


@pytest.mark.parametrize("path", sorted({route.path for route in ROUTES}))
async def test_every_address_tells_its_methods(path: str):
    async with allowing(PAGE) as site:
        address = path.replace("{", "").replace("}", "")
        asked = await site.client.options(address, headers=wish(PAGE, "GET"))
        assert asked.status == 204
        methods = sorted(route.method for route in ROUTES if route.path == path)
        assert asked.headers["Access-Control-Allow-Methods"].split(", ") == methods
        assert asked.headers["Allow"].split(", ") == methods


async def test_an_address_there_is_nothing_at_tells_nothing():
    async with allowing(PAGE) as site:
        assert (await site.client.options("/nowhere", headers=wish(PAGE))).status == 404


async def test_a_preflight_needs_no_credential_and_runs_nothing():
    async with allowing(PAGE) as site:
        job_id = await site.submit()
        assert (await site.client.options(f"/v1/jobs/{job_id}/cancel", headers=wish(PAGE))).status == 204
        assert (await site.poll(job_id))[1]["status"] != "cancelled"


@pytest.mark.parametrize(
    "origin", ["app.example.com", "https://app.example.com/", "https://App.example.com", "null", "https://", "ftp://a"]
)
def test_what_no_browser_sends_is_no_origin(origin: str):
    with pytest.raises(ValueError, match="is no origin"):
        parse_origins([origin])


def test_origins_are_exact():
    assert parse_origins(["https://a.example", "http://localhost:5173", "https://[::1]:8443"])
    with pytest.raises(ValueError, match="not both"):
        parse_origins(["*", "https://a.example"])
