"""Where a client finds what an answer points at, wherever this application is mounted."""

from __future__ import annotations

from aiohttp import web


class Paths:
    """Makes every path that goes out: in links, ``Location``, actions, ``Link`` and pages. Ask `Call.paths` for it.

    >>> app = web.Application()
    >>> _ = app.router.add_resource("/health")
    >>> paths = Paths(app.router, "secret")
    >>> paths.to("/v1/jobs")
    '/v1/jobs'
    >>> _ = web.Application().add_subapp("/queue", app)
    >>> paths.to("/v1/jobs")
    '/queue/v1/jobs'

    ``secret``: signs links; empty where there is none.
    """

    def __init__(self, router: web.UrlDispatcher, secret: str) -> None:
        # Mounting rewrites every resource's path, also in applications inside applications.
        self._landmark = next(iter(router.resources()))
        self._unmounted = self._landmark.canonical
        self.secret = secret

    @property
    def prefix(self) -> str:
        """What stands before every path: ``/queue`` where the application is mounted there, empty where it is alone."""
        return self._landmark.canonical.removesuffix(self._unmounted)

    def to(self, path: str) -> str:
        """``path``, one of `ROUTES`, as a client must ask for it."""
        return self.prefix + path
