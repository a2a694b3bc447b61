"""Every setting in one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jobserver.config.queues import queues
from jobserver.config.readers import (
    http_status,
    number,
    one_of,
    permissions,
    port,
    switch,
    switch_or_auto,
    text,
    whole,
    words,
)
from jobserver.config.stores import store

DEFAULT_SECRET = "testsecret"  # noqa: S105 - the published default of the old examples; refused beyond loopback


@dataclass(frozen=True, slots=True)
class Setting:
    """One row: ``name`` in the environment, ``default`` and ``unit`` for people, ``help`` in one sentence.

    ``read`` makes the value from text and raises ValueError; ``field`` is its name in `Config`. ``secret``: nobody is
    shown its value.
    """

    name: str
    default: str
    unit: str
    help: str
    read: Callable[[str], Any]
    secret: bool = False

    @property
    def field(self) -> str:
        """Its attribute of `Config`."""
        return self.name.lower()


SETTINGS: tuple[Setting, ...] = (
    Setting("HOST", "127.0.0.1; 0.0.0.0 when RENDER is set", "", "Address to listen on.", text),
    Setting("PORT", "3000", "", "Port to listen on; 0 lets the system choose one.", port),
    Setting("UNIX_SOCKET", "", "", "Path of a unix socket to listen on instead.", text),
    Setting("UNIX_SOCKET_MODE", "600", "octal", "Permissions of that socket: 660 lets its group in.", permissions),
    Setting("CLIQ_SECRET", DEFAULT_SECRET, "", "Shared secret of callers, at least 16 bytes beyond this machine; "
            "several with commas between for rotation, the newest first.", words, secret=True),
    Setting("API_KEYS", "", "", "API keys there are from the start, commas between: what `jobserver keys hash` "
            "prints, which is a hash of each and no secret.", text, secret=True),
    Setting("CLIQ_PUBLIC_KEY", "", "", "RSA key that Zoho Cliq publishes for your extension, as PEM or base64: its own "
            "signatures are accepted. Needs `jobserver[cliq]`.", text),
    Setting("STRICT_HMAC", "false", "", "Accept signatures with a timestamp only.", switch),
    Setting("ALLOW_UNSIGNED", "false", "", "Admit requests that carry no signature at all.", switch),
    Setting("ENFORCE_ALLOWLIST", "false", "", "Analyze pages of ALLOWED_DOMAINS only.", switch),
    Setting("ALLOWED_DOMAINS", "", "", "Domains that may be analyzed, subdomains included, commas between.", text),
    Setting("ALLOW_PRIVATE_TARGETS", "", "", "host:port pairs of private networks that may be analyzed, for "
            "local work and tests.", text),
    Setting("HANDLERS", "", "", "Modules with job handlers, as module or module:attribute, commas between.", words),
    Setting("DEMO", "auto", "", "Whether there are the demo kinds echo, sleep, fail and progress; auto: while only "
            "this machine can reach the server.", switch_or_auto),
    Setting("CONCURRENCY", "1", "jobs", "Jobs of one queue that run at the same time, where neither QUEUES nor a "
            "handler says so.", whole(1, 256)),
    Setting("QUEUES", "", "", "Queues and their terms, which win over their handlers': "
            "images:concurrency=2,keep=600,keepCount=100; mail:concurrency=10.", queues),
    Setting("STORE", "memory", "", "Where jobs are kept: memory, which ends with the process, or a file on disk "
            "that outlives it: sqlite:///absolute/path/jobs.db or sqlite:relative.db.", store),
    Setting("JOB_TTL", "3600", "seconds", "How long a job can be read after its end.", number(1, 31_536_000)),
    Setting("CLEANUP_INTERVAL", "300", "seconds", "How late at most a job is forgotten.", number(0.1, 86_400)),
    Setting("MAX_QUEUE", "100000", "jobs", "Unfinished jobs; beyond it answers 503.", whole(1, 10_000_000)),
    Setting("MAX_STORE_BYTES", "256000000", "bytes", "Memory for jobs and results; the oldest finished "
            "jobs go early when it runs short.", whole(1_000_000, 1 << 40)),
    Setting("MAX_RESULT_BYTES", "8000000", "bytes", "The largest result that is kept: at most half of MAX_STORE_BYTES.",
            whole(1_000, 64_000_000)),
    Setting("MAX_BODY_BYTES", "300000", "bytes", "The largest request body.", whole(1_000, 64_000_000)),
    Setting("MAX_BODIES_BYTES", "64000000", "bytes", "Memory for the bodies of all requests that are open; one "
            "caller gets a quarter of it.", whole(1_000_000, 1 << 40)),
    Setting("MAX_OPEN_REQUESTS", "2000", "requests", "Requests of one owner that are open at once, streams and "
            "long polls among them; beyond it answers 429.", whole(1, 1_000_000)),
    Setting("MAX_STREAMS", "4000", "streams", "Event streams, WebSockets and long polls of events that are open at "
            "once; beyond it answers 429.", whole(1, 1_000_000)),
    Setting("MAX_STREAMS_PER_OWNER", "1000", "streams", "The same of one owner.", whole(1, 1_000_000)),
    Setting("MAX_CONNECTIONS", "10000", "connections", "Connections that are open at once; the next ones are closed.",
            whole(1, 1_000_000)),
    Setting("MAX_CONNECTIONS_PER_ADDRESS", "2000", "connections", "The same of one address; those of TRUSTED_PROXIES "
            "have no such limit.", whole(1, 1_000_000)),
    Setting("HEADER_TIMEOUT", "15", "seconds", "Time the first line and the headers of a request may take to arrive.",
            number(0.1, 3_600)),
    Setting("BODY_TIMEOUT", "30", "seconds", "Time the body of a request may take to arrive.", number(0.1, 3_600)),
    Setting("RATE_LIMIT", "0", "requests a minute", "What one address may ask; beyond it answers 429. 0 is no limit.",
            whole(0, 1_000_000)),
    Setting("KEY_RATE_LIMIT", "0", "requests a minute", "What one API key without a rate of its own may ask; 0 is no "
            "limit.", whole(0, 1_000_000)),
    Setting("TRUSTED_PROXIES", "", "", "Networks of proxies whose X-Forwarded-For is believed, commas between: "
            "10.0.0.0/8, or loopback.", words),
    Setting("ALLOWED_HOSTS", "", "", "Names this server is called by in the Host header, commas between; empty is any, "
            "but only those of this machine while the secret is weak or ALLOW_UNSIGNED is set.", words),
    Setting("CORS_ORIGINS", "", "", "Origins whose web pages may call, commas between: https://app.example.com, or *.",
            words),
    Setting("ANALYZE_TIMEOUT", "60", "seconds", "Time limit of one attempt to analyze a page.", number(1, 3_600)),
    Setting("ANALYZE_ATTEMPTS", "2", "attempts", "How often a page is tried in all.", whole(1, 20)),
    Setting("ANALYZE_ENGINE", "auto", "", "browser, static, or auto: the browser where one is found.",
            one_of("auto", "browser", "static")),
    Setting("MAX_COMPONENTS", "80", "components", "Components of a page, at most.", whole(1, 500)),
    Setting("MAX_PAGE_BYTES", "32000000", "bytes", "A page and all it loads, at most.", whole(10_000, 1 << 30)),
    Setting("HOST_CONCURRENCY", "4", "pages", "Pages of one host that are read at the same time; 0 is any number.",
            whole(0, 10_000)),
    Setting("HOST_DELAY", "0", "seconds", "Time between the beginnings of two visits to one host.", number(0, 3_600)),
    Setting("REUSE_BYTES", "32000000", "bytes", "Results kept in memory for pages that have not changed when they are "
            "asked for again; 0 reads every page anew.", whole(0, 1 << 40)),
    Setting("CHROMIUM_PATH", "", "", "The browser; empty looks for chromium-headless-shell and chromium.", text),
    Setting("BROWSER_IDLE", "60", "seconds", "How long an unused browser stays open.", number(0, 86_400)),
    Setting("BROWSER_MEMORY", "1500000000", "bytes", "Memory the browser may take; beyond that it is closed, and the "
            "pages it was reading are tried again.", whole(100_000_000, 1 << 40)),
    Setting("LEGACY_FAILED_STATUS", "200", "", "HTTP status of a failed job's poll: 200, or 400 as very old clients "
            "expect.", http_status),
    Setting("SHUTDOWN_GRACE", "20", "seconds", "Time running jobs have to end at a stop.", number(0, 3_600)),
    Setting("SERVER_URL", "", "", "The server that submit and watch talk to, as http://host:port/path or unix:/path; "
            "empty is one on this machine with these settings.", text),
    Setting("CLIENT_KEY", "", "", "API key of submit and watch; CLIQ_SECRET without it.", text, secret=True),
    Setting("LOG_LEVEL", "info", "", "debug, info, warning or error.", one_of("debug", "info", "warning", "error")),
    Setting("LOG_FORMAT", "text", "", "text, or json: one object a line.", one_of("text", "json")),
    Setting("ACCESS_LOG", "false", "", "Log every answer.", switch),
    Setting("METRICS_PUBLIC", "false", "", "Let everybody read /metrics.", switch),
    Setting("RENDER", "false", "", "Set by Render: listen on all addresses.", switch),
)  # fmt: skip
