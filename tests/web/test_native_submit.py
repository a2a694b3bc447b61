"""Submitting on the native face: what is understood, what is refused, and what the answer says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from jobserver.jobs.access import Scope
from jobserver.jobs.model import State
from jobserver.jobs.policy import Backoff
from tests.make import until
from tests.web.site import SIGNED, Site, assert_problem
from tests.web.toys import TOYS

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
PAGE = "https://example.com/"
JSON = {"Content-Type": "application/json"}

UNREAD = {"jobId", "kind", "queue", "status", "queuePosition", "queuePositionExact", "links", "duplicate"}


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site(handlers=TOYS) as site:
        yield site


async def submit(site: Site, **members: Any) -> dict[str, Any]:
    response = await site.ask("POST", "/v1/jobs", {"kind": "sleep", **members})
    assert response.status == 202, await response.text()
    return dict(await response.json())


async def faults(site: Site, body: Any, *, status: int = 400, path: str = "/v1/jobs") -> dict[str, str]:
    """Pointer → detail of what is refused."""
    response = await site.ask("POST", path, body)
    problem = await response.json()
    assert (response.status, response.content_type) == (status, "application/problem+json"), problem
    return {fault["pointer"]: fault["detail"] for fault in problem["errors"]}


async def test_a_submitted_job_is_answered_with_the_job_and_its_address(site: Site):
    response = await site.ask("POST", "/v1/jobs", {"kind": "echo", "args": {"text": "hello"}})
    job = await response.json()
    assert (response.status, job["kind"], job["queue"], job["args"]) == (202, "echo", "quick", {"text": "hello"})
    assert response.headers["Location"] == f"/v1/jobs/{job['jobId']}" == job["links"]["self"]
    assert response.headers["Retry-After"] == "1"
    assert "duplicate" not in job
    assert "Idempotency-Replayed" not in response.headers


@pytest.mark.parametrize("wait", [{"query": "?wait=10"}, {"headers": {"Prefer": "wait=10"}}])
async def test_whoever_waits_is_answered_with_the_ended_job(site: Site, wait: dict[str, Any]):
    path = f"/v1/jobs{wait.get('query', '')}"
    response = await site.ask("POST", path, {"kind": "echo", "args": {"text": "x"}}, **wait.get("headers", {}))
    job = await response.json()
    assert (response.status, job["status"], job["result"]) == (200, "done", {"text": "x"})


async def test_a_wait_that_is_too_short_is_answered_as_if_there_was_none(site: Site):
    response = await site.ask("POST", "/v1/jobs?wait=0.01", {"kind": "sleep"})
    assert response.status == 202


async def test_every_member_of_a_submit_is_kept_and_shown(site: Site):
    asked = {
        "queue": "slow",
        "priority": -7,
        "delay": 60,
        "expiresIn": 30,
        "maxAttempts": 4,
        "backoff": {"type": "exponential", "delay": 2, "factor": 3, "max": 50.5, "jitter": 0.25},
        "timeout": 12.5,
        "totalTimeout": 100,
        "dedupKey": "once",
        "concurrencyKey": "tenant 7",
        "tags": ["red", "blue", "red"],
    }
    told = await submit(site, **asked)
    job = await (await site.ask("GET", told["links"]["self"])).json()
    same = set(asked) - {"delay", "expiresIn", "tags"}
    assert {name: job[name] for name in same} == {name: asked[name] for name in same}
    assert job["tags"] == ["red", "blue"]
    assert job["status"] == "scheduled"
    kept = (await site.jobs.get(job["jobId"], None)).job
    assert kept.spec.run_at == kept.spec.created_at + timedelta(seconds=60)
    assert kept.spec.expires_at == kept.spec.created_at + timedelta(seconds=90)
    assert job["createdAt"] < job["runAt"] < job["expiresAt"]


async def test_a_job_may_be_for_a_certain_time(site: Site):
    job = await submit(site, runAt="2200-01-01T12:00:00+02:00")
    assert (job["status"], job["runAt"]) == ("scheduled", "2200-01-01T10:00:00.000Z")
    gone = await submit(site, runAt="2000-01-01T00:00:00Z")
    assert gone["status"] in {"queued", "processing"}


async def test_a_fixed_back_off_waits_the_same_each_time(site: Site):
    job = await submit(site, backoff={"type": "fixed", "delay": 5}, maxAttempts=9)
    assert (job["backoff"]["type"], job["backoff"]["factor"]) == ("fixed", 1)
    rule = (await site.jobs.get(job["jobId"], None)).job.spec.policy.backoff
    assert rule == Backoff(timedelta(seconds=5), 1.0, timedelta(hours=1), 0.0)


NOT_TIMES = (
    *("2030-01-01", "2030-01-01T00:00:00", "2030-13-01T00:00:00Z", "3000-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"),
    *("9999-12-31T23:59:59-14:00", "soon", "", 1_700_000_000, None),
)
WRONG_VALUES: dict[str, tuple[Any, ...]] = {
    "priority": (-1001, 1001, 0.5, "1", True, None, [], 10**400),
    "delay": (-1, "5", 1e9, True, None),
    "expiresIn": (0, -1, 1e9, "1"),
    "timeout": (0, -5, "1", None),
    "totalTimeout": (0, 1e12, {}),
    "maxAttempts": (0, 1001, 1.5, "2", False),
    "dedupKey": ("", "x" * 256, 5, None),
    "concurrencyKey": ("", "x" * 256, []),
    "tags": ("red", ["x"] * 21, [""], ["x" * 101], [5], {}),
    "args": ([], "x", 5, None),
    "kind": ("", 5, None, "x" * 256, "nobody knows it", "bulk"),
    "queue": ("", 5, "nobody works it", "operations"),
    "runAt": NOT_TIMES,
    "backoff": ("fixed", 5, None, []),
    "timout": (5,),
    "a/b~c": (5,),
}
WRONG = [(name, value) for name, values in WRONG_VALUES.items() for value in values]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=[f"{name}-{str(value)[:20]}" for name, value in WRONG])
async def test_a_wrong_member_is_refused_by_its_name(site: Site, name: str, value: Any):
    found = await faults(site, {"kind": "sleep", name: value})
    assert list(found) == ["/" + name.replace("~", "~0").replace("/", "~1")]
    assert (await site.jobs.counts())[State.QUEUED] == 0


WRONG_BACKOFFS: list[tuple[str, dict[str, Any]]] = [
    ("delay", {}),
    ("delay", {"delay": -1}),
    ("type", {"delay": 1, "type": "linear"}),
    ("factor", {"delay": 1, "factor": 0.5}),
    ("factor", {"delay": 1, "type": "fixed", "factor": 2}),
    ("max", {"delay": 1, "max": "1h"}),
    ("jitter", {"delay": 1, "jitter": 1.1}),
    ("wait", {"delay": 1, "wait": 1}),
]


@pytest.mark.parametrize(("name", "rule"), WRONG_BACKOFFS)
async def test_a_wrong_back_off_is_refused_by_the_name_of_its_member(site: Site, name: str, rule: dict[str, Any]):
    assert list(await faults(site, {"kind": "sleep", "backoff": rule})) == [f"/backoff/{name}"]


async def test_all_that_is_wrong_is_said_at_once(site: Site):
    found = await faults(site, {"priority": 5000, "backoff": {"factor": 0}, "tags": 5, "colour": "red", "delay": "x"})
    assert set(found) == {"/kind", "/priority", "/backoff/delay", "/backoff/factor", "/tags", "/colour", "/delay"}
    assert found["/priority"] == "priority must be a whole number from -1000 to 1000."


async def test_what_the_server_cannot_do_is_said_at_once_as_well(site: Site):
    found = await faults(site, {"kind": "echo", "args": {"a": 1}, "queue": "nowhere", "timeout": 1000})
    assert set(found) == {"/args/a", "/queue", "/timeout"}


async def test_a_misspelt_member_is_told_what_it_was_meant_to_be(site: Site):
    found = await faults(site, {"kind": "sleep", "dedupkey": "x", "maxAttempt": 2, "wholly": 1})
    assert found == {
        "/dedupkey": "There is no member 'dedupkey': did you mean 'dedupKey'?",
        "/maxAttempt": "There is no member 'maxAttempt': did you mean 'maxAttempts'?",
        "/wholly": "There is no member 'wholly'.",
    }


async def test_thousands_of_unknown_members_are_refused_with_a_short_answer(site: Site):
    response = await site.ask("POST", "/v1/jobs", {f"member{number}": 0 for number in range(10_000)})
    assert len((await response.json())["errors"]) < 30


async def test_what_is_wrong_with_the_arguments_is_found_among_the_arguments(site: Site):
    found = await faults(site, {"kind": "echo", "args": {"a": 1, "b": "fine", "c": 2}})
    assert found == {"/args/a": "a must be a string.", "/args/c": "c must be a string."}


async def test_the_old_face_points_into_its_own_body(site: Site):
    response = await site.ask("POST", "/analyze", {"url": PAGE, "engine": "steam"})
    assert (await response.json())["errors"][0]["pointer"] == "/engine"


@pytest.mark.parametrize("name", ["webhook", "cron", "schedule"])
async def test_what_is_not_built_yet_is_refused_as_such(site: Site, name: str):
    response = await site.ask("POST", "/v1/jobs", {"kind": "sleep", name: "x"})
    problem = await response.json()
    assert (response.status, problem["code"], problem["errors"][0]["pointer"]) == (400, "not_supported", f"/{name}")


async def test_a_delay_and_a_time_together_are_refused(site: Site):
    found = await faults(site, {"kind": "sleep", "delay": 5, "runAt": "2030-01-01T00:00:00Z"})
    assert found == {"/delay": "Say delay or runAt, not both."}


async def test_a_time_limit_beyond_the_kinds_own_is_refused(site: Site):
    found = await faults(site, {"kind": "echo", "timeout": 301})
    assert found == {"/timeout": "timeout is at most 300 s for this kind."}


@pytest.mark.parametrize(
    "body",
    [
        *[b"", b"[]", b"null", b'"x"', b"{", b'{"kind":"echo"} x', b"\xff\xfe", b'{"kind":NaN}', b'{"a":"\\ud800"}'],
        *[b'{"kind":"echo","kind":"sleep"}', b'{"args":' + b"[" * 200 + b"]" * 200 + b"}", b"kind=echo"],
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(site: Site, body: bytes):
    headers = SIGNED | {"Content-Type": "application/json"}
    response = await site.client.post("/v1/jobs", data=body, headers=headers)
    assert (response.status, (await response.json())["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"args":{"n":' + b"1" * 5_000 + b"}}", "a number has too many digits"),
        (rb'{"kind":"\ud800"}', "half a surrogate pair, which is no character"),
        (b'{"kind":"\xff"}', "its bytes are no UTF-8"),
        (b'{"kind":1e999}', "a number no double can hold"),
    ],
)
async def test_what_is_wrong_with_a_body_is_said_in_our_own_words(site: Site, body: bytes, why: str):
    response = await site.client.post("/v1/jobs", data=body, headers=SIGNED | JSON)
    await assert_problem(response, 400, f"The body must be a JSON object: {why}.", "invalid_request")


async def test_a_member_given_twice_is_refused(site: Site):
    response = await site.client.post(
        "/v1/jobs", data=b'{"kind":"echo","args":{"a":"1","a":"2"}}', headers=SIGNED | JSON
    )
    message = "The body must be a JSON object: 'a' is given twice."
    await assert_problem(response, 400, message, "invalid_request")


@pytest.mark.parametrize("label", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"])
async def test_only_json_is_read(site: Site, label: str):
    headers = SIGNED | {"Content-Type": label}
    response = await site.client.post("/v1/jobs", data=b'{"kind":"echo"}', headers=headers)
    await assert_problem(response, 415, "Send JSON, with Content-Type: application/json.", "unsupported_media_type")


@pytest.mark.parametrize("headers", [JSON, {"Content-Type": "application/json; charset=utf-8"}, {}])
async def test_json_is_read_with_its_label_or_with_none(site: Site, headers: dict[str, str]):
    response = await site.client.post(
        "/v1/jobs", data=b'{"kind":"echo"}', headers=SIGNED | headers, skip_auto_headers=["Content-Type"]
    )
    assert response.status == 202


@pytest.mark.parametrize("query", ["?wiat=5", "?wait=5&wait=6", "?wait=x", "?priority=5"])
async def test_a_parameter_nobody_knows_is_refused(site: Site, query: str):
    response = await site.ask("POST", f"/v1/jobs{query}", {"kind": "echo"})
    assert (response.status, (await response.json())["code"]) == (400, "invalid_request")
    assert sum((await site.jobs.counts()).values()) == 0


# --- once


async def test_a_repeated_request_is_answered_as_the_first_was(site: Site):
    answers = [await site.ask("POST", "/v1/jobs", {"kind": "sleep"}, **{"Idempotency-Key": "k"}) for _ in range(2)]
    assert [answer.status for answer in answers] == [202, 202]
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers] == [None, "true"]
    first, second = [await answer.json() for answer in answers]
    assert first["jobId"] == second["jobId"]
    assert "duplicate" not in second
    other = await site.ask("POST", "/v1/jobs", {"kind": "echo"}, **{"Idempotency-Key": "k"})
    assert (await other.json())["code"] == "idempotency_mismatch"


async def test_a_job_with_the_dedup_key_of_an_unfinished_one_is_that_one(site: Site):
    first = await submit(site, dedupKey="once")
    again = await site.ask("POST", "/v1/jobs", {"kind": "sleep", "dedupKey": "once", "priority": 5})
    job = await again.json()
    assert (again.status, job["jobId"], job["duplicate"], job["priority"]) == (200, first["jobId"], True, 0)
    await site.ask("POST", f"/v1/jobs/{first['jobId']}/cancel")
    assert (await submit(site, dedupKey="once"))["jobId"] != first["jobId"]


async def test_two_owners_may_use_the_same_keys(site: Site):
    ids = set()
    for owner in ("ann", "bob"):
        key = await site.key(owner)
        body = {"kind": "sleep", "dedupKey": "x"}
        ids.add((await (await site.ask("POST", "/v1/jobs", body, **{"Idempotency-Key": "k"}, **key)).json())["jobId"])
    assert len(ids) == 2


# --- who asks, and in which trace


async def test_a_job_belongs_to_the_owner_of_the_key_and_keeps_to_its_quota(site: Site):
    key = await site.key("ann", quota=1)
    job = await (await site.ask("POST", "/v1/jobs", {"kind": "sleep"}, **key)).json()
    assert job["owner"] == "ann"
    more = await site.ask("POST", "/v1/jobs", {"kind": "sleep"}, **key)
    assert (more.status, (await more.json())["code"]) == (429, "quota_exceeded")
    assert int(more.headers["Retry-After"]) >= 1


async def test_a_key_that_may_not_read_is_shown_nothing_of_what_jobs_do_or_made(site: Site):
    writer, full = await site.key("ann", Scope.SUBMIT, Scope.CANCEL), await site.key("ann")
    secret = {"kind": "echo", "args": {"secret": "sauce"}}
    waited = await site.ask("POST", "/v1/jobs?wait=10", secret, **writer)
    later = secret | {"delay": 60, "dedupKey": "k"}
    made = await (await site.ask("POST", "/v1/jobs", later, **full)).json()
    found = await site.ask("POST", "/v1/jobs", {"kind": "echo", "dedupKey": "k"}, **writer)
    cancelled = await site.ask("POST", f"/v1/jobs/{made['jobId']}/cancel", {"reason": "because"}, **writer)
    again = await site.ask("POST", f"/v1/jobs/{made['jobId']}/retry", **writer)
    for answer in (waited, found, cancelled, again):
        assert answer.status == 200
        shown = await answer.json()
        assert {"jobId", "status", "links"} <= set(shown) <= UNREAD, shown
    assert ((await waited.json())["status"], (await found.json())["duplicate"]) == ("done", True)
    assert made["args"] == {"secret": "sauce"}


async def test_a_key_that_may_not_read_gets_no_link_that_does(site: Site):
    site.gate.set()
    writer, body = await site.key("ann", Scope.SUBMIT), {"url": "https://example.com/"}
    native = await site.ask("POST", "/v1/jobs?wait=10", {"kind": "analyze", "args": body}, **writer)
    assert ((await native.json())["status"], "preview" in (await native.json())["links"]) == ("done", False)
    for _ in range(2):
        old = await site.ask("POST", "/analyze?wait=10", body, **{"Idempotency-Key": "k"}, **writer)
        assert (old.status, set((await old.json())["links"])) == (202, {"self", "events", "cancel"})
        assert "summary" not in await old.json()


async def test_a_key_without_the_scope_submits_nothing(site: Site):
    response = await site.ask("POST", "/v1/jobs", {"kind": "echo"}, **await site.key("ann", Scope.READ))
    assert response.status == 403


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        (TRACE, TRACE),
        ("cc" + TRACE[2:] + "-what-the-future-brings", "cc" + TRACE[2:] + "-what-the-future-brings"),
        (TRACE + "-more", None),
        ("ff" + TRACE[2:], None),
        (TRACE.upper(), None),
        ("00-" + "0" * 32 + "-00f067aa0ba902b7-01", None),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-" + "0" * 16 + "-01", None),
        ("nonsense", None),
    ],
)
async def test_a_job_is_part_of_the_trace_of_its_request(site: Site, header: str, kept: str | None):
    response = await site.ask("POST", "/v1/jobs", {"kind": "echo"}, traceparent=header)
    assert (await response.json()).get("traceparent") == kept


# --- many at once


async def bulk(site: Site, jobs: Any, **headers: str) -> dict[str, Any]:
    response = await site.ask("POST", "/v1/jobs/bulk", {"jobs": jobs}, **headers)
    assert response.status == 200, await response.text()
    return dict(await response.json())


async def test_many_jobs_are_accepted_or_refused_each_on_its_own_and_in_order(site: Site):
    jobs = [
        {"kind": "sleep"},
        {"kind": "sleep", "priority": 5000},
        {"kind": "nobody"},
        5,
        {"kind": "echo", "args": {"a": 1}},
        {"kind": "analyze", "args": {"url": "http://internal"}},
        {"kind": "sleep", "dedupKey": "x"},
        {"kind": "sleep", "dedupKey": "x"},
    ]
    told = await bulk(site, jobs)
    assert (told["ok"], told["accepted"], told["refused"]) == (False, 3, 5)
    outcomes = told["jobs"]
    assert [each["status"] for each in outcomes] == [202, 400, 400, 400, 400, 403, 202, 200]
    assert [fault["pointer"] for each in outcomes for fault in each.get("errors", ())] == [
        "/jobs/1/priority",
        "/jobs/2/kind",
        "/jobs/3",
        "/jobs/4/args/a",
    ]
    assert outcomes[5]["code"] == "url_not_allowed"
    assert outcomes[7] == {"status": 200, "jobId": outcomes[6]["jobId"], "duplicate": True, "queuePosition": 2}


async def test_a_repeated_bulk_makes_only_the_jobs_that_are_not_there_yet(site: Site):
    bad, good = {"kind": "sleep", "priority": 5000}, {"kind": "sleep", "priority": 500}
    first = await bulk(site, [{"kind": "sleep"}, bad, {"kind": "sleep"}], **{"Idempotency-Key": "k"})
    second = await bulk(site, [{"kind": "sleep"}, good, {"kind": "sleep"}], **{"Idempotency-Key": "k"})
    assert [each.get("replayed", False) for each in second["jobs"]] == [True, False, True]
    assert [each["jobId"] for each in first["jobs"][::2]] == [each["jobId"] for each in second["jobs"][::2]]
    assert sum((await site.jobs.counts()).values()) == 3
    third = await bulk(site, [{"kind": "echo"}], **{"Idempotency-Key": "k"})
    assert (third["jobs"][0]["status"], third["jobs"][0]["code"]) == (422, "idempotency_mismatch")


async def test_a_full_queue_refuses_the_rest_of_a_bulk_and_says_when_to_come_back():
    async with Site(handlers=TOYS, max_queue=2) as site:
        told = await bulk(site, [{"kind": "sleep"}] * 4)
        assert [each["status"] for each in told["jobs"]] == [202, 202, 503, 503]
        assert told["jobs"][3]["retryAfter"] >= 1


@pytest.mark.parametrize(
    "body", [{}, {"jobs": []}, {"jobs": {}}, {"jobs": [{}] * 1001}, {"jobs": [{}], "kind": "echo"}]
)
async def test_a_bulk_that_is_no_list_of_jobs_is_refused_whole(site: Site, body: Any):
    assert await faults(site, body, path="/v1/jobs/bulk")


async def test_a_thousand_jobs_are_accepted_in_one_request():
    async with Site(handlers=TOYS, max_queue=2000) as site:
        told = await bulk(site, [{"kind": "sleep", "args": {"n": n}} for n in range(1000)])
        assert (told["ok"], told["accepted"], len({each["jobId"] for each in told["jobs"]})) == (True, 1000, 1000)
        first = (await site.jobs.get(told["jobs"][0]["jobId"], None)).job
        assert json.loads(first.spec.args) == {"n": 0}
        await until(lambda: site.crew.running)
