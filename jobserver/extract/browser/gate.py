"""Decides about every address a page asks for, before the browser goes there.

An early filter that saves work and says clearly why a page was refused. It is not the guard: pop-ups, workers,
WebSockets and WebRTC pass by request interception in Chromium (measured), so what a browser can reach must be
confined from outside of it.
"""

from __future__ import annotations

import asyncio

from jobserver.egress.policy import Target, UrlPolicy
from jobserver.egress.resolver import Resolver
from jobserver.errors import JobFailed, PageUnreachable, UrlRefused

_WITHOUT_NETWORK = ("data:", "blob:", "about:")


class Gate:
    """The URL policy and the resolver as one question, asked once per host and visit.

    ``refused``: how many requests were turned away.
    """

    def __init__(self, policy: UrlPolicy, resolver: Resolver) -> None:
        self._policy = policy
        self._resolver = resolver
        self._hosts: dict[tuple[str, int], asyncio.Future[None]] = {}
        self.refused = 0

    async def refusal(self, url: str) -> JobFailed | None:
        """Why ``url`` may not or cannot be visited, or None when it may."""
        if url.startswith(_WITHOUT_NETWORK):
            return None
        try:
            await self._check_host(self._policy.check(url))
        except UrlRefused as error:
            self.refused += 1
            return error
        except PageUnreachable as error:
            return error
        return None

    async def _check_host(self, target: Target) -> None:
        key = (target.host, target.port)
        known = self._hosts.get(key)
        if known is not None:
            # Shielded: one request that is given up must not take the answer from the others.
            return await asyncio.shield(known)
        self._hosts[key] = answer = asyncio.get_running_loop().create_future()
        try:
            await self._resolver.resolve(target)
        except JobFailed as error:
            answer.set_exception(error)
            answer.exception()  # retrieved here, as perhaps nobody else asks for this host
            raise
        except asyncio.CancelledError:
            answer.cancel()
            raise
        answer.set_result(None)
        return None
