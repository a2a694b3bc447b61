"""What becomes of a page that has one of everything, letter by letter."""

from __future__ import annotations

import pytest

from tests.extract.golden import page


@pytest.mark.parametrize("name", page.FILES)
def test_a_page_with_one_of_everything_becomes_what_was_found_good(name: str):
    expected = (page.HERE / name).read_text("utf-8")
    assert page.written(name) == expected, "if it is better now, run `python -m tests.extract.golden.page`"


def test_every_class_of_a_snippet_is_in_its_css():
    for component in page.extracted("jsx")["components"]:
        names = {part.split('"')[0] for part in component["htmlSnippet"].split('class="')[1:]}
        assert names
        assert all(f".{name}" in component["css"] for name in names)
