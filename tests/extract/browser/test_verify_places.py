"""Where components stand in the page while they are compared, and which cannot be."""

from __future__ import annotations

import pytest

from tests.extract.browser.verifying import Verify
from tests.extract.browser.web_site import Site

pytestmark = pytest.mark.browser

STYLE = """<style>
  body { margin: 0; font: 16px/1.5 sans-serif; color: #333 }
  button { background: #06c; color: #fff; border: 0; border-radius: 6px; padding: 8px 16px }
  button { box-shadow: 0 2px 6px #0006 }
  article { border: 1px solid #999; width: 300.5px; margin: 40px; padding: 10px; background: #fff }
</style>"""
BUTTON = "<button>Press me</button>"


@pytest.mark.parametrize(
    "style",
    ["will-change: transform", "contain: paint", "contain: layout style", "content-visibility: auto", "rotate: 0deg"],
)
async def test_what_the_browser_paints_beside_its_box_is_compared_where_it_is_painted(
    style: str, verify: Verify, site: Site
):
    """Layers begin at whole pixels: what stands at 20.4 + 10.3 in one is painted at 30, elsewhere at 31."""
    inner = f"<div style='{style}; padding: 10.3px; width: 500px'>{BUTTON}</div>"
    outer = f"<div style='will-change: scale; padding: 10.2px'>{inner}</div>"
    for page in (inner, outer):
        verified = await verify(site.html("/", f"{STYLE}<div style='padding: 20.4px'>{page}</div>"))
        assert verified.of("button") == {"diff": 0, "ssim": 1}


@pytest.mark.parametrize(
    "film", ["<video src=/film.webm></video>", "<video autoplay poster=/p.png src=/f.webm></video>"]
)
async def test_what_holds_a_film_that_we_do_not_load_has_no_fidelity(film: str, verify: Verify, site: Site):
    """Whoever loads it sees its pictures there: what we would compare is what nobody sees."""
    verified = await verify(site.html("/", f"{STYLE}<article><h2>A film</h2>{film}</article>{BUTTON}"))
    assert "article" in [each["kind"] for each in verified.extraction["components"]]
    assert verified.kinds == ["button"]


async def test_a_film_that_waits_behind_its_poster_is_compared(verify: Verify, site: Site):
    poster = (
        "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><path d='M1 1h5v5z'/></svg>"
    )
    film = f'<video width=90 height=90 poster="{poster}" src=/film.webm></video>'
    verified = await verify(site.html("/", f"{STYLE}<article><h2>A film</h2>{film}</article>"))
    assert "article" in verified.kinds


async def test_what_reaches_far_out_of_one_does_not_lie_upon_another(verify: Verify, site: Site):
    card = ".area { position: relative; padding: 90px } button { margin: 70px }"
    stretched = "a::after { content: ''; position: absolute; inset: 0; background: #0a08 }"
    page = f"<style>{card} {stretched}</style><div class=area><a href=/x>Stretched</a></div><button>Below</button>"
    verified = await verify(site.html("/", page))
    assert sorted(verified.kinds) == ["a", "button"]
    assert verified.extraction["fidelity"] == {"diff": 0, "ssim": 1, "verified": 2, "passed": 2}
