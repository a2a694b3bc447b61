"""One attempt of a job: run it, watch over it, and record how it ended."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from datetime import datetime, timedelta
from typing import Any

from jobserver.errors import DoNotRetry, JobFailed, LeaseLost, ResultTooLarge, RetryAfter, TimedOut
from jobserver.jobs.clock import Clock
from jobserver.jobs.engine import Engine
from jobserver.jobs.model import (
    Failed,
    Failure,
    Interrupted,
    Lease,
    Outcome,
    Progress,
    Result,
    State,
    Succeeded,
)
from jobserver.jobs.policy import renew_every
from jobserver.workers.registry import Handler

_log = logging.getLogger(__name__)

_REPORT_EVERY = 0.1
_TRACEBACK_CHARACTERS = 20_000
_MESSAGE_CHARACTERS = 2_000
_STEP_CHARACTERS = 200


class Run:
    """What the handler is given (`registry.Context`), and the latest it said."""

    def __init__(self, lease: Lease, deadline: datetime | None) -> None:
        self.job_id = lease.job.id
        self.attempt = lease.job.attempt
        self.deadline = deadline
        self.latest: Progress | None = None
        self.news = asyncio.Event()

    def progress(self, fraction: float, step: str = "") -> None:
        """See `Context.progress`."""
        share = min(fraction, 1.0) if fraction > 0 else 0.0  # what is no number is no progress
        self.latest = Progress(share, readable(step)[:_STEP_CHARACTERS])
        self.news.set()


class Attempt:
    """Runs one leased job to its end.

    ``grace``: seconds a handler has to end once it is cancelled; one that does not is abandoned: logged and left in
    ``abandoned`` (its result, should one come, is refused by the lease). ``max_result``: bytes of an encoded result.
    """

    def __init__(
        self,
        lease: Lease,
        handler: Handler,
        engine: Engine,
        clock: Clock,
        *,
        grace: float,
        max_result: int,
        abandoned: set[asyncio.Task[Any]],
    ) -> None:
        self._lease = lease
        self._handler = handler
        self._engine = engine
        self._grace = grace
        self._max_result = max_result
        self._abandoned = abandoned
        limit = lease.job.spec.policy.timeout
        self._limit = None if limit is None else limit.total_seconds()
        self._run = Run(lease, None if limit is None else clock.now() + limit)

    async def run(self) -> State | None:
        """Run to the end and record it. Returns the job's state, or None when the job is somebody else's by now."""
        try:
            outcome = await self._watch_over()
        except asyncio.CancelledError:
            # The server is stopping. The record must be made even so, or the job would wait for its lease to end.
            await asyncio.shield(self._record(Interrupted()))
            raise
        except Exception as error:  # noqa: BLE001 - whatever a handler does ends its attempt and never the crew
            outcome = Failed(failure_of(error))
        return None if outcome is None else await self._record(outcome)

    async def _watch_over(self) -> Outcome | None:
        """Run the handler beside those who may end it early; None when it was cancelled or the lease is lost."""
        work = asyncio.ensure_future(self._handle())
        watchers = {asyncio.ensure_future(watch) for watch in (self._hear_cancel(), self._renew(), self._report())}
        try:
            done, _ = await asyncio.wait({work, *watchers}, timeout=self._limit, return_when=asyncio.FIRST_COMPLETED)
            if work in done:
                return _outcome(work)
            return None if done else Failed(failure_of(TimedOut(f"The job took longer than {self._limit:g} s.")))
        finally:
            await self._end(watchers)
            await self._stop(work)

    async def _handle(self) -> Outcome:
        try:
            args = json.loads(self._lease.job.spec.args)
            return Succeeded(encode(await self._handler.run(self._run, args), self._max_result))
        except RetryAfter as error:
            return Failed(failure_of(error), after=timedelta(seconds=error.seconds))
        except JobFailed as error:
            return Failed(failure_of(error), retry=error.retryable)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is that attempt's failure
            return Failed(failure_of(error))

    async def _hear_cancel(self) -> None:
        with self._engine.events(job_id=self._lease.job.id) as changes:
            job = await self._engine.get(self._lease.job.id)  # it may have been cancelled before we listened
            if job.state.ended:
                return
            async for change in changes:
                if change.terminal:
                    return
        await asyncio.Event().wait()  # the log was closed: the server is stopping and will say so itself

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(renew_every(self._lease.length).total_seconds())
            try:
                if await self._engine.renew(self._lease) is not None:
                    return
            except LeaseLost:
                return
            except Exception:  # noqa: BLE001 - an engine in trouble: the lease outlasts a few failed renewals
                self._log_trouble("its lease could not be renewed")

    async def _report(self) -> None:
        while True:
            await self._run.news.wait()
            self._run.news.clear()
            try:
                await self._engine.report(self._lease, progress=self._run.latest)
            except LeaseLost:
                return
            except Exception:  # noqa: BLE001 - progress is a courtesy: the work goes on without
                self._log_trouble("its progress could not be reported")
            await asyncio.sleep(_REPORT_EVERY)

    async def _end(self, watchers: set[asyncio.Task[None]]) -> None:
        for watcher in watchers:
            watcher.cancel()
        await asyncio.wait(watchers)

    def _log_trouble(self, what: str) -> None:
        _log.exception("job %s: %s", self._lease.job.id, what)

    async def _stop(self, work: asyncio.Task[Outcome]) -> None:
        if work.done():
            return
        work.cancel()
        # Not wait_for: a handler that swallows the cancellation would hold it for ever.
        await asyncio.wait({work}, timeout=self._grace)
        if not work.done():
            _log.error("job %s: its handler did not stop when cancelled and was abandoned", self._lease.job.id)
            self._abandoned.add(work)
            work.add_done_callback(self._abandoned.discard)

    async def _record(self, outcome: Outcome) -> State | None:
        try:
            return await self._engine.finish(self._lease, outcome)
        except LeaseLost:
            _log.warning("job %s: its lease ended before its attempt did", self._lease.job.id)
            return None


def _outcome(work: asyncio.Task[Outcome]) -> Outcome:
    if work.cancelled():  # by itself: nobody else had reason to
        return Failed(failure_of(JobFailed("The handler cancelled itself.")))
    return work.result()


def encode(value: Any, limit: int) -> Result:
    """What a handler returned, as it is kept: compact JSON of at most ``limit`` bytes.

    Raises DoNotRetry for what JSON cannot say, ResultTooLarge for what does not fit.
    """
    if isinstance(value, Result):
        result = value
    else:
        try:
            text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
            result = Result(text.encode())
        except (TypeError, ValueError) as error:
            raise DoNotRetry(f"The handler returned what JSON cannot express: {error}") from error
    if result.size > limit:
        raise ResultTooLarge(f"The result takes {result.size} bytes; {limit} are kept at most.")
    return result


def failure_of(error: BaseException) -> Failure:
    """An error as the job's history keeps it. It never raises, whatever the error's own methods do."""
    if isinstance(error, JobFailed):
        code, message = error.code, error.message
    else:
        code, message = "exception", f"{type(error).__name__}: {_told(error)}"
    trace = "".join(traceback.format_exception(error))
    return Failure(code, readable(message)[:_MESSAGE_CHARACTERS], readable(trace)[-_TRACEBACK_CHARACTERS:])


def readable(text: str) -> str:
    """``text`` as UTF-8 can carry it: a file name may hold bytes that no encoding knows."""
    return text.encode("utf-8", "backslashreplace").decode()


def _told(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - it is the handler's own code
        return "(it cannot be shown)"
