"""Pictures of components as they were in the page: which files they are, how large, and as a part of a page."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_NAME = re.compile(r"component-([1-9]\d{0,5})\.webp", re.ASCII)
_TYPE = "image/webp"
_MOST = 4_000_000
"""Bytes of all pictures in one page; the rest is left out."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A WebP picture of one component with what is around it; ``width`` and ``height`` in its own pixels."""

    body: bytes
    width: int
    height: int

    @property
    def address(self) -> str:
        """As a ``data:`` URL."""
        return f"data:{_TYPE};base64,{base64.b64encode(self.body).decode('ascii')}"


Pictures = Mapping[int, Picture]
"""By the index of their component."""


def pictures_in(files: Iterable[tuple[str, str, bytes]]) -> Pictures:
    """The pictures among a job's files (name, content type, body); what is no WebP picture is passed over."""
    pictures: dict[int, Picture] = {}
    room = _MOST
    for name, content_type, body in files:
        match = _NAME.fullmatch(name)
        dimensions = _dimensions(body) if match and content_type == _TYPE else None
        if match and dimensions and len(body) <= room:
            pictures[int(match[1])] = Picture(body, *dimensions)
            room -= len(body)
    return pictures


def _dimensions(body: bytes) -> tuple[int, int] | None:
    """Width and height (RFC 9649, 2.5 to 2.7); None for what is no WebP picture."""
    if len(body) < 30 or body[:4] != b"RIFF" or body[8:12] != b"WEBP":
        return None
    if body[12:16] == b"VP8X":
        return _little(body[24:27]) + 1, _little(body[27:30]) + 1
    if body[12:16] == b"VP8L" and body[20] == 0x2F:
        bits = _little(body[21:25])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if body[12:16] == b"VP8 " and body[23:26] == b"\x9d\x01\x2a":
        return _little(body[26:28]) & 0x3FFF, _little(body[28:30]) & 0x3FFF
    return None


def _little(some: bytes) -> int:
    return int.from_bytes(some, "little")
