"""What attributes of old say of an element's style, and what browsers do with old pages, as declarations.

Only what the component would lose: attributes and elements that stay in it need none (HTML, 15.3; Quirks Mode).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from jobserver.extract.static.page import Element, Page
from jobserver.extract.static.values import words

Hint = tuple[str, str]
Take = Callable[[Element, str], Iterator[Hint]]

_ALIGNED = words("p div h1 h2 h3 h4 h5 h6 caption legend")
_ALIGNS = {"left": "-webkit-left", "right": "-webkit-right", "center": "-webkit-center", "middle": "-webkit-center",
           "justify": "justify"}  # fmt: skip
_IMAGES = words("img input iframe")
_VERTICAL = {"top": "top", "middle": "middle", "bottom": "baseline", "texttop": "text-top", "absmiddle": "middle",
             "abscenter": "middle", "absbottom": "bottom", "baseline": "baseline"}  # fmt: skip
_LISTS = {"disc": "disc", "circle": "circle", "square": "square", "a": "lower-alpha", "A": "upper-alpha",
          "i": "lower-roman", "I": "upper-roman", "1": "decimal"}  # fmt: skip
_CELLS = words("table td th tr tbody thead tfoot")
_SIZES = ("x-small", "small", "medium", "large", "x-large", "xx-large", "xxx-large")
_GONE = {
    "center": (("display", "block"), ("text-align", "-webkit-center")),
    "big": (("font-size", "larger"),),
    "tt": (("font-family", "monospace"),),
    "strike": (("text-decoration", "line-through"),),
    "nobr": (("white-space", "nowrap"),),
    "xmp": (("display", "block"), ("font-family", "monospace"), ("white-space", "pre"), ("margin-block", "1em")),
    "dir": (("display", "block"), ("list-style-type", "disc"), ("padding-left", "40px"), ("margin-block", "1em")),
    "acronym": (),
}
"""Elements that stand as ``div`` or ``span`` in a component, and what browsers do with them."""
_LENGTH = re.compile(r"\s*(\d+(?:\.\d+)?)(%?)")
_HEX = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
_WORD = re.compile(r"[a-z]{3,20}", re.IGNORECASE)


def hints(element: Element, page: Page) -> list[Hint]:
    """(property, value) of ``element``, weaker than any style sheet of the page."""
    found = [*_GONE.get(element.tag, ()), *_of_attributes(element), *_of_link(element, page)]
    return [*_of_quirks(element), *found] if page.quirks else found


def color(text: str) -> str | None:
    """A colour of old as CSS writes it: the hash may be missing.

    >>> color("ff0000"), color("#abc"), color(" Red "), color("no such colour")
    ('#ff0000', '#abc', 'red', None)
    """
    word = text.strip().lower()
    if match := _HEX.fullmatch(word):
        return f"#{match[1]}"
    return word if _WORD.fullmatch(word) and word not in {"transparent", "initial", "inherit"} else None


def _of_attributes(element: Element) -> Iterator[Hint]:
    attributes = element.node.attributes
    if not attributes:
        return
    for name, value in attributes.items():
        if take := _ATTRIBUTES.get(name):
            yield from take(element, value or "")


def _align(element: Element, value: str) -> Iterator[Hint]:
    word = value.strip().lower()
    if element.tag in _ALIGNED and word in _ALIGNS:
        yield "text-align", _ALIGNS[word]
    elif element.tag in _IMAGES and word in {"left", "right"}:
        yield "float", word
    elif element.tag in _IMAGES and word in _VERTICAL:
        yield "vertical-align", _VERTICAL[word]


def _border(element: Element, value: str) -> Iterator[Hint]:
    match = _LENGTH.match(value)
    if element.tag in {"img", "input"} and match:
        yield "border", f"{match[1]}px solid"


def _space(side: str) -> Take:
    def take(element: Element, value: str) -> Iterator[Hint]:
        if element.tag in _IMAGES and (match := _LENGTH.match(value)):
            yield side, f"{match[1]}{match[2] or 'px'}"

    return take


def _of_link(element: Element, page: Page) -> Iterator[Hint]:
    """What the page's body says of the colour of all links."""
    body = page.by_tag.get("body")
    if element.tag == "a" and body and (said := body[0].get("link")) and element.get("href") is not None:
        yield from (("color", found) for found in [color(said)] if found)


def _text(element: Element, value: str) -> Iterator[Hint]:
    if element.tag == "body" and (found := color(value)):
        yield "color", found


def _color(element: Element, value: str) -> Iterator[Hint]:
    found = color(value)
    if found and element.tag == "font":
        yield "color", found
    elif found and element.tag == "hr":
        yield "color", found
        yield "border-color", found
        yield "background-color", found


def _noshade(element: Element, _: str) -> Iterator[Hint]:
    if element.tag == "hr":
        yield "border-style", "solid"
        yield "border-color", color(element.get("color") or "gray") or "gray"
        yield "background-color", color(element.get("color") or "gray") or "gray"


def _face(element: Element, value: str) -> Iterator[Hint]:
    if element.tag == "font" and re.fullmatch(r"[\w ,'\"-]+", value):
        yield "font-family", value


def _font_size(element: Element, value: str) -> Iterator[Hint]:
    match = re.fullmatch(r"\s*([+-]?)(\d+).*", value, re.DOTALL)
    if element.tag == "font" and match:
        number = int(match[2][:3])
        number = 3 + number if match[1] == "+" else 3 - number if match[1] == "-" else number
        yield "font-size", _SIZES[min(max(number, 1), 7) - 1]


def _type(element: Element, value: str) -> Iterator[Hint]:
    kind = value if len(value) == 1 else value.lower()
    if element.tag == "li" and kind in _LISTS:
        yield "list-style-type", _LISTS[kind]


def _nowrap(element: Element, _: str) -> Iterator[Hint]:
    if element.tag in {"td", "th"}:
        yield "white-space", "nowrap"


def _clear(element: Element, value: str) -> Iterator[Hint]:
    word = value.strip().lower()
    if element.tag == "br" and word in {"left", "right", "all", "both"}:
        yield "clear", "both" if word == "all" else word


def _background(element: Element, value: str) -> Iterator[Hint]:
    if element.tag in _CELLS and re.fullmatch(r"[^\s\"'()\\]+", value):
        yield "background-image", f"url({value})"


_ATTRIBUTES: dict[str, Take] = {
    "align": _align,
    "background": _background,
    "border": _border,
    "clear": _clear,
    "color": _color,
    "face": _face,
    "hspace": _space("margin-inline"),
    "noshade": _noshade,
    "nowrap": _nowrap,
    "size": _font_size,
    "text": _text,
    "type": _type,
    "vspace": _space("margin-block"),
}


def _of_quirks(element: Element) -> Iterator[Hint]:
    """What a page without a doctype does to an element (Quirks Mode, section 3; Chromium's ``quirks.css``)."""
    tag = element.tag
    if tag == "table":
        yield from (("font-size", "medium"), ("font-weight", "normal"), ("font-style", "normal"))
        yield from (("font-variant", "normal"), ("line-height", "normal"), ("white-space", "normal"))
        yield "text-align", "start"
    elif tag == "textarea" or (tag == "input" and (element.get("type") or "").lower() != "image"):
        yield "box-sizing", "border-box"
    elif tag == "form":
        yield "margin-block-end", "1em"
    elif tag in {"td", "th"} and element.get("height") is not None and element.get("width") is None:
        yield "box-sizing", "border-box"
    elif tag == "li" and not any(each.tag in {"ul", "ol", "menu", "dir"} for each in element.ancestors()):
        yield "list-style-position", "inside"
    elif tag == "img" and (element.get("align") or "").lower() in {"left", "right"}:
        yield ("margin-right" if (element.get("align") or "").lower() == "left" else "margin-left"), "3px"
