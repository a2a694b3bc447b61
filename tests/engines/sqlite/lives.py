"""A store in which jobs of every state have lived, and all that an engine says of what it keeps."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from jobserver.engines.memory import MemoryEngine
from jobserver.engines.shelf import Limits
from jobserver.engines.sqlite.engine import SqliteEngine
from jobserver.engines.sqlite.file import SqliteFile
from jobserver.jobs.access import ApiKey, Scope
from jobserver.jobs.clock import Clock, ManualClock
from jobserver.jobs.engine import Engine
from jobserver.jobs.model import Artifact, Failed, Failure, Filter, JobSpec, Lease, Progress, Result, Succeeded
from tests.make import LEASE, START, a_failure, a_policy, a_spec, a_success


def an_engine(file: Path, clock: Clock, **options: Any) -> SqliteEngine:
    return SqliteEngine(SqliteFile(file, clock, **options), clock, limits=Limits(jobs=10_000))


@asynccontextmanager
async def opened(file: Path, clock: Clock | None = None, **options: Any) -> AsyncIterator[SqliteEngine]:
    engine = an_engine(file, clock or ManualClock(START), **options)
    await engine.open()
    try:
        yield engine
    finally:
        await engine.close()


@asynccontextmanager
async def read(file: Path, clock: Clock | None = None) -> AsyncIterator[MemoryEngine]:
    """What is in the file, as it is: nothing is rescued."""
    clock = clock or ManualClock(START)
    store, engine = SqliteFile(file, clock), MemoryEngine(clock, limits=Limits(jobs=10_000))
    try:
        await store.open(engine.restoring())
        yield engine
    finally:
        await store.close()


async def live(engine: Engine, clock: ManualClock) -> None:
    """Jobs in every state, with whatever a job can have."""
    await _ended(engine, clock)
    await engine.submit(
        a_spec(job_id="later", run_in=600, tags=("päge", "x"), policy=a_policy(max_attempts=3, delay=5))
    )
    await engine.submit(a_spec(job_id="expiring", expires_in=600, key="k-expiring", priority=-5))
    for number in range(3):
        await engine.submit(
            a_spec(job_id=f"turn-{number}", turn="t", owner="acme", queue="mail", dedup_key=f"d{number}")
        )
    await engine.submit(a_spec(job_id="full", args=b'{"text":"' + "é".encode() * 3_000 + b'"}', priority=7))
    await engine.submit(a_spec(job_id="signed")._replace(credential=b"\x00\xff", traceparent="00-1-2-01"))
    await _attempted(engine, clock)
    await engine.set_queue("mail", paused=True, keep=timedelta(hours=2), keep_count=9)
    await engine.put_key(ApiKey("k1", b"\x01" * 32, "acme", frozenset(Scope), START, "a robot", 60, 5, clock.now()))
    await engine.put_key(ApiKey("k2", b"\x02" * 32, "other", frozenset({Scope.READ}), START))


async def _ended(engine: Engine, clock: ManualClock) -> None:
    lease = await _run(engine, a_spec(job_id="forgotten", key="k-forgotten"))
    await engine.finish(lease, a_success())
    await engine.remove("forgotten")
    lease = await _run(engine, a_spec(job_id="done", key="k-done"))
    for text in ("first", "half a pair: \udcff", "naïve"):
        await engine.report(lease, log=text)
    await engine.report(lease, artifact=Artifact("a.txt", "text/plain", b"\x00\x01"))
    await engine.report(lease, artifact=Artifact("b.txt", "text/plain", b"other"))
    await engine.report(lease, artifact=Artifact("a.txt", "text/html", b"again"))
    clock.advance(1)
    await engine.finish(lease, Succeeded(Result(b'{"long":[1,2,3]}', b'{"brief":1}')))
    lease = await _run(engine, a_spec(job_id="failed"))
    await engine.finish(lease, Failed(Failure("broken", "it broke: \udcff", "Traceback …"), retry=False))
    await engine.submit(a_spec(job_id="cancelled"))
    await engine.cancel("cancelled", "nobody wants it")


async def _attempted(engine: Engine, clock: ManualClock) -> None:
    lease = await _run(engine, a_spec(job_id="again", queue="slow", policy=a_policy(max_attempts=3, delay=60)))
    clock.advance(2)
    await engine.finish(lease, a_failure("not yet"))
    lease = await _run(engine, a_spec(job_id="running", queue="slow", policy=a_policy(max_attempts=3), turn="t"))
    await engine.report(lease, progress=Progress(0.25, "a quarter"), log="on the way")
    await engine.submit(a_spec(job_id="last"))  # all that was reported before it is on disk when it is


async def _run(engine: Engine, spec: JobSpec) -> Lease:
    await engine.submit(spec._replace(priority=100))
    lease = await engine.claim([spec.queue], worker="w", lease=LEASE, wait=0)
    assert lease is not None
    assert lease.job.id == spec.id
    return lease


async def said(engine: Engine) -> dict[str, Any]:
    """All that it keeps."""
    jobs = (await engine.page(Filter(), limit=1_000)).jobs
    return {
        "jobs": jobs,
        "positions": {job.id: await engine.position(job.id) for job in jobs},
        "logs": {job.id: list(await engine.logs(job.id)) for job in jobs},
        "files": {job.id: list(await engine.artifacts(job.id)) for job in jobs},
        "counts": await engine.counts(),
        "queues": list(await engine.queues()),
        "keys": list(await engine.keys()),
        "events": engine.events(after=0).take(),
        "bytes": (await engine.kept()).bytes,
    }


def copied(file: Path, to: Path) -> Path:
    """The store as a power cut would leave it now."""
    to.mkdir(exist_ok=True)
    for each in to.iterdir():
        each.unlink()
    for ending in ("", "-wal"):
        part = file.with_name(file.name + ending)
        if part.exists():
            shutil.copy(part, to / part.name)
    return to / file.name
