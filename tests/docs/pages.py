"""The project's pages of documentation, taken apart."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PROTOCOL = ROOT / "docs" / "protocol.md"
INTERNALS = ROOT / "docs" / "internals.md"
SECURITY = ROOT / "docs" / "security.md"
PAGES = (README, ROOT / "CHANGELOG.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md")))

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_WORD = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def blocks(page: Path, language: str) -> list[str]:
    """Its code blocks in ``language``, in order."""
    return [code for name, code in _BLOCK.findall(page.read_text()) if name == language]


def prose(page: Path) -> str:
    """The page without its code blocks."""
    return _BLOCK.sub("", page.read_text())


def words(page: Path) -> set[str]:
    """Everything it sets in `backticks`."""
    return set(_WORD.findall(prose(page)))


def words_under(page: Path, title: str) -> set[str]:
    """What is set in `backticks` under the heading that has ``title`` in it, down to the next heading."""
    parts = re.split(r"^(#+ .+)$", prose(page), flags=re.MULTILINE)
    return set(
        _WORD.findall(next(text for heading, text in pairwise(parts) if heading.startswith("#") and title in heading))
    )


def headings(page: Path) -> list[str]:
    return _HEADING.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """What a link may point at, as GitHub names it."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings(page)}


def links(page: Path) -> list[str]:
    return _LINK.findall(prose(page))


def table(page: Path, column: str) -> list[list[str]]:
    """The rows of all its tables whose first column is headed ``column``."""
    rows: list[list[str]] = []
    inside = False
    for line in page.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("|") else []
        if not cells:
            inside = False
        elif inside and not line.startswith("| ---"):
            rows.append(cells)
        elif cells[0].strip() == column:
            inside = True
    return rows


def first_words(page: Path, column: str) -> dict[str, list[str]]:
    """Each word in backticks in the first column of such tables → the cells beside it."""
    return {word: row[1:] for row in table(page, column) for word in _WORD.findall(row[0])}
