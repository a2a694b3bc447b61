"""Which elements are components: in the browser, and the same in both engines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.extract.browser.detection import detect, run
from tests.extract.static.make_capture import capture
from tests.extract.tab import Tab

pytestmark = pytest.mark.browser

CARD = "<div class=box><h3>Title</h3><p>Some words about it</p></div>"
STYLE = """
.btn { padding: 8px 16px; background: #06c; color: #fff; border-radius: 6px }
.edge { border: 1px solid #ccc }
.gone { display: none }
.arrow::after { content: ">" }
.row { display: flex; gap: 20px }
.for-readers { position: absolute; width: 1px; height: 1px; overflow: hidden; clip: rect(0, 0, 0, 0) }
"""

KINDS = {
    "<button>x</button>": "button",
    "<a role=button href=#>x</a>": "button",
    "<a class='btn btn-primary' href=#>x</a>": "button",
    "<div role=button tabindex=0>x</div>": "button",
    "<input type=image alt=Go>": "button",
    "<a href=#>x</a>": "a",
    "<a>no link</a>": "",
    "<input type=email>": "input",
    "<input type=hidden>": "",
    "<div role=switch>on</div>": "input",
    "<select><option>1</select>": "select",
    "<textarea></textarea>": "textarea",
    "<label>x</label>": "label",
    "<nav><a href=#>x</a></nav>": "nav a",
    "<nav><ul><li><a href=#>x</a><li><a href=#>y</a></ul></nav>": "nav a a",
    "<header>x</header><footer>y</footer>": "header footer",
    "<div role=banner>x</div><div role=contentinfo>y</div>": "header footer",
    "<form><input></form>": "form input",
    "<form role=search><input></form>": "form input",
    "<table><tr><td>x</table>": "table",
    "<table role=presentation><tr><td>x</table>": "",
    "<dialog>x</dialog><dialog open style='position: static'>y</dialog>": "dialog",
    "<details><summary>x</summary><button>y</button></details>": "details",
    "<article>x</article><aside>y</aside>": "article aside",
    "<figure>x</figure><fieldset>y</fieldset>": "figure fieldset",
    "<ul><li>x<li>y</ul><ol><li>z</ol>": "list list",
    "<ul></ul>": "",
    "<nav aria-label=breadcrumb><ol class=breadcrumb><li>x<li>y</ol></nav>": "breadcrumb",
    "<nav aria-label='Page navigation'><ul class=pagination><li>1<li>2</ul></nav>": "pagination",
    "<nav><ul class=pagination><li>1<li>2</ul></nav>": "pagination",
    "<ul class='nav nav-tabs'><li><a href=#>x</a><li><a href=#>y</a></ul>": "tabs a a",
    "<div role=tablist><div role=tab>x</div></div>": "tabs",
    "<ul class=steps><li>x<li>y</ul>": "steps",
    "<div role=menu><div>x</div></div>": "menu",
    "<ul class=dropdown-menu><li>x<li>y</ul>": "menu",
    "<div class='alert alert-info'>Mind!</div>": "alert",
    "<div role=alert><div class=alert>Mind!</div></div>": "alert",
    "<span class=badge>New</span>": "badge",
    "<span class='tag edge'>New</span><span class=tag>Text</span>": "badge",
    "<div class=accordion><details open><summary>x</summary>y</details></div>": "accordion details",
    "<progress value=1 max=2></progress>": "progress",
    "<pre><code>x = 1</code></pre>": "code",
    "<blockquote>x</blockquote>": "quote",
    "<div class=btn-group><button>x</button><button>y</button></div>": "toolbar button button",
    "<div class=card><h4>x</h4></div>": "card",
    "<a class=card href=#><h4>x</h4></a>": "card",
    "<article class=card><h4>x</h4></article>": "card",
    "<div class=card-body><p>x</p></div>": "",
    "<div class=list-group><a href=#>x</a><a href=#>y</a></div>": "list a a",
}
"""Markup → the kinds of all that is found in it."""

SHAPES = {
    "three equal blocks are a list": ("<div class=item>1</div>" * 3, "list"),
    "two are not": ("<div class=item>1</div>" * 2, ""),
    "blocks with a heading and words are cards": (CARD * 3, "list card card card"),
    "a card is not its column too": (f"<div class=col>{CARD.replace('box', 'card')}</div>" * 3, "list card card card"),
    "nor where neither has a name": (f"<div class=col>{CARD}</div>" * 3, "list card card card"),
    "an edge makes the outer one the card": (f"<div class='col edge'>{CARD}</div>" * 3, "list card card card"),
    "a link around all of a card is the card": (
        "<li><a href=#><h3>Title</h3><p>Words</p></a></li>" * 3,
        "list card card card",
    ),
    "headings that are links are no cards": ("<li><h3><a href=#>Title</a></h3></li>" * 3, "list a a a"),
    "chapters are no list": (f"<section class=c><h2>Chapter</h2><p>{'prose ' * 150}</p></section>" * 3, ""),
    "short sections are one": ("<section><h2>Fast</h2><p>Words</p></section>" * 3, "list card card card"),
    "fields are no list": ("<div class=field><input></div>" * 3, "input input input"),
    "dividers are no list": ("<div class=line></div>" * 3, ""),
    "paragraphs are no list": ("<p class=x>1</p>" * 3, ""),
    "what is hidden does not count": ("<div class=i>1</div><div class=i>1</div><div class='i gone'>1</div>", ""),
}

HERO = "<h1>Big</h1><p>Words</p><button>Go</button>"
PAGES = {
    "a hero": ("<section id=top><h1>Big</h1><p>Words</p><a class=btn href=#>Go</a></section>", "hero button"),
    "a hero around its columns": (
        f"<header class=edge><div class=row><div>{HERO}</div><div>more</div></div></header><main><h2>Next</h2></main>",
        "hero button",
    ),
    "no hero without anything to do": ("<section><h1>Big</h1><p>See <a href=#>there</a></p></section>", "a"),
    "no hero of a whole page": (
        "<div><h1>Big</h1><main><button>Go</button></main><footer>End</footer></div>",
        "button footer",
    ),
    "a title bar is no hero": ("<div class=row><h1>Users</h1><button>New</button></div>", "button"),
    "a hero has one heading": (
        "<div><h1>Big</h1><p>Words</p><button>Go</button><h2>Next</h2></div>",
        "button",
    ),
    "a heading for screen readers is not seen": (
        "<h1 class=for-readers>x</h1><div><h1>Hi</h1><button>Go</button></div>",
        "hero button",
    ),
    "what wraps the page is no form": ("<form><main><input></main></form>", "input"),
    "drawings hold no components": (
        "<svg width=9 height=9><a href=#><text y=9>x</text></a></svg><button>y</button>",
        "button",
    ),
}

HIDDEN = (
    "display: none",
    "visibility: hidden",
    "opacity: 0",
    "position: absolute; left: -9999px",
    "position: absolute; clip-path: inset(50%)",
    "position: absolute; width: 1px; height: 1px; overflow: hidden",
    "height: 0; overflow: hidden",
    "max-height: 0; overflow-y: hidden",
    "position: fixed; left: 0; top: 0; transform: translateX(-100%)",
)


async def kinds_in_browser(tab: Tab, html: str) -> str:
    await tab.show(f"<style>{STYLE}</style>{html}")
    return " ".join(found["kind"] for found in (await detect(tab))["found"])


async def kinds_without(html: str) -> str:
    return " ".join(found.kind for found in (await capture(html, STYLE)).found)


async def test_both_engines_call_things_the_same(tab: Tab):
    expected = {html: (kinds, kinds) for html, kinds in KINDS.items()}
    assert {html: (await kinds_in_browser(tab, html), await kinds_without(html)) for html in KINDS} == expected


@pytest.mark.parametrize(("wrap", "cases"), [("<div>{}</div>", SHAPES), ("{}", PAGES)], ids=["shapes", "pages"])
async def test_both_engines_see_the_same_shapes(tab: Tab, wrap: str, cases: dict[str, tuple[str, str]]):
    pages = {name: wrap.format(html) for name, (html, _) in cases.items()}
    expected = {name: (kinds, kinds) for name, (_, kinds) in cases.items()}
    assert {
        name: (await kinds_in_browser(tab, page), await kinds_without(page)) for name, page in pages.items()
    } == expected


async def test_neither_engine_sees_what_nobody_sees(tab: Tab):
    page = "".join(f'<div style="{how}"><button>{how}</button></div>' for how in HIDDEN)
    assert await kinds_in_browser(tab, f"<a href=#>Seen</a>{page}") == "a"
    assert await kinds_without(f"<a href=#>Seen</a>{page}") == "a"


async def looks(tab: Tab, html: str) -> list[str]:
    await tab.show(f"<style>{STYLE}</style>{html}")
    return [found["look"] for found in (await detect(tab))["found"]]


ALIKE = {
    "text and address": "<a href=1>one</a><a href=2>another one</a>",
    "how wide the text makes it": "<button>x</button><button>a longer text</button>",
    "the picture": "<img width=9 height=9 src=a.png alt=a><img width=9 height=9 src=b.png alt=b>",
    "the margins": "<button>x</button><button style='margin: 9px'>y</button>",
    "where it stands": "<a class=btn href=#>x</a><div class=row><a class=btn href=#>y</a></div>",
    "how often its parts repeat": "<ul><li>1\n<li>2</ul><ul>\n<li>3\n<li>4\n<li>5</ul>",
    "what kind of text a field takes": "<input type=text><input type=email><input type=tel>",
    "how a form sends": "<button type=button>x</button><button type=submit>y</button>",
    "the options of a choice": "<select><option>1</select><select><option>2<option>3</select>",
}
UNLIKE = {
    "the colour": "<button>x</button><button style='color: red'>y</button>",
    "an edge": "<button>x</button><button style='border-left: 4px solid'>y</button>",
    "the size that it was given": "<img width=9 height=9 src=a.png><img width=90 height=90 src=b.png>",
    "being disabled": "<button>x</button><button disabled>y</button>",
    "being where one is": "<a href=#>x</a><a href=# aria-current=page>y</a>",
    "being ticked": "<input type=checkbox><input type=checkbox checked>",
    "being another field": "<input type=text><input type=range>",
    "what is inside": "<button>x</button><button><b>x</b></button>",
    "what comes first inside": "<button><i>x</i>y</button><button>y<i>x</i></button>",
    "what the style sheet draws": "<button>x</button><button class=arrow>y</button>",
}


async def test_one_look_whatever_differs_that_is_not_design(tab: Tab):
    for name, html in ALIKE.items():
        assert (name, len(set(await looks(tab, html)))) == (name, 1)
        assert (name, len({found.look for found in (await capture(html, STYLE)).found})) == (name, 1)


async def test_other_looks_where_a_designer_sees_a_difference(tab: Tab):
    for name, html in UNLIKE.items():
        assert (name, len(set(await looks(tab, html)))) == (name, 2)
        assert (name, len({found.look for found in (await capture(html, STYLE)).found})) == (name, 2)


async def test_every_selector_leads_to_its_element_alone(tab: Tab):
    buttons = "<p><button>1</button></p><button>2</button><div><button>3</button></div>"
    shadow = f"<template shadowrootmode=open>{buttons}</template>"
    page = f"<div id=one><button>4</button></div><div id=x-12345><button>5</button></div><div id=one>{shadow}</div>"
    await run(tab, f"document.body.setHTMLUnsafe({page!r}); return null;")
    script = """
        const find = (scope, [path, ...rest]) => {
          const all = [...scope.querySelectorAll(path)];
          return rest.length === 0 ? all.map((element) => element.textContent) : find(all[0].shadowRoot, rest);
        };
        const paths = (await pickAll(99, [])).map(([element]) => selectorOf(element));
        return paths.map((path) => find(document, path.split(' >>> ')));
    """
    assert await run(tab, script) == [["4"], ["5"], ["1"], ["2"], ["3"]]


async def test_ids_that_are_drawn_by_lot_are_not_relied_on(tab: Tab):
    drawn = ["m-h0j7qkh68", "m-h0j7qkh68-label", "m-mmzno3did", "m-mmzno3did-tab-g", "f47ac10b-58cc-a372", "3ssmqephy1"]
    lasting = ["m-menu", "m-1", "main", "h2o-intro", "col2-row3", "input-text-field-19", "step-1of3"]
    page = "".join(f"<p id={each}><button>{each}</button></p>" for each in drawn + lasting)
    await run(tab, f"document.body.innerHTML = {page!r}; return null;")
    paths = await run(tab, "return (await pickAll(99, [])).map(([element]) => selectorOf(element));")
    by_id = [path[1:].split(" ")[0] for path in paths if path.startswith("#")]
    assert by_id == lasting


async def test_an_id_of_very_many_parts_costs_no_more_than_others(tab: Tab):
    page = f"<p id={'-' * 60_000}></p><p id=one><a href=/a>A</a></p>"
    await run(tab, f"document.body.innerHTML = {page!r}; return null;")
    script = "const began = performance.now(); selectorOf(document.links[0]); return performance.now() - began;"
    assert await run(tab, script) < 200


async def test_the_tokens_of_a_page_are_what_is_in_use(tab: Tab):
    css = """
        body { margin: 0; font: 16px/24px Inter, sans-serif; color: #333 }
        p { margin: 0 }
        .card { padding: 8px 16px; border: 1px solid rgba(0, 0, 0, .5); border-radius: 4px }
        .card { box-shadow: 0 1px 2px #0006 }
        .card b { font-weight: 600; color: var(--brand) }
        :root { --brand: #06c }
        .gone { display: none; color: red; padding: 77px }
    """
    card = "<div class=card><b>1</b></div>"
    html = f"<style>{css}</style><p>Words</p>{card}{card}<i class=gone>x</i>"
    await tab.show(html)
    tokens: dict[str, Any] = (await detect(tab))["tokens"]
    assert tokens == {
        "colors": [
            {"value": "rgba(0, 0, 0, 0.5)", "count": 2},
            {"value": "#0066cc", "count": 2},
            {"value": "#333333", "count": 1},
        ],
        "type": [{"value": "600 16px/24px Inter", "count": 2}, {"value": "400 16px/24px Inter", "count": 1}],
        "spacing": [{"value": "8px", "count": 2}, {"value": "16px", "count": 2}],
        "radii": [{"value": "4px", "count": 2}],
        "shadows": [{"value": "0px 1px 2px rgba(0, 0, 0, 0.4)", "count": 2}],
    }
    assert in_any_order((await capture(html)).tokens) == in_any_order(tokens)


def in_any_order(tokens: Any) -> dict[str, list[tuple[str, int]]]:
    return {name: sorted((each["value"], each["count"]) for each in found) for name, found in tokens.items()}


async def test_a_very_large_page_never_stands_still(tab: Tab):
    row = "<div class=row><div class=edge><h3>Title</h3><a href=#>x</a><button>y</button></div></div>"
    await run(tab, f"document.body.innerHTML = {row!r}.repeat(10000); return null;")
    script = """
        let longest = 0;
        let last = performance.now();
        let running = true;
        const channel = new MessageChannel();
        channel.port1.onmessage = () => {
          longest = Math.max(longest, performance.now() - last);
          last = performance.now();
          if (running) channel.port2.postMessage(null);
        };
        channel.port2.postMessage(null);
        const found = await pickAll(50000, []);
        await pageTokens(Infinity, []);
        running = false;
        return { longest, found: found.length };
    """
    for _ in range(3):  # a busy machine can only add to it: what holds the page up does so each time
        read = await run(tab, script)
        if read["longest"] < 200:
            break
    assert read["found"] > 10_000
    assert read["longest"] < 200
