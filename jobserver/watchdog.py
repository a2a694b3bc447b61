"""Sees when the event loop stands still, and says in the log who holds it."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress

_log = logging.getLogger(__name__)

_EVERY = 0.5
_GLANCE = 0.25
_PATIENCE = 1.0
"""Seconds: together with `_EVERY` less than the two within which it is to be seen."""

_MOST_FRAMES = 30


class Watchdog:
    """A thread that asks the event loop twice a second whether it turns, and logs where it stands when it does not.

    ``note``: called in that thread, once for each time. A process that was stopped, or a machine that slept, is no
    blocked loop: only those moments count in which this thread itself ran when it wanted to.
    """

    def __init__(self, note: Callable[[], object]) -> None:
        self._note = note
        self._stopping = threading.Event()

    def start(self) -> None:
        """Watch the loop that runs in this thread until `stop`, or until it is closed."""
        watched = asyncio.get_running_loop(), threading.get_ident()
        threading.Thread(target=self._watch, args=watched, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Watch no more. Harmless twice, and before `start`."""
        self._stopping.set()

    def _watch(self, loop: asyncio.AbstractEventLoop, thread: int) -> None:
        with suppress(RuntimeError):  # the loop is closed
            while not self._slept(self._stopping, _EVERY)[0]:
                turned, asked = threading.Event(), time.monotonic()
                loop.call_soon_threadsafe(turned.set)
                if not self._in_time(turned):
                    self._tell(loop, thread)
                    self._await_end(turned, asked)

    def _in_time(self, turned: threading.Event) -> bool:
        left = _PATIENCE
        while left > 0 and not self._stopping.is_set():
            done, on_time = self._slept(turned, _GLANCE)
            if done:
                return True
            left -= _GLANCE if on_time else 0
        return self._stopping.is_set()

    def _await_end(self, turned: threading.Event, asked: float) -> None:
        while not self._stopping.is_set():
            if turned.wait(_GLANCE):
                _log.warning("The event loop turns again after at least %.1f s.", time.monotonic() - asked)
                return

    def _slept(self, event: threading.Event, seconds: float) -> tuple[bool, bool]:
        """Wait for the event: (whether it came, whether this thread woke when it was to).

        If it did not while the process was computing, then what computes let no thread run: an extension, or a regular
        expression. When it is over nobody knows any more who it was, but that it was must be told.
        """
        began, used = time.monotonic(), time.process_time()
        came = event.wait(seconds)
        late = time.monotonic() - began - seconds
        if late > _PATIENCE and time.process_time() - used > late / 4:
            self._note()
            _log.error("The event loop was blocked for %.1f s by something that let no other thread run.", late)
        return came, late < _GLANCE

    def _tell(self, loop: asyncio.AbstractEventLoop, thread: int) -> None:
        self._note()
        task = asyncio.current_task(loop)
        frame = sys._current_frames().get(thread)  # noqa: SLF001 - it is in Python's manual, under this name
        stack = "".join(traceback.format_stack(frame)[-_MOST_FRAMES:]) if frame is not None else ""
        said = "The event loop is blocked and nobody is answered: see where it stands. Task: %s."
        args = (task.get_name() if task is not None else "none",)
        _log.handle(_log.makeRecord(_log.name, logging.ERROR, __file__, 0, said, args, None, sinfo=stack.rstrip()))
