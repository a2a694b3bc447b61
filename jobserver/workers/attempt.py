"""One attempt of a job: run it, watch over it, and record how it ended."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from contextlib import suppress
from datetime import timedelta
from typing import Any

from jobserver.errors import JobFailed, JobNotFound, LeaseLost, ResultTooLarge, RetryAfter, TimedOut
from jobserver.jobs.clock import Clock
from jobserver.jobs.engine import Engine
from jobserver.jobs.model import Failed, Failure, Interrupted, Lease, Outcome, Result, State, Succeeded
from jobserver.jobs.states import time_left
from jobserver.workers.context import Run
from jobserver.workers.registry import Handler
from jobserver.workers.telling import encode, readable

_log = logging.getLogger(__name__)

_REPORT_EVERY = 0.1
_TRACEBACK_CHARACTERS = 20_000
_MESSAGE_CHARACTERS = 2_000
_INTERRUPTED = Interrupted()


class Attempt:
    """Runs one leased job to its end. Whoever owns it renews its lease and halts it when the job is cancelled.

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
        self._loop = asyncio.get_running_loop()
        now = clock.now()
        self._limit = time_left(lease.job, now)
        self._run = Run(lease, None if self._limit is None else now + self._limit, self._has_news)
        self._work: asyncio.Task[Outcome] | None = None
        self._roused = asyncio.Event()
        self._time_limit: asyncio.TimerHandle | None = None
        self._next_telling: asyncio.TimerHandle | None = None
        self._told_at = -_REPORT_EVERY
        self._verdict: Outcome | None = None
        self.over = asyncio.Event()
        """Its handler has ended, or was abandoned."""

    @property
    def interrupted(self) -> bool:
        """Whether it was stopped before its handler ended or its time was over: it does not count."""
        return isinstance(self._verdict, Interrupted)

    async def run(self) -> State | None:
        """Run to the end and record it. Returns the job's state, or None when the job is somebody else's by now."""
        try:
            return await self._record(await self._watch_over())
        except asyncio.CancelledError:
            # Its owner is going down. The record must be made even so, or the job would wait for its lease to end.
            await asyncio.shield(self._record(_INTERRUPTED))
            raise
        finally:
            self.over.set()

    def halt(self, verdict: Outcome = _INTERRUPTED) -> None:
        """Stop the handler; the attempt ends with ``verdict``, which the engine ignores when the job was cancelled.

        Of no effect on an attempt whose handler has ended or which was halted before.
        """
        if self._verdict is not None or (self._work is not None and self._work.done()):
            return
        self._verdict = verdict
        self._run.cancelled = True
        if self._work is not None:
            self._work.cancel()
        self._roused.set()

    async def renew(self) -> None:
        """Hold on to the lease; halt when it is lost or the job was cancelled."""
        try:
            if await self._engine.renew(self._lease) is not None:
                self.halt()
        except LeaseLost:
            self.halt()
        except Exception:  # noqa: BLE001 - an engine in trouble: the lease outlasts a few failed renewals
            _log.exception("job %s: its lease could not be renewed", self._lease.job.id)

    async def look_again(self) -> None:
        """Halt when the job was cancelled or forgotten while nobody listened."""
        try:
            if (await self._engine.get(self._lease.job.id)).state.ended:
                self.halt()
        except JobNotFound:
            self.halt()

    async def _watch_over(self) -> Outcome:
        """Run the handler until it ends or is halted."""
        await self.look_again()
        if self._verdict is not None:
            return self._verdict
        work = self._work = self._loop.create_task(self._handle(), name=f"job {self._lease.job.id}")
        work.add_done_callback(lambda _: self._roused.set())
        if self._limit is not None:
            self._time_limit = self._loop.call_later(self._limit.total_seconds(), self._time_out)
        try:
            await self._until_over(work)
        finally:
            await self._end(work)
        return await self._outcome_of(work)

    async def _until_over(self, work: asyncio.Task[Outcome]) -> None:
        while True:
            await self._roused.wait()
            self._roused.clear()
            if self._verdict is not None or work.done():
                return
            self._told_at = self._loop.time()
            try:
                await self._run.tell(self._engine)
            except LeaseLost:
                self.halt()

    async def _end(self, work: asyncio.Task[Outcome]) -> None:
        for timer in (self._time_limit, self._next_telling):
            if timer is not None:
                timer.cancel()
        if not work.done():
            self.halt()  # of no effect unless it is we who are cancelled: once more would be once too often
            # Not wait_for: a handler that swallows the cancellation would hold it for ever.
            await asyncio.wait({work}, timeout=self._grace)
        if not work.done():
            _log.error("job %s: its handler did not stop when cancelled and was abandoned", self._lease.job.id)
            self._abandoned.add(work)
            work.add_done_callback(self._abandoned.discard)

    async def _outcome_of(self, work: asyncio.Task[Outcome]) -> Outcome:
        """How it ended, once the engine was told all that the handler said."""
        outcome = self._verdict or _outcome(work)
        if isinstance(outcome, Interrupted):
            return outcome
        with suppress(LeaseLost):  # then the outcome will be refused as well
            await self._run.tell_all(self._engine)
        if self._run.failure is not None and isinstance(outcome, Succeeded):
            return _failed(self._run.failure)
        return outcome

    async def _handle(self) -> Outcome:
        try:
            result = encode(await self._handler.run(self._run, json.loads(self._lease.job.spec.args)))
            return Succeeded(self._bounded(result))
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - SystemExit too: what a handler raises is its attempt's failure
            return _failed(error)

    def _bounded(self, result: Result) -> Result:
        if result.size > self._max_result:
            raise ResultTooLarge(f"The result takes {result.size} bytes; {self._max_result} are kept at most.")
        return result

    def _time_out(self) -> None:
        policy = self._lease.job.spec.policy
        limit, whole = policy.timeout, policy.total_timeout
        if limit is not None and limit == self._limit:
            said = f"The job took longer than {limit.total_seconds():g} s."
        else:
            said = f"The job's attempts took longer than {(whole or timedelta()).total_seconds():g} s in all."
        self.halt(Failed(failure_of(TimedOut(said))))

    def _has_news(self) -> None:
        wait = self._told_at + _REPORT_EVERY - self._loop.time()
        if wait <= 0:
            self._roused.set()
        else:
            self._next_telling = self._loop.call_later(wait, self._roused.set)

    async def _record(self, outcome: Outcome) -> State | None:
        self._run.close()
        try:
            return await self._engine.finish(self._lease, outcome)
        except LeaseLost:
            _log.warning("job %s: its lease ended before its attempt did", self._lease.job.id)
            return None


def _outcome(work: asyncio.Task[Outcome]) -> Outcome:
    if work.cancelled():  # by itself: nobody else had reason to
        return _failed(JobFailed("The handler cancelled itself."))
    if (error := work.exception()) is not None:  # what it raised cannot even be told
        return Failed(Failure("exception", f"{type(error).__name__} while its failure was told"))
    return work.result()


def _failed(error: BaseException) -> Failed:
    if isinstance(error, RetryAfter):
        return Failed(failure_of(error), after=timedelta(seconds=error.seconds))
    return Failed(failure_of(error), retry=not isinstance(error, JobFailed) or error.retryable)


def failure_of(error: BaseException) -> Failure:
    """An error as the job's history keeps it. It never raises, whatever the error's own methods do."""
    if isinstance(error, JobFailed):
        code, message = error.code, error.message
    else:
        code, message = "exception", f"{type(error).__name__}: {_told(error)}"
    trace = "".join(traceback.format_exception(error))
    return Failure(code, readable(message)[:_MESSAGE_CHARACTERS], readable(trace)[-_TRACEBACK_CHARACTERS:])


def _told(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - it is the handler's own code
        return "(it cannot be shown)"
