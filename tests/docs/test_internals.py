"""The map of the page's script names every file there is, and no other."""

from __future__ import annotations

import re

from tests.docs.pages import INTERNALS, ROOT, blocks

SCRIPT = ROOT / "jobserver/extract/browser/script"


def test_every_file_of_the_page_s_script_is_on_the_map_and_no_other():
    (shown,) = (block for block in blocks(INTERNALS, "") if block.startswith("main, "))
    pages, rules = re.sub(r"\([^)]*\)", "", shown).split("rules/")
    for names, folder in ((pages, SCRIPT), (rules, SCRIPT / "rules")):
        assert sorted(re.findall(r"\w+", names)) == sorted(file.stem for file in folder.glob("*.js"))
