from __future__ import annotations

import esprima
import pytest
from hypothesis import HealthCheck, given, settings

from jobserver.extract.clean import clean
from jobserver.extract.jsx import component_name, react_component, react_file
from jobserver.extract.jsx_attributes import js_string, jsx_text, react_name, style_object
from jobserver.extract.model import Node
from tests.extract import hostile
from tests.extract.make_nodes import a_node


def jsx(html: str) -> str:
    """The element alone, its lines joined."""
    source = react_component(a_node(html), "X1")
    esprima.parseModule(source, {"jsx": True})
    return "".join(line.strip() for line in source.split("\n")[2:-2])


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(hostile.nodes)
def test_whatever_the_page_holds_its_source_parses(root: Node):
    source = react_component(clean(root, prefix="x", base="https://a/").root, "X1")
    esprima.parseModule(source, {"jsx": True})
    esprima.parseModule(react_file([("X1", source)]), {"jsx": True})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("class", "className"),
        ("for", "htmlFor"),
        ("tabindex", "tabIndex"),
        ("srcset", "srcSet"),
        ("colspan", "colSpan"),
        ("readonly", "readOnly"),
        ("autocomplete", "autoComplete"),
        ("datetime", "dateTime"),
        ("accept-charset", "acceptCharset"),
        ("stroke-width", "strokeWidth"),
        ("fill-opacity", "fillOpacity"),
        ("xlink:href", "xlinkHref"),
        ("xml:space", "xmlSpace"),
        ("viewBox", "viewBox"),
        ("gradientUnits", "gradientUnits"),
        ("aria-labelledby", "aria-labelledby"),
        ("data-foo-bar", "data-foo-bar"),
        ("mask-type", "mask-type"),
    ],
)
def test_attributes_have_the_names_of_react(name: str, expected: str):
    assert react_name(name) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<input type="checkbox" checked disabled>', '<input type="checkbox" defaultChecked disabled />'),
        ('<input value="a">', '<input defaultValue="a" />'),
        ('<input type="email" value="a">', '<input type="email" defaultValue="a" />'),
        ('<input type="submit" value="Go">', '<input type="submit" value="Go" />'),
        ('<input type="radio" value="1">', '<input type="radio" value="1" />'),
        ("<textarea>\n\n a</textarea>", '<textarea defaultValue={"\\n a"} />'),
        (
            '<select><option>a</option><option value="2" selected>b</option></select>',
            '<select defaultValue="2"><option>a</option><option value="2">b</option></select>',
        ),
        (
            "<select multiple><option selected>a</option><option selected>b</option></select>",
            '<select multiple defaultValue={["a", "b"]}><option>a</option><option>b</option></select>',
        ),
        ('<progress value="3"></progress>', '<progress value="3" />'),
        ("<ol><li value=3>x</li></ol>", '<ol><li value="3">x</li></ol>'),
        ("<p>a<br>b</p>", "<p>a<br />b</p>"),
        ('<img alt="">', '<img alt="" />'),
        ('<a href="https://a/?b=1&amp;c=2">x</a>', '<a href={"https://a/?b=1&c=2"}>x</a>'),
        ("<p>it's {x} &lt;</p>", '<p>{"it\'s {x} <"}</p>'),
        ("<p>a&nbsp;b</p>", '<p>{"a\\u00a0b"}</p>'),
        ("<p> a</p>", '<p>{" a"}</p>'),
        ("<p>a\nb</p>", '<p>{"a\\nb"}</p>'),
        ("<p>Größe 日本 😀</p>", "<p>Größe 日本 😀</p>"),
        ('<svg><path stroke-width="2"></path></svg>', '<svg><path strokeWidth="2" /></svg>'),
        ('<p style="color:red;--gap: 1px">x</p>', '<p style={{ color: "red", "--gap": "1px" }}>x</p>'),
    ],
)
def test_odd_cases_are_written_as_react_wants_them(html: str, expected: str):
    assert jsx(html) == expected


def test_styles_become_objects_with_react_s_keys():
    style = "-webkit-line-clamp: 2; -ms-flex: 1; background-image: url('a;b'); --Gap-x: 'q'"
    assert style_object(style) == (
        '{ WebkitLineClamp: "2", msFlex: "1", backgroundImage: "url(\'a;b\')", "--Gap-x": "\'q\'" }'
    )


def test_strings_can_stand_in_a_script_of_a_page():
    assert js_string("</script>\u2028") == '"<\\/script>\\u2028"'
    assert jsx_text("plain words") == "plain words"


@pytest.mark.parametrize(
    ("kind", "expected"), [("button", "Button7"), ("a", "Link7"), ("img", "Image7"), ("textarea", "TextArea7")]
)
def test_components_are_named_after_their_kind(kind: str, expected: str):
    assert component_name(kind, 7) == expected


def test_long_elements_are_indented_and_short_ones_stay_on_a_line():
    source = react_component(a_node("<ul><li>one</li><li><a href='/x'>two</a></li><li>three</li></ul>"), "List1")
    assert source == (
        "export function List1() {\n"
        "  return (\n"
        "    <ul>\n"
        "      <li>one</li>\n"
        '      <li><a href="/x">two</a></li>\n'
        "      <li>three</li>\n"
        "    </ul>\n"
        "  );\n"
        "}"
    )


def test_the_file_has_one_import_unique_names_and_renders_all():
    sources = [(name, react_component(Node("b"), name)) for name in ("Button1", "Link2")]
    module = react_file(sources)
    tree = esprima.parseModule(module, {"jsx": True})
    kinds = [statement.type for statement in tree.body]
    assert kinds == [
        "ImportDeclaration",
        "ExportNamedDeclaration",
        "ExportNamedDeclaration",
        "ExportDefaultDeclaration",
    ]
    assert module.count("import") == 1
    assert "<Button1 />\n" in module
    assert "<Link2 />\n" in module
