"""The shape of everything that is sent and answered, as JSON Schema (2020-12), by name."""

from __future__ import annotations

from jobserver.jobs.access import Scope
from jobserver.jobs.model import State
from jobserver.jobs.operation import Action
from jobserver.web.description.json_schema import Schema, answer, array, asked, number, ref, text, whole, words
from jobserver.web.job_links import EVENTS, RESULT
from jobserver.web.reading.members import YEAR
from jobserver.web.wire import PREVIEW

TIME: Schema = {"type": "string", "format": "date-time"}
STATE = words(*State)
_TEXT, _TRUE = text(), {"const": True}
_SECONDS = number(0.001, YEAR)
_COUNTS = answer(" ".join(State), **{state: whole(0) for state in State})
_RATES = answer("donePerMinute failedPerMinute", donePerMinute=number(0), failedPerMinute=number(0))
_FAULTS = array(answer("pointer detail", pointer=_TEXT, detail=_TEXT))
_NAME = text(1, 255)
_OPEN: Schema = {"type": "object"}

_BACKOFF: dict[str, Schema] = {
    "type": words("fixed", "exponential"),
    "delay": number(0, YEAR),
    "factor": number(1, 100),
    "max": number(0, YEAR),
    "jitter": number(0, 1),
}

_ATTEMPT = answer(
    "attempt startedAt",
    attempt=whole(1),
    startedAt=TIME,
    endedAt=TIME,
    error=_TEXT,
    code=_TEXT,
    traceback=_TEXT,
)

_ARTIFACT = answer("name contentType size url", name=_TEXT, contentType=_TEXT, size=whole(0), url=_TEXT)

JOB: dict[str, Schema] = {
    "jobId": _TEXT,
    "kind": _TEXT,
    "queue": _TEXT,
    "status": STATE,
    "priority": whole(-1000, 1000),
    "queuePosition": whole(1),
    "queuePositionExact": {"const": False},
    "etaSeconds": number(0),
    "progress": number(0, 1),
    "step": _TEXT,
    "attempt": whole(0),
    "maxAttempts": whole(1),
    "timeout": number(0),
    "totalTimeout": number(0),
    "backoff": answer("type delay factor max jitter", **_BACKOFF),
    "error": answer("code message", code=_TEXT, message=_TEXT),
    "reason": _TEXT,
    "owner": _TEXT,
    "tags": array(_TEXT),
    "dedupKey": _TEXT,
    "concurrencyKey": _TEXT,
    "traceparent": _TEXT,
    "createdAt": TIME,
    "runAt": TIME,
    "startedAt": TIME,
    "finishedAt": TIME,
    "expiresAt": TIME,
    "version": whole(1),
    "attempts": array(_ATTEMPT),
    "links": {"type": "object", "additionalProperties": _TEXT},
    "artifacts": array(_ARTIFACT),
    "args": _OPEN,
    "result": {},
    "duplicate": _TRUE,
}
"""The members of a job; those that do not apply are absent."""

_QUEUE = answer(
    "queue paused counts keep",
    queue=_TEXT,
    paused={"type": "boolean"},
    counts=_COUNTS,
    oldestAgeSeconds=number(0),
    keep=number(0),
    keepCount=whole(1),
    concurrency=whole(0),
    rates=_RATES,
)

_KIND = answer(
    "kind queue maxAttempts perKey",
    kind=_TEXT,
    queue=_TEXT,
    maxAttempts=whole(1),
    timeout=number(0),
    totalTimeout=number(0),
    backoff=answer("type delay factor max jitter", **_BACKOFF),
    perKey=whole(1),
)

_KEY: dict[str, Schema] = {
    "keyId": _TEXT,
    "owner": _TEXT,
    "scopes": array(words(*Scope)),
    "name": _TEXT,
    "rate": number(0),
    "quota": whole(0),
    "createdAt": TIME,
    "expiresAt": TIME,
}

FILTER: dict[str, Schema] = {
    "status": STATE,
    "kind": _NAME,
    "queue": _NAME,
    "tag": _NAME,
    "owner": _NAME,
    "createdAfter": TIME,
    "createdBefore": TIME,
    "text": _NAME,
}

_SUBMISSION = asked(
    "kind",
    kind=_NAME,
    args=_OPEN,
    queue=_NAME,
    priority=whole(-1000, 1000),
    delay=number(0, YEAR),
    runAt=TIME,
    expiresIn=_SECONDS,
    maxAttempts=whole(1, 1000),
    backoff=asked("delay", **_BACKOFF),
    timeout=_SECONDS,
    totalTimeout=_SECONDS,
    dedupKey=_NAME,
    concurrencyKey=_NAME,
    tags=array(text(1, 100), maxItems=20),
)

_EVENT = answer(
    "type seq",
    type=_TEXT,
    seq=whole(0),
    at=TIME,
    queue=_TEXT,
    jobId=_TEXT,
    status=STATE,
    attempt=whole(0),
    progress=number(0, 1),
    step=_TEXT,
    error=_TEXT,
    line=_TEXT,
)

_OUTCOME = answer(
    "status",
    status=whole(200, 503),
    jobId=_TEXT,
    replayed=_TRUE,
    duplicate=_TRUE,
    queuePosition=whole(1),
    error=_TEXT,
    code=_TEXT,
    errors=_FAULTS,
    retryAfter=whole(1),
)

NATIVE: dict[str, Schema] = {
    "Problem": answer(
        "ok error type title status detail instance code",
        ok={"const": False},
        error=_TEXT,
        type={"type": "string", "pattern": "^urn:jobserver:problem:"},
        title=_TEXT,
        status=whole(400, 599),
        detail=_TEXT,
        instance=_TEXT,
        code={"type": "string", "pattern": "^[a-z_]+$"},
        errors=_FAULTS,
    ),
    "Submission": _SUBMISSION,
    "Submissions": asked("jobs", jobs=array({}, minItems=1, maxItems=1000)),
    "Outcomes": answer(
        "ok accepted refused jobs",
        ok={"type": "boolean"},
        accepted=whole(0),
        refused=whole(0),
        jobs=array(_OUTCOME),
    ),
    "Job": answer("jobId", **JOB),
    "JobList": answer("jobs", jobs=array(ref("Job")), next=_TEXT),
    "Operation": asked(
        "filter action", filter=asked("", **FILTER, all=_TRUE), action=words(*Action), reason=text(1, 1000)
    ),
    "Cancellation": asked("", reason=text(1, 1000)),
    "Nothing": asked(),
    "LogLines": answer(
        "lines next", lines=array(answer("number at text", number=whole(0), at=TIME, text=_TEXT)), next=whole(0)
    ),
    "EventPage": answer(
        "events next", events=array(_EVENT), next=whole(0), gap=answer("seq counts", seq=whole(0), counts=_COUNTS)
    ),
    "Artifacts": answer("artifacts", artifacts=array(_ARTIFACT)),
    "LinkWish": asked("purpose", purpose=words(RESULT, EVENTS, PREVIEW), expiresIn=number(1, 86_400)),
    "SignedLink": answer("url expiresAt", url=_TEXT, expiresAt=TIME),
    "Queue": _QUEUE,
    "Queues": answer("queues", queues=array(ref("Queue"))),
    "QueueChange": asked("", concurrency=whole(0, 10_000), keep=number(0, YEAR), keepCount=whole(0, 10_000_000))
    | {"minProperties": 1},
    "Kinds": answer("kinds", kinds=array(_KIND)),
    "Stats": answer(
        "counts queues kinds",
        counts=_COUNTS,
        queues=array(ref("Queue")),
        kinds=array(_TEXT),
        totals={"type": "object", "additionalProperties": whole(0)},
        rates=_RATES,
        listeners=whole(0),
    ),
    "NewKey": asked(
        "owner scopes",
        owner={"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$"},
        scopes=array(words(*Scope), minItems=1),
        name=text(1, 100),
        rate=whole(1, 1_000_000),
        quota=whole(0, 10_000_000),
        expiresIn=number(1, 10 * YEAR),
    ),
    "Key": answer("keyId owner scopes createdAt", **_KEY),
    "MadeKey": answer("token keyId owner scopes createdAt", token=_TEXT, **_KEY),
    "Keys": answer("keys", keys=array(ref("Key"))),
}
