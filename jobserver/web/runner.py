"""Runs the application; what cannot even be read as a request is refused in the one error shape as well."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

from jobserver.errors import InvalidRequest
from jobserver.logs import REQUEST_ID
from jobserver.web.headers import be_careful
from jobserver.web.problems import problem
from jobserver.web.request_log import request_id

LONGEST = 8190
"""Bytes of the first line of a request, and of one header."""


class Runner(web.AppRunner):
    """An `aiohttp.web.AppRunner` that keeps no access log: the application has its own."""

    async def _make_server(self) -> web.Server:
        # aiohttp has no other way to say which class speaks with a client.
        made = await super()._make_server()
        return _Server(made.request_handler, request_factory=made.request_factory)


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Connection(
            self,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # None is what aiohttp documents for "no log"
            max_line_size=LONGEST,
            max_field_size=LONGEST,
        )


class _Connection(web.RequestHandler):
    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what no handler has seen; it repeats nothing of what was sent."""
        REQUEST_ID.set(request_id())  # in the context of this one answer
        plain = super().handle_error(request, status, exc, message)
        if status != HTTPStatus.BAD_REQUEST:
            return plain
        refused = problem(InvalidRequest(_sentence(exc)), request.path)
        be_careful(refused)
        refused.force_close()
        return refused


def _sentence(error: BaseException | None) -> str:
    if isinstance(error, LineTooLong):
        return f"The first line of a request, and each of its headers, may take {LONGEST} bytes."
    return "This is no HTTP request that can be read."
