"""A finished job's components as a page to look at, and as a file to take along."""

from __future__ import annotations

from jobserver.extract.preview.archive import archive, archive_name
from jobserver.extract.preview.fonts import Fonts, fonts_in
from jobserver.extract.preview.page import preview_page
from jobserver.extract.preview.pictures import Pictures, pictures_in
from jobserver.extract.preview.policy import preview_csp

__all__ = [
    "Fonts",
    "Pictures",
    "archive",
    "archive_name",
    "fonts_in",
    "pictures_in",
    "preview_csp",
    "preview_page",
]
