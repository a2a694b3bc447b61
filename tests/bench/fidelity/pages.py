"""The fixed list of pages that are measured, and where each comes from: nobody tunes anything to one of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """One page. ``root``: the folder of the cache that is its site's root. ``path``: from there, with its slash."""

    name: str
    root: str
    path: str


def _of(group: str, root: str, paths: dict[str, str]) -> Iterable[Page]:
    return (Page(f"{group}/{name}", root, path) for name, path in paths.items())


_BOOTSTRAP = "album pricing checkout dashboard cheatsheet heroes navbars sidebars list-groups footers features carousel"
_APPS = "mui antd chakra vuetify ionic tailwind"
_DEBIAN = {
    "python": "python3.11/html/library/functions.html",
    "python-index": "python3.11/html/index.html",
    "postgresql": "postgresql-doc-15/html/sql-select.html",
    "sqlite": "sqlite3/lang_select.html",
    "sqlite-index": "sqlite3/index.html",
    "openjdk": "openjdk-17-jre-headless/api/java.base/java/lang/String.html",
    "openjdk-index": "openjdk-17-jre-headless/api/index.html",
    "apache": "apache2-doc/manual/en/mod/core.html",
    "apache-index": "apache2-doc/manual/en/index.html",
    "doxygen": "doxygen/html/starting.html",
    "git": "git-doc/git-log.html",
}

PAGES: tuple[Page, ...] = (
    *_of("bootstrap", "built/bootstrap", {name: f"/examples/{name}/" for name in _BOOTSTRAP.split()}),
    *_of("sb-admin", "npm/startbootstrap-sb-admin/dist", {"index": "/index.html", "login": "/login.html"}),
    *_of("simple-sidebar", "npm/startbootstrap-simple-sidebar/dist", {"index": "/index.html"}),
    *_of("clean-blog", "npm/startbootstrap-clean-blog/dist", {"post": "/post.html"}),
    *_of("agency", "npm/startbootstrap-agency/dist", {"index": "/index.html"}),
    *_of("sb-admin-2", "npm/startbootstrap-sb-admin-2", {"index": "/index.html", "buttons": "/buttons.html"}),
    *_of(
        "spectre",
        "npm/spectre.css",
        {
            "forms": "/docs/elements/forms.html",
            "tabs": "/docs/components/tabs.html",
            "cards": "/docs/components/cards.html",
        },
    ),
    *_of(
        "tabler",
        "npm/tabler-ui/dist",
        {"index": "/index.html", "forms": "/form-elements.html", "pricing": "/pricing-cards.html"},
    ),
    *_of("gentelella", "npm/gentelella/dist", {"form": "/production/form.html", "index": "/production/index.html"}),
    *_of("debian", "debian/usr/share/doc", {name: f"/{path}" for name, path in _DEBIAN.items()}),
    *_of("sphinx", "built/sphinx", {name: f"/{name}/index.html" for name in ("furo", "rtd", "pydata")}),
    *_of("apps", "built/apps", {name: f"/{name}/" for name in _APPS.split()}),
    *_of(
        "own",
        "built/own",
        {name: f"/{name}.html" for name in ("shoelace", "daisyui", "pico", "bulma", "fomantic", "modern", "swagger")},
    ),
)
"""Every page by its name, ``group/page``."""


def chosen(wanted: Iterable[str]) -> tuple[Page, ...]:
    """The pages whose name or group is in ``wanted``; all where it is empty. Raises ValueError for a name of none."""
    names = list(wanted)
    for name in names:
        if not any(_is(page, name) for page in PAGES):
            raise ValueError(f"There is no page {name}: one of {', '.join(page.name for page in PAGES)}.")
    return tuple(page for page in PAGES if not names or any(_is(page, name) for name in names))


def _is(page: Page, name: str) -> bool:
    return name in (page.name, page.name.partition("/")[0])
