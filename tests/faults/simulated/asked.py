"""What clients ask for, and what runs for them."""

from __future__ import annotations

from dataclasses import dataclass, field

from jobserver.jobs.model import JobId
from jobserver.jobs.submission import Submission


@dataclass(eq=False)
class Request:
    """What a client asks for, once or again and again with its key. ``refused_by``: lives that answered 503.

    ``key_ends``: until then its key stands for one job.
    """

    number: int
    asked: Submission
    client: int
    job_id: JobId | None = None
    key_ends: float = 0.0
    sent: int = 0
    unknown: bool = False
    refused_by: set[int] = field(default_factory=set)
    jobs: list[JobId] = field(default_factory=list)

    @property
    def keyed(self) -> bool:
        return self.asked.idempotency is not None


@dataclass(eq=False)
class Running:
    """A handler that runs."""

    job_id: JobId
    life: int
    told_to_stop: float | None = None
