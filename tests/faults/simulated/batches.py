"""What a batch must be like, beside what is on disk already and what its handlers said."""

from __future__ import annotations

from dataclasses import dataclass, field

from jobserver.engines.sqlite.batch import Batch
from jobserver.jobs.model import Job, State
from tests.faults.simulated.disk import Disk


@dataclass
class Said:
    """What a handler reported: ``lines`` of its log, ``files`` by name, each as it was last."""

    lines: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)


def check_complete(batch: Batch, disk: Disk) -> None:
    """Raise AssertionError when a batch leaves out what belongs to its jobs, or has more than that."""
    marks = batch.marks
    assert marks is not None, "a batch without marks"
    assert marks.arrived >= disk.marks.arrived, f"{disk.marks} went back to {marks}"
    assert marks.line >= disk.marks.line, f"{disk.marks} went back to {marks}"
    for number, job in batch.jobs.items():
        if job is not None:
            _check_parts(job, disk.jobs.get(number), batch)
    queued = {number for number, job in batch.jobs.items() if job is not None and job.state is State.QUEUED}
    assert batch.lines.keys() == queued, f"places in line for {sorted(batch.lines)}, and {sorted(queued)} are queued"
    places = {number: line for number, line in disk.lines.items() if number not in batch.jobs} | batch.lines
    assert len({*places.values()}) == len(places), f"two jobs in one place: {places}"


def _check_parts(job: Job, before: Job | None, batch: Batch) -> None:
    assert (job.number in batch.new) is (before is None), f"{job.id} comes with its arguments at the wrong time"
    ends = job.result is not None and (before is None or before.result is None)
    assert ends <= (job.number in batch.ended), f"{job.id} has come without its result"


def check_said(job: Job, said: Said, batch: Batch, disk: Disk) -> None:
    """Raise AssertionError when a job is done and not all that its last attempt said and made is on disk."""
    kept = [line.text for line in disk.logs.get(job.number, ())]
    kept += [line.text for number, line in batch.logs if number == job.number]
    assert kept[len(kept) - len(said.lines) :] == said.lines, f"{job.id} said {said.lines}, and its log has {kept}"
    filed = {
        **disk.files.get(job.number, {}),
        **{file.name: file for number, file in batch.files if number == job.number},
    }
    for name, body in said.files.items():
        assert name in filed, f"{name} of {job.id} is lost"
        assert filed[name].body == body, f"{name} of {job.id} is not the last of that name"
