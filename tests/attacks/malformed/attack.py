"""Requests that are none, that two servers could read as two, or that write into the log.

Each is sent to a real server over a socket of its own, whole and in pieces, with a good submit behind it that only
counts as a request where the first one's end is beyond doubt.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.attacks.malformed.case import Case, post
from tests.attacks.malformed.corpus import corpus
from tests.attacks.malformed.log import injections, judge_log
from tests.attacks.outcome import Outcome
from tests.process import Process

PATIENCE = 10.0
AT_ONCE = 16


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def in_shape(self) -> bool:
        """Whether it is no error, or one in the shape of all errors."""
        if self.status < 400:
            return True
        if self.headers.get("content-type") != "application/problem+json":
            return False
        problem = json.loads(self.body) if self.body else {"ok": False, "status": self.status, "code": "head"}
        return problem["ok"] is False and problem["status"] == self.status and bool(problem["code"])


@dataclass
class Talk:
    """What was said on one connection. ``closed``: the server ended it in time."""

    case: Case
    tags: tuple[str, str]
    answers: list[Answer] = field(default_factory=list)
    closed: bool = False


async def attack(where: Path, ways: Sequence[str] = ("whole", "in pieces", "byte by byte")) -> Outcome:
    """``ways``: how each is sent; see `_parts`."""
    outcome = Outcome("malformed")
    server = Process("http://127.0.0.1:9", where, LOG_LEVEL="debug", ACCESS_LOG="true", DEMO="true")
    async with server:
        before = await _counted(server)
        cases = corpus()
        talks: list[Talk] = []
        for way in ways:
            talks += await _all(server, cases, way, len(talks))
        talks += await _all(server, list(injections()), "whole", len(talks))
        jobs = await _jobs_by_tag(server)
        counted = await _counted(server) - before
        outcome.expect(await server.ready(), "the server is not ready any more")
        await server.stop()
        log = server.log.read_text(errors="surrogateescape")
    _judge(outcome, talks, jobs)
    judge_log(outcome, log)
    refused = sum(answer.status >= 400 for talk in talks for answer in talk.answers)
    outcome.figures["refusals counted in /metrics"] = counted
    outcome.expect(counted >= refused, f"{refused} refusals were answered and {counted} counted")
    return outcome


async def _all(server: Process, cases: Sequence[Case], way: str, number: int) -> list[Talk]:
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(number: int, case: Case) -> Talk:
        async with turns:
            return await _talk(server.address, Talk(case, (_tag("o", number), _tag("n", number))), way)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(number + at, case)) for at, case in enumerate(cases)]
    return [task.result() for task in tasks]


async def _talk(url: str, talk: Talk, way: str) -> Talk:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    follows = b'{"kind":"echo","args":{},"tags":["%b"]}' % talk.tags[1].encode()
    behind = post(b"Content-Length: %d\r\nConnection: close\r\n" % len(follows), body=follows)
    sending = asyncio.ensure_future(_send(writer, _with_tag(talk) + behind, way))
    received = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            with suppress(ConnectionError):
                while part := await reader.read(65_536):
                    received += part
            talk.closed = True
    except TimeoutError:
        pass
    sending.cancel()
    await asyncio.wait({sending})
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    talk.answers = list(_answers(bytes(received), b"HEAD " in talk.case.request[:5]))
    return talk


def _tag(kind: str, number: int) -> str:
    """Of four characters."""
    return f"{kind}{number:03x}"


def _with_tag(talk: Talk) -> bytes:
    """The request with its own tag, which is as long as what stands for it: lengths are what this is about."""
    return talk.case.request.replace(b"OWNS", talk.tags[0].encode())


async def _send(writer: asyncio.StreamWriter, data: bytes, way: str) -> None:
    with suppress(ConnectionError):
        for part in _parts(data, way):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.001)  # so that the server may find it alone


def _parts(data: bytes, way: str) -> Iterator[bytes]:
    """``whole``; ``in pieces``: cut at six places; ``byte by byte``: the first 200 of them, if it is short."""
    if way == "whole" or len(data) > 5_000:
        yield data
        return
    if way == "in pieces":
        chance = random.Random(len(data))  # the same places every time
        cuts = [0, *sorted(chance.sample(range(1, len(data)), 6)), len(data)]
    else:
        cuts = [*range(min(200, len(data))), len(data)]
    for start, end in itertools.pairwise(cuts):
        yield data[start:end]


def _answers(data: bytes, headless: bool) -> Iterator[Answer]:
    """The final answers; of one that was cut short what there is."""
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        if not first.startswith("HTTP/1."):  # the framing of the answers is lost
            yield Answer(0, {}, head)
            return
        status = int(first.split(" ")[1])
        length = 0 if headless or status < 200 else int(headers.get("content-length", 0))
        body, data = data[:length], data[length:]
        if status >= 200:
            yield Answer(status, headers, body)


def _judge(outcome: Outcome, talks: Sequence[Talk], jobs: Counter[str]) -> None:
    doubtful = [talk for talk in talks if not talk.case.certain]
    answers = [answer for talk in talks for answer in talk.answers]
    executed = sum(jobs[talk.tags[1]] for talk in doubtful)
    outcome.figures |= {
        "requests": len({talk.case.name for talk in talks}),
        "sent": len(talks),
        "must be refused": len(doubtful),
        "refused cleanly": sum(_is_clean(talk) for talk in doubtful),
        "closed without a word": sum(not talk.answers for talk in doubtful),
        "odd but legal, read as meant": sum(_is_as_meant(talk, jobs) for talk in talks if talk.case.certain),
        "5xx": sum(answer.status >= 500 for answer in answers),
        "second requests executed": executed,
    }
    for talk in talks:
        fine = _is_as_meant(talk, jobs) if talk.case.certain else _is_clean(talk) and not jobs[talk.tags[1]]
        seen = [answer.status for answer in talk.answers], jobs[talk.tags[0]], jobs[talk.tags[1]]
        outcome.expect(
            fine, f"{talk.case.name}: {seen}, wanted {talk.case.statuses}{'' if talk.closed else ', not closed'}"
        )
        outcome.expect(
            all(answer.in_shape() for answer in talk.answers), f"{talk.case.name}: an error of another shape"
        )


def _is_clean(talk: Talk) -> bool:
    """Refused once, or not answered at all, and closed."""
    statuses = [answer.status for answer in talk.answers]
    return talk.closed and (not statuses or (len(statuses) == 1 and statuses[0] in talk.case.statuses))


def _is_as_meant(talk: Talk, jobs: Counter[str]) -> bool:
    """Answered, and then what follows, once each."""
    statuses = [answer.status for answer in talk.answers]
    return len(statuses) == 2 and statuses[0] in talk.case.statuses and statuses[1] == 202 and jobs[talk.tags[1]] == 1


async def _jobs_by_tag(server: Process) -> Counter[str]:
    found: Counter[str] = Counter()
    path: str | None = "/v1/jobs?limit=500"
    while path is not None:
        async with server.session.get(path) as response:
            page = await response.json()
            found.update(tag for job in page["jobs"] for tag in job.get("tags", ()))
            path = str(response.links["next"]["url"]) if "next" in response.links else None
    return found


async def _counted(server: Process) -> int:
    """Answers of 400 and more, as ``/metrics`` has them."""
    async with server.session.get("/metrics") as response:
        text = await response.text()
    found = re.findall(r'^jobserver_http_requests_total{.*status="[45]\d\d"} (\S+)', text, re.MULTILINE)
    return round(sum(map(float, found)))
