"""The ``analyze`` kind: a web page in, its UI components out."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast, get_args

from jobserver.egress.policy import UrlPolicy
from jobserver.egress.politeness import Politeness
from jobserver.errors import BrowserCrashed, InvalidRequest, MissingUrl, TimedOut
from jobserver.extract.browser.choice import open_browser
from jobserver.extract.browser.keeper import BrowserKeeper
from jobserver.extract.model import UNCHANGED, VERIFY, Format, Request
from jobserver.handlers.known_pages import File, Key, KnownPages, Reading
from jobserver.jobs.model import Result
from jobserver.jobs.policy import Policy
from jobserver.workers.isolate import ProcessPool
from jobserver.workers.registry import Args, Context, Handler

ENGINES = ("auto", "browser", "static")
FORMATS: tuple[Format, ...] = get_args(Format)
_TRUTHS = {"true": True, "false": False}
_ENTRY = "jobserver.extract.run:extract_in_child"
_MOST_COMPONENTS = 500
_READING = 0.85
"""The share of the time limit for reading the page; the rest is for ending in good order."""
_WAITING = 0.4
"""The share of the time limit that the wait for other pages of the host may take; it is missing from the reading."""

_LEAST_READING = 1.0
_UNLIMITED = 86_400.0


@dataclass(frozen=True, slots=True)
class AnalyzeSettings:
    """``engine``: for requests that do not choose. ``max_…``: bounds of each job.

    ``policy``: attempts, time limit and keeping of each job. ``host_concurrency``: pages of one host at a time, 0 for
    any number; ``host_delay``: seconds between the beginnings of two. ``reuse_bytes``: of results kept for pages that
    have not changed, at most; ``reuse_for``: seconds that they are kept.
    """

    engine: str = "auto"
    max_components: int = 80
    max_page_bytes: int = 32_000_000
    max_result_bytes: int = 7_500_000
    policy: Policy = field(default_factory=lambda: Policy(max_attempts=2, timeout=timedelta(seconds=60)))
    host_concurrency: int = 4
    host_delay: float = 0.0
    reuse_bytes: int = 32_000_000
    reuse_for: float = 3_600.0


class Analyze:
    """Runs extractions in child processes against one warm browser.

    ``keeper`` is None where no browser was found: then pages are read statically.
    """

    def __init__(
        self, pool: ProcessPool, keeper: BrowserKeeper | None, urls: UrlPolicy, settings: AnalyzeSettings
    ) -> None:
        self._pool = pool
        self._keeper = keeper
        self._urls = urls
        self._settings = settings
        self._politeness = Politeness(settings.host_concurrency, settings.host_delay)
        self._known = KnownPages(settings.reuse_bytes, settings.reuse_for)

    def handler(self) -> Handler:
        """The kind, for the registry."""
        return Handler("analyze", self.run, policy=self._settings.policy, validate=self.validate)

    def validate(self, args: Args) -> Args:
        """``url`` (required), ``engine``, ``maxComponents``, ``format``, ``verify`` and ``fresh``, as they are kept.

        Raises MissingUrl, UrlRefused and InvalidRequest.
        """
        url = args.get("url")
        if not isinstance(url, str) or not url.strip():
            raise MissingUrl(pointer="/url")
        checked: Args = {"url": self._urls.check(url.strip()).url, "engine": self._engine(args.get("engine"))}
        if (most := args.get("maxComponents")) is not None:
            checked["maxComponents"] = _component_limit(most)
        if (flavour := args.get("format")) is not None:
            checked["format"] = _format(flavour)
        if (verify := args.get("verify")) is not None:
            checked["verify"] = _truth(verify, "verify")
        if (fresh := args.get("fresh")) is not None:
            checked["fresh"] = _truth(fresh, "fresh")
        return checked

    async def run(self, context: Context, args: Args) -> Result:
        """See `registry.Run`."""
        limit = self._settings.policy.timeout
        seconds = limit.total_seconds() if limit else _UNLIMITED
        now = asyncio.get_running_loop().time
        began = now()
        async with AsyncExitStack() as stack:
            await self._turn(context, args["url"], seconds * _WAITING, stack)
            browser, warnings = await open_browser(self._keeper, args["engine"], stack)
            key = _key(context.owner, args)
            known = None if args.get("fresh") else self._known.find(key)
            request = self._request(args, max(_LEAST_READING, seconds * _READING - (now() - began)), known)
            payload = {
                "request": request.to_json(),
                "policy": self._urls.to_json(),
                "browser": browser,
                "warnings": warnings,
            }
            try:
                result, files = await self._read(context, payload)
            except BrowserCrashed:
                if self._keeper is not None and browser is not None:
                    self._keeper.retire(browser)
                raise
        if known is not None and result == UNCHANGED:
            return _again(known, context)
        if reading := _reading(result, files):
            self._known.keep(key, reading)
        return result

    async def _read(self, context: Context, payload: dict[str, Any]) -> tuple[Result, list[File]]:
        """What a child makes of the payload, and the files that it passed on."""
        files: list[File] = []

        def pass_on(name: str, body: bytes, content_type: str, *, required: bool) -> None:
            files.append(File(name, body, content_type))
            context.artifact(name, body, content_type, required=required)

        result = await self._pool.run(_ENTRY, payload, context.progress, on_log=context.log, on_artifact=pass_on)
        return result, files

    async def _turn(self, context: Context, url: str, patience: float, stack: AsyncExitStack) -> None:
        """Wait until the page's host may be visited, which it is until ``stack`` closes."""
        turn = self._politeness.turn(
            self._urls.check(url).host, lambda: context.progress(0.0, "Waiting for other pages of this host")
        )
        try:
            async with asyncio.timeout(patience):
                await stack.enter_async_context(turn)
        except TimeoutError:
            raise TimedOut(f"Other pages of this host were read for longer than {patience:g} seconds.") from None

    def _request(self, args: Args, time_limit: float, known: Reading | None) -> Request:
        return Request(
            url=args["url"],
            max_components=args.get("maxComponents", self._settings.max_components),
            max_page_bytes=self._settings.max_page_bytes,
            max_result_bytes=self._settings.max_result_bytes,
            time_limit=time_limit,
            format=args.get("format", "jsx"),
            verify=VERIFY[args.get("verify")],
            known=known.fingerprint if known else None,
        )

    def _engine(self, wanted: Any) -> str:
        if wanted is None:
            return self._settings.engine
        if wanted not in ENGINES:
            raise InvalidRequest(f"engine must be one of {', '.join(ENGINES)}.", pointer="/engine")
        if wanted == "browser" and self._keeper is None:
            raise InvalidRequest("This server has no browser: use the engine static or auto.", pointer="/engine")
        return str(wanted)


def _key(owner: str, args: Args) -> Key:
    return owner, json.dumps({name: value for name, value in args.items() if name != "fresh"}, sort_keys=True)


def _reading(result: Result, files: list[File]) -> Reading | None:
    """What to keep of a result; None where its page could not be known again."""
    brief = json.loads(result.brief or b"{}")
    if "fingerprint" not in brief:
        return None
    return Reading(brief["fingerprint"], brief["completedAt"], result, tuple(files))


def _again(known: Reading, context: Context) -> Result:
    """The result that was made of the page before."""
    context.log(f"The page has not changed since {known.read_at}, when it was read: the result is the same.")
    for file in known.files:
        context.artifact(file.name, file.body, file.content_type, required=False)
    return known.result


def _component_limit(value: Any) -> int:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and 1 <= int(text) <= _MOST_COMPONENTS):
        raise InvalidRequest(
            f"maxComponents must be a whole number from 1 to {_MOST_COMPONENTS}.", pointer="/maxComponents"
        )
    return int(text)


def _format(value: Any) -> Format:
    if value not in FORMATS:
        raise InvalidRequest(f"format must be one of {', '.join(FORMATS)}.", pointer="/format")
    return cast("Format", value)


def _truth(value: Any, name: str) -> bool:
    """A boolean, or the word for one, as forms carry it."""
    truth = value if isinstance(value, bool) else _TRUTHS.get(value.strip().lower()) if isinstance(value, str) else None
    if truth is None:
        raise InvalidRequest(f"{name} must be true or false.", pointer=f"/{name}")
    return truth
