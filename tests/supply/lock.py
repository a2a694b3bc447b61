"""Writes requirements.lock, every wheel that the Docker image is made of: ``make lock``."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"

EXTRAS = ("analyze", "cliq", "fast")
"""What the image installs beside the base."""

PYTHON = "3.11"
PLATFORMS = ("x86_64-manylinux_2_36", "aarch64-manylinux_2_36")
"""Debian 12 on the processors that images are built for."""

_PIN = re.compile(r"^([\w.-]+)==(\S+) \\$((?:\n    --hash=sha256:[0-9a-f]{64}(?: \\$)?)+)", re.MULTILINE)


def project() -> dict[str, Any]:
    """pyproject.toml as it stands."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def wanted(project: Mapping[str, Any]) -> list[Requirement]:
    """What the image needs by name: the base, EXTRAS, and what our own wheel is built with."""
    extras = project["project"]["optional-dependencies"]
    texts = [
        *project["project"]["dependencies"],
        *(text for extra in EXTRAS for text in extras[extra]),
        *project["build-system"]["requires"],
    ]
    on_linux = {"sys_platform": "linux", "platform_system": "Linux", "python_version": PYTHON}
    each = map(Requirement, texts)
    return [requirement for requirement in each if not requirement.marker or requirement.marker.evaluate(on_linux)]


def pins(lock: str) -> dict[str, tuple[str, int]]:
    """name → (version, number of hashes) of each package that is pinned with a hash at least."""
    return {canonicalize_name(name): (version, hashes.count("--hash=")) for name, version, hashes in _PIN.findall(lock)}


def unmet(project: Mapping[str, Any], lock: str) -> list[str]:
    """The requirements that ``lock`` has no pin for, or one that does not satisfy them."""
    pinned = pins(lock)
    return [
        str(requirement)
        for requirement in wanted(project)
        if not requirement.specifier.contains(
            pinned.get(canonicalize_name(requirement.name), ("0.dev0", 0))[0], prereleases=False
        )
    ]


def compiled(platform: str) -> str:
    """The newest versions that fit together and have wheels for ``platform``, with the hashes of all their wheels."""
    requirements = "\n".join(map(str, wanted(project())))
    command = [
        *(sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-config", "--generate-hashes"),
        *("--default-index", "https://pypi.org/simple", "--only-binary", ":all:"),
        *("--python-version", PYTHON, "--python-platform", platform, "--custom-compile-command", "make lock", "-"),
    ]
    return subprocess.run(command, input=requirements, capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Write the lock, which must be one and the same for all PLATFORMS."""
    locks = {compiled(platform) for platform in PLATFORMS}
    if len(locks) != 1:
        sys.exit(f"{' and '.join(PLATFORMS)} need different versions: hold one back in pyproject.toml")
    LOCK.write_text(locks.pop())


if __name__ == "__main__":
    main()
