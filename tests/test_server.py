"""A server inside other software: mounted, alone, several at once, started and stopped by somebody else."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from jobserver import JOBS, Client, Context, Submission, create_app, handler, open_jobs
from jobserver.config import Config, load
from jobserver.errors import BadSetting, ShuttingDown, StartupError, WeakSecret
from jobserver.server import Server
from tests.process import Program
from tests.web.site import assert_problem

SECRET = "a secret of the mounted"
SIGNED = {"x-cliq-signature": SECRET}


PROGRAM = """
import sys
from jobserver import handler, serve

@handler("shout")
def shout(args: dict) -> str:
    return args["text"].upper()

sys.exit(serve([shout], port=0, concurrency=7))
"""


@handler("add")
async def add(args: dict[str, Any]) -> dict[str, Any]:
    return {"sum": args["a"] + args["b"]}


@handler("wait", queue="slow")
async def wait_for_ever(context: Context) -> None:
    context.progress(0.5)
    await asyncio.Event().wait()


def an_app(**settings: Any) -> web.Application:
    chosen: dict[str, Any] = {"cliq_secret": SECRET, "shutdown_grace": 0} | settings
    return create_app([add, wait_for_ever], **chosen)


@pytest.fixture
async def parent() -> AsyncIterator[TestClient[Any, Any]]:
    """Somebody's application with a queue two floors down."""
    inner, outer = web.Application(), web.Application()
    outer.router.add_get("/", _home)
    inner.add_subapp("/queue", an_app())
    outer.add_subapp("/tools", inner)
    async with TestClient(TestServer(outer)) as client:
        yield client


async def _home(_: web.Request) -> web.Response:
    return web.Response(text="mine")


async def submit(client: TestClient[Any, Any], prefix: str, kind: str = "add") -> dict[str, Any]:
    body = {"kind": kind, "args": {"a": 1, "b": 2} if kind == "add" else {}}
    async with client.post(f"{prefix}/v1/jobs", json=body, headers=SIGNED) as response:
        assert response.status == 202, await response.text()
        job: dict[str, Any] = await response.json()
        assert response.headers["Location"] == f"{prefix}/v1/jobs/{job['jobId']}"
        return job


def strings(value: Any) -> list[str]:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [value] if isinstance(value, str) else [text for child in children for text in strings(child)]


async def test_every_path_an_answer_names_works_where_the_server_is_mounted(parent: TestClient[Any, Any]):
    job = await submit(parent, "/tools/queue")
    await parent.get(f"/tools/queue/v1/jobs/{job['jobId']}?wait=10", headers=SIGNED)
    pages = [f"/tools/queue{path}" for path in (f"/v1/jobs/{job['jobId']}", f"/result/{job['jobId']}", "/v1/jobs")]
    named = set()
    for page in pages:
        async with parent.get(page, headers=SIGNED) as response:
            assert response.status == 200
            named |= {text for text in strings(await response.json()) if text.startswith("/")}
    assert {each.rpartition("/")[2] for each in named} == {job["jobId"], "events", "logs", "artifacts", "result"}
    for path in named:
        assert path.startswith("/tools/queue/")
        method = "POST" if path.endswith(("/cancel", "/retry", "/promote")) else "GET"
        async with parent.request(method, path, headers=SIGNED) as response:
            assert response.status in {200, 409}, path


async def test_the_next_page_of_a_list_is_below_the_prefix(parent: TestClient[Any, Any]):
    for _ in range(2):
        await submit(parent, "/tools/queue")
    async with parent.get("/tools/queue/v1/jobs?limit=1", headers=SIGNED) as response:
        following = URL(response.links["next"]["url"]).relative()
    assert following.path == "/tools/queue/v1/jobs"
    async with parent.get(following, headers=SIGNED) as response:
        assert len((await response.json())["jobs"]) == 1


async def test_the_old_face_names_paths_below_the_prefix():
    app = web.Application()
    app.add_subapp(
        "/queue", create_app(cliq_secret=SECRET, analyze_engine="static", allow_private_targets="127.0.0.1:1")
    )
    async with TestClient(TestServer(app)) as client:
        made = {"url": "http://127.0.0.1:1/"}
        async with client.post("/queue/analyze", json=made, headers=SIGNED) as response:
            answer = await response.json()
            paths = [response.headers["Location"], answer["pollUrl"], *answer["links"].values()]
        async with client.get(answer["pollUrl"], headers=SIGNED) as response:
            paths += [action["url"] for action in (await response.json())["actions"]]
        async with client.get(answer["links"]["preview"]) as response:
            assert response.status == 200
    assert len(paths) == 8
    assert all(path.startswith("/queue/") for path in paths)


async def test_what_is_wrong_below_the_prefix_has_the_one_shape_and_what_is_beside_it_has_not(
    parent: TestClient[Any, Any],
):
    nowhere = await parent.get("/tools/queue/nowhere")
    problem = await assert_problem(nowhere, 404, "There is nothing at this address.", "route_not_found")
    assert problem["instance"] == "/tools/queue/nowhere"
    wrong = await parent.get("/tools/queue/analyze")
    await assert_problem(wrong, 405, "This address does not take that method.", "method_not_allowed")
    assert wrong.headers["Allow"] == "POST"
    beside = await parent.get("/tools/nowhere")
    assert (beside.status, beside.content_type) == (404, "text/plain")
    assert await (await parent.get("/")).text() == "mine"


async def test_a_signature_covers_the_prefix(parent: TestClient[Any, Any]):
    stamp = str(int(time.time()))  # noqa: TID251 - a client's clock

    def signed(path: str) -> dict[str, str]:
        message = f"{stamp}.GET.{path}.".encode()
        signature = hmac.new(SECRET.encode(), message, hashlib.sha256).hexdigest()
        return {"x-cliq-timestamp": stamp, "x-cliq-signature": signature}

    path = "/tools/queue/v1/jobs?limit=5"
    assert (await parent.get(path, headers=signed(path))).status == 200
    assert (await parent.get(path, headers=signed("/v1/jobs?limit=5"))).status == 401


async def test_how_large_a_body_may_be_is_for_the_queue_to_say_and_not_for_its_parent():
    app = web.Application(client_max_size=1500)
    app.add_subapp("/queue", an_app(max_body_bytes=3000))
    async with TestClient(TestServer(app)) as client:
        body = {"kind": "add", "args": {"a": "x" * 2000, "b": ""}}
        assert (await client.post("/queue/v1/jobs", json=body, headers=SIGNED)).status == 202
        response = await client.post("/queue/v1/jobs", data=b" " * 4000, headers=SIGNED)
        await assert_problem(response, 413, "The request body is too large.", "body_too_large")


async def test_a_link_that_is_signed_for_a_browser_opens_below_the_prefix(parent: TestClient[Any, Any]):
    job = await submit(parent, "/tools/queue")
    asked = {"purpose": "events"}
    path = f"/tools/queue/v1/jobs/{job['jobId']}/links"
    async with parent.post(path, json=asked, headers=SIGNED) as response:
        url = (await response.json())["url"]
    assert url.startswith("/tools/queue/v1/jobs/")
    async with parent.get(url) as response:
        assert response.status == 200
        assert b'"status":"done"' in await response.read()


async def test_a_websocket_is_opened_below_the_prefix(parent: TestClient[Any, Any]):
    async with parent.ws_connect("/tools/queue/v1/ws") as link:
        await link.send_json({"type": "ping"})
        assert (await link.receive_json(timeout=10))["type"]


async def test_the_description_says_where_it_is_mounted(parent: TestClient[Any, Any]):
    async with parent.get("/tools/queue/openapi.json") as response:
        assert (await response.json())["servers"] == [{"url": "/tools/queue"}]


async def test_two_servers_of_one_process_do_not_know_of_each_other():
    app = web.Application()
    app.add_subapp("/a", an_app())
    app.add_subapp("/b", an_app())
    async with TestClient(TestServer(app)) as client:
        job = await submit(client, "/a")
        assert (await client.get(f"/a/v1/jobs/{job['jobId']}", headers=SIGNED)).status == 200
        assert (await client.get(f"/b/v1/jobs/{job['jobId']}", headers=SIGNED)).status == 404


async def test_the_client_of_pytest_aiohttp_can_be_used(aiohttp_client: Any):
    client = await aiohttp_client(an_app())
    assert (await submit(client, ""))["kind"] == "add"


async def test_the_service_is_in_the_application():
    app = an_app()
    async with TestClient(TestServer(app)):
        standing, _ = await app[JOBS].submit(Submission("add", {"a": 1, "b": 1}, owner="default"))
        job = (await app[JOBS].wait(standing.job.id, None, 10)).job
        assert job.result is not None
        assert json.loads(job.result.body) == {"sum": 2}


async def test_it_stops_with_its_parent_and_running_jobs_with_it():
    app, parent = an_app(), web.Application()
    parent.add_subapp("/queue", app)
    client = TestClient[Any, Any](TestServer(parent))
    await client.start_server()
    job = await submit(client, "/queue", "wait")
    async with client.get(f"/queue/v1/jobs/{job['jobId']}/events", headers=SIGNED) as stream:
        while b'progress":0.5' not in await stream.content.readline():
            pass
        await client.close()
        assert app[JOBS].draining
    with pytest.raises(ShuttingDown):
        await app[JOBS].submit(Submission("add", {}, owner="me"))


async def test_a_server_that_has_run_refuses_to_run_again():
    app = an_app()
    async with TestServer(app):
        pass
    runner = web.AppRunner(app)
    with pytest.raises(StartupError, match=r"^This server has run already: make another one\.$"):
        await runner.setup()
    await runner.cleanup()


async def test_a_start_that_fails_later_on_leaves_nothing_running():
    app = an_app()

    async def fail(_: web.Application) -> None:
        raise OSError("no database")

    app.on_startup.append(fail)
    runner = web.AppRunner(app)
    before = len(asyncio.all_tasks())
    with pytest.raises(OSError, match="no database"):
        await runner.setup()
    await runner.cleanup()
    assert len(asyncio.all_tasks()) == before


def test_an_application_can_be_made_before_there_is_an_event_loop_and_be_run_by_run_app():
    app = an_app()
    seen = []

    async def look(_: web.Application) -> None:
        standing, _created = await app[JOBS].submit(Submission("add", {"a": 2, "b": 2}, owner="me"))
        seen.append((await app[JOBS].wait(standing.job.id, None, 10)).job.state)
        raise web.GracefulExit

    app.on_startup.append(look)
    web.run_app(app, host="127.0.0.1", port=0, print=lambda _: None)
    assert seen == ["done"]


@pytest.mark.parametrize("settings", [{}, {"cliq_secret": "short"}, {"cliq_secret": ""}])
def test_a_secret_that_can_be_guessed_is_refused_since_nobody_knows_who_reaches_the_parent(settings: dict[str, Any]):
    with pytest.raises(WeakSecret):
        create_app([add], **settings)
    create_app([add], loopback=True, **settings)


def test_a_setting_that_does_not_exist_is_refused_with_the_one_that_does():
    with pytest.raises(BadSetting, match=r"^There is no setting concurency\. Did you mean concurrency\?$"):
        an_app(concurency=4)


def test_a_setting_is_checked_as_it_is_in_the_environment():
    with pytest.raises(BadSetting, match=r"^CONCURRENCY cannot be used: it must be a whole number from 1 to 256\.$"):
        an_app(concurrency=0)


def test_a_config_of_the_environment_can_be_given_and_settings_win_over_it():
    config = load({"CLIQ_SECRET": SECRET, "MAX_BODY_BYTES": "5000"})
    app = create_app([add], config=config, max_body_bytes=6000)
    assert app._client_max_size == 6000


def test_two_handlers_of_one_kind_are_refused():
    with pytest.raises(StartupError, match="two handlers for kind 'add'"):
        create_app([add, add.handler, handler("add")(lambda: None)], cliq_secret=SECRET)


def test_a_server_where_others_reach_it_must_have_a_secret():
    with pytest.raises(WeakSecret):
        Server(Config(host="0.0.0.0"))
    Server(Config(host="0.0.0.0"), loopback=True)


async def test_the_service_alone_runs_jobs_and_ends_with_its_block():
    tasks = len(asyncio.all_tasks())
    async with open_jobs([add]) as jobs:
        standing, created = await jobs.submit(Submission("add", {"a": 1, "b": 2}, owner="me"))
        assert created
        assert (await jobs.wait(standing.job.id, "me", 10)).job.state == "done"
    with pytest.raises(ShuttingDown):
        await jobs.submit(Submission("add", {}, owner="me"))
    assert len(asyncio.all_tasks()) == tasks


async def test_a_program_can_be_a_server_of_its_own_kinds_of_job(tmp_path: Path):
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / ".env").write_text(f"CLIQ_SECRET={SECRET}\nMAX_QUEUE=50\n")
    async with (
        Program("program.py", directory=tmp_path, MAX_QUEUE="60") as server,
        Client(server.address, secret=SECRET) as client,
    ):
        assert (await client.submit("shout", {"text": "hello"})).kind == "shout"
        config = await client.request("GET", "/-/config")
        assert [config["settings"][name] for name in ("MAX_QUEUE", "CONCURRENCY")] == [60, 7]
        server.process.send_signal(signal.SIGTERM)
        assert await server.stopped() == 0


async def test_the_environment_is_not_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(os.environ, "CONCURRENCY", "nonsense")
    async with open_jobs([add]) as jobs:
        assert set(jobs.kinds) >= {"add"}
