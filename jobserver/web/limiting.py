"""What one caller may ask of the server, so that there is always something left for the others."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

from aiohttp import web

from jobserver.auth.addresses import Network, client_address
from jobserver.auth.limits import WINDOW, Holdings, RateLimiter, Taken
from jobserver.errors import RateLimited, Unavailable
from jobserver.jobs.access import ApiKey

SHARE = 4
"""One caller's bodies take at most a quarter of the room for all."""

Allowance = tuple[str, float, Taken]
"""The name of a policy, its requests a minute, and where the caller stands."""

_ALLOWANCES: web.RequestKey[list[Allowance]] = web.RequestKey("allowances")
_LET_IN_EVERY = 0.005
_AT_ONCE = 100
"""Requests of a minute that a caller may make as fast as it likes; the rest is let in at a pace nobody else feels."""
_REFUSE_EVERY = 0.05
_LONGEST_PAUSE = 10.0
_MOST_PAUSING = 2_000


class Limits:
    """Counts what callers ask and hold.

    ``per_address``, ``per_key``: requests a minute of one address and of one API key that has no rate of its own; 0 is
    any number. ``trusted``: proxies whose X-Forwarded-For is believed. ``body_bytes``: what bodies may take together
    while their requests are open. ``open_requests``: requests of one owner that are open at once.
    """

    def __init__(
        self,
        *,
        per_address: int = 0,
        per_key: int = 0,
        trusted: Sequence[Network] = (),
        body_bytes: int = 64_000_000,
        open_requests: int = 2_000,
        largest_body: int = 300_000,
    ) -> None:
        self.per_address = per_address
        self.counting = bool(per_address or per_key)
        """Whether any rate is limited."""
        self._per_key = per_key
        self._trusted = tuple(trusted)
        self._addresses, self._keys = RateLimiter(), RateLimiter()
        self._pausing = Holdings(_MOST_PAUSING, _MOST_PAUSING)
        self._bodies = Holdings(body_bytes, max(body_bytes // SHARE, largest_body))
        self._open = Holdings(math.inf, open_requests)

    def source(self, request: web.Request) -> str:
        """The address a request is counted against."""
        forwarded = request.headers.getall("X-Forwarded-For", []) if self._trusted else ()
        return client_address(request.remote, forwarded, self._trusted)

    async def admit_address(self, request: web.Request) -> None:
        """Count a request of an address; RateLimited."""
        source = self.source(request)
        taken = self._addresses.take(source, self.per_address, _now())
        allowances: list[Allowance] = [("address", self.per_address, taken)]
        request[_ALLOWANCES] = allowances
        await self._slow_down(source, self.per_address, taken)
        if taken.wait:
            raise RateLimited("Too many requests from this address.", retry_after=math.ceil(taken.wait))

    async def admit_key(self, request: web.Request, key: ApiKey) -> None:
        """Count a request of an API key; RateLimited."""
        rate = self._per_key if key.rate is None else key.rate
        if not rate:
            return
        self.counting = True
        taken = self._keys.take(key.id, rate, _now())
        request.setdefault(_ALLOWANCES, []).append(("key", rate, taken))
        await self._slow_down(f"key {key.id}", rate, taken)
        if taken.wait:
            raise RateLimited("Too many requests with this key.", retry_after=math.ceil(taken.wait))

    def enter(self, owner: str) -> None:
        """One more request of ``owner`` is open; RateLimited when that is one too many."""
        if not self._open.take(owner):
            raise RateLimited("Too many of this owner's requests are open at once.", retry_after=1)

    def leave(self, owner: str) -> None:
        """A request of ``owner`` has ended."""
        self._open.give(owner)

    def keep_body(self, holder: str, size: int) -> None:
        """``size`` bytes more of a body are in memory; Unavailable when there is no room."""
        if self._bodies.take(holder, size):
            return
        if self._bodies.of(holder):
            raise RateLimited("Too much is being sent at once from here.", retry_after=1)
        raise Unavailable("Too much is being sent to this server at once.", retry_after=2)

    def drop_body(self, holder: str, size: int) -> None:
        """They are not needed any more."""
        if size:
            self._bodies.give(holder, size)

    async def _slow_down(self, who: str, rate: float, taken: Taken) -> None:
        """Answer a caller in a hurry one by one: it cannot ask faster than it is answered, and nothing is cheaper."""
        if taken.wait:
            every = _REFUSE_EVERY
        elif rate - taken.left > _AT_ONCE:
            every = min(_LET_IN_EVERY, WINDOW / rate / 2)
        else:
            return
        if not self._pausing.take(who):
            return
        try:
            await asyncio.sleep(min(self._pausing.of(who) * every, _LONGEST_PAUSE))
        finally:
            self._pausing.give(who)


def allowance_headers(request: web.Request) -> dict[str, str]:
    """What is left, in the fields of draft-ietf-httpapi-ratelimit-headers-10; {} where nothing was counted."""
    allowances = request.get(_ALLOWANCES)
    if not allowances:
        return {}
    policies = [f'"{name}";q={rate:.0f};w={WINDOW:.0f}' for name, rate, _ in allowances]
    standings = [f'"{name}";r={taken.left};t={math.ceil(taken.full_in)}' for name, _, taken in allowances]
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(standings)}


def _now() -> float:
    return asyncio.get_running_loop().time()
