"""A thread of its own for what may wait for a disk."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class DiskThread:
    """Does one thing after another, in the order they were asked for.

    Unlike a `ThreadPoolExecutor`'s it never keeps the process from ending: a disk that hangs may do so for ever.
    """

    def __init__(self) -> None:
        self._asked: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="store", daemon=True)
        self._thread.start()

    async def run(self, do: Callable[[], T]) -> T:
        """What ``do`` returns or raises, once it had its turn; being cancelled does not stop it."""
        return await asyncio.wrap_future(self.ask(do))

    def ask(self, do: Callable[[], T]) -> Future[T]:
        """Let it have its turn."""
        answer: Future[T] = Future()
        self._asked.put((answer, do))
        return answer

    def end(self) -> None:
        """End after what was asked for until now."""
        self._asked.put(None)

    def _work(self) -> None:
        while (asked := self._asked.get()) is not None:
            answer, do = asked
            if not answer.set_running_or_notify_cancel():
                continue
            try:
                answer.set_result(do())
            except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
                answer.set_exception(error)
            del asked, answer, do  # nothing of it is held while the next is waited for
