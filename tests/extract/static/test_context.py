"""What a component takes from the page around it."""

from __future__ import annotations

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
    html = '<div class="row"><a href="x">x</a><span><a href="y">y</a></span></div>'
    captured = await capture(html, ".row{display:flex}")
    assert [base(found.root) for found in captured.found] == [{"display": "flow-root"}, {}]


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


async def test_texts_stay_and_scripts_go():
    html = "<button>a <b>b</b><script>x</script><style>y</style><template><i>z</i></template><!-- c --> d</button>"
    found = await the("button", html)
    assert [child for child in found.root.children if isinstance(child, str)] == ["a ", " d"]
    assert found.text == "a b d"
