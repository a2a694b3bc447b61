"""What the pages point at is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jobserver.config import SETTINGS
from tests.docs.pages import PAGES, ROOT, anchors, blocks, links, words
from tests.docs.pages import README as README_PAGE

NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=NAMES)


@EACH_PAGE
def test_links_lead_somewhere(page: Path):
    for link in links(page):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@EACH_PAGE
def test_files_that_are_named_exist(page: Path):
    written = {"components.json", "styles.css", "Components.jsx", "preview.html"}  # by `jobserver analyze`
    written |= {"README.md", "index.html", "components.css", "tokens.json"}  # in the zip file of the preview
    for word in words(page) - written:
        name = word.split("::")[0]
        if not name.startswith("/") and re.fullmatch(r"[\w./-]+\.(py|md|yaml|json|toml|html|css)", name):
            assert (ROOT / name).exists() or (ROOT / "jobserver" / name).exists(), word


@EACH_PAGE
def test_settings_that_are_named_exist(page: Path):
    known = {setting.name for setting in SETTINGS}
    named = {word.partition("=")[0] for word in words(page)}
    settings = {name for name in named if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", name)}
    assert settings <= known | {"JOB_ID", "LISTEN_FDS"}


def test_make_targets_that_are_named_exist():
    makefile = (ROOT / "Makefile").read_text()
    for script in [*blocks(README_PAGE, "bash"), *words(README_PAGE)]:
        for target in re.findall(r"^make (\w[\w-]*)", script, re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_decision_is_listed():
    decisions = {f"decisions/{page.name}" for page in (ROOT / "docs" / "decisions").glob("*.md")}
    assert decisions <= set(links(ROOT / "docs" / "internals.md"))


def test_the_pages_speak_of_the_project_alone():
    for page in PAGES:
        assert not re.search(r"(?<![\w.])/(work|root|home)/|\bTODO\b|\bFIXME\b", page.read_text()), page
