"""Reads CSS values strictly and writes them back in one safe spelling.

Only what is understood passes: a value is a row of strings, addresses, functions, words and numbers with balanced
brackets. Everything that could end a declaration, a block or the style element is refused or escaped (CSS Syntax 3).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from jobserver.extract.safe_url import css_url

Rewrite = Callable[[str], str | None]
"""A safe address to the one that is written: fragments get the component's prefix. None refuses it."""

STRING = r""""(?:[^"\\\n\r\f]++|\\(?:\r\n|[\s\S]))*+"|'(?:[^'\\\n\r\f]++|\\(?:\r\n|[\s\S]))*+'"""
_SYNTAX = (
    "angle|color|custom-ident|image|integer|length|length-percentage|number|percentage|resolution|string|time|"
    "transform-function|transform-list"
)
"""What the value of an attribute may be read as: ``attr(width type(<number>))`` (CSS Values 5, section 7.7)."""
_TOKEN = re.compile(
    rf"""
      (?P<comment> /\*(?:[^*]|\*(?!/))*+\*/ )
    | (?P<string> {STRING} )
    | (?P<url> url\(\s*+ (?: (?P<quoted>{STRING}) | (?P<bare>(?:[^\s"'()\\\x00-\x1f\x7f]++|\\[^\n\r\f])*+) ) \s*+\) )
    | (?P<function> (?!url\()[\w-]++\( )
    | (?P<word> [\w-]++(?!\() )
    | (?P<mark> (?:[.%\#+*=,:&|^~$?]|/(?!\*))++ )
    | (?P<syntax> (?<=[(\s|])<(?:{_SYNTAX})>[+\#]? )
    | (?P<open> [(\[] )
    | (?P<close> [)\]] )
    | (?P<compare> >=?+ | <=?+ (?![/!?\w-]) )
    | (?P<important> !\s*+important\s*+\Z )
    | (?P<space> \s++ )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PLAIN = re.compile(r"[\w.%# +*,-]*+")
_SIMPLE = re.compile(r"(?:[\w.%#+*,-]|\ (?!\ )|(?<=[\w-])\((?:[\w.%#+*,-]|\ (?!\ ))*+\))*+")
_BARE = re.compile(r'"#[\w-]+"', re.ASCII)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|[ \t\n\r\f])?|(\r\n|[\n\r\f])|([\s\S]))")
# Private-use characters are icons: written as escapes they survive any editor and any charset.
_IN_STRING = re.compile(r'["\\<\x00-\x1f\x7f\ud800-\uf8ff]')
_DANGEROUS = re.compile(r"(?:java|vb|live)script:|expression\(|-moz-binding|progid:|@import", re.IGNORECASE)
_SKIPPED = re.compile(r"[\x00-\x20\x7f]+")
_OFTEN_SEEN = 120
_MAY_ADDRESS = re.compile(r"[\"']|url\(", re.IGNORECASE)
_CLOSER = {"(": ")", "[": "]"}
_TAKES_ADDRESSES = ("image-set(", "-webkit-image-set(", "image(", "src(")


def safe_value(value: str, rewrite: Rewrite = str, *, addresses: bool = True) -> str | None:
    """The value in safe spelling, or None when it is not understood or not allowed.

    ``addresses``: whether ``url()`` may stand in it.
    """
    value = value.strip()
    if _PLAIN.fullmatch(value):
        return value
    if len(value) <= _OFTEN_SEEN and not may_address(value):
        return _without_addresses(value)
    return _checked(value, rewrite if addresses else None)


def may_address(text: str) -> bool:
    """Whether any address at all can be in it: they stand in ``url()`` or in quotes."""
    return _MAY_ADDRESS.search(text) is not None


def css_string(text: str) -> str:
    r"""As a CSS string: in quotes, with ``<`` escaped too, so that no ``</style`` can stand in it."""
    return f'"{_IN_STRING.sub(_escaped, text)}"'


def unescape(text: str) -> str:
    """With CSS escapes resolved."""
    return _ESCAPE.sub(_character, text)


@lru_cache(maxsize=4096)
def _without_addresses(value: str) -> str | None:
    # A page repeats the same few values on every element.
    return _checked(value, None)


def _checked(value: str, rewrite: Rewrite | None) -> str | None:
    try:
        text = value if _is_simple(value) else "".join(_pieces(value, rewrite)).strip()
    except _RefusedError:
        return None
    return None if _DANGEROUS.search(_SKIPPED.sub("", unescape(text))) else text


def _is_simple(value: str) -> bool:
    """Whether it is words and functions of words, written as they are read: a shadow may have thousands of them."""
    return _SIMPLE.fullmatch(value) is not None and not may_address(value)


class _RefusedError(Exception):
    """The value holds something that may not stand there."""


def _pieces(value: str, rewrite: Rewrite | None) -> Iterator[str]:
    opened: list[str] = []
    for match in _tokens(value):
        kind, text = match.lastgroup or "", match[0]
        if kind in {"function", "open"}:
            opened.append(text.lower())
        elif kind == "close" and (not opened or _CLOSER[opened.pop()[-1]] != text):
            raise _RefusedError
        yield _piece(match, rewrite, in_image_set=bool(opened) and opened[-1] in _TAKES_ADDRESSES)
    if opened:
        raise _RefusedError


def _tokens(value: str) -> Iterator[re.Match[str]]:
    position = 0
    while position < len(value):
        match = _TOKEN.match(value, position)
        if match is None:
            raise _RefusedError
        yield match
        position = match.end()


def _piece(match: re.Match[str], rewrite: Rewrite | None, *, in_image_set: bool) -> str:
    text = match[0]
    match match.lastgroup:
        case "url":
            address = _address(_url_text(match), rewrite)
            return f"url({address[1:-1] if _BARE.fullmatch(address) else address})"
        case "string" if in_image_set:
            return _address(unescape(text[1:-1]), rewrite)
        case "string":
            return css_string(unescape(text[1:-1]))
        case "comment" | "space":
            return " "
        case "important":
            return "!important"
        case _ if "/*" in text or "*/" in text:
            raise _RefusedError
        case _:
            return text


def _url_text(match: re.Match[str]) -> str:
    return unescape(match["quoted"][1:-1] if match["quoted"] is not None else match["bare"])


def _address(text: str, rewrite: Rewrite | None) -> str:
    url = css_url(text)
    written = None if url is None or rewrite is None else rewrite(url)
    if written is None:
        raise _RefusedError
    return css_string(written)


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    if "\ud800" <= character <= "\udfff" or character == "\x00":
        return "\ufffd"
    return f"\\{character}" if character in '"\\' else f"\\{ord(character):x} "


def _character(match: re.Match[str]) -> str:
    if match[1]:
        code = int(match[1], 16)
        valid = 0 < code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
        return chr(code) if valid else "\ufffd"
    return match[3] or ""
