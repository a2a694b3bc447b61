"""A job as rows of the store's tables, and back."""

from __future__ import annotations

import json
from functools import lru_cache
from sys import intern
from typing import Any
from zlib import crc32

from jobserver.engines.packed import STATES, Row, pack
from jobserver.engines.sqlite.values import CHANGED, FORMATS, Damaged, Values, signed, to_json
from jobserver.jobs.model import Job, JobId, Result

_STATE_NUMBERS: dict[str, int] = {str(state): number for number, state in enumerate(STATES)}
_JOB = FORMATS[14]


def job_row(job: Job, line: int | None) -> Values:
    """The job's row in ``jobs``: without its arguments and its result, which have tables of their own."""
    number, _, version, kind, queue, owner, created_at, deadline, priority, _, policy, _, rest, life = pack(job, None)
    return signed(
        (
            number,
            job.spec.id,
            kind,
            queue,
            owner,
            priority,
            created_at,
            job.state.value,
            version,
            deadline,
            line,
            _policy_text(policy),
            rest and _rest_text(rest),
            life and _life_text(life),
        )
    )


def packed_job(row: Values) -> tuple[JobId, Row, int | None]:
    """(id, packed job, place in line) of a row in ``jobs`` and what belongs to it; Damaged.

    Behind the row's own columns stand the body and the checksum of its arguments, body, brief and checksum of its
    result, all None where there is none. This runs a million times at start: it does everything itself.
    """
    job, (checksum, args, args_checksum, body, brief, result_checksum) = row[:14], row[14:]
    number, job_id, kind, queue, owner, priority, created_at, state, version, deadline, line, policy, rest, life = job
    if crc32((_JOB % job).encode("utf-8", "surrogatepass")) != checksum:
        raise Damaged(CHANGED)
    if args is None or crc32(args, number) != args_checksum:
        raise Damaged("its arguments are missing or are not what was written")
    if (body is None) is (state == "done"):
        raise Damaged("it has no result, or one that it cannot have")
    if body is not None and _result_checksum(number, body, brief) != result_checksum:
        raise Damaged("its result is not what was written")
    packed = (
        number,
        _STATE_NUMBERS[state],
        version,
        intern(kind),
        intern(queue),
        intern(owner),
        created_at,
        deadline,
        priority,
        args,
        _policy_row(policy),
        None,
        None if rest is None else _rest_row(rest),
        None if life is None else _life_row(life, None if body is None else (body, brief)),
    )
    return job_id, packed, line


# The number is part of these: the arguments of another job are no better than damaged ones.


def arguments_row(job: Job) -> Values:
    """The job's row in ``arguments``."""
    return job.number, job.spec.args, crc32(job.spec.args, job.number)


def result_row(number: int, result: Result) -> Values:
    """The row in ``results`` of the job with that number."""
    return number, result.body, result.brief, _result_checksum(number, result.body, result.brief)


def _result_checksum(number: int, body: bytes, brief: bytes | None) -> int:
    return crc32(brief or b"", crc32(body, number))


@lru_cache(maxsize=1_024)
def _policy_text(policy: Row) -> str:
    return to_json(policy)


@lru_cache(maxsize=1_024)
def _policy_row(text: str) -> Row:
    return tuple(json.loads(text))


_REST = ("runAt", "expiresAt", "credential", "idempotency", "dedupKey", "concurrencyKey", "tags", "traceparent")


def _rest_text(rest: Row) -> str:
    said = {name: value for name, value in zip(_REST, rest, strict=True) if value is not None and value != ()}
    if "credential" in said:
        said["credential"] = said["credential"].hex()
    if "idempotency" in said:
        key, fingerprint, keep = said["idempotency"]
        said["idempotency"] = {"key": key, "fingerprint": fingerprint.hex(), "keep": keep}
    return to_json(said)


def _rest_row(text: str) -> Row:
    said = json.loads(text)
    key = said.get("idempotency")
    credential = said.get("credential")
    return (
        said.get("runAt"),
        said.get("expiresAt"),
        None if credential is None else bytes.fromhex(credential),
        None if key is None else (key["key"], bytes.fromhex(key["fingerprint"]), key["keep"]),
        said.get("dedupKey"),
        said.get("concurrencyKey"),
        tuple(said.get("tags", ())),
        said.get("traceparent"),
    )


_ATTEMPT = ("number", "startedAt", "worker", "endedAt", "failure")
_FAILURE = ("code", "message", "traceback")


def _life_text(life: Row) -> str:
    attempt, attempts, token, progress, _, failure, reason, finished_at = life
    said = {
        "attempt": attempt,
        "attempts": [_attempt(each) for each in attempts],
        "token": token,
        "progress": progress,
        "failure": _failure(failure),
        "reason": reason,
        "finishedAt": finished_at,
    }
    return to_json({name: value for name, value in said.items() if value is not None})


def _life_row(text: str, result: Row | None) -> Row:
    said = json.loads(text)
    progress = said.get("progress")
    return (
        said["attempt"],
        tuple(_attempt_row(each) for each in said["attempts"]),
        said.get("token"),
        None if progress is None else tuple(progress),
        result,
        _failure_row(said.get("failure")),
        said.get("reason"),
        said.get("finishedAt"),
    )


def _attempt(attempt: Row) -> dict[str, Any]:
    number, started_at, worker, ended_at, failure = attempt
    said = {"number": number, "startedAt": started_at, "worker": worker}
    if ended_at is not None:
        said["endedAt"] = ended_at
    if failure is not None:
        said["failure"] = _failure(failure)
    return said


def _attempt_row(said: dict[str, Any]) -> Row:
    failure = _failure_row(said.get("failure"))
    return said["number"], said["startedAt"], said["worker"], said.get("endedAt"), failure


def _failure(failure: Row | None) -> dict[str, Any] | None:
    return None if failure is None else dict(zip(_FAILURE, failure, strict=True))


def _failure_row(said: dict[str, Any] | None) -> Row | None:
    return None if said is None else tuple(said[name] for name in _FAILURE)
