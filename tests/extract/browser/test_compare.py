"""How two pictures are compared."""

from __future__ import annotations

import base64
import json
import struct
import zlib

import pytest

from jobserver.extract.browser import script
from tests.extract.tab import Tab


@pytest.mark.browser
async def test_pictures_are_compared_as_others_compare_them(tab: Tab):
    """The reference is scikit-image 0.25: structural_similarity(win_size=7, data_range=255) of the luminances."""
    pair = {"original": {"x": 0, "y": 0}, "twin": {"x": 0, "y": 24}, "width": 40, "height": 24}
    picture = base64.b64encode(_png(40, _pattern(1) + _pattern(3))).decode()
    (likeness,) = await tab.run(f"({script.COMPARE})({json.dumps({'picture': picture, 'pairs': [pair]})})")
    assert likeness["diff"] == pytest.approx(0.63125, abs=0.001)
    assert likeness["ssim"] == pytest.approx(0.938428, abs=0.0005)


def _pattern(seed: int) -> bytes:
    """A picture of 40 x 24 with transparent parts, made by arithmetic."""
    return b"".join(
        bytes([(x * 7 + y * 3 + seed) % 256, (x * y + seed * 5) % 256, (x * x // (1 + seed) + y) % 256, _alpha(x, y)])
        for y in range(24)
        for x in range(40)
    )


def _alpha(x: int, y: int) -> int:
    return 255 if (x // 5 + y // 4) % 3 else 128


def _png(width: int, pixels: bytes) -> bytes:
    rows = [b"\0" + pixels[at : at + 4 * width] for at in range(0, len(pixels), 4 * width)]
    head = struct.pack("!IIBBBBB", width, len(rows), 8, 6, 0, 0, 0)
    body = _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(b"".join(rows))) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))
