"""Events over Server-Sent Events and long polls: order, resuming, gaps, slow readers, many readers."""

from __future__ import annotations

import asyncio
import json
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientResponse

from jobserver.jobs.access import Scope
from jobserver.jobs.event_log import EventLog
from jobserver.jobs.events import EventType
from jobserver.web.keys import BROADCAST, WebSettings
from jobserver.web.streams import broadcast, event_wire
from tests.make import until
from tests.web.site import SECRET, Site, assert_problem
from tests.web.toys import TOYS

Told = tuple[str, dict[str, Any]]


async def told(response: ClientResponse) -> AsyncIterator[Told]:
    """Each event as it arrives, to the end of the stream."""
    assert (response.status, response.content_type) == (200, "text/event-stream")
    while block := await response.content.readuntil(b"\n\n"):
        lines = [line.split(": ", 1) for line in block.decode().strip().split("\n")]
        members = {name: value for name, value in lines if name}
        if "event" in members:
            data = json.loads(members["data"])
            assert data["type"] == members["event"]
            assert members.get("id") in {None, str(data.get("seq"))}
            yield members["event"], data


@asynccontextmanager
async def listening(site: Site, path: str = "/v1/events", **headers: str) -> AsyncIterator[AsyncIterator[Told]]:
    """A stream that is open."""
    response = await site.ask("GET", path, **headers)
    try:
        yield told(response)
    finally:
        response.close()


async def read(site: Site, job_id: str, query: str = "", **headers: str) -> list[Told]:
    """A job's stream to its end."""
    async with asyncio.timeout(10):
        return [each async for each in told(await site.ask("GET", f"/v1/jobs/{job_id}/events{query}", **headers))]


async def poll(site: Site, query: str, **headers: str) -> dict[str, Any]:
    response = await site.ask("GET", f"/v1/events{query}", Accept="application/json", **headers)
    assert response.status == 200, await response.text()
    answer: dict[str, Any] = await response.json()
    return answer


def names(events: list[Told]) -> list[str]:
    return [name for name, _ in events]


def streams(site: Site) -> int:
    return site.client.app[BROADCAST].open  # type: ignore[no-any-return]  # a test client's app is Any


async def progress(site: Site, job_id: str, times: int) -> None:
    """Let the job's attempt come further, so many times."""
    job = await site.engine.get(job_id)
    for _ in range(times):
        site.engine._events.append(EventType.PROGRESS, job.spec.created_at, job.spec.queue, job)


def as_many_connections_as_it_takes(site: Site) -> None:
    connector = site.client.session.connector
    assert connector is not None
    connector._limit = 0


def short_of_history(site: Site, kept: int) -> None:
    """Forget all but the last events."""
    log: EventLog = site.engine._events
    log._size = kept
    while len(log._history) > kept:
        log._forget(log._history.popleft())


# --- one job


async def test_a_stream_tells_a_job_to_its_end_and_then_ends(site: Site):
    job_id = await site.submit()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        reading = group.create_task(read(site, job_id))
        await until(lambda: site.seen and streams(site))
        site.gate.set()
    assert names(reading.result())[0] == "snapshot"
    assert names(reading.result())[-1] == "job.done"
    assert reading.result()[-1][1]["status"] == "done"


async def test_a_stream_resumes_where_it_broke_off(site: Site):
    job_id = await site.done()
    everything = await read(site, job_id, "?after=0")
    assert names(everything) == ["job.queued", "job.started", "job.progress", "job.done"]
    second = everything[1][1]["seq"]
    assert names(await read(site, job_id, **{"Last-Event-ID": str(second)})) == ["job.progress", "job.done"]


async def test_a_stream_of_an_ended_job_ends_at_once(site: Site):
    job_id = await site.done()
    assert names(await read(site, job_id)) == ["snapshot"]


async def test_a_stream_with_nothing_left_to_tell_is_not_asked_for_again(site: Site):
    job_id = await site.done()
    last = (await read(site, job_id, "?after=0"))[-1][1]["seq"]
    response = await site.ask("GET", f"/v1/jobs/{job_id}/events?after={last}")
    assert (response.status, await response.read()) == (204, b"")
    assert streams(site) == 0


async def test_a_stream_that_resumes_before_a_retry_goes_on_to_the_new_end(site: Site):
    site.fail = ValueError("not yet")
    job_id = await site.done()
    site.fail = None
    await site.ask("POST", f"/v1/jobs/{job_id}/retry")
    await site.poll(job_id, "?wait=10")
    heard = names(await read(site, job_id, "?after=0"))
    assert (heard.index("job.failed"), heard[-1]) == (3, "job.done")


async def test_a_stream_opened_while_the_server_stops_ends_at_once(site: Site):
    job_id = await site.submit()
    site.jobs.begin_drain()
    assert names(await read(site, job_id)) == ["snapshot", "server.draining"]


async def test_a_stream_is_told_when_the_server_stops(site: Site):
    job_id = await site.submit()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        reading = group.create_task(read(site, job_id))
        await until(lambda: site.seen and streams(site))
        site.jobs.begin_drain()
    assert names(reading.result())[-1] == "server.draining"


async def test_a_quiet_stream_is_kept_open_by_comments():
    async with Site(settings=WebSettings(heartbeat=0.01)) as site:
        job_id = await site.submit()
        response = await site.ask("GET", f"/v1/jobs/{job_id}/events")
        async with asyncio.timeout(10):
            for _ in range(3):
                while b": still here" not in await response.content.readuntil(b"\n\n"):
                    pass
        response.close()


async def test_a_stream_whose_history_is_gone_says_so_and_shows_the_job(site: Site):
    job_id = await site.done()
    short_of_history(site, 1)
    events = await read(site, job_id, "?after=1")
    assert names(events) == ["gap", "job.done"]
    assert (events[0][1]["status"], events[0][1]["seq"]) == ("done", events[1][1]["seq"] - 1)


@pytest.mark.parametrize("after", ["x", "-1", "1" * 30])
async def test_a_strange_sequence_number_is_refused(site: Site, after: str):
    job_id = await site.submit()
    for path in (f"/v1/jobs/{job_id}/events", "/v1/events"):
        response = await site.ask("GET", f"{path}?after={after}")
        await assert_problem(response, 400, "after must be a sequence number.", "invalid_request")


async def test_whoever_hears_the_end_can_read_it_at_once():
    """200 jobs, each listened to from a random moment of its short life."""
    async with Site(handlers=TOYS) as site:

        async def race() -> None:
            answer = await site.ask("POST", "/v1/jobs", {"kind": "echo", "args": {"say": "it"}})
            job_id = (await answer.json())["jobId"]
            await asyncio.sleep(random.random() / 100)  # noqa: S311 - any moment
            events = await read(site, job_id, "?after=0")
            assert names(events)[-1] == "job.done"
            assert [data["seq"] for _, data in events] == sorted({data["seq"] for _, data in events})
            job = await (await site.ask("GET", f"/v1/jobs/{job_id}")).json()
            assert (job["status"], job["result"]) == ("done", {"say": "it"})

        for _ in range(10):
            async with asyncio.timeout(20), asyncio.TaskGroup() as group:
                for _ in range(20):
                    group.create_task(race())


# --- many jobs


async def test_all_events_are_told_in_order_from_a_snapshot_on(site: Site):
    async with asyncio.timeout(10), listening(site) as events:
        assert (await anext(events))[1]["counts"]["queued"] == 0
        site.gate.set()
        first, second = await site.submit(), await site.submit()
        heard = [await anext(events) for _ in range(8)]
    assert [data["seq"] for _, data in heard] == list(range(1, 9))
    assert {data["jobId"] for _, data in heard} == {first, second}


async def test_a_listener_comes_back_again_and_again_and_misses_nothing(site: Site):
    job_id = await site.submit()
    await until(lambda: site.seen)
    before = site.engine._events.last_seq
    heard: list[int] = []
    after = before
    async with asyncio.timeout(20):
        for times in (1, 30, 700, 5):
            async with listening(site, "/v1/events", **{"Last-Event-ID": str(after)}) as events:
                await progress(site, job_id, times)
                heard += [(await anext(events))[1]["seq"] for _ in range(times)]
            await progress(site, job_id, 3)  # while nobody listens
            after = heard[-1]
        heard += [event["seq"] for event in (await poll(site, f"?after={after}"))["events"]]
    assert heard == list(range(before + 1, site.engine._events.last_seq + 1))


async def test_whenever_a_listener_comes_it_hears_everything_from_then_on_once(site: Site):
    job_id = await site.submit()
    await until(lambda: site.seen)
    as_many_connections_as_it_takes(site)
    through = asyncio.Event()

    async def happen() -> None:
        while not through.is_set():
            await progress(site, job_id, random.randrange(4))  # noqa: S311 - any number
            await asyncio.sleep(0)

    async def listen() -> None:
        await asyncio.sleep(random.random() / 5)  # noqa: S311 - any moment
        async with listening(site) as events:
            start = (await anext(events))[1]["seq"]
            assert [(await anext(events))[1]["seq"] for _ in range(200)] == list(range(start + 1, start + 201))

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(happen())
        async with asyncio.TaskGroup() as listeners:
            for _ in range(60):
                listeners.create_task(listen())
        through.set()


async def test_events_are_chosen_by_job_queue_and_type():
    async with Site(handlers=TOYS) as site:
        site.gate.set()
        other = await site.done()
        answer = await site.ask("POST", "/v1/jobs", {"kind": "echo", "args": {}})
        mine = (await answer.json())["jobId"]
        await site.poll(mine, "?wait=10")

        async def found(query: str) -> set[tuple[str, str]]:
            return {(event["jobId"], event["type"]) for event in (await poll(site, f"?after=0&{query}"))["events"]}

        assert await found("type=job.done") == {(other, "job.done"), (mine, "job.done")}
        assert {job_id for job_id, _ in await found("queue=quick")} == {mine}
        assert {job_id for job_id, _ in await found("queue=quick&queue=default")} == {mine, other}
        assert await found(f"jobId={other}&type=job.done&type=job.queued") == {
            (other, "job.done"),
            (other, "job.queued"),
        }
        async with asyncio.timeout(10), listening(site, f"/v1/events?jobId={mine}&jobId={other}") as events:
            first, second = await anext(events), await anext(events)
            assert {first[1]["jobId"], second[1]["jobId"]} == {mine, other}
            assert names([first, second]) == ["snapshot", "snapshot"]


@pytest.mark.parametrize(
    ("query", "pointer"), [("typ=job.done", "/typ"), ("type=job.vanished", "/type"), ("jobId=", "/jobId")]
)
async def test_a_filter_that_means_nothing_is_refused(site: Site, query: str, pointer: str):
    response = await site.ask("GET", f"/v1/events?{query}")
    body = await response.json()
    assert (response.status, body["code"], body["errors"][0]["pointer"]) == (400, "invalid_request", pointer)


@pytest.mark.parametrize("more", ["", "&wait=0", "&after=0", "&after=0&wait=0", "&after=99", "&after=99&wait=0"])
async def test_nobody_can_listen_to_a_job_that_is_not_there(site: Site, more: str):
    await site.submit()
    async with asyncio.timeout(10):
        response = await site.ask("GET", f"/v1/events?jobId=job-1-none{more}")
        await assert_problem(response, 404, "Job not found. Job IDs are stored for 1 hour.", "job_not_found")
    assert (streams(site), site.jobs.listeners) == (0, 0)


async def test_what_became_of_a_job_that_is_forgotten_is_told_to_its_owner_and_nobody_else(site: Site):
    site.gate.set()
    ann, bob = await site.key("ann"), await site.key("bob")
    made = await (await site.ask("POST", "/analyze?wait=10", {"url": "https://example.com/"}, **ann)).json()
    path = f"/v1/events?jobId={made['jobId']}&wait=0"
    assert (await site.ask("GET", path, **ann)).status == 200
    assert (await site.ask("DELETE", f"/v1/jobs/{made['jobId']}", **ann)).status == 204
    past = await (await site.ask("GET", f"{path}&after=0", **ann)).json()
    assert [event["type"] for event in past["events"]][-2:] == ["job.done", "job.expired"]
    assert (await site.ask("GET", f"{path}&after=0", **bob)).status == 404
    for nothing_left in (path, f"{path}&after={past['next']}"):
        assert (await site.ask("GET", nothing_left, **ann)).status == 404


async def test_a_pause_is_news_for_everybody(site: Site):
    key = await site.key("somebody", Scope.READ)
    async with asyncio.timeout(10), listening(site, "/v1/events", **key) as events:
        await anext(events)
        await site.jobs.set_queue("default", paused=True)
        name, data = await anext(events)
    assert (name, data["queue"], "jobId" in data) == ("queue.paused", "default", False)


async def test_an_owner_hears_only_of_its_own_jobs(site: Site):
    key = await site.key("somebody")
    async with asyncio.timeout(10), listening(site, "/v1/events", **key) as events:
        assert sum((await anext(events))[1]["counts"].values()) == 0
        theirs = await site.submit()
        answer = await site.client.post("/analyze", json={"url": "https://example.com/"}, headers=key)
        mine = (await answer.json())["jobId"]
        assert (await anext(events))[1]["jobId"] == mine
    assert {event["jobId"] for event in (await poll(site, "?after=0", **key))["events"]} == {mine}
    for path in (f"/v1/jobs/{theirs}/events", f"/v1/events?jobId={theirs}"):
        assert (await site.ask("GET", path, **key)).status == 404
    assert {event["jobId"] for event in (await poll(site, "?after=0"))["events"]} == {mine, theirs}


async def test_a_gap_among_many_jobs_tells_how_many_there_are_and_where_to_go_on(site: Site):
    job_id = await site.done()
    short_of_history(site, 2)
    async with asyncio.timeout(10), listening(site, f"/v1/events?after=1&jobId={job_id}") as events:
        heard = [await anext(events) for _ in range(4)]
    assert names(heard) == ["gap", "snapshot", "job.progress", "job.done"]
    assert heard[0][1]["counts"]["done"] == 1
    answer = await poll(site, "?after=1")
    assert answer["gap"]["counts"] == heard[0][1]["counts"]
    assert [event["seq"] for event in answer["events"]] == [answer["gap"]["seq"] + 1, answer["next"]]


async def test_the_server_says_when_it_stops(site: Site):
    async with asyncio.timeout(10), listening(site) as events:
        await anext(events)
        site.jobs.begin_drain()
        assert [name async for name, _ in events] == ["server.draining"]


async def test_a_stream_ends_with_the_key_it_was_opened_with():
    async with Site(settings=WebSettings(heartbeat=0.02)) as site:
        key = await site.key("somebody")
        async with asyncio.timeout(10), listening(site, "/v1/events", **key) as events:
            await anext(events)
            await site.jobs.remove_key((await site.jobs.keys())[0].id)
            name, data = await anext(events)
        assert (name, data["reason"]) == ("closed", "key revoked")


# --- asking rather than listening


async def test_a_poll_waits_for_something_to_happen(site: Site):
    start = await poll(site, "")
    assert start == {"events": [], "next": 0}
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        asking = group.create_task(poll(site, "?after=0&wait=10"))
        await until(lambda: streams(site))
        job_id = await site.submit()
    answer = asking.result()
    assert answer["events"][0]["type"] == "job.queued"
    assert {event["jobId"] for event in answer["events"]} == {job_id}
    assert answer["next"] >= answer["events"][-1]["seq"]
    assert streams(site) == 0


async def test_a_poll_in_vain_ends_in_time_and_goes_on_after_what_it_passed_over(site: Site):
    await site.submit()
    await until(lambda: site.seen)
    answer = await poll(site, "?after=0&wait=0.01&queue=another")
    assert answer == {"events": [], "next": site.engine._events.last_seq}


async def test_long_news_come_page_by_page(site: Site):
    job_id = await site.submit()
    await until(lambda: site.seen)
    await progress(site, job_id, 10)
    last = site.engine._events.last_seq
    after, heard = 0, []
    while after < last:
        answer = await poll(site, f"?after={after}&limit=4")
        heard += [event["seq"] for event in answer["events"]]
        after = answer["next"]
    assert heard == list(range(1, last + 1))


async def test_a_poll_ends_when_the_server_stops(site: Site):
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        asking = group.create_task(poll(site, "?after=0&wait=30"))
        await until(lambda: streams(site))
        site.jobs.begin_drain()
    assert asking.result() == {"events": [], "next": 0}


# --- those who are slow, and those who are many


async def a_reader_who_does_not_read(site: Site, path: str = "/v1/events") -> socket.socket:
    """A connection whose stream is open and never read."""
    loop = asyncio.get_running_loop()
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.setblocking(False)
    await loop.sock_connect(reader, (site.client.host, site.client.port))
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nx-cliq-signature: {SECRET}\r\n\r\n"
    before = streams(site)
    await loop.sock_sendall(reader, request.encode())
    await until(lambda: streams(site) > before)
    return reader


async def everything_of(reader: socket.socket) -> bytes:
    loop, read = asyncio.get_running_loop(), []
    while data := await loop.sock_recv(reader, 1 << 20):
        read.append(data)
    return b"".join(read)


async def test_a_reader_who_does_not_read_is_closed_with_its_last_number_and_others_hear_everything(site: Site):
    job_id = await site.submit()
    await until(lambda: site.seen)
    start = site.engine._events.last_seq
    slow = await a_reader_who_does_not_read(site)
    heard: list[int] = []
    async with asyncio.timeout(40), listening(site) as events:
        await anext(events)
        while not somebody_was_let_go(site):  # the kernel's buffers take megabytes before the first byte waits here
            await progress(site, job_id, 500)
            heard += [(await anext(events))[1]["seq"] for _ in range(500)]
        text = (await everything_of(slow)).decode()
    assert heard == list(range(start + 1, start + 1 + len(heard)))
    last = json.loads(text[text.index("event: closed") :].split("data: ")[1].split("\n")[0])
    assert last["reason"] == "too slow"
    assert f"id: {last['seq']}\n" in text
    assert f"id: {last['seq'] + 1}\n" not in text
    slow.close()


def somebody_was_let_go(site: Site) -> bool:
    audiences = site.client.app[BROADCAST]._audiences.values()
    return any(subscriber.left.done() for audience in audiences for subscriber in audience.members)


async def test_a_thousand_listeners_each_hear_everything_in_order(site: Site):
    job_id = await site.submit()
    await until(lambda: site.seen)
    start = site.engine._events.last_seq
    as_many_connections_as_it_takes(site)

    async def listen() -> list[int]:
        async with listening(site, f"/v1/events?after={start}") as events:
            return [(await anext(events))[1]["seq"] for _ in range(20)]

    async with asyncio.timeout(50), asyncio.TaskGroup() as group:
        listeners = [group.create_task(listen()) for _ in range(1_000)]
        await until(lambda: streams(site) == 1_000, within=40)
        for _ in range(4):
            await progress(site, job_id, 5)
            await asyncio.sleep(0)
    assert {tuple(each.result()) for each in listeners} == {tuple(range(start + 1, start + 21))}


async def test_a_place_is_free_again_when_its_listener_has_gone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(broadcast, "_SWEEP", 0.01)
    async with Site(settings=WebSettings(max_streams=3, max_streams_per_owner=2)) as site:
        key = await site.key("somebody")
        first, second = [await site.ask("GET", "/v1/events") for _ in range(2)]
        refused = await site.ask("GET", "/v1/events")
        await assert_problem(refused, 429, "Too many streams are open already.", "too_many_streams")
        assert "Retry-After" in refused.headers
        theirs = await site.ask("GET", "/v1/events", **key)
        assert theirs.status == 200
        assert (await site.ask("GET", "/v1/events", **key)).status == 429
        for response in (first, second, theirs):
            response.close()
        await until(lambda: streams(site) == 0)
        assert (await site.ask("GET", "/v1/events", Accept="application/json")).status == 200


async def test_old_clients_get_a_stream_without_chunks(site: Site):
    job_id = await site.done()
    reader, writer = await asyncio.open_connection(site.client.host, site.client.port)
    head = f"GET /v1/jobs/{job_id}/events?after=0 HTTP/1.0\r\nx-cliq-signature: {SECRET}\r\n\r\n"
    writer.write(head.encode())
    async with asyncio.timeout(10):
        _, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert body.startswith(b"retry: 2000\n\nevent: job.queued\nid: 1\n")
    assert body.endswith(b"\n\n")


async def test_an_event_that_cannot_be_told_ends_the_streams_and_new_ones_hear_what_follows(
    site: Site, monkeypatch: pytest.MonkeyPatch
):
    def broken(*_: object) -> bytes:
        raise TypeError("this cannot be told")

    async with asyncio.timeout(10):
        async with listening(site) as first:
            assert (await anext(first))[0] == "snapshot"
            with monkeypatch.context() as patch:
                patch.setattr(event_wire, "_event_members", broken)
                await site.jobs.set_queue("default", paused=True)
                await until(lambda: not site.client.app[BROADCAST]._audiences)
            assert names([each async for each in first]) == ["closed"]
        async with listening(site) as second:
            assert (await anext(second))[0] == "snapshot"
            await site.jobs.set_queue("default", paused=False)
            assert (await anext(second))[0] == "queue.resumed"
