"""The README's commands and scripts: they parse, and what speaks to the server is run against one."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from pathlib import Path

import pytest

from jobserver.auth.signing import Credentials
from tests.docs.pages import INTERNALS, PROTOCOL, README, blocks
from tests.docs.wire import Wire
from tests.web.site import SECRET, Site

SHELL = [script for page in (README, PROTOCOL, INTERNALS) for script in blocks(page, "bash")]
CURL = [script for script in SHELL if "curl" in script]
NODE = blocks(README, "javascript")
FETCH = [script for script in NODE if "fetch(" in script]
AXIOS = [script for script in NODE if "axios" in script]

# What a script that has this part must print; curl itself fails on any status but success.
ANSWERS = (
    ("components.json", "Status: done\n"),
    ("/cancel", '"status":"cancelled"'),
    ("/events", '"status":"done"'),
    ("wait=30", '"status":"done"'),
    ("POST", '"status":"queued"'),
)


def program(name: str) -> str:
    """Where it is; the test is skipped without it, but fails in CI, which installs it."""
    path = shutil.which(name)
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"there is no {name}")
        pytest.skip(f"there is no {name} here")
    return path


async def run(*command: str, script: str = "", cwd: Path, **environment: str) -> str:
    """What it printed, once it has ended well."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=cwd,
        env={"PATH": os.environ["PATH"], **environment},
    )
    out, err = await process.communicate(script.encode())
    assert process.returncode == 0, f"{script}\n{out.decode()}\n{err.decode()}"
    return out.decode()


def named(scripts: list[str]) -> list[str]:
    """An id for each: the part of it that tells it from others."""
    return [re.sub(r"\W+", " ", script)[:60].strip() for script in scripts]


@pytest.mark.parametrize("script", SHELL, ids=named(SHELL))
async def test_a_shell_example_parses(script: str, tmp_path: Path):
    await run(program("bash"), "-n", script=script, cwd=tmp_path)


@pytest.mark.parametrize("script", [script for script in CURL if "timestamp" not in script])
async def test_a_curl_example_works(script: str, site: Site, tmp_path: Path):
    if "/cancel" not in script:
        site.gate.set()
    job_id = await site.submit() if "JOB_ID" in script else ""
    printed = await run_curl(script.replace("JOB_ID", job_id), site, tmp_path)
    assert next(answer for part, answer in ANSWERS if part in script) in printed


async def test_the_shell_script_keeps_the_components(site: Site, tmp_path: Path):
    script = next(script for script in CURL if "components.json" in script)
    site.gate.set()
    assert (await run_curl(script, site, tmp_path)).endswith("Status: done\n")
    assert json.loads((tmp_path / "components.json").read_text())["summary"]["componentCount"] == 1


async def test_the_signature_that_is_recommended_is_accepted_where_nothing_else_is(tmp_path: Path):
    program("openssl")
    script = next(script for script in CURL if "timestamp" in script)
    async with Site(credentials=Credentials((SECRET,), strict=True)) as site:
        assert '"status":"queued"' in await run_curl(script, site, tmp_path, CLIQ_SECRET=SECRET)
        assert (await site.post()).status == 401


async def run_curl(script: str, site: Site, folder: Path, **environment: str) -> str:
    program("curl")
    (folder / ".curlrc").write_text("silent\nshow-error\nfail-with-body\n")
    here = script.replace("http://localhost:3000", str(site.client.make_url("/")).rstrip("/"))
    return await run(program("bash"), "-e", script=here, cwd=folder, CURL_HOME=str(folder), **environment)


async def test_the_answers_shown_have_the_members_of_real_ones(site: Site):
    shown = [json.loads(block) for block in blocks(README, "json")]
    queued = await (await site.post()).json()
    site.gate.set()
    _, done = await site.poll(queued["jobId"], "?wait=10")
    assert [list(answer) for answer in shown] == [list(queued), list(done)]
    assert list(shown[0]["links"]) == list(queued["links"])
    assert list(shown[1]["summary"]) == list(done["summary"])
    assert shown[0]["message"] == queued["message"]


@pytest.mark.parametrize("script", NODE, ids=named(NODE))
async def test_a_node_example_parses(script: str, tmp_path: Path):
    (tmp_path / "example.mjs").write_text(script)
    await run(program("node"), "--check", "example.mjs", cwd=tmp_path)


@pytest.mark.parametrize("script", FETCH, ids=named(FETCH))
async def test_a_node_example_works(script: str, site: Site, tmp_path: Path):
    site.gate.set()
    here = script.replace("http://localhost:3000", str(site.client.make_url("/")).rstrip("/"))
    (tmp_path / "example.mjs").write_text(here)
    printed = await run(program("node"), "example.mjs", cwd=tmp_path)
    assert printed.startswith("Job queued: job-")
    assert printed.endswith("Status: done\nComponents: 1\n")


@pytest.mark.parametrize("script", AXIOS, ids=named(AXIOS))
async def test_the_traffic_of_axios_gets_the_answers_its_loop_waits_for(script: str, site: Site):
    """As axios 1.21 on Node 20 sends it, byte for byte."""
    assert 'client.post("/analyze", { url: "https://example.com" })' in script
    assert "client.get(`/result/${queued.jobId}`)" in script
    common = {"Accept": "application/json, text/plain, */*", "x-cliq-signature": "testsecret"}
    rest = {
        "User-Agent": "axios/1.21.1",
        "Accept-Encoding": "gzip, compress, deflate, br",
        "Host": "localhost:3000",
        "Connection": "keep-alive",
    }
    sizes = {"Content-Type": "application/json", "Content-Length": "29"}
    site.gate.set()
    async with Wire(site.client.port or 0) as wire:
        body = b'{"url":"https://example.com"}'
        status, queued = await wire.send("POST /analyze HTTP/1.1", common | sizes | rest, body)
        assert (status, queued["status"]) == (202, "queued")
        result = queued
        while result["status"] in {"queued", "processing"}:
            status, result = await wire.send(f"GET /result/{queued['jobId']} HTTP/1.1", common | rest)
            assert status == 200
    assert result["status"] == "done"
