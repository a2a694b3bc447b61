"""From a name to addresses: looked up once, and refused as a whole if one of them is not public."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address

from jobserver.egress.hosts import check_address
from jobserver.egress.policy import Target
from jobserver.errors import PageUnreachable, UrlRefused

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) → its addresses as text, best first. Raises OSError when there are none."""


async def system_lookup(host: str, port: int) -> list[str]:
    """What the system's resolver says, hosts file included."""
    loop = asyncio.get_running_loop()
    answers = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in answers]


class Resolver:
    """Resolves targets through ``lookup``, within ``time_limit`` seconds each."""

    def __init__(self, lookup: Lookup = system_lookup, *, time_limit: float = 5.0) -> None:
        self._lookup = lookup
        self._time_limit = time_limit

    async def resolve(self, target: Target) -> tuple[str, ...]:
        """The addresses to connect to, best first, each once, never none.

        Ask once per target and use only this answer: the next may differ (DNS rebinding). Raises UrlRefused with
        stage ``resolve`` if any address is not public (a private target's are not checked), and PageUnreachable
        when there is no answer in time.
        """
        if target.address is not None:
            return (target.address,)
        answers = tuple(dict.fromkeys(await self._answers(target)))
        if not answers:
            raise PageUnreachable("The page's host has no address.")
        if not target.private:
            _check_all(target, answers)
        return answers

    async def _answers(self, target: Target) -> Sequence[str]:
        try:
            async with asyncio.timeout(self._time_limit):
                return await self._lookup(target.host, target.port)
        except TimeoutError as error:
            raise PageUnreachable("The page's host could not be looked up in time.") from error
        except (OSError, UnicodeError) as error:
            raise PageUnreachable("The page's host could not be found.") from error


def _check_all(target: Target, answers: tuple[str, ...]) -> None:
    try:
        for answer in answers:
            check_address(ip_address(answer))
    except (UrlRefused, ValueError):
        raise UrlRefused(stage="resolve", url=target.url) from None
