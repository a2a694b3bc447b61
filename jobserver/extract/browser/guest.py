"""Who the browser runs as: a user of its own where we are root, in a sandbox where the host allows one."""

from __future__ import annotations

import asyncio
import os
import tempfile
from dataclasses import dataclass

UID = 65533
"""A number that is nobody's: below ``nobody`` (65534), in a range that neither Debian nor systemd gives away.

``nobody`` itself will not do: other daemons run as it, and processes of one user can read and kill each other.
"""

_AS_GUEST = (
    *("setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups"),
    *("--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--"),
)

# The sandbox makes namespaces for processes and network inside one for users, and changes its root there. chroot is
# where few have their PATH lead.
_SANDBOX = "PATH=$PATH:/usr/sbin:/sbin unshare --map-root-user --pid --net --fork chroot / true"
_PROBE = f'test -x "$0" && test -x "$1" && echo welcome; {_SANDBOX} && echo sandbox'


@dataclass(frozen=True, slots=True)
class Guest:
    """How the browser is started. ``prefix``: what it is started by. ``uid``: whose its files are; None: ours.

    ``sandbox``: ``on``, or ``off: …`` and why.
    """

    prefix: tuple[str, ...]
    uid: int | None
    sandbox: str


async def invite(program: str) -> Guest:
    """Find out what this machine allows for ``program``, without starting it: about 10 ms."""
    if os.geteuid() != 0:
        return Guest((), None, _sandbox(await _probe((), program)))
    said = await _probe(_AS_GUEST, program)
    if "welcome" not in said:
        # Chromium refuses to make its sandbox as root.
        return Guest((), None, "off: running as root, and no other user can be had for the browser")
    return Guest(_AS_GUEST, UID, _sandbox(said))


def _sandbox(said: set[str]) -> str:
    return "on" if "sandbox" in said else "off: user namespaces do not work here"


async def _probe(prefix: tuple[str, ...], program: str) -> set[str]:
    command = (*prefix, "/bin/sh", "-c", _PROBE, program, tempfile.gettempdir())
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return set()
    said, _ = await process.communicate()
    return set(said.decode().split())
