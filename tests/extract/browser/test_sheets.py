"""The texts of style sheets that do not tell all to a script in the page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from jobserver.egress.gate import Gate
from jobserver.egress.policy import UrlPolicy
from jobserver.egress.resolver import Resolver
from jobserver.extract.browser.cdp import connect
from jobserver.extract.browser.context import open_page
from jobserver.extract.browser.page import Page
from jobserver.extract.browser.settle import Budget, settle
from jobserver.extract.browser.sheets import sheet_texts
from jobserver.extract.model import Request
from tests.extract.browser.rules_script import rules_script
from tests.extract.browser.web_site import Site, responds

pytestmark = pytest.mark.browser


def css(site: Site, path: str, text: str) -> str:
    return site.add(path, responds(text=text, content_type="text/css"))


READ = rules_script("""
  const warnings = await readRules(options);
  const [element] = document.getElementsByTagName('p');
  return [warnings, flatten(element, new Map([[element, 0]]))];
""")


@asynccontextmanager
async def opened(ws_url: str, url: str, *sites: Site) -> AsyncIterator[Page]:
    gate = Gate(UrlPolicy(private_targets=frozenset(site.authority for site in sites)), Resolver())
    async with connect(ws_url) as connection, open_page(connection, Request(url=url), gate) as page:
        await page.navigate(url, time_limit=10)
        await settle(page, Budget(20))
        assert page.warnings == []
        yield page


async def texts_of(ws_url: str, url: str, *sites: Site) -> dict[str, str | None]:
    async with opened(ws_url, url, *sites) as page:
        texts, is_all = await sheet_texts(page, time_limit=10)
        assert is_all
        return {each["url"]: each["text"] for each in texts}


async def test_sheets_of_another_origin_come_with_what_they_import(ws_url: str, site: Site, other_site: Site):
    deeper = css(other_site, "/deep.css", "b { color: blue }")
    far = css(other_site, "/far.css", f"@import '{deeper}'; p {{ color: red }}")
    near = css(site, "/near.css", "p { top: 1px }")
    page = site.html("/", f"<link rel=stylesheet href='{far}'><link rel=stylesheet href='{near}'><p>x")
    assert await texts_of(ws_url, page, site, other_site) == {
        far: f"@import '{deeper}'; p {{ color: red }}",
        deeper: "b { color: blue }",
    }


async def test_a_sheet_that_loses_something_in_the_page_comes_as_text(ws_url: str, site: Site):
    text = "p { margin: var(--m); margin-top: 1px }"
    lossy = css(site, "/lossy.css", text)
    css(site, "/whole.css", "p { margin: var(--m); --x: ; }")
    page = site.html("/", f"<link rel=stylesheet href='{lossy}'><link rel=stylesheet href=/whole.css><p>x")
    assert await texts_of(ws_url, page, site) == {lossy: text}


async def test_a_page_whose_sheets_are_all_open_costs_nothing(ws_url: str, site: Site):
    css(site, "/whole.css", "p { color: red }")
    page = site.html(
        "/", "<link rel=stylesheet href=/whole.css><style>p { margin: var(--m); margin-top: 1px }</style><p>x"
    )
    assert await texts_of(ws_url, page, site) == {}


async def test_a_sheet_that_never_came_is_empty(ws_url: str, site: Site, other_site: Site):
    far = other_site.url("/nowhere.css")
    page = site.html("/", f"<link rel=stylesheet href='{far}'><p>x")
    assert await texts_of(ws_url, page, site, other_site) == {far: ""}


async def test_a_sheet_that_could_not_be_loaded_is_named_and_styles_nothing(ws_url: str, site: Site, closed_port: int):
    gone = f"http://127.0.0.1:{closed_port}/gone.css"
    page = site.html("/", f"<link rel=stylesheet href='{gone}'><p>x")
    async with opened(ws_url, page, site) as found:
        texts, _ = await sheet_texts(found, time_limit=10)
        assert {each["url"]: each["text"] for each in texts} == {gone: None}
        warnings, rules = await found.run(READ, texts, time_limit=10)
        assert warnings == [f"Style sheets that could not be read: 1 ({gone})."]
        assert rules == []


async def test_a_closed_sheet_counts_with_its_layers_and_what_it_imports(ws_url: str, site: Site, other_site: Site):
    css(other_site, "/s/deep.css", "p { color: blue; background-image: url(../i.png) }")
    far = css(
        other_site,
        "/s/far.css",
        "/**/ @layer b,a; @import url(deep.css) layer(a) screen; @import 'no.css' print; @layer b { p { color: red } }",
    )
    near = css(site, "/near.css", f"@import '{far}' (min-width: 1px);")
    page = site.html("/", f"<link rel=stylesheet href='{near}'><p>x")
    async with opened(ws_url, page, site, other_site) as found:
        texts, _ = await sheet_texts(found, time_limit=10)
        warnings, rules = await found.run(READ, texts, time_limit=10)
        picture = f'url("{other_site.url("/i.png")}")'
        assert warnings == []
        assert [(rule["conditions"], rule["declarations"]) for rule in rules] == [
            (["@media (min-width: 1px)"], {"color": "blue", "background-image": picture})
        ]


async def test_of_sheets_without_their_text_the_first_are_named_without_what_may_be_a_secret(
    ws_url: str, site: Site, other_site: Site
):
    far = [css(other_site, f"/{name}.css", "p { color: red }") for name in "abcd"]
    links = "".join(f"<link rel=stylesheet href='{url}?token=1'>" for url in far)
    async with opened(ws_url, site.html("/", f"{links}<p>x"), site, other_site) as found:
        warnings, _ = await found.run(READ, [], time_limit=10)
        assert warnings == [f"Style sheets that could not be read: 4 ({', '.join(far[:3])}, …)."]


async def test_a_closed_sheet_without_its_text_is_warned_of(ws_url: str, site: Site, other_site: Site):
    far = css(other_site, "/far.css", "p { color: red }")
    page = site.html("/", f"<link rel=stylesheet href='{far}'><p>x")
    async with opened(ws_url, page, site, other_site) as found:
        warnings, rules = await found.run(READ, [], time_limit=10)
        assert warnings == [f"Style sheets that could not be read: 1 ({far})."]
        assert rules == []
