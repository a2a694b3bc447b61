"""The colours in a PNG picture, without a library for it."""

from __future__ import annotations

import zlib
from struct import unpack


def colors(png: bytes) -> set[tuple[int, ...]]:
    """All colours of an 8-bit RGB or RGBA PNG without interlacing (PNG 1.2, chapters 4 and 6)."""
    width, height, _, kind = unpack(">IIBB", png[16:26])
    step = {2: 3, 6: 4}[kind]
    data, position = b"", 8
    while position < len(png):
        (length,), name = unpack(">I", png[position : position + 4]), png[position + 4 : position + 8]
        data += png[position + 8 : position + 8 + length] if name == b"IDAT" else b""
        position += length + 12
    rows, colors, above = zlib.decompress(data), set(), bytearray(width * step)
    for start in range(0, height * (width * step + 1), width * step + 1):
        above = _unfiltered(rows[start], bytearray(rows[start + 1 : start + 1 + width * step]), above, step)
        colors |= {tuple(above[place : place + 3]) for place in range(0, len(above), step)}
    return colors


def _unfiltered(kind: int, row: bytearray, above: bytearray, step: int) -> bytearray:
    for place in range(len(row)):
        left = row[place - step] if place >= step else 0
        corner = above[place - step] if place >= step else 0
        up = above[place]
        near = min((abs(up - corner), 0, left), (abs(left - corner), 1, up), (abs(left + up - 2 * corner), 2, corner))[
            2
        ]
        row[place] = (row[place] + (0, left, up, (left + up) // 2, near)[kind]) & 255
    return row
