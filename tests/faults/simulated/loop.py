"""An event loop in which time passes only when nobody has anything to do, and a process can die between two steps."""

from __future__ import annotations

import asyncio
import itertools
import selectors
import sys
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from datetime import datetime, timedelta
from typing import Any, TypeVar

from tests.make import START

_MOST_TURNS = 30_000
_MOST_CLEANUPS = 20


H = TypeVar("H", bound=asyncio.Handle)


class Life:
    """A process: whatever was begun in its `context` goes not one step further once it is over."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.over = False
        self.tasks: list[asyncio.Task[Any]] = []
        self.context = copy_context()
        self.context.run(_LIFE.set, self)


_LIFE: ContextVar[Life | None] = ContextVar("life", default=None)


class Stuck(Exception):
    """Somebody waits and nothing will ever happen, or it happens for ever."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs everything in this thread, in an order that depends on nothing but what is asked of it.

    ``turned``: called before every turn of the loop, in which each callback that is ready has one step.
    """

    def __init__(self) -> None:
        self._seconds = 0.0
        self.turns = 0
        self.turned: Callable[[], None] = lambda: None
        self._order = itertools.count()
        super().__init__(_Idle(self))
        self.set_task_factory(self._task)  # type: ignore[arg-type] # the stub's is generic in what a task returns

    def time(self) -> float:
        """Seconds since the world began."""
        return self._seconds

    def leap(self, seconds: float) -> None:
        """Let time pass in which nobody could do anything, as for a process that is stopped."""
        self._seconds += seconds

    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> asyncio.Handle:  # type: ignore[override] # the stub's has a TypeVarTuple
        """As ever, unless the process that asks for it is dead."""
        if _dead(context):
            return _cancelled(asyncio.Handle(callback, args, self, context))
        return super().call_soon(callback, *args, context=context)

    def call_at(self, when: float, callback: Any, *args: Any, context: Context | None = None) -> asyncio.TimerHandle:  # type: ignore[override] # as above
        """As ever, unless the process that asks for it is dead."""
        if _dead(context):
            handle = asyncio.TimerHandle(when, callback, args, self, context)
            return _cancelled(handle)
        return super().call_at(when, callback, *args, context=context)

    def create_future(self) -> asyncio.Future[Any]:
        """A future whose place in a set depends on when it was made, not on where in memory."""
        return _Future(next(self._order), self)

    def kill(self, life: Life) -> None:
        """The process ends where it stands: nothing of it is told, closed or undone."""
        life.over = True
        for handle in [*self._ready, *self._scheduled]:  # type: ignore[attr-defined] # the loop's own lists
            if handle._context.get(_LIFE) is life:
                handle.cancel()

    def next_turn(self, seconds: float | None) -> None:
        """Called where another loop would look for input, for up to so many seconds."""
        self.turns += 1
        if self.turns > _MOST_TURNS:
            raise Stuck("Something goes round and round.")
        self.turned()
        if self._ready:  # type: ignore[attr-defined] # as above
            return
        if seconds is None:
            raise Stuck("Nothing is ready and no timer is set.")
        self._seconds += seconds

    def _task(self, _: Any, work: Coroutine[Any, Any, Any], context: Context | None = None) -> asyncio.Task[Any]:
        task = _Task(next(self._order), work, loop=self, context=context)
        if (life := _life(context)) is not None:
            life.tasks.append(task)  # what is dead must not be collected: that would run its ``finally``
        return task


class _Idle(selectors.SelectSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        self._loop.next_turn(timeout)
        return []


class _Future(asyncio.Future[Any]):
    def __init__(self, order: int, loop: VirtualLoop) -> None:
        self._order = order
        self._life = _LIFE.get()
        super().__init__(loop=loop)

    def __hash__(self) -> int:
        return self._order


class _Task(asyncio.Task[Any]):
    def __init__(self, order: int, work: Coroutine[Any, Any, Any], **how: Any) -> None:
        self._order = order  # before anything puts it in a set
        super().__init__(work, **how)

    def __hash__(self) -> int:
        return self._order


class VirtualClock:
    """The clock of a loop (`Clock`)."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now(self) -> datetime:
        """See `Clock.now`."""
        return START + timedelta(seconds=self._loop.time())


def bury(loop: VirtualLoop, lives: list[Life]) -> None:
    """Let go of what dead processes, and the rest of the world, were doing. What they still try to do concerns nobody.

    All of it ends while its futures are whole: to end in the garbage collector has crashed the interpreter.
    """
    heard, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        left = [task for task in asyncio.all_tasks(loop) if isinstance(task, _Task)]
        for each in sorted(left, key=hash):
            _end(each)
        for life in lives:
            for task in life.tasks:
                task._log_destroy_pending = False  # type: ignore[attr-defined] # it is meant to be
            life.tasks.clear()
            life.context = copy_context()
    finally:
        sys.unraisablehook = heard


def _end(task: asyncio.Task[Any]) -> None:
    """End what it does, where it stands."""
    work = task.get_coro()
    for _ in range(_MOST_CLEANUPS):
        try:
            work.close()
        except BaseException:  # noqa: BLE001, S112 - one that waits for something on its way out is asked again
            continue
        return


def of_the_dead(future: object) -> bool:
    """Whether a process that is dead has made this future."""
    return isinstance(future, _Future) and future._life is not None and future._life.over


def _life(context: Context | None) -> Life | None:
    return _LIFE.get() if context is None else context.get(_LIFE)


def _dead(context: Context | None) -> bool:
    life = _life(context)
    return life is not None and life.over


def _cancelled(handle: H) -> H:
    handle._cancelled = True
    return handle
