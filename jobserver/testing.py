"""For people who test their own handlers: a context that records, a server in the test, and a clock that obeys."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from jobserver.client import Client
from jobserver.config import Config, configured
from jobserver.jobs.clock import ManualClock
from jobserver.jobs.model import Filter, Job, Progress, State
from jobserver.jobs.service import Jobs, Standing
from jobserver.jobs.submission import Submission
from jobserver.listening import Listening
from jobserver.runtime import Handlers
from jobserver.server import Server
from jobserver.web.connections.runner import Runner
from jobserver.workers.define import JobFunction
from jobserver.workers.registry import Handler
from jobserver.workers.telling import a_progress, an_artifact, encode, lines_of

__all__ = ["LocalServer", "ManualClock", "RecordingContext", "run_inline"]

_SECRET = "a secret for tests"  # noqa: S105 - it guards nothing
_AT_ONCE = 16
_LEASE = timedelta(days=3650)
"""Time may leap in a test: no job that runs meanwhile shall be taken for abandoned."""

_WITHIN = 30.0


@dataclass
class RecordingContext:
    """What a handler is given (`workers.registry.Context`), which keeps all that the handler says.

    ``steps``: progress as it was told. ``lines``: of the log. ``files``: name → contents. Set ``cancelled`` to see what
    a handler makes of it.
    """

    job_id: str = "job-0-test"
    owner: str = "default"
    attempt: int = 1
    deadline: datetime | None = None
    traceparent: str | None = None
    cancelled: bool = False
    steps: list[Progress] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    def progress(self, fraction: float, step: str = "") -> None:
        """See `Context.progress`."""
        self.steps.append(a_progress(fraction, step))

    def log(self, line: str) -> None:
        """See `Context.log`."""
        self.lines += lines_of(line)

    def artifact(
        self,
        name: str,
        body: bytes | str,
        content_type: str = "application/octet-stream",
        *,
        required: bool = True,  # noqa: ARG002 - every file is kept
    ) -> None:
        """See `Context.artifact`; every file is kept."""
        kept = an_artifact(name, body, content_type)
        self.files[kept.name] = kept.body


async def run_inline(
    handler: Handler | JobFunction, args: dict[str, Any] | None = None, context: RecordingContext | None = None
) -> Any:
    """Run a handler once, here and now, as a server would, and return its result as a client would read it.

    Its arguments are checked first (InvalidRequest) and reach it as JSON carries them. What it raises is raised. An
    isolated one runs in this process. No time limit is kept and nothing is tried again.
    """
    made = handler.handler if isinstance(handler, JobFunction) else handler
    accepted = json.loads(json.dumps(made.validate(args or {})))
    value = await made.run(context or RecordingContext(), accepted)
    return json.loads(encode(value).body)


class LocalServer:
    """A real server on 127.0.0.1 in the test's own process, with a client and a clock that moves when it is told to.

    ``handlers`` and ``settings`` as of `jobserver.create_app`. ``inline``: a submit returns when its job has ended,
    retries and the waits between them included; a job with a delay stays scheduled until `advance`.

    An async context manager, for pytest-asyncio and pytest-aiohttp as for `unittest.IsolatedAsyncioTestCase`.
    ``client``, ``url`` and ``jobs`` (the service) are there once it is entered.
    """

    client: Client
    url: str
    jobs: Jobs

    def __init__(self, handlers: Handlers | None = None, *, inline: bool = False, **settings: object) -> None:
        self.clock = ManualClock()
        self._inline = inline
        config = configured(Config(concurrency=_AT_ONCE, cliq_secret=(_SECRET,), shutdown_grace=0), settings)
        service = InlineJobs if inline else Jobs
        self._server = Server(config, clock=self.clock, handlers=handlers, service=service, lease=_LEASE, loopback=True)
        self._closing = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as closing:
            runner = Runner(self._server.app, self._server.connections(), shutdown_timeout=1)
            closing.push_async_callback(runner.cleanup)
            await runner.setup()
            self.url = await Listening("127.0.0.1", 0).start(runner.listen)
            secret = next(iter(self._server.config.cliq_secret), None)
            self.client = await closing.enter_async_context(Client(self.url, secret=secret, clock=self.clock))
            self.jobs = self._server.jobs
            self._closing = closing.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._closing.aclose()

    async def advance(self, by: timedelta | float) -> None:
        """Let ``by`` (a timedelta, or seconds) pass: what falls due is done in its order, each at its own time.

        Jobs that fall due begin to run; on an inline server they have ended when this returns. The time limits of
        running handlers are kept by the real clock.
        """
        until = self.clock.now() + (by if isinstance(by, timedelta) else timedelta(seconds=by))
        while (following := await self._next_deadline()) is not None and following <= until:
            self._set(following)
        self._set(until)

    async def _next_deadline(self) -> datetime | None:
        """Do what is due, and say when there will be more of it."""
        tick = self._server.runtime.engine.tick
        await tick(self.clock.now())
        await self._settle()  # which may bring a deadline nearer
        return await tick(self.clock.now())

    def _set(self, moment: datetime) -> None:
        self.clock.advance(max(moment - self.clock.now(), timedelta(0)))

    async def _settle(self) -> None:
        if isinstance(self.jobs, InlineJobs):
            await self.jobs.settle()


class InlineJobs(Jobs):
    """The service of a server that is ``inline``."""

    async def submit(self, submission: Submission) -> tuple[Standing, bool]:
        """Accept a job and let it run to its end, unless it is for later."""
        standing, created = await super().submit(submission)
        return (await self._run(standing.job), True) if created else (standing, False)

    async def settle(self) -> None:
        """Let every job that has begun, or could, run to its end."""
        for state in (State.PROCESSING, State.QUEUED):
            for job in (await self._engine.page(Filter(state=state), limit=500)).jobs:
                await self._run(job)

    async def _run(self, job: Job) -> Standing:
        async with asyncio.timeout(_WITHIN):
            while True:
                standing = await self._left_alone(job.id)
                later = standing.job
                if later.state is not State.SCHEDULED or not later.attempts or later.deadline is None:
                    return standing
                assert isinstance(self._clock, ManualClock)  # noqa: S101 - as `LocalServer` made it
                self._clock.advance(max(later.deadline - self._clock.now(), timedelta(0)))
                await self._engine.tick(self._clock.now())

    async def _left_alone(self, job_id: str) -> Standing:
        """The job once it neither runs nor could."""
        _, changes = await self.watch(job_id, None)
        with changes:
            while (standing := await self.get(job_id, None)).job.state in {State.QUEUED, State.PROCESSING}:
                await anext(changes)
        return standing
