"""What the description of the API says of one route, in the words of its table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jobserver.web.description.json_schema import Schema, number, text, whole, words
from jobserver.web.description.schemas import FILTER

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """``schema``: the name of one, or a schema; None is an empty body. ``also``: another type, and its schema."""

    says: str
    schema: str | Schema | None = None
    media: tuple[str, ...] = (JSON,)
    also: tuple[str, Schema] | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something in the query or, as ``place`` says, a header."""

    name: str
    schema: Schema
    says: str
    place: str = "query"
    required: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """``answers``: status → what is answered when it went well. ``refusals``: statuses of errors that are this route's.

    ``body``: the name of a schema; None where none is read. ``forms``: it may come as a form as well.
    What the guard refuses, on every route alike, `web.description.openapi` adds.
    """

    summary: str
    answers: Mapping[int, Answer]
    refusals: tuple[int, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    body: str | None = None
    body_required: bool = False
    forms: bool = False
    tag: str = "jobs"


WAIT = Parameter("wait", number(0, 999_999), "Seconds to hold the answer until the job has ended, 60 at most.")
PREFER = Parameter("Prefer", text(), "`wait=N`: the same (RFC 7240).", "header")
KNOWN = Parameter(
    "If-None-Match", text(), "The `ETag` of an answer that is at hand: 304 when nothing changed.", "header"
)
ONCE = Parameter("Idempotency-Key", text(1, 255), "The same key and body make one job, whoever repeats them.", "header")
TRACE = Parameter("traceparent", text(), "The trace the job belongs to (W3C Trace Context).", "header")
RANGE = Parameter("Range", text(), "`bytes=…`: a part of the file.", "header")
IF_RANGE = Parameter("If-Range", text(), "The part only if the file is still this one.", "header")
FIELDS = Parameter("fields", text(1), "Names of the members to show, with commas between.")
AFTER = Parameter("after", text(), "The number of the last event that was seen: go on after it.")
LAST_EVENT = Parameter("Last-Event-ID", text(), "The same, as browsers send it.", "header")
CURSOR = Parameter("cursor", text(1, 200), "Where the page before ended.")
TOKEN = Parameter("token", text(), "Of a signed link.")
EXPIRES = Parameter("expires", text(), "Of a signed link.")
FILTERS = tuple(Parameter(name, schema, f"Only jobs of this `{name}`.") for name, schema in FILTER.items())


def limit(most: int) -> Parameter:
    """How many are wanted."""
    return Parameter("limit", whole(1, most), f"How many at most, up to {most}.")


def view(*some: str) -> Parameter:
    """How much is wanted."""
    return Parameter("view", words(*some), "How much of it.")


def job(says: str = "The job.") -> Answer:
    """The job as it stands."""
    return Answer(says, "Job")


NOT_MODIFIED = Answer("Nothing changed.")
GONE = Answer("It is done.")
