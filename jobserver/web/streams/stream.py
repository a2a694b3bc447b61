"""Events as they happen, over Server-Sent Events (WHATWG HTML, 9.2), and page by page for those who rather ask."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from aiohttp import web

from jobserver.errors import InvalidRequest
from jobserver.jobs.event_log import Listener
from jobserver.jobs.events import Event, EventType, Interest
from jobserver.jobs.model import Job
from jobserver.web.keys import BROADCAST
from jobserver.web.reading.members import Members, texts
from jobserver.web.reading.query import wait_seconds, whole_number
from jobserver.web.route import Call
from jobserver.web.sending import send_json
from jobserver.web.streams import event_wire
from jobserver.web.streams.broadcast import Broadcast
from jobserver.web.streams.event_wire import Form, Message
from jobserver.web.streams.interests import interest_of
from jobserver.web.streams.listening import (
    LAST_WORDS,
    MOST_NAMED,
    beginning,
    check_named,
    event_types,
    farewell,
    past,
    until_left,
)
from jobserver.web.streams.subscriber import Channel, Left, Subscriber
from jobserver.web.wire import dumps

MOST_EVENTS = 1_000
"""Events in one answer to a long poll."""

_RECONNECT = b"retry: 2000\n\n"
_HEARTBEAT = b": still here\n\n"
_HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_GATHER = 0.005


async def job_events(call: Call) -> web.StreamResponse:
    """``GET /v1/jobs/{jobId}/events``: how the job stands, then what happens to it, until it ends."""
    after = _resume_from(call.request)
    with _broadcast(call).place(call.caller.owner):
        job, listener = await call.jobs.watch(call.job_id, call.reach, after=after)
        with listener:
            events = listener.take()
            if job.state.ended and after is not None and not events:
                return web.Response(status=204)  # all was told: an EventSource asks again for ever after anything else
            told = [event_wire.snapshot(job, listener.since)] if after is None else []
            told += _past_of_job(call, job, events)
            ended = job.state.ended or bool(events and events[-1].terminal)
            return await _stream(call, listener, told, one_job=True, ended=ended)


async def events(call: Call) -> web.StreamResponse:
    """``GET /v1/events``: what happens to all jobs and queues the caller may see.

    A stream; with ``Accept: application/json``, or ``wait``, what happened until now.
    """
    where, after = _interest(call), _resume_from(call.request)
    await check_named(call.jobs, where.jobs or (), call.reach, after)
    with _broadcast(call).place(call.caller.owner), call.jobs.listen(where, after=after) as listener:
        if _wants_json(call.request):
            return await _page(call, listener)
        names = where.jobs or ()
        told = await beginning(call.jobs, names, call.reach, listener.since) if after is None else []
        told += await past(call.jobs, _broadcast(call).encoded, listener.take(), names, call.reach)
        told += _broadcast(call).encoded.messages(listener.take())
        return await _stream(call, listener, told)


async def _stream(
    call: Call, listener: Listener, told: Sequence[Message], *, one_job: bool = False, ended: bool = False
) -> web.StreamResponse:
    """Write what is told already, then what happens. Nothing was awaited since the listener's events were taken."""
    if call.request.transport is None:
        raise ConnectionResetError
    chunked = call.request.version >= (1, 1)
    form = event_wire.chunked_sse if chunked else event_wire.sse
    beat = event_wire.chunk(_HEARTBEAT) if chunked else _HEARTBEAT
    subscriber = Subscriber(call.request.transport, beat, _broadcast(call).room)
    subscriber.key = call.caller.key
    if ended:
        subscriber.leave(Left.ENDED)
    elif listener.closed:
        subscriber.leave(Left.STOPPING)
    else:
        channel = Channel(frozenset({listener.where}), form, one_job=one_job)
        _broadcast(call).join(subscriber, channel, listener.leave())
    try:
        response = web.StreamResponse(headers=_HEADERS)
        with suppress(ConnectionError):  # the reader has gone: that is how most streams end
            await response.prepare(call.request)
            await response.write(_RECONNECT)
            await subscriber.catch_up(told, partial(_write, response))
            await until_left(call.jobs, subscriber, call.settings.heartbeat)
            await _end(response, subscriber, form)
    finally:
        _broadcast(call).leave(subscriber)
    return response


async def _write(response: web.StreamResponse, messages: Sequence[Message]) -> None:
    await response.write(event_wire.sse(messages))


async def _end(response: web.StreamResponse, subscriber: Subscriber, form: Form) -> None:
    last = farewell(subscriber)
    if last is not None:
        subscriber.transport.write(form([last]))
    try:
        async with asyncio.timeout(LAST_WORDS):
            await response.write_eof()
    except TimeoutError:
        subscriber.transport.abort()


async def _page(call: Call, listener: Listener) -> web.StreamResponse:
    """What happened, waiting for something to happen as long as the caller would."""
    limit = whole_number(call.request, "limit", MOST_EVENTS, 1, MOST_EVENTS)
    found = listener.take() or await _wait(listener, wait_seconds(call.request, call.settings.max_wait))
    through = listener.leave()
    gap = found.pop(0) if found and found[0].type is EventType.GAP else None
    if len(found) > limit:
        found = found[:limit]
        through = found[-1].seq
    encoded = b",".join([message.data for message in _broadcast(call).encoded.messages(found)])
    parts = [b'{"events":[', encoded, b'],"next":%d' % through]
    if gap is not None:
        parts.append(b',"gap":' + dumps({"seq": gap.seq, "counts": await call.jobs.counts(call.reach)}))
    return await send_json(call.request, [*parts, b"}"], headers={"Cache-Control": "no-store"})


async def _wait(listener: Listener, seconds: float) -> list[Event]:
    found: list[Event] = []
    with suppress(TimeoutError, StopAsyncIteration):
        async with asyncio.timeout(seconds):
            found.append(await anext(listener))
        await asyncio.sleep(_GATHER)  # what happened together is told together
    return found + listener.take()


def _past_of_job(call: Call, job: Job, events: Sequence[Event]) -> list[Message]:
    encoded = _broadcast(call).encoded
    if events and events[0].type is EventType.GAP:
        return [event_wire.gap_of_job(job, events[0].seq), *encoded.messages(events[1:])]
    return encoded.messages(events)


def _interest(call: Call) -> Interest:
    """What the query's parameters ask for; ``queue``, ``jobId`` and ``type`` may be given several times."""
    query = call.request.query
    members = Members(query, ("after", "jobId", "limit", "queue", "type", "wait"), what="parameter")
    lists = Members({name: query.getall(name) for name in ("jobId", "queue", "type") if name in query}, query)
    jobs, queues = lists.take("jobId", texts(MOST_NAMED, 200)), lists.take("queue", texts(MOST_NAMED, 200))
    types = lists.take("type", event_types)
    members.faults += lists.faults
    members.check()
    return interest_of(call.reach, jobs, queues, types)


def _wants_json(request: web.Request) -> bool:
    accepted = request.headers.get("Accept", "")
    return "wait" in request.query or ("application/json" in accepted and "text/event-stream" not in accepted)


def _resume_from(request: web.Request) -> int | None:
    text = request.headers.get("Last-Event-ID") or request.query.get("after")
    if not text:
        return None
    if not text.isdecimal() or len(text) > 18:
        raise InvalidRequest("after must be a sequence number.", pointer="/after")
    return int(text)


def _broadcast(call: Call) -> Broadcast:
    return call.request.app[BROADCAST]
