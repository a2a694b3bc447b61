"""Font files that the components of a page use: which are kept, and who is told that others may not load them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from aiohttp import web

from jobserver.egress.gate import Gate
from jobserver.egress.policy import UrlPolicy
from jobserver.egress.resolver import Resolver
from jobserver.extract.browser.loaded_fonts import LoadedFonts
from jobserver.extract.font_files import MAX_BYTES
from jobserver.extract.model import Extraction, Request, Verify
from jobserver.extract.run import extract
from tests.extract.browser.reading import quiet
from tests.extract.browser.web_site import Handler, Site, responds
from tests.extract.make_font import ICON, a_font

pytestmark = pytest.mark.browser

WARNING = "Only the page's own site may load the files of its font: Icons."
EVERYBODY = {"Access-Control-Allow-Origin": "*"}


@dataclass(slots=True)
class Kept:
    """A result with the files that were kept on the way: name → content type and bytes."""

    extraction: Extraction
    files: dict[str, tuple[str, bytes]]


Extract = Callable[..., Awaitable[Kept]]


@pytest.fixture
def extracted(ws_url: str, site: Site) -> Extract:
    """All that a job does with a page: ``await extracted(url)``."""

    async def run(url: str, *, verify: Verify = "none") -> Kept:
        gate = Gate(UrlPolicy(private_targets=frozenset({site.authority})), Resolver())
        files: dict[str, tuple[str, bytes]] = {}
        request = Request(url, time_limit=20.0, verify=verify)
        extraction = await extract(
            request,
            gate,
            quiet,
            browser=ws_url,
            keep=lambda name, content_type, body: files.update({name: (content_type, body)}),
        )
        return Kept(extraction, {name: file for name, file in files.items() if name.startswith("font")})

    return run


def a_page(site: Site, *sources: str) -> str:
    faces = "".join(f"@font-face {{ font-family: Icons; src: url('{source}') }}" for source in sources)
    return site.html("/", f"<style>{faces} b {{ font-family: Icons }}</style><button><b>{ICON}</b> Save</button>")


def a_font_at(site: Site, path: str, **members: object) -> str:
    return site.add(path, responds(body=a_font(), **members))


async def test_a_font_of_the_page_s_own_site_is_kept_and_warned_of(extracted: Extract, site: Site):
    url = a_font_at(site, "/icons.woff2", headers={"Cache-Control": "max-age=60"}) + "?v=5.13"
    kept = await extracted(a_page(site, "icons.woff2?v=5.13#iefix"), verify="all")
    file = {"family": "Icons", "url": url, "artifact": "font-1.ttf", "anyOrigin": False}
    assert kept.extraction["fontFiles"] == [file]
    assert kept.files == {"font-1.ttf": ("font/ttf", a_font())}
    assert [each["warnings"] for each in kept.extraction["components"]] == [[WARNING]]
    assert site.asked.count("/icons.woff2") == 1


async def test_a_font_that_everybody_may_load_is_kept_without_a_warning(extracted: Extract, site: Site):
    a_font_at(site, "/icons", headers=EVERYBODY)
    kept = await extracted(a_page(site, "/icons"))
    assert [each["anyOrigin"] for each in kept.extraction["fontFiles"]] == [True]
    assert set(kept.files) == {"font-1.ttf"}
    assert [each["warnings"] for each in kept.extraction["components"]] == [[]]


async def test_a_font_that_no_component_uses_is_nobody_s_business(extracted: Extract, site: Site):
    a_font_at(site, "/icons")
    style = "<style>@font-face { font-family: Icons; src: url(/icons) } p { font-family: Icons }</style>"
    kept = await extracted(site.html("/", f"{style}<p>{ICON}</p><button>Save</button>"))
    assert site.asked.count("/icons") == 1
    assert ("fontFiles" in kept.extraction, kept.files) == (False, {})


@pytest.mark.parametrize(
    "answer",
    [
        responds(text="<script>alert(1)</script>", content_type="text/html"),
        responds(text="<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", content_type="image/svg+xml"),
        responds(body=a_font(bytes(MAX_BYTES))),
        responds(body=a_font(), status=404),
        responds(),
    ],
    ids=["html", "svg", "huge", "missing", "empty"],
)
async def test_what_is_no_font_or_too_large_is_not_kept(extracted: Extract, site: Site, answer: Handler):
    site.add("/icons", answer)
    kept = await extracted(a_page(site, "/icons"))
    assert ("fontFiles" in kept.extraction, kept.files) == (False, {})
    assert kept.extraction["componentCount"] == 1


async def test_a_font_leads_nowhere_that_is_refused(extracted: Extract, site: Site, other_site: Site):
    """Neither when the page loads it nor when it is asked for again, as it may not be stored."""
    secret = a_font_at(other_site, "/secret", headers=EVERYBODY)
    asked = []

    async def turns(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Sec-Fetch-Dest") == "font":
            return web.Response(body=a_font(), headers={"Cache-Control": "no-store"})
        asked.append(request.path)
        return web.Response(status=302, headers={"Location": secret})

    site.add("/away", responds(status=302, headers={"Location": secret}))
    site.add("/turns", turns)
    for path in ("/away", "/turns"):
        kept = await extracted(a_page(site, path))
        assert ("fontFiles" in kept.extraction, kept.files) == (False, {})
    assert asked == ["/turns"]
    assert other_site.asked == []


def test_all_who_answer_on_the_way_must_admit_everybody():
    def event(name: str, **members: object) -> tuple[str, dict[str, object]]:
        return f"Network.{name}", {"requestId": "1", "type": "Font", **members}

    def loaded(redirect: dict[str, str], answer: dict[str, str]) -> dict[str, bool]:
        fonts = LoadedFonts()
        for each in (
            event("requestWillBeSent", request={"url": "https://a/f"}),
            event("requestWillBeSent", request={"url": "https://b/f"}, redirectResponse={"headers": redirect}),
            event("responseReceived", response={"status": 200, "headers": answer}),
            event("loadingFinished"),
        ):
            fonts.note(*each)
        return fonts.loaded

    everybody = {"access-control-allow-origin": "*"}
    assert loaded(everybody, everybody) == {"https://a/f": True}
    assert loaded({}, everybody) == {"https://a/f": False}
    assert loaded(everybody, {"access-control-allow-origin": "https://a"}) == {"https://a/f": False}
