"""Brings the pages into the cache, from package registries by their own clients, each once."""

from __future__ import annotations

import shutil
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tests.bench.fidelity.build import BUILDERS
from tests.bench.fidelity.commands import CommandFailed, run
from tests.bench.fidelity.pages import Page

NPM = {
    "@picocss/pico": "2.1.1",
    "@shoelace-style/shoelace": "2.20.1",
    "bootstrap": "5.2.3",
    "bulma": "1.0.4",
    "fomantic-ui-css": "2.9.4",
    "gentelella": "4.2.0",
    "spectre.css": "0.5.9",
    "startbootstrap-agency": "7.0.12",
    "startbootstrap-clean-blog": "6.0.9",
    "startbootstrap-sb-admin": "7.0.7",
    "startbootstrap-sb-admin-2": "4.1.4",
    "startbootstrap-simple-sidebar": "6.0.6",
    "swagger-ui-dist": "5.35.0",
    "tabler-ui": "0.0.34",
}
"""Package → version. ``npm/NAME`` in the cache."""

DEBIAN = (
    "apache2-doc",
    "doxygen-doc",
    "git-doc",
    "libjs-bootstrap5-doc",
    "libjs-jquery",
    "libjs-jquery-ui",
    "libjs-underscore",
    "openjdk-17-doc",
    "postgresql-doc-15",
    "python3.11-doc",
    "sqlite3-doc",
)
"""Packages of Debian 12, unpacked over each other into ``debian`` in the cache."""

_NEEDS = {
    "apps": (),
    "bootstrap": ("debian", "npm/bootstrap"),
    "own": tuple(
        f"npm/{name}"
        for name in ("@picocss/pico", "@shoelace-style/shoelace", "bulma", "fomantic-ui-css", "swagger-ui-dist")
    ),
    "sphinx": (),
}


def fetch(pages: Iterable[Page], cache: Path) -> list[str]:
    """See that everything the pages need is in ``cache``; a sentence for each thing that could not be had."""
    failed = []
    for need in dict.fromkeys(need for page in pages for need in _needs(page)):
        try:
            _once(need, cache / need, _maker(need, cache))
        except (OSError, CommandFailed) as error:
            failed.append(f"{need} could not be fetched: {error}")
    return failed


def _needs(page: Page) -> Sequence[str]:
    where, _, rest = page.root.partition("/")
    if where == "built":
        return (*_NEEDS[rest], page.root)
    if where == "npm":
        return (next(f"npm/{name}" for name in NPM if f"{rest}/".startswith(f"{name}/")),)
    return ("debian",)


def _maker(need: str, cache: Path) -> Callable[[Path], None]:
    where, _, name = need.partition("/")
    if where == "npm":
        return lambda target: _unpack_npm(name, target)
    if where == "built":
        return lambda target: BUILDERS[name](cache, target)
    return _unpack_debian


def _once(name: str, target: Path, make: Callable[[Path], None]) -> None:
    """Make ``target`` unless it is there: whole or not at all."""
    if target.exists():
        return
    print(f"Fetching {name}", file=sys.stderr)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".making-") as folder:
        made = Path(folder, "made")
        made.mkdir()
        make(made)
        made.rename(target)


def _unpack_npm(name: str, target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run("npm", "pack", f"{name}@{NPM[name]}", cwd=folder)
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        archive.unlink()
        (unpacked,) = Path(folder).iterdir()
        shutil.copytree(unpacked, target, dirs_exist_ok=True)


def _unpack_debian(target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run("apt-get", "download", "-q", *DEBIAN, cwd=folder)
        for archive in sorted(Path(folder).glob("*.deb")):
            run("dpkg-deb", "-x", archive, target)
