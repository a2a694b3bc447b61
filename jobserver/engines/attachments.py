"""What hangs on a job beside its record: the lines of its log and its files."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from jobserver.jobs.model import Artifact, JobId, LogLine

LINES = 1_000
"""Lines of one log that are kept, the last."""

_LINE_BYTES = 120
_FILES = 100
_FILE_BYTES = 32_000_000
"""Bytes all files of one job may take."""


class Attachments:
    """Logs and files by job. Of a log the last 1,000 lines are kept; a job has at most 100 files and 32 MB of them."""

    def __init__(self) -> None:
        self.size = 0
        self._logs: dict[JobId, deque[LogLine]] = {}
        self._files: dict[JobId, dict[str, Artifact]] = {}

    def write(self, job_id: JobId, at: datetime, text: str) -> LogLine:
        """Add a line to the job's log."""
        lines = self._logs.get(job_id)
        line = LogLine(lines[-1].number + 1 if lines else 0, at, text)
        self.restore(job_id, line)
        return line

    def restore(self, job_id: JobId, line: LogLine) -> None:
        """Know a line that has its number already."""
        lines = self._logs.setdefault(job_id, deque())
        lines.append(line)
        self.size += _LINE_BYTES + len(line.text)
        if len(lines) > LINES:
            self.size -= _LINE_BYTES + len(lines.popleft().text)

    def lines(self, job_id: JobId, start: int, limit: int) -> Sequence[LogLine]:
        """Lines from number ``start`` on."""
        lines = self._logs.get(job_id)
        if not lines:
            return []
        skipped = max(start - lines[0].number, 0)
        return list(islice(lines, skipped, skipped + limit))

    def growth(self, job_id: JobId, artifact: Artifact) -> int | None:
        """Bytes that keeping the file adds, or None when the job may not have so much."""
        files = self._files.get(job_id, {})
        old = files.get(artifact.name)
        total = sum(len(each.body) for each in files.values())
        more = len(artifact.body) - (len(old.body) if old else 0)
        too_many = old is None and len(files) >= _FILES
        return None if too_many or total + more > _FILE_BYTES else more

    def keep(self, job_id: JobId, artifact: Artifact) -> None:
        """Keep a file; one of the same name is replaced where it stands."""
        files = self._files.setdefault(job_id, {})
        old = files.get(artifact.name)
        self.size += len(artifact.body) - (len(old.body) if old else 0)
        files[artifact.name] = artifact

    def files(self, job_id: JobId) -> Sequence[Artifact]:
        """The job's files, in the order they were first named."""
        return list(self._files.get(job_id, {}).values())

    def forget(self, job_id: JobId) -> None:
        """The job is forgotten."""
        self.size -= sum(_LINE_BYTES + len(line.text) for line in self._logs.pop(job_id, ()))
        self.size -= sum(len(each.body) for each in self._files.pop(job_id, {}).values())
