"""What a component takes from the page around it."""

from __future__ import annotations

import pytest

from tests.extract.static.make_capture import base, capture, nodes, the, under


async def test_the_root_carries_what_it_inherits():
    css = (
        "body{font:italic 700 20px/1.5 Inter, sans-serif;color:navy} main{color:teal;text-align:center} .x{margin:3px}"
    )
    root = (await the("nav", '<main><nav class="x"><a href="/">Home</a></nav></main>', css)).root
    assert base(root) == {
        "font-style": "italic",
        "font-weight": "700",
        "font-size": "20px",
        "line-height": "1.5",
        "font-family": "Inter, sans-serif",
        "color": "teal",
        "text-align": "center",
    }
    assert [base(node) for node in nodes(root)][1:] == [{}]


async def test_what_browsers_set_on_controls_is_not_inherited_unless_the_page_says_so():
    html = "<main><button>Buy</button></main>"
    assert "color" not in base((await the("button", html, "main{color:red}")).root)
    assert base((await the("button", html, "main{color:red} button{color:inherit}")).root) == {"color": "red"}
    assert base((await the("button", html, "main{font:9px A} button{font:inherit}")).root)["font-family"] == "A"


async def test_relative_font_sizes_are_worked_out():
    css = "html{font-size:62.5%} body{font-size:1.6rem} nav{font-size:.5em;padding:2rem 1em;line-height:2em}"
    assert base((await the("nav", "<nav><a href=x>x</a></nav>", css)).root) == {
        "font-size": "8px",
        "padding": "20px 1em",
        "line-height": "2em",
    }


async def test_headings_make_their_links_large_and_bold():
    root = (await the("a", "<h1><a href=x>x</a></h1>")).root
    assert base(root) == {"font-size": "32px", "font-weight": "bold"}


async def test_what_is_not_inherited_by_itself_is_where_the_page_asks_for_it():
    css = "html{box-sizing:border-box} *{box-sizing:inherit}"
    css += "body{display:grid} @media (min-width:1px){nav{display:inherit}}"
    root = (await the("nav", "<nav><a href=x>x</a></nav>", css)).root
    assert base(root) == {"box-sizing": "border-box"}
    assert under(root, "", "@media (min-width:1px)") == {"display": "grid"}


async def test_variables_in_use_come_along_and_no_others():
    css = (
        ":root{--brand:var(--blue);--blue:#00f;--unused:1px} nav{color:var(--brand);--local:1} a{--x:2;width:var(--x)}"
    )
    root = (await the("nav", "<nav><a href=x>x</a></nav>", css)).root
    assert base(root) == {"--brand": "var(--blue)", "--blue": "#00f", "color": "var(--brand)"}
    assert [base(node) for node in nodes(root)][1] == {"--x": "2", "width": "var(--x)"}


async def test_a_variable_keeps_the_value_it_had_where_it_was_declared():
    css = ":root{--a:1px;--b:var(--a)} nav{--a:2px;width:var(--b);height:var(--a)}"
    declared = base((await the("nav", "<nav><a href=x>x</a></nav>", css)).root)
    assert declared["--b"] == "1px"
    assert declared["--a"] == "2px"


async def test_an_empty_variable_leaves_the_inherited_value():
    css = "body{font-family:Inter} button{--f: ;font-family:var(--f)}"
    assert base((await the("button", "<button>x</button>", css)).root)["font-family"] == "Inter"


async def test_registered_properties_fonts_and_animations_in_use_come_along():
    css = """@property --w{syntax:"<length>";inherits:false;initial-value:1px}
    @property --other{syntax:"*";inherits:false}
    @font-face{font-family:"Inter";src:url(inter.woff2)} @font-face{font-family:Other;src:url(o.woff2)}
    @keyframes spin{to{transform:none}} @keyframes other{to{top:0}}
    nav{width:var(--w);font-family:Inter,serif;animation:spin 1s}"""
    head = (await capture("<nav><a href=x>x</a></nav>", css)).head_css
    assert [rule.partition("{")[0] for rule in head] == ["@property --w", "@font-face", "@keyframes spin"]
    assert 'url("https://example.com/docs/inter.woff2")' in head[1]


async def test_an_inline_item_of_a_flex_container_is_a_block_when_it_stands_alone():
    row = ".row{display:flex}"
    assert base((await the("a", '<div class="row"><a href="x">x</a></div>', row)).root) == {"display": "flow-root"}
    assert base((await the("a", '<div class="row"><p><a href="x">x</a></p></div>', row)).root) == {}


async def test_the_place_in_the_page_stays_behind():
    css = "nav{margin:9px;width:33%} @media (width>1px){nav{margin:1px;color:red}}"
    root = (await the("nav", "<nav><a href=x>x</a></nav>", css)).root
    assert base(root) == {"width": "100%"}
    assert under(root, "", "@media (width>1px)") == {"color": "red"}


async def test_urls_are_absolute_and_follow_the_base_element():
    html = """<base href="/assets/"><form action="go"><a href="#top">x</a><a href="../y">y</a>
    <img src="i.png" srcset="a.png 1x, b.png 2x"><input type=image src=data:image/png;base64,AA></form>"""
    root = (await the("form", html, "img{background:url(bg.png) no-repeat, image-set('x.png' 1x)}")).root
    form, top, other, image, data = nodes(root)
    assert form.attrs["action"] == "https://example.com/assets/go"
    assert (top.attrs["href"], other.attrs["href"]) == ("#top", "https://example.com/y")
    assert image.attrs["srcset"] == "https://example.com/assets/a.png 1x, https://example.com/assets/b.png 2x"
    assert data.attrs["src"] == "data:image/png;base64,AA"
    assert base(image)["background"] == (
        'url("https://example.com/assets/bg.png") no-repeat, image-set(url("https://example.com/assets/x.png") 1x)'
    )


async def test_drawings_keep_their_case_and_bring_the_symbols_they_use():
    html = """<svg hidden><symbol id="s" viewBox="0 0 2 2"><path d="M0 0"/></symbol></svg>
    <button><svg viewbox="0 0 1 1"><defs><lineargradient id=g gradientunits=x></lineargradient></defs>
    <use href="#s"></use></svg></button>"""
    found = list(nodes((await the("button", html)).root))
    assert [node.tag for node in found] == ["button", "svg", "defs", "symbol", "path", "defs", "linearGradient", "use"]
    assert found[1].attrs == {"viewBox": "0 0 1 1"}
    assert found[6].attrs == {"id": "g", "gradientUnits": "x"}


async def test_drawings_bring_what_attributes_and_rules_of_theirs_refer_to_and_what_that_refers_to():
    html = """<svg hidden><linearGradient id=a href="#b"></linearGradient><linearGradient id=b></linearGradient>
    <mask id=m><rect fill="url(#a)"/></mask><clipPath id=c></clipPath><filter id=unused></filter></svg>
    <button><svg><path fill="url('#a')" class=p /><rect mask="url(#m)"/><use href="#nowhere"/></svg></button>"""
    found = list(nodes((await the("button", html, ".p{clip-path:url(#c)}")).root))
    assert sorted(node.attrs["id"] for node in found if "id" in node.attrs) == ["a", "b", "c", "m"]


async def test_texts_stay_and_scripts_go():
    html = "<button>a <b>b</b><script>x</script><style>y</style><template><i>z</i></template><!-- c --> d</button>"
    found = await the("button", html)
    assert [child for child in found.root.children if isinstance(child, str)] == ["a ", " d"]
    assert found.text == "a b d"


@pytest.mark.parametrize(
    ("html", "css", "size"),
    [
        ("<small><a href=x>x</a></small>", "", "13.3333px"),
        ("<code><a href=x>x</a></code>", "", "13px"),
        ("<code><a href=x>x</a></code>", "body{font-size:14px}", "14px"),
        ("<code><a href=x>x</a></code>", "code{font-family:Menlo,monospace}", None),
        ("<code><a href=x>x</a></code>", "div{font-size:1.5em}", "19.5px"),
        ("<code><a href=x>x</a></code>", "div{font-size:small}", "12px"),
        ("<p><a href=x>x</a></p>", "div{font-size:smaller} p{font-size:2em}", "26.6667px"),
        ("<p><a href=x>x</a></p>", "p{font-size:calc(1.275rem + .3vw)}", "24.24px"),
        ("<p><a href=x>x</a></p>", "html{font-size:var(--s);--s:125%} p{font-size:2rem}", "40px"),
        ("<p><a href=x>x</a></p>", "p{font-size:20px} a{font-size:smaller}", "16.6667px"),
    ],
)
async def test_font_sizes_are_those_of_the_browser(html: str, css: str, size: str | None):
    assert base((await the("a", f"<div>{html}</div>", css)).root).get("font-size") == size


async def test_a_gradient_drawn_elsewhere_in_the_page_comes_along_with_what_it_is_made_of():
    html = """<svg><defs><linearGradient id=a><stop></stop></linearGradient>
    <linearGradient id=b href="#a"></linearGradient></defs></svg>
    <button><svg><path fill="url(#b)" d=M0></path></svg></button>"""
    root = (await the("button", html, ".x{color:red}")).root
    assert [node.attrs["id"] for node in nodes(root) if "id" in node.attrs] == ["b", "a"]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("class=lazy data-src=a.png", "a.png"),
        ("src=b.png data-src=c.png", "b.png"),
        ("src=data:image/gif;base64,R0 data-original=d.png", "d.png"),
    ],
)
async def test_a_picture_that_a_script_would_load_is_loaded(attributes: str, expected: str):
    assert (await the("img", f"<img {attributes}>")).root.attrs["src"] == f"https://example.com/docs/{expected}"
