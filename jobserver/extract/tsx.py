"""Writes attributes so that TypeScript accepts them: what the types of React 18 and 19 know, and as what."""

from __future__ import annotations

import re

from jobserver.extract.allowed import BOOLEAN, SVG_ATTRIBUTES
from jobserver.extract.jsx_attributes import js_string, jsx_attribute, react_name, style_object
from jobserver.extract.text import words

# Everything below is from @types/react, index.d.ts: what is neither here nor missing there is a string.
_NUMBERS = words(
    """border cols colspan high low maxlength minlength optimum rows rowspan size span start tabindex aria-colcount
    aria-colindex aria-colspan aria-level aria-posinset aria-rowcount aria-rowindex aria-rowspan aria-setsize
    aria-valuemax aria-valuemin aria-valuenow"""
)
_TRUTHS = words(
    """aria-atomic aria-busy aria-disabled aria-expanded aria-grabbed aria-hidden aria-modal aria-multiline
    aria-multiselectable aria-readonly aria-required aria-selected preserveAlpha"""
)
_BASELINES = words(
    "alphabetic auto central hanging ideographic inherit mathematical middle text-after-edge text-before-edge"
)
_CHOICES = {
    **dict.fromkeys(_TRUTHS, words("true false")),
    "accumulate": words("none sum"),
    "additive": words("replace sum"),
    "alignment-baseline": _BASELINES | words("after-edge baseline before-edge"),
    "aria-autocomplete": words("none inline list both"),
    "aria-checked": words("true false mixed"),
    "aria-current": words("true false page step location date time"),
    "aria-dropeffect": words("none copy execute link move popup"),
    "aria-haspopup": words("true false menu listbox tree grid dialog"),
    "aria-invalid": words("true false grammar spelling"),
    "aria-live": words("off assertive polite"),
    "aria-orientation": words("horizontal vertical"),
    "aria-pressed": words("true false mixed"),
    "aria-relevant": words("additions all removals text"),
    "aria-sort": words("none ascending descending other"),
    "color-interpolation-filters": words("auto inherit linearRGB sRGB"),
    "decoding": words("async auto sync"),
    "dominant-baseline": _BASELINES | words("no-change reset-size use-script"),
    "fill-rule": words("evenodd inherit nonzero"),
    "focusable": words("auto true false"),
    "inputmode": words("decimal email none numeric search tel text url"),
    "loading": words("eager lazy"),
    "stroke-linecap": words("butt inherit round square"),
    "stroke-linejoin": words("bevel inherit miter round"),
    "text-anchor": words("end inherit middle start"),
    "translate": words("yes no"),
}
_CHOICES_OF = {
    ("button", "type"): words("button reset submit"),
    ("ol", "type"): words("1 a A i I"),
    ("table", "align"): words("center left right"),
    ("td", "align"): words("center char justify left right"),
    ("th", "align"): words("center char justify left right"),
    ("td", "valign"): words("baseline bottom middle top"),
}
_ROW = words("align bgcolor height valign width")
_UNKNOWN = {
    **dict.fromkeys(words("colgroup tbody tfoot thead tr"), _ROW),
    "audio": words("height poster width"),
    "col": _ROW - {"width"},
    "hr": words("align size width"),
    "table": words("height valign"),
    "td": words("bgcolor"),
    "th": words("bgcolor height valign width"),
    "ul": words("type"),
}
_GLOBAL_IN_HTML = words("dir hidden title translate")
_TYPED_AS_HTML = words("a title")
"""Elements of SVG whose types are those of their namesakes in HTML."""

# As JavaScript writes the number back.
_NUMBER = re.compile(r"(?:0|-?[1-9]\d{0,8})(?:\.\d{0,5}[1-9])?")


def typed_attribute(tag: str, name: str, value: str, in_svg: bool) -> str:
    """One attribute, by its HTML name.

    Names and values that the types refuse but browsers take are spread as an ``object``, which hides them.
    """
    if name == "style":
        return f"style={{{style_object(value)} as React.CSSProperties}}"
    choices = _CHOICES_OF.get((tag, name)) or _CHOICES.get(name)
    if _is_unknown(tag, name, in_svg=in_svg) or (choices and value not in choices):
        return _spread(name, value)
    if name in _NUMBERS:
        return f"{react_name(name)}={{{value}}}" if _NUMBER.fullmatch(value) else _spread(name, value)
    return jsx_attribute(name, value)


def _is_unknown(tag: str, name: str, *, in_svg: bool) -> bool:
    if not in_svg:
        return name in _UNKNOWN.get(tag, ())
    if tag in _TYPED_AS_HTML:
        return name.lower() in SVG_ATTRIBUTES
    return name in _GLOBAL_IN_HTML


def _spread(name: str, value: str) -> str:
    written = "true" if name in BOOLEAN and not value else js_string(value)
    return f"{{...({{ {js_string(react_name(name))}: {written} }} as object)}}"
