"""What a handler is given: the job it runs, and a way to tell of it from any thread."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from jobserver.errors import ArtifactTooLarge, LeaseLost
from jobserver.jobs.engine import Engine
from jobserver.jobs.model import Artifact, Lease, Progress
from jobserver.workers.telling import a_progress, an_artifact, lines_of

_log = logging.getLogger(__name__)

_LINES_WAITING = 1_000
_TOLD_AT_ONCE = 100


def _nothing() -> None:
    """Nobody wants to know any more."""


@dataclass(frozen=True, slots=True)
class _Extra:
    """A file that the job can do without."""

    artifact: Artifact


class Run:
    """The `registry.Context` of one attempt, and what its handler said that the engine has not been told yet.

    ``wake``: called on the loop when there is something to `tell`. Of more than a thousand lines waiting the rest is
    dropped, and a line says how many.
    ``failure``: why a file that the job cannot do without was not kept, when one was not.
    """

    def __init__(self, lease: Lease, deadline: datetime | None, wake: Callable[[], None]) -> None:
        self.job_id = lease.job.id
        self.owner = lease.job.spec.owner
        self.attempt = lease.job.attempt
        self.traceparent = lease.job.spec.traceparent
        self.deadline = deadline
        self.cancelled = False
        self.failure: Exception | None = None
        self._lease = lease
        self._wake = wake
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._progress: Progress | None = None
        self._said: deque[str | Artifact | _Extra] = deque()
        self._lines = 0
        self._dropped = 0
        self._woken = False
        self._closed = False

    def progress(self, fraction: float, step: str = "") -> None:
        """See `Context.progress`."""
        self._progress = a_progress(fraction, step)
        self._news()

    def log(self, line: str) -> None:
        """See `Context.log`."""
        for each in lines_of(line):
            if self._closed or self._lines >= _LINES_WAITING:
                self._dropped += 1
            else:
                self._lines += 1
                self._said.append(each)
        self._news()

    def artifact(
        self, name: str, body: bytes | str, content_type: str = "application/octet-stream", *, required: bool = True
    ) -> None:
        """See `Context.artifact`."""
        artifact = an_artifact(name, body, content_type)
        if not self._closed:
            self._said.append(artifact if required else _Extra(artifact))
            self._news()

    def close(self) -> None:
        """Hear nothing more: a handler that was left behind may go on talking."""
        self._closed = True
        self._said.clear()
        self._wake = _nothing  # no ring of objects is left to the collector

    async def tell(self, engine: Engine) -> None:
        """Tell the engine the next hundred lines and files, in the order they came, and then the progress.

        Raises LeaseLost. A required file that cannot be kept leaves its reason in ``failure``, anything else a line in
        a log: another file in the job's, the rest in the server's.
        """
        self._woken = False
        for _ in range(min(len(self._said), _TOLD_AT_ONCE)):
            said = self._said.popleft()
            self._lines -= isinstance(said, str)
            await self._report(engine, said)
        if self._dropped and not self._said:
            dropped, self._dropped = self._dropped, 0
            await self._report(engine, f"({dropped} lines were dropped: too many at once)")
        progress, self._progress = self._progress, None
        if progress is not None:  # after the files: whoever reads that one is there can have it
            await self._report(engine, progress)
        if self._said:
            self._news()

    async def tell_all(self, engine: Engine) -> None:
        """Tell the engine all there is by now, in steps between which those who listen can read."""
        for _ in range(len(self._said) // _TOLD_AT_ONCE):
            await self.tell(engine)
            await asyncio.sleep(0)
        await self.tell(engine)

    async def _report(self, engine: Engine, what: str | Artifact | _Extra | Progress) -> None:
        try:
            if isinstance(what, _Extra):
                await self._offer(engine, what.artifact)
            elif isinstance(what, str):
                await engine.report(self._lease, log=what)
            elif isinstance(what, Progress):
                await engine.report(self._lease, progress=what)
            elif self.failure is None:
                await engine.report(self._lease, artifact=what)
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the engine's trouble, the handler has no part in it
            if isinstance(what, Artifact):
                self.failure = error
            else:  # a courtesy: the work goes on without
                _log.exception("job %s: what it reports could not be kept", self.job_id)

    async def _offer(self, engine: Engine, artifact: Artifact) -> None:
        try:
            await engine.report(self._lease, artifact=artifact)
        except ArtifactTooLarge as error:
            await engine.report(self._lease, log=f"{artifact.name} was not kept. {error}")

    def _news(self) -> None:
        if self._woken or self._closed:
            return
        self._woken = True
        if threading.get_ident() == self._thread:
            self._wake()
        else:
            with suppress(RuntimeError):  # the loop is closed: the handler outlived it
                self._loop.call_soon_threadsafe(self._wake)
