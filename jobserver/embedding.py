"""The doors for other software: a job server as a part of a program that is somebody else's."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from aiohttp import web

from jobserver import server
from jobserver.config import Config, configured, load, read_env_file
from jobserver.jobs.clock import Clock
from jobserver.jobs.service import Jobs
from jobserver.runtime import Handlers, Runtime

_say = partial(print, "jobserver is listening on", flush=True)


def create_app(
    handlers: Handlers | None = None,
    *,
    config: Config | None = None,
    loopback: bool = False,
    clock: Clock | None = None,
    **settings: object,
) -> web.Application:
    """The server as an aiohttp application: run it alone, or mount it with ``parent.add_subapp("/queue", app)``.

    ``handlers``: the kinds of job, instead of the built-in ones. ``settings``: any setting, by its name in lower case
    (``concurrency=4``), over ``config``; the environment is not read. ``loopback``: say True where nobody but this
    machine reaches the application; else it must have a ``cliq_secret`` of 16 bytes or more. ``app[JOBS]`` is the
    service. It starts and stops with whatever runs it, once. Raises StartupError.
    """
    chosen = configured(config or Config(), settings)
    return server.Server(chosen, clock=clock, handlers=handlers, loopback=loopback).app


@asynccontextmanager
async def open_jobs(
    handlers: Handlers | None = None,
    *,
    config: Config | None = None,
    clock: Clock | None = None,
    **settings: object,
) -> AsyncIterator[Jobs]:
    """The service without HTTP, with a crew at work until the end of the block. Arguments as of `create_app`.

    At the end running jobs have ``shutdown_grace`` seconds. Raises StartupError.
    """
    async with Runtime(configured(config or Config(), settings), clock=clock, handlers=handlers) as runtime:
        yield runtime.jobs


def serve(handlers: Handlers | None = None, *, announce: Callable[[str], None] = _say, **settings: object) -> int:
    """Run a server until SIGTERM or SIGINT, as ``jobserver serve`` does, and return its exit status.

    Settings are read from the environment and a ``.env`` file; ``settings`` win. ``announce`` is called with the
    address once it listens. Raises StartupError.
    """
    config = configured(load(read_env_file(Path(".env")) | dict(os.environ)), settings)
    return server.run(config, announce, handlers=handlers)
