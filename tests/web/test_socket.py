"""Events over WebSocket: what a client may say, what it is told, and how a socket ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from jobserver.auth.signing import Credentials
from jobserver.jobs.access import Scope
from jobserver.jobs.events import EventType
from jobserver.web.keys import BROADCAST, WebSettings
from jobserver.web.streams.subscriber import UNREAD
from tests.make import until
from tests.web.site import SECRET, SIGNED, Site
from tests.web.toys import TOYS


class Talk:
    """A client's end of a socket."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket

    async def say(self, message: object) -> None:
        await self.socket.send_str(message if isinstance(message, str) else json.dumps(message))

    async def hear(self) -> dict[str, Any]:
        message = await self.socket.receive(10)
        assert message.type is WSMsgType.TEXT, message
        data: dict[str, Any] = json.loads(message.data)
        return data

    async def ask(self, message: object) -> dict[str, Any]:
        await self.say(message)
        return await self.hear()

    async def hear_until(self, kind: str) -> list[dict[str, Any]]:
        heard = [await self.hear()]
        while heard[-1]["type"] != kind:
            heard.append(await self.hear())
        return heard

    async def closed(self) -> int | None:
        """The code it is closed with, once everything was read."""
        while (await self.socket.receive(10)).type is WSMsgType.TEXT:
            pass
        return self.socket.close_code


@asynccontextmanager
async def talk(site: Site, headers: dict[str, str] | None = None) -> AsyncIterator[Talk]:
    async with site.client.ws_connect("/v1/ws", headers=SIGNED if headers is None else headers) as socket:
        yield Talk(socket)


async def progress(site: Site, job_id: str, times: int) -> None:
    job = await site.engine.get(job_id)
    for _ in range(times):
        site.engine._events.append(EventType.PROGRESS, job.spec.created_at, job.spec.queue, job)


async def running(site: Site) -> str:
    """A job that waits at the gate."""
    job_id = await site.submit()
    await until(lambda: site.seen)
    return job_id


# --- who is calling


async def test_a_socket_is_opened_by_the_headers_of_any_request(site: Site):
    async with talk(site) as one:
        assert (await one.ask({"type": "subscribe"}))["type"] == "subscribed"
    async with talk(site, dict(await site.key("somebody"))) as one:
        assert (await one.ask({"type": "subscribe"}))["type"] == "subscribed"


@pytest.mark.parametrize("headers", [{"x-cliq-signature": "wrong"}, {"Authorization": "Bearer jsk_no_key"}])
async def test_wrong_headers_open_no_socket(site: Site, headers: dict[str, str]):
    with pytest.raises(WSServerHandshakeError) as refused:
        await site.client.ws_connect("/v1/ws", headers=headers)
    assert refused.value.status == 401


async def test_a_socket_without_headers_says_who_it_is_first(site: Site):
    key = await site.key("somebody", Scope.READ)
    async with talk(site, {}) as one:
        early = await one.ask({"type": "subscribe", "id": 1})
        assert (early["type"], early["id"], early["code"]) == ("error", 1, "unauthorized")
        assert await one.ask({"type": "ping"}) == {"type": "pong"}
        token = key["Authorization"].removeprefix("Bearer ")
        known = await one.ask({"type": "auth", "token": token, "id": "a"})
        assert known == {"type": "authenticated", "id": "a", "owner": "somebody", "scopes": ["read"]}
        again = await one.ask({"type": "auth", "token": token})
        assert (again["type"], again["error"]) == ("error", "This socket is authenticated already.")
    async with talk(site, {}) as one:
        assert (await one.ask({"type": "auth", "token": SECRET}))["owner"] == "default"


async def test_saying_who_one_is_counts_as_a_request_of_the_key():
    async with Site(settings=WebSettings(key_rate_limit=2)) as site:
        key = await site.key("somebody")
        said = {"type": "auth", "token": key["Authorization"].removeprefix("Bearer ")}
        for kind in ("authenticated", "authenticated", "error"):
            async with talk(site, {}) as one:
                answer = await one.ask(said)
                assert answer["type"] == kind
        assert (answer["code"], answer["retryAfter"] > 0) == ("rate_limited", True)
        assert (await site.ask("GET", "/jobs", **key)).status == 429


async def test_a_wrong_token_ends_the_socket(site: Site):
    async with talk(site, {}) as one:
        answer = await one.ask({"type": "auth", "token": "jsk_nobody_nothing"})
        assert (answer["type"], answer["code"]) == ("error", "unauthorized")
        assert await one.closed() == 4401


async def test_a_key_that_may_not_read_ends_the_socket(site: Site):
    key = await site.key("somebody", Scope.SUBMIT)
    async with talk(site, {}) as one:
        answer = await one.ask({"type": "auth", "token": key["Authorization"].removeprefix("Bearer ")})
        assert (answer["type"], answer["code"]) == ("error", "forbidden")
        assert await one.closed() == 4403


async def test_a_socket_that_never_says_who_it_is_is_closed():
    async with Site(settings=WebSettings(auth_within=0.01)) as site:
        async with talk(site, {}) as one:
            assert await one.closed() == 4401
        async with talk(site) as one:
            await asyncio.sleep(0.02)
            assert await one.ask({"type": "ping"}) == {"type": "pong"}


async def test_where_nobody_signs_nobody_needs_to():
    async with Site(credentials=Credentials((SECRET,), allow_unsigned=True)) as site, talk(site, {}) as one:
        assert (await one.ask({"type": "subscribe"}))["type"] == "subscribed"


async def test_a_page_of_another_origin_opens_no_socket_unless_a_setting_names_it():
    async with Site(settings=WebSettings(cors_origins=frozenset({"https://good.example"}))) as site:
        own = f"http://{site.client.host}:{site.client.port}"
        for origin in ("https://good.example", own):
            async with talk(site, SIGNED | {"Origin": origin}) as one:
                assert await one.ask({"type": "ping"}) == {"type": "pong"}
        for origin in ("https://evil.example", "null", f"{own}.evil.example"):
            with pytest.raises(WSServerHandshakeError) as refused:
                await site.client.ws_connect("/v1/ws", headers=SIGNED | {"Origin": origin})
            assert refused.value.status == 403


async def test_a_request_that_is_no_upgrade_is_told_so(site: Site):
    response = await site.ask("GET", "/v1/ws")
    assert (response.status, (await response.json())["code"]) == (400, "invalid_request")


async def test_an_owner_has_so_many_sockets_and_no_more():
    async with Site(settings=WebSettings(max_streams_per_owner=1)) as site:
        async with talk(site):
            with pytest.raises(WSServerHandshakeError) as refused:
                await site.client.ws_connect("/v1/ws", headers=SIGNED)
            assert refused.value.status == 429
            async with talk(site, {}) as late:
                answer = await late.ask({"type": "auth", "token": SECRET})
                assert (answer["code"], answer["retryAfter"] > 0) == ("too_many_streams", True)
                assert await late.closed() == 4429
        await until(lambda: site.client.app[BROADCAST].open == 0)


# --- what is said


@pytest.mark.parametrize(
    ("said", "code", "pointer"),
    [
        ("{", "invalid_request", None),
        ("[]", "invalid_request", None),
        ("null", "invalid_request", None),
        ('{"type":"ping","n":NaN}', "invalid_request", None),
        ({}, "invalid_request", "/type"),
        ({"type": "sing"}, "invalid_request", "/type"),
        ({"type": 3}, "invalid_request", "/type"),
        ({"type": "ping", "loud": True}, "invalid_request", "/loud"),
        ({"type": "ping", "id": {}}, "invalid_request", "/id"),
        ({"type": "subscribe", "jobIds": []}, "invalid_request", "/jobIds"),
        ({"type": "subscribe", "jobIds": "all"}, "invalid_request", "/jobIds"),
        ({"type": "subscribe", "jobIds": ["x"] * 1001}, "invalid_request", "/jobIds"),
        ({"type": "subscribe", "queues": "default"}, "invalid_request", "/queues"),
        ({"type": "subscribe", "queues": []}, "invalid_request", "/queues"),
        ({"type": "subscribe", "types": []}, "invalid_request", "/types"),
        ('{"type":"subscribe","queues":["a"],"queues":["b"]}', "invalid_request", None),
        ({"type": "subscribe", "types": ["job.gone"]}, "invalid_request", "/types"),
        ({"type": "subscribe", "after": -1}, "invalid_request", "/after"),
        ({"type": "subscribe", "after": "1"}, "invalid_request", "/after"),
        ({"type": "subscribe", "jobIds": ["job-1-none"]}, "job_not_found", None),
        ({"type": "subscribe", "jobIds": ["job-1-none"], "after": 0}, "job_not_found", None),
        ({"type": "unsubscribe"}, "invalid_request", None),
        ({"type": "unsubscribe", "jobIds": ["job-1-none"]}, "invalid_request", None),
        ({"type": "auth"}, "invalid_request", "/token"),
    ],
)
async def test_what_makes_no_sense_is_answered_and_changes_nothing(
    site: Site, said: object, code: str, pointer: str | None
):
    async with talk(site) as one:
        answer = await one.ask(said)
        assert (answer["type"], answer["code"]) == ("error", code)
        assert pointer is None or answer["errors"][0]["pointer"] == pointer
        assert await one.ask({"type": "ping", "id": 7}) == {"type": "pong", "id": 7}
        channels = site.client.app[BROADCAST]._audiences
        assert [channel.interests for channel in channels] == [frozenset()]


async def test_bytes_are_no_message(site: Site):
    async with talk(site) as one:
        await one.socket.send_bytes(b"{}")
        assert (await one.hear())["error"] == "A message is a JSON object, sent as text."


async def test_a_message_has_a_largest_size(site: Site):
    async with talk(site) as one:
        assert (await one.ask('{"type":"ping"' + " " * 60_000 + "}"))["type"] == "pong"
        await one.say(" " * 70_000)
        assert await one.closed() == 1009


async def test_a_socket_has_so_many_subscriptions_and_no_more(site: Site):
    async with talk(site) as one:
        for number in range(100):
            assert (await one.ask({"type": "subscribe", "queues": [str(number)], "after": 0}))["type"] == "subscribed"
        assert (await one.ask({"type": "subscribe"}))["code"] == "invalid_request"
        assert (await one.ask({"type": "unsubscribe"}))["type"] == "unsubscribed"
        assert (await one.ask({"type": "subscribe"}))["type"] == "subscribed"


# --- what is told


async def test_a_subscriber_hears_a_job_from_its_snapshot_to_its_end(site: Site):
    job_id = await running(site)
    async with talk(site) as one:
        answer = await one.ask({"type": "subscribe", "jobIds": [job_id], "id": 1})
        assert answer == {"type": "subscribed", "id": 1, "seq": site.engine._events.last_seq, "jobIds": [job_id]}
        site.gate.set()
        heard = await one.hear_until("job.done")
    assert [event["type"] for event in heard] == ["snapshot", "job.done"]
    assert (heard[0]["seq"], heard[0]["status"]) == (answer["seq"], "processing")
    assert heard[1]["seq"] == answer["seq"] + 1
    assert (heard[1]["jobId"], heard[1]["queue"], heard[1]["status"]) == (job_id, "default", "done")


async def test_a_subscriber_to_everything_is_told_how_much_there_is(site: Site):
    async with talk(site) as one:
        assert (await one.ask({"type": "subscribe", "jobIds": "*"}))["jobIds"] == "*"
        assert (await one.hear())["counts"]["queued"] == 0
        job_id = await running(site)
        heard = await one.hear_until("job.progress")
    assert [event["seq"] for event in heard] == [1, 2, 3]
    assert {event["jobId"] for event in heard} == {job_id}


async def test_a_subscriber_comes_back_and_misses_nothing(site: Site):
    job_id = await running(site)
    last = site.engine._events.last_seq
    await progress(site, job_id, 700)
    async with talk(site) as one:
        await one.say({"type": "subscribe", "after": last})
        await progress(site, job_id, 300)
        assert (await one.hear())["type"] == "subscribed"
        heard = [(await one.hear())["seq"] for _ in range(1_000)]
    assert heard == list(range(last + 1, last + 1_001))


async def test_what_became_of_a_job_that_is_forgotten_is_told_to_its_owner_and_nobody_else(site: Site):
    site.gate.set()
    ann, bob = await site.key("ann"), await site.key("bob")
    made = await (await site.ask("POST", "/analyze?wait=10", {"url": "https://example.com/"}, **ann)).json()
    assert (await site.ask("DELETE", f"/v1/jobs/{made['jobId']}", **ann)).status == 204
    said = {"type": "subscribe", "jobIds": [made["jobId"]], "after": 0}
    async with talk(site, dict(ann)) as one:
        assert (await one.ask(said))["type"] == "subscribed"
        assert [event["type"] for event in await one.hear_until("job.expired")][-2:] == ["job.done", "job.expired"]
    async with talk(site, dict(bob)) as one:
        assert (await one.ask(said))["code"] == "job_not_found"


async def test_a_subscriber_whose_history_is_gone_is_told_so(site: Site):
    job_id = await site.done()
    async with talk(site) as one:
        answer = await one.ask({"type": "subscribe", "jobIds": [job_id], "after": 1_000})
        heard = [await one.hear(), await one.hear()]
    assert answer["type"] == "subscribed"
    assert [event["type"] for event in heard] == ["gap", "snapshot"]
    assert (heard[0]["counts"]["done"], heard[1]["status"]) == (1, "done")


async def test_one_socket_follows_this_and_that_and_hears_nothing_twice():
    async with Site(handlers=TOYS) as site, talk(site) as one:
        job_id = await running(site)
        await one.ask({"type": "subscribe", "jobIds": [job_id]})
        await one.hear()
        await progress(site, job_id, 3)
        heard = [(await one.hear())["seq"] for _ in range(3)]
        await one.ask({"type": "subscribe", "queues": ["default"], "after": 0})
        await progress(site, job_id, 2)
        heard += [(await one.hear())["seq"] for _ in range(5)]
    assert heard == [4, 5, 6, 1, 2, 3, 7, 8]


async def test_what_was_about_to_be_told_is_told_when_a_subscription_is_added_or_taken_back(site: Site):
    job_id = await running(site)
    async with talk(site) as one:
        await one.ask({"type": "subscribe", "jobIds": [job_id]})
        first = (await one.hear())["seq"]
        heard: list[int] = []
        for number in range(60):  # in the middle of what is gathered, again and again
            await progress(site, job_id, 5)
            verb = "unsubscribe" if number % 2 else "subscribe"
            await one.say({"type": verb, "queues": ["elsewhere"]} | ({} if number % 2 else {"after": 0}))
            heard += [event["seq"] for event in await one.hear_until(f"{verb}d") if event["type"] == "job.progress"]
        while len(heard) < 300:
            heard.append((await one.hear())["seq"])
    assert heard == list(range(first + 1, first + 301))


async def test_an_unsubscribed_job_is_heard_of_no_more(site: Site):
    first = await running(site)
    second = await site.submit()
    async with talk(site) as one:
        await one.ask({"type": "subscribe", "jobIds": [first, second]})
        assert {(await one.hear())["jobId"] for _ in range(2)} == {first, second}
        assert (await one.ask({"type": "unsubscribe", "jobIds": [first]}))["type"] == "unsubscribed"
        await progress(site, first, 1)
        await progress(site, second, 1)
        assert (await one.hear())["jobId"] == second
        assert (await one.ask({"type": "unsubscribe"}))["type"] == "unsubscribed"
        await progress(site, second, 1)
        assert await one.ask({"type": "ping"}) == {"type": "pong"}


async def test_an_owner_hears_only_of_its_own_jobs(site: Site):
    theirs = await running(site)
    key = dict(await site.key("somebody"))
    async with talk(site, key) as one:
        assert (await one.ask({"type": "subscribe", "jobIds": [theirs]}))["code"] == "job_not_found"
        await one.ask({"type": "subscribe", "after": 0})
        await progress(site, theirs, 3)
        answer = await site.client.post("/analyze", json={"url": "https://example.com/"}, headers=key)
        assert (await one.hear())["jobId"] == (await answer.json())["jobId"]


# --- how it ends


async def test_the_server_says_goodbye(site: Site):
    async with talk(site) as one, talk(site) as silent:
        await one.ask({"type": "subscribe"})
        await one.hear()
        await silent.ask({"type": "ping"})
        site.jobs.begin_drain()
        assert (await one.hear())["type"] == "server.draining"
        assert await one.closed() == 1001
        assert await silent.closed() == 1001


async def test_a_client_who_leaves_gives_its_place_back(site: Site):
    before = len(site.engine._events._others)
    async with talk(site) as one:
        await one.ask({"type": "subscribe"})
        assert site.jobs.listeners == 1
    await until(lambda: site.client.app[BROADCAST].open == 0)
    assert (site.jobs.listeners, len(site.engine._events._others)) == (0, before)


async def test_a_socket_ends_with_the_key_it_was_opened_with():
    async with (
        Site(settings=WebSettings(heartbeat=0.05)) as site,
        talk(site, dict(await site.key("somebody"))) as one,
    ):
        await one.ask({"type": "ping"})
        await site.jobs.remove_key((await site.jobs.keys())[0].id)
        assert (await one.hear())["reason"] == "key revoked"
        assert await one.closed() == 4401


async def test_a_socket_that_is_not_read_is_closed_with_its_last_number(site: Site, monkeypatch: pytest.MonkeyPatch):
    job_id = await running(site)
    async with talk(site) as slow, talk(site) as other:
        for one in (slow, other):
            await one.ask({"type": "subscribe"})
            await one.hear()
        slow_one, _ = [each for audience in site.client.app[BROADCAST]._audiences.values() for each in audience.members]
        monkeypatch.setattr(slow_one.transport, "get_write_buffer_size", lambda: UNREAD + 1, raising=False)
        await progress(site, job_id, 2)
        assert [(await other.hear())["seq"] for _ in range(2)] == [4, 5]
        told = await slow.hear()
        assert (told["type"], told["reason"]) == ("closed", "too slow")
        assert told["seq"] < 4
        assert await slow.closed() in {4408, 1006}
