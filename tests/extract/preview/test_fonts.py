"""Fonts that only the page's own site may load: in the frames of the preview, and as files of the zip."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import pytest

from jobserver.extract.model import Extraction, FontFile
from jobserver.extract.preview import archive, fonts_in, preview_page
from jobserver.extract.preview.fonts import Embedding
from tests.extract.make_font import ICON, a_font
from tests.extract.make_nodes import a_capture, a_found, a_node
from tests.extract.preview.make_previews import NONCE, rendered

URL = "https://example.com/icons.woff2"
FILE = ("font-1.ttf", "font/ttf", a_font())


def with_a_font(*, any_origin: bool = False) -> Extraction:
    """A button and a link with an icon each, whose font the job keeps."""
    found = [
        a_found(a_node(f"<{tag}>{ICON}</{tag}>", font_family="Icons, serif"), kind, look=kind)
        for tag, kind in (("button", "button"), ("a", "a"))
    ]
    face = f'@font-face {{ font-family: Icons; src: url("{URL}#iefix") format("woff2"), url("https://cdn.example/x") }}'
    extraction = rendered(a_capture(*found, head_css=[face], fonts={URL: any_origin}))
    extraction["fontFiles"] = [FontFile(family="Icons", url=URL, artifact=FILE[0], anyOrigin=any_origin)]
    return extraction


def test_each_frame_has_the_font_with_it():
    extraction = with_a_font()
    page = preview_page(extraction, nonce=NONCE, fonts=fonts_in(extraction, [FILE]))
    assert page.count("url(&quot;data:font/ttf;base64,AAEAAAAK") == 2
    assert page.count("url(&quot;https://cdn.example/x&quot;)") == 4  # the frames and the sources


def test_sources_to_copy_keep_the_page_s_address():
    extraction = with_a_font()
    page = preview_page(extraction, nonce=NONCE, fonts=fonts_in(extraction, [FILE]))
    assert page.count(f"url(&quot;{URL}#iefix&quot;)") == 2


def test_a_font_that_everybody_may_load_is_not_carried_along():
    extraction = with_a_font(any_origin=True)
    page = preview_page(extraction, nonce=NONCE, fonts=fonts_in(extraction, [FILE]))
    assert "data:font" not in page


def test_frames_carry_so_much_together_and_no_more(monkeypatch: pytest.MonkeyPatch):
    extraction = with_a_font()
    fonts = fonts_in(extraction, [FILE])
    monkeypatch.setattr("jobserver.extract.preview.fonts._MOST", int(len(fonts[URL].address) * 1.5))
    embedding = Embedding(fonts)
    assert ["data:font" in embedding.within(each["css"]) for each in extraction["components"]] == [True, False]


def test_the_zip_holds_the_font_and_its_css_takes_it_from_there():
    extraction = with_a_font()
    with ZipFile(BytesIO(archive(extraction, {}, fonts_in(extraction, [FILE]), nonce=NONCE))) as file:
        files = {name.partition("/")[2]: file.read(name) for name in file.namelist()}
    assert files["fonts/font-1.ttf"] == FILE[2]
    assert b'url("fonts/font-1.ttf") format("woff2"), url("https://cdn.example/x")' in files["components.css"]
    assert b'url("../fonts/font-1.ttf") format("woff2")' in files["components/Button1.css"]
    assert b"data:font/ttf" in files["index.html"]
    assert b"`fonts/`" in files["README.md"]


@pytest.mark.parametrize(
    "file",
    [
        ("font-1.woff2", *FILE[1:]),
        ("../font-1.ttf", *FILE[1:]),
        ("font-1.ttf", "text/html", FILE[2]),
        ("font-1.ttf", "font/ttf", b"<script>alert(1)</script>"),
        ("font-1.svg", "font/svg", b"<svg onload='alert(1)'/>"),
        ("font-1.ttf", "font/ttf", a_font(bytes(1_000_000))),
        ("font-2.ttf", *FILE[1:]),
    ],
    ids=["ending", "folder", "type", "script", "svg", "huge", "other"],
)
def test_what_is_no_font_of_the_result_is_passed_over(file: tuple[str, str, bytes]):
    extraction = with_a_font()
    extraction["fontFiles"] = [{**extraction["fontFiles"][0], "artifact": "font-1.ttf"}]
    assert fonts_in(extraction, [file]) == {}


def test_a_result_that_was_tampered_with_makes_no_path_and_no_markup():
    extraction = with_a_font()
    extraction["fontFiles"][0]["artifact"] = '../../x");}</style><script>'
    assert fonts_in(extraction, [('../../x");}</style><script>', "font/ttf", FILE[2])]) == {}
