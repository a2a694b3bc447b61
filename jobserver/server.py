"""The composition root: the only file that knows every room."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import signal
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TypeVar

from aiohttp import web

from jobserver.auth.signing import Credentials, check_secrets
from jobserver.config import Config
from jobserver.egress.policy import UrlPolicy, parse_domains, parse_private_targets
from jobserver.engines.memory import MemoryEngine
from jobserver.engines.shelf import Limits
from jobserver.errors import BadSetting, StartupError
from jobserver.extract.browser.choice import find_browser
from jobserver.extract.browser.chromium import Chromium
from jobserver.extract.browser.keeper import BrowserKeeper
from jobserver.handlers.analyze import Analyze, AnalyzeSettings
from jobserver.jobs.clock import Clock, SteadyClock
from jobserver.jobs.model import State
from jobserver.jobs.policy import Policy, RunTimes
from jobserver.jobs.service import Jobs
from jobserver.web.app import web_app
from jobserver.web.keys import WebSettings
from jobserver.workers.crew import Crew, CrewSettings
from jobserver.workers.isolate import ProcessPool
from jobserver.workers.registry import Handler, registry

_log = logging.getLogger(__name__)

_PRELOAD = ("jobserver.extract.run", "jobserver.extract.browser", "jobserver.extract.static")
_CLOSE_WITHIN = 5.0
"""Seconds that connections still open at the end have to close."""

T = TypeVar("T")


class Server:
    """Everything a running server consists of, built from settings and not started yet.

    ``handlers``: the kinds of job instead of the built-in ones. ``app``: the aiohttp application; it opens the engine
    and starts the crew when it starts, and stops them when it is cleaned up.
    """

    def __init__(
        self, config: Config, *, clock: Clock | None = None, handlers: Iterable[Handler] | None = None
    ) -> None:
        self.config = config
        clock = clock or SteadyClock()
        times = RunTimes()
        self._warnings = check_secrets(config.cliq_secret, loopback=is_loopback(config.host) and not config.render)
        self._keeper = _browser_keeper(config)
        self._pool = ProcessPool(size=config.concurrency, preload=_PRELOAD)
        kinds = registry(handlers if handlers is not None else [self._analyze().handler()])
        self._engine = MemoryEngine(clock, limits=Limits(config.max_queue, config.max_store_bytes))
        self.jobs = Jobs(self._engine, kinds, clock, times, concurrency=config.concurrency)
        self.crew = Crew(self._engine, kinds, clock, times, _crew_settings(config))
        self.working: asyncio.Task[None] | None = None
        self.app = self._web()

    async def _start(self, _: web.Application) -> None:
        for warning in self._warnings:
            _log.warning("%s Only this machine should reach this server.", warning)
        await self._engine.open()
        self.working = await self.crew.start()

    async def _begin_drain(self, _: web.Application) -> None:
        self.jobs.begin_drain()

    async def _stop(self, _: web.Application) -> None:
        self.jobs.begin_drain()
        async with AsyncExitStack() as closing:  # each is closed, whatever happens to the others
            closing.push_async_callback(self._engine.close)
            if self._keeper is not None:
                closing.push_async_callback(self._keeper.close)
            closing.push_async_callback(self._pool.close)
            await self.crew.drain(self.config.shutdown_grace)

    def _web(self) -> web.Application:
        config = self.config
        app = web_app(
            self.jobs,
            Credentials(config.cliq_secret, strict=config.strict_hmac, allow_unsigned=config.allow_unsigned),
            WebSettings(max_body=config.max_body_bytes, failed_status=config.legacy_failed_status),
            {"analyze": "browser" if self._keeper and config.analyze_engine != "static" else "static"},
        )
        app.on_startup.append(self._start)
        app.on_shutdown.append(self._begin_drain)
        app.on_cleanup.append(self._stop)
        return app

    def _analyze(self) -> Analyze:
        config = self.config
        if config.analyze_engine == "browser" and self._keeper is None:
            raise BadSetting("ANALYZE_ENGINE is browser, but no Chromium was found: set CHROMIUM_PATH.")
        policy = Policy(
            max_attempts=config.analyze_attempts,
            timeout=timedelta(seconds=config.analyze_timeout),
            keep=timedelta(seconds=config.job_ttl),
        )
        settings = AnalyzeSettings(
            engine=config.analyze_engine,
            max_components=config.max_components,
            max_page_bytes=config.max_page_bytes,
            max_result_bytes=config.max_result_bytes,
            policy=policy,
        )
        return Analyze(self._pool, self._keeper, url_policy(config), settings)


async def serve(config: Config, announce: Callable[[str], None]) -> int:
    """Serve until SIGTERM or SIGINT, finish what is running, and return the exit status: 1 when the crew crashed.

    ``announce`` is called with the server's address once it listens. Raises StartupError.
    """
    server = Server(config)
    runner = web.AppRunner(server.app, access_log=None, shutdown_timeout=_CLOSE_WITHIN)
    await runner.setup()
    try:
        announce(await _listen(runner, config))
        assert server.working is not None  # noqa: S101 - the application has started
        crashed = await _until_told(server.working)
        # Answers go on while running jobs end: their owners are polling for the results.
        server.jobs.begin_drain()
        if not crashed:
            await _tell_of_stop(server.jobs, config)
            await server.crew.drain(config.shutdown_grace)
    finally:
        await runner.cleanup()
    return 1 if crashed else 0


async def _tell_of_stop(jobs: Jobs, config: Config) -> None:
    counts = await jobs.counts()
    running, waiting = counts[State.PROCESSING], counts[State.QUEUED] + counts[State.SCHEDULED]
    if running:
        _log.info("Waiting up to %g s for running jobs: %d.", config.shutdown_grace, running)
    if waiting and not jobs.caps.durable:
        _log.warning("Jobs that were never started are lost with this process: %d.", waiting)


def url_policy(config: Config) -> UrlPolicy:
    """Which pages may be visited; BadSetting names what is wrong with the settings."""
    domains = _parsed("ALLOWED_DOMAINS", parse_domains, config.allowed_domains)
    private = _parsed("ALLOW_PRIVATE_TARGETS", parse_private_targets, config.allow_private_targets)
    if private:
        _log.warning("ALLOW_PRIVATE_TARGETS lets jobs reach %s.", ", ".join(sorted(private)))
    if not config.enforce_allowlist:
        return UrlPolicy(private_targets=private)
    if domains is None:
        raise BadSetting("ENFORCE_ALLOWLIST is on but ALLOWED_DOMAINS is empty: no page could be analyzed.")
    return UrlPolicy(allowed_domains=domains, private_targets=private)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _listen(runner: web.AppRunner, config: Config) -> str:
    site = web.TCPSite(runner, config.host, config.port)
    try:
        await site.start()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StartupError(f"Cannot listen on {config.host}, port {config.port}: {reason}.") from error
    host, port = runner.addresses[0][:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _until_told(working: asyncio.Task[None]) -> bool:
    """Wait for a signal (False) or for the crew to crash (True). A second signal ends the process at once."""
    loop = asyncio.get_running_loop()
    told = loop.create_future()

    def tell(number: signal.Signals) -> None:
        _log.info("Stopping on %s.", number.name)
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(each)
        if not told.done():
            told.set_result(None)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, tell, number)
    await asyncio.wait({told, working}, return_when=asyncio.FIRST_COMPLETED)
    if working.done():
        _log.critical("The crew crashed.", exc_info=working.exception())
    return working.done()


def _browser_keeper(config: Config) -> BrowserKeeper | None:
    program = find_browser(config.chromium_path)
    if program is None:
        return None
    return BrowserKeeper(lambda: Chromium(program), idle=config.browser_idle)


def _crew_settings(config: Config) -> CrewSettings:
    return CrewSettings(
        concurrency=config.concurrency,
        cleanup_interval=timedelta(seconds=config.cleanup_interval),
        max_result=config.max_result_bytes,
    )


def _parsed(name: str, parse: Callable[[str], T], text: str) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise BadSetting(f"{name}: {error}") from None
