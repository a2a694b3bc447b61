"""From a name to addresses: looked up once, and refused as a whole if one of them is not public."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from ipaddress import ip_address

from jobserver.egress.hosts import check_address
from jobserver.egress.policy import Target
from jobserver.errors import PageUnreachable, UrlRefused

_AT_ONCE = 16

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) → its addresses as text, best first. Raises OSError when there are none."""


async def system_lookup(host: str, port: int) -> list[str]:
    """What the system's resolver says, hosts file included.

    It may think for half a minute: whoever owns the name decides. So each look-up has a thread that nobody waits for;
    those of the loop's executor must have ended before the loop may.
    """
    found: Future[list[str]] = Future()
    found.set_running_or_notify_cancel()
    threading.Thread(target=_look_up, args=(host, port, found), name="look up", daemon=True).start()
    return await asyncio.wrap_future(found)


def _look_up(host: str, port: int, found: Future[list[str]]) -> None:
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        found.set_exception(error)
    else:
        found.set_result([str(address[0]) for *_, address in answers])


class Resolver:
    """Resolves targets through ``lookup``, a few at a time, within ``time_limit`` seconds each."""

    def __init__(self, lookup: Lookup = system_lookup, *, time_limit: float = 5.0) -> None:
        self._lookup = lookup
        self._time_limit = time_limit
        self._places = asyncio.Semaphore(_AT_ONCE)

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
            # The time begins with the look-up: names that are never answered take none from those behind them.
            async with self._places, asyncio.timeout(self._time_limit):
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
