"""What is read off a page."""

from __future__ import annotations

import asyncio
import base64

import pytest

from jobserver.extract.model import Node
from tests.extract.browser.reading import PAGE, Visit, nodes, of_kind, style, text
from tests.extract.browser.web_site import Site, responds
from tests.extract.tab import Tab

pytestmark = pytest.mark.browser

# -- what is found ------------------------------------------------------------------------------------------------


async def test_a_plain_page_gives_its_components_in_order(visit: Visit, site: Site):
    capture = await visit(site.html("/", PAGE))
    assert capture.title == "A shop"
    assert capture.engine == "browser"
    assert capture.url == site.url("/")
    assert [found.kind for found in capture.found] == ["nav", *["a"] * 3, "button", "list", *["card"] * 3]


async def test_every_selector_leads_to_exactly_its_element(visit: Visit, site: Site, tab: Tab):
    url = site.html("/", PAGE)
    capture = await visit(url)
    selectors = [found.selector for found in capture.found]
    await tab.visit(url)
    texts = await tab.run(f"{selectors}.map(s => [...document.querySelectorAll(s)].map(e => e.innerText))")
    assert all(len(found) == 1 for found in texts)
    assert [" ".join(found[0].split()) for found in texts] == [found.text for found in capture.found]


async def test_a_box_says_where_the_component_stands(visit: Visit, site: Site):
    (button,) = of_kind(await visit(site.html("/", PAGE)), "button")
    assert button.box
    assert (button.box.x, button.box.y, button.box.width, button.box.height) == (300, 100, 120, 40)


async def test_elements_of_one_look_share_one_tree(visit: Visit, site: Site):
    links = of_kind(await visit(site.html("/", PAGE)), "a")
    assert len({link.look for link in links}) == 1
    assert all(link.root is links[0].root for link in links)
    assert [(link.text, link.href) for link in links] == [
        ("One", site.url("/one")),
        ("Two", site.url("/two")),
        ("Three", site.url("/three")),
    ]


async def test_another_colour_is_another_look(visit: Visit, site: Site):
    capture = await visit(site.html("/", "<button>A</button><button style='color: red'>B</button><button>C</button>"))
    first, red, third = capture.found
    assert first.look == third.look != red.look


async def test_the_limit_of_components_counts_looks(visit: Visit, site: Site):
    capture = await visit(site.html("/", PAGE), max_components=2)
    assert [found.kind for found in capture.found] == ["nav", "a", "a", "a"]
    assert any("limit of 2" in warning for warning in capture.warnings)


@pytest.mark.parametrize(
    "script",
    [
        """new IntersectionObserver(([seen], watcher) => {
          if (!seen.isIntersecting) return
          watcher.disconnect()
          show()
        }).observe(late)""",
        "onscroll = () => { if (scrollY > 4000) show() }",
        "document.addEventListener('scrollend', show, { once: true })",
    ],
)
async def test_content_that_waits_to_be_scrolled_to_is_there(visit: Visit, site: Site, script: str):
    given = "const late = document.querySelector('p'); const show = () => { late.innerHTML = '<button>Late</button>' };"
    body = f"<div style='height: 5000px'></div><p style='height: 50px'></p><script>{given}{script}</script>"
    (button,) = (await visit(site.html("/", body))).found
    assert button.text == "Late"
    assert button.box
    assert button.box.y > 5000


@pytest.mark.parametrize(
    "script",
    [
        "setTimeout(show, 300)",
        "onload = () => setTimeout(show, 300)",
        "let left = 8; const step = () => setTimeout((left -= 1) ? step : show, 40); onload = step",
        "onload = () => window.setTimeout('show()', 300, 'and more')",
    ],
)
async def test_content_that_a_short_timer_shows_is_there(visit: Visit, site: Site, script: str):
    show = "const show = () => document.body.insertAdjacentHTML('beforeend', '<button>Late</button>');"
    capture = await visit(site.html("/", f"<a href=/x>One</a><script>{show}{script}</script>"))
    assert [found.text for found in capture.found] == ["One", "Late"]


async def test_timers_are_not_waited_for_without_end(visit: Visit, site: Site):
    """Neither a long one nor one that is always set again; and the page's timers are as they were."""
    script = """
        setTimeout(() => document.body.append('much later'), 9000);
        const again = () => setTimeout(again, 50);
        again();
        document.querySelector('button').textContent = [setTimeout.name, setTimeout.length, setTimeout].join();
    """
    async with asyncio.timeout(6.0):
        (button,) = (await visit(site.html("/", f"<button></button><script>{script}</script>"))).found
    assert "native code" in button.text


async def test_a_lazy_picture_is_loaded(visit: Visit, site: Site):
    site.add("/dot.png", responds(body=_DOT, content_type="image/png"))
    await visit(site.html("/", "<div style='height: 9000px'></div><img loading=lazy src=/dot.png width=9 height=9>"))
    assert "/dot.png" in site.asked


# -- the tree -----------------------------------------------------------------------------------------------------


async def test_shadow_content_is_found_and_flattened(visit: Visit, site: Site):
    body = """
        <my-card id=one>Slotted</my-card>
        <script>
          customElements.define('my-card', class extends HTMLElement {
            constructor() {
              super()
              this.attachShadow({ mode: 'open' }).innerHTML =
                '<style>article { color: rgb(1, 2, 3) }</style>' +
                '<article>Before <slot></slot> <button>In</button></article>'
            }
          })
        </script>
    """
    capture = await visit(site.html("/", body))
    (article,) = of_kind(capture, "article")
    assert text(article.root) == "Before Slotted In"
    assert style(article.root)["color"] == "rgb(1, 2, 3)"
    assert {node.tag for node in nodes(article.root)} == {"article", "span", "button"}
    (button,) = of_kind(capture, "button")
    assert button.selector == "#one >>> article:nth-of-type(1) > button:nth-of-type(1)"


async def test_addresses_are_absolute(visit: Visit, site: Site):
    body = (
        "<base href=/deep/><figure><a href=x>x</a><img src=y.png srcset='y.png 1x, z.png 2x' width=9 height=9></figure>"
    )
    (figure,) = of_kind(await visit(site.html("/", body)), "figure")
    _, link, image = nodes(figure.root)
    assert link.attrs["href"] == site.url("/deep/x")
    assert image.attrs["srcset"] == f"{site.url('/deep/y.png')} 1x, {site.url('/deep/z.png')} 2x"


async def test_a_canvas_becomes_its_picture(visit: Visit, site: Site):
    script = "document.querySelector('canvas').getContext('2d')"
    body = f"<figure><canvas width=20 height=20></canvas></figure><script>{script}</script>"
    (figure,) = of_kind(await visit(site.html("/", body)), "figure")
    picture = figure.root.children[0]
    assert isinstance(picture, Node)
    assert picture.tag == "img"
    assert picture.attrs["src"].startswith("data:image/png;base64,")


async def test_a_chart_that_grows_is_read_when_it_is_grown(visit: Visit, site: Site):
    body = "<figure><canvas width=100 height=9></canvas></figure>"
    script = """
        const drawing = document.querySelector('canvas').getContext('2d');
        let width = 0;
        const grow = () => {
            width += 4;
            drawing.fillRect(0, 0, width, 9);
            if (width < 100) requestAnimationFrame(grow);
            else document.querySelector('figure').title = document.querySelector('canvas').toDataURL();
        };
        requestAnimationFrame(grow);"""
    (figure,) = of_kind(await visit(site.html("/", f"{body}<script>{script}</script>")), "figure")
    picture = figure.root.children[0]
    assert isinstance(picture, Node)
    assert picture.attrs["src"] == figure.root.attrs["title"]


async def test_a_canvas_that_never_rests_is_not_waited_for_without_end(visit: Visit, site: Site):
    script = """
        const drawing = document.querySelector('canvas').getContext('2d');
        let turn = 0;
        const draw = () => {
            drawing.fillStyle = `hsl(${turn += 30} 90% 50%)`;
            drawing.fillRect(0, 0, 20, 20);
            requestAnimationFrame(draw);
        };
        draw();"""
    body = f"<figure><canvas width=20 height=20></canvas></figure><script>{script}</script>"
    assert of_kind(await visit(site.html("/", body)), "figure")


async def test_a_film_says_where_it_is(visit: Visit, site: Site):
    sources = '<source src="x.none" type="video/none"><source src="x.webm" type="video/webm">'
    (figure,) = of_kind(await visit(site.html("/", f"<figure><video muted>{sources}</video></figure>")), "figure")
    film = figure.root.children[0]
    assert isinstance(film, Node)
    assert film.attrs["src"] == site.url("/x.webm")
    assert film.children == []


async def test_what_was_typed_is_kept_but_never_a_password(visit: Visit, site: Site):
    body = """<form><input><input type=password value=geheim><input type=checkbox><textarea></textarea></form>
        <script>
          const [a, p, box] = document.querySelectorAll('input')
          a.value = 'typed'
          p.value = 'secret'
          box.checked = true
          document.querySelector('textarea').value = 'long'
        </script>"""
    capture = await visit(site.html("/", body))
    (form,) = of_kind(capture, "form")
    name, password, box, area = [node for node in nodes(form.root) if node.tag in {"input", "textarea"}]
    assert name.attrs["value"] == "typed"
    assert "value" not in password.attrs
    assert "checked" in box.attrs
    assert text(area) == "long"
    assert not any(secret in found.text for found in capture.found for secret in ("secret", "geheim"))


async def test_a_symbol_used_from_elsewhere_comes_along(visit: Visit, site: Site):
    body = """<svg style="display: none"><symbol id=star viewBox="0 0 9 9"><path d="M0 0h9v9z"/></symbol></svg>
        <button style="fill: rgb(1, 2, 3)"><svg width=20 height=20><use href="#star"/></svg></button>"""
    (button,) = (await visit(site.html("/", body))).found
    assert [node.tag for node in nodes(button.root)] == ["button", "svg", "defs", "symbol", "path", "use"]
    # Taken from where it is used, not from where it is kept.
    assert [node.tag for node in nodes(button.root) if "fill" in style(node)] == ["button"]


async def test_a_very_large_component_is_cut_and_warned_of(visit: Visit, site: Site):
    rows = "<tr><td>x</td></tr>" * 900
    capture = await visit(site.html("/", f"<table>{rows}</table>"))
    (table,) = capture.found
    assert len(list(nodes(table.root))) == 1000
    assert table.warnings == ["It was cut after 1000 elements."]
    assert any("Very large" in warning for warning in capture.warnings)


async def test_the_page_cannot_tamper_with_the_reading(visit: Visit, site: Site):
    script = """
        JSON.stringify = () => 'tampered'
        window.getComputedStyle = () => { throw new Error('tampered') }
        Element.prototype.getBoundingClientRect = () => { throw new Error('tampered') }
        Array.prototype.map = Array.prototype.push = () => { throw new Error('tampered') }
    """
    capture = await visit(site.html("/", f"<button>Honest</button><script>{script}</script>"))
    assert [found.text for found in capture.found] == ["Honest"]


_DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
