"""What counts as a component."""

from __future__ import annotations

import pytest

from jobserver.extract.static.page import Page
from tests.extract.static.make_capture import URL, capture, kinds

CARD = '<div class="box"><h3>Title</h3><p>Text</p></div>'


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<button>x</button>", ["button"]),
        ('<a role="button" href=x>x</a>', ["button"]),
        ('<a class="btn btn-primary" href=x>x</a>', ["button"]),
        ("<a href=x>x</a>", ["a"]),
        ('<a id="anchor"></a>', []),
        (
            '<input><input type="hidden"><select><option>1</select><textarea></textarea>',
            ["input", "select", "textarea"],
        ),
        ("<label>x</label><img src=x>", ["label", "img"]),
        ("<nav><a href=x>x</a></nav>", ["nav", "a"]),
        ('<div role="navigation">x</div>', ["nav"]),
        ("<header>x</header><footer>y</footer>", ["header", "footer"]),
        ("<form><input></form>", ["form", "input"]),
        ("<table><tr><td>x</table>", ["table"]),
        ("<dialog>x</dialog><dialog open>y</dialog>", ["dialog"]),
        ("<details><summary>x</summary><button>y</button></details>", ["details"]),
        ("<details open><summary>x</summary><button>y</button></details>", ["details", "button"]),
        ("<article>x</article><aside>y</aside>", ["article", "aside"]),
        ("<figure>x</figure><fieldset>y</fieldset>", ["figure", "fieldset"]),
        ("<ul><li>x</ul><ol><li>y</ol>", ["list", "list"]),
        ("<ul></ul>", []),
        ('<div class="item">1</div><div class="item">2</div>', []),
        ('<div><div class="item">1</div><div class="item">2</div><div class="item">3</div></div>', ["list"]),
        (f"<section>{CARD * 3}</section>", ["list", "card", "card", "card"]),
        (f'<div class="card">{CARD}</div>', ["card"]),
        ('<nav aria-label="breadcrumb"><ol class="breadcrumb"><li>x</ol></nav>', ["breadcrumb"]),
        ('<ul class="pagination"><li>1</ul>', ["pagination"]),
        ('<div role="tablist"><button>x</button></div>', ["tabs", "button"]),
        ('<div role="alert">x</div><div class="alert alert-info">y</div>', ["alert", "alert"]),
        ('<span class="badge">3</span>', ["badge"]),
        ("<section><h1>Hi</h1><button>Go</button></section>", ["hero", "button"]),
        ('<section><h2>Hi</h2><a class="btn" href=x>Go</a></section>', ["button"]),
        ("<header><h1>Hi</h1></header><div><h1>$0</h1><button>Buy</button></div>", ["header", "button"]),
        (
            '<main><h1 class="sr-only">x</h1><div><h1>Hi</h1><button>Go</button></div></main>',
            ["hero", "button"],
        ),
        ("<div><main><h1>Hi</h1></main><button>Go</button></div>", ["button"]),
        ("<div><h1>Hi</h1><button>Go</button><footer>x</footer></div>", ["button", "footer"]),
        (f"<div>{'<div class=col><div class=card><h4>x</h4><p>y</p></div></div>' * 3}</div>", ["list", *["card"] * 3]),
    ],
)
async def test_the_kinds(html: str, expected: list[str]):
    assert kinds(await capture(html)) == expected


@pytest.mark.parametrize(
    "html",
    [
        f"<p>{'<a class=x>1</a>' * 3}</p>",
        f"<p>{'<em>1</em>' * 3}</p>",
        f"<dl><dt>{'<i class=x>1</i>' * 3}<dd>{'<p class=x>1</p>' * 3}</dl>",
        f"<svg><g>{'<text class=x>1</text>' * 3}</g></svg>",
        f"<div>{'<dl class=x><dt>1<dd>2</dl>' * 3}</div>",
        f"<div>{'<div><h3>Title</h3></div>' * 3}</div>",
        f"<div>{'<h3 class=x>Title</h3>' * 3}</div>",
        f"<div>{'<div class=x>1</div>' * 3}{'<p>1</p>' * 3}</div>",
        f"<div>{('<section><h2>Chapter</h2><p>' + 'prose ' * 100 + '</section>') * 3}</div>",
    ],
)
async def test_text_and_layout_are_no_lists(html: str):
    assert "list" not in kinds(await capture(html))


@pytest.mark.parametrize("item", ["<section>x</section>", "<article>x</article>", "<div class='b a'>x</div>"])
async def test_three_equal_children_are_a_list(item: str):
    assert "list" in kinds(await capture(f"<div>{item * 3}<p>x</p></div>"))
    assert "list" not in kinds(await capture(f"<div>{item * 2}</div>"))


@pytest.mark.parametrize(
    "html",
    [
        "<div hidden><button>x</button></div>",
        '<div class="gone"><button>x</button></div>',
        '<div style="display:none"><button>x</button></div>',
        '<div style="visibility:hidden"><button>x</button></div>',
        '<div class="narrow"><button>x</button></div>',
        "<template><button>x</button></template>",
        "<noscript><button>x</button></noscript>",
        '<div role="dialog" aria-hidden="true"><button>x</button></div>',
        "<div popover><button>x</button></div>",
    ],
)
async def test_what_is_not_shown_is_not_a_component(html: str):
    assert kinds(await capture(html, ".gone{display:none} @media (min-width:1000px){.narrow{display:none}}")) == []


@pytest.mark.parametrize(
    "html",
    [
        '<div aria-hidden="true"><button>x</button></div>',
        '<div style="visibility:hidden"><button style="visibility:visible">x</button></div>',
        '<div hidden class="shown"><button>x</button></div>',
        '<div class="wide"><button>x</button></div>',
    ],
)
async def test_what_is_shown_all_the_same_is_one(html: str):
    css = ".shown{display:block} @media (max-width:600px){.wide{display:none}}"
    assert kinds(await capture(html, css)) == ["button"]


async def test_equal_looks_differ_in_text_and_link_only():
    html = "<a href=1>one</a><a href=2>two</a><a class=x href=3>three</a>"
    html += "<h1><a href=4>four</a></h1><a class=y href=5>five</a>"
    looks = [found.look for found in (await capture(html, ".x{color:red}")).found]
    assert looks[0] == looks[1] == looks[4]
    assert len(set(looks)) == 3


async def test_a_list_looks_the_same_however_often_its_items_repeat():
    first, second, third = (await capture("<ul><li>1<li>2</ul><ul><li>3</ul><ul><li><b>4</b></ul>")).found
    assert first.look == second.look != third.look


async def test_instances_beyond_the_limit_of_looks_still_count():
    html = "<button>1</button><input><button>2</button>"
    captured = await capture(html, max_components=1)
    assert [found.text for found in captured.found] == ["1", "2"]
    assert captured.warnings == ["1 more looks were left out; the limit is 1."]


async def test_every_selector_finds_its_element_and_no_other():
    html = "<div id=a><p><a href=1>x</a><a href=2>y</a></p></div><div id='b c'><a href=3>z</a></div><div id=a></div>"
    html += CARD * 3
    page = Page(html, URL)
    for found in (await capture(html)).found:
        (element,) = page.select(found.selector)
        assert element.text == found.text


async def test_a_component_knows_the_nearest_one_around_it():
    form, card, button = (await capture("<form><div class=card><p><button>x</button></p></div></form>")).found
    assert (form.parent, card.parent, button.parent) == (None, 0, 1)


async def test_what_is_too_large_for_a_component_is_said():
    captured = await capture(f"<nav>{'<p>x</p>' * 400}</nav>")
    assert kinds(captured) == []
    assert captured.warnings == ["Very large components were left out (more than 400 elements each): 1."]


async def test_a_capture_says_what_was_read():
    captured = await capture("<title> My  page </title><a href='y'>x</a>")
    assert (captured.title, captured.engine, captured.url) == ("My page", "static", URL)
    assert captured.found[0].outer_html == '<a href="y">x</a>'
    assert captured.found[0].href == "https://example.com/docs/y"
    assert captured.found[0].box is None
