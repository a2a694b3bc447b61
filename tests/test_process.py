"""The real process over a real socket: it starts, answers, stops in good order and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.make import until
from tests.process import Pages, Process


@pytest.fixture
def settings() -> dict[str, str]:
    return {}


@pytest.fixture
async def server(pages: Pages, tmp_path: Path, settings: dict[str, str]) -> AsyncIterator[Process]:
    async with Process(pages.address, tmp_path, **settings) as process:
        yield process


async def test_a_page_becomes_components(server: Process):
    done = await server.poll(await server.submit("/page"), "?wait=30")
    assert done["status"] == "done"
    assert {"nav", "a", "button"} <= {component["kind"] for component in done["summary"]["components"]}
    async with server.session.get(done["previewUrl"], headers={"x-cliq-signature": ""}) as preview:
        assert "gen-button-" in await preview.text()
    server.process.send_signal(signal.SIGTERM)
    assert await server.stopped() == 0


PLAIN = (
    "import sys; sys.modules['uvloop'] = sys.modules['orjson'] = None; from jobserver.cli import main; main(['serve'])"
)


async def test_it_works_the_same_without_what_makes_it_quick(pages: Pages, tmp_path: Path):
    async with Process(pages.address, tmp_path, ("-c", PLAIN)) as server:
        done = await server.poll(await server.submit("/page"), "?wait=30")
        assert done["status"] == "done"
        server.process.send_signal(signal.SIGTERM)
        assert await server.stopped() == 0


async def test_a_stop_lets_the_running_job_end_and_its_owner_read_it(server: Process, pages: Pages):
    await server.submit("/slow")
    waiting = await server.submit("/page")
    await asyncio.wait_for(pages.visited.wait(), 20)
    polling = asyncio.ensure_future(server.poll(waiting, "?wait=60"))
    server.process.send_signal(signal.SIGTERM)
    assert (await asyncio.wait_for(polling, 10))["status"] == "queued"
    assert not await server.ready()
    async with server.session.post("/analyze", json={"url": server.page + "/page"}) as refused:
        assert (refused.status, (await refused.json())["code"]) == (503, "shutting_down")
    pages.gate.set()
    assert await server.stopped() == 0


@pytest.mark.parametrize("settings", [{"SHUTDOWN_GRACE": "0.2"}])
async def test_a_job_that_outlives_the_grace_does_not_hold_the_server(server: Process, pages: Pages):
    await server.submit("/slow")
    await server.submit("/page")
    await asyncio.wait_for(pages.visited.wait(), 20)
    server.process.send_signal(signal.SIGINT)
    assert await server.stopped(10) == 0
    log = server.log.read_text()
    assert "Waiting up to 0.2 s for running jobs: 1." in log
    assert "Jobs that were never started are lost with this process: 1." in log


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"ANALYZE_ENGINE": "static"}, id="static"),
        pytest.param({"ANALYZE_ENGINE": "browser"}, id="browser", marks=pytest.mark.browser),
    ],
)
async def test_a_server_that_is_killed_leaves_no_process_behind(server: Process, pages: Pages):
    await server.submit("/slow")
    await asyncio.wait_for(pages.visited.wait(), 20)
    children = _children(server.process.pid)
    assert children
    server.process.kill()
    await server.stopped()
    await until(lambda: not any(Path(f"/proc/{child}").exists() for child in children))


@pytest.mark.browser
@pytest.mark.parametrize("settings", [{"ANALYZE_ENGINE": "browser"}])
async def test_a_browser_that_dies_costs_one_attempt_and_the_next_succeeds(server: Process, pages: Pages):
    job_id = await server.submit("/slow")
    await asyncio.wait_for(pages.visited.wait(), 20)
    for child in _children(server.process.pid):
        if _is_browser(child):
            os.killpg(child, signal.SIGKILL)
    pages.gate.set()
    assert (await server.poll(job_id, "?wait=40"))["status"] == "done"
    async with server.session.get(f"/v1/jobs/{job_id}") as response:
        attempts = (await response.json())["attempts"]
    assert [attempt.get("error") for attempt in attempts] == ["The browser crashed while it read the page.", None]


@pytest.mark.parametrize("settings", [{"ANALYZE_TIMEOUT": "1"}])
async def test_a_page_that_never_answers_fails_in_time_after_its_second_try(server: Process):
    failed = await server.poll(await server.submit("/slow"), "?wait=20")
    assert (failed["ok"], failed["status"], failed["attempt"]) == (False, "failed", 2)
    assert "longer than" in failed["error"]
    done = await server.poll(await server.submit("/page"), "?wait=20")
    assert done["status"] == "done"


@pytest.mark.parametrize("settings", [{"JOB_TTL": "1"}])
async def test_an_ended_job_is_forgotten_when_its_time_is_over(server: Process):
    job_id = await server.submit("/page")
    assert (await server.poll(job_id, "?wait=30"))["status"] == "done"

    async def forgotten() -> bool:
        return (await server.poll(job_id)).get("error") == "Job not found. Job IDs are stored for 1 hour."

    await until(forgotten)


@pytest.mark.parametrize("settings", [{"CLIQ_SECRET": "testsecret, a canary of a secret"}])
async def test_the_processes_that_read_pages_do_not_know_the_secret(server: Process, pages: Pages):
    await server.submit("/slow")
    await asyncio.wait_for(pages.visited.wait(), 20)
    environments = [_environment(child) for child in _children(server.process.pid)]
    assert environments
    assert not any("canary" in environment for environment in environments)


async def _run(directory: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "jobserver",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=directory,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd())} | environment,
    )
    out, err = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode or 0, out.decode(), err.decode()


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"HOST": "0.0.0.0"}, "CLIQ_SECRET is 'testsecret'"),
        ({"RENDER": "true", "CLIQ_SECRET": "short"}, "shorter than 16 bytes"),
        ({"HOST": "0.0.0.0", "CLIQ_SECRET": ""}, "CLIQ_SECRET is empty"),
        ({"PORT": "many"}, "PORT cannot be used"),
        ({"JOBSERVER_PROT": "1"}, "Did you mean JOBSERVER_PORT?"),
        ({"ENFORCE_ALLOWLIST": "true"}, "ALLOWED_DOMAINS is empty"),
        ({"ALLOWED_DOMAINS": "http://x"}, "ALLOWED_DOMAINS: "),
        ({"CHROMIUM_PATH": "/nowhere"}, "CHROMIUM_PATH names no program"),
        ({"HOST": "192.0.2.1", "CLIQ_SECRET": "x" * 16}, "Cannot listen on 192.0.2.1"),
    ],
)
async def test_a_server_that_cannot_start_says_why_in_one_line(tmp_path: Path, environment: dict[str, str], said: str):
    status, out, err = await _run(tmp_path, "serve", **environment)
    assert (status, out) == (1, "")
    assert said in err
    assert "Traceback" not in err


async def test_the_health_check_asks_the_server_of_this_machine(server: Process, tmp_path: Path):
    port = server.address.rsplit(":", 1)[1]
    assert (await _run(tmp_path, "healthcheck", PORT=port))[0] == 0
    assert (await _run(tmp_path, "healthcheck", PORT="1"))[0] == 1


async def test_a_page_can_be_extracted_without_a_server(pages: Pages, tmp_path: Path):
    url = f"{pages.address}/page"
    status, out, err = await _run(tmp_path, "analyze", url, "-o", "made", "--engine", "static")
    assert status == 0, err
    assert [Path(line).name for line in out.splitlines()] == [
        "components.json",
        "styles.css",
        "Components.jsx",
        "preview.html",
    ]
    kinds = [each["kind"] for each in json.loads((tmp_path / "made/components.json").read_text())["components"]]
    assert "button" in kinds
    assert "export function" in (tmp_path / "made/Components.jsx").read_text()


@pytest.mark.browser
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_an_extraction_that_is_stopped_leaves_nothing_behind(
    pages: Pages, tmp_path: Path, number: signal.Signals
):
    made = ("-m", "jobserver", "analyze", f"{pages.address}/slow", "--engine", "browser")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd()), "TMPDIR": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(sys.executable, *made, cwd=tmp_path, env=environment)
    await asyncio.wait_for(pages.visited.wait(), 20)
    process.send_signal(number)
    assert await asyncio.wait_for(process.wait(), 20) == 130
    assert _left_in(tmp_path) == []


async def test_an_extraction_that_fails_says_why(tmp_path: Path):
    status, _, err = await _run(tmp_path, "analyze", "http://127.0.0.1:1/", "--engine", "static")
    assert status == 1
    assert "Traceback" not in err
    assert err.startswith("jobserver: ")


async def test_help_names_every_setting(tmp_path: Path):
    _, out, _ = await _run(tmp_path, "serve", "--help")
    assert "ALLOW_PRIVATE_TARGETS" in out
    assert "JOB_TTL" in out


def _environment(pid: int) -> str:
    return Path(f"/proc/{pid}/environ").read_text(errors="replace")


def _is_browser(pid: int) -> bool:
    return "chrom" in Path(f"/proc/{pid}/cmdline").read_text()


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def _left_in(directory: Path) -> list[Path]:
    return list(directory.iterdir())
