"""React's own names for attributes, and values as JSX writes them."""

from __future__ import annotations

import json
import re

from jobserver.extract.allowed import BOOLEAN
from jobserver.extract.css_rules import split_declarations
from jobserver.extract.text import words

# react-dom: possibleStandardNames. SVG's own camelCase names (viewBox, gradientUnits) are the same in React.
_CAMEL_CASE = words(
    """acceptCharset accessKey allowFullScreen autoCapitalize autoComplete autoCorrect autoFocus autoPlay autoSave
    cellPadding cellSpacing charSet classID colSpan contentEditable contextMenu controlsList crossOrigin dateTime
    defaultChecked defaultValue disablePictureInPicture disableRemotePlayback encType enterKeyHint
    formAction formEncType formMethod formNoValidate formTarget frameBorder hrefLang imageSizes imageSrcSet inputMode
    itemID itemProp itemRef itemScope itemType keyParams keyType marginHeight marginWidth maxLength mediaGroup minLength
    noModule noValidate playsInline radioGroup readOnly referrerPolicy rowSpan spellCheck srcDoc srcLang srcSet tabIndex
    useMap"""
)
_HYPHENATED = words(
    """alignment-baseline arabic-form baseline-shift cap-height clip-path clip-rule color-interpolation
    color-interpolation-filters color-profile color-rendering dominant-baseline enable-background fill-opacity fill-rule
    flood-color flood-opacity font-family font-size font-size-adjust font-stretch font-style font-variant font-weight
    glyph-name glyph-orientation-horizontal glyph-orientation-vertical horiz-adv-x horiz-origin-x image-rendering
    letter-spacing lighting-color marker-end marker-mid marker-start overline-position overline-thickness
    paint-order panose-1 pointer-events rendering-intent shape-rendering stop-color stop-opacity strikethrough-position
    strikethrough-thickness stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit
    stroke-opacity stroke-width text-anchor text-decoration text-rendering underline-position
    underline-thickness unicode-bidi unicode-range units-per-em v-alphabetic v-hanging v-ideographic v-mathematical
    vector-effect vert-adv-y vert-origin-x vert-origin-y word-spacing writing-mode x-height xlink:actuate xlink:arcrole
    xlink:href xlink:role xlink:show xlink:title xlink:type xml:base xml:lang xml:space xmlns:xlink"""
)
_NAMES = {
    "class": "className",
    "for": "htmlFor",
    "http-equiv": "httpEquiv",
    "accept-charset": "acceptCharset",
    **{name.lower(): name for name in _CAMEL_CASE},
}

_SEPARATED = re.compile(r"[-:]([a-z0-9])")
# Quotes and backslashes need no escape in JSX, but read like JavaScript's to people.
_NEEDS_STRING = re.compile(
    r"""["'&{}<>\\\x00-\x1f\x7f-\xa0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]"""
)
_INVISIBLE = re.compile(r"[\x7f-\xa0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ue000-\uf8ff]")


def react_name(name: str) -> str:
    """What React calls an attribute; ``aria-*``, ``data-*`` and names it has no other word for stay."""
    if name.startswith(("aria-", "data-")):
        return name
    if name in _HYPHENATED:
        return _camel_case(name)
    return _NAMES.get(name, name)


def jsx_attribute(name: str, value: str) -> str:
    """One attribute, by its HTML name."""
    if name == "style":
        return f"style={{{style_object(value)}}}"
    if name in BOOLEAN and not value:
        return react_name(name)
    return f"{react_name(name)}={jsx_value(value)}"


def jsx_value(value: str) -> str:
    """In quotes, or as a JavaScript string in braces where JSX would read it differently."""
    return f"{{{js_string(value)}}}" if _NEEDS_STRING.search(value) else f'"{value}"'


def jsx_text(text: str) -> str:
    """Bare where JSX keeps it as it is, else a JavaScript string in braces."""
    return f"{{{js_string(text)}}}" if _NEEDS_STRING.search(text) or text != text.strip() else text


def js_string(text: str) -> str:
    """A JavaScript string: what cannot be seen is escaped, and so is ``</``, which ends a script in a page."""
    quoted = json.dumps(text, ensure_ascii=False).replace("</", "<\\/")
    return _INVISIBLE.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)


def style_object(style: str) -> str:
    """A ``style`` attribute as React's object: ``{ color: "red", "--gap": "1px" }``."""
    members = {_style_key(name): value for name, value in split_declarations(style)}
    return "{ " + ", ".join(f"{key}: {js_string(value)}" for key, value in members.items()) + " }" if members else "{}"


def _style_key(name: str) -> str:
    if name.startswith("--"):
        return js_string(name)
    # React writes every vendor prefix with a capital but Microsoft's.
    return _camel_case(name.lower().removeprefix("-") if name.lower().startswith("-ms-") else name.lower())


def _camel_case(name: str) -> str:
    return _SEPARATED.sub(lambda match: match[1].upper(), name)
