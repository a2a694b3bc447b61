"""The page and its style sheets, fetched through the one way out."""

from __future__ import annotations

import asyncio
import codecs
import re
from collections.abc import Awaitable, Callable

import webencodings

from jobserver.egress.fetch import Fetched, Fetcher
from jobserver.errors import JobFailed, NotHtml, PageUnreachable
from jobserver.extract.static.page import Element, Page
from jobserver.extract.static.sheet import Sheet, imports_of
from jobserver.extract.static.values import join

MAX_SHEETS = 40
"""Style sheets that are fetched for one page, imports included."""
MAX_IMPORT_DEPTH = 3
MAX_CSS = 4_000_000
"""Characters of all style sheets together; about as many are parsed in ten seconds."""
_AT_A_TIME = 6
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_ACCEPT_CSS = "text/css, */*;q=0.1"
_META = re.compile(rb"<meta[^>]+?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_CHARSET_RULE = re.compile(rb"@charset \"([^\"]+)\";")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

GetText = Callable[[str], Awaitable[tuple[str, str]]]
"""URL → (text of the style sheet there, where it really was). Raises JobFailed."""


async def load_page(fetcher: Fetcher, url: str) -> tuple[str, str]:
    """The page's HTML and where it really was.

    Raises NotHtml for anything but HTML and XHTML, and what `Fetcher.get` raises.
    """
    fetched = await fetcher.get(url)
    if fetched.content_type not in _HTML and (fetched.content_type or not _looks_like_html(fetched.body)):
        raise NotHtml(f"The address holds {fetched.content_type or 'something unnamed'}, not an HTML page.")
    return decode(fetched.body, fetched.charset, _META), fetched.url


def _looks_like_html(body: bytes) -> bool:
    return body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" and b"<?xml" not in body[:100]


def decode(body: bytes, charset: str | None, inside: re.Pattern[bytes] = _META) -> str:
    """Bytes as text: by byte order mark, by the header's ``charset``, by what the first kilobyte says (``inside``).

    What nobody declares is UTF-8 if it can be, else windows-1252, as browsers do. Never raises.
    """
    for bom, name in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(name, "replace")
    meta = inside.search(body[:1024])
    within = meta[1].decode("ascii", "replace") if meta else ""
    # A label found by reading ASCII cannot truly be UTF-16 (HTML, "prescan a byte stream").
    within = "utf-8" if within.lower().startswith("utf-16") else within
    for label in filter(None, (charset, within)):
        if (encoding := webencodings.lookup(label)) is not None:
            return str(encoding.codec_info.decode(body, "replace")[0])
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("windows-1252", "replace")


def getter(fetcher: Fetcher, time_limit: float) -> GetText:
    """Style sheets through ``fetcher``, all of them within ``time_limit`` seconds from now."""
    deadline = asyncio.get_running_loop().time() + time_limit

    async def get(url: str) -> tuple[str, str]:
        try:
            async with asyncio.timeout_at(deadline):
                fetched: Fetched = await fetcher.get(url, accept=_ACCEPT_CSS)
        except TimeoutError as error:
            raise PageUnreachable(f"The style sheets took longer than {time_limit:.3g} seconds.") from error
        if fetched.content_type not in {"text/css", ""}:
            raise NotHtml(f"It is {fetched.content_type}, not a style sheet.")
        return decode(fetched.body, fetched.charset, _CHARSET_RULE), fetched.url

    return get


async def load_sheets(page: Page, get: GetText) -> list[Sheet]:
    """The page's style sheets in document order, with what they import; those that fail become warnings of the page."""
    loader = _Loader(page, get)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(loader.of_element(each)) for each in page.elements if _is_sheet(each)]
    return [sheet for task in tasks if (sheet := task.result()) is not None]


def _is_sheet(element: Element) -> bool:
    if element.tag == "style":
        return (element.get("type") or "text/css").lower() == "text/css"
    if element.tag != "link" or element.get("disabled") is not None or not element.get("href"):
        return False
    relations = (element.get("rel") or "").lower().split()
    return "stylesheet" in relations and "alternate" not in relations


class _Loader:
    """Loads within the bounds of one page."""

    def __init__(self, page: Page, get: GetText) -> None:
        self._page = page
        self._get = get
        self._sheets_left = MAX_SHEETS
        self._room = MAX_CSS
        self._gate = asyncio.Semaphore(_AT_A_TIME)
        self._texts: dict[str, tuple[str, str]] = {}

    async def of_element(self, element: Element) -> Sheet | None:
        media = element.get("media") or ""
        if element.tag == "style":
            return await self._with_imports(element.node.text(deep=True), self._page.base, media, ())
        return await self._fetched(join(self._page.base, element.get("href") or ""), media, ())

    async def _fetched(self, url: str, media: str, chain: tuple[str, ...]) -> Sheet | None:
        if url in chain or len(chain) > MAX_IMPORT_DEPTH:
            return None
        try:
            text, base = await self._text(url)
        except JobFailed as failure:
            self._warn(f"The style sheet {_short(url)} was left out: {failure.message}")
            return None
        return await self._with_imports(text, base, media, (*chain, url))

    async def _text(self, url: str) -> tuple[str, str]:
        async with self._gate:
            if url not in self._texts:
                if self._sheets_left == 0:
                    raise JobFailed(f"The page has more than {MAX_SHEETS} style sheets.")
                self._sheets_left -= 1
                self._texts[url] = await self._get(url)
            return self._texts[url]

    async def _with_imports(self, text: str, base: str, media: str, chain: tuple[str, ...]) -> Sheet:
        if len(text) > self._room:
            self._warn(f"The page has more than {MAX_CSS:,} characters of style sheets; the rest was left out.")
        text = text[: self._room]
        self._room -= len(text)
        imports: dict[str, Sheet] = {}
        for url in (join(base, each) for each in imports_of(text)):
            sheet = await self._fetched(url, "", chain)
            if sheet is not None:
                imports[url] = sheet
        return Sheet(text, base, media, imports)

    def _warn(self, sentence: str) -> None:
        if sentence not in self._page.warnings:
            self._page.warnings.append(sentence)


def _short(url: str) -> str:
    return url if len(url) <= 200 else f"{url[:200]}…"
