"""A visit that only reads, and what tests ask of what it read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

from jobserver.egress.gate import Gate
from jobserver.extract import browser
from jobserver.extract.browser.cdp import Connection
from jobserver.extract.model import Capture, Found, Node, Request, Unchanged
from tests.extract.browser.web_site import Site

Visit = Callable[..., Awaitable[Capture]]
"""`visit` of the conftest."""

Then = Callable[[], Awaitable[None]]

Meanwhile = Callable[[str, str], None]
"""`meanwhile` of the conftest."""

BUTTON = "<title>Still here</title><button>Press me</button>"
PAGE = """
<title>A shop</title>
<style>
  body { margin: 0; font: 16px/1.5 sans-serif; color: #333 }
  .btn { background: #06c; color: #fff; border: 0; border-radius: 6px; padding: 8px 16px }
  .btn::after { content: " \\2192"; color: rgb(1, 2, 3) }
  .cards { display: flex; gap: 20px }
  .card { border: 1px solid #ccc; width: 200px }
</style>
<nav id=main><a href=/one>One</a> <a href=/two>Two</a> <a href=/three>Three</a></nav>
<button class=btn style="position: absolute; left: 300px; top: 100px; width: 120px; height: 40px">Buy</button>
<div class=cards>
  <div class=card><h3>A</h3><p>First</p></div>
  <div class=card><h3>B</h3><p>Second</p></div>
  <div class=card><h3>C</h3><p>Third</p></div>
</div>
<p style="display: none"><button>Hidden</button></p>
"""


def quiet(_done: float, _step: str) -> None:
    """Hears how far it is, and says nothing."""


async def capture(
    ws_url: str, request: Request, gate: Gate, report: Callable[[float, str], None] = quiet, then: Then | None = None
) -> Capture:
    """What the browser at ``ws_url`` reads off a page. ``then``: done before the page is closed."""
    async with browser.visit(ws_url, request, gate, report) as visit:
        read = await visit.read()
        if then is not None:
            await then()
        return read


async def is_known_again(visit: Visit, url: str) -> bool:
    """Whether a second visit finds the page as the first has left it."""
    known = (await visit(url)).fingerprint
    if known is None:
        return False
    try:
        await visit(url, known=known)
    except Unchanged:
        return True
    return False


def kinds(capture: Capture) -> list[str]:
    return [found.kind for found in capture.found]


def of_kind(capture: Capture, kind: str) -> list[Found]:
    return [found for found in capture.found if found.kind == kind]


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        if isinstance(child, Node):
            yield from nodes(child)


def style(node: Node, suffix: str = "") -> dict[str, str]:
    return {name: value for rule in node.rules if rule.suffix == suffix for name, value in rule.declarations.items()}


def text(node: Node) -> str:
    return "".join(child if isinstance(child, str) else text(child) for child in node.children)


async def open_pages(devtools: Connection, site: Site) -> list[str]:
    """Addresses of the site that are open in the browser."""
    targets = (await devtools.send("Target.getTargets"))["targetInfos"]
    return [target["url"] for target in targets if site.authority in target["url"]]
