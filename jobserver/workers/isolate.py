"""Handlers that run in a killable child process: their CPU work, crashes and hangs never touch the server's loop."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from typing import Any, cast

from jobserver.errors import Crashed, ShuttingDown
from jobserver.jobs.model import Result
from jobserver.workers import frames
from jobserver.workers.frames import CHUNK, Kind
from jobserver.workers.output import Output

_REAP_WITHIN = 5.0

OnProgress = Callable[[float, str], None]
OnLog = Callable[[str], None]
OnArtifact = Callable[[str, bytes, str], None]


def _ignore(*_: object) -> None:
    """Nobody wants to know."""


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
        self._children: set[_Child] = set()
        self._idle: dict[_Child, asyncio.TimerHandle] = {}
        self._closed = False

    async def run(
        self,
        target: str,
        payload: Any,
        on_progress: OnProgress,
        *,
        on_log: OnLog = _ignore,
        on_artifact: OnArtifact = _ignore,
    ) -> Result:
        """Call ``target`` in a child and return what it returned.

        ``target``: ``"package.module:function"``, plain or async: ``(payload, report) -> Result``. ``payload``: JSON.
        ``on_progress``: hears what the function passes to ``report(fraction, step)``, 20 times a second at most;
        ``on_log`` each line of ``report.log(lines)``, at most 1,000 in that time; ``on_artifact`` (name, body, content
        type) of ``report.artifact(name, content_type, body)``.

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
            await asyncio.wait(dying, timeout=_REAP_WITHIN)

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

    async def _take(self) -> _Child:
        while self._idle:
            child, timer = self._idle.popitem()
            timer.cancel()
            if child.ready:
                return child
        child = _Child(self._max_message)
        self._children.add(child)
        child.gone.add_done_callback(lambda _: self._forget(child))
        await child.start(self._preload)
        return child

    async def _put_back(self, child: _Child) -> None:
        if child.ready and child.jobs < self._recycle_after and not self._closed:
            self._idle[child] = asyncio.get_running_loop().call_later(self._idle_for, child.kill)
        else:
            await child.end()

    def _forget(self, child: _Child) -> None:
        self._children.discard(child)
        if timer := self._idle.pop(child, None):
            timer.cancel()


class _Child(asyncio.SubprocessProtocol):
    """One child process, from its start to its reaping.

    ``gone`` is done once the process is reaped and every descriptor of it closed. ``jobs``: how many it was given.
    """

    def __init__(self, max_message: int) -> None:
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.jobs = 0
        self._max_message = max_message
        self._process: asyncio.SubprocessTransport | None = None
        self._ours = ExitStack()
        self._busy = True
        self._spent = False
        self._killed = False

    @property
    def ready(self) -> bool:
        """Whether it lives and has answered all it was asked."""
        return not (self._busy or self._killed or self.gone.done())

    async def start(self, preload: tuple[str, ...]) -> None:
        """Start it and wait until it is ready. Raises Crashed, or JobFailed when a module cannot be imported."""
        try:
            await self._launch()
            await self.ask(Kind.SETUP, json.dumps(preload).encode())
        except BaseException:
            if self._process is None:
                self._release()
            await self.end()
            raise

    async def ask(
        self,
        kind: Kind,
        question: bytes,
        on_progress: OnProgress = _ignore,
        on_log: OnLog = _ignore,
        on_artifact: OnArtifact = _ignore,
    ) -> Result:
        """Send it one frame and read until the answer. It is busy for ever unless the answer comes whole."""
        self._busy = True
        self._output.allow_more()
        self._writer.write(frames.header(kind, question) + question)
        brief = None
        while True:
            told, body = await self._receive()
            match told:
                case Kind.PROGRESS:
                    on_progress(*json.loads(body))
                case Kind.LOG:
                    on_log("\n".join(json.loads(body)))
                case Kind.ARTIFACT:
                    on_artifact(*frames.artifact_of(body))
                case Kind.SPENT:
                    self._spent = True
                case Kind.BRIEF:
                    brief = body
                case Kind.ERROR:
                    self._busy = self._spent
                    raise frames.retold(body)
                case Kind.RESULT:
                    self._busy = self._spent
                    return Result(body, brief)

    async def end(self) -> None:
        """Kill it and wait until it is gone, 5 s at most (a process in an uninterruptible call takes its time)."""
        self.kill()
        await asyncio.wait({self.gone}, timeout=_REAP_WITHIN)

    def kill(self) -> None:
        """Kill it and all it started, at once."""
        self._killed = True
        if self._process is None or self.gone.done():
            return
        # Its pid is also its group's, and no other process gets that number while anyone is left in the group.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.get_pid(), signal.SIGKILL)

    async def _launch(self) -> None:
        loop = asyncio.get_running_loop()
        with ExitStack() as theirs:
            pairs = [socket.socketpair() for _ in range(3)]
            (channel, its_channel), (output, its_output), (lifeline, its_lifeline) = pairs
            for end in (its_channel, its_output, its_lifeline):
                theirs.enter_context(end)
            self._ours.enter_context(lifeline)
            self._output = Output(output)
            self._ours.callback(self._output.close)
            self._reader, self._writer = await asyncio.open_unix_connection(sock=channel, limit=CHUNK)
            self._ours.callback(self._writer.transport.abort)
            numbers = (its_channel.fileno(), its_lifeline.fileno())
            await loop.subprocess_exec(
                lambda: self,
                *(sys.executable, "-P", "-u", "-X", "faulthandler", "-m", "jobserver.workers.child"),
                *map(str, numbers),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=its_output.fileno(),
                stderr=its_output.fileno(),
                pass_fds=numbers,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It runs."""
        self._process = cast("asyncio.SubprocessTransport", transport)
        if self._killed:
            self.kill()

    def process_exited(self) -> None:
        """It is dead and reaped; what it started is not to outlive it."""
        self.kill()
        self._release()

    def _release(self) -> None:
        self._ours.close()
        if self._process is not None:
            self._process.close()
        self.gone.set_result(None)

    async def _receive(self) -> tuple[Kind, bytes]:
        try:
            return await frames.receive(self._reader, self._max_message)
        except (OSError, asyncio.IncompleteReadError):
            await self.end()
            raise Crashed(f"The process that ran the job {self._end_of_story()}.") from None

    def _end_of_story(self) -> str:
        code = None if self._process is None else self._process.get_returncode()
        if code is None:
            return "stopped answering"
        return f"was killed by signal {-code}" if code < 0 else f"exited with code {code}"
