"""Every route and middleware on one screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from aiohttp import web

from jobserver.auth.replays import Replays
from jobserver.auth.signing import Credentials
from jobserver.jobs.access import Scope
from jobserver.jobs.service import Jobs
from jobserver.web import (
    analyze,
    api_keys,
    artifacts,
    bulk,
    job_links,
    jobs,
    ops,
    preview,
    queues,
)
from jobserver.web.cors import preflights
from jobserver.web.description import openapi
from jobserver.web.guard import guarded
from jobserver.web.headers import answer_headers
from jobserver.web.job_links import EVENTS, RESULT
from jobserver.web.keys import (
    ABOUT,
    BROADCAST,
    CREDENTIALS,
    JOBS,
    LIMITS,
    OPENAPI,
    ORIGINS,
    PATHS,
    READINESS,
    REPLAYS,
    SETTINGS,
    About,
    WebSettings,
)
from jobserver.web.limiting import Limits
from jobserver.web.metrics import scrape
from jobserver.web.origins import Origins
from jobserver.web.paths import Paths
from jobserver.web.problems import problems
from jobserver.web.request_log import install_meter, observed
from jobserver.web.route import Route
from jobserver.web.streams import socket, stream
from jobserver.web.streams.broadcast import Broadcast
from jobserver.web.wire import PREVIEW

ROUTES: tuple[Route, ...] = (
    Route("POST", "/analyze", analyze.submit, Scope.SUBMIT),
    Route("GET", "/result/{job_id}", analyze.result, Scope.READ, job_signature=True),
    Route("GET", "/jobs", analyze.listing, Scope.READ),
    Route("GET", "/preview", preview.preview, Scope.READ, link=PREVIEW),
    Route("POST", "/v1/jobs", jobs.submit, Scope.SUBMIT),
    Route("POST", "/v1/jobs/bulk", bulk.submit_many, Scope.SUBMIT),
    Route("GET", "/v1/jobs", jobs.listing, Scope.READ),
    Route("GET", "/v1/jobs/{job_id}", jobs.read, Scope.READ),
    Route("GET", "/v1/jobs/{job_id}/result", jobs.result, Scope.READ, link=RESULT),
    Route("GET", "/v1/jobs/{job_id}/logs", jobs.logs, Scope.READ),
    Route("GET", "/v1/jobs/{job_id}/artifacts", artifacts.listing, Scope.READ),
    Route("GET", "/v1/jobs/{job_id}/artifacts/{name}", artifacts.download, Scope.READ),
    Route("HEAD", "/v1/jobs/{job_id}/artifacts/{name}", artifacts.download, Scope.READ),
    Route("GET", "/v1/jobs/{job_id}/events", stream.job_events, Scope.READ, link=EVENTS),
    Route("POST", "/v1/jobs/{job_id}/cancel", jobs.cancel, Scope.CANCEL),
    Route("POST", "/v1/jobs/{job_id}/retry", jobs.retry, Scope.SUBMIT),
    Route("POST", "/v1/jobs/{job_id}/promote", jobs.promote, Scope.CANCEL),
    Route("DELETE", "/v1/jobs/{job_id}", jobs.remove, Scope.CANCEL),
    Route("POST", "/v1/bulk", bulk.apply_to_all, Scope.READ),
    Route("GET", "/v1/kinds", queues.kinds, Scope.READ),
    Route("GET", "/v1/queues", queues.listing, Scope.READ),
    Route("GET", "/v1/queues/{queue}", queues.read, Scope.READ),
    Route("PATCH", "/v1/queues/{queue}", queues.change, Scope.MANAGE),
    Route("POST", "/v1/queues/{queue}/pause", queues.pause, Scope.MANAGE),
    Route("POST", "/v1/queues/{queue}/resume", queues.resume, Scope.MANAGE),
    Route("POST", "/v1/queues/{queue}/drain", queues.drain, Scope.MANAGE),
    Route("GET", "/v1/events", stream.events, Scope.READ),
    Route("GET", "/v1/ws", socket.events),
    Route("GET", "/v1/stats", queues.stats, Scope.READ),
    Route("GET", "/openapi.json", openapi.openapi),
    Route("GET", "/metrics", scrape.metrics, Scope.MANAGE),
    Route("GET", "/-/config", ops.config, Scope.MANAGE),
    Route("GET", "/-/tasks", ops.tasks, Scope.MANAGE),
    Route("GET", "/-/versions", ops.versions, Scope.MANAGE),
    Route("POST", "/v1/jobs/{job_id}/links", job_links.create, Scope.READ),
    Route("POST", "/v1/keys", api_keys.create, Scope.MANAGE),
    Route("GET", "/v1/keys", api_keys.listing, Scope.MANAGE),
    Route("DELETE", "/v1/keys/{key_id}", api_keys.revoke, Scope.MANAGE),
    Route("GET", "/health", ops.health),
    Route("HEAD", "/health", ops.health),
    Route("GET", "/livez", ops.livez),
    Route("GET", "/readyz", ops.readyz),
)


def web_app(
    service: Jobs,
    credentials: Credentials,
    settings: WebSettings,
    readiness: Mapping[str, object],
    about: About | None = None,
) -> web.Application:
    """The application over a service. ``readiness``: what else ``/readyz`` says of this server."""
    app = web.Application(middlewares=[observed, problems], client_max_size=settings.max_body)
    app[JOBS] = service
    app[CREDENTIALS] = credentials
    app[REPLAYS] = Replays()
    app[SETTINGS] = settings
    app[LIMITS] = _limits(settings)
    app[ORIGINS] = Origins(
        settings.cors_origins, settings.trusted_proxies, settings.allowed_hosts, local_only=settings.local_only
    )
    app[READINESS] = readiness
    app[ABOUT] = about or About()
    app[BROADCAST] = Broadcast(
        service,
        heartbeat=settings.heartbeat,
        most=settings.max_streams,
        most_of_owner=settings.max_streams_per_owner,
    )
    app[OPENAPI] = _description
    install_meter(app)
    app.on_response_prepare.append(answer_headers)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, guarded(_opened(route, settings)))
    for route in preflights(ROUTES) if settings.cors_origins else ():
        app.router.add_route(route.method, route.path, guarded(route))
    app[PATHS] = Paths(app.router, next(iter(credentials.secrets), ""))
    return app


def _opened(route: Route, settings: WebSettings) -> Route:
    """The metrics hold nothing of any owner: a setting opens them to everybody."""
    return replace(route, scope=None) if settings.metrics_public and route.path == "/metrics" else route


def _limits(settings: WebSettings) -> Limits:
    return Limits(
        per_address=settings.rate_limit,
        per_key=settings.key_rate_limit,
        trusted=settings.trusted_proxies,
        body_bytes=settings.body_memory,
        open_requests=settings.max_open,
        largest_body=settings.max_body,
    )


def _description(prefix: str) -> bytes:
    return openapi.document(ROUTES, prefix)
