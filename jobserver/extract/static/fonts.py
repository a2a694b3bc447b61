"""The ``font`` shorthand taken apart, and a shorthand's ``inherit`` handed to its parts."""

from __future__ import annotations

import re

from jobserver.extract.static.values import SHORTHANDS, words

_SIZE = re.compile(r"\d*\.?\d+(?:[a-z]+|%)|(?:calc|clamp|min|max|var)\(", re.IGNORECASE)
_SIZES = words("xx-small x-small small medium large x-large xx-large xxx-large smaller larger")
_WEIGHTS = words("bold bolder lighter 100 200 300 400 500 600 700 800 900")
_STYLES = words("italic oblique")
_WIDE = words("inherit initial unset revert revert-layer")
_PIECE = re.compile(r"(?:[^\s()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))+")


def longhands(name: str, value: str) -> list[tuple[str, str]]:
    """The declarations that one declaration stands for, as far as inheritance asks.

    >>> longhands("font", "bold 12px/1.5 Arial, sans-serif")
    [('font-weight', 'bold'), ('font-size', '12px'), ('line-height', '1.5'), ('font-family', 'Arial, sans-serif')]
    >>> longhands("gap", "inherit")
    [('column-gap', 'inherit'), ('row-gap', 'inherit')]
    """
    if value.lower() in _WIDE:
        return [(each, value) for each in sorted(SHORTHANDS.get(name, (name,)))]
    return _font(value) if name == "font" else [(name, value)]


def _font(value: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    pieces = list(_PIECE.finditer(value.replace(" /", "/").replace("/ ", "/")))
    for at, piece in enumerate(pieces):
        word = piece[0].lower()
        size, _, line = _cut(piece[0])
        if word in _STYLES:
            found.append(("font-style", word))
        elif word in _WEIGHTS:
            found.append(("font-weight", word))
        elif size.lower() in _SIZES or _SIZE.match(size):
            found += [("font-size", size), ("line-height", line or "normal")]
            found.append(("font-family", " ".join(each[0] for each in pieces[at + 1 :])))
            return found
    return []


def _cut(piece: str) -> tuple[str, str, str]:
    """Size and line height, at a slash outside of parentheses."""
    size, slash, line = piece.rpartition("/")
    return (size, slash, line) if slash and size.count("(") == size.count(")") else (piece, "", "")
