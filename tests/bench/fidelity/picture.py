"""Pictures of an element where it stands: itself and its margin, as pixels."""

from __future__ import annotations

import io
import math

import numpy as np
from PIL import Image

from tests.bench.fidelity.browser import Tab
from tests.bench.fidelity.compare import Pixels

MARGIN = 8
"""CSS pixels around an element that are looked at as well: shadows and outlines are out there."""


async def picture(shown: Tab, box: dict[str, float]) -> Pixels:
    """The pixels of ``box``, which is as the viewport has it, and of its margin; outside of the viewport is nothing."""
    view = await shown.call("() => ({ x: scrollX, y: scrollY, width: innerWidth, height: innerHeight })")
    left, right = _span(box["x"], box["width"])
    top, bottom = _span(box["y"], box["height"])
    pixels: Pixels = np.zeros((bottom - top, right - left, 4), np.uint8)
    x, y = max(left, 0), max(top, 0)
    width, height = min(right, view["width"]) - x, min(bottom, view["height"]) - y
    part = {"x": x + view["x"], "y": y + view["y"], "width": width, "height": height}
    seen = np.asarray(Image.open(io.BytesIO(await shown.picture(part))).convert("RGBA"))
    pixels[y - top : y - top + height, x - left : x - left + width] = seen
    return pixels


def _span(start: float, size: float) -> tuple[int, int]:
    return math.floor(start) - MARGIN, math.ceil(start + size) + MARGIN


def within(pixels: Pixels, box: dict[str, float], room: dict[str, float]) -> Pixels:
    """The picture of ``box`` with nothing outside of ``room``: there the original's ancestors cut it off."""
    left, top = _span(box["x"], 0.0)[0], _span(box["y"], 0.0)[0]
    kept = pixels.copy()
    kept[: max(0, round(room["top"]) - top)] = 0
    kept[max(0, round(room["bottom"]) - top) :] = 0
    kept[:, : max(0, round(room["left"]) - left)] = 0
    kept[:, max(0, round(room["right"]) - left) :] = 0
    return kept
