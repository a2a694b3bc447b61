"""Builds the pages that no package has ready: Hugo's sources of Bootstrap, Sphinx's documentation, pages of our own."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench.fidelity.commands import run

_OWN = Path(__file__).with_name("own")
_THEMES = {"furo": "furo==2024.8.6", "rtd": "sphinx-rtd-theme==3.0.2", "pydata": "pydata-sphinx-theme==0.16.1"}
_THEME_NAMES = {"rtd": "sphinx_rtd_theme", "pydata": "pydata_sphinx_theme"}
_SPHINX = "sphinx==8.1.3"
_TAILWIND = ("tailwindcss@4.3.5", "@tailwindcss/cli@4.3.5", "daisyui@5.8.1")

_EXAMPLES = "usr/share/doc/libjs-bootstrap5/examples"
_FRONT = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_SHORTCODE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_ARGUMENT = re.compile(r'(\w+)="([^"]*)"')
_LAYOUT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<link href="/bootstrap/css/bootstrap.min.css" rel="stylesheet">
<style>
.bd-placeholder-img {{ font-size: 1.125rem; text-anchor: middle; user-select: none; }}
@media (min-width: 768px) {{ .bd-placeholder-img-lg {{ font-size: 3.5rem; }} }}
.b-example-divider {{ height: 3rem; background-color: rgba(0, 0, 0, .1); border: solid rgba(0, 0, 0, .15);
  border-width: 1px 0; box-shadow: inset 0 .5em 1.5em rgba(0, 0, 0, .1), inset 0 .125em .5em rgba(0, 0, 0, .15); }}
.b-example-vr {{ flex-shrink: 0; width: 1.5rem; height: 100vh; }}
.bi {{ vertical-align: -.125em; fill: currentColor; }}
</style>
{sheets}
</head>
<body class="{body_class}">
{body}
<script src="/bootstrap/js/bootstrap.bundle.min.js"></script>
{scripts}
</body>
</html>
"""
_PLACEHOLDER = (
    '<svg class="bd-placeholder-img {class}" width="{width}" height="{height}" xmlns="http://www.w3.org/2000/svg" '
    'role="img" preserveAspectRatio="xMidYMid slice" focusable="false"><title>Placeholder</title>'
    '<rect width="100%" height="100%" fill="{background}"/><text x="50%" y="50%" fill="{color}" dy=".3em">{text}</text>'
    "</svg>"
)


def bootstrap(cache: Path, target: Path) -> None:
    """The examples of Bootstrap's documentation, as Hugo would have made them."""
    shutil.copytree(cache / "npm/bootstrap/dist", target / "bootstrap")
    shutil.copytree(cache / "debian" / _EXAMPLES, target / "examples")
    for source in (target / "examples").glob("*/index.html"):
        source.write_text(_example(source.read_text(encoding="utf-8")), encoding="utf-8")


def _example(text: str) -> str:
    match = _FRONT.match(text)
    front, body = (match[1], text[match.end() :]) if match else ("", text)
    files = re.findall(r'- (?:src: )?"([^"]+)"', front)
    body_class = re.search(r'body_class: "([^"]*)"', front)
    title = re.search(r"title: (.*)", front)
    return _LAYOUT.format(
        title=title[1] if title else "Example",
        body_class=body_class[1] if body_class else "",
        sheets="\n".join(f'<link href="{file}" rel="stylesheet">' for file in files if file.endswith(".css")),
        scripts="\n".join(f'<script src="{file}"></script>' for file in files if file.endswith(".js")),
        body=_SHORTCODE.sub(_shortcode, body),
    )


def _shortcode(match: re.Match[str]) -> str:
    code = match[0]
    if "placeholder" in code:
        given = {"width": "100%", "height": "180", "background": "#868e96", "color": "#dee2e6", "text": "Placeholder"}
        return _PLACEHOLDER.format(**{"class": "", **given, **dict(_ARGUMENT.findall(code))})
    if "< example" in code:
        return '<div class="bd-example">'
    if "< /example" in code:
        return "</div>"
    return "5.2" if "docs_version" in code else "2026" if "year" in code else "primary" if ".name" in code else ""


def sphinx(_: Path, target: Path) -> None:
    """One small documentation under each of three themes."""
    tools = target.parent / "sphinx-tools"
    if not tools.exists():
        run(sys.executable, "-m", "venv", tools)
    run(tools / "bin/pip", "install", "--quiet", _SPHINX, *_THEMES.values())
    for name in _THEMES:
        theme = f"html_theme={_THEME_NAMES.get(name, name)}"
        run(tools / "bin/sphinx-build", "-q", "-D", theme, _OWN / "sphinx", target / name)
    shutil.rmtree(tools)


def own(_: Path, target: Path) -> None:
    """Our pages for libraries that have none, with Tailwind's sheet as its command builds it."""
    shutil.copytree(_OWN, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("sphinx"))
    (target / "npm").symlink_to("../../npm")
    tools = target / ".tailwind"
    tools.mkdir()
    run("npm", "install", "--no-audit", "--no-fund", *_TAILWIND, cwd=tools)
    shutil.copy(_OWN / "daisyui.css", tools / "in.css")
    shutil.copy(_OWN / "daisyui.html", tools / "page.html")
    run("npx", "tailwindcss", "-i", "in.css", "-o", "../daisyui.css", cwd=tools)
    shutil.rmtree(tools)


BUILDERS: dict[str, Callable[[Path, Path], None]] = {"bootstrap": bootstrap, "sphinx": sphinx, "own": own}
"""Name in ``built`` of the cache → what makes it there."""
