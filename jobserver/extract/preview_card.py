"""One component on the preview page: shown in a sandboxed frame, its sources as text."""

from __future__ import annotations

import html

from jobserver.extract.model import Component
from jobserver.extract.preview_backdrop import needs_dark

MARGIN = 8
"""Pixels around a component in its frame, for shadows and focus rings."""

_WIDTHS = (32.0, 1600.0)
_HEIGHTS = (16.0, 900.0)
_USUAL = {
    **dict.fromkeys(("button", "a", "label", "badge"), (220.0, 44.0)),
    **dict.fromkeys(("input", "select"), (280.0, 44.0)),
    "textarea": (320.0, 110.0),
    "img": (320.0, 220.0),
    **dict.fromkeys(("card", "list", "aside", "figure", "fieldset", "details"), (380.0, 300.0)),
    "form": (440.0, 380.0),
    **dict.fromkeys(("nav", "header", "breadcrumb", "pagination", "tabs", "alert"), (1080.0, 90.0)),
    "footer": (1080.0, 320.0),
    "hero": (1080.0, 460.0),
}
"""Width and height to show a kind in when it was read without layout; `_OTHER` for the rest."""
_OTHER = (720.0, 320.0)
_MEDIUM, _WIDE = 300, 640
"""Widths in pixels from which a component takes two columns, and the whole row."""
_SOURCES = (("HTML", "htmlSnippet", " wrap"), ("CSS", "css", ""), ("React", "reactSnippet", ""))


def card(component: Component, nonce: str) -> str:
    """The card: name, how often it occurs, the component itself, the texts it stands for, sources."""
    name, index = text(component["componentName"]), component["index"]
    width, _ = _size(component)
    span = " wide" if width >= _WIDE else " medium" if width >= _MEDIUM else ""
    many = (
        f'<span class="count" title="on the page">&times;{component["count"]}</span>' if component["count"] > 1 else ""
    )
    return (
        f'<article class="card{span}" id="c{index}"><header><h3><a href="#c{index}">{name}</a></h3>{many}'
        f'<span class="size">{_dimensions(component)}</span></header>{_stage(component, nonce)}{_texts(component)}'
        f'<div class="sources">{"".join(_source(component, *source) for source in _SOURCES)}</div></article>'
    )


def card_size(component: Component) -> str:
    """The style rule that gives the frame the component's own size; the card then shrinks it to fit."""
    width, height = _size(component)
    return f"#c{component['index']}{{--w:{width + 2 * MARGIN:g}px;--h:{height + 2 * MARGIN:g}px}}"


def text(value: object) -> str:
    """Escaped for text and quoted attributes."""
    return html.escape(str(value))


def _stage(component: Component, nonce: str) -> str:
    backdrop = " on-dark" if needs_dark(component["css"]) else ""
    return (
        f'<div class="stage{backdrop}"><div class="fit"><iframe sandbox="" loading="lazy" referrerpolicy="no-referrer" '
        f'title="{text(component["componentName"])}" srcdoc="{text(_document(component, nonce))}"></iframe></div></div>'
    )


def _document(component: Component, nonce: str) -> str:
    width, height = _size(component)
    # A transform makes the body what fixed and sticky parts are placed in. Without a margin below there is room for the
    # pixel that a line of text may be higher than the element in it: scroll bars would hide what is small.
    place = f"margin:{MARGIN}px {MARGIN}px 0;width:{width:g}px;min-height:{height:g}px;transform:scale(1)"
    body = f"html{{background:none}}body{{{place}}}"
    # "<\/" cannot end the element, and to CSS it is "</".
    css = component["css"].replace("</", "<\\/")
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light">'
        f'<title>{text(component["componentName"])}</title><base target="_blank"><style nonce="{text(nonce)}">{body}'
        f'</style><style nonce="{text(nonce)}">{css}</style><body>{component["htmlSnippet"]}'
    )


def _texts(component: Component) -> str:
    texts = dict.fromkeys(instance["text"] for instance in component["instances"] if instance["text"])
    if component["count"] < 2 or not texts:
        return ""
    return f'<p class="texts">{"".join(f"<span>{text(each)}</span>" for each in texts)}</p>'


def _source(component: Component, title: str, member: str, style: str) -> str:
    source = str(component[member])  # type: ignore[literal-required]  # one of _SOURCES
    return (
        f'<details class="source{style}" name="source-{component["index"]}"><summary>{title}'
        f'<small>{_bytes(len(source.encode()))}</small></summary><pre tabindex="0">{text(source)}</pre></details>'
    )


def _size(component: Component) -> tuple[float, float]:
    box = component["box"]
    if not box:
        return _USUAL.get(component["kind"], _OTHER)
    (low, high), (short, tall) = _WIDTHS, _HEIGHTS
    return min(max(box["width"], low), high), min(max(box["height"], short), tall)


def _dimensions(component: Component) -> str:
    box = component["box"]
    return f"{box['width']:.0f} &times; {box['height']:.0f}" if box else ""


def _bytes(size: int) -> str:
    return f"{size} B" if size < 1000 else f"{size / 1000:.1f} kB" if size < 1_000_000 else f"{size / 1e6:.1f} MB"
