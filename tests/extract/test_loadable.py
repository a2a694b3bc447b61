"""Whoever looks at a component is not sent into their own network by it."""

from __future__ import annotations

import json

import pytest

from jobserver.egress.policy import UrlPolicy, parse_private_targets
from jobserver.extract.loadable import admitted_by
from jobserver.extract.model import Extraction
from jobserver.extract.render import render
from tests.extract.make_nodes import a_capture, a_found, a_node

NEARBY = (
    "http://192.168.1.1/a.png",
    "http://127.0.0.1:8080/a.png",
    "http://[::1]/a.png",
    "http://169.254.169.254/latest/meta-data",
    "http://router.local/a.png",
    "http://intranet/a.png",
    "http://localhost/a.png",
    "http://0x7f000001/a.png",
    "http://2130706433/a.png",
    "http://017700000001/a.png",
    "http://127.0.0.1\\@example.com/a.png",
    "http://user@10.0.0.1/a.png",
    "http://example.com:8443/a.png",
    "HTTP://LOCALHOST/a.png",
    "http://12\t7.0.0.1/a.png",
    "//192.168.1.1/a.png",
    "http://1。1/a.png",
    "http://%31%32%37.0.0.1/a.png",
)
FAR_SHEET = "https://cdn.example.com/a.css"
FAR = "https://cdn.example.com/my picture.png?x=|y"


def extracted(url: str, policy: UrlPolicy | None = None) -> Extraction:
    """A page that names the address in every way a component can keep."""
    css = url.replace("\\", "\\\\").replace("\t", "\\9 ")
    root = a_node(
        f'<nav><img src="{url}" srcset="{url.replace(" ", "%20")} 2x"><video poster="{url}" src="{url}"></video>'
        f'<audio src="{url}"></audio><picture><source srcset="{url.replace(" ", "%20")}"></picture>'
        f'<iframe src="{url}"></iframe><input type="image" src="{url}"><svg><image href="{url}" xlink:href="{url}"/>'
        f'<rect fill="url({url})" style="fill:url({url})"/><use href="{url}"/></svg></nav>',
        background=f'url("{css}")',
        border_image=f'image-set("{css}" 1x)',
        cursor=f"url('{css}'), auto",
    )
    face = f'@font-face {{ font-family: Far; src: url("{css}"); }}'
    frames = f'@keyframes far {{ from {{ background: url("{css}"); }} }}'
    root.rules[0].declarations.update({"font-family": "Far", "animation-name": "far"})
    return render(
        a_capture(a_found(root, "nav"), head_css=[face, frames]),
        max_components=9,
        completed_at="2026-01-01T00:00:00.000Z",
        max_result_bytes=7_500_000,
        admits=admitted_by(policy or UrlPolicy()),
    )


def mentions(extraction: Extraction) -> int:
    """How often what a browser would load is named."""
    shown = [
        (each["cleanedHtml"], each["htmlSnippet"], each["css"], each["reactSnippet"])
        for each in extraction["components"]
    ]
    return json.dumps([shown, extraction["cssFile"], extraction["reactFile"]], ensure_ascii=False).count(".png")


@pytest.mark.parametrize("url", NEARBY)
def test_no_address_of_the_reader_s_own_network_stays(url: str):
    assert mentions(extracted(url)) == 0, extracted(url)["components"]


def test_a_public_address_stays_as_it_is_also_one_that_no_page_may_be_read_from():
    assert mentions(extracted(FAR)) > 20
    assert mentions(extracted(FAR, UrlPolicy(allowed_domains=("other.example",)))) > 20


def test_a_private_target_keeps_its_pictures_and_its_neighbour_does_not():
    policy = UrlPolicy(private_targets=parse_private_targets("127.0.0.1:8099"))
    assert mentions(extracted("http://127.0.0.1:8099/a.png", policy)) > 20
    assert mentions(extracted("http://127.0.0.1:8098/a.png", policy)) == 0


def test_a_link_stays_because_it_takes_a_click():
    found = a_found('<a href="http://192.168.1.1/a.png">router</a>', "a")
    extraction = render(
        a_capture(found), max_components=1, completed_at="x", max_result_bytes=9_999, admits=admitted_by(UrlPolicy())
    )
    assert 'href="http://192.168.1.1/a.png"' in extraction["components"][0]["htmlSnippet"]


@pytest.mark.parametrize("name", ["fill", "stroke", "filter", "clip-path", "marker-end", "-webkit-clip-path"])
def test_paint_and_filters_are_those_of_the_component_itself(name: str):
    far = a_node("<nav><svg><path id='p' d=''/><use href='#p'/></svg></nav>", **{name: f'url("{FAR}#p")'})
    near = a_node("<nav><svg><path id='p' d=''/><use href='#p'/></svg></nav>", **{name: "url(#p)"})
    extraction = render(
        a_capture(a_found(far, "nav"), a_found(near, "nav")),
        max_components=2,
        completed_at="x",
        max_result_bytes=99_999,
    )
    assert [each["css"].count("url(") for each in extraction["components"]] == [0, 1]
    svg = a_node(f"<nav><svg><rect fill='url({FAR}#p)' filter='url(#f)'/><filter id='f'></filter></svg></nav>")
    html = render(a_capture(a_found(svg, "nav")), max_components=1, completed_at="x", max_result_bytes=99_999)[
        "components"
    ][0]["htmlSnippet"]
    assert FAR not in html
    assert html.count("url(#") == 1


def test_warnings_name_no_private_address():
    capture = a_capture()
    capture.warnings.append(f"Style sheets that could not be read: 2 (http://10.0.0.1/a.css, {FAR_SHEET}).")
    extraction = render(
        capture, max_components=1, completed_at="", max_result_bytes=10_000, admits=admitted_by(UrlPolicy())
    )
    assert extraction["warnings"] == [f"Style sheets that could not be read: 2 (a private address, {FAR_SHEET})."]
