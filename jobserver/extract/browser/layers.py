"""Which components share a picture: those that stand apart, each with a twin on the stage below."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from jobserver.extract.model import Box

MARGIN = 8
"""CSS pixels around a component that are looked at as well: shadows and outlines are out there."""

APART = 24
"""CSS pixels between two of them with their margins, so that neither stands in the other's shadow."""

_GOLDEN = (math.sqrt(5) - 1) / 2
_STARTS = 24

Numbered = tuple[int, Box]
"""The number of a component, and its box in the page."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of one picture, of the page or of the stage, in CSS pixels. ``most``: components."""

    width: int
    height: int
    most: int


@dataclass(frozen=True, slots=True)
class Crop:
    """The whole pixels of a component with its margin, as far as they are in the page and fit into a picture."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def of(cls, box: Box, bounds: Bounds) -> Crop:
        """Of a box that is no larger than a picture. One that is as high as that has no room for margins."""
        first, last = math.floor(box.y), math.ceil(box.y + box.height)
        margin = min(MARGIN, max(bounds.height - (last - first), 0) // 2)
        top = max(first - margin, 0)
        # Between two pixels it may cover one row more than it is high.
        last = min(last, first + bounds.height) if box.height <= bounds.height else last
        left, right = math.floor(box.x) - MARGIN, math.ceil(box.x + box.width) + MARGIN
        return cls(max(left, 0), top, min(right, bounds.width), last + margin)

    def is_apart_from(self, other: Crop) -> bool:
        """Whether neither can cast a shadow on the other."""
        across = self.left >= other.right + APART or other.left >= self.right + APART
        return across or self.top >= other.bottom + APART or other.top >= self.bottom + APART


@dataclass(frozen=True, slots=True)
class Item:
    """A component in a picture. ``twin``: the stage's pixel row where its twin's crop begins."""

    index: int
    box: Box
    crop: Crop
    twin: int


@dataclass(frozen=True, slots=True)
class Layer:
    """Components for one picture: a band of the page from ``top`` to ``bottom``, and ``stage`` rows for their twins."""

    items: tuple[Item, ...]
    top: int
    bottom: int
    stage: int

    @property
    def pixels(self) -> int:
        """Of all its components, each with its margin."""
        return sum((item.crop.right - item.crop.left) * (item.crop.bottom - item.crop.top) for item in self.items)

    @property
    def left(self) -> int:
        """Of all its components with their margins, in the page and on the stage."""
        return min((item.crop.left for item in self.items), default=0)

    @property
    def right(self) -> int:
        """As ``left``."""
        return max((item.crop.right for item in self.items), default=0)

    def of(self, numbers: AbstractSet[int]) -> Layer:
        """The same with some of its components."""
        return replace(self, items=tuple(item for item in self.items if item.index in numbers))


def layers_of(components: Sequence[Numbered], bounds: Bounds) -> Iterator[Layer]:
    """Layers with all components in them that fit into one at all, the fullest first."""
    # Where one stands in another, chance decides between them: else all would be small or all large.
    rest = sorted(components, key=lambda each: each[0] * _GOLDEN % 1)
    while layer := _fullest(rest, bounds):
        yield layer
        taken = {item.index for item in layer.items}
        rest = [each for each in rest if each[0] not in taken]


def sample_of(components: Sequence[Numbered], bounds: Bounds, seed: int) -> Iterator[Layer]:
    """Layers for a fair sample, of all that fit into one: whoever takes the first few has small and large ones.

    Each is made around the next component of an order that is evenly spread over their sizes, which decides about the
    others there too. ``seed``: of the chance where that order begins; the same one chooses the same.
    """
    rest = _evenly(components, seed)
    while rest:
        crop = Crop.of(rest[0][1], bounds)
        layer = _filled(rest, max((crop.top + crop.bottom - bounds.height) // 2, 0), bounds)
        if layer.items:
            yield layer
        taken = {rest[0][0], *(item.index for item in layer.items)}
        rest = [each for each in rest if each[0] not in taken]


def _evenly(components: Sequence[Numbered], seed: int) -> list[Numbered]:
    """In an order of which every beginning has small and large ones: by chance, but as even as the golden ratio is."""
    by_size = sorted(components, key=lambda each: (each[1].width * each[1].height, each[0]))
    count = len(by_size)
    ranks = (int((seed + turn) * _GOLDEN % 1 * count) for turn in range(4 * count))
    return [by_size[rank] for rank in dict.fromkeys([*ranks, *range(count)])]


def _fullest(components: Sequence[Numbered], bounds: Bounds) -> Layer | None:
    """The layer with the most of them, looked for in bands all over the page; of equal ones the upper."""
    tops = sorted({Crop.of(box, bounds).top for _, box in components})
    starts = tops[:: math.ceil(len(tops) / _STARTS)] if tops else []
    layers = (_filled(components, top, bounds) for top in starts)
    best = max(layers, key=lambda layer: len(layer.items), default=None)
    return best if best is not None and best.items else None


def _filled(components: Sequence[Numbered], top: int, bounds: Bounds) -> Layer:
    """As many as fit into the band at ``top``, in the order given."""
    items: list[Item] = []
    for index, box in components:
        crop = Crop.of(box, bounds)
        inside = crop.top >= top and crop.bottom <= top + bounds.height
        if not inside or len(items) >= bounds.most or not all(crop.is_apart_from(item.crop) for item in items):
            continue
        twin = max((_below(item) for item in items if _shares_columns(item.crop, crop)), default=0)
        if twin + crop.bottom - crop.top <= bounds.height:
            items.append(Item(index, box, crop, twin))
    first = min((item.crop.top for item in items), default=0)
    last = max((item.crop.bottom for item in items), default=0)
    return Layer(tuple(items), first, last, max((_below(item) - APART for item in items), default=0))


def _below(item: Item) -> int:
    return item.twin + item.crop.bottom - item.crop.top + APART


def _shares_columns(one: Crop, other: Crop) -> bool:
    return one.left < other.right + APART and other.left < one.right + APART
