"""Font sizes without a browser: what a browser makes of the same."""

from __future__ import annotations

import pytest

from jobserver.extract.static.cascade import cascade
from jobserver.extract.static.context import Context
from jobserver.extract.static.page import Page
from tests.extract.static.make_capture import URL
from tests.extract.tab import Tab

pytestmark = pytest.mark.browser

VIEWPORT = (1280, 1000)
SIZES = """
xx-small | medium | initial | larger | smaller | 2em | 150% | 1.5rem | 2vw | 3VH | 2vmin | 1.5vmax | 12pt | 2pc
.2in | 1cm | 5mm | 20Q | 1e1px | +18px | 0 | calc(1em + 2px) | calc(50% - .2vw) | calc(2 * (1em - 4px) / 3)
calc(1px - -9px) | min(2em, 30px, 50vw) | max(1vw, 1vh) | clamp(1rem, 3vw, 20px) | clamp(30px, 1em, 90px)
-3px | calc(1px | 1furlong | bogus | clamp(1px, 2px) | calc(1px + ) | 1px 2px
""".replace("\n", "|")
FAMILIES = (
    "<b style='font-family:monospace'><p>",
    *(
        f"<b style='font-family:monospace;font-size:{size}'><p>"
        for size in ("larger", "2em", "150%", "1.5rem", "large", "2vw", "20px", "calc(1em + 2px)")
    ),
    "<b style='font-size:150%'><tt><p>",
    "<b style='font-size:150%'><tt><i style='font-family:serif'><p>",
    "<b style='font-size:20px'><tt><p>",
    "<b style='font-size:x-large'><tt><p>",
    "<b style='font-family:monospace, serif'><p>",
)


def without_browser(html: str) -> str:
    page = Page(f"<!doctype html>{html}", URL)
    return Context(cascade(page, [], VIEWPORT)).inherited(page.by_tag["p"][0]).get("font-size", "16px")


@pytest.mark.parametrize(
    "start",
    [
        *(
            f"<b style='font-size:20px'><p style='font-size:{each.strip()}'>"
            for each in SIZES.split("|")
            if each.strip()
        ),
        *FAMILIES,
    ],
)
async def test_a_font_has_the_size_that_a_browser_gives_it(tab: Tab, start: str):
    await tab.show(start)
    size = await tab.run("parseFloat(getComputedStyle(document.querySelector('p')).fontSize)")
    assert float(without_browser(start).removesuffix("px")) == pytest.approx(size, abs=0.01)
