"""Programs that break things for us: strace, mount namespaces, libfaketime; and whether this machine has them."""

from __future__ import annotations

import asyncio
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Self

FAKETIME = "faketime/libfaketimeMT.so.1"


@cache
def missing_strace() -> str | None:
    """Why no system call can be spoiled here."""
    return _failing("strace", "-D", "-f", "-o", "/dev/null", "-e", "inject=fsync:error=EIO", "true")


@cache
def missing_namespaces() -> str | None:
    """Why no small disk can be made here."""
    return _failing("unshare", "--mount", "mount", "-t", "tmpfs", "-o", "size=400k", "none", "/mnt")


@cache
def missing_faketime() -> str | None:
    """Why no clock can be set here."""
    return None if faketime_library() else "libfaketime is not installed"


def faketime_library() -> Path | None:
    """The library that lies about the time, where Debian and others put it."""
    return next((found for place in ("*/", "") for found in sorted(Path("/usr/lib").glob(place + FAKETIME))), None)


def _failing(*command: str) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{command[0]}: {error}"
    return f"{command[0]}: {done.stderr.strip() or done.returncode}" if done.returncode else None


def strace(log: Path, *options: str) -> tuple[str, ...]:
    """What runs a program under strace; the program stays our own child, and strace's is only to look on."""
    return ("strace", "-D", "-f", "-qq", "-o", str(log), *options)


def spoil(log: Path, call: str, what: str, when: str) -> tuple[str, ...]:
    """Under which the ``when``-th such system call of a thread does ``what``: ``signal=SIGKILL``, ``error=EIO``.

    What is killed is killed before the call does anything.
    """
    return strace(log, f"--trace={call}", f"--inject={call}:{what}:when={when}")


class SmallDisk:
    """A file system of ``size`` KiB in ``directory``, which only those see who run ``under`` it.

    ``store``: the setting for a file on it.
    """

    def __init__(self, directory: Path, size: int) -> None:
        self._directory = directory / "small"
        self._size = size
        self.store = f"sqlite://{self._directory}/jobs.db"

    async def __aenter__(self) -> Self:
        self._directory.mkdir()
        make = f'mount -t tmpfs -o size={self._size}k faults "$0" && echo made && exec sleep infinity'
        self._holder = await asyncio.create_subprocess_exec(
            *("unshare", "--mount", "sh", "-c", make, str(self._directory)), stdout=asyncio.subprocess.PIPE
        )
        assert self._holder.stdout is not None
        assert await self._holder.stdout.readline() == b"made\n"
        self._seen = Path(f"/proc/{self._holder.pid}/root{self._directory}")
        self.under = ("nsenter", f"--target={self._holder.pid}", "--mount", f"--wd={self._directory.parent}")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._holder.kill()
        await self._holder.communicate()

    def fill(self, leave: int = 0) -> None:
        """Take all room but ``leave`` KiB."""
        with (self._seen / "ballast").open("ab", buffering=0) as ballast:
            room = os.statvfs(self._seen)
            ballast.write(bytes(max(room.f_bavail * room.f_frsize - leave * 1024, 0)))

    def free(self) -> None:
        """Give it back."""
        (self._seen / "ballast").unlink()

    async def grow(self, size: int) -> None:
        """Make the disk so many KiB large."""
        mount = ("mount", "-o", f"remount,size={size}k", str(self._directory))
        process = await asyncio.create_subprocess_exec(*self.under, *mount)
        assert await process.wait() == 0


class FalseClock:
    """A clock that can be set while a process runs: the wall clock only, as when somebody sets that of a host."""

    DELAY = 1
    """Seconds after which it is set for those that run, at the latest."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.environment = {
            "LD_PRELOAD": str(faketime_library()),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_CACHE_DURATION": str(FalseClock.DELAY),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
        self.set(0)

    def set(self, hours: float) -> None:
        """So many hours from the right time."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{hours * 3600:+.0f}\n")
        new.rename(self._file)  # nobody reads half of it
