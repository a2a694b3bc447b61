"""Pages that hold a payload wherever a page can hold text, and what may stand in what is made of them."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

import esprima
from selectolax.lexbor import LexborHTMLParser

_ADDRESSES = frozenset({"href", "src", "action", "formAction", "xlinkHref", "poster", "data"})


def swallows(payload: str) -> bool:
    """Whether nothing after it is read as the page means it."""
    after = LexborHTMLParser(f"<!doctype html><body>{_block(payload)}<nav id=after></nav>").css("body > nav#after")
    return not after


def page_of(payloads: Iterable[str]) -> str:
    """A page of payloads, which are its title as well."""
    payloads = list(payloads)
    title = html.escape(" ".join(payloads))
    blocks = "\n".join(map(_block, payloads))
    return f'<!doctype html><html lang="en"><head><title>{title}</title></head><body>{blocks}</body></html>'


def _block(payload: str) -> str:
    """A payload as the value of every attribute that may stay, as text, as a style, in broken attributes, as markup."""
    said = html.escape(payload)
    return f"""
<nav aria-label="{said}" title="{said}" id="{said}" class="{said}" data-x="{said}" lang="{said}" role="{said}">
<a href="{said}" target="{said}" rel="{said}" hreflang="{said}" download="{said}">{said}</a>
<img src="{said}" alt="{said}" srcset="{said} 2x" sizes="{said}" width="{said}"><a href="#{said}">#</a></nav>
<form action="{said}" method="{said}" name="{said}" aria-labelledby="{said}"><label for="{said}">{said}</label>
<input id="{said}" name="{said}" value="{said}" placeholder="{said}" type="{said}" pattern="{said}">
<button formaction="{said}" value="{said}" type="{said}">{said}</button><textarea placeholder="{said}">{said}</textarea>
<select name="{said}"><option value="{said}" label="{said}">{said}</option></select></form>
<div class="card" style="background:url('{said}');font-family:'{said}';--x:{said}"><h3>{said}</h3><p>{said}</p>
<svg viewBox="{said}" fill="{said}"><a href="{said}" xlink:href="{said}"><text x="{said}">{said}</text></a>
<image href="{said}" width="9" height="9"/><use href="{said}"/><path d="{said}" fill="url({said})"/>
<animate attributeName="{said}" values="{said}" to="{said}" begin="{said}"/></svg></div>
<table><caption>{said}</caption><tr><th abbr="{said}" headers="{said}">{said}</th></tr></table>
<iframe src="{said}" title="{said}" width="{said}"></iframe><video poster="{said}" src="{said}"></video>
<button title="{payload}">a</button><button title='{payload}'>b</button><button title={payload}>c</button>
<nav><a href="{payload}">d</a></nav>
<nav>{payload}<a href="/x">e</a></nav>"""


def together(summary: dict[str, Any]) -> str:
    """All that somebody could paste from a result, as one document."""
    parts = (each[member] for each in summary["components"] for member in ("htmlSnippet", "cleanedHtml"))
    sheets = "".join(f"<style>{each['css']}</style>" for each in summary["components"])
    css = f"<style>{summary['cssFile']}</style>{sheets}"
    return f"<!doctype html><html><head><meta charset=utf-8>{css}</head><body>{'<hr>'.join(parts)}</body></html>"


def is_plain_jsx(source: str) -> bool:
    """Whether a component's JSX holds elements, attributes without handlers, and literals: nothing to work out."""
    try:
        tree = esprima.toDict(esprima.parseModule(source, {"jsx": True}))
    except esprima.Error:
        return False
    return all(_is_plain_node(node) for node in _nodes(tree))


def _is_plain_node(node: dict[str, Any]) -> bool:
    match node.get("type"):
        case "JSXAttribute":
            name = str(node["name"].get("name"))
            value = str((node.get("value") or {}).get("value") or "")
            dangerous = name.lower().startswith("on") or name in {"dangerouslySetInnerHTML", "srcDoc", "ref"}
            runs = name in _ADDRESSES and value.strip().lower().startswith(("javascript:", "vbscript:", "data:text"))
            return not dangerous and not runs
        case "JSXExpressionContainer":
            return node["expression"]["type"] in {"Literal", "ObjectExpression"}
        case "CallExpression" | "NewExpression" | "TaggedTemplateExpression" | "JSXSpreadAttribute":
            return False
        case _:
            return True


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from _nodes(each)


def in_path(payload: str) -> str:
    """As a part of a path."""
    return quote(payload.encode("utf-8", "surrogatepass"), safe="")[:600].rstrip("%0123456789ABCDEFabcdef") or "x"
