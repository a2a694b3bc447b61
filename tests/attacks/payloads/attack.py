"""Payloads through every door that a page or a caller has, and a real browser that opens what comes out."""

from __future__ import annotations

import asyncio
import html
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlsplit

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.attacks.outcome import Outcome
from tests.attacks.payloads.browser import Seen, Watcher, watching
from tests.attacks.payloads.pages import in_path, is_plain_jsx, page_of, swallows, together
from tests.attacks.payloads.xss import PAYLOADS, armed
from tests.process import SECRET, Process

FAR = "canary.example"
"""A host that the policy knows nothing against: pictures and fonts may come from it."""

_WAYS = (("static", True), ("browser", False), ("browser", True), ("static", False))
"""(engine, whether the canary is the public one)."""

_AT_ONCE = 4
_PICTURES = frozenset({"Image", "Font"})
_WITHOUT_A_POLICY = _PICTURES | {"Media", "Document"}
"""What a snippet may load where nobody forbids it: frames too, each in a sandbox of its own."""


async def attack(
    where: Path,
    payloads: Sequence[str] = PAYLOADS,
    *,
    packed: int = 16,
    every_way: bool = True,
    others: int = 1,
    controls: int = 1,
) -> Outcome:
    """``payloads``: what is written. ``packed``: how many to a page, but for those that swallow what comes after.

    ``every_way``: each page is read by both engines, with a public canary and with a private one; without it in one of
    these four ways, in turn. Every n-th payload, ``others``, goes through the other doors as well: each through one of
    them, with 1 through all. Every n-th, ``controls``, is shown to the browser raw.
    """
    outcome = Outcome("payloads")
    async with _Attack(where, outcome) as attack:
        for number, pack in enumerate(_packs(payloads, packed)):
            attack.plan(pack, _WAYS if every_way else _WAYS[number % len(_WAYS) :][:1])
        await attack.extract()
        await attack.at_other_doors(payloads[::others], all_of_them=others == 1)
        await attack.control(payloads[::controls])
        attack.sum_up(len(payloads))
    return outcome


class _Attack:
    """One server, one site, one canary and one watched browser, and what they have seen."""

    def __init__(self, where: Path, outcome: Outcome) -> None:
        self._where, self._outcome = where, outcome
        self._documents: dict[str, str] = {}
        self._types: dict[str, str] = {}
        self._called: Counter[str] = Counter()
        self._pages: list[tuple[str, str]] = []
        self._count: Counter[str] = Counter()
        self._numbers = itertools.count(1000)
        self._fired = 0
        self._opening = asyncio.Semaphore(_AT_ONCE)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self._site = await stack.enter_async_context(_serving(self._answer))
            self._canary = await stack.enter_async_context(_serving(self._note))
            self._server = await stack.enter_async_context(
                Process(
                    self._address, self._where, CONCURRENCY=str(_AT_ONCE), MAX_COMPONENTS="500", ANALYZE_ATTEMPTS="1"
                )
            )
            hosts = {FAR: self._canary.port or 0}
            self._browser: Watcher = await stack.enter_async_context(watching(self._where, hosts))
            self._closing = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._closing.aclose()

    @property
    def _address(self) -> str:
        return f"http://127.0.0.1:{self._site.port}"

    @property
    def _near(self) -> str:
        """The canary's real address: the policy knows something against it."""
        return f"127.0.0.1:{self._canary.port}"

    def plan(self, payloads: Sequence[str], ways: Iterable[tuple[str, bool]]) -> None:
        """One page of these payloads for each of ``ways``, for `extract`."""
        for engine, far in ways:
            ready = [armed(each, next(self._numbers), FAR if far else self._near) for each in payloads]
            path = f"/page/{len(self._documents)}/{in_path(ready[0])}"
            self._documents[path.split("/")[2]] = page_of(ready)
            self._pages.append((path, engine))
            self._count["payloads"] += len(ready)

    async def extract(self) -> None:
        """Have every page read, and open what was made of it."""
        await _all(partial(self._extract, path, engine) for path, engine in self._pages)

    async def at_other_doors(self, payloads: Sequence[str], *, all_of_them: bool) -> None:
        """Name things by payloads, and fail with them."""
        doors: tuple[Callable[[str], Awaitable[str]], ...] = (
            self._nowhere,
            self._job_id,
            self._preview_id,
            self._failure,
            self._type_of_page,
        )
        chosen = (
            (each, door)
            for number, each in enumerate(payloads)
            for door in (doors if all_of_them else [doors[number % len(doors)]])
        )
        await _all(partial(self._at_door, door, armed(each, next(self._numbers), self._near)) for each, door in chosen)

    async def control(self, payloads: Sequence[str]) -> None:
        """Without us in between they work: else this attack could not fail."""
        self._count["raw"] = len(payloads)
        await _all(partial(self._raw, armed(each, number, FAR), number) for number, each in enumerate(payloads, 1))

    def sum_up(self, payloads: int) -> None:
        """The figures, of so many payloads."""
        count, outcome = self._count, self._outcome
        calls = self._called
        outcome.figures = {
            "payloads": payloads,
            "armed in pages": count["payloads"],
            "pages read": count["read"],
            "components": count["components"],
            "documents opened": count["opened"],
            "frames shown": count["frames"],
            "run": count["ran"],
            "asked of the near canary": calls["near"],
            "raw ones that worked": f"{self._fired} of {count['raw']}",
        }
        outcome.expect(not calls["near"], f"the near canary was asked {calls['near']} times")
        outcome.expect(self._fired * 5 > count["raw"] * 3, f"only {self._fired} of {count['raw']} worked when raw")

    async def _extract(self, path: str, engine: str) -> None:
        made = await self._run("analyze", {"url": self._address + path, "engine": engine})
        if not self._expect(made["status"] == "done", f"{engine} did not read {path}: {made.get('error')}"):
            return
        summary = made["result"]
        self._count["read"] += 1
        self._count["components"] += len(summary["components"])
        self._expect(bool(summary["components"]), f"{engine} found nothing in {path}")
        for component in summary["components"]:
            self._expect(
                is_plain_jsx(component["reactSnippet"]), f"{path}: no plain JSX: {component['reactSnippet'][:300]}"
            )
        seen = await self._open(self._server.address + made["links"]["preview"], _PICTURES, signed=False)
        self._expect(seen.frames > len(summary["components"]), f"{path}: only {seen.frames} frames were shown")
        await self._open(self._shown(together(summary)), _WITHOUT_A_POLICY, signed=False, poke=True)

    async def _at_door(self, door: Callable[[str], Awaitable[str]], payload: str) -> None:
        await self._open(self._server.address + await door(payload), frozenset())

    async def _nowhere(self, payload: str) -> str:
        return f"/{in_path(payload)}?{in_path(payload)}#{quote(payload)}"

    async def _job_id(self, payload: str) -> str:
        return f"/result/{in_path(payload)}"

    async def _preview_id(self, payload: str) -> str:
        return f"/preview?jobId={in_path(payload)}"

    async def _failure(self, payload: str) -> str:
        return f"/v1/jobs/{(await self._run('fail', {'message': payload, 'retryable': False}))['jobId']}"

    async def _type_of_page(self, payload: str) -> str:
        """An error that repeats a word of the page's: what kind of thing it says it is."""
        name = str(len(self._types))
        self._types[name] = "".join(each for each in payload if " " <= each <= "~")
        job = await self._run("analyze", {"url": f"{self._address}/type/{name}", "engine": "static"})
        return f"/preview?jobId={job['jobId']}"

    async def _raw(self, payload: str, number: int) -> None:
        places = (
            f"<nav>{payload}<a href=/x>x</a></nav>",
            f"<input value=\"{payload}\"><input value='{payload}'><div title={payload}>x</div>",
            f"<title>{payload}</title>",
            f"<style>{payload}</style>",
            f"<textarea>{payload}</textarea>",
            f'<a href="{payload}">x</a><script>var x=\'{payload}\'</script><script>var x="{payload}"</script>',
            f'<iframe srcdoc="{html.escape(payload)}"></iframe>',
        )
        frames = "".join(f'<iframe srcdoc="{html.escape(place)}"></iframe>' for place in places)
        url = self._shown(f"<!doctype html><meta charset=utf-8>{frames}")
        async with self._opening:
            seen = await self._browser.open(url, poke=True)
        self._fired += str(number) in seen.ran or any(f"//{FAR}/{number}/" in asked for asked, _ in seen.asked)

    async def _open(self, url: str, allowed: frozenset[str], *, signed: bool = True, poke: bool = False) -> Seen:
        async with self._opening:
            seen = await self._browser.open(url, SECRET if signed else {}, poke=poke)
        self._count["opened"] += 1
        self._count["frames"] += seen.frames
        self._count["ran"] += len(seen.ran)
        asked = [each for each in seen.asked if not self._may_ask(*each, allowed)]
        self._expect(not seen.ran, f"{url[:300]} ran {seen.ran[:3]}")
        self._expect(not asked, f"{url[:300]} asked {asked[:3]}")
        self._expect(not seen.opened, f"{url[:300]} opened {seen.opened[:3]}")
        moved = [each for each in seen.moved if "Document" not in allowed or not _is_from(each, FAR)]
        self._expect(not moved, f"{url[:300]} went to {moved[:3]}")
        return seen

    def _may_ask(self, url: str, kind: str, allowed: frozenset[str]) -> bool:
        return kind in allowed and (_is_from(url, FAR) or url.startswith(f"{self._address}/"))

    async def _run(self, kind: str, args: dict[str, Any]) -> dict[str, Any]:
        async with self._server.session.post("/v1/jobs?wait=60", json={"kind": kind, "args": args}) as response:
            job: dict[str, Any] = await response.json()
            assert "jobId" in job, job
            return job

    def _shown(self, document: str) -> str:
        """A URL where ``document`` is served as it is, without any policy."""
        name = str(len(self._documents))
        self._documents[name] = document
        return f"{self._address}/page/{name}"

    async def _answer(self, request: web.Request) -> web.Response:
        _, room, name, *_ = [*request.path.split("/"), "", ""]
        if room == "type":
            return web.Response(body=b"x", headers={"Content-Type": self._types[name]})
        if room != "page" or name not in self._documents:
            return web.Response(status=404)
        body = self._documents[name].encode("utf-8", "surrogatepass")
        return web.Response(body=body, headers={"Content-Type": "text/html; charset=utf-8"})

    async def _note(self, request: web.Request) -> web.Response:
        self._called["far" if request.host == FAR else "near"] += 1
        return web.Response(status=404)

    def _expect(self, holds: bool, sentence: str) -> bool:
        self._outcome.expect(holds, sentence)
        return holds


def _serving(answer: Callable[[web.Request], Awaitable[web.Response]]) -> TestServer:
    app = web.Application()
    app.router.add_route("*", "/{path:(?s:.*)}", answer)
    return TestServer(app, host="127.0.0.1")


def _packs(payloads: Sequence[str], most: int) -> Iterator[list[str]]:
    """Payloads page by page; one that swallows what comes after it has a page of its own."""
    tame = [each for each in payloads if most > 1 and not swallows(each)]
    for start in range(0, len(tame), most):
        yield tame[start : start + most]
    yield from ([each] for each in payloads if each not in set(tame))


def _is_from(url: str, host: str) -> bool:
    try:
        return urlsplit(url).hostname == host
    except ValueError:
        return False


async def _all(work: Iterable[Callable[[], Awaitable[None]]]) -> None:
    """All of it, a few at a time."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(each: Callable[[], Awaitable[None]]) -> None:
        async with places:
            await each()

    async with asyncio.TaskGroup() as group:
        for each in work:
            group.create_task(one(each))
