"""What one caller may ask and hold, as it and the others notice."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientResponse

from jobserver.auth.addresses import parse_proxies
from jobserver.auth.keys import new_key
from jobserver.jobs.access import EVERYTHING
from jobserver.web.keys import LIMITS, WebSettings
from tests.make import until
from tests.web.site import SIGNED, Site

RATE = 5


def with_settings(**settings: Any) -> Site:
    return Site(settings=WebSettings(**settings))


async def assert_limited(response: ClientResponse) -> None:
    body = await response.json()
    assert (response.status, body["code"], body["ok"]) == (429, "rate_limited", False)
    assert 1 <= int(response.headers["Retry-After"]) <= 60


async def test_an_address_that_asks_too_often_is_told_when_to_come_back():
    async with with_settings(rate_limit=RATE) as site:
        answers = [await site.client.get("/jobs", headers=SIGNED) for _ in range(RATE)]
        assert {answer.status for answer in answers} == {200}
        refused = await site.client.get("/jobs", headers=SIGNED)
        await assert_limited(refused)
        assert int(refused.headers["Retry-After"]) == pytest.approx(60 / RATE, abs=1)


async def test_what_is_left_is_told_with_every_answer():
    async with with_settings(rate_limit=RATE) as site:
        for left in range(RATE - 1, -1, -1):
            answer = await site.client.get("/nowhere" if left == 2 else "/jobs", headers=SIGNED)
            assert answer.headers["RateLimit-Policy"] == f'"address";q={RATE};w=60'
            assert re.fullmatch(r'"address";r=\d;t=\d+', answer.headers["RateLimit"])
        last = await site.client.get("/jobs", headers=SIGNED)
        assert last.headers["RateLimit"].startswith('"address";r=0;t=')
        await assert_limited(await site.client.get("/jobs", headers=SIGNED))


async def test_wrong_requests_count_like_right_ones():
    async with with_settings(rate_limit=RATE) as site:
        for _ in range(RATE):
            assert (await site.client.get("/jobs", headers={"x-cliq-signature": "wrong"})).status == 401
        await assert_limited(await site.client.get("/jobs", headers=SIGNED))


async def test_what_there_is_nothing_at_counts_as_well():
    async with with_settings(rate_limit=RATE) as site:
        answers = [await site.client.request(method, "/health/x") for method in ("GET", "PUT", "DELETE")]
        answers += [await site.client.request(method, "/jobs") for method in ("PUT", "DELETE")]
        assert [answer.status for answer in answers] == [404] * 3 + [405] * 2
        for method, path in (("GET", "/nowhere"), ("PUT", "/jobs"), ("GET", "/jobs")):
            await assert_limited(await site.client.request(method, path, headers=SIGNED))
        assert (await site.client.get("/health")).status == 200


async def test_whoever_watches_over_the_server_is_never_refused():
    async with with_settings(rate_limit=1) as site:
        assert (await site.client.get("/jobs", headers=SIGNED)).status == 200
        for path in ("/health", "/livez"):
            for _ in range(3):
                assert (await site.client.get(path)).status == 200
        await assert_limited(await site.client.get("/jobs", headers=SIGNED))


async def test_without_a_limit_nothing_is_said_of_one(site: Site):
    answer = await site.client.get("/jobs", headers=SIGNED)
    assert not {name for name in answer.headers if name.lower().startswith("ratelimit")}


async def test_keys_are_counted_each_for_itself():
    async with with_settings(key_rate_limit=RATE) as site:
        one, other = await site.key("acme"), await site.key("acme")
        for _ in range(RATE):
            answer = await site.ask("GET", "/jobs", **one)
            assert answer.status == 200
        assert answer.headers["RateLimit-Policy"] == f'"key";q={RATE};w=60'
        await assert_limited(await site.ask("GET", "/jobs", **one))
        assert (await site.ask("GET", "/jobs", **other)).status == 200
        assert (await site.client.get("/jobs", headers=SIGNED)).status == 200


async def test_a_keys_own_rate_wins_over_the_servers():
    async with with_settings(key_rate_limit=1, rate_limit=100) as site:
        key, token = new_key("acme", EVERYTHING, site.jobs.now(), rate=3)
        await site.jobs.put_key(key)
        for _ in range(3):
            answer = await site.ask("GET", "/jobs", Authorization=f"Bearer {token}")
            assert answer.status == 200
        assert answer.headers["RateLimit-Policy"] == '"address";q=100;w=60, "key";q=3;w=60'
        assert answer.headers["RateLimit"].count('"key";r=0;') == 1
        await assert_limited(await site.ask("GET", "/jobs", Authorization=f"Bearer {token}"))


async def test_a_wrong_token_does_not_use_up_the_keys_requests():
    async with with_settings(key_rate_limit=1) as site:
        key = await site.key("acme")
        for _ in range(3):
            assert (await site.ask("GET", "/jobs", Authorization=key["Authorization"] + "0")).status == 401
        assert (await site.ask("GET", "/jobs", **key)).status == 200


async def test_behind_a_trusted_proxy_each_client_has_its_own_requests():
    async with with_settings(rate_limit=1, trusted_proxies=parse_proxies(["loopback"])) as site:
        for client in ("203.0.113.1", "203.0.113.2", "not an address, 203.0.113.3"):
            headers = SIGNED | {"X-Forwarded-For": client}
            assert (await site.client.get("/jobs", headers=headers)).status == 200
            await assert_limited(await site.client.get("/jobs", headers=headers))


async def test_what_a_stranger_claims_of_its_address_is_not_believed():
    async with with_settings(rate_limit=1, trusted_proxies=parse_proxies(["10.0.0.0/8"])) as site:
        assert (await site.client.get("/jobs", headers=SIGNED | {"X-Forwarded-For": "203.0.113.1"})).status == 200
        await assert_limited(await site.client.get("/jobs", headers=SIGNED | {"X-Forwarded-For": "203.0.113.2"}))


async def test_whoever_does_not_listen_is_answered_one_by_one_and_nobody_else_is():
    async with with_settings(rate_limit=1, trusted_proxies=parse_proxies(["loopback"])) as site:
        deaf, polite = (SIGNED | {"X-Forwarded-For": f"203.0.113.{number}"} for number in (1, 2))
        assert (await site.client.get("/jobs", headers=deaf)).status == 200
        flood = [asyncio.ensure_future(site.client.get("/jobs", headers=deaf)) for _ in range(20)]
        await asyncio.wait(flood, return_when=asyncio.FIRST_COMPLETED)
        assert (await site.client.get("/jobs", headers=polite)).status == 200
        assert sum(answer.done() for answer in flood) < 10
        for answer in flood:
            await assert_limited(await answer)


async def test_a_minutes_requests_all_at_once_are_let_in_at_a_pace():
    async with with_settings(rate_limit=1_000) as site:
        loop = asyncio.get_running_loop()
        began = loop.time()
        answers = await asyncio.gather(*(site.client.get("/jobs", headers=SIGNED) for _ in range(200)))
        assert {answer.status for answer in answers} == {200}
        assert loop.time() - began >= 0.4


async def test_an_owner_has_so_many_requests_open_and_others_are_let_in():
    async with with_settings(max_open=2) as site:
        job_id, key = await site.submit(), await site.key("acme")
        polls = [asyncio.ensure_future(site.poll(job_id, "?wait=30")) for _ in range(2)]
        await until(lambda: site.jobs.listeners >= 2)
        await assert_limited(await site.client.get("/jobs", headers=SIGNED))
        assert (await site.ask("GET", "/jobs", **key)).status == 200
        site.gate.set()
        assert {status for status, _ in await asyncio.gather(*polls)} == {200}
        assert (await site.client.get("/jobs", headers=SIGNED)).status == 200


class Slow:
    """A body that comes in two parts, the second when it is told to."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.go_on = asyncio.Event()

    async def parts(self) -> AsyncIterator[bytes]:
        yield b'{"url":"' + b"x" * (self.size - 10)
        await self.go_on.wait()
        yield b'"}'


async def test_bodies_on_their_way_take_no_more_than_their_room():
    """Each of a quarter's worth: the one caller's second is refused, while another caller's is taken."""
    async with with_settings(body_memory=400_000, max_body=100_000) as site:
        held = site.client.app[LIMITS]._bodies if site.client.app else None
        assert held is not None
        one, other = await site.key("acme"), await site.key("beta")
        slow = Slow(90_000)
        first = asyncio.ensure_future(site.client.post("/analyze", data=slow.parts(), headers=one))
        await until(lambda: held.of("owner acme") >= 80_000)
        refused = await site.client.post("/analyze", data=Slow(90_000).parts(), headers=one)
        await assert_limited(refused)
        assert (
            await site.client.post("/analyze", data=b'{"url":"' + b"x" * 90_000 + b'"}', headers=other)
        ).status < 429
        assert (await site.ask("GET", "/jobs", **one)).status == 200
        slow.go_on.set()
        assert (await first).status < 429
        assert held.of("owner acme") == held.of("owner beta") == 0


async def test_when_everybody_together_sends_too_much_the_server_says_so():
    async with with_settings(body_memory=200_000, max_body=100_000) as site:
        held = site.client.app[LIMITS]._bodies if site.client.app else None
        assert held is not None
        slows = [Slow(90_000), Slow(90_000)]
        posts = []
        for number, slow in enumerate(slows):
            key = await site.key(f"owner{number}")
            posts.append(asyncio.ensure_future(site.client.post("/analyze", data=slow.parts(), headers=key)))
            await until(lambda: sum(held.of(f"owner owner{each}") for each in range(2)) >= 80_000 * len(posts))
        response = await site.client.post("/analyze", data=Slow(90_000).parts(), headers=await site.key("third"))
        assert (response.status, (await response.json())["code"]) == (503, "unavailable")
        assert (await site.post()).status == 202
        for slow in slows:
            slow.go_on.set()
        await asyncio.gather(*posts)


async def test_a_body_that_never_comes_gives_its_room_back():
    async with with_settings(body_timeout=0.2, max_body=100_000) as site:
        held = site.client.app[LIMITS]._bodies if site.client.app else None
        assert held is not None
        response = await site.client.post("/analyze", data=Slow(90_000).parts(), headers=await site.key("acme"))
        assert response.status == 408
        assert held.of("owner acme") == 0


async def test_a_compressed_body_is_as_large_as_what_is_in_it(site: Site):
    response = await site.client.post("/analyze", data=b"x" * 400_000, headers=SIGNED, compress="gzip")
    assert response.status == 413
