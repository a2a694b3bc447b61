"""Which components share a picture, and which are a sample."""

from __future__ import annotations

from itertools import pairwise

from jobserver.extract.browser.layers import APART, Bounds, layers_of, sample_of
from jobserver.extract.model import Box

BOUNDS = Bounds(1280, 1000, most=40)


def test_components_that_stand_apart_share_a_picture():
    boxes = [(1, Box(100, 100, 50, 20)), (2, Box(300, 100, 50, 20)), (3, Box(100, 300, 50, 20))]
    (layer,) = layers_of(boxes, BOUNDS)
    assert sorted(item.index for item in layer.items) == [1, 2, 3]


def test_components_that_touch_or_hold_each_other_do_not():
    boxes = [(1, Box(100, 100, 300, 200)), (2, Box(110, 110, 50, 20)), (3, Box(405, 110, 50, 20))]
    layers = list(layers_of(boxes, BOUNDS))
    assert sorted(item.index for layer in layers for item in layer.items) == [1, 2, 3]
    assert len(layers) == 2


def test_a_picture_is_no_higher_than_it_may_be():
    boxes = [(index, Box(10.5, 600.25 * index, 100, 400)) for index in range(12)]
    layers = list(layers_of(boxes, BOUNDS))
    assert sorted(item.index for layer in layers for item in layer.items) == list(range(12))
    assert all(max(layer.bottom - layer.top, layer.stage) <= BOUNDS.height for layer in layers)


def test_what_is_as_high_as_a_picture_fills_one_without_margins():
    boxes = [(1, Box(0, 0, 1280, 1000)), (2, Box(0, 1000.5, 1280, 1000)), (3, Box(0, 2100, 1280, 995))]
    layers = sorted(layers_of(boxes, BOUNDS), key=lambda layer: layer.top)
    assert [(layer.top, layer.bottom) for layer in layers] == [(0, 1000), (1000, 2000), (2098, 3097)]
    assert list(layers_of([(1, Box(0, 0, 100, 1000.5))], BOUNDS)) == []


def test_twins_stand_apart_as_their_originals_do():
    boxes = [(index, Box(10 + 7 * index, 90 * index, 200, 30)) for index in range(9)]
    for layer in layers_of(boxes, BOUNDS):
        rows = sorted((item.twin, item.twin + item.crop.bottom - item.crop.top) for item in layer.items)
        assert all(below[0] - above[1] >= APART for above, below in pairwise(rows))


def test_what_fits_into_no_picture_is_left_out():
    assert list(layers_of([(1, Box(0, 0, 100, 5000))], BOUNDS)) == []
    assert list(layers_of([], BOUNDS)) == []
    small, huge = (2, Box(0, 0, 100, 50)), (1, Box(0, 0, 100, 5000))
    assert [item.index for layer in sample_of([huge, small], BOUNDS, 0) for item in layer.items] == [2]


def test_a_sample_has_large_components_as_often_as_small_ones():
    """Of a page of sections of 500 px, each with three small things in it, the beginnings of many samples."""
    boxes = [(index, Box(0, 600.0 * index, 1280, 500)) for index in range(8)]
    boxes += [
        (100 + 3 * index + n, Box(20 + 200 * n, 600.0 * index + 20, 90, 30)) for index in range(8) for n in range(3)
    ]
    firsts = [next(sample_of(boxes, BOUNDS, seed)).items[0].index for seed in range(64)]
    assert 0.2 < sum(index < 100 for index in firsts) / len(firsts) < 0.3, "a quarter of them are sections"
    assert len(set(firsts)) > 24, "from all over the page"
    every = [item.index for layer in sample_of(boxes, BOUNDS, 5) for item in layer.items]
    assert sorted(every) == sorted(index for index, _ in boxes), "nobody is never in one"
