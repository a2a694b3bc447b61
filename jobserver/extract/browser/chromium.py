"""A headless Chromium process: started, watched and cleared away without a trace."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from jobserver.errors import BrowserCrashed

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""Programs that are looked for on PATH, best first: the headless shell needs half the memory of the others."""

# The network is the page's alone: no call home, no QUIC and no WebRTC past a proxy (in this build the spelling
# --force-webrtc-ip-handling-policy does nothing). The rest makes pictures repeatable and small machines bearable.
FLAGS = (
    "--headless",
    "--remote-debugging-port=0",
    "--remote-debugging-pipe",
    "--block-new-web-contents",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-crash-reporter",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--metrics-recording-only",
    "--mute-audio",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--password-store=basic",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
)

# A pipe that nobody uses: a browser ends when its ends close, as they do with us. So not even a kill -9 of this process
# leaves one behind. Descriptors 3 and 4 are where --remote-debugging-pipe looks.
_WITH_LIFELINE = ("/bin/sh", "-c", 'exec "$@" 3<&0 4>&1 </dev/null >/dev/null', "sh")

_ENDPOINT = re.compile(rb"DevTools listening on (ws://\S+)\s")
_KEPT_OUTPUT = 4000
_REAP_TIME = 3.0


def find_chromium(path: str | None = None) -> str | None:
    """The program to start: ``path`` if given, else the first of `NAMES` on PATH; None when there is none."""
    for name in (path,) if path else NAMES:
        if found := shutil.which(name):
            return found
    return None


class Chromium:
    """One browser process with its children and its profile.

    ``flags`` are added to `FLAGS`. ``time_limit``: seconds the start may take.
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
        self.sandbox = "unknown"
        """``on``, or ``off: …`` with the reason; known once started."""

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
                await asyncio.to_thread(shutil.rmtree, profile, ignore_errors=True)

    async def _start(self) -> str:
        self.sandbox = await sandbox_state()
        # Shielded, or a cancellation would leave a profile that nobody knows of.
        await asyncio.shield(asyncio.to_thread(self._make_profile))
        await self._launch()
        self._drain = asyncio.get_running_loop().create_task(self._read_output(), name="chromium stderr")
        await self._listening.wait()
        if self._address is None:
            raise BrowserCrashed(f"The browser did not start. {self._last_words()}".strip())
        return self._address

    def _make_profile(self) -> None:
        self._profile = Path(tempfile.mkdtemp(prefix="jobserver-chromium-"))

    async def _launch(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *_WITH_LIFELINE,
            self._program,
            *FLAGS,
            *([] if self.sandbox == "on" else ["--no-sandbox"]),
            f"--user-data-dir={self._profile}",
            *self._flags,
            "about:blank",
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


async def sandbox_state() -> str:
    """``on``, or ``off: …`` and why: Chromium refuses to start as root, and needs user namespaces otherwise."""
    if os.geteuid() == 0:
        return "off: running as root"
    try:
        probe = await asyncio.create_subprocess_exec(
            *("unshare", "--user", "--pid", "--net", "--fork", "true"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        works = await probe.wait() == 0
    except OSError:
        works = False
    return "on" if works else "off: user namespaces do not work here"


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
