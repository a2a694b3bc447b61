"""Every route and middleware on one screen."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from jobserver.auth.signing import Credentials
from jobserver.jobs.service import Jobs
from jobserver.web import analyze, jobs, ops, preview, stream
from jobserver.web.guard import Route, signed, signed_or_job_signature, signed_or_link
from jobserver.web.headers import security_headers
from jobserver.web.keys import CREDENTIALS, JOBS, READINESS, SETTINGS, WebSettings
from jobserver.web.problems import problems

ROUTES: tuple[tuple[str, str, Route], ...] = (
    ("POST", "/analyze", signed(analyze.submit)),
    ("GET", "/result/{job_id}", signed_or_job_signature(analyze.result)),
    ("GET", "/jobs", signed(analyze.listing)),
    ("GET", "/preview", signed_or_link(preview.preview)),
    ("GET", "/v1/jobs/{job_id}", signed(jobs.read)),
    ("GET", "/v1/jobs/{job_id}/events", signed(stream.job_events)),
    ("POST", "/v1/jobs/{job_id}/cancel", signed(jobs.cancel)),
    ("POST", "/v1/jobs/{job_id}/retry", signed(jobs.retry)),
    ("GET", "/health", ops.health),
    ("HEAD", "/health", ops.health),
    ("GET", "/livez", ops.livez),
    ("GET", "/readyz", ops.readyz),
)


def web_app(
    service: Jobs, credentials: Credentials, settings: WebSettings, readiness: Mapping[str, object]
) -> web.Application:
    """The application over a service. ``readiness``: what else ``/readyz`` says of this server."""
    app = web.Application(middlewares=[problems], client_max_size=settings.max_body)
    app[JOBS] = service
    app[CREDENTIALS] = credentials
    app[SETTINGS] = settings
    app[READINESS] = readiness
    app.on_response_prepare.append(security_headers)
    for method, path, handler in ROUTES:
        app.router.add_route(method, path, handler)
    return app
