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
    """What matters: a request that was read and the 202 for it, each with its connection, and syncs that succeeded.

    ``strace`` cuts a call in two where another thread's comes between. A read and a sync count when they end,
    an answer when it begins.
    """
    found = []
    begun: dict[str, str] = {}
    for line in calls:
        thread, call = line.split(maxsplit=1)
        resumed = re.match(r"<\.\.\. \w+ resumed>", call)
        if resumed:
            call = begun.pop(thread) + call[resumed.end() :]
        elif told := re.search(r"\(\d+<TCP\w*:\[([^]]+)]>, .*\"HTTP/1.1 202", call):
            found.append(("told", told[1]))
        if call.endswith("<unfinished ...>"):
            begun[thread] = call.removesuffix("<unfinished ...>")
        elif read := re.match(r"(?:read|recvfrom)\(\d+<TCP\w*:\[([^]]+)]>, *\"POST /v1/jobs", call):
            found.append(("asked", read[1]))
        elif sync := re.match(r"f(?:data)?sync\(\d+<([^>]+)>.*= 0$", call):
            found.append(("synced", sync[1]))
    return found


def test_calls_that_another_thread_cuts_in_two_are_read_whole():
    calls = [
        "7 recvfrom(9<TCP:[1->2]>,  <unfinished ...>",
        "8 fdatasync(5</jobs.db-wal> <unfinished ...>",
        '7 <... recvfrom resumed>"POST /v1/jobs HTTP/1.1\\r\\nHost"..., 262144, 0, NULL, NULL) = 190',
        "8 <... fdatasync resumed>)        = 0",
        '7 sendto(9<TCP:[1->2]>, "HTTP/1.1 202 Accepted\\r\\n"..., 300, 0, NULL, 0 <unfinished ...>',
        "7 <... sendto resumed>) = 300",
    ]
    assert steps(calls) == [("asked", "1->2"), ("synced", "/jobs.db-wal"), ("told", "1->2")]


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
