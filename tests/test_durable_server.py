"""A server with its jobs on disk: what a restart finds again, and what the server says while the disk fails it."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from jobserver import Jobs, Submission, create_app, handler, open_jobs
from jobserver.auth.keys import entry_of, new_key
from jobserver.errors import BadSetting, JobNotFound, QueueFull
from jobserver.jobs.access import Scope
from jobserver.jobs.model import Filter, JobId, Position, State
from tests.make import START, until
from tests.process import Program

JOBS = """
import asyncio, time
from pathlib import Path
from jobserver import handler

@handler("count", queue="counting", concurrency=3)
def count(args: dict) -> dict:
    return {"counted": args["to"]}

@handler("hold", timeout=None, concurrency=3)
async def hold():
    await asyncio.Event().wait()

@handler("block")
async def block():
    time.sleep(3)  # here it blocks
"""

WITH_A_BAD_DISK = """
import os, sys
from pathlib import Path
from jobserver.cli import main
from jobserver.engines.sqlite.file import SqliteFile
from jobserver.errors import StoreBroken, StoreUnavailable

commit = SqliteFile.commit

async def failing(self, batch):
    if Path("full").exists():
        raise StoreUnavailable("The disk is full.")
    if Path("broken").exists():
        raise StoreBroken("The disk failed.")
    await commit(self, batch)

SqliteFile.commit = failing
sys.exit(main(["serve", "--handlers", "own_jobs"]))
"""


@handler("echo")
async def echo(args: dict[str, Any]) -> dict[str, Any]:
    return args


@handler("grow", concurrency=1)
async def grow(args: dict[str, Any]) -> str:
    return "x" * int(args["size"])


class Server(Program):
    """The job server with a store in its directory and kinds of the test's own."""

    def __init__(self, directory: Path, *arguments: str, **settings: str) -> None:
        (directory / "own_jobs.py").write_text(JOBS)
        program = arguments or ("-m", "jobserver", "serve", "--handlers", "own_jobs")
        ours = {"PORT": "0", "JOBSERVER_STORE": "sqlite:jobs.db", "CHROMIUM_PATH": ""}
        super().__init__(*program, directory=directory, **(ours | settings))

    async def ask(self, method: str, path: str, json: Any = None, **headers: str) -> tuple[int, Any]:
        async with self.session.request(method, path, json=json, headers=headers) as response:
            return response.status, await response.json() if response.status != 204 else None

    async def submit(self, kind: str, **members: Any) -> str:
        status, body = await self.ask("POST", "/v1/jobs", {"kind": kind, **members})
        assert status == 202, body
        return str(body["jobId"])

    async def job(self, job_id: str, query: str = "") -> dict[str, Any]:
        status, body = await self.ask("GET", f"/v1/jobs/{job_id}{query}")
        assert status == 200, body
        return dict(body)

    async def running(self, job_id: str) -> bool:
        return bool((await self.job(job_id))["status"] == "processing")


async def test_what_was_accepted_before_a_kill_is_done_after_it(tmp_path: Path):
    async with Server(tmp_path) as server:
        assert (await server.ask("GET", "/readyz"))[1] | {"analyze": "", "sandbox": ""} == {
            "ok": True,
            "engine": "sqlite",
            "durable": True,
            "analyze": "",
            "sandbox": "",
        }
        done = await server.submit("count", args={"to": 1})
        assert (await server.job(done, "?wait=10"))["result"] == {"counted": 1}
        await server.ask("POST", "/v1/queues/counting/pause")
        waiting = [await server.submit("count", args={"to": number}) for number in (2, 3)]
        held = await server.submit("hold", maxAttempts=1)
        await until(lambda: server.running(held))
        await server.kill()
    async with Server(tmp_path) as server:
        assert (await server.job(done))["result"] == {"counted": 1}
        assert [(await server.job(each))["queuePosition"] for each in waiting] == [1, 2]
        assert (await server.job(held))["error"]["code"] == "server_died"
        await server.ask("POST", "/v1/queues/counting/resume")
        assert [(await server.job(each, "?wait=10"))["result"]["counted"] for each in waiting] == [2, 3]


async def test_a_stop_in_good_order_costs_the_jobs_nothing_not_even_their_places(tmp_path: Path):
    async with Server(tmp_path, SHUTDOWN_GRACE="0.1") as server:
        held = [await server.submit("hold", maxAttempts=1) for _ in range(4)]
        await until(lambda: server.running(held[2]))
        assert await server.stop() == 0
        log = server.log.read_text()
        assert "Waiting up to 0.1 s for running jobs: 3." in log
        assert "are lost" not in log
    async with Server(tmp_path, QUEUES="default:concurrency=1", SHUTDOWN_GRACE="0") as server:
        await until(lambda: server.running(held[0]))
        jobs = [await server.job(each) for each in held]
        assert [(job["attempt"], len(job["attempts"])) for job in jobs] == [(1, 1), (0, 0), (0, 0), (0, 0)]
        assert [job["queuePosition"] for job in jobs[1:]] == [1, 2, 3]


async def test_what_operators_chose_of_a_queue_outlives_the_server_and_what_settings_say_does_not(tmp_path: Path):
    async with Server(tmp_path, QUEUES="counting:concurrency=5,keepCount=7") as server:
        await server.ask("PATCH", "/v1/queues/counting", {"keep": 60})
        await server.ask("POST", "/v1/queues/counting/pause")
        await server.kill()
    async with Server(tmp_path, QUEUES="counting:concurrency=2", JOB_TTL="90") as server:
        _, counting = await server.ask("GET", "/v1/queues/counting")
        assert (counting["paused"], counting["keep"], counting["concurrency"]) == (True, 60, 2)
        assert "keepCount" not in counting
        assert (await server.ask("GET", "/v1/queues/default"))[1]["keep"] == 90


async def test_keys_of_the_setting_go_with_it_and_those_made_by_the_api_stay(tmp_path: Path):
    configured, its_token = new_key("acme", {Scope.READ}, START)
    async with Server(tmp_path, API_KEYS=entry_of(configured)) as server:
        status, made = await server.ask("POST", "/v1/keys", {"owner": "beta", "scopes": ["read"]})
        assert status == 201
        assert await _opens(server, its_token)
        await server.kill()
    async with Server(tmp_path) as server:
        assert await _opens(server, made["token"])
        assert not await _opens(server, its_token)
        _, listed = await server.ask("GET", "/v1/keys")
        assert [key["owner"] for key in listed["keys"]] == ["beta"]
        assert (await server.ask("DELETE", f"/v1/keys/{made['keyId']}"))[0] == 204
        await server.kill()
    async with Server(tmp_path) as server:
        assert not await _opens(server, made["token"])


async def _opens(server: Server, token: str) -> bool:
    bearer = {"Authorization": f"Bearer {token}"}  # and no signature, which would be what counts
    async with aiohttp.ClientSession(server.address, headers=bearer) as session, session.get("/v1/jobs") as response:
        return response.status == 200


async def test_on_a_full_disk_jobs_are_refused_and_read_and_all_is_well_when_there_is_room_again(tmp_path: Path):
    async with Server(tmp_path, "-c", WITH_A_BAD_DISK) as server:
        done = await server.submit("count", args={"to": 1})
        await server.job(done, "?wait=10")
        (tmp_path / "full").touch()
        async with server.session.post("/v1/jobs", json={"kind": "count", "args": {"to": 2}}) as refused:
            body = await refused.json()
            assert (refused.status, body["code"], body["error"]) == (503, "store_unavailable", "The disk is full.")
            assert int(refused.headers["Retry-After"]) >= 1
        async with server.session.get("/readyz") as unready:
            body = await unready.json()
            assert (unready.status, body["error"], body["durable"]) == (503, "The disk is full.", True)
        assert (await server.job(done))["result"] == {"counted": 1}
        assert "jobserver_store_writable 0.0" in await _metrics(server)
        (tmp_path / "full").unlink()
        await until(lambda: _is_ready(server))
        assert (await server.ask("GET", "/v1/jobs"))[1]["jobs"][0]["jobId"] == done
        again = await server.submit("count", args={"to": 2})
        assert (await server.job(again, "?wait=10"))["result"] == {"counted": 2}
        assert "jobserver_store_writable 1.0" in await _metrics(server)


async def test_on_a_full_disk_a_server_still_stops_in_time_and_in_good_order(tmp_path: Path):
    async with Server(tmp_path, "-c", WITH_A_BAD_DISK, SHUTDOWN_GRACE="0.1") as server:
        held = await server.submit("hold", maxAttempts=1)
        await until(lambda: server.running(held))
        (tmp_path / "full").touch()
        async with asyncio.timeout(8):
            assert await server.stop() == 0
    (tmp_path / "full").unlink()
    async with Server(tmp_path) as server:  # that it went back to its place could not be written
        assert (await server.job(held))["error"]["code"] == "server_died"


async def test_a_disk_that_failed_ends_the_server_with_one_line_and_the_next_one_reads_what_is_there(tmp_path: Path):
    async with Server(tmp_path, "-c", WITH_A_BAD_DISK) as server:
        done = await server.submit("count", args={"to": 1})
        await server.job(done, "?wait=10")
        held = await server.submit("hold", maxAttempts=2)
        await until(lambda: server.running(held))
        (tmp_path / "broken").touch()
        status, body = await server.ask("POST", "/v1/jobs", {"kind": "count", "args": {"to": 2}})
        assert (status, body["code"]) == (503, "store_unavailable")
        assert await server.stopped() == 1
        log = server.log.read_text()
        assert (
            "CRITICAL jobserver.server: The disk failed. This process ends; the next one reads what is on disk." in log
        )
        assert "Traceback" not in log
    (tmp_path / "broken").unlink()
    async with Server(tmp_path) as server:
        assert (await server.job(done))["result"] == {"counted": 1}
        await until(lambda: server.running(held))
        assert [each.get("code") for each in (await server.job(held))["attempts"]] == ["server_died", None]
        assert len((await server.ask("GET", "/v1/jobs"))[1]["jobs"]) == 2


async def test_a_disk_that_fails_while_the_server_stops_is_no_stop_in_good_order(tmp_path: Path):
    async with Server(tmp_path, "-c", WITH_A_BAD_DISK, SHUTDOWN_GRACE="0.1") as server:
        held = await server.submit("hold")
        await until(lambda: server.running(held))
        (tmp_path / "broken").touch()
        assert await server.stop() == 1
        assert server.log.read_text().count("This process ends; the next one reads what is on disk.") == 1


async def test_a_job_that_ends_with_the_rescue_is_kept_as_long_as_the_settings_say(tmp_path: Path):
    async with Server(tmp_path) as server:
        held = await server.submit("hold", maxAttempts=1)
        await until(lambda: server.running(held))
        await server.kill()
    async with Server(tmp_path, JOB_TTL="1") as server:

        async def gone() -> bool:
            return (await server.ask("GET", f"/v1/jobs/{held}"))[0] == 404

        await until(gone)


async def test_many_jobs_of_one_request_are_written_together_and_stand_in_their_order(tmp_path: Path):
    async with Server(tmp_path) as server:
        await server.ask("POST", "/v1/queues/counting/pause")
        before = await _commits(server)
        many = [{"kind": "count", "args": {"to": number}} for number in range(500)]
        status, body = await server.ask("POST", "/v1/jobs/bulk", {"jobs": many})
        assert (status, body["accepted"]) == (200, 500)
        assert [each["queuePosition"] for each in body["jobs"]] == list(range(1, 501))
        assert await _commits(server) - before <= 20
        await server.kill()
    async with Server(tmp_path) as server:
        for place in (0, 1, 250, 499):
            job = await server.job(body["jobs"][place]["jobId"])
            assert (job["queuePosition"], job["args"]) == (place + 1, {"to": place})


async def test_a_second_server_on_the_same_file_says_why_it_does_not_start(tmp_path: Path):
    async with Server(tmp_path):
        second = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "jobserver", "serve"),
            stderr=asyncio.subprocess.PIPE,
            cwd=tmp_path,
            env=Server(tmp_path).environment,
        )
        _, err = await asyncio.wait_for(second.communicate(), 30)
        assert second.returncode == 1
        assert "in use by another server" in err.decode()
        assert "Traceback" not in err.decode()


async def test_a_blocked_event_loop_is_told_of_within_two_seconds_with_the_line_that_blocks_it(tmp_path: Path):
    async with Server(tmp_path, STORE="memory") as server:
        job_id = await server.submit("block")
        await until(lambda: "# here it blocks" in server.log.read_text(), within=2)
        log = server.log.read_text()
        assert "The event loop is blocked and nobody is answered" in log
        assert f"Task: job {job_id}." in log
        await until(lambda: "The event loop turns again after at least" in server.log.read_text())
        assert server.log.read_text().count("The event loop is blocked") == 1
        assert "jobserver_event_loop_stalls_total 1.0" in await _metrics(server)


async def test_a_server_that_was_stopped_for_a_while_has_not_been_blocked(tmp_path: Path):
    async with Server(tmp_path) as server:
        for _ in range(2):
            server.process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(2.5)
            server.process.send_signal(signal.SIGCONT)
            await asyncio.sleep(1)
        assert "jobserver_event_loop_stalls_total 0.0" in await _metrics(server)
        assert "blocked" not in server.log.read_text()


async def _commits(server: Server) -> float:
    (found,) = re.findall(r"^jobserver_store_commit_seconds_count (.+)$", await _metrics(server), re.MULTILINE)
    return float(found)


async def _metrics(server: Server) -> str:
    async with server.session.get("/metrics") as response:
        return await response.text()


async def _is_ready(server: Server) -> bool:
    async with server.session.get("/readyz") as response:
        return response.status == 200


async def test_a_program_of_ones_own_keeps_its_jobs_by_naming_a_file(tmp_path: Path):
    store = f"sqlite://{tmp_path}/jobs.db"
    async with open_jobs([echo], store=store) as jobs:
        standing, _ = await jobs.submit(Submission("echo", {"n": 1}, "default"))
        assert (await jobs.wait(standing.job.id, None, 10)).job.state is State.DONE
        assert jobs.caps.durable
    async with open_jobs([echo], store=store) as jobs:
        assert (await jobs.get(standing.job.id, None)).job.state is State.DONE
    async with open_jobs([echo]) as jobs:
        with pytest.raises(JobNotFound):
            await jobs.get(standing.job.id, None)


@pytest.mark.parametrize("store", ["redis://localhost", "jobs.db", "sqlite:"])
def test_an_application_refuses_a_store_that_it_does_not_understand(store: str):
    with pytest.raises(BadSetting, match=r"^STORE cannot be used: .*sqlite:///absolute/path/jobs\.db"):
        create_app([echo], store=store, loopback=True)


async def test_the_estimate_of_a_queue_knows_what_operators_chose_before_a_restart(tmp_path: Path):
    store = f"sqlite://{tmp_path}/jobs.db"
    async with open_jobs([echo], store=store) as jobs:
        await jobs.set_queue("default", concurrency=4, paused=True)
        for _ in range(4):
            await jobs.submit(Submission("echo", {}, "default"))
    async with open_jobs([echo], store=store) as jobs:
        jobs.stats.observe("echo", 10.0)
        standing, _ = await jobs.submit(Submission("echo", {}, "default"))
        assert (standing.position, standing.eta) == (standing.position, 20.0)  # the fifth, four at a time


A_TENTH = 100_000
SMALL: dict[str, Any] = {"max_store_bytes": 1_000_000, "max_result_bytes": 500_000}


async def test_near_the_memory_limit_the_oldest_ended_jobs_go_and_what_waits_stays(tmp_path: Path):
    store = f"sqlite://{tmp_path}/jobs.db"
    async with open_jobs([grow], store=store, **SMALL) as jobs:
        ended = [await _grown(jobs) for _ in range(12)]
        there = await _there(jobs, ended)
        assert there == ended[-len(there) :]
        assert 5 < len(there) < 10
        await jobs.set_queue("default", paused=True)
        waiting = await _filled(jobs)
        assert 5 < len(waiting) < 10
        assert await _there(jobs, ended) == ended[-1:]  # the last one is spared: somebody is about to read it
        assert (await jobs.counts())[State.QUEUED] == len(waiting)
        assert (await jobs.kept()).bytes <= 1_000_000
    async with open_jobs([grow], store=store, **SMALL) as jobs:
        assert [(await jobs.get(job_id, None)).position for job_id in waiting] == [
            Position(number, exact=True) for number in range(len(waiting))
        ]
        assert await _there(jobs, ended) == ended[-1:]
        with pytest.raises(QueueFull, match="memory"):
            await _submit(jobs, args="y" * A_TENTH)


async def test_a_store_that_is_larger_than_a_new_limit_opens_and_loses_nothing_that_waits(tmp_path: Path):
    store = f"sqlite://{tmp_path}/jobs.db"
    async with open_jobs([grow], store=store) as jobs:
        ended = [await _grown(jobs) for _ in range(3)]
        await jobs.set_queue("default", paused=True)
        waiting = [await _submit(jobs, args="y" * A_TENTH) for _ in range(12)]
    async with open_jobs([grow], store=store, **SMALL) as jobs:
        with pytest.raises(QueueFull, match="memory"):
            await _submit(jobs)
        assert await _there(jobs, ended) == ended[-1:]
        assert await _there(jobs, waiting) == waiting
        await jobs.set_queue("default", paused=False)
        assert (await jobs.wait(waiting[-1], None, 20)).job.state is State.DONE


async def _submit(jobs: Jobs, *, size: int = 10, args: str = "") -> JobId:
    standing, _ = await jobs.submit(Submission("grow", {"size": size, "more": args}, "default"))
    return standing.job.id


async def _filled(jobs: Jobs) -> list[JobId]:
    """Jobs of a tenth of the memory each, as many as are accepted."""
    waiting: list[JobId] = []
    with suppress(QueueFull):
        while len(waiting) < 20:
            waiting.append(await _submit(jobs, args="y" * A_TENTH))
    return waiting


async def _grown(jobs: Jobs) -> JobId:
    """A job that has ended, with a result of a tenth of the memory there is."""
    job_id = await _submit(jobs, size=A_TENTH)
    assert (await jobs.wait(job_id, None, 10)).job.state is State.DONE
    return job_id


async def _there(jobs: Jobs, ids: list[JobId]) -> list[JobId]:
    """Those of them that are still known."""
    known = {job.id for job in (await jobs.page(Filter(), None, limit=500)).jobs}
    return [job_id for job_id in ids if job_id in known]
