"""A headless Chromium process: started, watched and cleared away without a trace."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from jobserver.errors import BrowserCrashed
from jobserver.extract.browser.flags import FLAGS
from jobserver.extract.browser.guest import Guest, invite

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""Programs that are looked for on PATH, best first: the headless shell needs half the memory of the others."""

_ENVIRONMENT = ("PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH")
"""What the browser is told of our environment; it holds secrets."""

# The shell leads the browser's process group and stays to see it end. When this process goes, be it by kill -9, the
# pipe at descriptor 3 ends: then one outside of the group kills it all and removes the profile. Descriptors 3 and 4 are
# where --remote-debugging-pipe looks: nobody speaks there, but a browser whose shell was killed ends with us as well.
_GUARDED = """
exec 3<&0 4>&1 </dev/null >/dev/null
umask 077
ulimit -c 0
{ ulimit -n 8192; echo 500 >/proc/self/oom_score_adj; } 2>/dev/null
"$@" &
browser=$!
exec 4>&-
{ read -r _ <&3; setsid sh -c "$0" $$ "$TMPDIR" || kill -KILL $browser; } 2>/dev/null &
exec 3<&-
wait $browser
rm -rf -- "$TMPDIR"
kill -KILL 0
"""

# What is killed in the middle of a call may still make a file.
_REMOVER = """
kill -KILL -"$0"
for _ in 1 2 3 4 5 6 7 8 9; do rm -rf -- "$1"; sleep 0.3; test -e "$1" || break; done
"""

_ENDPOINT = re.compile(rb"DevTools listening on (ws://\S+)\s")
_KEPT_OUTPUT = 4000
_REAP_TIME = 3.0
_TRIES = 60


def find_chromium(path: str | None = None) -> str | None:
    """The program to start: ``path`` if given, else the first of `NAMES` on PATH; None when there is none."""
    for name in (path,) if path else NAMES:
        if found := shutil.which(name):
            return found
    return None


class Chromium:
    """One browser process with its children and its profile.

    ``flags`` are added to `flags.FLAGS`. ``time_limit``: seconds the start may take.
    """

    def __init__(self, program: str, *, flags: Sequence[str] = (), time_limit: float = 20.0) -> None:
        self._program = program
        self._flags = tuple(flags)
        self._time_limit = time_limit
        self._profile: Path | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._drain: asyncio.Task[None] | None = None
        self._output = bytearray()
        self._address: str | None = None
        self._listening = asyncio.Event()
        self.guest: Guest | None = None
        """Who it runs as; known once started."""

    @property
    def alive(self) -> bool:
        """Whether the process is running."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """The leader of the browser's process group, or None when it is not running."""
        return self._process.pid if self._process and self.alive else None

    @property
    def profile(self) -> Path | None:
        """Where the browser keeps its files, or None when it is not running."""
        return self._profile

    async def start(self) -> str:
        """Start it and return its DevTools WebSocket URL.

        Raises BrowserCrashed when it does not come up in time; nothing is left behind then, nor when cancelled.
        """
        try:
            async with asyncio.timeout(self._time_limit):
                return await self._start()
        except (OSError, TimeoutError) as error:
            await self.close()
            raise BrowserCrashed(f"The browser did not start. {self._last_words()}".strip()) from error
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Kill the process group, reap it and remove the profile. Safe to call twice and at any moment."""
        await _seen_through(self._close())

    async def _close(self) -> None:
        process, self._process = self._process, None
        profile, self._profile = self._profile, None
        drain, self._drain = self._drain, None
        if process is not None:
            _kill_group(process.pid)
        try:
            if process is not None:
                await process.wait()
                await _close_pipes(process)
            if drain is not None:
                # They all hold the pipe: when it ends, the last of them has ended.
                await asyncio.wait({drain}, timeout=_REAP_TIME)
                drain.cancel()
                await asyncio.wait({drain})
        finally:
            if profile is not None:
                await asyncio.to_thread(_remove, profile)

    async def _start(self) -> str:
        self.guest = await invite(self._program)
        await _seen_through(asyncio.to_thread(self._make_profile, self.guest.uid))
        await _seen_through(self._launch(self.guest))
        self._drain = asyncio.get_running_loop().create_task(self._read_output(), name="chromium stderr")
        await self._listening.wait()
        if self._address is None:
            raise BrowserCrashed(f"The browser did not start. {self._last_words()}".strip())
        return self._address

    def _make_profile(self, uid: int | None) -> None:
        self._profile = Path(tempfile.mkdtemp(prefix="jobserver-chromium-"))
        if uid is not None:
            os.chown(self._profile, uid, uid)

    async def _launch(self, guest: Guest) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *("/bin/sh", "-c", _GUARDED, _REMOVER),
            *guest.prefix,
            self._program,
            *FLAGS,
            *([] if guest.sandbox == "on" else ["--no-sandbox"]),
            f"--user-data-dir={self._profile}",
            *self._flags,
            "about:blank",
            cwd=self._profile,
            env=_environment(self._profile),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )

    async def _read_output(self) -> None:
        """Read what it says for as long as it lives: a full pipe would stop it."""
        stream = self._process.stderr if self._process else None
        while stream is not None and (chunk := await stream.read(4096)):
            self._output += chunk
            if self._address is None and (match := _ENDPOINT.search(self._output)):
                self._address = match[1].decode()
                self._listening.set()
            del self._output[:-_KEPT_OUTPUT]
        self._listening.set()

    def _last_words(self) -> str:
        lines = [line.strip() for line in self._output.decode(errors="replace").splitlines()]
        return "\n".join([line for line in lines if line][-3:])


def _environment(profile: Path | None) -> dict[str, str]:
    """All it writes goes to its profile, and away with it."""
    known = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    return known | dict.fromkeys(("HOME", "TMPDIR"), str(profile))


async def _seen_through(work: Coroutine[Any, Any, None]) -> None:
    """Do not stop in the middle of it, however often one is cancelled; it is short.

    A process or a profile would be left that nobody knows of.
    """
    task = asyncio.get_running_loop().create_task(work, name="chromium")
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    task.result()
    if cancelled is not None:
        raise cancelled


def _remove(profile: Path) -> None:
    # A process that was killed in the middle of a call may still make a file.
    for _ in range(_TRIES):
        shutil.rmtree(profile, ignore_errors=True)
        if not profile.exists():
            break
        time.sleep(_REAP_TIME / _TRIES)


async def _close_pipes(process: asyncio.subprocess.Process) -> None:
    """See the ends of the lifeline closed here as well, so that no transport outlives its loop."""
    if process.stdin is not None:
        process.stdin.close()
    if process.stdout is not None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_REAP_TIME):
                await process.stdout.read()


def _kill_group(leader: int) -> None:
    # The leader may be a shell script around the browser: only its group is the whole of it.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
