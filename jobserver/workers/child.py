"""The child process's side of `isolate`: takes one job after another from the server, runs it, and hands back bytes.

Started as ``python -m jobserver.workers.child CHANNEL LIFELINE``, two inherited sockets by number.
"""

from __future__ import annotations

import asyncio
import fcntl
import importlib
import inspect
import json
import os
import select
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from typing import Any

from jobserver.jobs.model import Result
from jobserver.workers import frames
from jobserver.workers.frames import Kind

_REPORT_EVERY = 0.05
_STEP_CHARACTERS = 200
_LINES_WAITING = 1_000
_NICE = 5
_OOM_SCORE = "800"


class Channel:
    """Where the server is heard and answered; any thread may send."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._stream = sock.makefile("rb")
        self._sending = threading.Lock()

    def hear(self) -> tuple[Kind, bytes] | None:
        """The next frame, or None when the server is gone."""
        return frames.read(self._stream)

    def say(self, kind: Kind, body: bytes = b"") -> None:
        """Send a frame."""
        with self._sending:
            self._sock.sendall(frames.header(kind, body))
            self._sock.sendall(body)


class Reporter:
    """Passes on what a job says: files at once, progress and lines at most 20 times a second.

    The latest progress is never lost, and late by 50 ms at most. Of lines a thousand wait at most; one more then says
    how many were dropped.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._lock = threading.Lock()
        self._held: tuple[float, str] | None = None
        self._lines: list[str] = []
        self._dropped = 0
        self._timer: threading.Timer | None = None
        self._sent_at = -_REPORT_EVERY
        self._open = True

    def __call__(self, fraction: float, step: str = "") -> None:
        """Say how far the job has come: ``fraction`` from 0 to 1, ``step`` in a few words."""
        with self._lock:
            self._held = (fraction, step[:_STEP_CHARACTERS])
            self._send_soon()

    def log(self, lines: list[str]) -> None:
        """Pass lines on to the job's log."""
        with self._lock:
            room = max(_LINES_WAITING - len(self._lines), 0)
            self._lines += lines[:room]
            self._dropped += len(lines[room:])
            self._send_soon()

    def artifact(self, name: str, content_type: str, body: bytes, *, required: bool = True) -> None:
        """Pass a file on, after the lines that came before it. ``required``: see `registry.Context.artifact`."""
        with self._lock:
            self._send()
            if self._open:
                self._channel.say(Kind.ARTIFACT, frames.artifact(name, content_type, body, required=required))

    def close(self) -> None:
        """Send what is held; nothing after this. A thread the job left behind cannot speak in the next job's name."""
        with self._lock:
            self._send()
            self._open = False
            if self._timer is not None:
                self._timer.cancel()

    def _late(self) -> None:
        with self._lock:
            self._timer = None
            self._send()

    def _send_soon(self) -> None:
        wait = self._sent_at + _REPORT_EVERY - time.monotonic()
        if wait <= 0:
            self._send()
        elif self._timer is None:
            self._timer = threading.Timer(wait, self._late)
            self._timer.daemon = True
            self._timer.start()

    def _send(self) -> None:
        if not self._open:
            return
        if self._dropped:
            self._lines.append(f"({self._dropped} lines were dropped: too many at once)")
        if self._lines:
            self._channel.say(Kind.LOG, json.dumps(self._lines, ensure_ascii=False).encode())
        if self._held is not None:
            self._channel.say(Kind.PROGRESS, json.dumps(self._held).encode())
        self._held, self._sent_at = None, time.monotonic()
        self._lines, self._dropped = [], 0


def main(channel_number: int, lifeline_number: int) -> None:
    """Serve until the server is gone."""
    # Sockets made from a number are inheritable as they came; a program that a job starts must not hold them open.
    channel_socket, lifeline = socket.socket(fileno=channel_number), socket.socket(fileno=lifeline_number)
    channel_socket.set_inheritable(False)
    lifeline.set_inheritable(False)
    _die_with_the_server(lifeline)
    _behave()
    channel = Channel(channel_socket)
    while (frame := channel.hear()) is not None:
        _answer(channel, *frame)


def _die_with_the_server(lifeline: socket.socket) -> None:
    """End this whole process group when the server's end of ``lifeline`` closes, however the server died.

    A thread waits for that. On Linux the kernel watches as well: it needs no Python to run here, so it works even
    inside a C call that keeps the GIL (a regular expression that backtracks for hours).
    """
    if sys.platform == "linux":
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, os.O_ASYNC)
    threading.Thread(target=_watch, args=(lifeline,), daemon=True).start()


def _watch(lifeline: socket.socket) -> None:
    # Not recv: while a thread waits in one the kernel thinks the news is in good hands, and sends no signal.
    poller = select.poll()
    poller.register(lifeline, select.POLLIN)
    poller.poll()
    os.killpg(0, signal.SIGKILL)


def _behave() -> None:
    """Leave the stop signals to the server, and the processor and the memory too when they are short."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # Not SIG_IGN, which the programs that a job starts would inherit.
        signal.signal(number, lambda *_: None)
    with suppress(OSError):
        os.nice(_NICE)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, encoding="ascii")


def _answer(channel: Channel, kind: Kind, body: bytes) -> None:
    report = Reporter(channel)
    try:
        result = _set_up(body) if kind is Kind.SETUP else _run(body, report)
    except SystemExit as error:
        # At once: a thread the job left behind would keep the interpreter from ending.
        os._exit(error.code if isinstance(error.code, int) else 1)
    except BaseException as error:  # noqa: BLE001 - whatever a job raises is the job's failure, not this process's
        report.close()
        _tell_of_processes(channel)
        channel.say(Kind.ERROR, frames.told(error))
    else:
        report.close()
        _tell_of_processes(channel)
        if result.brief is not None:
            channel.say(Kind.BRIEF, result.brief)
        channel.say(Kind.RESULT, result.body)


def _tell_of_processes(channel: Channel) -> None:
    """The job is over; a process it started and did not wait for would live as long as this one."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):  # those that have ended
            pass
        channel.say(Kind.SPENT)


def _set_up(body: bytes) -> Result:
    for module in json.loads(body):
        importlib.import_module(module)
    return Result(b"")


def _run(body: bytes, report: Reporter) -> Result:
    job = json.loads(body)
    module, _, name = job["target"].partition(":")
    made: Any = attrgetter(name)(importlib.import_module(module))(job["payload"], report)
    if inspect.iscoroutine(made):
        made = asyncio.run(made)
    if not isinstance(made, Result):
        raise TypeError(f"{job['target']} returned {type(made).__name__}, not a Result")
    return made


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
