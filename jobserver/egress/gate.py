"""May we go there, and to which addresses: asked by everything that leaves for one visit, and looked up once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from jobserver.egress.policy import Target, UrlPolicy
from jobserver.egress.refusals import Refusals
from jobserver.egress.resolver import Resolver
from jobserver.errors import PageUnreachable, UrlRefused

_Answer = tuple[str, ...] | UrlRefused | PageUnreachable


@dataclass(frozen=True, slots=True)
class Admitted:
    """A place we may go. ``addresses``: the only ones to connect to, checked, best first, never none."""

    target: Target
    addresses: tuple[str, ...]


class Gate:
    """The URL policy and the resolver as one question, for one visit.

    Each host and port is looked up once. Whoever asks again, be it the filter in the browser, the proxy or a redirect,
    gets the same addresses: a name that changes its answer in between (DNS rebinding) changes nothing.
    ``policy``: what is asked first. ``refusals``: every refusal, also of what was asked before.
    """

    def __init__(self, policy: UrlPolicy, resolver: Resolver) -> None:
        self.refusals = Refusals()
        self.policy = policy
        self._resolver = resolver
        self._answers: dict[tuple[str, int], _Answer] = {}
        self._asking: dict[tuple[str, int], asyncio.Lock] = {}

    async def admit(self, url: str, *, base: str | None = None) -> Admitted:
        """Where ``url`` leads: a whole one, or relative to ``base`` where one is given.

        Raises UrlRefused (`UrlPolicy`, `Resolver.resolve`) and PageUnreachable when its host has no address.
        """
        try:
            target = self.policy.check_whole(url) if base is None else self.policy.join(base, url)
            return Admitted(target, await self._addresses(target))
        except UrlRefused as refused:
            self.refusals.note(refused.url, refused.stage)
            raise

    async def _addresses(self, target: Target) -> tuple[str, ...]:
        key = (target.host, target.port)
        # A lock rather than a shared future: when the first to ask is cancelled, the next one asks.
        async with self._asking.setdefault(key, asyncio.Lock()):
            if key not in self._answers:
                self._answers[key] = await self._ask(target)
        match self._answers[key]:
            case UrlRefused(stage=stage):
                raise UrlRefused(stage=stage, url=target.url)
            case PageUnreachable(message=message):
                raise PageUnreachable(message)
            case addresses:
                return addresses

    async def _ask(self, target: Target) -> _Answer:
        try:
            return await self._resolver.resolve(target)
        except (UrlRefused, PageUnreachable) as refusal:
            return refusal
