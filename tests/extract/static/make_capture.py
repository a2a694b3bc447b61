"""Captures of small pages, written inline, without a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jobserver.errors import PageStatus
from jobserver.extract.model import Capture, Found, Node, Request
from jobserver.extract.static.engine import capture_page
from jobserver.extract.static.load import load_sheets
from jobserver.extract.static.page import Page

URL = "https://example.com/docs/page.html"


async def capture(
    html: str,
    css: str = "",
    *,
    sheets: Mapping[str, str] | None = None,
    url: str = URL,
    viewport: tuple[int, int] = (1280, 1000),
    max_components: int = 80,
) -> Capture:
    async def get(address: str) -> tuple[str, str]:
        if address not in (sheets or {}):
            raise PageStatus("The page answered 404.")
        return (sheets or {})[address], address

    page = Page(f"<!doctype html><style>{css}</style>{html}", url)
    loaded = await load_sheets(page, get)
    request = Request(url=url, viewport=viewport, max_components=max_components)
    return capture_page(page, loaded, request, lambda _fraction, _step: None)


async def the(kind: str, html: str, css: str = "", *, sheets: Mapping[str, str] | None = None) -> Found:
    """The first component of that kind."""
    captured = await capture(html, css, sheets=sheets)
    return next(found for found in captured.found if found.kind == kind)


def base(node: Node) -> dict[str, str]:
    """The unconditional declarations of a node."""
    rules = [rule for rule in node.rules if not rule.suffix and not rule.conditions]
    return dict(rules[0].declarations) if rules else {}


def under(node: Node, suffix: str = "", *conditions: str) -> dict[str, str]:
    """All declarations of a node under just this suffix and these conditions."""
    merged: dict[str, str] = {}
    for rule in node.rules:
        if rule.suffix == suffix and rule.conditions == conditions:
            merged |= rule.declarations
    return merged


def nodes(root: Node) -> Iterator[Node]:
    """The node and all below it, in document order."""
    yield root
    for child in root.children:
        if isinstance(child, Node):
            yield from nodes(child)


def kinds(captured: Capture) -> list[str]:
    return [found.kind for found in captured.found]
