"""``/metrics``: how the server does, for monitoring systems. No ids and no owners: a label has few values."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime

from aiohttp import web

from jobserver import __version__
from jobserver.jobs.engine import Kept, OnDisk
from jobserver.jobs.model import QueueStanding
from jobserver.jobs.service import Jobs
from jobserver.jobs.stats import Stats
from jobserver.web.keys import BROADCAST, METER
from jobserver.web.metrics.exposition import OPEN_METRICS, TEXT, Family, Values, render
from jobserver.web.metrics.meter import Meter
from jobserver.web.metrics.process import FAMILIES as OF_THE_PROCESS
from jobserver.web.metrics.process import process_metrics
from jobserver.web.route import Call
from jobserver.web.streams.broadcast import Broadcast

_QUEUE, _KIND, _WHY = ("queue",), ("queue", "kind"), ("why",)

OF_QUEUES: tuple[tuple[Family, Callable[[Iterable[QueueStanding], datetime], Values]], ...] = (
    (
        Family("jobserver_jobs", "gauge", "Jobs that are kept.", ("queue", "state")),
        lambda queues, _: [((queue.name, state), number) for queue in queues for state, number in queue.counts.items()],
    ),
    (
        Family("jobserver_oldest_waiting_seconds", "gauge", "Age of the job that is next; 0 when none waits.", _QUEUE),
        lambda queues, now: [((queue.name,), _age(queue.oldest, now)) for queue in queues],
    ),
    (
        Family("jobserver_queue_paused", "gauge", "1 while no job of the queue is handed out.", _QUEUE),
        lambda queues, _: [((queue.name,), queue.settings.paused) for queue in queues],
    ),
    (
        Family("jobserver_queue_concurrency", "gauge", "Jobs of the queue that run at a time; 0 is no limit.", _QUEUE),
        lambda queues, _: [((queue.name,), queue.settings.concurrency) for queue in queues],
    ),
)

OF_JOBS: tuple[tuple[Family, Callable[[Stats], Values]], ...] = (
    (
        Family("jobserver_jobs_submitted_total", "counter", "Jobs accepted.", _KIND),
        lambda stats: stats.submitted.items(),
    ),
    (
        Family("jobserver_attempts_started_total", "counter", "Attempts begun.", _KIND),
        lambda stats: stats.started.items(),
    ),
    (
        Family("jobserver_attempts_retried_total", "counter", "Attempts that failed and will be followed.", _KIND),
        lambda stats: stats.retried.items(),
    ),
    (
        Family("jobserver_jobs_ended_total", "counter", "Jobs that ended here, by how.", (*_KIND, "state")),
        lambda stats: stats.ended.items(),
    ),
    (
        Family("jobserver_job_wait_seconds", "histogram", "From created, or last due, to started.", _KIND),
        lambda stats: stats.waits.items(),
    ),
    (
        Family("jobserver_job_run_seconds", "histogram", "Attempts, however they ended.", _KIND),
        lambda stats: stats.runs.items(),
    ),
)

OF_REQUESTS: tuple[tuple[Family, Callable[[Meter], Values]], ...] = (
    (
        Family("jobserver_http_requests_total", "counter", "Requests answered.", ("route", "method", "status")),
        lambda meter: [
            ((route, method, f"{status}"), number) for (route, method, status), number in meter.requests.items()
        ],
    ),
    (
        Family("jobserver_http_request_seconds", "histogram", "Requests, waits and streams included.", ("route",)),
        lambda meter: [((route,), seconds) for route, seconds in meter.seconds.items()],
    ),
    (
        Family("jobserver_refusals_total", "counter", "Requests refused, by error code.", ("code",)),
        lambda meter: [((code,), number) for code, number in meter.refusals.items()],
    ),
    (
        Family("jobserver_unauthorized_total", "counter", "Requests that nobody vouched for, by reason.", ("reason",)),
        lambda meter: [((reason,), number) for reason, number in meter.unauthorized.items()],
    ),
    (
        Family("jobserver_connections", "gauge", "Connections that are open."),
        lambda meter: [((), meter.connections)],
    ),
    (
        Family("jobserver_connections_refused_total", "counter", "Connections without room, by limit.", ("limit",)),
        lambda meter: [((limit,), number) for limit, number in meter.turned_away.items()],
    ),
    (
        Family("jobserver_connections_cut_total", "counter", "Connections whose peers were too slow, by why.", _WHY),
        lambda meter: [((why,), number) for why, number in meter.cut.items()],
    ),
    (
        Family("jobserver_event_loop_lag_seconds", "histogram", "How late the event loop was, four times a second."),
        lambda meter: [((), meter.lag)],
    ),
)

OF_THE_SERVER: tuple[tuple[Family, Callable[[Jobs], Values]], ...] = (
    (
        Family("jobserver_listeners", "gauge", "Waits for jobs that are open."),
        lambda jobs: [((), jobs.listeners)],
    ),
    (
        Family("jobserver_event_loop_stalls_total", "counter", "Times the event loop stood still for over a second."),
        lambda jobs: [((), jobs.stats.stalls)],
    ),
    (
        Family("jobserver_draining", "gauge", "1 while the server is stopping."),
        lambda jobs: [((), jobs.draining)],
    ),
    (
        Family("jobserver_info", "gauge", "Always 1: what is running.", ("version", "engine")),
        lambda jobs: [((__version__, jobs.caps.name), 1)],
    ),
)

OF_STREAMS: tuple[tuple[Family, Callable[[Broadcast], Values]], ...] = (
    (
        Family("jobserver_streams", "gauge", "Streams, sockets and event polls that are open."),
        lambda broadcast: [((), broadcast.open)],
    ),
)

OF_THE_STORE: tuple[tuple[Family, Callable[[Kept], Values]], ...] = (
    (
        Family("jobserver_kept_bytes", "gauge", "Jobs, results, files and keys that are kept."),
        lambda kept: [((), kept.bytes)],
    ),
    (
        Family("jobserver_events_total", "counter", "Events in the log: the number of the last one."),
        lambda kept: [((), kept.events)],
    ),
)

OF_THE_DISK: tuple[tuple[Family, Callable[[OnDisk], Values]], ...] = (
    (
        Family("jobserver_store_writable", "gauge", "1 while changes can be written to disk."),
        lambda disk: [((), disk.writable)],
    ),
    (
        Family("jobserver_store_bytes", "gauge", "Disk that the store's files take."),
        lambda disk: [((), disk.bytes)],
    ),
    (
        Family("jobserver_store_commit_seconds", "histogram", "Writes to disk, each of all that had gathered."),
        lambda disk: [((), disk.commits)],
    ),
    (
        Family("jobserver_store_failures_total", "counter", "Writes to disk that failed; they are tried again."),
        lambda disk: [((), disk.failures)],
    ),
)
"""Of an engine without a disk they have no values."""

FAMILIES: tuple[Family, ...] = (
    *(
        family
        for family, _ in (*OF_QUEUES, *OF_JOBS, *OF_REQUESTS, *OF_THE_SERVER, *OF_STREAMS, *OF_THE_STORE, *OF_THE_DISK)
    ),
    *OF_THE_PROCESS,
)
"""Every metric there is."""


async def metrics(call: Call) -> web.Response:
    """``GET /metrics``: all counters and gauges, in the text format of Prometheus."""
    jobs, meter = call.jobs, call.request.app[METER]
    queues, kept, now = await jobs.queues(), await jobs.kept(), jobs.now()
    found: list[tuple[Family, Values]] = [
        *((family, read(queues, now)) for family, read in OF_QUEUES),
        *((family, read(jobs.stats)) for family, read in OF_JOBS),
        *((family, read(meter)) for family, read in OF_REQUESTS),
        *((family, read(jobs)) for family, read in OF_THE_SERVER),
        *((family, read(call.request.app[BROADCAST])) for family, read in OF_STREAMS),
        *((family, read(kept)) for family, read in OF_THE_STORE),
        *((family, () if kept.disk is None else read(kept.disk)) for family, read in OF_THE_DISK),
        *await asyncio.to_thread(process_metrics),
    ]
    modern = "application/openmetrics-text" in call.request.headers.get("Accept", "")
    text = render(found, open_metrics=modern)
    headers = {"Content-Type": OPEN_METRICS if modern else TEXT, "Cache-Control": "no-store"}
    return web.Response(body=text.encode(), headers=headers)


def _age(oldest: datetime | None, now: datetime) -> float:
    return 0.0 if oldest is None else max((now - oldest).total_seconds(), 0.0)
