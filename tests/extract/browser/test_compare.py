"""How two pictures are compared."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from typing import Any

import pytest

from jobserver.extract.browser import script
from tests.extract.tab import Tab


@pytest.mark.browser
async def test_pictures_are_compared_as_others_compare_them(tab: Tab):
    """The reference is scikit-image 0.25: structural_similarity(win_size=7, data_range=255) of the luminances."""
    await tab.show("<body style='margin: 0; height: 24px'>")
    await tab.run("globalThis.jobserver = {elements: new Map([['body', document.body]])}; 0")
    box = {"x": 0, "y": 0, "width": 1280, "height": 24}
    part = {"look": "body", "box": box, "x": 0, "y": 0, "width": 40, "height": 24}
    assert await tab.run(_call(script.KEEP, {"picture": _base64(_pattern(1)), "parts": [part]})) == [True]
    pair = {"look": "body", "twin": {"x": 0, "y": 24}}
    twins = _base64(bytes(4 * 40 * 24) + _pattern(3))
    (likeness,) = await tab.run(_call(script.COMPARE, {"picture": twins, "pairs": [pair]}))
    assert likeness["diff"] == pytest.approx(0.63125, abs=0.001)
    assert likeness["ssim"] == pytest.approx(0.938428, abs=0.0005)


@pytest.mark.browser
async def test_what_stands_elsewhere_when_it_is_pictured_is_not_kept(tab: Tab):
    await tab.show("<body style='margin: 0; height: 24px'>")
    await tab.run("globalThis.jobserver = {elements: new Map([['body', document.body]])}; 0")
    part = {
        "look": "body",
        "box": {"x": 0, "y": 9, "width": 1280, "height": 24},
        "x": 0,
        "y": 0,
        "width": 4,
        "height": 4,
    }
    gone = {**part, "look": "gone"}
    assert await tab.run(_call(script.KEEP, {"picture": _base64(_pattern(1)), "parts": [part, gone]})) == [False, False]


def _call(function: str, options: dict[str, Any]) -> str:
    return f"({function})({json.dumps(options)})"


def _base64(pixels: bytes) -> str:
    return base64.b64encode(_png(40, pixels)).decode()


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
