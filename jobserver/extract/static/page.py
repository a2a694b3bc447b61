"""The page as a tree: elements in document order, what they are called, and where relative addresses point."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from jobserver.extract.static.values import join, words

MAX_ELEMENTS = 200_000
"""Elements that are looked at; a page with more is read as far as this."""
MAX_DEPTH = 10_000
"""Open elements at one point of the markup; parsing costs the square of it (100,000 take 25 s, 10,000 take 0.2 s)."""

NO_CONTENT = frozenset({"script", "style", "template", "noscript"})
"""Elements whose content is never shown where scripts run."""

_NOSCRIPT = re.compile(r"<(/?)noscript\b", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
_DOCTYPE = re.compile(r"\s*+(?:(?><!--.*?-->|<\?[^>]*>)\s*+)*+<!doctype\s+html\b([^>]*)>", re.IGNORECASE | re.DOTALL)
_OLD_DOCTYPE = re.compile(
    r"""public\s*["'](?:-//w3c//dtd\ html\ 4\.0(?:1)?\ (?:frameset|transitional)//(?![^"']*["']\s*["'])
    |-//w3c//dtd\ html\ (?:[23]|4\.0\ (?:frameset|transitional)//|experimental)|-//ietf//|-//w3o//|html["'])""",
    re.IGNORECASE | re.VERBOSE,
)
"""Public identifiers that mean quirks mode; those of HTML 4.01 only without an address (HTML, 13.2.6.4.1)."""
_NEVER_DEEP = words(
    "area base br col embed hr img input link meta source track wbr p li dt dd tr td th thead tbody tfoot "
    "option optgroup colgroup rp rt"
)
"""Tags that are void, or that the parser closes by itself when the next of their kind begins."""


_DRAWING = words(
    "svg g defs symbol use path rect circle ellipse line polyline polygon text tspan image marker mask pattern "
    "clippath lineargradient radialgradient stop filter animate animatetransform set"
)
"""Tags that ``/>`` closes, in a drawing; anywhere else a slash there means nothing."""


@dataclass(slots=True, eq=False)
class Element:
    """An element: ``index`` counts in document order, and ``end`` is the index after its last descendant.

    ``has_text``: whether there is anything but white space in it, scripts and styles aside. ``previous``: the sibling
    before it.
    """

    index: int
    node: LexborNode
    tag: str
    parent: Element | None
    end: int = 0
    has_text: bool = False
    previous: Element | None = None

    @property
    def attrs(self) -> dict[str, str]:
        """Attributes as found; one without a value has the empty string."""
        return {name: value or "" for name, value in self.node.attributes.items()}

    def get(self, name: str) -> str | None:
        """The attribute ``name``; ``""`` when it has no value, None when it is absent."""
        attributes = self.node.attributes
        return (attributes[name] or "") if name in attributes else None

    @property
    def classes(self) -> list[str]:
        """Class names in order."""
        return (self.get("class") or "").split()

    @property
    def size(self) -> int:
        """Elements in its subtree, itself included."""
        return self.end - self.index

    @property
    def text(self) -> str:
        """Its text with single spaces; scripts and styles have none."""
        nodes = (node for node in self.node.traverse(include_text=True) if node.is_text_node)
        shown = (node.text_content or "" for node in nodes if node.parent and node.parent.tag not in NO_CONTENT)
        return " ".join(" ".join(shown).split())

    @property
    def own_text(self) -> str:
        """The text that is its own child, with single spaces; scripts and styles have none."""
        texts: list[str] = []
        child = self.node.child if self.tag not in NO_CONTENT else None
        while child is not None:
            if child.is_text_node:
                texts.append(child.text_content or "")
            child = child.next
        return " ".join(" ".join(texts).split())

    def ancestors(self) -> Iterator[Element]:
        """Its parent, that one's parent, up to ``html``."""
        above = self.parent
        while above is not None:
            yield above
            above = above.parent

    def before(self, limit: int) -> Iterator[Element]:
        """Its siblings before it, the nearest first, at most ``limit``."""
        at = self.previous
        while at is not None and limit > 0:
            yield at
            at, limit = at.previous, limit - 1


class Page:
    """A parsed page.

    ``elements``: in document order, at most `MAX_ELEMENTS`. ``names``: every ``tag``, ``.class`` and ``#id`` in use.
    ``base``: what relative URLs are joined to. ``quirks``: laid out as pages were before there were standards.
    ``warnings``: what was left out.
    """

    def __init__(self, html: str, url: str) -> None:
        self.warnings: list[str] = []
        self.url = url
        self.quirks = _quirks(html)
        self.parser = LexborHTMLParser(self._within_depth(without_noscript(html)))
        self.elements: list[Element] = []
        self.names: set[str] = set()
        self.by_class: dict[str, list[Element]] = {}
        self.by_tag: dict[str, list[Element]] = {}
        self.by_id: dict[str, list[Element]] = {}
        self._by_node: dict[int, Element] = {}
        self._last_child: dict[int, Element] = {}
        self._index()
        self._close()
        self.base = self._base()

    def _within_depth(self, html: str) -> str:
        depth, drawing = 0, False
        for tag in _TAG.finditer(html):
            name = tag[2].lower()
            drawing = name in _DRAWING and (drawing or name == "svg") and not (tag[1] and name == "svg")
            if name not in _NEVER_DEEP and not (drawing and _closes_itself(html, tag.end())):
                depth = max(0, depth - 1) if tag[1] else depth + 1
            if depth > MAX_DEPTH:
                self.warnings.append("The page is nested too deeply; it was read up to that point.")
                return html[: tag.start()]
        return html

    def _index(self) -> None:
        root = self.parser.root
        for node in root.traverse(include_text=True) if root is not None else ():
            if node.is_text_node:
                self._note_text(node)
            elif len(self.elements) == MAX_ELEMENTS:
                self.warnings.append(f"The page has more than {MAX_ELEMENTS:,} elements; the rest was not looked at.")
                return
            elif node.is_element_node:
                self._add(node)

    def _note_text(self, node: LexborNode) -> None:
        at = self._by_node.get(node.parent.mem_id) if node.parent is not None else None
        if at is None or at.has_text or at.tag in NO_CONTENT or not (node.text_content or "").strip():
            return
        while at is not None and not at.has_text:
            at.has_text = True
            at = at.parent

    def _add(self, node: LexborNode) -> None:
        above = node.parent
        parent = self._by_node.get(above.mem_id) if above is not None else None
        element = Element(len(self.elements), node, node.tag or "", parent)
        self._by_node[node.mem_id] = element
        element.previous = self._last_child.get(parent.index if parent else -1)
        self._last_child[parent.index if parent else -1] = element
        self.elements.append(element)
        self.by_tag.setdefault(element.tag.lower(), []).append(element)
        for name in set(element.classes):
            self.by_class.setdefault(name, []).append(element)
            self.names.add(f".{name}")
        self.names.add(element.tag.lower())
        if identifier := element.get("id"):
            self.by_id.setdefault(identifier, []).append(element)
            self.names.add(f"#{identifier}")

    def _close(self) -> None:
        for element in reversed(self.elements):
            element.end = max(element.end, element.index + 1)
            if element.parent is not None:
                element.parent.end = max(element.parent.end, element.end)

    def _base(self) -> str:
        for element in self.by_tag.get("base", []):
            if (href := element.get("href")) is not None:
                return join(self.url, href)
        return self.url

    @property
    def title(self) -> str:
        """The text of the first ``title`` outside of drawings, at most 500 characters."""
        titles = (each for each in self.by_tag.get("title", []) if each.parent and each.parent.tag != "svg")
        return next((each.text[:500] for each in titles), "")

    def select(self, selector: str) -> list[Element]:
        """The elements ``selector`` matches; none when it is not a selector the engine knows."""
        try:
            nodes = self.parser.css(selector)
        except (SelectolaxError, UnicodeEncodeError):
            return []
        return [self._by_node[node.mem_id] for node in nodes if node.mem_id in self._by_node]

    def element(self, node: LexborNode) -> Element | None:
        """The element of a parser's node; None beyond the budget."""
        return self._by_node.get(node.mem_id)

    def inside(self, element: Element) -> list[Element]:
        """The element and its descendants, in document order."""
        return self.elements[element.index : element.end]

    def children(self, element: Element) -> Iterator[Element]:
        """Its child elements, in order."""
        index = element.index + 1
        while index < element.end:
            yield self.elements[index]
            index = self.elements[index].end


def _quirks(html: str) -> bool:
    doctype = _DOCTYPE.match(html[:10_000])
    return doctype is None or _OLD_DOCTYPE.search(doctype[1]) is not None


def _closes_itself(html: str, start: int) -> bool:
    return html[html.find(">", start) - 1] == "/"


def without_noscript(html: str) -> str:
    """The markup as a browser that runs scripts reads it: what is inside ``noscript`` is no element.

    The parser would read it as elements, and end the head of the page at the first of them that belongs in a body.

    >>> without_noscript("a<noscript><p>b</p></noscript>c<noscript>d")
    'ac<noscript>d'
    """
    kept: list[str] = []
    start, opened = 0, None
    for tag in _NOSCRIPT.finditer(html):
        if tag[1] and opened is not None:
            kept.append(html[start:opened])
            end = html.find(">", tag.end())
            start, opened = (end + 1 if end >= 0 else len(html)), None
        elif not tag[1] and opened is None and tag.start() >= start:
            opened = tag.start()
    return "".join([*kept, html[start:]])
