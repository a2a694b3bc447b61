"""Every route's entry in the description of the API, one for each row of `web.app.ROUTES`."""

from __future__ import annotations

from jobserver.jobs.events import EventType
from jobserver.jobs.model import State
from jobserver.web.description.json_schema import Schema, text, whole, words
from jobserver.web.description.operation import (
    AFTER,
    CURSOR,
    EXPIRES,
    FIELDS,
    FILTERS,
    GONE,
    IF_RANGE,
    KNOWN,
    LAST_EVENT,
    NOT_MODIFIED,
    ONCE,
    PREFER,
    RANGE,
    TOKEN,
    TRACE,
    WAIT,
    Answer,
    Operation,
    Parameter,
    job,
    limit,
    view,
)
from jobserver.web.metrics.exposition import OPEN_METRICS, TEXT

_WAITS = (WAIT, PREFER)
_ACT = (400, 404, 409, 415)
_LINK = (TOKEN, EXPIRES)
_STREAM = (AFTER, LAST_EVENT)
_ANYTHING: Schema = {}
_HTML, _EVENTS = ("text/html",), ("text/event-stream",)
_TOLD = Answer("All was told: there is no need to come back.")
_QUEUED = {200: job("The job that a `dedupKey` found, or that ended while the caller waited."), 202: job("A new job.")}
_MAKES = (400, 415, 422)

OLD: dict[tuple[str, str], Operation] = {
    ("POST", "/analyze"): Operation(
        "Queue a page",
        {200: Answer("The caller waited, and it has ended.", "Poll"), 202: Answer("It is queued.", "Accepted")},
        (400, 403, 415, 422),
        (*_WAITS, ONCE, TRACE),
        body="Page",
        body_required=True,
        forms=True,
        tag="old face",
    ),
    ("GET", "/result/{job_id}"): Operation(
        "How a page's job stands",
        {200: Answer("The job, or its result.", "Poll"), 304: NOT_MODIFIED},
        (400, 404),
        (*_WAITS, view("full", "summary"), KNOWN),
        tag="old face",
    ),
    ("GET", "/jobs"): Operation(
        "The caller's jobs",
        {200: Answer("Newest first.", "Lines")},
        (400,),
        (Parameter("status", words(*State), "Only jobs in this state."), limit(500), CURSOR),
        tag="old face",
    ),
    ("GET", "/preview"): Operation(
        "A page to look at",
        {200: Answer("A job's components.", text(), (*_HTML, "application/zip")), 304: NOT_MODIFIED},
        (400, 403, 404, 409),
        (
            Parameter("jobId", text(), "Whose components to show."),
            Parameter("url", text(), "A page to queue, wait for and show instead."),
            Parameter("format", words("html", "zip"), "`zip`: all of it as one file."),
            KNOWN,
            *_LINK,
        ),
        tag="old face",
    ),
}

JOBS: dict[tuple[str, str], Operation] = {
    ("POST", "/v1/jobs"): Operation(
        "Submit a job", _QUEUED, (*_MAKES, 403), (*_WAITS, ONCE, TRACE), body="Submission", body_required=True
    ),
    ("POST", "/v1/jobs/bulk"): Operation(
        "Submit many jobs",
        {200: Answer("One outcome for each, in order.", "Outcomes")},
        (400, 415),
        (ONCE, TRACE),
        body="Submissions",
        body_required=True,
    ),
    ("GET", "/v1/jobs"): Operation(
        "List jobs",
        {200: Answer("Those that match, newest first.", "JobList")},
        (400,),
        (*FILTERS, limit(500), CURSOR, FIELDS),
    ),
    ("GET", "/v1/jobs/{job_id}"): Operation(
        "Read a job", {200: job(), 304: NOT_MODIFIED}, (400, 404), (*_WAITS, FIELDS, KNOWN)
    ),
    ("DELETE", "/v1/jobs/{job_id}"): Operation("Forget an ended job", {204: GONE}, _ACT, body="Nothing"),
    ("GET", "/v1/jobs/{job_id}/result"): Operation(
        "What the job made",
        {200: Answer("Its result alone.", _ANYTHING), 304: NOT_MODIFIED},
        (400, 404, 409),
        (*_WAITS, KNOWN, *_LINK),
    ),
    ("GET", "/v1/jobs/{job_id}/logs"): Operation(
        "Lines the handler wrote",
        {200: Answer("In order.", "LogLines")},
        (400, 404),
        (Parameter("start", whole(0, 10**15), "Number of the first line that is wanted."), limit(1000)),
    ),
    ("GET", "/v1/jobs/{job_id}/artifacts"): Operation(
        "Files the handler kept", {200: Answer("Without their contents.", "Artifacts")}, (400, 404)
    ),
    ("GET", "/v1/jobs/{job_id}/artifacts/{name}"): Operation(
        "Download a file",
        {
            200: Answer("The file.", _ANYTHING, ("*/*",)),
            206: Answer("A part of it.", _ANYTHING, ("*/*",)),
            304: NOT_MODIFIED,
        },
        (400, 404, 416),
        (RANGE, IF_RANGE, KNOWN),
    ),
    ("HEAD", "/v1/jobs/{job_id}/artifacts/{name}"): Operation(
        "Size and type of a file", {200: Answer("As of the file."), 304: NOT_MODIFIED}, (400, 404), (KNOWN,)
    ),
    ("GET", "/v1/jobs/{job_id}/events"): Operation(
        "Follow a job",
        {200: Answer("What happens to it, until it ends.", _ANYTHING, _EVENTS), 204: _TOLD},
        (400, 404),
        (*_STREAM, *_LINK),
        tag="events",
    ),
    ("GET", "/v1/events"): Operation(
        "Follow everything",
        {200: Answer("What happens; as JSON, what happened until now.", "EventPage", also=(_EVENTS[0], _ANYTHING))},
        (400,),
        (
            *_STREAM,
            Parameter("jobId", text(1, 200), "Only of this job; may be given several times."),
            Parameter("queue", text(1, 200), "Only of this queue; may be given several times."),
            Parameter("type", words(*EventType), "Only such events; may be given several times."),
            limit(1000),
            *_WAITS,
        ),
        tag="events",
    ),
    ("GET", "/v1/ws"): Operation(
        "Follow many jobs over a WebSocket",
        {101: Answer("A socket: see docs/protocol.md for what is said on it.")},
        (400, 401, 403),
        tag="events",
    ),
    ("POST", "/v1/jobs/{job_id}/cancel"): Operation("Cancel a job", {200: job()}, _ACT, body="Cancellation"),
    ("POST", "/v1/jobs/{job_id}/retry"): Operation("Queue it again", {200: job()}, _ACT, body="Nothing"),
    ("POST", "/v1/jobs/{job_id}/promote"): Operation("Queue it now", {200: job()}, _ACT, body="Nothing"),
    ("POST", "/v1/jobs/{job_id}/links"): Operation(
        "Sign a link for a browser",
        {201: Answer("The link.", "SignedLink")},
        (400, 404, 415),
        body="LinkWish",
        body_required=True,
    ),
    ("POST", "/v1/bulk"): Operation(
        "Act on all that match", _QUEUED, _MAKES, (ONCE,), body="Operation", body_required=True
    ),
}

QUEUES: dict[tuple[str, str], Operation] = {
    ("GET", "/v1/kinds"): Operation(
        "What can be asked for", {200: Answer("Each kind of job.", "Kinds")}, (400,), tag="queues"
    ),
    ("GET", "/v1/queues"): Operation("Every queue", {200: Answer("By name.", "Queues")}, (400,), tag="queues"),
    ("GET", "/v1/queues/{queue}"): Operation("A queue", {200: Answer("As it is.", "Queue")}, (400, 404), tag="queues"),
    ("PATCH", "/v1/queues/{queue}"): Operation(
        "Change a queue",
        {200: Answer("As it is now.", "Queue")},
        (400, 404, 415),
        body="QueueChange",
        body_required=True,
        tag="queues",
    ),
    **{
        ("POST", f"/v1/queues/{{queue}}/{verb}"): Operation(
            summary, {200: Answer("As it is now.", "Queue")}, (400, 404, 415), body="Nothing", tag="queues"
        )
        for verb, summary in (("pause", "Hand out no job of it"), ("resume", "Hand out its jobs again"))
    },
    ("POST", "/v1/queues/{queue}/drain"): Operation(
        "Cancel all that wait in it", _QUEUED, (*_MAKES, 404), (ONCE,), body="Nothing", tag="queues"
    ),
    ("GET", "/v1/stats"): Operation(
        "The whole at a glance", {200: Answer("Counts, rates, totals.", "Stats")}, (400,), tag="queues"
    ),
}

KEYS: dict[tuple[str, str], Operation] = {
    ("POST", "/v1/keys"): Operation(
        "Make a key",
        {201: Answer("With its token, this once.", "MadeKey")},
        (400, 415),
        body="NewKey",
        body_required=True,
        tag="keys",
    ),
    ("GET", "/v1/keys"): Operation("Every key", {200: Answer("Without secrets.", "Keys")}, (400,), tag="keys"),
    ("DELETE", "/v1/keys/{key_id}"): Operation(
        "Take a key back", {204: GONE}, (400, 404, 415), body="Nothing", tag="keys"
    ),
}

_OK = {200: Answer("It answers.", "Ok")}

SERVER: dict[tuple[str, str], Operation] = {
    ("GET", "/health"): Operation("The process answers", _OK, tag="server"),
    ("HEAD", "/health"): Operation("The process answers", {200: Answer("It answers.")}, tag="server"),
    ("GET", "/livez"): Operation("The event loop turns", _OK, tag="server"),
    ("GET", "/readyz"): Operation(
        "Whether jobs are accepted",
        {200: Answer("They are.", "Readiness"), 503: Answer("They are not: why.", "Readiness")},
        tag="server",
    ),
    ("GET", "/openapi.json"): Operation(
        "This description", {200: Answer("OpenAPI 3.1.", {"type": "object"})}, tag="server"
    ),
    ("GET", "/metrics"): Operation(
        "Counters and gauges for Prometheus",
        {200: Answer("In its text format, or OpenMetrics.", text(), (TEXT, OPEN_METRICS))},
        tag="server",
    ),
    ("GET", "/-/config"): Operation("The settings", {200: Answer("Secrets masked.", "Settings")}, tag="server"),
    ("GET", "/-/tasks"): Operation("What it is doing", {200: Answer("Its tasks.", "Tasks")}, tag="server"),
    ("GET", "/-/versions"): Operation("What is running", {200: Answer("Versions.", "Versions")}, tag="server"),
}

OPERATIONS = OLD | JOBS | QUEUES | KEYS | SERVER
