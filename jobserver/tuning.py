"""What makes a serving process quick: its event loop, and a garbage collector that leaves it alone."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

_THRESHOLDS = (50_000, 20, 1_000)
"""Few and late collections: what a request makes is freed by counting, and jobs are kept where none need look."""


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes the loop: uvloop where it is installed (the extra ``fast``), else None, asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def calm_collector() -> None:
    """Look no more at what was made at start, and seldom at the rest: a look at everything would stop the loop."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
