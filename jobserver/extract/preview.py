"""An HTML page of a finished job's components, from the stored result alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

from jobserver.extract.model import Component, Extraction
from jobserver.extract.preview_card import card, card_size, text
from jobserver.extract.text import cut

Kinds = dict[str, list[Component]]

_TITLES = {
    "a": "Links",
    "img": "Images",
    "nav": "Navigation",
    "textarea": "Text areas",
    "hero": "Heroes",
    "details": "Details",
    "tabs": "Tabs",
    "pagination": "Pagination",
    "input": "Inputs",
}
_BACKDROPS = (("checker", "Checker", " checked"), ("light", "Light", ""), ("dark", "Dark", ""))


def preview_csp(nonce: str) -> str:
    """The Content-Security-Policy of the page.

    Its frames inherit it, as ``srcdoc`` documents do (HTML, "policy containers").
    Styles need the nonce, in the frames too; nothing may run, be sent, be framed or frame us. Pictures and fonts of the
    components come from where the page had them.
    """
    return f"{_policy(nonce)}; frame-ancestors 'none'"


def preview_page(summary: Extraction, *, job_id: str | None = None, nonce: str) -> str:
    """The whole page; see `preview_parts` to send it as it is written."""
    return "".join(preview_parts(summary, job_id=job_id, nonce=nonce))


def preview_parts(summary: Extraction, *, job_id: str | None = None, nonce: str) -> Iterator[str]:
    """The page piece by piece, one component each, so that megabytes need not be built at once.

    It works without scripts and asks for nothing itself. A component's markup stands nowhere but in a sandboxed frame;
    its sources are shown as text. ``nonce``: the one of `preview_csp`, from a secure random source.
    """
    kinds: Kinds = {}
    for component in summary["components"]:
        kinds.setdefault(component["kind"], []).append(component)
    yield _head(summary, nonce)
    yield f"{_side(kinds)}<main>{_title(summary, kinds, job_id)}"
    for kind, members in kinds.items():
        heading = f"{text(_plural(kind))} <small>{len(members)}</small>"
        yield f'<section class="kind" id="kind-{text(kind)}"><h2>{heading}</h2><div class="cards">'
        yield from (card(component, nonce) for component in members)
        yield "</div></section>"
    if not kinds:
        yield '<p class="empty">No components were found on this page.</p>'
    yield "</main></div></body></html>\n"


def _head(summary: Extraction, nonce: str) -> str:
    sizes = "\n".join(map(card_size, summary["components"]))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        # Here as well as in a header: a page that was saved to a file has none.
        f'<meta http-equiv="Content-Security-Policy" content="{text(_policy(nonce))}">'
        '<meta http-equiv="x-dns-prefetch-control" content="off">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f'<meta name="color-scheme" content="light dark"><title>Components of {text(_host(summary))}</title>'
        f'<style nonce="{text(nonce)}">{_style()}\n{sizes}</style></head><body><div class="layout">'
    )


def _policy(nonce: str) -> str:
    return (
        f"default-src 'none'; style-src 'nonce-{nonce}'; img-src http: https: data:; font-src http: https: data:; "
        "form-action 'none'; base-uri 'none'"
    )


def _side(kinds: Kinds) -> str:
    links = (
        f'<li><a href="#kind-{text(kind)}">{text(_plural(kind))} <small>{len(members)}</small></a></li>'
        for kind, members in kinds.items()
    )
    return f'<nav class="side" aria-label="Kinds of component"><h2>Components</h2><ul>{"".join(links)}</ul></nav>'


def _title(summary: Extraction, kinds: Kinds, job_id: str | None) -> str:
    url = summary["url"]
    address = f'<a class="url" href="{text(url)}" rel="noopener noreferrer nofollow">{text(cut(url, 120))}</a>'
    return (
        f'<header class="head"><h1>{text(cut(summary["title"], 120) or _host(summary))}</h1>'
        f"{address if url.startswith(('http://', 'https://')) else text(url)}"
        f"{_facts(summary, kinds, job_id)}{_warnings(summary)}{_backdrops()}</header>"
    )


def _facts(summary: Extraction, kinds: Kinds, job_id: str | None) -> str:
    elements = sum(component["count"] for component in summary["components"])
    facts = [
        f"<b>{summary['componentCount']}</b> components",
        f"<b>{len(kinds)}</b> kinds",
        f"<b>{elements}</b> elements on the page",
        f"read by the <b>{text(summary['engine'])}</b> engine",
        f"on {text(summary['completedAt'].replace('T', ' ').split('.')[0])} UTC",
        f"as {text(job_id)}" if job_id else "",
    ]
    return f'<p class="facts">{"".join(f"<span>{fact}</span>" for fact in facts if fact)}</p>'


def _warnings(summary: Extraction) -> str:
    warnings = summary["warnings"]
    if not warnings:
        return ""
    items = "".join(f"<li>{text(warning)}</li>" for warning in warnings)
    noun = "warning" if len(warnings) == 1 else "warnings"
    return f'<details class="warnings"><summary>{len(warnings)} {noun}</summary><ul>{items}</ul></details>'


def _backdrops() -> str:
    choices = (
        f'<label><input type="radio" name="backdrop" id="on-{value}"{checked}>{label}</label>'
        for value, label, checked in _BACKDROPS
    )
    return f'<fieldset class="backdrop"><legend>Show components on</legend>{"".join(choices)}</fieldset>'


def _plural(kind: str) -> str:
    return _TITLES.get(kind) or f"{kind[:1].upper()}{kind[1:]}{'s' if not kind.endswith('s') else ''}"


def _host(summary: Extraction) -> str:
    try:
        return urlsplit(summary["url"]).hostname or summary["url"]
    except ValueError:
        return summary["url"]


@cache
def _style() -> str:
    return files("jobserver.extract").joinpath("preview.css").read_text("utf-8")
