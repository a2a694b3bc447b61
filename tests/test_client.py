"""The client: what it asks a real server, and how it gets on with one that is busy, broken or gone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from jobserver import Backoff, Client, Context, DoNotRetry, JobFailed, JobRequest, SyncClient, create_app, handler
from jobserver.client import KeptFile
from jobserver.client.connection import wait_before
from jobserver.errors import (
    BadSetting,
    InvalidRequest,
    JobNotFound,
    JobserverError,
    QueueFull,
    RateLimited,
    TimedOut,
    Unauthorized,
    Unavailable,
    WrongState,
)
from jobserver.jobs.clock import ManualClock
from jobserver.jobs.model import State
from jobserver.testing import LocalServer
from tests.make import until

SECRET = "a secret of the client's"


@handler("work", max_attempts=1)
async def work(context: Context, args: dict[str, Any]) -> Any:
    for line in args.get("lines", ()):
        context.log(line)
    for name, text in args.get("files", {}).items():
        context.artifact(name, text, "text/plain")
    if "error" in args:
        raise DoNotRetry(args["error"])
    if args.get("wait"):
        await asyncio.Event().wait()
    return args


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    async with LocalServer([work]) as server:
        yield server


@asynccontextmanager
async def answering(*answers: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[BaseTestServer]:
    """A server that gives each of ``answers`` once, in order, and the last one for ever."""
    left = list(answers)

    async def answer(request: web.Request) -> web.StreamResponse:
        return await (left.pop(0) if len(left) > 1 else left[0])(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        yield server


def saying(status: int, body: dict[str, Any], **headers: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def say(_: web.Request) -> web.Response:
        return web.json_response(body, status=status, headers=headers)

    return say


async def hang_up(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def asked(address: object, **settings: Any) -> Client:
    return Client(str(address), **({"secret": SECRET} | settings))


JOB = {"jobId": "job-1-a", "kind": "work", "queue": "default", "status": "done", "result": 7}
BUSY = {"ok": False, "error": "The queue is full.", "code": "queue_full"}


async def test_a_job_is_submitted_waited_for_and_read(server: LocalServer):
    job = await server.client.submit("work", {"a": 1}, priority=3, tags=["x"])
    assert (job.kind, job.queue, job.members["priority"], job.members["tags"]) == ("work", "default", 3, ["x"])
    ended = await server.client.wait(job.id, within=10)
    assert (ended.status, ended.ended, ended.progress, ended.result) == (State.DONE, True, 1.0, {"a": 1})
    assert (await server.client.get(job.id)).members == ended.members


async def test_everything_a_job_can_be_submitted_with_reaches_the_server(server: LocalServer):
    job = await server.client.submit(
        "work",
        {"a": 1},
        queue="default",
        run_at=datetime(2026, 2, 1, tzinfo=UTC),
        expires_in=timedelta(hours=1),
        max_attempts=4,
        backoff=Backoff(timedelta(seconds=2), factor=3, longest=timedelta(minutes=1), jitter=0.5),
        timeout=30,
        total_timeout=timedelta(minutes=2),
        dedup_key="d",
        concurrency_key="c",
    )
    shown = job.members
    assert (shown["status"], shown["runAt"]) == ("scheduled", "2026-02-01T00:00:00.000Z")
    assert (shown["timeout"], shown["totalTimeout"], shown["maxAttempts"]) == (30, 120, 4)
    assert shown["backoff"] == {"type": "exponential", "delay": 2, "factor": 3, "max": 60, "jitter": 0.5}
    assert (shown["dedupKey"], shown["concurrencyKey"]) == ("d", "c")
    again = await server.client.submit("work", dedup_key="d")
    assert (again.id, again.duplicate, job.duplicate) == (job.id, True, False)


async def test_why_a_job_failed_is_raised_as_what_it_was(server: LocalServer):
    job = await server.client.submit("work", {"error": "no such page"})
    with pytest.raises(DoNotRetry, match=r"^no such page$"):
        await server.client.result(job.id, within=10)
    cancelled = await server.client.submit("work", {"wait": True})
    await server.client.cancel(cancelled.id, "not needed")
    with pytest.raises(WrongState, match=r"^not needed$"):
        await server.client.result(cancelled.id)
    again = await server.client.retry(cancelled.id)
    assert again.status is State.QUEUED


@pytest.mark.parametrize(
    ("code", "kind"), [("timeout", TimedOut), ("exception", JobFailed), ("retry_after", JobFailed), ("new", JobFailed)]
)
async def test_a_failure_has_the_class_of_its_code(code: str, kind: type[JobFailed]):
    failed = JOB | {"status": "failed", "error": {"code": code, "message": "it broke"}}
    async with answering(saying(200, failed)) as other, asked(other.make_url("/")) as client:
        with pytest.raises(kind, match=r"^it broke$"):
            await client.result("job-1-a")


async def test_what_the_server_refuses_is_raised_as_what_it_is_there(server: LocalServer):
    client = server.client
    with pytest.raises(JobNotFound):
        await client.get("job-0-nobody")
    with pytest.raises(InvalidRequest) as refused:
        await client.submit("nothing", queue="nowhere", priority=5000)
    assert refused.value.errors[0][0] == "/priority"
    done = await client.submit("work")
    await client.wait(done.id, within=10)
    with pytest.raises(WrongState):
        await client.cancel(done.id)
    async with Client(server.url, secret="not the secret it has", clock=server.clock) as stranger:
        with pytest.raises(Unauthorized):
            await stranger.get(done.id)


async def test_an_id_with_a_slash_in_it_is_a_job_that_is_not_there(server: LocalServer):
    with pytest.raises(JobNotFound):
        await server.client.get("../../health?x=")


async def test_many_jobs_have_one_outcome_each(server: LocalServer):
    made = await server.client.submit_many([JobRequest("work"), JobRequest("nothing"), JobRequest("work", priority=9)])
    assert isinstance(made[0], str)
    assert isinstance(made[1], InvalidRequest)
    assert isinstance(made[2], str)
    assert (await server.client.wait(made[2], within=10)).status is State.DONE


async def test_a_list_is_followed_to_its_end(server: LocalServer, monkeypatch: pytest.MonkeyPatch):
    made = await server.client.submit_many([JobRequest("work", delay=60) for _ in range(7)])
    monkeypatch.setattr("jobserver.client.client._PAGE", 3)
    found = [job.id async for job in server.client.jobs(status="scheduled")]
    assert found == list(reversed(made))


@pytest.mark.parametrize(("limit", "pages"), [(0, []), (2, ["2"]), (5, ["3", "2"]), (100, ["3", "3", "3"])])
async def test_a_list_ends_after_as_many_as_were_asked_for(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch, limit: int, pages: list[str]
):
    made = await server.client.submit_many([JobRequest("work", delay=60) for _ in range(7)])
    monkeypatch.setattr("jobserver.client.client._PAGE", 3)
    asked_for: list[str] = []
    ask = server.client._connection.ask

    async def noted(*where: Any, query: dict[str, str], **more: Any) -> Any:
        asked_for.append(query["limit"])
        return await ask(*where, query=query, **more)

    monkeypatch.setattr(server.client._connection, "ask", noted)
    assert [job.id async for job in server.client.jobs(limit=limit)] == list(reversed(made))[:limit]
    assert asked_for == pages


async def test_what_is_no_text_is_refused_before_it_is_sent(server: LocalServer):
    for wrong in ({"text": "\ud800"}, {"\udfff": 1}):
        with pytest.raises(InvalidRequest, match="half a surrogate pair"):
            await server.client.submit("work", wrong)
    with pytest.raises(InvalidRequest, match="half a surrogate pair"):
        await anext(server.client.jobs(text="\ud800"))


async def test_logs_and_files_are_read(server: LocalServer):
    job = await server.client.submit("work", {"lines": [f"line {n}" for n in range(5)], "files": {"a b.txt": "hello"}})
    await server.client.wait(job.id, within=10)
    assert [line async for line in server.client.logs(job.id, start=3)] == ["line 3", "line 4"]
    assert await server.client.artifacts(job.id) == [KeptFile("a b.txt", "text/plain", 5)]
    assert await server.client.artifact(job.id, "a b.txt") == b"hello"


async def test_a_job_is_promoted_and_removed(server: LocalServer):
    job = await server.client.submit("work", delay=3600)
    await server.client.promote(job.id)
    await server.client.wait(job.id, within=10)
    await server.client.remove(job.id)
    with pytest.raises(JobNotFound):
        await server.client.get(job.id)


async def test_any_other_route_can_be_asked(server: LocalServer):
    assert (await server.client.request("POST", "/v1/queues/default/pause"))["paused"] is True
    assert (await server.client.request("GET", "/v1/queues/default"))["queue"] == "default"


async def test_a_wait_that_takes_too_long_is_a_timeout(server: LocalServer):
    job = await server.client.submit("work", {"wait": True})
    with pytest.raises(TimeoutError):
        await server.client.wait(job.id, within=0.05)


async def test_events_are_told_up_to_the_last_one(server: LocalServer):
    job = await server.client.submit("work", {"lines": ["hello"]}, delay=60)
    types = []
    async for event in server.client.events(job.id):
        types.append(event.type)
        if event.type == "snapshot":
            await server.advance(60)
    assert types[0] == "snapshot"
    assert types[-1] == "job.done"
    assert "job.log" in types
    assert [event.type async for event in server.client.events(job.id)] == ["snapshot"]


async def test_events_of_every_job_are_heard(server: LocalServer):
    heard = server.client.events()
    assert (await anext(heard)).type == "snapshot"
    job = await server.client.submit("work")
    assert (await anext(heard)).data["jobId"] == job.id
    await heard.aclose()


async def test_a_stream_that_breaks_goes_on_where_it_broke():
    resumed: list[str | None] = []

    def stream(*parts: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def write(request: web.Request) -> web.StreamResponse:
            resumed.append(request.headers.get("Last-Event-ID"))
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            await response.write("".join(parts).encode())
            return response

        return write

    def event(seq: int, status: str) -> str:
        return f'event: job.x\nid: {seq}\ndata: {{"status":"{status}"}}\n\n'

    first = stream(": hello\n\n", event(4, "queued"), 'event: job.x\nid: 5\ndata: {"half')
    second = stream(event(5, "processing"), 'event: server.draining\ndata: {"type":"server.draining"}\n\n')
    last = stream(event(6, "done"), event(7, "never read"))
    async with answering(first, hang_up, second, last) as other, asked(other.make_url("/")) as client:
        events = [event async for event in client.events("job-1-a")]
    assert [each.seq for each in events] == [4, 5, None, 6]
    assert resumed == [None, "4", "5"]


async def test_a_stream_with_nothing_left_to_tell_ends():
    async def nothing(_: web.Request) -> web.Response:
        return web.Response(status=204)

    async with answering(nothing) as other, asked(other.make_url("/")) as client:
        assert [event async for event in client.events("job-1-a", after=9)] == []


async def test_a_stream_of_a_job_that_is_not_there_is_refused(server: LocalServer):
    with pytest.raises(JobNotFound):
        await anext(server.client.events("job-0-nobody"))


async def test_a_request_that_is_refused_for_now_is_sent_again_when_the_server_says_so():
    busy, limited = saying(503, BUSY, **{"Retry-After": "1"}), saying(429, BUSY | {"code": "rate_limited"})
    loop = asyncio.get_running_loop()
    async with answering(busy, saying(202, JOB)) as other, asked(other.make_url("/")) as client:
        began = loop.time()
        assert (await client.submit("work")).id == "job-1-a"
        assert loop.time() - began >= 1
    async with answering(busy) as other, asked(other.make_url("/"), retries=0) as client:
        with pytest.raises(QueueFull) as refused:
            await client.submit("work")
        assert refused.value.retry_after == 1
    async with answering(limited) as other, asked(other.make_url("/"), patience=1) as client:
        with pytest.raises(RateLimited):
            await client.get("job-1-a")


async def test_a_submit_without_an_answer_is_sent_again_with_the_same_key():
    keys = []

    async def lose(request: web.Request) -> web.Response:
        keys.append(request.headers["Idempotency-Key"])
        return await hang_up(request)

    async def keep(request: web.Request) -> web.Response:
        keys.append(request.headers["Idempotency-Key"])
        return web.json_response(JOB, status=202)

    async with answering(lose, lose, keep) as other, asked(other.make_url("/")) as client:
        await client.submit("work")
    assert len(keys) == 3
    assert len(set(keys)) == 1


async def test_what_must_not_be_done_twice_is_not_sent_again():
    times = []

    async def lose(request: web.Request) -> web.Response:
        times.append(request.path)
        return await hang_up(request)

    async with answering(lose) as other, asked(other.make_url("/")) as client:
        with pytest.raises(Unavailable, match="No answer from http"):
            await client.retry("job-1-a")
    assert len(times) == 1


async def test_a_server_that_is_not_there_is_unavailable(unused_tcp_port: int):
    async with asked(f"http://127.0.0.1:{unused_tcp_port}", retries=1) as client:
        with pytest.raises(Unavailable, match=r"^No answer from http://127\.0\.0\.1"):
            await client.retry("job-1-a")


@pytest.mark.parametrize(
    ("status", "kind"), [(502, Unavailable), (404, JobserverError), (301, JobserverError), (200, JobserverError)]
)
async def test_an_answer_of_something_else_is_no_answer_of_a_job_server(status: int, kind: type[JobserverError]):
    async def proxy(_: web.Request) -> web.Response:
        return web.Response(status=status, text="<html>nginx</html>", content_type="text/html")

    async with answering(proxy) as other, asked(other.make_url("/"), retries=0) as client:
        with pytest.raises(kind):
            await client.get("job-1-a")


async def test_a_server_that_says_nothing_is_given_up():
    async def say_nothing(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async with answering(say_nothing) as other, asked(other.make_url("/"), timeout=0.05, retries=0) as client:
        with pytest.raises(Unavailable):
            await client.get("job-1-a")


async def test_every_request_is_signed_with_its_time_so_that_a_strict_server_takes_it(server: LocalServer):
    async with LocalServer([work], strict_hmac=True) as strict:
        job = await strict.client.submit("work", {"ümlaut": "§ 1"}, idempotency_key="k")
        assert [each.id async for each in strict.client.jobs(text="§ 1")] == [job.id]
        assert (await strict.client.submit("work", {"ümlaut": "§ 1"}, idempotency_key="k")).id == job.id


async def test_a_client_without_a_secret_signs_nothing():
    app = create_app([work], cliq_secret=SECRET, allow_unsigned=True)
    async with TestServer(app) as other, Client(str(other.make_url("/"))) as client:
        assert await client.result((await client.submit("work", {"a": 1})).id, within=10) == {"a": 1}


async def test_an_api_key_is_shown_instead(server: LocalServer):
    made = await server.client.request("POST", "/v1/keys", {"owner": "ada", "scopes": ["submit", "read"]})
    async with Client(server.url, api_key=made["token"]) as ada:
        job = await ada.submit("work")
        assert (await ada.wait(job.id, within=10)).members["owner"] == "ada"


async def test_a_mounted_server_is_reached_by_its_prefix():
    app = web.Application()
    app.add_subapp("/queue", create_app([work], cliq_secret=SECRET))
    async with TestServer(app) as other, asked(f"{other.make_url('/queue')}/", secret=SECRET) as client:
        assert await client.result((await client.submit("work", {"a": 1})).id, within=10) == {"a": 1}


async def test_a_unix_socket_is_an_address_as_well(tmp_path: Path):
    app = create_app([work], cliq_secret=SECRET)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.UnixSite(runner, str(tmp_path / "jobs.sock")).start()
    async with asked(f"unix:{tmp_path}/jobs.sock") as client:
        assert await client.result((await client.submit("work", {"a": 1})).id, within=10) == {"a": 1}
    await runner.cleanup()


@pytest.mark.parametrize("address", ["localhost:3000", "ftp://localhost", ""])
def test_an_address_that_is_none_is_refused(address: str):
    with pytest.raises(BadSetting, match="is no address of a server"):
        Client(address)


def test_waits_grow_up_to_a_limit():
    assert [wait_before(number) for number in (1, 2, 3, 20)] == [0.2, 0.4, 0.8, 5.0]


async def test_the_client_without_asyncio_does_the_same(server: LocalServer):
    def use() -> None:
        with SyncClient(server.url, secret="a secret for tests", clock=server.clock) as client:
            job = client.submit("work", {"lines": ["x"], "files": {"f": "y"}}, tags=["sync"])
            assert [event.type for event in client.events(job.id)][-1] in {"job.done", "snapshot"}
            assert client.wait(job.id, within=10).status is State.DONE
            assert client.result(job.id) == client.get(job.id).result
            assert list(client.logs(job.id)) == ["x"]
            assert [each.name for each in client.artifacts(job.id)] == ["f"]
            assert client.artifact(job.id, "f") == b"y"
            waiting = client.submit("work", delay=60)
            assert client.promote(waiting.id).status in set(State)
            failed = client.submit("work", {"error": "no"})
            with pytest.raises(DoNotRetry):
                client.result(failed.id)
            assert client.retry(failed.id).id == failed.id
            client.wait(failed.id)
            client.remove(failed.id)
            assert isinstance(client.submit_many([JobRequest("work", {"wait": True})])[0], str)
            stuck = next(client.jobs(limit=1))
            assert client.cancel(stuck.id).status is State.CANCELLED
            assert client.request("GET", "/v1/queues/default")["queue"] == "default"
            events = client.events()
            assert next(events).type == "snapshot"
        client.close()

    await asyncio.to_thread(use)


async def test_a_stamp_comes_from_the_clock_it_is_given(server: LocalServer):
    async with Client(server.url, secret="a secret for tests", clock=ManualClock(datetime.now(UTC)), retries=0) as late:  # noqa: TID251 - the wrong one
        with pytest.raises(Unauthorized):
            await late.get("job-0-nobody")


async def test_a_request_is_the_members_that_were_given_and_no_others():
    seen = []

    async def look(request: web.Request) -> web.Response:
        seen.append(json.loads(await request.read()))
        return web.json_response(JOB, status=202)

    async with answering(look) as other, asked(other.make_url("/")) as client:
        await client.submit("work", delay=timedelta(minutes=1), backoff=Backoff(timedelta(seconds=5), factor=1))
        await until(lambda: seen)
    assert seen == [
        {
            "kind": "work",
            "args": {},
            "delay": 60.0,
            "backoff": {"type": "fixed", "delay": 5.0, "max": 3600.0, "jitter": 0.0},
        }
    ]
