"""URLs of every odd but legal shape: none is refused, and each is rebuilt as browsers read it."""

from __future__ import annotations

import html
import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from yarl import URL

from jobserver.egress.gate import Gate
from jobserver.egress.policy import DEFAULT_PORTS, UrlPolicy
from jobserver.egress.resolver import Resolver
from jobserver.extract.browser import find_chromium

GOOD_URLS: list[dict[str, str]] = json.loads((Path(__file__).parents[1] / "data" / "good_urls.json").read_text("utf-8"))


def test_there_are_many_and_each_is_there_once() -> None:
    assert len({good["url"] for good in GOOD_URLS}) == len(GOOD_URLS) >= 300


@pytest.mark.parametrize("good", GOOD_URLS, ids=lambda good: f"{good['class']}: {ascii(good['url'])[1:50]}")
def test_a_good_url_passes_and_is_rebuilt_as_a_browser_would(good: dict[str, str]) -> None:
    target = UrlPolicy().check(good["url"])
    assert target.url == good["rebuilt"]
    assert UrlPolicy().check(target.url) == target, "what was rebuilt is rebuilt to itself"


async def test_a_good_url_is_admitted_in_every_place_it_may_stand() -> None:
    async def public(_host: str, _port: int) -> Sequence[str]:
        return ["93.184.215.14"]

    gate = Gate(UrlPolicy(), Resolver(public))
    for good in GOOD_URLS:
        assert (await gate.admit(good["rebuilt"])).target.url == good["rebuilt"]
        if re.match("https?://", good["url"], re.IGNORECASE):
            assert (await gate.admit(good["url"])).target.url == good["rebuilt"]
            redirected = await gate.admit(good["url"], base="https://other.example/a/b")
            assert redirected.target.host == UrlPolicy().check(good["rebuilt"]).host
    assert gate.refusals.lines() == []


@pytest.mark.parametrize("good", GOOD_URLS, ids=lambda good: ascii(good["rebuilt"])[1:50])
def test_all_parsers_see_the_host_and_port_that_were_checked(good: dict[str, str]) -> None:
    target = UrlPolicy().check(good["url"])
    split, yarled = urlsplit(target.url), URL(target.url, encoded=True)
    default = DEFAULT_PORTS[target.scheme]
    assert (split.hostname, split.port or default) == (target.host, target.port)
    assert (yarled.raw_host, yarled.port) == (target.host, target.port)
    assert yarled.raw_path == split.path


@pytest.mark.browser
def test_a_browser_reads_what_was_typed_and_what_was_rebuilt_as_the_same_place(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    urls = json.dumps([[_with_scheme(good["url"]), good["rebuilt"]] for good in GOOD_URLS]).replace("<", "\\u003c")
    page.write_text(
        "<meta charset=utf-8><pre id=out></pre><script>const parts = url => { try { const u = new URL(url); "
        "return [u.href, u.hostname] } catch (error) { return [String(error)] } };\n"
        f"out.textContent = JSON.stringify({urls}.map(pair => pair.map(parts)))</script>",
        "utf-8",
    )
    command = [find_chromium(), "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}", "--dump-dom", str(page)]
    shown = subprocess.run([str(part) for part in command], capture_output=True, check=True, timeout=30).stdout.decode()
    read: list[Any] = json.loads(html.unescape(shown.split('<pre id="out">')[1].split("</pre>")[0]))
    for good, (raw, rebuilt) in zip(GOOD_URLS, read, strict=True):
        # It may percent-encode one more character (a "|" in a path), never mean another place.
        assert unquote(rebuilt[0]) == unquote(good["rebuilt"])
        assert UrlPolicy().check(rebuilt[0]).url == rebuilt[0]
        assert raw[1].removesuffix(".") == rebuilt[1], "and what was typed leads the browser to the same host"


def _with_scheme(url: str) -> str:
    return url if re.match("https?://", url, re.IGNORECASE) else f"https://{url}"
