"""The lock of the Docker image pins what pyproject.toml asks for, and nothing gets into the image around it."""

from __future__ import annotations

import re
from copy import deepcopy

import pytest
from packaging.version import Version

from tests.supply.lock import EXTRAS, LOCK, ROOT, pins, project, unmet

DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_the_lock_has_all_that_the_image_needs_in_versions_that_fit():
    assert unmet(project(), LOCK.read_text()) == [], "run `make lock`"


@pytest.mark.parametrize(
    ("ahead", "where"),
    [
        ("aiohttp>=999", ("dependencies",)),
        ("orjson>=999", ("optional-dependencies", "fast")),
        ("no-such-package", ("optional-dependencies", "analyze")),
    ],
)
def test_a_lock_that_the_project_has_left_behind_is_noticed(ahead: str, where: tuple[str, ...]):
    changed = deepcopy(project())
    wants = changed["project"]
    for name in where:
        wants = wants[name]
    wants.append(ahead)
    assert unmet(changed, LOCK.read_text()) == [ahead]


def test_a_pin_without_a_hash_does_not_count():
    name = next(iter(pins(LOCK.read_text())))
    without = re.sub(rf"^({name}==\S+) \\$(\n    --hash=.*$)+", r"\1", LOCK.read_text(), flags=re.MULTILINE)
    assert set(pins(LOCK.read_text())) - set(pins(without)) == {name}


def test_every_line_of_the_lock_is_a_release_with_its_hashes_or_a_remark():
    lines = LOCK.read_text().splitlines()
    others = [line for line in lines if not re.fullmatch(r"\s*#.*|    --hash=sha256:[0-9a-f]{64}(?: \\)?", line)]
    assert len(others) == len(pins(LOCK.read_text()))
    assert all(re.fullmatch(r"[\w.-]+==\S+ \\", line) for line in others)


def test_releases_for_more_than_one_processor_are_locked():
    compiled = ("aiohttp", "cryptography", "orjson", "selectolax", "uvloop")
    assert all(pins(LOCK.read_text())[name][1] >= 2 for name in compiled)


def test_what_is_locked_is_a_final_release():
    assert not [name for name, (version, _) in pins(LOCK.read_text()).items() if Version(version).is_prerelease]


def test_the_image_installs_what_is_locked_and_asks_no_index_for_anything_else():
    runs = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE))
    commands = re.findall(r"pip (?:download|install|wheel)[^&\n]*", runs)
    from_an_index = [command for command in commands if "--no-index" not in command]
    assert [command.split()[1] for command in from_an_index] == ["download"]
    assert all(f"--{option}" in from_an_index[0] for option in ("require-hashes", "only-binary :all:"))
    assert LOCK.name in from_an_index[0]
    assert any("--no-build-isolation" in command for command in commands if command.startswith("pip wheel"))
    assert f'"jobserver[{",".join(EXTRAS)}]"' in commands[-1]
