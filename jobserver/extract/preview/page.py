"""An HTML page of a finished job's components, from the stored result and the pictures alone."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from jobserver.extract.model import Component, Extraction
from jobserver.extract.preview import controls
from jobserver.extract.preview.card import Cards
from jobserver.extract.preview.fonts import Embedding, Fonts
from jobserver.extract.preview.markup import counted, percent, plural, similarity, text
from jobserver.extract.preview.pictures import Pictures
from jobserver.extract.preview.policy import policy, script, style
from jobserver.extract.preview.size import size_rule
from jobserver.extract.preview.tokens import design, design_links, token_rules, type_height
from jobserver.extract.text import cut

Kinds = dict[str, list[Component]]

_NO_PICTURES: Final[Pictures] = {}
_NO_FONTS: Final[Fonts] = {}


def preview_page(
    summary: Extraction,
    *,
    nonce: str,
    job_id: str | None = None,
    pictures: Pictures = _NO_PICTURES,
    fonts: Fonts = _NO_FONTS,
    download: str | None = None,
) -> str:
    """The whole page.

    It asks for nothing itself, and works without its script but for what only a script can do. What pages wrote is
    markup nowhere but in sandboxed frames; elsewhere it is text. ``nonce``: the one of `preview_csp`, from a secure
    random source. ``pictures``: of components as they were, by index. ``fonts``: those that the frames are to have with
    them. ``download``: where all is had as one file.
    """
    kinds: Kinds = {}
    for component in summary["components"]:
        kinds.setdefault(component["kind"], []).append(component)
    names = {component["index"]: component["componentName"] for component in summary["components"]}
    embedding = Embedding(fonts)
    cards = Cards(nonce, summary.get("format", "jsx"), names, pictures, embedding)
    return "".join(
        [
            _head(summary, pictures, nonce),
            f"{_side(summary, kinds)}<main>{_title(summary, kinds, job_id, download)}",
            controls.bar({kind: plural(kind) for kind in kinds}, compare=any(index in pictures for index in names)),
            *(_section(kind, members, cards) for kind, members in kinds.items()),
            design(summary, embedding, nonce),
            _nothing("No components were found on this page.", hidden=bool(kinds)),
            f"</main></div>{controls.status()}<script>{script()}</script></body></html>\n",
        ]
    )


def _section(kind: str, members: list[Component], cards: Cards) -> str:
    heading = f"{text(plural(kind))} <small>{len(members)}</small>"
    inner = "".join(map(cards.card, members))
    return f'<section class="kind" id="kind-{text(kind)}"><h2>{heading}</h2><div class="cards">{inner}</div></section>'


def _head(summary: Extraction, pictures: Pictures, nonce: str) -> str:
    sizes = "\n".join(size_rule(component, pictures.get(component["index"])) for component in summary["components"])
    ours = f"{style()}\n{token_rules(summary)}\n.type iframe{{height:{type_height(summary):g}px}}\n{sizes}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        # Here as well as in a header: a page that was saved to a file has none.
        f'<meta http-equiv="Content-Security-Policy" content="{text(policy(nonce))}">'
        '<meta http-equiv="x-dns-prefetch-control" content="off">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f'<meta name="color-scheme" content="light dark"><title>Components of {text(host(summary))}</title>'
        f'<style nonce="{text(nonce)}">{ours}</style></head><body><div class="layout">'
    )


def _side(summary: Extraction, kinds: Kinds) -> str:
    sections = [
        ("Components", [(f"kind-{kind}", plural(kind), len(members)) for kind, members in kinds.items()]),
        ("Design", list(design_links(summary))),
    ]
    lists = "".join(
        f"<h2>{title}</h2><ul>{''.join(_side_link(*entry) for entry in entries)}</ul>"
        for title, entries in sections
        if entries
    )
    return f'<nav class="side" aria-label="On this page">{lists}</nav>'


def _side_link(fragment: str, title: str, count: int) -> str:
    return f'<li><a href="#{text(fragment)}">{text(title)} <small>{count}</small></a></li>'


def _title(summary: Extraction, kinds: Kinds, job_id: str | None, download: str | None) -> str:
    url = summary["url"]
    address = f'<a class="url" href="{text(url)}" rel="noopener noreferrer nofollow">{text(cut(url, 120))}</a>'
    all_of_it = f'<a class="download" href="{text(download)}" download>Download .zip</a>' if download and kinds else ""
    return (
        f'<header class="head"><div class="top"><div><h1>{text(cut(summary["title"], 120) or host(summary))}</h1>'
        f"{address if url.startswith(('http://', 'https://')) else text(url)}</div>"
        f'<div class="acts">{controls.schemes()}{all_of_it}</div></div>'
        f"{_figures(summary, kinds)}{_facts(summary, job_id)}{_warnings(summary)}</header>"
    )


def _figures(summary: Extraction, kinds: Kinds) -> str:
    elements = sum(component["count"] for component in summary["components"])
    figures = [
        tuple(counted(number, noun).split(" ", 1))
        for number, noun in ((summary["componentCount"], "component"), (len(kinds), "kind"), (elements, "element"))
    ]
    if (fidelity := summary.get("fidelity")) and fidelity["verified"]:
        figures += [
            (f"{percent(1 - fidelity['diff'])} %", "of pixels as on the page"),
            (f"{fidelity['passed']} of {fidelity['verified']}", "compared are within 1 %"),
        ]
    return f'<ul class="figures">{"".join(f"<li><b>{figure}</b> {what}</li>" for figure, what in figures)}</ul>'


def _facts(summary: Extraction, job_id: str | None) -> str:
    fidelity = summary.get("fidelity")
    facts = [
        f"Read by the {text(summary['engine'])} engine",
        f"{text(summary['completedAt'].replace('T', ' ').split('.')[0])} UTC",
        f"mean SSIM {similarity(fidelity['ssim'])}" if fidelity and fidelity["verified"] else "",
        text(job_id) if job_id else "",
    ]
    return f'<p class="facts">{"".join(f"<span>{fact}</span>" for fact in facts if fact)}</p>'


def _warnings(summary: Extraction) -> str:
    warnings = summary["warnings"]
    if not warnings:
        return ""
    items = "".join(f"<li>{text(warning)}</li>" for warning in warnings)
    return f'<details class="warnings"><summary>{counted(len(warnings), "warning")}</summary><ul>{items}</ul></details>'


def _nothing(sentence: str, *, hidden: bool) -> str:
    if hidden:
        return '<p class="empty" id="no-match" hidden>Nothing here is called that.</p>'
    return f'<p class="empty">{sentence}</p>'


def host(summary: Extraction) -> str:
    """Whose page it was."""
    try:
        return urlsplit(summary["url"]).hostname or summary["url"]
    except ValueError:
        return summary["url"]
