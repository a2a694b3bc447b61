"""By what a page is known again: what must tell two visits apart, and what must not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from jobserver.egress.gate import Gate
from jobserver.egress.policy import UrlPolicy
from jobserver.egress.resolver import Resolver
from jobserver.extract.browser import fingerprint, sheets
from jobserver.extract.model import Extraction, Request, Unchanged
from jobserver.extract.run import extract
from tests.extract.browser.reading import Meanwhile, Visit, capture, quiet
from tests.extract.browser.web_site import Handler, Site, responds
from tests.extract.make_font import ICON, a_font

pytestmark = pytest.mark.browser

CUP = """<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><path fill="{}" d="M0 0h8v8H0z"/></svg>"""
SHOP = """
<link rel=stylesheet href=/style.css><script src=/script.js></script><button>Save</button><img src=/cup.svg>
<p><template shadowrootmode=open><style>i { color: red }</style><i>Within</i></template></p>
<input value=a><input type=checkbox><select><option>One<option>Two</select><canvas width=9 height=9></canvas>
"""

Fingerprint = Callable[[str], Awaitable[str | None]]
Extracted = Callable[[str], Awaitable[Extraction]]


@pytest.fixture
def fingerprint_of(visit: Visit) -> Fingerprint:
    """What the page at an address is known by: ``await fingerprint_of(url)``."""

    async def read(url: str) -> str | None:
        return (await visit(url)).fingerprint

    return read


@pytest.fixture
def extracted(ws_url: str, site: Site) -> Extracted:
    """All that a job makes of the page at an address: ``await extracted(url)``."""

    async def read(url: str) -> Extraction:
        gate = Gate(UrlPolicy(private_targets=frozenset({site.authority})), Resolver())
        return await extract(Request(url, time_limit=20.0, verify="all"), gate, quiet, browser=ws_url)

    return read


def styled(css: str, **headers: str) -> Handler:
    return responds(text=css, content_type="text/css", headers=headers)


def scripted(code: str, **headers: str) -> Handler:
    return responds(text=code, content_type="text/javascript", headers=headers)


def pictured(color: str, **headers: str) -> Handler:
    return responds(text=CUP.format(color), content_type="image/svg+xml", headers=headers)


def a_shop(site: Site) -> str:
    """A page with all that may change."""
    site.add("/style.css", styled("button { color: rgb(1, 2, 3) }"))
    site.add("/script.js", scripted("'one'"))
    site.add("/cup.svg", pictured("red", ETag='"1"'))
    return site.html("/", SHOP)


async def test_a_page_that_has_not_changed_is_known_again(fingerprint_of: Fingerprint, site: Site):
    url = a_shop(site)
    first = await fingerprint_of(url)
    assert first is not None
    assert await fingerprint_of(url) == first


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/style.css", styled("button { color: rgb(1, 2, 4) }")),
        ("/style.css", styled("button { color: rgb(1, 2, 3) } button:hover { top: 0 }")),
        ("/style.css", styled("button { color: rgb(1, 2, 3) } @layer a { @media print { b { top: 0 } } }")),
        ("/style.css", styled("button { color: rgb(1, 2, 3) }", ETag='"2"')),
        ("/cup.svg", pictured("tan", ETag='"2"')),
        ("/cup.svg", pictured("green")),
        ("/script.js", scripted("'two'")),
    ],
    ids=[
        "colour",
        "state",
        "conditions",
        "version of a sheet",
        "version of a picture",
        "a picture",
        "a script",
    ],
)
async def test_other_answers_make_it_another_page(fingerprint_of: Fingerprint, site: Site, path: str, answer: Handler):
    url = a_shop(site)
    first = await fingerprint_of(url)
    site.add(path, answer)
    assert await fingerprint_of(url) not in (first, None)


STATES = {
    "nothing": "0",
    "a text": "document.querySelector('button').textContent = 'Sent'",
    "what was written": "document.querySelector('input').value = 'b'",
    "what was ticked": "document.querySelector('[type=checkbox]').checked = true",
    "what is neither": "document.querySelector('[type=checkbox]').indeterminate = true",
    "what was chosen": "document.querySelector('option + option').selected = true",
    "a shadow tree": "document.querySelector('p').shadowRoot.querySelector('i').title = 'b'",
    "a sheet of a shadow tree": "document.querySelector('p').shadowRoot.styleSheets[0].insertRule('b { top: 0 }')",
    "a rule": "document.styleSheets[0].insertRule('b { top: 0 }')",
    "a sheet turned off": "document.styleSheets[0].disabled = true",
    "a sheet for another screen": "document.styleSheets[0].media.mediaText = 'print'",
    "a sheet of no element": "document.adoptedStyleSheets = [new CSSStyleSheet()]",
    "a drawing": "document.querySelector('canvas').getContext('2d').fillRect(0, 0, 4, 4)",
    "an address": "history.replaceState(null, '', '?b')",
    "what is not valid": "document.querySelector('input').setCustomValidity('no')",
    "what may be written in": "document.designMode = 'on'",
    "a motion": "document.body.animate([{ color: 'red' }, { color: 'blue' }], { duration: 1e6, iterations: Infinity })",
}


@pytest.mark.parametrize("code", STATES.values(), ids=STATES.keys())
async def test_what_a_script_makes_of_the_page_makes_it_another(fingerprint_of: Fingerprint, site: Site, code: str):
    url = a_shop(site)
    prints = []
    for wanted in (0, 1):  # of one length, and said to be of one version: only what it does tells the two apart
        site.add("/script.js", scripted(f"onload = () => {{ if ({wanted}) {{ {code} }} }}", ETag='"1"'))
        prints.append(await fingerprint_of(url))
    assert None not in prints
    assert (prints[0] == prints[1]) is (code == STATES["nothing"])


async def test_a_sheet_of_another_origin_is_known_by_what_its_answer_says(ws_url: str, site: Site, other_site: Site):
    site.html("/", f"<link rel=stylesheet href={other_site.url('/closed.css')}><button>Save</button>")
    policy = UrlPolicy(private_targets=frozenset({site.authority, other_site.authority}))
    prints = []
    for css in ("button:hover { top: 0 }", "button:focus { top: 0 }"):
        other_site.add("/closed.css", styled(css))
        read = await capture(ws_url, Request(site.url("/"), time_limit=25.0), Gate(policy, Resolver()))
        prints.append(read.fingerprint)
    assert None not in prints
    assert prints[0] != prints[1]


async def test_what_moves_without_end_is_the_same_page_at_every_moment(visit: Visit, site: Site):
    turns = "@keyframes turn { to { rotate: 1turn } } button::after { content: ''; animation: turn 1s infinite }"
    url = site.html("/", f"<style>{turns}</style><button>Save</button>")
    looks = []
    known = (await visit(url)).fingerprint
    with pytest.raises(Unchanged):
        await visit(url, known=known, report=lambda _, step: looks.append(step))
    assert looks == ["Loading page", "Waiting for content"]


async def test_who_knows_the_page_is_told_that_it_is_unchanged(visit: Visit, site: Site):
    url = a_shop(site)
    known = (await visit(url)).fingerprint
    with pytest.raises(Unchanged):
        await visit(url, known=known)
    site.html("/", f"{SHOP}<a href=/>More</a>")
    assert [found.kind for found in (await visit(url, known=known)).found][-1] == "a"


@pytest.mark.parametrize("late", ["fetches()", "setTimeout(fetches, 300)"], ids=["at once", "by a timer"])
async def test_what_scripts_ask_for_is_waited_for_before_a_page_is_called_unchanged(
    visit: Visit, site: Site, late: str
):
    fetches = (
        "fetch('/data').then((a) => a.text()).then((text) => { document.querySelector('button').textContent = text })"
    )
    url = site.html(
        "/", f"<button>Save</button><script>const fetches = () => {fetches}; onload = () => {late}</script>"
    )
    site.add("/data", responds(text="Save"))
    known = (await visit(url)).fingerprint
    assert known is not None
    with pytest.raises(Unchanged):
        await visit(url, known=known)
    site.add("/data", responds(text="Send"))
    assert [found.text for found in (await visit(url, known=known)).found] == ["Send"]


async def test_what_is_in_no_sheet_of_the_page_may_hide_nothing(fingerprint_of: Fingerprint, site: Site):
    around = "<style>/*<!--*/</style><button>{}</button><style>/*-->*/</style>"
    prints = [await fingerprint_of(site.html("/", around.format(text))) for text in ("Save", "Send")]
    assert None not in prints
    assert prints[0] != prints[1]


async def test_comments_and_places_of_scripts_and_the_time_do_not_count(fingerprint_of: Fingerprint, site: Site):
    stamp = "<button>Save</button><script>document.querySelector('button').id = 'b' + Date.now()</script>"
    pages = (f"<!--1--><script>0</script>{stamp}<i class=''></i>", f"{stamp}<!--2--><script>0</script><i></i>")
    one, other = [await fingerprint_of(site.html("/", page)) for page in pages]
    assert one == other is not None


# -- what cannot be known again ---------------------------------------------------------------------------------------


async def test_a_page_that_did_not_come_to_its_end(visit: Visit, site: Site):
    assert (await visit(site.never("/", "<button>Save</button>"), time_limit=3.0)).fingerprint is None


async def test_a_page_of_too_many_elements(fingerprint_of: Fingerprint, site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fingerprint, "MAX_ELEMENTS", 5)
    assert await fingerprint_of(site.html("/", "<button>Save</button>")) is not None
    assert await fingerprint_of(site.html("/", "<button>Save</button>" * 5)) is None


async def test_a_drawing_that_holds_a_picture_of_another_origin(ws_url: str, site: Site, other_site: Site):
    draws = "document.querySelector('canvas').getContext('2d').drawImage(document.images[0], 0, 0)"
    other_site.add("/cup.svg", pictured("red"))
    page = f"<img src={other_site.url('/cup.svg')}><canvas></canvas><script>onload = () => {{ {draws} }}</script>"
    policy = UrlPolicy(private_targets=frozenset({site.authority, other_site.authority}))
    request = Request(site.html("/", page), time_limit=25.0)
    assert (await capture(ws_url, request, Gate(policy, Resolver()))).fingerprint is None


async def test_a_page_that_makes_it_hard_is_read_all_the_same(visit: Visit, site: Site):
    frames = "[...Array(500)].map((_, n) => ({ order: n }))"
    moves = (
        f"for (let n = 0; n < 400; n += 1) document.body.animate({frames}, {{ duration: 1e6, iterations: Infinity }})"
    )
    page = f"<style>/*{'<!--' * 250_000}*/</style><button>Save</button><script>{moves}</script>"
    read = await visit(site.html("/", page), time_limit=10.0)
    assert [found.text for found in read.found] == ["Save"]
    assert read.warnings == []


async def test_a_page_whose_scripts_got_an_answer_while_it_was_read(extracted: Extracted, site: Site):
    asks = "new ResizeObserver(() => { if (innerWidth < 500) fetch('/data') }).observe(document.body)"
    site.add("/data", responds(text="Send"))
    assert "fingerprint" not in await extracted(site.html("/", f"<button>Save</button><script>{asks}</script>"))
    assert "/data" in site.asked


async def test_what_we_ask_for_ourselves_does_not_make_it_another_page(extracted: Extracted, site: Site):
    signs = '<svg xmlns="http://www.w3.org/2000/svg"><symbol id="moon"><path d="M0 0h9v9z"/></symbol></svg>'
    site.add("/signs.svg", responds(text=signs, content_type="image/svg+xml"))
    url = site.html("/", "<button><svg><use href='/signs.svg#moon'></use></svg> Save</button>")
    extraction = await extracted(url)
    assert "M0 0h9v9z" in extraction["components"][0]["htmlSnippet"]
    assert "fingerprint" in extraction


async def test_a_page_whose_font_did_not_come_again(extracted: Extracted, site: Site):
    async def once(request: web.Request) -> web.StreamResponse:
        status = 200 if site.asked.count(request.path) == 1 else 500
        return web.Response(status=status, body=a_font(), headers={"Cache-Control": "no-store"})

    site.add("/icons", once)
    face = "<style>@font-face { font-family: Icons; src: url(/icons) } b { font-family: Icons }</style>"
    assert "fingerprint" not in await extracted(site.html("/", f"{face}<button><b>{ICON}</b></button>"))


@pytest.mark.parametrize(
    ("other", "is_known"),
    [
        ("<ul id=menu-75682 data-for=menu-75682></ul><a href=#menu-75682>M</a>", True),
        ("<ul id=menu-75682 data-for=menu-1111></ul><a href=#menu-75682>M</a>", False),
        ("<ul id=menu-75682 data-for=menu-75682></ul><a href=/menu-75682>M</a>", False),
        ("<ul id=menu-75682 data-for=menu-75682></ul><a href=#menu-75682>75682</a>", False),
    ],
    ids=["another lot", "it leads elsewhere", "another address", "it is shown"],
)
async def test_numbers_that_ids_are_made_of_are_drawn_by_lot(
    fingerprint_of: Fingerprint, site: Site, other: str, is_known: bool
):
    first = "<ul id=menu-1234 data-for=menu-1234></ul><a href=#menu-1234>M</a>"
    known = await fingerprint_of(site.html("/", f"<button>Save</button>{first}"))
    assert known is not None
    assert (await fingerprint_of(site.html("/", f"<button>Save</button>{other}")) == known) == is_known


async def test_a_page_that_has_other_parts_on_a_phone_is_known_again(visit: Visit, site: Site):
    swaps = "onresize = () => { if (innerWidth < 500) document.querySelector('a').remove() }"
    url = site.html("/", f"<button>Save</button><a href=/x>Wide</a><script>{swaps}</script>")
    capture = await visit(url)
    assert capture.warnings == ["Components that the page takes away on a phone: 1."]
    with pytest.raises(Unchanged):
        await visit(url, known=capture.fingerprint)


async def test_a_page_whose_sheets_did_not_come_in_time(
    fingerprint_of: Fingerprint, site: Site, monkeypatch: pytest.MonkeyPatch
):
    async def too_late(*_: object) -> bool:
        raise TimeoutError

    monkeypatch.setattr(sheets, "_recall", too_late)
    assert await fingerprint_of(a_shop(site)) is None


async def test_a_page_that_was_not_read_whole(fingerprint_of: Fingerprint, site: Site, meanwhile: Meanwhile):
    meanwhile("await flattenAll(state.hasRules);", "deadline = 0;")
    assert await fingerprint_of(site.html("/", "<button>Save</button>")) is None


async def test_a_page_that_allows_no_comparing(fingerprint_of: Fingerprint, site: Site):
    takes = "new MutationObserver(() => document.querySelector('html > :not(head, body)')?.remove())"
    forbids = f"{takes}.observe(document, {{ childList: true, subtree: true }})"
    url = site.html("/", f"<button>Save</button><script>{forbids}</script>")
    assert await fingerprint_of(url) is None
