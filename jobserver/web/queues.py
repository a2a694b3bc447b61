"""The native face of queues, of kinds, and of how the server does."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from aiohttp import web

from jobserver.errors import InvalidRequest
from jobserver.jobs.model import Filter, QueueStanding, State
from jobserver.jobs.operation import WAITING, Action, Operation
from jobserver.jobs.stats import Stats
from jobserver.jobs.submission import Kind
from jobserver.web.bulk import operate
from jobserver.web.native import backoff, duration
from jobserver.web.reading.json_body import no_members, read_json
from jobserver.web.reading.members import YEAR, Members, seconds, whole
from jobserver.web.reading.query import only
from jobserver.web.route import Call
from jobserver.web.sending import send_json
from jobserver.web.wire import dumps

_MOST_AT_ONCE = 10_000
_MOST_KEPT = 10_000_000
_DRAINED = "The queue was drained."
_CHANGES = ("concurrency", "keep", "keepCount")
_HEADERS = {"Cache-Control": "private, no-store"}


async def listing(call: Call) -> web.StreamResponse:
    """``GET /v1/queues``: every queue as it stands."""
    only(call.request)
    return await _send(call, {"queues": [_shown(call, each) for each in await call.jobs.queues(call.reach)]})


async def read(call: Call) -> web.StreamResponse:
    """``GET /v1/queues/{queue}``: one queue as it stands."""
    only(call.request)
    return await _send(call, _shown(call, await call.jobs.queue(_name(call), call.reach)))


async def change(call: Call) -> web.StreamResponse:
    """``PATCH /v1/queues/{queue}``: how many run at a time, how long and how many ended jobs are kept."""
    only(call.request)
    members = Members(read_json(call), _CHANGES)
    concurrency = members.take("concurrency", whole(0, _MOST_AT_ONCE))
    keep = members.take("keep", seconds(0, YEAR))
    keep_count = members.take("keepCount", whole(0, _MOST_KEPT))
    members.check()
    if concurrency is None and keep is None and keep_count is None:
        raise InvalidRequest(f"Say what to change: {', '.join(_CHANGES)}.")
    standing = await call.jobs.set_queue(_name(call), concurrency=concurrency, keep=keep, keep_count=keep_count)
    return await _send(call, _shown(call, standing))


async def pause(call: Call) -> web.StreamResponse:
    """``POST /v1/queues/{queue}/pause``: hand out no more of its jobs; those that run go on."""
    return await _set_paused(call, paused=True)


async def resume(call: Call) -> web.StreamResponse:
    """``POST /v1/queues/{queue}/resume``: hand out its jobs again."""
    return await _set_paused(call, paused=False)


async def drain(call: Call) -> web.StreamResponse:
    """``POST /v1/queues/{queue}/drain``: cancel all that wait in it; answers with the job that does it."""
    only(call.request)
    no_members(call)
    queue = await call.jobs.queue(_name(call), call.reach)
    where = Filter(owner=call.reach, queue=queue.name)
    return await operate(call, Operation(Action.CANCEL, where, states=WAITING, reason=_DRAINED))


async def kinds(call: Call) -> web.StreamResponse:
    """``GET /v1/kinds``: what can be asked for, and on which terms it runs."""
    only(call.request)
    public = sorted((name, kind) for name, kind in call.jobs.kinds.items() if not kind.internal)
    return await _send(call, {"kinds": [_terms(name, kind) for name, kind in public]})


async def stats(call: Call) -> web.StreamResponse:
    """``GET /v1/stats``: the whole at a glance; for those who manage, what was done so far and how quickly."""
    only(call.request)
    standings = await call.jobs.queues(call.reach)
    body: dict[str, Any] = {
        "counts": {state: sum(each.counts[state] for each in standings) for state in State},
        "queues": [_shown(call, each) for each in standings],
        "kinds": sorted(name for name, kind in call.jobs.kinds.items() if not kind.internal),
    }
    if call.reach is None:
        body["totals"] = _totals(call.jobs.stats)
        body["rates"] = _rates(call, *(each.name for each in standings))
        body["listeners"] = call.jobs.listeners
    return await _send(call, body)


async def _set_paused(call: Call, *, paused: bool) -> web.StreamResponse:
    only(call.request)
    no_members(call)
    return await _send(call, _shown(call, await call.jobs.set_queue(_name(call), paused=paused)))


def _shown(call: Call, standing: QueueStanding) -> dict[str, Any]:
    settings = standing.settings
    members: dict[str, Any] = {
        "queue": standing.name,
        "paused": settings.paused,
        "counts": dict(standing.counts),
        "oldestAgeSeconds": _age(standing.oldest, call.jobs.now()),
        "keep": duration(settings.keep),
        "keepCount": settings.keep_count,
    }
    if call.reach is None:
        members["concurrency"] = settings.concurrency
        members["rates"] = _rates(call, standing.name)
    return {name: value for name, value in members.items() if value is not None}


def _age(oldest: datetime | None, now: datetime) -> float | None:
    return None if oldest is None else round(max((now - oldest).total_seconds(), 0.0), 3)


def _rates(call: Call, *queues: str) -> dict[str, float]:
    each = [call.jobs.stats.rate(queue, call.jobs.now()) for queue in queues]
    return {
        "donePerMinute": round(sum(done for done, _ in each), 2),
        "failedPerMinute": round(sum(failed for _, failed in each), 2),
    }


def _totals(stats: Stats) -> dict[str, int]:
    ended: Counter[State] = Counter()
    for (_, _, state), number in stats.ended.items():
        ended[state] += number
    return {
        "submitted": stats.submitted.total(),
        "started": stats.started.total(),
        "retried": stats.retried.total(),
        **{state: ended[state] for state in State if state.ended},
    }


def _terms(name: str, kind: Kind) -> dict[str, Any]:
    policy = kind.policy
    members = {
        "kind": name,
        "queue": kind.queue,
        "maxAttempts": policy.max_attempts,
        "timeout": duration(policy.timeout),
        "totalTimeout": duration(policy.total_timeout),
        "backoff": backoff(policy.backoff),
        "perKey": policy.per_key,
    }
    return {name: value for name, value in members.items() if value is not None}


def _name(call: Call) -> str:
    return call.request.match_info["queue"]


async def _send(call: Call, body: dict[str, Any]) -> web.StreamResponse:
    return await send_json(call.request, [dumps(body)], headers=_HEADERS)
