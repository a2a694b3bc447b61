"""Pages of old: attributes that style, elements that are no more, and no doctype."""

from __future__ import annotations

import pytest

from jobserver.extract.static.cascade import cascade
from jobserver.extract.static.context import Context
from jobserver.extract.static.hints import hints
from jobserver.extract.static.page import Page
from tests.extract.static.make_capture import URL, base, nodes, the

W3 = "http://www.w3.org/TR"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<font color=ff0000 size=+1 face='Arial, serif'>x</font>",
         {"color": "#ff0000", "font-size": "large", "font-family": "Arial, serif"}),
        ("<font color='}red' face='x;}'>x</font>", {}),
        ("<center>x</center>", {"display": "block", "text-align": "-webkit-center"}),
        ("<p align=CENTER>x</p>", {"text-align": "-webkit-center"}),
        ("<tt>x</tt>", {"font-family": "monospace"}),
        ("<img alt=x align=left hspace=5 border=2>",
         {"float": "left", "margin-inline": "5px", "border": "2px solid"}),
        ("<hr color=red noshade>",
         {"color": "red", "border-color": "red", "background-color": "red", "border-style": "solid"}),
        ("<ul><li type=A>x</ul>", {}),
        ("<img alt=x align=absmiddle vspace='5%'>", {"vertical-align": "middle", "margin-block": "5%"}),
        ("<hr noshade>", {"border-style": "solid", "border-color": "gray", "background-color": "gray"}),
        ("<font size=-9>x</font>", {"font-size": "x-small"}),
        ("<font size=9>x</font>", {"font-size": "xxx-large"}),
        ("<br clear=all>", {"clear": "both"}),
        ("<br clear=none>", {}),
        ("<li type=I>x</li>", {"list-style-type": "upper-roman"}),
        ("<big>x</big>", {"font-size": "larger"}),
    ],
)  # fmt: skip
async def test_what_attributes_of_old_say_is_in_the_style(html: str, expected: dict[str, str]):
    found = list(nodes((await the("nav", f"<nav>x {html}</nav>")).root))
    assert base(found[1]) == expected


async def test_a_style_sheet_is_stronger_than_an_attribute():
    root = (await the("nav", "<nav>x <font color=red>y</font></nav>", "font{color:green}")).root
    assert base(next(node for node in nodes(root) if node.tag == "font")) == {"color": "green"}


async def test_the_colours_of_an_old_body_come_along():
    html = "<body text=#333333 link=0000aa><nav><a href=x>x</a></nav>"
    nav, link = nodes((await the("nav", html)).root)
    assert (base(nav), base(link)) == ({"color": "#333333"}, {"color": "#0000aa"})


@pytest.mark.parametrize(
    ("start", "quirks"),
    [
        ("", True),
        ("<html>", True),
        ("<!-- a --> <!DOCTYPE HTML>", False),
        ("<?xml version='1.0'?><!doctype html>", False),
        (f'<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "{W3}/xhtml1/DTD/xhtml1.dtd">', False),
        ('<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN">', True),
        (f'<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN" "{W3}/html4/loose.dtd">', False),
        ('<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">', True),
        ("<!--a-->" * 1_000 + "<", True),
    ],
    ids=range(9),
)  # fmt: skip
def test_a_page_without_a_doctype_of_today_is_in_quirks_mode(start: str, quirks: bool):
    assert Page(f"{start}<p>x", URL).quirks is quirks


def test_a_table_of_a_page_without_a_doctype_does_not_inherit_its_font():
    page = Page("<body style='font-size:20px;color:red'><table><td><a href=x>x</a></table>", URL)
    inherited = Context(cascade(page, [], (1280, 1000))).inherited(page.by_tag["td"][0])
    assert (inherited["font-size"], inherited["color"]) == ("16px", "red")


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<table><td>x</table>", {"font-size": "medium", "text-align": "start"}),
        ("<input>", {"box-sizing": "border-box"}),
        ("<input type=image>", {}),
        ("<form>x</form>", {"margin-block-end": "1em"}),
        ("<li>x", {"list-style-position": "inside"}),
        ("<img align=right>", {"float": "right", "margin-left": "3px"}),
    ],
)
def test_a_page_without_a_doctype_styles_as_pages_did_before_there_were_standards(html: str, expected: dict[str, str]):
    old, new = (Page(f"{start}<body>{html}", URL) for start in ("", "<!doctype html>"))
    then, today = (dict(hints(next(page.children(page.by_tag["body"][0])), page)) for page in (old, new))
    assert expected.items() <= then.items()
    assert set(expected) & set(today) <= {"float"}


def test_a_cell_of_old_has_its_picture_and_keeps_its_line():
    cell = Page("<!doctype html><table><td background=a.png nowrap>x</table>", URL)
    assert hints(cell.by_tag["td"][0], cell) == [("background-image", "url(a.png)"), ("white-space", "nowrap")]
