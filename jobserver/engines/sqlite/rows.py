"""All that is kept beside the jobs themselves as rows of the store's tables, and back."""

from __future__ import annotations

import json
from datetime import timedelta
from zlib import crc32

from jobserver.engines.idempotency import Entry, KeyName
from jobserver.engines.packed import unpack
from jobserver.engines.sqlite.batch import Marks, QueueTerms
from jobserver.engines.sqlite.job_rows import job_row, packed_job
from jobserver.engines.sqlite.values import (
    CHANGED,
    Damaged,
    Values,
    bindable,
    checked,
    checksum,
    signed,
    text_of,
    to_json,
)
from jobserver.jobs.access import ApiKey, Scope
from jobserver.jobs.clock import from_micros, to_micros
from jobserver.jobs.events import Event, EventType, News
from jobserver.jobs.model import Artifact, LogLine, Progress, QueueSettings, State

_MICROSECOND = timedelta(microseconds=1)


def log_row(number: int, line: LogLine) -> Values:
    """A row of ``logs``."""
    return signed((number, line.number, to_micros(line.at), bindable(line.text)))


def log_line(row: Values) -> tuple[int, LogLine]:
    """(job's number, line) of a row of ``logs``; Damaged."""
    number, line, at, text = checked(row)
    return number, LogLine(line, from_micros(at), text_of(text))


def file_row(number: int, file: Artifact) -> Values:
    """A row of ``files``, but for its place."""
    head = (number, bindable(file.name), bindable(file.content_type))
    return *head, file.body, crc32(file.body, checksum(head))


def artifact(row: Values) -> tuple[int, Artifact]:
    """(job's number, file) of a row of ``files`` without its place; Damaged."""
    number, name, content_type, body, signature = row
    if crc32(body, checksum(row[:3])) != signature:
        raise Damaged(CHANGED)
    return number, Artifact(text_of(name), text_of(content_type), body)


def key_name(name: KeyName) -> Values:
    """Owner and key as they stand in ``idempotency_keys``."""
    return name[0], bindable(name[1])


def idempotency_row(name: KeyName, entry: Entry) -> Values:
    """A row of ``idempotency_keys``, but for its place."""
    job = to_json(job_row(entry.job, None))
    return signed((*key_name(name), entry.fingerprint, to_micros(entry.expires_at), job))


def idempotency_entry(row: Values) -> tuple[KeyName, Entry]:
    """(owner and key, entry) of a row of ``idempotency_keys`` without its place; Damaged."""
    owner, key, fingerprint, expires_at, columns = checked(row)
    row = json.loads(columns)
    job_id, packed, _ = packed_job((*row, b"", crc32(b"", row[0]), None, None, None))
    job, _ = unpack(job_id, packed)
    return (owner, text_of(key)), Entry(job, fingerprint, from_micros(expires_at))


_SETTINGS = ("paused", "concurrency", "keep", "keep_count")


def queue_row(name: str, terms: QueueTerms) -> Values:
    """A row of ``queues``."""
    chosen = {each: getattr(terms.settings, each) for each in _SETTINGS if each in terms.chosen}
    if "keep" in chosen:
        chosen["keep"] //= _MICROSECOND
    return signed((name, to_json(chosen)))


def queue_terms(row: Values) -> tuple[str, QueueTerms]:
    """(name, what operators chose for it) of a row of ``queues``; Damaged."""
    name, text = checked(row)
    chosen = json.loads(text)
    if "keep" in chosen:
        chosen["keep"] *= _MICROSECOND
    return name, QueueTerms(QueueSettings(**chosen), frozenset(chosen))


def key_row(key: ApiKey) -> Values:
    """A row of ``api_keys``, but for its place."""
    scopes = to_json(sorted(key.scopes))
    expires_at = None if key.expires_at is None else to_micros(key.expires_at)
    rate = None if key.rate is None else float(key.rate)
    made = to_micros(key.created_at)
    return signed((key.id, key.digest, key.owner, scopes, made, bindable(key.name), rate, key.quota, expires_at))


def api_key(row: Values) -> ApiKey:
    """The key of a row of ``api_keys`` without its place; Damaged."""
    key_id, digest, owner, scopes, made, name, rate, quota, expires_at = checked(row)
    return ApiKey(
        id=key_id,
        digest=digest,
        owner=owner,
        scopes=frozenset(map(Scope, json.loads(scopes))),
        created_at=from_micros(made),
        name=text_of(name),
        rate=rate,
        quota=quota,
        expires_at=None if expires_at is None else from_micros(expires_at),
    )


def marks_row(marks: Marks, jobs: int, seq: int) -> Values:
    """The one row of ``marks``."""
    return signed((1, to_micros(marks.at), marks.arrived, marks.line, jobs, seq))


def marks_of(row: Values) -> tuple[Marks, int, int]:
    """(marks, number of jobs, number of the last event) of the row of ``marks``; Damaged."""
    _, at, arrived, line, jobs, seq = checked(row)
    return Marks(from_micros(at), arrived, line), jobs, seq


def event_row(seq: int, event: Event) -> Values:
    """A row of ``events``."""
    head = (seq, event.type.value, to_micros(event.at), event.queue, event.owner)
    news, text = event.job, event.text and bindable(event.text)
    if news is None:
        return signed((*head, None, None, None, None, None, text))
    step = news.progress
    progress = None if step is None else to_json((step.fraction, step.step))
    return signed((*head, news.id, news.state.value, news.attempt, progress, news.error and bindable(news.error), text))


def event_of(row: Values) -> Event:
    """The event of a row of ``events``; Damaged."""
    seq, kind, at, queue, owner, job_id, state, attempt, progress, error, text = checked(row)
    step = None if progress is None else Progress(*json.loads(progress))
    news = None if job_id is None else News(job_id, State(state), attempt, step, error and text_of(error))
    return Event(seq, EventType(kind), from_micros(at), queue, news, owner, text and text_of(text))
