"""Everything a handler can have: what is not here, it cannot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from jobserver.auth.addresses import Network
from jobserver.auth.replays import Replays
from jobserver.auth.signing import Credentials
from jobserver.jobs.service import Jobs
from jobserver.web.limiting import Limits
from jobserver.web.metrics.meter import Meter
from jobserver.web.origins import Origins
from jobserver.web.paths import Paths
from jobserver.web.streams.broadcast import Broadcast


@dataclass(frozen=True, slots=True)
class WebSettings:
    """``max_body``: bytes. ``body_timeout``: seconds a body may take to arrive. ``max_wait``: seconds of a long poll.

    ``heartbeat``: seconds between comments on a quiet stream. ``failed_status``: HTTP status of a failed job's poll.
    ``rate_limit``, ``key_rate_limit``, ``trusted_proxies``, ``body_memory``, ``max_open``: see `Limits`.
    ``max_streams``, ``max_streams_per_owner``: event streams, sockets and long polls of events open at a time.
    ``auth_within``: seconds a WebSocket has to say who it is.
    ``cors_origins``: whose pages may call (`web.cors`). ``allowed_hosts``, ``local_only``: see `Origins`.
    ``access_log``: every answer is logged. ``metrics_public``: everybody may read ``/metrics``.
    """

    max_body: int = 300_000
    body_timeout: float = 30.0
    max_wait: float = 60.0
    heartbeat: float = 15.0
    failed_status: int = 200
    rate_limit: int = 0
    key_rate_limit: int = 0
    trusted_proxies: tuple[Network, ...] = ()
    body_memory: int = 64_000_000
    max_open: int = 2_000
    max_streams: int = 4_000
    max_streams_per_owner: int = 1_000
    auth_within: float = 10.0
    cors_origins: frozenset[str] = frozenset()
    allowed_hosts: frozenset[str] = frozenset()
    local_only: bool = False
    access_log: bool = False
    metrics_public: bool = False


@dataclass(frozen=True, slots=True)
class About:
    """What the server was told and found, for operators.

    ``settings``: name → value, secrets masked. ``browser``: the program that reads pages, None without one.
    """

    settings: Mapping[str, object] = field(default_factory=dict)
    browser: str | None = None


JOBS = web.AppKey("jobs", Jobs)
BROADCAST = web.AppKey("broadcast", Broadcast)
CREDENTIALS = web.AppKey("credentials", Credentials)
REPLAYS = web.AppKey("replays", Replays)
SETTINGS = web.AppKey("settings", WebSettings)
PATHS = web.AppKey("paths", Paths)
LIMITS = web.AppKey("limits", Limits)
ORIGINS = web.AppKey("origins", Origins)
READINESS: web.AppKey[Mapping[str, object]] = web.AppKey("readiness")
ABOUT = web.AppKey("about", About)
METER = web.AppKey("meter", Meter)
OPENAPI: web.AppKey[Callable[[str], bytes]] = web.AppKey("openapi")
"""The description of the routes, mounted under a prefix."""
