"""Half of the composition root: what keeps and runs jobs, without a face for the web."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Self, TypeVar

from jobserver.config import Config, QueueRow, store_file
from jobserver.egress.policy import UrlPolicy, parse_domains, parse_private_targets
from jobserver.engines.memory import MemoryEngine
from jobserver.engines.shelf import Limits
from jobserver.errors import BadSetting, StartupError
from jobserver.extract.browser.choice import find_browser
from jobserver.extract.browser.chromium import Chromium
from jobserver.extract.browser.flags import heap_limit
from jobserver.extract.browser.keeper import BrowserKeeper
from jobserver.handlers.analyze import Analyze, AnalyzeSettings
from jobserver.handlers.bulk import Bulk
from jobserver.handlers.demo import HANDLERS as DEMO
from jobserver.jobs.clock import Clock, SteadyClock
from jobserver.jobs.engine import Engine
from jobserver.jobs.policy import Policy
from jobserver.jobs.service import Jobs
from jobserver.jobs.stats import Stats
from jobserver.watchdog import Watchdog
from jobserver.workers.crew import Crew, CrewSettings
from jobserver.workers.define import JobFunction
from jobserver.workers.isolate import ProcessPool
from jobserver.workers.loading import discover, load
from jobserver.workers.registry import Handler, registry

_log = logging.getLogger(__name__)

_MOST_CHILDREN = 256
"""Above any concurrency a queue is likely to have: it is that which says how many run."""

_REUSE_FOR = 3_600
"""Seconds that results of unchanged pages are kept at most, however long jobs are."""

_PRELOAD = ("jobserver.extract.run", "jobserver.extract.browser", "jobserver.extract.static")

T = TypeVar("T")

Handlers = Iterable[Handler | JobFunction]
"""Kinds of job: what ``@handler`` makes, or records that were made by hand."""


class Runtime:
    """An engine, the service over it and a crew that works, built from settings and not started yet.

    ``handlers``: the kinds of job instead of the built-in ones, those of ``HANDLERS`` and those of installed packages.
    ``demo``: whether the demo kinds are there where ``DEMO`` leaves it open. ``service``: what makes the use cases.
    ``lease``: how soon the job of a worker that died is taken back. It runs once: `start` after `stop` is a
    StartupError. Also an async context manager.
    """

    def __init__(
        self,
        config: Config,
        *,
        clock: Clock | None = None,
        handlers: Handlers | None = None,
        demo: bool = False,
        service: type[Jobs] = Jobs,
        lease: timedelta = timedelta(seconds=30),
    ) -> None:
        self.config = config
        self.clock = clock or SteadyClock()
        self.stats = Stats()
        self.browser = _browser_keeper(config)
        self.pool = ProcessPool(size=_MOST_CHILDREN, preload=_PRELOAD)
        chosen = self._built_in(demo) if handlers is None else map(_record, handlers)
        self.kinds = _registry([*chosen, Bulk(lambda: self.jobs).handler()])
        self.engine = _engine(config, self.clock)
        queues = [row.name for row in config.queues]
        self.jobs = service(self.engine, self.kinds, self.clock, self.stats, queues=queues)
        self.crew = Crew(self.engine, self.kinds, self.clock, self.stats, _crew_settings(config, lease))
        self.watchdog = Watchdog(self.stats.note_stall)
        self.working: asyncio.Task[None] | None = None
        self._started = False
        self._stopped = False

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Open the engine and let the crew begin. ``working`` then ends by itself only if the crew crashed."""
        if self._started:
            raise StartupError("This server has run already: make another one.")
        self._started = True
        try:
            await self._set_queues()  # before, for what ends in the opening: how long it is kept
            await self.engine.open()
            await self._set_queues()  # and after, to know what operators had chosen
            self.working = await self.crew.start()
            self.watchdog.start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Take nothing more, give running jobs ``shutdown_grace`` seconds, and close everything. Harmless twice."""
        if self._stopped:
            return
        self._stopped = True
        self.watchdog.stop()
        self.jobs.begin_drain()
        async with AsyncExitStack() as closing:  # each is closed, whatever happens to the others
            closing.push_async_callback(self.engine.close)
            if self.browser is not None:
                closing.push_async_callback(self.browser.close)
            closing.push_async_callback(self.pool.close)
            await self.crew.drain(self.config.shutdown_grace)

    async def _set_queues(self) -> None:
        for row in _queues(self.kinds.values(), self.config):
            keep = timedelta(seconds=self.config.job_ttl if row.keep is None else row.keep)
            await self.jobs.set_queue(
                row.name, concurrency=row.concurrency, keep=keep, keep_count=row.keep_count, default=True
            )

    def _built_in(self, demo: bool) -> list[Handler]:
        config = self.config
        with_demo = demo if config.demo is None else config.demo
        return [self._analyze().handler(), *(DEMO if with_demo else ()), *discover(), *load(config.handlers)]

    def _analyze(self) -> Analyze:
        config = self.config
        if config.analyze_engine == "browser" and self.browser is None:
            raise BadSetting("ANALYZE_ENGINE is browser, but no Chromium was found: set CHROMIUM_PATH.")
        policy = Policy(max_attempts=config.analyze_attempts, timeout=timedelta(seconds=config.analyze_timeout))
        settings = AnalyzeSettings(
            engine=config.analyze_engine,
            max_components=config.max_components,
            max_page_bytes=config.max_page_bytes,
            max_result_bytes=config.max_result_bytes,
            policy=policy,
            host_concurrency=config.host_concurrency,
            host_delay=config.host_delay,
            reuse_bytes=config.reuse_bytes,
            reuse_for=min(config.job_ttl, _REUSE_FOR),
        )
        return Analyze(self.pool, self.browser, url_policy(config), settings)


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


def _engine(config: Config, clock: Clock) -> Engine:
    limits = Limits(config.max_queue, config.max_store_bytes)
    file = store_file(config.store)
    if file is None:
        return MemoryEngine(clock, limits=limits)
    # Not before they are asked for: a server that keeps jobs in memory starts without them.
    from jobserver.engines.sqlite.engine import SqliteEngine
    from jobserver.engines.sqlite.file import SqliteFile

    return SqliteEngine(SqliteFile(file, clock), clock, limits=limits)


def _record(handler: Handler | JobFunction) -> Handler:
    return handler.handler if isinstance(handler, JobFunction) else handler


def _browser_keeper(config: Config) -> BrowserKeeper | None:
    program = find_browser(config.chromium_path)
    if program is None:
        return None
    flags = (heap_limit(config.browser_memory),)
    return BrowserKeeper(lambda: Chromium(program, flags=flags), idle=config.browser_idle, memory=config.browser_memory)


def _registry(handlers: Iterable[Handler]) -> dict[str, Handler]:
    try:
        return registry(handlers)
    except ValueError as error:
        raise StartupError(f"Handlers: {error}.") from None


def _queues(handlers: Iterable[Handler], config: Config) -> list[QueueRow]:
    """Every queue. Its concurrency: as in QUEUES, else the most that one of its kinds asks for, else CONCURRENCY."""
    asked: dict[str, set[int]] = {row.name: set() for row in config.queues}
    for handler in handlers:
        asked.setdefault(handler.queue, set()).update(() if handler.concurrency is None else {handler.concurrency})
    rows = {row.name: row for row in config.queues}
    return [_settled(rows.get(name) or QueueRow(name), numbers, config.concurrency) for name, numbers in asked.items()]


def _settled(row: QueueRow, asked: set[int], default: int) -> QueueRow:
    if row.concurrency is not None:
        return row
    return replace(row, concurrency=0 if 0 in asked else max(asked, default=default))


def _crew_settings(config: Config, lease: timedelta) -> CrewSettings:
    return CrewSettings(
        lease=lease,
        queues=tuple(row.name for row in config.queues),
        cleanup_interval=timedelta(seconds=config.cleanup_interval),
        max_result=config.max_result_bytes,
    )


def _parsed(name: str, parse: Callable[[str], T], text: str) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise BadSetting(f"{name}: {error}") from None
