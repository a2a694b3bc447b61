"""Sheets are read once: what is kept, for how long, and that nobody can tell."""

from __future__ import annotations

from jobserver.extract.static.outlines import OUTLINES, Outlines
from jobserver.extract.static.rules import read_sheets
from jobserver.extract.static.sheet import Sheet
from tests.extract.static.make_capture import base, the

BASE = "https://a.example/"


def test_the_same_sheet_is_read_once_and_another_base_is_another_sheet():
    kept = Outlines(1_000_000)
    first = kept.of("a{color:red}", BASE)
    assert kept.of("a{color:red}", BASE) is first
    assert kept.of("a{color:red}", "https://b.example/") is not first
    assert (len(kept), kept.hits) == (2, 1)


def test_what_was_not_used_for_longest_goes_first():
    kept = Outlines(len("a{color:red}") * 36 * 2)
    first, second = kept.of("a{color:red}", BASE), kept.of("b{color:red}", BASE)
    assert kept.of("a{color:red}", BASE) is first
    kept.of("c{color:red}", BASE)
    assert len(kept) == 2
    assert kept.of("a{color:red}", BASE) is first
    assert kept.of("b{color:red}", BASE) is not second


def test_a_sheet_larger_than_all_the_room_is_not_kept_and_takes_nothing_with_it():
    kept = Outlines(1_000)
    small = kept.of("a{}", BASE)
    kept.of("a{color:red}" * 100, BASE)
    assert kept.of("a{}", BASE) is small
    assert len(kept) == 1


def test_layers_without_a_name_are_one_for_each_time_a_sheet_is_used():
    sheet = Sheet("@layer{a{color:red}} @layer named{a{top:0}}", BASE)
    layers = [rule.layer for rule in read_sheets([sheet, sheet]).rules]
    assert layers[0] < layers[1] < layers[2]
    assert layers[1] == layers[3]


async def test_a_second_page_with_the_same_sheet_gets_the_same_styles_from_what_was_kept():
    html, css = "<nav class=a><a href=x>x</a></nav>", ".a{color:red;background:url(i.png)} .b{color:blue}"
    first = base((await the("nav", html, css)).root)
    before = OUTLINES.hits
    assert base((await the("nav", html, css)).root) == first
    assert OUTLINES.hits > before
    assert base((await the("nav", html.replace("class=a", "class=b"), css)).root) == {"color": "blue"}
