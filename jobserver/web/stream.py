"""Events as they happen, over Server-Sent Events (WHATWG HTML, 9.2)."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from jobserver.errors import InvalidRequest
from jobserver.jobs.clock import to_wire
from jobserver.jobs.events import Event, EventType, Listener, ListenerTooSlow, News, news_of
from jobserver.jobs.model import Job
from jobserver.web.guard import Call
from jobserver.web.wire import dumps, progress_members

_RECONNECT = b"retry: 2000\n\n"
_HEARTBEAT = b": still here\n\n"
_HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def job_events(call: Call) -> web.StreamResponse:
    """``GET /v1/jobs/{jobId}/events``: how the job stands, then what happens to it, until it ends."""
    after = _resume_from(call.request)
    job, listener = await call.jobs.events(call.job_id, call.caller.owner, after=after)
    with listener:
        if job.state.ended and after is not None and not listener.pending:
            return web.Response(status=204)  # all was told: an EventSource asks again for ever after anything else
        response = web.StreamResponse(headers=_HEADERS)
        await response.prepare(call.request)
        await response.write(_RECONNECT)
        if after is None:
            await response.write(_message("snapshot", listener.since, _members(job.spec.queue, news_of(job))))
        if job.state.ended:
            listener.close()  # what was missed can still be read; nothing more will come
        await _follow(response, listener, job, call.settings.heartbeat)
        await response.write_eof()
    return response


async def _follow(response: web.StreamResponse, listener: Listener, job: Job, heartbeat: float) -> None:
    """Write events until the job's last one, the server's end, or a client that cannot keep up."""
    while True:
        try:
            async with asyncio.timeout(heartbeat):
                event = await anext(listener)
        except TimeoutError:
            await response.write(_HEARTBEAT)
            continue
        except StopAsyncIteration:
            if not job.state.ended:
                await response.write(_message("server.draining", None, {}))
            return
        except ListenerTooSlow as slow:
            await response.write(_message("closed", None, {"reason": "too slow", "seq": slow.last_seq}))
            return
        await response.write(_message(event.type, event.seq, _event_members(event, job)))
        if event.terminal:
            return


def _resume_from(request: web.Request) -> int | None:
    text = request.headers.get("Last-Event-ID") or request.query.get("after")
    if not text:
        return None
    if not text.isdecimal() or len(text) > 18:
        raise InvalidRequest("after must be a sequence number.", pointer="/after")
    return int(text)


def _message(name: str, seq: int | None, data: dict[str, Any]) -> bytes:
    number = b"" if seq is None else b"id: %d\n" % seq
    return b"event: %s\n%sdata: %s\n\n" % (name.encode(), number, dumps({"type": name, **data}))


def _event_members(event: Event, job: Job) -> dict[str, Any]:
    if event.type is EventType.GAP or event.job is None:
        return _members(job.spec.queue, news_of(job))
    text = {} if event.text is None else {"line": event.text}
    return {"seq": event.seq, "at": to_wire(event.at), **_members(event.queue, event.job), **text}


def _members(queue: str, news: News) -> dict[str, Any]:
    members: dict[str, Any] = {"jobId": news.id, "queue": queue, "status": news.state, "attempt": news.attempt}
    if news.error is not None:
        members["error"] = news.error
    return members | progress_members(news)
