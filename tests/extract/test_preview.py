from __future__ import annotations

import asyncio
import os
import zlib
from pathlib import Path
from struct import unpack

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from selectolax.lexbor import LexborHTMLParser

from jobserver.extract.browser import find_chromium
from jobserver.extract.model import Box, Extraction
from jobserver.extract.preview import preview_csp, preview_page, preview_parts
from jobserver.extract.preview_backdrop import needs_dark
from jobserver.extract.render import render
from tests.extract.make_nodes import a_capture, a_found, a_node

NONCE = "c3VyZWx5LXJhbmRvbQ"
ATTACK = (
    "</style><script>document.documentElement.style.background='rgb(0,255,0)';fetch('/leak')</script>"
    '"><img src=x onerror="fetch(\'/leak\')"><iframe srcdoc="<script>fetch(\'/leak\')</script>"></iframe>'
)

ROOMY = 7_500_000


def an_extraction(**more: object) -> Extraction:
    found = [
        a_found(a_node("<nav>Home</nav>", height="64px"), "nav", box=Box(0, 0, 1280, 64)),
        a_found("<button>Save</button>", look="b", text="Save", box=Box(0, 0, 80, 40)),
        a_found("<button>Go</button>", look="b", text="Go", box=Box(0, 0, 80, 40)),
        a_found(a_node("<a href='/x'>x</a>", color="rgb(255, 255, 255)"), "a", box=None),
    ]
    return render(
        a_capture(*found, **more), max_components=80, completed_at="2026-01-01T00:00:00.000Z", max_result_bytes=ROOMY
    )


def parsed(extraction: Extraction) -> LexborHTMLParser:
    return LexborHTMLParser(preview_page(extraction, job_id="job-1-abc", nonce=NONCE))


def hostile() -> Extraction:
    """A stored result that was tampered with in every member a page could have written."""
    extraction = an_extraction(title=ATTACK, warnings=[ATTACK])
    extraction["url"] = f"javascript:{ATTACK}"
    for component in extraction["components"]:
        component["htmlSnippet"] = component["reactSnippet"] = component["css"] = ATTACK
        component["kind"] = component["componentName"] = ATTACK
        component["instances"] = [{"text": ATTACK}, {"text": "x"}]
        component["count"] = 2
    return extraction


def test_every_component_is_shown_in_a_sandbox_with_its_sources_as_text():
    page = parsed(an_extraction())
    frames = page.css("iframe")
    assert len(frames) == 3
    assert all(frame.attributes["sandbox"] in {None, ""} and frame.attributes["loading"] == "lazy" for frame in frames)
    assert '<button class="gen-button-2">Save</button>' in (frames[1].attributes["srcdoc"] or "")
    assert [pre.text() for pre in page.css("#c2 pre")] == [
        '<button class="gen-button-2">Save</button>',
        "",
        an_extraction()["components"][1]["reactSnippet"],
    ]


def test_components_are_grouped_by_kind_with_an_index():
    page = parsed(an_extraction())
    assert [link.attributes["href"] for link in page.css(".side a")] == ["#kind-nav", "#kind-button", "#kind-a"]
    assert [section.id for section in page.css("section")] == ["kind-nav", "kind-button", "kind-a"]
    assert "\u00d72" in page.css("#c2 header")[0].text()
    assert page.css("#c2 .texts")[0].text() == "SaveGo"


def test_the_page_asks_for_nothing_itself_and_has_no_scripts():
    page = parsed(an_extraction())
    assert page.css("script, link, img, object, [onclick], [onload], form, [style]") == []
    assert all(style.attributes["nonce"] == NONCE for style in page.css("style"))


def test_nothing_a_page_said_can_leave_its_place():
    page = parsed(hostile())
    assert page.css("script, img, object, embed, form, base, link") == []
    assert all("srcdoc" in frame.attributes and "sandbox" in frame.attributes for frame in page.css("iframe"))
    assert not any((link.attributes["href"] or "").startswith("javascript") for link in page.css("a"))
    assert page.css("h1")[0].text().startswith("</style><script>")


def test_the_style_of_a_component_cannot_end_its_element():
    extraction = an_extraction()
    extraction["components"][0]["css"] = "</style><script>x</script>"
    frame = parsed(extraction).css("iframe")[0].attributes["srcdoc"] or ""
    assert LexborHTMLParser(frame).css("script") == []


def test_light_text_without_a_background_of_its_own_stands_on_dark():
    page = parsed(an_extraction())
    assert len(page.css(".stage.on-dark")) == len(page.css("#c4 .stage.on-dark, #c3 .stage.on-dark")) == 1


@pytest.mark.parametrize(
    ("declarations", "expected"),
    [
        ("color: #fff;", True),
        ("color: white;", True),
        ("color: rgb(250 250 250 / 0.9);", True),
        ("--a: 255, 255, 255;\n  color: rgba(var(--a), var(--b, 1));", True),
        ("color: var(--a, #eee);", True),
        ("color: #333;", False),
        ("color: rgb(255, 0, 0);", False),
        ("color: #fff;\n  background-color: rgb(0, 0, 0);", False),
        ("color: #fff;\n  background-color: rgba(0, 0, 0, 0);", True),
        ("color: var(--a);", False),
        ("display: block;\n}\n\n.gen-a-1-1 {\n  color: #fff;", True),
        ("color: #333;\n}\n\n.gen-a-1-1 {\n  color: #fff;", False),
        ("border-color: #fff;", False),
    ],
)
def test_the_backdrop_is_dark_for_light_text_alone(declarations: str, expected: bool):
    assert needs_dark(f".gen-a-1 {{\n  {declarations}\n}}") is expected


def test_a_page_without_components_says_so():
    page = LexborHTMLParser(
        preview_page(render(a_capture(), max_components=1, completed_at="x", max_result_bytes=ROOMY), nonce=NONCE)
    )
    assert "No components were found" in page.css(".empty")[0].text()


def test_the_parts_are_small_enough_to_be_sent_one_by_one():
    parts = list(preview_parts(an_extraction(), nonce=NONCE))
    assert "".join(parts) == preview_page(an_extraction(), nonce=NONCE)
    assert len(parts) > 6


def test_the_policy_allows_styles_with_the_nonce_and_nothing_that_runs():
    directives = dict(part.split(" ", 1) for part in preview_csp(NONCE).split("; "))
    assert directives["default-src"] == directives["form-action"] == directives["frame-ancestors"] == "'none'"
    assert directives["style-src"] == f"'nonce-{NONCE}'"
    assert "script-src" not in directives


def test_a_page_that_was_saved_to_a_file_brings_its_policy_along():
    page = parsed(an_extraction())
    (policy,) = page.css('meta[http-equiv="Content-Security-Policy"]')
    said = policy.attributes["content"] or ""
    assert f"{said}; frame-ancestors 'none'" == preview_csp(NONCE)
    first = (page.html or "").index("Content-Security-Policy")
    assert first < (page.html or "").index("<style")


@pytest.mark.browser
async def test_chromium_paints_the_component_s_style_and_runs_none_of_its_scripts(tmp_path: Path):
    extraction = an_extraction()
    extraction["components"][0]["css"] = ".gen-nav-1 { background: rgb(255, 0, 128); height: 64px }"
    extraction["components"][1]["htmlSnippet"] += ATTACK
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        page = preview_page(extraction, nonce=NONCE)
        headers = {"Content-Security-Policy": preview_csp(NONCE)}
        return web.Response(text=page, content_type="text/html", headers=headers)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app, host="127.0.0.1") as server:
        colors = await _painted(str(server.make_url("/")), tmp_path)
    assert (255, 0, 128) in colors
    assert (0, 255, 0) not in colors
    assert "/leak" not in asked


async def _painted(url: str, folder: Path) -> set[tuple[int, ...]]:
    """The colours in a screenshot of the page."""
    program = find_chromium()
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium on PATH: install chromium-headless-shell")
        pytest.skip("no Chromium on PATH: install chromium-headless-shell")
    picture = folder / "page.png"
    options = ("--no-sandbox", "--headless", "--disable-gpu", "--window-size=640,560", "--virtual-time-budget=3000")
    process = await asyncio.create_subprocess_exec(
        program,
        *options,
        f"--user-data-dir={folder / 'profile'}",
        f"--screenshot={picture}",
        url,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    await process.wait()
    return _colors(picture.read_bytes())


def _colors(png: bytes) -> set[tuple[int, ...]]:
    """All colours of an 8-bit RGB or RGBA PNG without interlacing (PNG 1.2, chapters 4 and 6)."""
    width, height, _, kind = unpack(">IIBB", png[16:26])
    step = {2: 3, 6: 4}[kind]
    data, position = b"", 8
    while position < len(png):
        (length,), name = unpack(">I", png[position : position + 4]), png[position + 4 : position + 8]
        data += png[position + 8 : position + 8 + length] if name == b"IDAT" else b""
        position += length + 12
    rows, colors, above = zlib.decompress(data), set(), bytearray(width * step)
    for start in range(0, height * (width * step + 1), width * step + 1):
        above = _unfiltered(rows[start], bytearray(rows[start + 1 : start + 1 + width * step]), above, step)
        colors |= {tuple(above[place : place + 3]) for place in range(0, len(above), step)}
    return colors


def _unfiltered(kind: int, row: bytearray, above: bytearray, step: int) -> bytearray:
    for place in range(len(row)):
        left = row[place - step] if place >= step else 0
        corner = above[place - step] if place >= step else 0
        up = above[place]
        near = min((abs(up - corner), 0, left), (abs(left - corner), 1, up), (abs(left + up - 2 * corner), 2, corner))[
            2
        ]
        row[place] = (row[place] + (0, left, up, (left + up) // 2, near)[kind]) & 255
    return row
