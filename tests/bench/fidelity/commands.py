"""The programs that bring and build pages: run to their end, or said what was wrong and where one gets them."""

from __future__ import annotations

import subprocess
from pathlib import Path

_FROM = {
    "npm": "it comes with Node.js (Debian: apt-get install npm)",
    "npx": "it comes with npm (Debian: apt-get install npm)",
    "apt-get": "the pages of Debian come from a Debian 12; name other pages",
    "dpkg-deb": "the pages of Debian come from a Debian 12; name other pages",
}
_SAID = 3


class CommandFailed(Exception):
    """A program is missing or did not do what it was to do."""


def run(*command: str | Path, cwd: str | Path | None = None) -> None:
    """Run ``command`` in the folder ``cwd``. Raises CommandFailed with its last words."""
    program = Path(command[0]).name
    try:
        subprocess.run(command, cwd=cwd, check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except FileNotFoundError as error:
        raise CommandFailed(f"there is no {program} here: {_FROM.get(program, 'install it')}.") from error
    except subprocess.CalledProcessError as error:
        words = " / ".join(error.stdout.strip().splitlines()[-_SAID:])
        raise CommandFailed(f"{program} failed with status {error.returncode}: {words or 'it said nothing'}") from error
