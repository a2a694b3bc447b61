"""An isolated handler, seen from inside its child process."""

from __future__ import annotations

import asyncio
import importlib
import inspect
from datetime import datetime
from operator import attrgetter
from typing import Any, Protocol

from jobserver.jobs.model import Result
from jobserver.workers.define import JobFunction
from jobserver.workers.shape import Shape
from jobserver.workers.telling import a_progress, an_artifact, encode, lines_of


class Report(Protocol):
    """The way to the server."""

    def __call__(self, fraction: float, step: str = "") -> None:
        """Say how far the job has come."""

    def log(self, lines: list[str]) -> None:
        """Pass lines on."""

    def artifact(self, name: str, content_type: str, body: bytes, *, required: bool = True) -> None:
        """Pass a file on."""


class ChildContext:
    """The `registry.Context` of a handler that has a process of its own: it is killed rather than asked to end."""

    cancelled = False

    def __init__(self, job: dict[str, Any], report: Report) -> None:
        self.job_id: str = job["job_id"]
        self.owner: str = job["owner"]
        self.attempt: int = job["attempt"]
        self.deadline = None if job["deadline"] is None else datetime.fromisoformat(job["deadline"])
        self.traceparent: str | None = job["traceparent"]
        self._report = report

    def progress(self, fraction: float, step: str = "") -> None:
        """See `Context.progress`."""
        said = a_progress(fraction, step)
        self._report(said.fraction, said.step)

    def log(self, line: str) -> None:
        """See `Context.log`."""
        self._report.log(lines_of(line))

    def artifact(
        self, name: str, body: bytes | str, content_type: str = "application/octet-stream", *, required: bool = True
    ) -> None:
        """See `Context.artifact`."""
        made = an_artifact(name, body, content_type)
        self._report.artifact(made.name, made.content_type, made.body, required=required)


def run(job: dict[str, Any], report: Report) -> Result:
    """Call the handler that ``job`` names and encode what it returns."""
    module, _, name = job["target"].partition(":")
    found = attrgetter(name)(importlib.import_module(module))
    shape = found.shape if isinstance(found, JobFunction) else Shape.of(found)
    made = shape.call(ChildContext(job, report), job["args"])
    return encode(asyncio.run(made) if inspect.iscoroutine(made) else made)
