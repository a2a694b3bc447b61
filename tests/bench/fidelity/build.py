"""Builds the pages that no package has ready: Bootstrap's from Hugo's sources, Sphinx's, pages and apps of our own."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench.fidelity.commands import run

_OWN = Path(__file__).with_name("own")
_THEMES = {"furo": "furo==2024.8.6", "rtd": "sphinx-rtd-theme==3.0.2", "pydata": "pydata-sphinx-theme==0.16.1"}
_THEME_NAMES = {"rtd": "sphinx_rtd_theme", "pydata": "pydata_sphinx_theme"}
_SPHINX = "sphinx==8.1.3"
_TAILWIND = ("tailwindcss@4.3.5", "@tailwindcss/cli@4.3.5")
_DAISYUI = "daisyui@5.8.1"

_APPS = Path(__file__).with_name("apps")
_ESBUILD = "esbuild@0.28.2"
_REACT = ("react@18.3.1", "react-dom@18.3.1")
_EMOTION = ("@emotion/react@11.14.0", "@emotion/styled@11.14.1")
_APP_PACKAGES = {
    "antd.jsx": (*_REACT, "antd@5.29.3", "@ant-design/icons@5.6.1"),
    "chakra.jsx": (*_REACT, "@chakra-ui/react@3.8.0", _EMOTION[0]),
    "ionic.js": ("@ionic/core@8.8.19", "ionicons@8.1.0"),
    "mui.jsx": (*_REACT, *_EMOTION, "@mui/material@6.5.0", "@mui/icons-material@6.5.0"),
    "vuetify.js": ("vue@3.5.45", "vuetify@3.13.5"),
}
_APP_SHELL = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{name}</title>
{sheet}
</head>
<body><div id="root"></div><script type="module" src="app.js"></script></body>
</html>
"""

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
    _tailwind(_OWN / "daisyui.css", _OWN / "daisyui.html", _DAISYUI, into=target / "daisyui.css")


def apps(_: Path, target: Path) -> None:
    """A small app for each library of components, bundled as those who use it would."""
    for file, packages in _APP_PACKAGES.items():
        app = target / Path(file).stem
        app.mkdir()
        _bundle(_APPS / file, packages, into=app)
        sheet = '<link rel="stylesheet" href="app.css">' if (app / "app.css").exists() else ""
        (app / "index.html").write_text(_APP_SHELL.format(name=app.name, sheet=sheet), encoding="utf-8")
    page = target / "tailwind/index.html"
    page.parent.mkdir()
    shutil.copy(_APPS / "tailwind.html", page)
    _tailwind(_APPS / "tailwind.css", page, into=page.with_name("app.css"))


def _bundle(source: Path, packages: Sequence[str], *, into: Path) -> None:
    """``app.js`` in the folder ``into`` and, where ``source`` imports style sheets, ``app.css``."""
    with tempfile.TemporaryDirectory() as tools:
        shutil.copy(source, tools)
        _install(tools, _ESBUILD, *packages)
        options = ("--bundle", "--minify", "--format=esm", "--jsx=automatic", f"--outfile={into / 'app.js'}")
        run("npx", "esbuild", source.name, *options, cwd=tools)


def _tailwind(sheet: Path, page: Path, *plugins: str, into: Path) -> None:
    """The style sheet ``into`` that Tailwind's command makes of ``sheet`` and of the classes in ``page``."""
    with tempfile.TemporaryDirectory() as tools:
        _install(tools, *_TAILWIND, *plugins)
        shutil.copy(sheet, Path(tools, "in.css"))
        shutil.copy(page, Path(tools, "page.html"))
        run("npx", "tailwindcss", "-i", "in.css", "-o", into, cwd=tools)


def _install(folder: str, *packages: str) -> None:
    run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *packages, cwd=folder)


BUILDERS: dict[str, Callable[[Path, Path], None]] = {"bootstrap": bootstrap, "sphinx": sphinx, "own": own, "apps": apps}
"""Name in ``built`` of the cache → what makes it there."""
