"""Claims on their way to disk: an attempt may begin when it is known there that it did."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from jobserver.engines.memory import MemoryEngine
from jobserver.engines.sqlite.group_commit import GroupCommit
from jobserver.errors import LeaseLost, StoreBroken, StoreUnavailable
from jobserver.jobs.model import Interrupted, Lease


class Claims:
    """Takes jobs out of the memory engine and hands them out once the journal has written it."""

    def __init__(self, memory: MemoryEngine, journal: GroupCommit) -> None:
        self._memory = memory
        self._journal = journal
        self._taken: dict[str, Lease] = {}
        """Token → a lease that nobody has yet, in the order they were taken."""

    async def claim(self, queues: Sequence[str], *, worker: str, lease: timedelta, wait: float) -> Lease | None:
        """See `SqliteEngine.claim`."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + wait
        while await self._journal.until_writable(ends - loop.time()):
            taken = await self._memory.claim(queues, worker=worker, lease=lease, wait=ends - loop.time())
            if taken is None:
                return None
            if await self._is_on_disk(taken):
                return taken
        return None

    async def renew(self) -> None:
        """Hold on to what is being written: whoever is to have it cannot do so yet."""
        for lease in tuple(self._taken.values()):
            with suppress(LeaseLost):
                await self._memory.renew(lease)

    async def _is_on_disk(self, lease: Lease) -> bool:
        """Wait until the claim is; False when it cannot be or the job was lost meanwhile, and nobody has it."""
        self._taken[lease.token] = lease
        try:
            await self._journal.safe()
            return await self._memory.renew(lease) is None
        except LeaseLost:
            return False
        except StoreUnavailable as trouble:
            # All that wait hear of it now. Each job goes to the head of its queue: the one that was first comes last.
            for taken in reversed(tuple(self._taken.values())):
                await self._give_back(taken)
            if isinstance(trouble, StoreBroken):
                raise
            return False
        except BaseException:
            await self._give_back(lease)
            raise
        finally:
            del self._taken[lease.token]

    async def _give_back(self, lease: Lease) -> None:
        with suppress(LeaseLost):
            await self._memory.finish(lease, Interrupted())
