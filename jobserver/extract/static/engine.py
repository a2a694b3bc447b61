"""The static engine: a page and its style sheets in, a capture out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from jobserver.egress.fetch import Fetcher, FetchLimits
from jobserver.egress.gate import Gate
from jobserver.extract.model import Capture, Found, Request
from jobserver.extract.static.cascade import Cascade, cascade
from jobserver.extract.static.load import MAX_SHEETS, getter, load_page, load_sheets
from jobserver.extract.static.look import Looks, Paths
from jobserver.extract.static.page import Element, Page
from jobserver.extract.static.paint import Paint
from jobserver.extract.static.pick import MAX_SUBTREE, Picked, Picker
from jobserver.extract.static.sheet import Sheet, Stylesheet
from jobserver.extract.static.tokens import page_tokens
from jobserver.extract.static.tree import Builder
from jobserver.extract.static.visible import visible

MAX_FOUND = 5_000
"""Components of one page, with all that look the same."""
MAX_SECONDS = 20.0
"""Of one fetch; at most half of the job's time, and a third for all style sheets: what hangs leaves time to finish."""
MAX_OUTER_HTML = 20_000
"""Characters of `Found.outer_html`."""

Report = Callable[[float, str], None]


async def capture(request: Request, gate: Gate, report: Report) -> Capture:
    """Fetch the page of ``request`` and read it; see `jobserver.extract.static.capture`."""
    limits = FetchLimits(
        max_bytes=request.max_page_bytes,
        max_total_bytes=request.max_page_bytes,
        max_requests=2 * MAX_SHEETS,
        time_limit=min(MAX_SECONDS, request.time_limit / 2),
    )
    report(0.0, "fetching the page")
    async with Fetcher(gate, limits) as fetcher:
        html, url = await load_page(fetcher, request.url)
        report(0.2, "reading the page")
        page = Page(html, url)
        report(0.3, "fetching style sheets")
        sheets = await load_sheets(page, getter(fetcher, request.time_limit / 3))
    return capture_page(page, sheets, request, report)


def capture_page(page: Page, sheets: list[Sheet], request: Request, report: Report) -> Capture:
    """Read the components off a parsed page. No input or output; `request.url` is not looked at."""
    report(0.5, "matching styles")
    matched = cascade(page, sheets, request.viewport)
    report(0.7, "finding components")
    paint = Paint(matched)
    shown = visible(paint)
    picker = Picker(paint, shown)
    reading = _Reading(matched, Looks(paint, shown), request.max_components)
    found = list(reading.found(picker, report))
    report(1.0, "done")
    return Capture(
        url=page.url,
        engine="static",
        title=page.title,
        found=found,
        head_css=_head_css(matched.sheet, reading.builder),
        warnings=[*page.warnings, *matched.sheet.warnings, *matched.warnings, *reading.warnings(picker)],
        tokens=page_tokens(paint, shown),
    )


class _Reading:
    """Turns picked elements into components: each look is built once, and its instances share the tree."""

    def __init__(self, matched: Cascade, looks: Looks, max_looks: int) -> None:
        self.builder = Builder(matched)
        self._looks = looks
        self._page = matched.page
        self._paths = Paths(matched.page)
        self._first: dict[str, Found] = {}
        self._max_looks = max_looks
        self._places: dict[int, int] = {}
        self._left_out: set[str] = set()
        self._full = False

    def found(self, picker: Picker, report: Report) -> Iterator[Found]:
        """Components in document order, at most `MAX_FOUND`."""
        count = 0
        for picked in picker.pick():
            if count == MAX_FOUND:
                self._full = True
                return
            found = self._component(picked)
            if found is not None:
                found.parent = self._parent(picked.element)
                self._places[picked.element.index] = count
                count += 1
                yield found
            if count % 50 == 0:
                report(0.7 + 0.3 * picked.element.index / len(self._page.elements), "building components")

    def _component(self, picked: Picked) -> Found | None:
        element = picked.element
        look = self._looks.of(picked.kind, element)
        first = self._first.get(look)
        if first is None and len(self._first) >= self._max_looks:
            self._left_out.add(look)
            return None
        found = Found(
            kind=picked.kind,
            selector=self._paths.of(element),
            root=first.root if first else self.builder.build(element),
            outer_html=(element.node.html or "")[:MAX_OUTER_HTML],
            look=look,
            text=element.text,
            href=self._href(picked),
        )
        self._first.setdefault(look, found)
        return found

    def _parent(self, element: Element) -> int | None:
        """The place of the nearest component around it."""
        return next((self._places[each.index] for each in element.ancestors() if each.index in self._places), None)

    def _href(self, picked: Picked) -> str | None:
        href = picked.element.get("href") if picked.element.tag == "a" else None
        return href if href is None else self.builder.link(href)

    def warnings(self, picker: Picker) -> Iterator[str]:
        """What was not taken, as sentences."""
        if self._left_out:
            yield f"{len(self._left_out):,} more looks were left out; the limit is {self._max_looks}."
        if self._full:
            yield f"The page has more than {MAX_FOUND:,} components; the rest was left out."
        if picker.too_large:
            yield f"Very large components were left out (more than {MAX_SUBTREE} elements each): {picker.too_large:,}."


def _head_css(sheet: Stylesheet, builder: Builder) -> list[str]:
    """The font faces, animations and registered properties that the trees use."""
    texts = " ".join(builder.texts)
    fonts = [rule for family, rule in sheet.fonts if family and family in texts.lower()]
    keyframes = [rule for name, rule in sheet.keyframes.items() if name in texts]
    properties = [rule for name, (rule, _) in sheet.properties.items() if name in builder.variables]
    return [*dict.fromkeys(properties), *dict.fromkeys(fonts), *keyframes]
