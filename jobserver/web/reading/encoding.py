"""Bytes of a request as text: only what is certain is read, nothing is guessed."""

from __future__ import annotations

import codecs

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_CODECS = {
    "": "utf-8",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "iso-8859-1": "latin-1",
    "iso8859-1": "latin-1",
    "latin1": "latin-1",
    "latin-1": "latin-1",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
}
"""Declared charset → codec. UTF-16 is missing on purpose: it is known by its byte order mark, or not at all."""


def codec_of(charset: str) -> str:
    """The codec for a declared charset, "" where none is; `ValueError` for one we do not read."""
    try:
        return _CODECS[charset.lower()]
    except KeyError:
        raise ValueError(f"charset {charset!r} is not read") from None


def decode(data: bytes, charset: str = "") -> str:
    """``data`` as text, by its byte order mark or else by the declared charset; UTF-8 where there is neither.

    `ValueError` for anything that is not exactly that. The text holds no lone surrogates.
    """
    mark, codec = next((pair for pair in _BOMS if data.startswith(pair[0])), (b"", ""))
    codec = codec or codec_of(charset)
    try:
        return data[len(mark) :].decode(codec)
    except UnicodeError:
        raise ValueError(f"its bytes are no {codec.upper()}") from None
