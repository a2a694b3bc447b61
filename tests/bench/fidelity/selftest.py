"""Measures the measure: an element against itself must be identical, and a candidate that is wrong must not pass."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from jobserver.extract.browser.cdp import Connection, connect
from tests.bench.fidelity.choose import evenly
from tests.bench.fidelity.compare import IDENTICAL, PASS, likeness
from tests.bench.fidelity.measure import measure
from tests.bench.fidelity.reference import Original, original
from tests.bench.fidelity.speed import Extract, longest
from tests.bench.fidelity.states import STATES
from tests.bench.fidelity.warm import Warm
from tests.bench.report import print_rows

ROOT = "built/selftest"

_HTML = (
    '<section class="a"><h2>Words and <b>more</b></h2><p>Text of two lines or three.</p><button>Go</button></section>'
)
_CSS = (
    ".a { width: 320.5px; padding: 16px; font: 15px/1.4 serif; color: #223; background: #eef;"
    " border: 1px solid #99a; box-shadow: 0 2px 6px rgb(0 0 0 / .3); box-sizing: border-box; margin: 0 }"
    " .a button:hover { background: #c00; color: #fff } .a:hover { background: #fda }"
    " .a:focus { outline: 4px solid red }"
    " @media (max-width: 600px) { .a { width: 200px; background: #cfc } }"
)
_PAGE = (
    f"<!doctype html><meta charset=utf-8><style>body {{ margin: 40.3px 60.7px }} {_CSS}</style>{_HTML}<p>Another</p>"
)

_LAYER = _PAGE.replace(_HTML, f"<main style='will-change: transform; padding: .4px'>{_HTML}</main>")
"""The same where all is drawn up to a pixel beside its box."""

_BLOCKED = 300
_BLOCKING = (
    "<!doctype html><meta charset=utf-8><p>Words<script>setTimeout(() => {"
    f" const end = performance.now() + {_BLOCKED}; while (performance.now() < end);"
    " document.body.append('and more'); }, 250)</script>"
)

_ONLY_STATES = "no states and no media"
"""At rest it is right."""

_RIGHT = {"as it is": (_HTML, _CSS)}
_WRONG = {
    "nothing at all": ("", _CSS),
    "no css": (_HTML, ""),
    "another background": (_HTML, _CSS.replace("#eef", "#dcb")),
    "another size": (_HTML, _CSS.replace("15px", "17px")),
    "another width": (_HTML, _CSS.replace("320.5px", "310px")),
    "another text": (_HTML.replace("Words", "Lots of other words"), _CSS),
    "transparent": (_HTML, _CSS.replace(".a {", ".a { opacity: .7;")),
    _ONLY_STATES: (_HTML, _CSS.partition(" .a button")[0]),
}
_PROBES = ("h1", "h2", "nav", "button", "a", "input", "img", "table", "footer")


def write_page(cache: Path) -> None:
    """Lay the page that the candidates are candidates of into the cache, and one that blocks."""
    (cache / ROOT).mkdir(parents=True, exist_ok=True)
    (cache / ROOT / "index.html").write_text(_PAGE, encoding="utf-8")
    (cache / ROOT / "layer.html").write_text(_LAYER, encoding="utf-8")
    (cache / ROOT / "blocking.html").write_text(_BLOCKING, encoding="utf-8")


async def selftest(browser: Warm, urls: Sequence[tuple[str, str]], site: str, run: Extract) -> int:
    """Check it on our page, and on those of ``urls`` (name, url); 0 when all is as it must be."""
    async with connect(await browser.address()) as connection:
        rows: list[tuple[str, ...]] = [("candidate", "rest", "hover", "focus", "390", "verdict")]
        rows += [await _candidate(connection, f"{site}/", name, *what, right=True) for name, what in _RIGHT.items()]
        rows += [await _candidate(connection, f"{site}/layer.html", "in a layer", _HTML, _CSS, right=True)]
        rows += [await _candidate(connection, f"{site}/", name, *what, right=False) for name, what in _WRONG.items()]
        print_rows(rows)
        again: list[tuple[str, ...]] = [("page against itself", "elements", "most differing", "verdict")]
        again += [await _itself(connection, name, url) for name, url in urls]
        print_rows(again)
    blocking = [("page that blocks", "longest ms", "verdict"), await _blocked(site, run)]
    print_rows(blocking)
    return int(any(row[-1] != "good" for row in [*rows[1:], *again[1:], *blocking[1:]]))


async def _blocked(site: str, run: Extract) -> tuple[str, ...]:
    most = max((await longest(f"{site}/blocking.html", run)).values(), default=0.0)
    return (f"{_BLOCKED} ms in a timer", f"{most:.0f}", "good" if _BLOCKED <= most < 1.5 * _BLOCKED else "WRONG")


async def _candidate(
    connection: Connection, url: str, name: str, html: str, css: str, *, right: bool
) -> tuple[str, ...]:
    component: dict[str, Any] = {"index": 1, "componentName": name, "kind": "card", "selector": ".a", "box": None}
    found = await measure(connection, url, url.rpartition("/")[0], [component | {"htmlSnippet": html, "css": css}])
    (measured,) = found.measured
    diffs = [measured.shots[way].diff for way in ("rest", "hover", "focus", "narrow")]
    at_rest, in_states = diffs[0], diffs[1:]
    wrong = min(in_states) if name == _ONLY_STATES else at_rest
    good = max(diffs) <= IDENTICAL if right else wrong > PASS
    return (name, *(f"{diff:.2%}" for diff in diffs), "good" if good else "WRONG")


async def _itself(connection: Connection, name: str, url: str) -> tuple[str, ...]:
    """Two loads of one page, pictured in the same way."""
    async with AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(original(connection, url)) for _ in range(2)]
        selectors = evenly([each for tag in _PROBES for each in await first.unique(tag)], 12)
        worst = [await _twice(first, second, selector) for selector in selectors]
    most = max((diff for diffs in worst for diff in diffs), default=0.0)
    return (name, str(sum(bool(diffs) for diffs in worst)), f"{most:.2%}", "good" if most <= IDENTICAL else "WRONG")


async def _twice(first: Original, second: Original, selector: str) -> list[float]:
    looks = [await page.look(selector) for page in (first, second)]
    if any("box" not in look for look in looks):
        return []
    diffs = []
    for state in (None, *STATES):
        pictures = []
        for page, look in zip((first, second), looks, strict=True):
            async with page.alone(selector):
                pictures.append(await page.picture(selector, look["box"], state))
        diffs.append(likeness(*pictures).diff)
    return diffs
