"""The README's table of settings, written from `jobserver.config`: ``python -m tests.docs.settings_table``."""

from __future__ import annotations

import re

from jobserver.config import SETTINGS, Setting
from tests.docs.pages import README

_TABLE = re.compile(r"(<!-- settings: begin [^\n]*-->\n).*?(<!-- settings: end -->)", re.DOTALL)


def settings_table() -> str:
    """The table in Markdown."""
    rows = ["| setting | default | unit | what it does |", "| --- | --- | --- | --- |"]
    return "\n".join(rows + [_row(setting) for setting in SETTINGS])


def with_table(page: str) -> str:
    """The page with the table as it should be."""
    return _TABLE.sub(lambda marks: f"{marks[1]}{settings_table()}\n{marks[2]}", page)


def _row(setting: Setting) -> str:
    cells = (f"`{setting.name}`", setting.default or "none", setting.unit, setting.help)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    README.write_text(with_table(README.read_text()))
