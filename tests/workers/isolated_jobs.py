"""What the child processes of test_isolate.py are asked to do, from harmless to hostile."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from jobserver.errors import DoNotRetry, InvalidRequest, JobFailed, RetryAfter, UrlRefused
from jobserver.jobs.model import Result

Report = Callable[..., None]


class TooSalty(JobFailed):
    """Too salty."""

    code = "too_salty"
    retryable = False


def said(value: Any) -> Result:
    return Result(json.dumps(value).encode())


def pid(payload: Any, report: Report) -> Result:
    return said(os.getpid())


async def echo(payload: Any, report: Report) -> Result:
    return Result(json.dumps(payload).encode(), b"brief")


def surroundings(payload: Any, report: Report) -> Result:
    return said(
        {
            "cwd": os.getcwd(),  # noqa: PTH109 - the very question
            "path": sys.path,
            "nice": os.nice(0),
            "oom": int(Path("/proc/self/oom_score_adj").read_text()),
            "modules": sorted(sys.modules),
        }
    )


def large(payload: int, report: Report) -> Result:
    return Result(b"x" * payload, b"brief")


def steps(payload: int, report: Report) -> Result:
    for number in range(payload):
        report(number / payload, f"step {number}")
    report(1.0, "done")
    return said(None)


def two_steps_then_spin(payload: Any, report: Report) -> NoReturn:
    report(0.1, "first")
    report(0.2, "second")
    while True:
        pass


def gossip(payload: Any, report: Report) -> Result:
    """Leaves a thread behind that goes on reporting."""

    def talk() -> None:
        while True:
            report(0.5, "gossip")
            time.sleep(0.001)

    threading.Thread(target=talk, daemon=True).start()
    return said(None)


def last(payload: float, report: Report) -> Result:
    """Take ``payload`` seconds."""
    time.sleep(payload)
    return said(os.getpid())


def wrong(payload: str, report: Report) -> Result:
    errors: dict[str, Exception] = {
        "refused": UrlRefused(stage="address", url="http://10.0.0.1/"),
        "later": RetryAfter(30, "Busy."),
        "never": DoNotRetry("No."),
        "invalid": InvalidRequest("Not like this."),
        "unknown": TooSalty(),
        "value": ValueError("a very odd value"),
        "long": ValueError("x" * 10_000_000),
    }
    raise errors[payload]


def not_a_result(payload: Any, report: Report) -> Any:
    return {"body": 1}


def leave(payload: Any, report: Report) -> NoReturn:
    threading.Thread(target=threading.Event().wait).start()
    sys.exit(3)


def leave_at_once(payload: Any, report: Report) -> NoReturn:
    os._exit(4)


def kill_itself(payload: int, report: Report) -> Result:
    os.kill(os.getpid(), payload)
    return said("still here")


def segfault(payload: Any, report: Report) -> Result:
    return said(ctypes.string_at(0).decode())


def spin(payload: Any, report: Report) -> NoReturn:
    report(0.0, str(os.getpid()))
    while True:
        pass


def hold_the_gil(payload: Any, report: Report) -> NoReturn:
    report(0.0, str(os.getpid()))
    while True:
        ctypes.PyDLL(None).sleep(100)


def family(payload: Any, report: Report) -> NoReturn:
    """Start a process of its own, in the same group, and wait with it for ever."""
    sleeper = subprocess.Popen(["sleep", "1000"])
    report(0.0, str(sleeper.pid))
    sleeper.wait()
    os._exit(0)


def orphan(payload: Any, report: Report) -> NoReturn:
    """Start a process that holds every descriptor of this one, and die before it."""
    if (offspring := os.fork()) == 0:
        signal.pause()
    report(0.0, str(offspring))
    os._exit(5)


def shout(payload: int, report: Report) -> Result:
    for _ in range(payload):
        os.write(1, b"a line that is not very long, but there are many of it\n" * 20_000)
    os.write(2, b"y" * 10_000_000)
    return said("done")


def whisper(payload: str, report: Report) -> Result:
    print(payload)  # noqa: T201 - what becomes of it is the question
    return said(None)


def wait_for_file(payload: str, report: Report) -> Result:
    report(0.0, str(os.getpid()))
    while not Path(payload).exists():
        time.sleep(0.001)
    return said(os.getpid())
