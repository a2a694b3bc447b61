"""Documents that are shown in sandboxed frames: what pages wrote stands nowhere else."""

from __future__ import annotations

from jobserver.extract.model import Component
from jobserver.extract.preview.fonts import Embedding
from jobserver.extract.preview.markup import text
from jobserver.extract.preview.size import MARGIN, offset, shown, viewport

_TYPE_STYLE = (
    "html{background:none;color:CanvasText;scrollbar-width:none}"
    "body,ul{margin:0;padding:0;list-style:none}"
    "li{display:flex;flex-direction:column;justify-content:center;box-sizing:border-box;padding:0 2px;overflow:hidden;"
    "border-bottom:1px solid color-mix(in srgb,currentColor 10%,transparent)}li:last-child{border:0}"
    "p{margin:0;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;flex:none}"
    "small{flex:none;font:12px/20px ui-monospace,Menlo,Consolas,monospace;opacity:.62;white-space:nowrap;"
    "overflow:hidden;text-overflow:ellipsis}"
)


def frame(title: str, document: str) -> str:
    """A frame in which nothing may run, be sent or opened; it is made when it is scrolled to."""
    return (
        f'<iframe sandbox="" title="{text(title)}" loading="lazy" referrerpolicy="no-referrer" '
        f'srcdoc="{text(document)}"></iframe>'
    )


def component_document(component: Component, fonts: Embedding, nonce: str) -> str:
    """The component alone with its css: at the page's own width as wide as it was there, elsewhere as wide as fits."""
    (width, height), (left, top), (wide, _) = shown(component), offset(component), viewport(component)
    # A transform makes the body what fixed and sticky parts are placed in. Without a margin below there is room for the
    # pixel that a line of text may be higher than the element in it. Scroll bars would make the page narrower.
    place = f"body{{margin:{MARGIN}px {MARGIN}px 0;transform:scale(1)}}html{{background:none;scrollbar-width:none}}"
    # Two pixels more or less: where the reader zooms, browsers round.
    own = (
        f"@media ({wide - 2}px<=width<={wide + 2}px){{body{{width:{width:g}px;min-height:{height:g}px;"
        f"margin:{MARGIN + top:g}px 0 0 {MARGIN + left:g}px}}}}"
    )
    css = fonts.within(component["css"])
    return _document(component["componentName"], css, f"{place}{own}", component["htmlSnippet"], nonce)


def type_document(fonts: list[tuple[str, int, float]], sample: str, font_rules: str, nonce: str) -> str:
    """Lines of text, each in one of ``fonts``: (a ``font`` as CSS writes it, its count, the height of its row)."""
    rules = "\n".join(
        f"li:nth-child({number}){{height:{height:g}px}}li:nth-child({number}) p{{font:{font}}}"
        for number, (font, _, height) in enumerate(fonts, 1)
    )
    rows = "".join(
        f"<li><p>{text(sample)}</p><small>{text(font)} &ensp;{count}</small></li>" for font, count, _ in fonts
    )
    return _document("Type", font_rules, f"{_TYPE_STYLE}\n{rules}", f"<ul>{rows}</ul>", nonce, schemes="light dark")


def _document(title: str, theirs: str, ours: str, body: str, nonce: str, schemes: str = "light") -> str:
    # "<\/" cannot end the element, and to CSS it is "</".
    theirs = theirs.replace("</", "<\\/")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="{schemes}">'
        f'<title>{text(title)}</title><base target="_blank"><style nonce="{text(nonce)}">{ours}</style>'
        f'<style nonce="{text(nonce)}">{theirs}</style><body>{body}'
    )
