"""What a submit does on its way, as the system sees it: the journal is synced before anybody is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.faults.durable import Durable
from tests.faults.tools import strace

CALLS = "read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,fdatasync,fsync"
SUBMITS = 20

pytestmark = pytest.mark.tool("strace")


async def calls_of_submits(directory: Path, **settings: str) -> list[str]:
    """What the server asks of the system, a line each, as ``strace --decode-fds`` says it."""
    log = directory / "calls"
    options = ("--decode-fds=all", "--string-limit=40", f"--trace={CALLS}")
    async with Durable(directory, under=strace(log, *options), **settings) as server:
        for _ in range(SUBMITS):
            await server.submit("endless")
        await server.stop()
    return log.read_text().splitlines()


def steps(calls: list[str]) -> list[tuple[str, str]]:
    """What matters: a request that was read and the 202 for it, each with its connection, and syncs that succeeded."""
    found, syncing = [], {}
    for call in calls:
        thread = call.split()[0]
        if read := re.search(r"(?:read|recvfrom)\(\d+<TCP\w*:\[([^]]+)]>, \"POST /v1/jobs", call):
            found.append(("asked", read[1]))
        elif told := re.search(r"\(\d+<TCP\w*:\[([^]]+)]>, .*\"HTTP/1.1 202", call):
            found.append(("told", told[1]))
        elif sync := re.search(r"f(?:data)?sync\(\d+<([^>]+)>(.*)", call):
            syncing[thread] = sync[1]
            if sync[2].endswith("= 0"):
                found.append(("synced", sync[1]))
        elif re.search(r"f(?:data)?sync resumed>.*= 0$", call):
            found.append(("synced", syncing[thread]))
    return found


async def test_the_journal_is_on_disk_before_each_202_is_sent(tmp_path: Path):
    found = steps(await calls_of_submits(tmp_path, SHUTDOWN_GRACE="0"))
    journal = str(tmp_path / "jobs.db-wal")
    asked = [place for place, step in enumerate(found) if step[0] == "asked"]
    told = [place for place, step in enumerate(found) if step[0] == "told"]
    assert len(asked) == len(told) == SUBMITS
    for begin, end in zip(asked, told, strict=True):
        assert found[begin][1] == found[end][1], "the same connection"
        assert ("synced", journal) in found[begin:end], found[begin : end + 1]


async def test_in_memory_there_is_nothing_to_sync(tmp_path: Path):
    found = steps(await calls_of_submits(tmp_path, STORE="memory", SHUTDOWN_GRACE="0"))
    assert [what for what, _ in found] == ["asked", "told"] * SUBMITS
