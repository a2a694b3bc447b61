"""The judge: each lie that a server could tell is seen for what it is."""

from __future__ import annotations

from typing import Any

from tests.faults.ledger import Ledger
from tests.faults.verdict import Verdict, judge

RUNS = [("job-1", 1)]


def a_ledger(*, asked: int = 1, keyed: bool = False) -> Ledger:
    ledger = Ledger()
    for _ in range(asked):
        ledger.ask("one", keyed=keyed)
    ledger.accept("one", "job-1")
    return ledger


def a_job(job_id: str = "job-1", **other: Any) -> dict[str, Any]:
    job = {"jobId": job_id, "status": "done", "version": 3, "args": {"name": "one"}, "result": {"name": "one"}}
    return job | {"attempts": [{"attempt": 1}]} | other


def an_event(seq: int, kind: str) -> dict[str, Any]:
    return {"seq": seq, "type": kind, "jobId": "job-1"}


def test_a_job_that_ran_once_and_is_done_is_as_it_should_be():
    assert judge(a_ledger(), [a_job()], RUNS) == Verdict()


def test_an_acknowledged_job_that_is_not_there_is_lost():
    assert judge(a_ledger(), [], []).lost == ["job-1"]


def test_a_job_that_does_not_end_is_stuck():
    assert judge(a_ledger(), [a_job(status="queued")], RUNS).stuck == ["job-1"]


def test_a_job_listed_twice_or_run_more_often_than_it_was_tried_is_doubled():
    assert judge(a_ledger(asked=2), [a_job(), a_job()], RUNS).doubled == ["job-1"]
    assert judge(a_ledger(), [a_job()], [*RUNS, *RUNS]).doubled == ["job-1 ran 2 times in 1 attempts"]


def test_two_jobs_of_one_key_are_doubled_and_two_of_two_submits_are_not():
    jobs, runs = [a_job(), a_job("job-2")], [*RUNS, ("job-2", 1)]
    assert judge(a_ledger(asked=2, keyed=True), jobs, runs).doubled == ["one had a key and is there 2 times"]
    assert judge(a_ledger(asked=2), jobs, runs) == Verdict()


def test_a_job_that_nobody_sent_or_that_was_refused_is_invented():
    assert len(judge(a_ledger(), [a_job(), a_job("job-2", args={"name": "two"})], RUNS).invented) == 1
    refused = Ledger()
    refused.ask("one")
    refused.refuse("one")
    assert len(judge(refused, [a_job()], RUNS).invented) == 1
    assert judge(Ledger(), [], RUNS).invented == ["job-1 ran and is not there"]


def test_a_result_of_another_job_or_without_a_run_is_wrong():
    assert len(judge(a_ledger(), [a_job(result={"name": "two"})], RUNS).wrong) == 1
    assert len(judge(a_ledger(), [a_job()], []).wrong) == 1


def test_a_lease_that_had_to_end_before_a_job_went_on_is_wrong():
    assert len(judge(a_ledger(), [a_job(attempts=[{"attempt": 1, "code": "lease_ended"}])], RUNS).wrong) == 1


def test_what_was_said_in_an_answer_or_an_event_must_be_so_in_the_end():
    answered, heard = a_ledger(), a_ledger()
    answered.promise("job-1", "cancelled")
    heard.hear(an_event(1, "job.failed"))
    assert len(judge(answered, [a_job()], RUNS).wrong) == len(judge(heard, [a_job()], RUNS).wrong) == 1
    heard.hear(an_event(2, "job.queued"))
    assert not judge(heard, [a_job()], RUNS)


def test_a_job_that_is_gone_must_have_ended_and_somebody_must_have_said_that_it_is_forgotten():
    ledger = a_ledger()
    ledger.missed.add("job-1")
    assert len(judge(ledger, [], RUNS).wrong) == 1
    for seq, kind in enumerate(("job.done", "job.expired"), 1):
        ledger.hear(an_event(seq, kind))
    assert judge(ledger, [], RUNS) == Verdict()
    assert "job-1 was forgotten and is there" in judge(ledger, [a_job()], RUNS).wrong
    early = a_ledger()
    early.hear(an_event(1, "job.expired"))
    assert len(judge(early, [], RUNS).wrong) == 1


def test_a_version_that_goes_back_is_wrong():
    ledger = a_ledger()
    ledger.see(a_job(version=4))
    assert len(judge(ledger, [a_job()], RUNS).wrong) == 1
    ledger.see(a_job())
    assert len(judge(ledger, [a_job()], RUNS).wrong) == 1


def test_an_event_number_that_means_two_things_or_is_left_out_is_wrong():
    ledger = a_ledger()
    for event in (an_event(1, "job.queued"), an_event(1, "job.queued"), an_event(2, "job.started")):
        ledger.hear(event)
    assert not ledger.contradictions
    ledger.hear(an_event(2, "job.done"))
    ledger.hear(an_event(4, "job.done"))
    assert len(ledger.contradictions) == 2
