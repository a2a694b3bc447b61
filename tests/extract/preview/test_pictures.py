"""Pictures of the originals: which files are taken for one."""

from __future__ import annotations

import pytest

from jobserver.extract.preview import pictures_in
from tests.extract.preview.make_previews import a_picture

LOSSLESS = b"RIFF\x1c\x00\x00\x00WEBPVP8L\x10\x00\x00\x00\x2f" + ((56 - 1) << 14 | (96 - 1)).to_bytes(4, "little")
LOSSY = b"RIFF\x1c\x00\x00\x00WEBPVP8 \x10\x00\x00\x00\x00\x00\x00\x9d\x01\x2a\x60\x00\x38\x00"


@pytest.mark.parametrize("body", [a_picture(96, 56), LOSSLESS + bytes(10), LOSSY + bytes(10)])
def test_a_picture_knows_its_size_in_each_of_the_three_kinds(body: bytes):
    pictures = pictures_in([("component-7.webp", "image/webp", body)])
    assert [(index, each.width, each.height) for index, each in pictures.items()] == [(7, 96, 56)]


@pytest.mark.parametrize(
    ("name", "content_type", "body"),
    [
        ("component-0.webp", "image/webp", a_picture(9, 9)),
        ("component-1.webp.svg", "image/webp", a_picture(9, 9)),
        ("x/component-1.webp", "image/webp", a_picture(9, 9)),
        ("component-1.webp", "image/svg+xml", a_picture(9, 9)),
        ("component-1.webp", "image/webp", b"<svg onload=alert(1)>" * 9),
        ("component-1.webp", "image/webp", a_picture(9, 9)[:20]),
        ("component-1.webp", "image/webp", a_picture(9, 9).replace(b"VP8X", b"VP9X")),
        ("component-1.webp", "image/webp", a_picture(9, 9, bytes(4_000_000))),
    ],
)
def test_what_is_no_such_picture_is_passed_over(name: str, content_type: str, body: bytes):
    assert pictures_in([(name, content_type, body)]) == {}
