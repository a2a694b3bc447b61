"""The gate: what it admits, that it looks up once, and what it remembers of refusals."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from jobserver.egress.gate import Gate
from jobserver.egress.policy import UrlPolicy
from jobserver.egress.refusals import Refusals
from jobserver.egress.resolver import Resolver
from jobserver.errors import PageUnreachable, UrlRefused
from tests.make import until


class Dns:
    """Answers each look-up with the next of its answers once ``open`` is set."""

    def __init__(self, *answers: Sequence[str] | OSError) -> None:
        self._answers = list(answers)
        self.asked = 0
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, _host: str, _port: int) -> Sequence[str]:
        self.asked += 1
        await self.open.wait()
        answer = self._answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer


def a_gate(*answers: Sequence[str] | OSError) -> tuple[Gate, Dns]:
    dns = Dns(*answers)
    return Gate(UrlPolicy(), Resolver(dns)), dns


async def test_a_host_is_looked_up_once_whatever_is_asked_of_it() -> None:
    gate, dns = a_gate(["1.1.1.1"], ["9.9.9.9"])
    for path in ("", "a", "b?c"):
        assert (await gate.admit(f"https://site.example/{path}")).addresses == ("1.1.1.1",)
    assert dns.asked == 1


async def test_a_name_that_turns_private_in_between_still_leads_to_the_first_address() -> None:
    gate, dns = a_gate(["1.1.1.1"], ["127.0.0.1"])
    await gate.admit("https://site.example/")
    assert (await gate.admit("https://site.example/again")).addresses == ("1.1.1.1",)
    assert (dns.asked, gate.refusals.count) == (1, 0)


async def test_one_bad_answer_of_several_refuses_the_host_every_time() -> None:
    gate, dns = a_gate(["1.1.1.1", "10.0.0.1"])
    for path in ("a", "b"):
        with pytest.raises(UrlRefused) as refused:
            await gate.admit(f"https://site.example/{path}")
        assert (refused.value.stage, refused.value.url) == ("resolve", f"https://site.example/{path}")
    assert dns.asked == 1
    assert gate.refusals.lines() == [
        "Refused, resolve: https://site.example/a",
        "Refused, resolve: https://site.example/b",
    ]


async def test_a_name_without_an_address_is_no_refusal() -> None:
    gate, dns = a_gate(OSError())
    for _ in range(2):
        with pytest.raises(PageUnreachable, match="could not be found"):
            await gate.admit("https://site.example/")
    assert (dns.asked, gate.refusals.count) == (1, 0)


async def test_a_reference_is_admitted_relative_to_its_base() -> None:
    gate, _ = a_gate(["1.1.1.1"])
    assert (await gate.admit("../b", base="https://site.example/a/c")).target.url == "https://site.example/b"
    with pytest.raises(UrlRefused):
        await gate.admit("//10.0.0.1/", base="https://site.example/")


async def test_what_a_page_names_without_a_scheme_is_no_host() -> None:
    gate, dns = a_gate(["1.1.1.1"])
    with pytest.raises(UrlRefused) as refused:
        await gate.admit("a.css")
    assert (refused.value.stage, dns.asked) == ("scheme", 0)


async def test_those_who_ask_at_the_same_time_share_one_look_up() -> None:
    gate, dns = a_gate(["1.1.1.1"])
    dns.open.clear()
    asking = [asyncio.ensure_future(gate.admit("https://site.example/")) for _ in range(5)]
    await asyncio.sleep(0)
    dns.open.set()
    assert {(await each).addresses for each in asking} == {("1.1.1.1",)}
    assert dns.asked == 1


async def test_one_who_gives_up_takes_the_answer_from_nobody() -> None:
    gate, dns = a_gate(["1.1.1.1"])
    dns.open.clear()
    first = asyncio.ensure_future(gate.admit("https://site.example/"))
    second = asyncio.ensure_future(gate.admit("https://site.example/"))
    await until(lambda: dns.asked)
    first.cancel()
    dns.open.set()
    assert (await second).addresses == ("1.1.1.1",)
    assert first.cancelled()


# -- what is told of refusals ---------------------------------------------------------------------------------------


def test_nothing_refused_is_nothing_to_tell() -> None:
    assert Refusals().lines() == []


def test_each_refusal_is_told_once_with_how_often() -> None:
    refusals = Refusals()
    for url in ("http://10.0.0.1/", "http://10.0.0.2/", "http://10.0.0.1/"):
        refusals.note(url, "address")
    refusals.note("http://10.0.0.1/", "peer")
    assert refusals.lines() == [
        "Refused, address: http://10.0.0.1/ (2 times)",
        "Refused, address: http://10.0.0.2/",
        "Refused, peer: http://10.0.0.1/",
    ]
    assert refusals.count == 4


def test_a_page_that_tries_a_million_places_fills_no_log() -> None:
    refusals = Refusals()
    for number in range(1000):
        refusals.note(f"http://10.0.0.1/{number}", "address")
    refusals.note("http://10.0.0.1/0", "address")
    lines = refusals.lines()
    assert len(lines) == 51
    assert (lines[0], lines[-1]) == ("Refused, address: http://10.0.0.1/0 (2 times)", "Refused, 950 more requests")


@pytest.mark.parametrize(
    "url",
    ["http://a/\n2026 INFO forged", "http://a/\x1b[2J\x07", "http://a/\u202egnp.exe", "http://a/\ud800\u2028\x9b1m"],
)
def test_a_url_in_the_log_does_nothing_to_its_reader(url: str) -> None:
    refusals = Refusals()
    refusals.note(url, "characters")
    [line] = refusals.lines()
    assert line.isprintable()
    assert "\\" in line


@pytest.mark.parametrize("url", ["http://a/" + "x" * 500, "http://a/" + "\x00" * 100])
def test_a_long_url_is_cut(url: str) -> None:
    refusals = Refusals()
    refusals.note(url, "length")
    [line] = refusals.lines()
    assert len(line) == len("Refused, length: ") + 201
    assert line.endswith("…")
