"""What is packed comes out as it went in."""

from __future__ import annotations

import gc
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from jobserver.engines.packed import pack, unpack
from jobserver.engines.records import Records
from jobserver.jobs import states
from jobserver.jobs.model import IdempotencyKey, Job, JobSpec, Progress, Result
from jobserver.jobs.policy import Backoff
from tests.make import LEASE, START, a_failure, a_policy, a_spec

KEEP = timedelta(hours=1)
SPECS = st.builds(
    a_spec,
    args=st.binary(max_size=50),
    priority=st.integers(-1000, 1000),
    run_in=st.none() | st.floats(0, 1e6),
    expires_in=st.none() | st.floats(0, 1e6),
    dedup_key=st.none() | st.text(max_size=5),
    turn=st.none() | st.text(max_size=5),
    tags=st.lists(st.text(max_size=5), max_size=3).map(tuple),
    policy=st.builds(a_policy, max_attempts=st.integers(1, 5), total_timeout=st.none() | st.floats(1, 1e6)),
    key=st.none() | st.text(min_size=1, max_size=5),
)


def through_a_life(job: Job) -> list[Job]:
    """The job in every state it can be in."""
    queued = job if job.state.value == "queued" else states.enqueue(job)
    running = states.start(queued, token="t", worker="w", now=START, lease=LEASE)
    told = states.report(running, Progress(0.5, "half"))
    failed = states.fail(told, a_failure(), now=START, keep=KEEP)
    done = states.succeed(told, Result(b"[1]", b"brief"), now=START, keep=KEEP)
    return [job, queued, running, told, failed, done, states.cancel(told, "unwanted", now=START, keep=KEEP)]


@given(SPECS.map(lambda spec: spec._replace(credential=b"c", traceparent="00-1-2-03")) | SPECS, st.integers(1, 10**9))
def test_a_job_is_unpacked_as_it_was_packed(spec: JobSpec, number: int):
    for job in through_a_life(states.create(spec, number)):
        assert unpack(job.id, pack(job, 7)) == (job, 7)


def test_unusual_terms_and_keys_are_unpacked_as_they_were():
    policy = replace(a_policy(per_key=3, timeout=None), backoff=Backoff(timedelta(seconds=2), 1.5, KEEP, 0.3))
    spec = a_spec(policy=policy)._replace(idempotency=IdempotencyKey("k", b"f", timedelta(days=2)))
    job = states.create(spec, 1)
    assert unpack(job.id, pack(job, None)) == (job, None)


def test_jobs_are_found_changed_and_forgotten_whether_packed_or_not():
    records = Records()
    jobs = [states.create(a_spec(), number) for number in range(3_000)]
    for job in jobs:
        records.put(job, job.number)
    assert len(records) == 3_000
    assert [records.find(job.id) for job in jobs] == [(job, job.number) for job in jobs]
    changed = [job._replace(version=2) for job in jobs[:100]]
    for job in changed:
        records.put(job)
    assert [records.version(job.id) for job in changed] == [2] * 100
    for job in jobs[50:]:
        records.remove(job.id)
    assert len(records) == 50
    assert records.get(jobs[60].id) is None
    assert records.peek(jobs[60].id) is None
    assert [records.get(job.id) for job in jobs[:50]] == changed[:50]


def test_a_packed_job_is_nothing_to_the_garbage_collector():
    row = pack(states.create(a_spec(), 1), 0)
    gc.collect()
    assert not gc.is_tracked(row)
