"""URLs that lead where they must not, by every door: submitted, redirected to, linked, tunnelled and proxied."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from tests.attacks.outcome import Outcome
from tests.attacks.urls.doors import (
    all_admitted,
    asked_of_proxy,
    fetched,
    held_to_the_first_answer,
    pause,
    submitted,
    submitted_natively,
    visited,
)
from tests.attacks.urls.lists import Bad, bad_urls, good_urls
from tests.attacks.urls.site import LeadingAstray
from tests.process import Process
from tests.witness import packets

_WITNESS = Path(__file__).parent / "witness"


async def attack(where: Path) -> Outcome:
    """Try every URL of the lists by every door it fits through; about 20 s."""
    outcome = Outcome("urls")
    bad, good = bad_urls(), good_urls()
    outcome.figures["bad URLs"] = len(bad)
    async with AsyncExitStack() as stack:
        await _at_the_proxy(bad, outcome)
        # What a name server says is not to be had from outside: those with an answer were tried above.
        by_itself = [each for each in bad if not each.answers and each.kind != "allowlist"]
        in_pages = [each for each in by_itself if each.fits_into_a_page]
        site = await stack.enter_async_context(LeadingAstray([each.url for each in in_pages]))
        settings = {"WITNESS": str(where / "spoken"), "PYTHONPATH": f"{_WITNESS}:{Path.cwd()}"}
        server = Process(f"http://{site.host}", where, CONCURRENCY="2", HOST_CONCURRENCY="0", **settings)
        await stack.enter_async_context(server)
        await _led_astray(server, in_pages, outcome)
        await _submitted(server, by_itself, outcome)
        only = {"ENFORCE_ALLOWLIST": "true", "ALLOWED_DOMAINS": "example.com"} | settings
        async with Process(f"http://{site.host}", where, **only) as picky:
            await _submitted(picky, [each for each in bad if each.kind == "allowlist"], outcome)
        _weigh(where / "spoken", site.host, outcome)
        await pause(server)
        await _good(server, good, outcome)
    return outcome


async def _at_the_proxy(bad: list[Bad], outcome: Outcome) -> None:
    """With name servers of our own, in this process: what is fetched, and what a browser asks the proxy for."""
    steady = [each for each in bad if not each.rebinds]
    tunnelled = [each for each in steady if each.lies_in_its_host]
    with packets() as spoken:
        for each in steady:
            outcome.expect(await fetched(each), f"{each.url!r} was fetched ({each.why})")
            await _turned_away(each, f"GET {each.url}", outcome)
        for each in tunnelled:
            await _turned_away(each, f"CONNECT {each.authority}", outcome)
        for each in (each for each in bad if each.rebinds):
            outcome.expect(await held_to_the_first_answer(each), f"{each.url} was looked up again")
    others = [line for line in spoken if "'127.0.0.1'" not in line]
    outcome.expect(len(spoken) > len(others), "the witness is deaf: it did not hear us speak to the proxy")
    outcome.expect(not others, f"spoken to: {others[:5]}")
    outcome.figures |= {"fetched": len(steady), "absolute form": len(steady), "CONNECT": len(tunnelled)}


async def _turned_away(bad: Bad, first_line: str, outcome: Outcome) -> None:
    status = await asked_of_proxy(bad, first_line)
    outcome.expect(status in bad.proxy_may_say, f"the proxy answered {status} to {first_line!r} ({bad.why})")


async def _led_astray(server: Process, bad: list[Bad], outcome: Outcome) -> None:
    """A page that was admitted leads on: by redirect, by its style sheets, by its ``<base>``."""
    away = redirected = based = logged = 0
    for number, each in enumerate(bad):
        if each.fits_into_a_header:
            end, log = await visited(server, f"{server.page}/redirect/{number}")
            redirected += 1
            logged += any(line.startswith("Refused, ") for line in log)
            away += _is_away(end, server.page, outcome, f"a redirect to {each.url!r}")
        if each.is_bad_as_a_base:
            end, log = await visited(server, f"{server.page}/base/{number}")
            based += 1
            away += _is_away(end, server.page, outcome, f"a <base> of {each.url!r}")
    for first in range(0, len(bad), 40):
        end, log = await visited(server, f"{server.page}/sheets/{first}")
        logged += len(log)
        away += _is_away(end, server.page, outcome, f"the sheets from {first} on")
    outcome.expect(away == 0, f"{away} visits ended elsewhere")
    outcome.expect(logged > 0, "no job's log names what was refused")
    outcome.figures |= {"redirected": redirected, "linked": len(bad), "<base>": based, "lines in jobs' logs": logged}


def _is_away(end: str, page: str, outcome: Outcome, what: str) -> bool:
    stayed = end.startswith(page) or end in {"url_not_allowed", "page_status", "not_html"}
    outcome.expect(stayed, f"{what} ended as {end}")
    return not stayed


async def _submitted(server: Process, bad: list[Bad], outcome: Outcome) -> None:
    for each in bad:
        for door in (submitted, submitted_natively):
            status = await door(server, each.url)
            outcome.expect(status in {400, 403}, f"{each.url!r} was answered {status} ({each.why})")
    outcome.figures["submitted"] = int(str(outcome.figures.get("submitted", 0))) + 2 * len(bad)


def _weigh(spoken: Path, site: str, outcome: Outcome) -> None:
    """Whom the server and its children spoke to, if not to the page they were sent to."""
    lines = spoken.read_text("utf-8").splitlines()
    host, port = site.split(":")
    others = [line for line in lines if f"('{host}', {port})" not in line]
    outcome.expect(len(lines) > len(others), "the witness is deaf: it did not hear the server visit the page")
    outcome.expect(not others, f"spoken to: {others[:5]}")
    outcome.figures["packets elsewhere"] = len(others)


async def _good(server: Process, good: list[str], outcome: Outcome) -> None:
    statuses = [await submitted(server, url) for url in good]
    refused = [url for url, status in zip(good, statuses, strict=True) if status != 202]
    outcome.expect(not refused, f"good URLs refused: {refused[:5]}")
    not_admitted = await all_admitted(good)
    outcome.expect(not not_admitted, f"good URLs not admitted: {not_admitted[:5]}")
    outcome.figures |= {"good URLs": len(good), "accepted": len(good) - len(refused)}
