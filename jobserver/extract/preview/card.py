"""One component on the preview page: as it was and as it was rebuilt, its sources as text, what is known of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from jobserver.extract.model import Component, Fidelity, Format
from jobserver.extract.preview.backdrop import needs_dark
from jobserver.extract.preview.controls import COPY
from jobserver.extract.preview.fonts import Embedding
from jobserver.extract.preview.frame import component_document, frame
from jobserver.extract.preview.markup import counted, in_bytes, percent, similarity, text
from jobserver.extract.preview.pictures import Picture, Pictures
from jobserver.extract.preview.size import TALL, dimensions, shown

_ALONE: Final = ((640, " wide"), (290, " medium"))
_PAIRED: Final = ((300, " broad"), (140, " medium"))
"""From which width in pixels a component takes two columns or the whole row."""

_STACKED = (500, 420)
"""What is as wide, and no higher, stands below its original instead of beside it."""

_PASS, _NEAR = 0.01, 0.05
"""Shares of pixels up to which a component is said to be like the page, and nearly so."""

_Source = Literal["htmlSnippet", "css", "reactSnippet"]
_SOURCES: Final[tuple[tuple[str, _Source, str], ...]] = (
    ("HTML", "htmlSnippet", " wrap"),
    ("CSS", "css", ""),
    ("React", "reactSnippet", ""),
)
_MODES: Final = {"rules": "the page's rules", "computed": "computed style", "static": "without a browser"}


@dataclass(frozen=True, slots=True)
class Cards:
    """What the cards of one page have in common. ``names``: index → name of each component."""

    nonce: str
    format: Format
    names: dict[int, str]
    pictures: Pictures
    fonts: Embedding

    def card(self, component: Component) -> str:
        """The card of one component."""
        index, picture = component["index"], self.pictures.get(component["index"])
        return (
            f'<article class="card{_span(component, picture)}" id="c{index}" data-kind="{text(component["kind"])}">'
            f"{_head(component)}{self._stage(component, picture)}{_texts(component)}"
            f'<div class="sources">{"".join(self._sources(component))}{self._about(component)}</div></article>'
        )

    def _stage(self, component: Component, picture: Picture | None) -> str:
        name = component["componentName"]
        dark = " on-dark" if needs_dark(component["css"]) else ""
        # What scrolls has to be reached by keys in every browser.
        reached = f' tabindex="0" role="group" aria-label="{text(name)}"' if shown(component)[1] > TALL else ""
        rebuilt = frame(name, component_document(component, self.fonts, self.nonce))
        if picture is None:
            alone = f'<figure class="rebuilt"><div class="fit">{rebuilt}</div></figure>'
            return f'<div class="stage{dark}"{reached}>{alone}</div>'
        original = (
            f'<img src="{picture.address}" alt="{text(name)} as it was on the page" loading="lazy" decoding="async">'
        )
        return (
            f'<div class="stage paired{dark}"{reached}>'
            f'<figure class="original"><figcaption>Original</figcaption><div class="fit">{original}</div></figure>'
            f'<figure class="rebuilt"><figcaption>Rebuilt</figcaption><div class="fit">{rebuilt}</div></figure></div>'
        )

    def _sources(self, component: Component) -> Iterator[str]:
        for title, member, style in _SOURCES:
            label = "React TS" if member == "reactSnippet" and self.format == "tsx" else title
            source = component[member]
            weight, name = in_bytes(len(source.encode(errors="replace"))), text(component["componentName"])
            yield (
                f'<details class="source{style}" name="source-{component["index"]}">'
                f'<summary title="{weight}">{label}</summary><pre tabindex="0">{text(source)}</pre></details>'
                f'<button type="button" class="copy" title="Copy {label}" aria-label="Copy {label} of {name}" hidden>'
                f"{COPY}</button>"
            )

    def _about(self, component: Component) -> str:
        facts = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in self._facts(component) if value)
        return (
            f'<details class="source about" name="source-{component["index"]}"><summary>About</summary>'
            f"<div><dl>{facts}</dl></div></details>"
        )

    def _facts(self, component: Component) -> Iterator[tuple[str, str]]:
        """Names and values as HTML, empty where there is nothing to say."""
        yield "Warnings", "<br>".join(map(text, component.get("warnings", ())))
        yield "Compared", _compared(component.get("fidelity"))
        yield "Within", self._link(component.get("parent"))
        yield "States", text(", ".join(component.get("states", ())))
        yield "Changes at", text(", ".join(f"{width} px" for width in component.get("breakpoints", ())))
        yield "Fonts", text(", ".join(component.get("fonts", ())))
        yield "Selector", f"<code>{text(component['selector'])}</code>"
        yield "Read from", _MODES.get(component.get("mode", ""), "")
        yield "In the page", f"<code>{text(component['originalOuterHTML'])}</code>"

    def _link(self, index: int | None) -> str:
        return f'<a href="#c{index}">{text(self.names[index])}</a>' if index in self.names else ""


def _span(component: Component, picture: Picture | None) -> str:
    width, height = shown(component)
    if picture and width >= _STACKED[0] and height <= _STACKED[1]:
        return " wide"
    return next((span for least, span in (_PAIRED if picture else _ALONE) if width >= least), "")


def _head(component: Component) -> str:
    many = component["count"]
    count = f'<span class="count" title="{many} of them on the page">&times;{many}</span>' if many > 1 else ""
    warnings = component.get("warnings", ())
    warned = f'<span class="warned">{counted(len(warnings), "warning")}</span>' if warnings else ""
    return (
        f'<header><h3><a href="#c{component["index"]}">{text(component["componentName"])}</a></h3>{count}{warned}'
        f'<span class="size">{dimensions(component)}</span>{_match(component.get("fidelity"))}</header>'
    )


def _match(fidelity: Fidelity | None) -> str:
    if fidelity is None:
        return ""
    differing = fidelity["diff"]
    tone = "good" if differing <= _PASS else "near" if differing <= _NEAR else "far"
    return f'<span class="match {tone}" title="{_compared(fidelity)}">{percent(1 - differing)} %</span>'


def _compared(fidelity: Fidelity | None) -> str:
    if fidelity is None:
        return ""
    return f"{percent(1 - fidelity['diff'])} % of pixels as on the page, SSIM {similarity(fidelity['ssim'])}"


def _texts(component: Component) -> str:
    texts = dict.fromkeys(instance["text"] for instance in component["instances"] if instance["text"])
    if component["count"] < 2 or not texts:
        return ""
    return f'<p class="texts">{"".join(f"<span>{text(each)}</span>" for each in texts)}</p>'
