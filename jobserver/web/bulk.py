"""Many at once: jobs submitted together, and one action for all that match."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from aiohttp import web

from jobserver.errors import InvalidRequest, JobserverError, Unavailable
from jobserver.jobs.model import IdempotencyKey
from jobserver.jobs.operation import Action, Operation
from jobserver.jobs.together import all_of, some_at_a_time
from jobserver.web.guard import require
from jobserver.web.jobs import LONGEST_REASON, accepted
from jobserver.web.problems import status_of
from jobserver.web.reading.filters import FILTERS, read_filter
from jobserver.web.reading.json_body import read_json
from jobserver.web.reading.members import Members, one_word_of, text
from jobserver.web.reading.query import idempotency_key, only
from jobserver.web.reading.submitting import is_replay, item_key, submission
from jobserver.web.route import Call
from jobserver.web.sending import send_json
from jobserver.web.wire import dumps, members_and, queue_position

MOST = 1000
"""Jobs of one request."""

_TURN = 0.002
"""Seconds after which everybody else has a turn."""

Outcome = dict[str, Any]


async def submit_many(call: Call) -> web.StreamResponse:
    """``POST /v1/jobs/bulk``: jobs, each accepted or refused on its own; one outcome for each, in order."""
    only(call.request)
    members = Members(read_json(call), ("jobs",))
    items = members.need("jobs", _some_jobs) or []
    members.check()
    key = idempotency_key(call.request, call.body)
    refused, outcomes = await _in_turns(call, items, key)
    body = {"ok": refused == 0, "accepted": len(items) - refused, "refused": refused}
    return await send_json(call.request, members_and(body, jobs=b"[%s]" % b",".join(outcomes)))


async def apply_to_all(call: Call) -> web.StreamResponse:
    """``POST /v1/bulk``: cancel, retry, promote or delete all that match; answers with the job that does it."""
    only(call.request)
    members = Members(read_json(call), ("filter", "action", "reason"))
    action = members.need("action", one_word_of(tuple(Action)))
    if "filter" not in members:
        members.fault("filter", "filter is missing.")
    inner = members.within("filter", (*FILTERS, "all"))
    reason = members.take("reason", text(LONGEST_REASON))
    if reason is not None and action not in {None, Action.CANCEL}:
        members.fault("reason", "reason is for the action cancel.")
    where = None if inner is None else read_filter(inner, call)
    if inner is not None:
        _check_all(inner)
    members.check()
    assert action is not None and where is not None  # noqa: S101, PT018 - else there were faults
    states = () if where.state is None else (where.state,)
    return await operate(call, Operation(Action(action), replace(where, state=None), states, reason, call.caller.quota))


async def operate(call: Call, operation: Operation) -> web.StreamResponse:
    """Make the job that does it, for a caller who may do it to a single one."""
    require(call.caller, operation.action.scope)
    asked = operation.submission(call.caller.owner)._replace(
        credential=call.caller.credential,
        idempotency=idempotency_key(call.request, call.body),
    )
    standing, created = await call.jobs.submit(asked)
    return await accepted(call, asked, standing, created=created)


async def _in_turns(call: Call, items: list[Any], key: IdempotencyKey | None) -> tuple[int, list[bytes]]:
    """How many were refused, and every outcome as JSON: that of a thousand would take long to write at once."""
    loop = asyncio.get_running_loop()
    turn_ends = loop.time() + _TURN
    refused, outcomes = 0, []
    for some in some_at_a_time(list(enumerate(items)), call.jobs.caps):
        submits = [_outcome(call, number, item, item_key(key, number, item)) for number, item in some]
        for outcome in await all_of(submits):
            refused += "error" in outcome
            outcomes.append(dumps(outcome))
        if loop.time() >= turn_ends:
            await asyncio.sleep(0)
            turn_ends = loop.time() + _TURN
    return refused, outcomes


async def _outcome(call: Call, number: int, item: Any, key: IdempotencyKey | None) -> Outcome:
    try:
        asked = submission(item, call, key)
        standing, created = await call.jobs.submit(asked)
    except JobserverError as error:
        return _refusal(error, f"/jobs/{number}")
    job = standing.job
    replayed = not created and is_replay(asked, standing)
    outcome: Outcome = {"status": 202 if created or replayed else 200, "jobId": job.id}
    if replayed:
        outcome["replayed"] = True
    elif not created:
        outcome["duplicate"] = True
    position = queue_position(standing)
    return outcome | ({"queuePosition": position} if position else {})


def _refusal(error: JobserverError, at: str) -> Outcome:
    """What a single submit would have been refused with; pointers are into the whole request."""
    outcome: Outcome = {"status": status_of(error), "error": error.message, "code": error.code}
    if isinstance(error, InvalidRequest) and error.errors:
        outcome["errors"] = [{"pointer": at + pointer, "detail": detail} for pointer, detail in error.errors]
    if isinstance(error, Unavailable):
        outcome["retryAfter"] = max(1, round(error.retry_after))
    return outcome


def _some_jobs(value: Any) -> list[Any]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST:
        raise ValueError(f"must be an array of 1 to {MOST} jobs")
    return value


def _check_all(members: Members) -> None:
    """An empty filter is more often a mistake than a wish, so that everything must be asked for."""
    if "all" in members:
        members.take("all", _true)
    elif not any(name in members for name in FILTERS):
        members.fault("all", "The filter is empty: say all: true to mean every job of yours.")


def _true(value: Any) -> bool:
    if value is not True:
        raise ValueError("must be true")
    return True
