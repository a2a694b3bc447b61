"""The composition root: a runtime, its face for the web, and the process around both."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import TypeVar

from aiohttp import web

from jobserver.auth.addresses import parse_proxies
from jobserver.auth.cliq import read_public_key
from jobserver.auth.keys import read_entries
from jobserver.auth.signing import Credentials, check_secrets
from jobserver.config import Config, shown
from jobserver.errors import BadSetting, StoreBroken
from jobserver.extract.browser.choice import find_browser
from jobserver.extract.browser.guest import invite
from jobserver.jobs.clock import Clock
from jobserver.jobs.model import State
from jobserver.jobs.service import Jobs
from jobserver.listening import Listening, is_loopback, notify, until_told
from jobserver.runtime import Handlers, Runtime
from jobserver.tuning import calm_collector, loop_factory
from jobserver.web.app import web_app
from jobserver.web.connections.descriptors import room_for
from jobserver.web.connections.limits import ConnectionLimits
from jobserver.web.connections.runner import Runner
from jobserver.web.cors import parse_origins
from jobserver.web.keys import About, WebSettings
from jobserver.web.origins import parse_hosts

_log = logging.getLogger(__name__)

_CLOSE_WITHIN = 5.0
"""Seconds that connections still open at the end have to close."""

T = TypeVar("T")
V = TypeVar("V")


class Server:
    """Everything a running server consists of, built from settings and not started yet.

    ``handlers``: the kinds of job instead of the built-in ones. ``loopback``: whether only this machine will reach it,
    so that a weak secret is worth no more than a warning; None asks ``HOST``. ``service``, ``lease``: see `Runtime`.
    ``app``: the aiohttp application, to run alone or as a part of another one: it starts the runtime when it starts and
    stops it when it is cleaned up, once. Raises StartupError for settings that cannot be.
    """

    def __init__(
        self,
        config: Config,
        *,
        clock: Clock | None = None,
        handlers: Handlers | None = None,
        loopback: bool | None = None,
        service: type[Jobs] = Jobs,
        lease: timedelta = timedelta(seconds=30),
    ) -> None:
        if loopback is None:
            loopback = is_loopback(config.host) and not config.render
        self._warnings = check_secrets(config.cliq_secret, loopback=loopback)
        self.config = config
        self.runtime = Runtime(config, clock=clock, handlers=handlers, demo=loopback, service=service, lease=lease)
        self.jobs = self.runtime.jobs
        self.crew = self.runtime.crew
        self._keys = _parsed("API_KEYS", lambda text: read_entries(text, self.jobs.now()), config.api_keys)
        analyzes = "browser" if self.runtime.browser and config.analyze_engine != "static" else "static"
        self._readiness = {"analyze": analyzes}
        self._proxies = _parsed("TRUSTED_PROXIES", parse_proxies, config.trusted_proxies)
        self.app = self._web()

    def connections(self) -> ConnectionLimits:
        """What the peers of a server that listens itself may take; the process gets the file descriptors for it."""
        config = self.config
        return ConnectionLimits(
            most=room_for(config.max_connections),
            most_per_address=config.max_connections_per_address,
            trusted=self._proxies,
            head_within=config.header_timeout,
        )

    async def _running(self, _: web.Application) -> AsyncIterator[None]:
        for warning in self._warnings:
            _log.warning("%s Only this machine should reach this server.", warning)
        if self.runtime.browser and (program := find_browser(self.config.chromium_path)):
            self._readiness["sandbox"] = (await invite(program)).sandbox
        async with self.runtime:
            for key in self._keys:
                await self.jobs.put_key(key)
            yield

    async def _begin_drain(self, _: web.Application) -> None:
        self.jobs.begin_drain()

    def _web(self) -> web.Application:
        config = self.config
        app = web_app(
            self.jobs,
            self._credentials(),
            WebSettings(
                max_body=config.max_body_bytes,
                body_timeout=config.body_timeout,
                failed_status=config.legacy_failed_status,
                rate_limit=config.rate_limit,
                key_rate_limit=config.key_rate_limit,
                trusted_proxies=self._proxies,
                body_memory=config.max_bodies_bytes,
                max_open=config.max_open_requests,
                max_streams=config.max_streams,
                max_streams_per_owner=config.max_streams_per_owner,
                cors_origins=_parsed("CORS_ORIGINS", parse_origins, config.cors_origins),
                allowed_hosts=_parsed("ALLOWED_HOSTS", parse_hosts, config.allowed_hosts),
                # Any page that its user visits could speak for whoever can be guessed.
                local_only=bool(self._warnings) or config.allow_unsigned,
                access_log=config.access_log,
                metrics_public=config.metrics_public,
            ),
            self._readiness,
            About(shown(config), find_browser(config.chromium_path)),
        )
        app.cleanup_ctx.append(self._running)
        app.on_shutdown.append(self._begin_drain)
        return app

    def _credentials(self) -> Credentials:
        config = self.config
        key = config.cliq_public_key
        return Credentials(
            config.cliq_secret,
            strict=config.strict_hmac,
            allow_unsigned=config.allow_unsigned,
            cliq=_parsed("CLIQ_PUBLIC_KEY", read_public_key, key) if key else None,
        )


def run(config: Config, announce: Callable[[str], None], *, handlers: Handlers | None = None) -> int:
    """`serve` in an event loop of its own, in a process that does nothing else."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(serve(config, announce, handlers=handlers))


async def serve(config: Config, announce: Callable[[str], None], *, handlers: Handlers | None = None) -> int:
    """Serve until SIGTERM or SIGINT, finish what is running, and return the exit status.

    It is 1 when the crew crashed or the store failed, be it with the last write of all.

    ``announce`` is called with the server's address once it listens: a URL, or ``unix:`` and a path.
    Raises StartupError.
    """
    with Listening(config.host, config.port, unix=config.unix_socket, mode=config.unix_socket_mode) as listening:
        server = Server(config, handlers=handlers, loopback=listening.loopback and not config.render)
        runner = Runner(server.app, server.connections(), shutdown_timeout=_CLOSE_WITHIN)
        try:
            await runner.setup()
            announce(await listening.start(runner.listen))
            crashed = await _work(server)
        finally:
            await runner.cleanup()
    broken = server.runtime.engine.broken
    if broken is not None and not crashed:
        _tell_of_crash(broken)
    return 1 if crashed or broken is not None else 0


async def _work(server: Server) -> bool:
    """Work until told to stop, then let what is running end. Returns whether the crew crashed."""
    working = server.runtime.working
    assert working is not None  # noqa: S101 - the application has started
    calm_collector()
    crashed = await until_told(working)
    notify("STOPPING=1")
    # Answers go on while running jobs end: their owners are polling for the results.
    server.jobs.begin_drain()
    if not crashed:
        await _tell_of_stop(server.jobs, server.config)
        await server.crew.drain(server.config.shutdown_grace)
        crashed = not working.cancelled()
    if crashed:
        _tell_of_crash(working.exception())
    return crashed


def _tell_of_crash(error: BaseException | None) -> None:
    """In one line where that is all there is to know: of a store that failed no line of our code is to blame."""
    first = error
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    if isinstance(first, StoreBroken):  # whatever else there is follows from it
        _log.critical("%s This process ends; the next one reads what is on disk.", first)
    else:
        _log.critical("The crew crashed.", exc_info=error)


async def _tell_of_stop(jobs: Jobs, config: Config) -> None:
    counts = await jobs.counts()
    running, waiting = counts[State.PROCESSING], counts[State.QUEUED] + counts[State.SCHEDULED]
    if running:
        _log.info("Waiting up to %g s for running jobs: %d.", config.shutdown_grace, running)
    if waiting and not jobs.caps.durable:
        _log.warning("Jobs that were never started are lost with this process: %d.", waiting)


def _parsed(name: str, parse: Callable[[V], T], value: V) -> T:
    try:
        return parse(value)
    except ValueError as error:
        raise BadSetting(f"{name}: {error}.") from None
