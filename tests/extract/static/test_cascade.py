"""Which declaration wins."""

from __future__ import annotations

import pytest

from tests.extract.static.make_capture import base, capture, nodes, the, under

BUTTON = '<main><button id="buy" class="btn primary" data-x="1">Buy</button></main>'


@pytest.mark.parametrize(
    ("css", "color"),
    [
        ("button{color:red} .btn{color:green}", "green"),
        (".btn{color:green} button{color:red}", "green"),
        ("#buy{color:green} .btn.primary{color:red}", "green"),
        (".btn{color:red} .primary{color:green}", "green"),
        ("main .btn{color:green} .btn{color:red}", "green"),
        (".btn{color:green!important} #buy{color:red}", "green"),
        (":where(#buy){color:red} button{color:green}", "green"),
        (":is(#nope, button){color:green} .btn.primary{color:red}", "green"),
        (".btn:not(#nope){color:green} .btn.primary{color:red}", "green"),
        ("[data-x]{color:red} .btn{color:green}", "green"),
        ("button{color:green} b{color:red}", "green"),
        (".btn{color:red;color:green}", "green"),
        (".btn{color:green} .btn{color:-moz-initial}", "green"),
        (".btn:first-child{color:green} .btn:nth-child(2){color:red}", "green"),
        ("body > main button:only-child{color:green}", "green"),
    ],
)
async def test_the_declaration_that_wins_is_the_one_a_browser_would_take(css: str, color: str):
    assert base((await the("button", BUTTON, css)).root)["color"] == color


@pytest.mark.parametrize(
    "css",
    [
        "@layer a, b; @layer b{.btn{color:green}} @layer a{#buy{color:red}}",
        "@layer a{#buy{color:red}} .btn{color:green}",
        "@layer a{.btn{color:green!important}} #buy{color:red!important}",
        "@layer a{ @layer inner{#buy{color:red}} .btn{color:green} }",
        "@layer a.inner{#buy{color:red}} @layer a{.btn{color:green}}",
        "@layer{#buy{color:red}} @layer{.btn{color:green}}",
    ],
)
async def test_layers_decide_before_specificity(css: str):
    assert base((await the("button", BUTTON, css)).root)["color"] == "green"


async def test_a_style_attribute_beats_the_sheet_but_not_what_is_important():
    html = '<button style="color:green; background: red" class="btn">Buy</button>'
    root = (await the("button", html, "#x,.btn{color:red;background:green!important}")).root
    assert base(root) == {"color": "green", "background": "green"}
    assert "style" not in root.attrs


async def test_a_later_shorthand_takes_its_parts_along_and_an_earlier_one_keeps_its_place():
    root = (
        await the("button", BUTTON, ".btn{padding-top:1px;border:0} .primary{padding:2px;border-left:1px solid}")
    ).root
    assert list(base(root).items()) == [("border", "0"), ("padding", "2px"), ("border-left", "1px solid")]


async def test_a_media_query_stays_a_condition_and_what_beats_it_stays_stronger():
    css = "@media (min-width:600px){.btn{color:red;padding:9px;width:1px}} .btn{color:green;padding-top:1px}"
    root = (await the("button", BUTTON, css)).root
    assert base(root) == {"color": "green", "padding-top": "1px"}
    assert under(root, "", "@media (min-width:600px)") == {"padding": "9px", "padding-top": "1px", "width": "1px"}


async def test_print_rules_are_left_out_and_screen_rules_need_no_condition():
    root = (await the("button", BUTTON, "@media print{.btn{color:red}} @media screen{.btn{width:1px}}")).root
    assert [(rule.declarations, rule.conditions) for rule in root.rules] == [({"width": "1px"}, ())]


async def test_feature_queries_are_answered_as_a_current_browser_would():
    css = """@supports (display:grid){.btn{display:grid}} @supports not (display:grid){.btn{color:red}}
    @supports (-moz-appearance:none) or (not (margin-trim:inline)){.btn{width:1px}}"""
    assert base((await the("button", BUTTON, css)).root) == {"display": "grid"}


async def test_container_queries_stay_conditions():
    root = (await the("button", BUTTON, "@container card (width > 20em){.btn{color:red}}")).root
    assert under(root, "", "@container card (width > 20em)") == {"color": "red"}


@pytest.mark.parametrize(
    ("selector", "suffix"),
    [
        (".btn:hover", ":where(:hover)"),
        (".btn:not(.off):focus-visible", ":where(:focus-visible)"),
        (".btn:is(:hover, :focus)", ":where(:is(:hover, :focus))"),
        (".btn:not(:hover)", ":where(:not(:hover))"),
        (".btn:is(.off, :hover)", ":where(:hover)"),
        (".btn:not(.off, :hover)", ":where(:not(:hover))"),
        (".btn:not(.btn:hover)", ":where(:not(:hover))"),
        (".btn:not(.btn:is(.btn, .off):hover, .btn:active)", ":where(:not(:hover):not(:active))"),
        (".btn:hover::before", ":where(:hover)::before"),
        (".btn:after", "::after"),
        ("main:not(:hover) .btn:active", ":where(:active)"),
    ],
)
async def test_states_and_pseudo_elements_follow_the_class(selector: str, suffix: str):
    root = (await the("button", BUTTON, f"{selector}{{color:red;content:'x'}}")).root
    assert [rule.suffix for rule in root.rules] == [suffix]


@pytest.mark.parametrize(
    "selector", ["main:hover .btn", ".btn::-moz-focus-inner", ".off:hover", ".btn:disabled", ":host .btn"]
)
async def test_what_does_not_hold_at_rest_is_left_out(selector: str):
    assert (await the("button", BUTTON, f"{selector}{{color:red}}")).root.rules == []


async def test_a_state_that_a_stronger_rule_overrides_is_left_out():
    root = (await the("button", BUTTON, ".btn:hover{color:red;width:1px} #buy{color:green}")).root
    assert under(root, ":where(:hover)") == {"width": "1px"}


async def test_a_pseudo_element_without_content_is_left_out():
    root = (await the("button", BUTTON, "*,*::before{box-sizing:border-box} .btn::after{content:none;color:red}")).root
    assert [rule.suffix for rule in root.rules] == [""]


async def test_placeholders_and_checked_boxes_keep_their_rules():
    css = "::placeholder{color:gray} input:checked{color:green}"
    captured = await capture('<input placeholder="Name"><input type="checkbox" checked>', css)
    assert under(captured.found[0].root, "::placeholder") == {"color": "gray"}
    assert under(captured.found[1].root, ":where(:checked)") == {"color": "green"}


async def test_nested_rules_are_written_out():
    css = """.btn{color:green; &:hover{color:red} .x &{width:9px} main &{width:1px} @media (width>1px){height:1px}}
    main{.btn{opacity:1}}"""
    root = (await the("button", BUTTON, css)).root
    assert base(root) == {"color": "green", "width": "1px", "opacity": "1"}
    assert under(root, ":where(:hover)") == {"color": "red"}
    assert under(root, "", "@media (width>1px)") == {"height": "1px"}


async def test_sheets_imports_and_their_media_keep_their_order():
    sheets = {
        "https://example.com/a.css": "@import 'deep/b.css' screen and (min-width:1px); .btn{color:green}",
        "https://example.com/deep/b.css": ".btn{color:red;background:url(i.png)}",
        "https://example.com/c.css": "#buy{color:blue}",
    }
    html = '<link rel=stylesheet href="/a.css"><link rel=stylesheet href=/c.css media="(width < 3px)">' + BUTTON
    root = (await the("button", html, sheets=sheets)).root
    assert base(root) == {"color": "green"}
    assert under(root, "", "@media screen and (min-width:1px)") == {
        "background": 'url("https://example.com/deep/i.png")'
    }
    assert under(root, "", "@media (width < 3px)") == {"color": "blue"}


async def test_an_import_may_name_its_layer():
    sheets = {"https://example.com/docs/a.css": "#buy{color:red}"}
    assert base(
        (await the("button", BUTTON, "@import url(a.css) layer(low); .btn{color:green}", sheets=sheets)).root
    ) == {"color": "green"}


async def test_old_vendors_declarations_do_not_replace_those_that_work():
    css = ".btn{display:flex;display:-ms-flexbox;-ms-zoom:1;filter:progid:x();color:red\\9}"
    assert base((await the("button", BUTTON, css)).root) == {"display": "flex"}


@pytest.mark.parametrize(
    ("selector", "suffix"),
    [
        ("nav:hover .b", ":where({0}:hover *)"),
        ("nav:hover > .m > .b", ":where({0}:hover *)"),
        (
            ".m:is(:hover, :focus-within) .b:focus::after",
            ":where({2}:is(:hover, :focus-within) *):where(:focus)::after",
        ),
        ("#t:checked ~ .m > .b", ":where({1}:checked ~ * > *)"),
        ("#t:checked + .m .b", ":where({1}:checked + * *)"),
        ("body:not(:hover) .b", ""),
    ],
)
async def test_a_state_of_another_element_of_the_component_names_that_element(selector: str, suffix: str):
    html = "<nav><input type=checkbox id=t><div class=m><a href=x class=b>x</a></div></nav>"
    root = (await the("nav", html, f"{selector}{{color:red;content:'x'}}")).root
    link = next(node for node in nodes(root) if node.tag == "a")
    assert [rule.suffix for rule in link.rules] == [suffix]


@pytest.mark.parametrize("selector", ["main:hover .b", "i:hover + nav .b", "nav:hover .m:active .b"])
async def test_a_state_of_what_is_outside_or_of_two_elements_is_left_out(selector: str):
    html = "<main><i>i</i><nav><div class=m><a href=x class=b>x</a></div></nav></main>"
    root = (await the("nav", html, f"{selector}{{color:red}}")).root
    assert [rule for node in nodes(root) for rule in node.rules] == []


async def test_a_box_that_is_checked_when_the_page_is_read_shows_what_follows_from_it():
    html = "<nav><input type=checkbox id=t checked><div class=m>x</div></nav>"
    root = (await the("nav", html, "#t:checked ~ .m{color:red}")).root
    assert base(next(node for node in nodes(root) if node.tag == "div")) == {"color": "red"}


async def test_an_input_keeps_the_parts_that_its_type_has():
    css = "::-webkit-slider-thumb{color:red} ::placeholder{color:red} ::file-selector-button{color:red}"
    for kind, part in (
        ("range", "::-webkit-slider-thumb"),
        ("what", "::placeholder"),
        ("file", "::file-selector-button"),
    ):
        root = (await the("input", f"<input type={kind}>", css)).root
        assert [rule.suffix for rule in root.rules if rule.suffix] == [part]


async def test_declarations_after_a_nested_rule_come_after_it():
    root = (await the("button", BUTTON, ".btn{ &.primary{color:red} .x{color:blue} & {color:green} width:1px}")).root
    assert base(root) == {"color": "red", "width": "1px"}
    assert base((await the("button", BUTTON, ".btn{ @media all{color:red} color:green}")).root) == {"color": "green"}


async def test_a_scope_styles_what_is_in_it():
    css = "@scope (main){.btn{color:green} :scope > .btn{width:1px}} @scope (aside){.btn{color:red}}"
    assert base((await the("button", BUTTON, css)).root) == {"color": "green", "width": "1px"}
