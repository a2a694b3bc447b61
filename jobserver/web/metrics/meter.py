"""What the web room counts of itself."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from functools import partial

from aiohttp import web

from jobserver.jobs.histogram import FINE_STEPS, Histogram

REFUSAL = web.ResponseKey("refusal", tuple[str, str])
"""Where an error's answer says (code, reason), for the counters."""

_LAG_EVERY = 0.25


class Meter:
    """Counters that only grow, and how many connections there are.

    ``requests``: (route, method, status) → requests answered. ``seconds``: route → how long they took, streams and
    waits included. ``refusals``: error code → answers. ``unauthorized``: why → 401 answers.
    ``lag``: seconds by which the event loop was late to do what was due. Of the connections beneath, where they are
    ours: ``connections``, how many are open; ``turned_away``: limit → those there was no room for; ``cut``: why →
    those whose peers kept us waiting.
    """

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str, int]] = Counter()
        self.seconds: defaultdict[str, Histogram] = defaultdict(partial(Histogram, FINE_STEPS))
        self.refusals: Counter[str] = Counter()
        self.unauthorized: Counter[str] = Counter()
        self.lag = Histogram(FINE_STEPS)
        self.connections = 0
        self.turned_away: Counter[str] = Counter()
        self.cut: Counter[str] = Counter()

    def note_answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """A request was answered, or its client went away."""
        self.requests[route, method, status] += 1
        self.seconds[route].observe(seconds)

    def note_refused(self, code: str, reason: str) -> None:
        """An answer was an error; ``reason`` is why nobody vouched for the request, if that was it."""
        self.refusals[code] += 1
        if reason:
            self.unauthorized[reason] += 1

    async def measure_lag(self) -> None:
        """Ask four times a second to be woken, and note how late that was. For ever: whoever starts it ends it."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _LAG_EVERY
            await asyncio.sleep(_LAG_EVERY)
            self.lag.observe(loop.time() - due)
