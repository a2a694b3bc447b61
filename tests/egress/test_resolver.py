from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from jobserver.egress.fetch import fetch
from jobserver.egress.gate import Gate
from jobserver.egress.policy import UrlPolicy, parse_private_targets
from jobserver.egress.resolver import Resolver
from jobserver.errors import JobserverError, PageUnreachable, UrlRefused

BAD_URLS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "data" / "bad_urls.json").read_text("utf-8"))
TARGET = UrlPolicy().check("https://site.example/")


class Dns:
    """Gives each look-up the next of its answers; the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        answer = self._answers[0] if len(self._answers) == 1 else self._answers.pop(0)
        if answer == ["NXDOMAIN"]:
            raise OSError("Name or service not known")
        return answer


def dns_of(bad: dict[str, Any]) -> Dns:
    first, _, then = " ".join(bad["dns"]).partition(" THEN ")
    return Dns(*[answer.split() for answer in (first, then) if answer])


@pytest.mark.parametrize(
    "bad",
    [bad for bad in BAD_URLS if "THEN" not in bad.get("dns", [])],
    ids=lambda bad: f"{bad['class']}: {bad['why']}"[:60],
)
async def test_a_bad_url_is_refused_before_any_packet(bad: dict[str, Any], packets: list[str]) -> None:
    policy = UrlPolicy(allowed_domains=("example.com",) if bad["class"] == "allowlist" else None)
    resolver = Resolver(dns_of(bad) if "dns" in bad else Dns(["93.184.215.14"]))
    with pytest.raises((UrlRefused, PageUnreachable)):
        await fetch(bad["url"], gate=Gate(policy, resolver))
    assert packets == []


async def test_rebinding_gains_nothing_because_the_first_checked_answer_is_all_there_is() -> None:
    [bad] = [bad for bad in BAD_URLS if "THEN" in bad.get("dns", [])]
    target, resolver = UrlPolicy().check(bad["url"]), Resolver(dns_of(bad))
    assert await resolver.resolve(target) == ("93.184.215.14",)
    with pytest.raises(UrlRefused) as refused:
        await resolver.resolve(target)
    assert refused.value.stage == "resolve"


@pytest.mark.parametrize(
    "answers",
    [
        ["1.1.1.1", "10.0.0.1"],
        ["10.0.0.1", "1.1.1.1"],
        ["2606:4700:4700::1111", "::1"],
        ["1.1.1.1", "::ffff:1.1.1.1"],
        ["fe80::1%eth0"],
        ["not an address"],
    ],
)
async def test_one_bad_answer_refuses_the_whole_set(answers: list[str]) -> None:
    with pytest.raises(UrlRefused) as refused:
        await Resolver(Dns(answers)).resolve(TARGET)
    assert (refused.value.stage, refused.value.url) == ("resolve", TARGET.url)


async def test_every_public_answer_is_kept_once_and_in_order() -> None:
    dns = Dns(["1.1.1.1", "2606:4700:4700::1111", "1.1.1.1", "1.0.0.1"])
    assert await Resolver(dns).resolve(TARGET) == ("1.1.1.1", "2606:4700:4700::1111", "1.0.0.1")
    assert dns.asked == [("site.example", 443)]


async def test_an_address_is_not_looked_up() -> None:
    dns = Dns(["10.0.0.1"])
    assert await Resolver(dns).resolve(UrlPolicy().check("https://[2606:4700::1]/")) == ("2606:4700::1",)
    assert dns.asked == []


async def test_a_private_target_may_resolve_to_a_private_address() -> None:
    target = UrlPolicy(private_targets=parse_private_targets("db:5000")).check("http://db:5000/")
    assert await Resolver(Dns(["10.0.0.1"])).resolve(target) == ("10.0.0.1",)


@pytest.mark.parametrize("error", [OSError("no route to 10.0.0.53"), UnicodeError("label too long")])
async def test_a_look_up_that_fails_says_so_without_details(error: Exception) -> None:
    async def failing(_host: str, _port: int) -> Sequence[str]:
        raise error

    with pytest.raises(PageUnreachable, match=r"^The page's host could not be found\.$"):
        await Resolver(failing).resolve(TARGET)


async def test_no_answer_is_never_a_fallback() -> None:
    with pytest.raises(PageUnreachable, match="has no address"):
        await Resolver(Dns([])).resolve(TARGET)


async def test_a_look_up_has_a_time_limit() -> None:
    async def silent(_host: str, _port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(PageUnreachable, match="could not be looked up in time"):
        await Resolver(silent, time_limit=0.01).resolve(TARGET)


async def test_names_that_are_never_answered_take_no_time_from_those_behind_them() -> None:
    async def mostly_silent(host: str, _port: int) -> Sequence[str]:
        if host.startswith("dead"):
            await asyncio.Event().wait()
        return ["93.184.216.34"]

    resolver = Resolver(mostly_silent, time_limit=0.02)
    dead = [resolver.resolve(UrlPolicy().check(f"https://dead{number}.example/")) for number in range(100)]
    *failed, found = await asyncio.gather(*dead, resolver.resolve(TARGET), return_exceptions=True)
    assert {type(one) for one in failed} == {PageUnreachable}
    assert found == ("93.184.216.34",)


def test_a_name_that_is_never_answered_does_not_keep_a_loop_from_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, answered = threading.Event(), threading.Event()

    def think(*_: object, **__: object) -> None:
        answer.wait(20)
        answered.set()
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", think)
    with pytest.raises(PageUnreachable, match="in time"):
        asyncio.run(Resolver(time_limit=0.01).resolve(TARGET))
    assert not answered.is_set()
    answer.set()
    assert answered.wait(10)


async def test_the_system_knows_localhost() -> None:
    target = UrlPolicy(private_targets=frozenset({"localhost:80"})).check("http://localhost/")
    assert set(await Resolver().resolve(target)) <= {"127.0.0.1", "::1"}


async def test_the_system_not_knowing_a_name_is_an_unreachable_page() -> None:
    target = UrlPolicy(private_targets=frozenset({"nowhere.invalid:80"})).check("http://nowhere.invalid/")
    with pytest.raises(JobserverError, match="The page's host could not be"):
        await Resolver(time_limit=2).resolve(target)
