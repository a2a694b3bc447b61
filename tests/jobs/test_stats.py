"""What is counted, how long things took, and how fast they go lately."""

from __future__ import annotations

from datetime import timedelta

from jobserver.jobs import states
from jobserver.jobs.histogram import STEPS, Histogram
from jobserver.jobs.model import Job, State
from jobserver.jobs.stats import Stats
from tests.make import LEASE, START, a_spec


def running(queue: str = "default", after: float = 0.0) -> Job:
    """A job whose attempt began ``after`` seconds from the start of the minute."""
    job = states.create(a_spec(queue=queue), 1)
    return states.start(job, token="t", worker="w", now=START + timedelta(seconds=after), lease=LEASE)


def test_every_step_of_a_histogram_counts_what_is_no_greater():
    waits = Histogram((1.0, 5.0))
    for seconds in (0.0, 1.0, 1.1, 5.0, 99.0):
        waits.observe(seconds)
    assert list(waits.up_to()) == [(1.0, 2), (5.0, 4), (float("inf"), 5)]
    assert (waits.count, waits.sum) == (5, 106.1)


def test_a_clock_that_disagrees_makes_no_negative_wait():
    waits = Histogram()
    waits.observe(-0.5)
    assert (waits.sum, next(waits.up_to())) == (0.0, (STEPS[0], 1))


def test_waits_and_runs_are_kept_apart_by_queue_and_kind():
    stats = Stats()
    job = running(queue="mail")
    stats.note_submitted(job)
    stats.note_started(job, 0.2)
    stats.note_ended(job, State.DONE, 3.0)
    assert stats.submitted == stats.started == {("mail", "echo"): 1}
    assert stats.ended == {("mail", "echo", State.DONE): 1}
    assert (stats.waits["mail", "echo"].sum, stats.runs["mail", "echo"].sum) == (0.2, 3.0)
    assert ("default", "echo") not in stats.waits


def test_an_attempt_that_will_be_tried_again_is_no_ended_job():
    stats = Stats()
    stats.note_ended(running(), State.SCHEDULED, 1.0)
    assert (stats.retried, stats.ended, stats.runs["default", "echo"].count) == ({("default", "echo"): 1}, {}, 1)
    assert stats.mean("echo") is None


def test_a_cancelled_job_is_counted_once_even_when_its_attempt_ends_later():
    stats = Stats()
    stats.note_cancelled(running())
    stats.note_ended(running(), State.CANCELLED, 1.0)
    assert stats.ended == {("default", "echo", State.CANCELLED): 1}
    assert stats.runs["default", "echo"].count == 1


def test_the_rate_is_of_the_last_minute_of_that_queue():
    stats = Stats()
    for second in range(60):
        stats.note_ended(running(after=second), State.DONE, 0.5)
    stats.note_ended(running(after=59), State.FAILED, 0.5)
    stats.note_ended(running("mail", after=59), State.DONE, 0.5)
    a_minute_on = START + timedelta(seconds=60)
    assert stats.rate("default", START + timedelta(seconds=59.9)) == (60, 1)
    assert stats.rate("default", a_minute_on) == (60, 1)
    assert stats.rate("default", a_minute_on + timedelta(seconds=30)) == (30, 0.5)
    assert stats.rate("mail", a_minute_on) == (1, 0)


def test_the_rate_of_a_quiet_or_unknown_queue_is_nothing():
    stats = Stats()
    stats.note_ended(running(), State.DONE, 0.5)
    assert stats.rate("default", START + timedelta(minutes=3)) == (0, 0)
    assert stats.rate("nobody", START) == (0, 0)


def test_what_ended_late_is_still_counted():
    stats = Stats()
    stats.rate("default", START)
    stats.note_ended(running(after=61), State.DONE, 1)
    stats.note_ended(running(after=0), State.DONE, 1)  # told after one that ended later
    assert stats.rate("default", START + timedelta(seconds=62))[0] == 2


def test_the_mean_follows_what_happens_lately():
    stats = Stats()
    assert stats.mean("echo") is None
    assert stats.eta("echo", 0, 1) is None
    for _ in range(30):
        stats.observe("echo", 10)
    for _ in range(30):
        stats.observe("echo", 1)
    assert 1 < (stats.mean("echo") or 0) < 1.1
    assert stats.eta("echo", ahead=9, concurrency=0) == stats.mean("echo")
