"""``submit`` and ``watch``: a job of a running server, from a shell."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, TextIO

from jobserver.client import Client, JobEvent, RemoteJob
from jobserver.client.shown import Options
from jobserver.errors import JobserverError
from jobserver.jobs.model import State
from jobserver.logs import visible, visible_json


async def submit(client: Client, kind: str, args: Mapping[str, Any], options: Options, *, wait: bool) -> int:
    """Queue a job and print its id; with ``wait``, watch it instead. Returns the exit status, as `watch` does."""
    async with client:
        job = await client.submit(kind, args, **options)
        if wait:
            return await _watch(client, job.id)
        print(visible(job.id))
        return 0


async def watch(client: Client, job_id: str) -> int:
    """Show how a job comes along, then print its result. Returns 0 when it is done, 1 when it failed or was cancelled.

    Only the result goes to standard output. Raises what the server refuses.
    """
    async with client:
        return await _watch(client, job_id)


async def _watch(client: Client, job_id: str) -> int:
    line = Line(sys.stderr)
    try:
        async for event in client.events(job_id):
            line.show(_told(event))
    finally:
        line.end()
    return _tell_end(await client.wait(job_id))


def _tell_end(job: RemoteJob) -> int:
    try:
        result = job.result
    except JobserverError as error:
        print(visible(f"jobserver: {job.id} {_ENDED.get(job.status, job.status)}: {error.message}"), file=sys.stderr)
        return 1
    print(visible_json(json.dumps(result, ensure_ascii=False)))
    return 0


_ENDED = {State.FAILED: "failed", State.CANCELLED: "was cancelled"}


def _told(event: JobEvent) -> str:
    """What to show of an event; "" for nothing."""
    if event.type == "job.log":
        return f"  {event.data.get('line', '')}"
    status = event.data.get("status")
    if status is None:
        return ""
    share = f" {round(100 * float(event.data.get('progress', 0)))} %" if status == State.PROCESSING else ""
    step = f" {event.data['step']}" if event.data.get("step") else ""
    return f"{event.data.get('jobId', '')} {status}{share}{step}"


class Line:
    """One line that is written over again on a terminal; in a file, a line for each thing said."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._terminal = out.isatty()
        self._shown = ""

    def show(self, text: str) -> None:
        """Say ``text``, unless it is what was said last."""
        if not text or text == self._shown:
            return
        self._shown = text
        clean = visible(text)
        print(f"\r\x1b[K{clean}" if self._terminal else clean, end="" if self._terminal else "\n", file=self._out)
        self._out.flush()

    def end(self) -> None:
        """Leave the line."""
        if self._terminal and self._shown:
            print(file=self._out)
