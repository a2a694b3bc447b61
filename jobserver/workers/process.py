"""One child process as the server sees it: started, asked, killed, reaped."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Protocol, cast

from jobserver.errors import Crashed
from jobserver.jobs.model import Result
from jobserver.workers import frames
from jobserver.workers.frames import CHUNK, Kind
from jobserver.workers.output import Output

REAP_WITHIN = 5.0
"""Seconds a killed process has to be gone."""

OnProgress = Callable[[float, str], None]
OnLog = Callable[[str], None]


class OnArtifact(Protocol):
    """Takes a file; see `registry.Context.artifact`."""

    def __call__(self, name: str, body: bytes, content_type: str, /, *, required: bool) -> None:
        """A file was sent."""


def ignore(*_: object, **__: object) -> None:
    """Nobody wants to know."""


class ChildProcess(asyncio.SubprocessProtocol):
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
        on_progress: OnProgress = ignore,
        on_log: OnLog = ignore,
        on_artifact: OnArtifact = ignore,
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
                    name, contents, content_type, required = frames.artifact_of(body)
                    on_artifact(name, contents, content_type, required=required)
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
        await asyncio.wait({self.gone}, timeout=REAP_WITHIN)

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
