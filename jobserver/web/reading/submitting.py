"""A request of the native face as the submission it asks for; nothing in it is overlooked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from jobserver.errors import InvalidRequest
from jobserver.jobs.model import IdempotencyKey
from jobserver.jobs.policy import Backoff
from jobserver.jobs.service import Standing
from jobserver.jobs.submission import Submission
from jobserver.web.reading.members import (
    YEAR,
    Members,
    an_object,
    moment,
    number,
    one_word_of,
    seconds,
    text,
    texts,
    whole,
)
from jobserver.web.route import Call
from jobserver.web.wire import dumps

LOWEST, HIGHEST = -1000, 1000
"""Priorities; what other engines can order by ends there."""

_LONGEST_KEY = 255
_MOST_TAGS, _LONGEST_TAG = 20, 100
_MOST_ATTEMPTS = 1000
_MEMBERS = (
    "kind",
    "args",
    "queue",
    "priority",
    "delay",
    "runAt",
    "expiresIn",
    "maxAttempts",
    "backoff",
    "timeout",
    "totalTimeout",
    "dedupKey",
    "concurrencyKey",
    "tags",
)
_BACKOFF = ("type", "delay", "factor", "max", "jitter")
_NOT_YET = {
    "webhook": "Webhooks are not supported yet: wait for the job, poll it or listen to its events.",
    "cron": "Schedules are not supported yet: use delay or runAt.",
    "schedule": "Schedules are not supported yet: use delay or runAt.",
}
_PLAIN = Backoff()
_TRACE = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?", re.ASCII)


def submission(value: Any, call: Call, idempotency: IdempotencyKey | None) -> Submission:
    """What ``value`` asks for on behalf of the caller; InvalidRequest names every member that is wrong."""
    if not isinstance(value, dict):
        raise InvalidRequest("A job must be an object.", pointer="")
    members = Members(value, _MEMBERS, not_yet=_NOT_YET)
    kind = members.need("kind", text(_LONGEST_KEY))
    asked = Submission(
        kind=kind or "",
        args=members.take("args", an_object) or {},
        owner=call.caller.owner,
        credential=call.caller.credential,
        idempotency=idempotency,
        queue=members.take("queue", text(_LONGEST_KEY)),
        priority=members.take("priority", whole(LOWEST, HIGHEST)) or 0,
        delay=members.take("delay", seconds(0)),
        run_at=members.take("runAt", moment),
        expires_in=members.take("expiresIn", seconds()),
        max_attempts=members.take("maxAttempts", whole(1, _MOST_ATTEMPTS)),
        backoff=_backoff(members),
        timeout=members.take("timeout", seconds()),
        total_timeout=members.take("totalTimeout", seconds()),
        dedup_key=members.take("dedupKey", text(_LONGEST_KEY)),
        concurrency_key=members.take("concurrencyKey", text(_LONGEST_KEY)),
        tags=members.take("tags", texts(_MOST_TAGS, _LONGEST_TAG)) or (),
        traceparent=_traceparent(call.request.headers),
        quota=call.caller.key.quota if call.caller.key else None,
        args_at="/args",
    )
    if "delay" in members and "runAt" in members:
        members.fault("delay", "Say delay or runAt, not both.")
    members.check()
    return asked


def item_key(key: IdempotencyKey | None, number: int, item: Any) -> IdempotencyKey | None:
    """The key of one item of many: its own, since each is accepted or refused on its own.

    The line break keeps it from every key that a header can hold.
    """
    if key is None:
        return None
    return IdempotencyKey(f"{key.key}\n{number}", hashlib.sha256(dumps(item)).digest())


def is_replay(asked: Submission, standing: Standing) -> bool:
    """Whether a job that was there already was made by this very request, rather than found by its ``dedupKey``."""
    return asked.idempotency is not None and standing.job.spec.idempotency == asked.idempotency


def _backoff(members: Members) -> Backoff | None:
    inner = members.within("backoff", _BACKOFF)
    if inner is None:
        return None
    kind = inner.take("type", one_word_of(("exponential", "fixed"))) or "exponential"
    delay = inner.need("delay", seconds(0))
    factor = inner.take("factor", number(1, 100))
    if kind == "fixed" and factor not in {None, 1.0}:
        inner.fault("factor", "factor is for the type exponential.")
    longest = inner.take("max", seconds(0, YEAR))
    return Backoff(
        delay=delay or timedelta(0),
        factor=1.0 if kind == "fixed" else factor or _PLAIN.factor,
        longest=longest if longest is not None else max(_PLAIN.longest, delay or timedelta(0)),
        jitter=inner.take("jitter", number(0, 1)) or 0.0,
    )


def _traceparent(headers: Mapping[str, str]) -> str | None:
    """The trace the request belongs to; what is not one begins a new trace (W3C Trace Context, 3.2.2)."""
    told = headers.get("traceparent", "")
    found = _TRACE.fullmatch(told) if len(told) <= 255 else None
    return None if found is None or (found[1] == "00" and found[2]) else told
