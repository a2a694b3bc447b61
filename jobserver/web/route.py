"""A row of the route table: an address, who may call it, and what answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple

from aiohttp import web

from jobserver.auth.signing import Caller
from jobserver.jobs.access import Owner, Scope
from jobserver.jobs.service import Jobs
from jobserver.web.keys import JOBS, PATHS, SETTINGS, WebSettings
from jobserver.web.paths import Paths


class Call(NamedTuple):
    """A request whose caller is known: all that a handler is given. ``body`` is whole."""

    request: web.Request
    body: bytes
    caller: Caller
    app: web.Application

    @property
    def jobs(self) -> Jobs:
        """The service."""
        return self.app[JOBS]

    @property
    def settings(self) -> WebSettings:
        """What the web room was told."""
        return self.app[SETTINGS]

    @property
    def paths(self) -> Paths:
        """Makes every path that an answer names: this application may be mounted inside another one."""
        return self.app[PATHS]

    @property
    def job_id(self) -> str:
        """The id in the path."""
        return self.request.match_info["job_id"]

    @property
    def reach(self) -> Owner:
        """Whose jobs the native face shows this caller: None, everybody's, to those who manage."""
        return None if Scope.MANAGE in self.caller.scopes else self.caller.owner


Handle = Callable[[Call], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """``scope``: what a caller needs; None is open to everybody, and `Call.caller` means nothing there.

    ``link``: the purpose of the signed links that open it as well (`auth.links`).
    ``job_signature``: the very signature that queued the job opens it as well (contract: form 3).
    """

    method: str
    path: str
    handle: Handle
    scope: Scope | None = None
    link: str | None = None
    job_signature: bool = False
