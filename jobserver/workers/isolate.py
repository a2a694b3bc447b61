"""Handlers that run in a killable child process: their CPU work, crashes and hangs never touch the server's loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from jobserver.errors import Crashed, ShuttingDown
from jobserver.jobs.model import Result
from jobserver.workers.frames import Kind
from jobserver.workers.process import REAP_WITHIN, ChildProcess, OnArtifact, OnLog, OnProgress, ignore


class ProcessPool:
    """Warm child processes that run one job at a time each.

    ``size``: children at most; further callers wait in order of arrival.
    ``preload``: modules a child imports at its start.
    ``idle``: seconds after which an unused child is closed.
    ``max_message``: bytes the body of a result may take; its brief likewise.
    ``recycle_after``: jobs after which a child is replaced, so that what a library leaks does not add up.

    A child starts with the first job that needs it. It has this process's working directory, environment and
    `sys.path`, and dies with this process. What it prints goes to the log, 100 lines a job. One in which a job left a
    process behind is killed with it and takes no other job.
    """

    def __init__(
        self,
        *,
        size: int = 1,
        preload: tuple[str, ...] = (),
        idle: float = 60.0,
        max_message: int = 64 * 1024 * 1024,
        recycle_after: int = 100,
    ) -> None:
        self._preload = preload
        self._idle_for = idle
        self._max_message = max_message
        self._recycle_after = recycle_after
        self._slots = asyncio.Semaphore(size)
        self._children: set[ChildProcess] = set()
        self._idle: dict[ChildProcess, asyncio.TimerHandle] = {}
        self._closed = False

    async def run(
        self,
        target: str,
        payload: Any,
        on_progress: OnProgress,
        *,
        on_log: OnLog = ignore,
        on_artifact: OnArtifact = ignore,
    ) -> Result:
        """Call ``target`` in a child and return what it returned.

        ``target``: ``"package.module:function"``, plain or async: ``(payload, report) -> Result``. ``payload``: JSON.
        ``on_progress``: hears what the function passes to ``report(fraction, step)``, 20 times a second at most;
        ``on_log`` each line of ``report.log(lines)``, at most 1,000 in that time; ``on_artifact`` (name, body, content
        type, required=…) of ``report.artifact(name, content_type, body, required=…)``.

        Raises the function's own JobFailed, class and attributes kept (any other exception: a JobFailed with the code
        ``exception``), Crashed when the child dies, ResultTooLarge, and ShuttingDown once the pool is closed. When the
        call is cancelled the child and whatever it started are killed before the cancellation goes on.
        """
        job = json.dumps({"target": target, "payload": payload}).encode()
        async with self._place():
            child = await self._take()
            try:
                child.jobs += 1
                return await child.ask(Kind.JOB, job, on_progress, on_log, on_artifact)
            finally:
                await self._put_back(child)

    async def close(self) -> None:
        """Kill the children and refuse new jobs; those under way raise ShuttingDown. Takes 5 s at most."""
        self._closed = True
        for child in self._children:
            child.kill()
        if dying := {child.gone for child in self._children}:
            await asyncio.wait(dying, timeout=REAP_WITHIN)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """One of ``size`` places. A child that dies because the pool is closed has not crashed."""
        async with self._slots:
            if self._closed:
                raise ShuttingDown
            try:
                yield
            except Crashed:
                if self._closed:
                    raise ShuttingDown from None
                raise

    async def _take(self) -> ChildProcess:
        while self._idle:
            child, timer = self._idle.popitem()
            timer.cancel()
            if child.ready:
                return child
        child = ChildProcess(self._max_message)
        self._children.add(child)
        child.gone.add_done_callback(lambda _: self._forget(child))
        await child.start(self._preload)
        return child

    async def _put_back(self, child: ChildProcess) -> None:
        if child.ready and child.jobs < self._recycle_after and not self._closed:
            self._idle[child] = asyncio.get_running_loop().call_later(self._idle_for, child.kill)
        else:
            await child.end()

    def _forget(self, child: ChildProcess) -> None:
        self._children.discard(child)
        if timer := self._idle.pop(child, None):
            timer.cancel()
