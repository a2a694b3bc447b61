"""Handlers are found by name; what is wrong with a name is said at the start."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobserver.errors import StartupError
from jobserver.workers.loading import discover, load

GOOD = """
from jobserver import handler

@handler("one")
def one(args): ...

@handler("two")
async def two(args): ...

both = [one, two]
record = one.handler
number = 5
nothing = []
"""
FILES = {
    "good_jobs.py": GOOD,
    "more_jobs/__init__.py": "from good_jobs import one\nfrom . import deep",
    "more_jobs/deep.py": "from jobserver import handler\nclass Group:\n    @staticmethod\n    @handler('three')\n"
    "    def three(args): ...\n",
    "empty_jobs.py": "x = 1",
    "broken_jobs.py": "def f():\n    return 1 / 0\n\nf()\n",
    "odd_jobs.py": "def f(:",
    "needy_jobs.py": "import no_such_library",
    "package-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: package\nVersion: 1.0\n",
    "package-1.0.dist-info/entry_points.txt": "[jobserver.handlers]\nb = more_jobs.deep:Group.three\na = good_jobs\n",
}


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.partition(".")[0].endswith("_jobs"):
            del sys.modules[name]


@pytest.mark.parametrize(
    ("names", "kinds"),
    [
        (["good_jobs"], ["one", "two"]),
        (["good_jobs:two"], ["two"]),
        (["good_jobs:both"], ["one", "two"]),
        (["good_jobs:record"], ["one"]),
        (["more_jobs"], ["one"]),
        (["more_jobs.deep:Group.three"], ["three"]),
        (["good_jobs", "more_jobs", "good_jobs:two"], ["one", "two"]),
        ([], []),
    ],
)
def test_a_name_stands_for_one_handler_for_several_or_for_a_whole_module(names: list[str], kinds: list[str]):
    assert [handler.kind for handler in load(names)] == kinds


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no_jobs", "Handlers no_jobs: there is no module no_jobs."),
        ("good_jobs.inner", "there is no module good_jobs.inner"),
        ("good_jobs:three", "Handlers good_jobs:three: the module good_jobs has no three."),
        ("good_jobs:number", "number is neither a handler nor a list of handlers."),
        ("good_jobs:nothing", "nothing is neither a handler nor a list of handlers."),
        ("empty_jobs", "the module has none. Decorate a function with @handler."),
        ("broken_jobs", r"ZeroDivisionError: division by zero \(.*broken_jobs.py, line 2\)"),
        ("odd_jobs", "SyntaxError"),
        ("needy_jobs", r"No module named 'no_such_library' \(.*needy_jobs.py, line 1\)"),
        (":one", "say module or module:attribute"),
        ("good_jobs.py", "there is no module good_jobs.py"),
        ("./good_jobs", "say module or module:attribute"),
    ],
)
def test_what_is_wrong_with_a_name_is_said(name: str, said: str):
    with pytest.raises(StartupError, match=said):
        load([name])


def test_an_installed_package_may_bring_its_own(directory: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(directory)
    assert [handler.kind for handler in discover()] == ["one", "two", "three"]


def test_what_is_wrong_with_a_package_is_said_with_its_name(directory: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(directory)
    (directory / "package-1.0.dist-info/entry_points.txt").write_text("[jobserver.handlers]\na = broken_jobs\n")
    with pytest.raises(StartupError, match=r"broken_jobs \(entry point a of package\): ZeroDivisionError"):
        discover()
