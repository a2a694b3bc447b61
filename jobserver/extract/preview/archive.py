"""All of an extraction as one zip file: a page to look at, the files for all, and each component by itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from typing import Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from jobserver.extract.model import Component, Extraction
from jobserver.extract.preview.fonts import Fonts, beside
from jobserver.extract.preview.markup import counted, percent, text
from jobserver.extract.preview.page import host, preview_page
from jobserver.extract.preview.pictures import Pictures

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_IMPORT = re.compile(r"^import [^\n]*\n", re.MULTILINE)
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
"""No file in a zip is older (APPNOTE 4.4.6)."""

_LAST_YEAR = 2107
_PERMISSIONS = 0o644 << 16

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="script-src 'none'; object-src 'none'; base-uri 'none'; \
form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{name}</title>
<link rel="stylesheet" href="{name}.css"></head><body>
{html}
</body></html>
"""

_FONTS = """
- `fonts/`: font files, which the css loads from there. Host them yourself: most sites give theirs to
  their own pages only."""

_README = """# Components of {host}

{count} of <{url}>, read on {day} by the {engine} engine.{fidelity}

- `index.html`: all of them to look at, with their sources. Open it in a browser.
- `components.css` and `Components.{ending}`: all of them for a project, as React components that share one style sheet.
- `components/`: each by itself: `.html` with `.css`, and `.{ending}` with the same `.css`.{pictures}
- `tokens.json`: the colours, type, spacing, radii and shadows that the page uses, and how often.{fonts}

Pictures{elsewhere} are not in here: they come from where the page has them. What is on it
belongs to whoever made it.
"""


def archive(summary: Extraction, pictures: Pictures, fonts: Fonts, *, nonce: str) -> bytes:
    """The zip file. It takes a moment: not for an event loop. ``nonce``: of the preview page in it."""
    made, root = _moment(summary["completedAt"]), archive_name(summary).removesuffix(".zip")
    body = BytesIO()
    with ZipFile(body, "w") as file:
        for name, content in _files(summary, pictures, fonts, nonce):
            info = ZipInfo(f"{root}/{name}", made)
            info.external_attr = _PERMISSIONS
            packed = ZIP_STORED if isinstance(content, bytes) else ZIP_DEFLATED
            file.writestr(info, content if isinstance(content, bytes) else content.encode(errors="replace"), packed)
    return body.getvalue()


def archive_name(summary: Extraction) -> str:
    """What the file is called: ``example.com-components.zip``. ASCII, without anything a file system minds."""
    return f"{_safe(host(summary)).strip('.-')[:80] or 'page'}-components.zip"


def _files(summary: Extraction, pictures: Pictures, fonts: Fonts, nonce: str) -> Iterator[tuple[str, str | bytes]]:
    ending = _ending(summary)
    imports = "".join(_IMPORT.findall(summary["reactFile"]))
    yield "README.md", _readme(summary, pictures, fonts)
    yield "index.html", preview_page(summary, nonce=nonce, pictures=pictures, fonts=fonts)
    yield "components.css", beside(summary["cssFile"], fonts, "fonts")
    yield f"Components.{ending}", summary["reactFile"]
    yield "tokens.json", json.dumps(summary.get("tokens", {}), indent=2, ensure_ascii=False) + "\n"
    for component in summary["components"]:
        name = _file_name(component)
        yield f"components/{name}.html", _PAGE.format(name=text(name), html=component["htmlSnippet"])
        yield f"components/{name}.css", f"{beside(component['css'], fonts, '../fonts')}\n"
        yield f"components/{name}.{ending}", f'{imports}import "./{name}.css";\n\n{component["reactSnippet"]}\n'
        if (picture := pictures.get(component["index"])) is not None:
            yield f"components/{name}.webp", picture.body
    for font in fonts.values():
        yield f"fonts/{font.name}", font.body


def _readme(summary: Extraction, pictures: Pictures, fonts: Fonts) -> str:
    fidelity = summary.get("fidelity")
    return _README.format(
        host=host(summary),
        count=counted(summary["componentCount"], "component"),
        url=summary["url"],
        day=summary["completedAt"].partition("T")[0],
        engine=summary["engine"],
        ending=_ending(summary),
        fidelity=(
            f" Of those compared with\nthe page, {fidelity['passed']} of {fidelity['verified']} "
            f"differ in at most 1 % of their pixels; on average {percent(1 - fidelity['diff'])} % are the same."
            if fidelity and fidelity["verified"]
            else ""
        ),
        pictures="\n  A `.webp` shows it as it was on the page." if pictures else "",
        fonts=_FONTS if fonts else "",
        elsewhere=" and other fonts" if fonts else " and fonts",
    )


def _file_name(component: Component) -> str:
    """Its name, and its number where that is not in it: no two are equal."""
    name, number = _safe(component["componentName"]).strip(".")[:60], str(component["index"])
    return name if name.endswith(number) else f"{name}{number}"


def _ending(summary: Extraction) -> str:
    return "tsx" if summary.get("format") == "tsx" else "jsx"


def _safe(name: str) -> str:
    return _UNSAFE.sub("-", name)


def _moment(completed_at: str) -> tuple[int, int, int, int, int, int]:
    """When the page was read, so that the same result makes the same file."""
    try:
        at = datetime.fromisoformat(completed_at)
    except ValueError:
        return _EARLIEST
    if not _EARLIEST[0] <= at.year <= _LAST_YEAR:
        return _EARLIEST
    return at.year, at.month, at.day, at.hour, at.minute, at.second
