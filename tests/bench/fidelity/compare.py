"""How like two pictures are: the share of pixels that differ, and structural similarity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from skimage.metrics import structural_similarity

FAR = 24
"""A channel that differs by more than this makes a pixel differ, out of 255."""

PASS = 0.01
IDENTICAL = 0.0001
"""The largest share of differing pixels with which a component passes, and with which it is identical."""

_WINDOW = 7

Pixels = Any
"""Height x width x 4 of numbers from 0 to 255."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """``diff``: share of pixels that differ over white or over black, 0 to 1. ``ssim``: the mean of 7 x 7 windows."""

    diff: float
    ssim: float


def likeness(reference: Pixels, candidate: Pixels) -> Likeness:
    """Of two pictures of one size."""
    apart = np.zeros(reference.shape[:2], bool)
    for backdrop in (255, 0):
        difference = np.abs(over(reference, backdrop) - over(candidate, backdrop))
        apart |= (difference > FAR).any(axis=2)
    first, second = (over(picture, 255).mean(axis=2) for picture in (reference, candidate))
    return Likeness(float(apart.mean()), _similarity(first, second))


def over(picture: Pixels, backdrop: int) -> Pixels:
    """The picture's three channels on a grey of ``backdrop``, as fractions of 255."""
    colors, alpha = picture[..., :3].astype(np.float32), picture[..., 3:].astype(np.float32) / 255
    return colors * alpha + backdrop * (1 - alpha)


def _similarity(first: Pixels, second: Pixels) -> float:
    return float(structural_similarity(first, second, win_size=_WINDOW, data_range=255))
