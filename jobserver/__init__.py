"""A job server that is one Python process and needs nothing else.

The names below are the public ones. Each is imported when it is first used: ``import jobserver`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobserver.client import Client, JobRequest, SyncClient
    from jobserver.embedding import create_app, open_jobs, serve
    from jobserver.errors import DoNotRetry, InvalidRequest, JobFailed, RetryAfter
    from jobserver.jobs.policy import Backoff
    from jobserver.jobs.service import Jobs
    from jobserver.jobs.submission import Submission
    from jobserver.web.keys import JOBS
    from jobserver.workers.define import handler
    from jobserver.workers.registry import Context

__version__ = "0.1.0"

__all__ = [
    "JOBS",
    "Backoff",
    "Client",
    "Context",
    "DoNotRetry",
    "InvalidRequest",
    "JobFailed",
    "JobRequest",
    "Jobs",
    "RetryAfter",
    "Submission",
    "SyncClient",
    "__version__",
    "create_app",
    "handler",
    "open_jobs",
    "serve",
]

_FOUND_IN = {
    "JOBS": "web.keys",
    "Backoff": "jobs.policy",
    "Client": "client",
    "Context": "workers.registry",
    "DoNotRetry": "errors",
    "InvalidRequest": "errors",
    "JobFailed": "errors",
    "JobRequest": "client",
    "Jobs": "jobs.service",
    "RetryAfter": "errors",
    "Submission": "jobs.submission",
    "SyncClient": "client",
    "create_app": "embedding",
    "handler": "workers.define",
    "open_jobs": "embedding",
    "serve": "embedding",
}


def __getattr__(name: str) -> Any:
    try:
        room = _FOUND_IN[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    globals()[name] = found = getattr(import_module(f"{__name__}.{room}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
