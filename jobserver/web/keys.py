"""Everything a handler can have: what is not here, it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from jobserver.auth.signing import Credentials
from jobserver.jobs.service import Jobs


@dataclass(frozen=True, slots=True)
class WebSettings:
    """``max_body``: bytes. ``body_timeout``: seconds a body may take to arrive. ``max_wait``: seconds of a long poll.

    ``heartbeat``: seconds between comments on a quiet stream. ``failed_status``: HTTP status of a failed job's poll.
    """

    max_body: int = 300_000
    body_timeout: float = 30.0
    max_wait: float = 60.0
    heartbeat: float = 15.0
    failed_status: int = 200


JOBS = web.AppKey("jobs", Jobs)
CREDENTIALS = web.AppKey("credentials", Credentials)
SETTINGS = web.AppKey("settings", WebSettings)
READINESS: web.AppKey[Mapping[str, object]] = web.AppKey("readiness")
