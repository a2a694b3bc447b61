"""The client for programs without an event loop: the other one, on a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any, Self, TypeVar, Unpack

from jobserver.client.client import Client
from jobserver.client.shown import JobEvent, JobRequest, KeptFile, Options, RemoteJob
from jobserver.errors import JobserverError
from jobserver.jobs.clock import Clock

T = TypeVar("T")


class SyncClient:
    """`Client`, whose methods and arguments it has, for code that blocks. A context manager; any thread may use it."""

    def __init__(
        self,
        address: str = "http://127.0.0.1:3000",
        *,
        secret: str | None = None,
        api_key: str | None = None,
        timeout: float = 30.0,
        retries: int = 3,
        patience: float = 60.0,
        clock: Clock | None = None,
    ) -> None:
        self._client = Client(
            address,
            secret=secret,
            api_key=api_key,
            timeout=timeout,
            retries=retries,
            patience=patience,
            clock=clock,
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="jobserver client", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all connections and end the thread. Harmless twice."""
        if self._loop.is_closed():
            return
        self._call(self._client.close())
        self._call(self._loop.shutdown_asyncgens())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def request(self, method: str, path: str, body: Any = None, *, query: Mapping[str, str] | None = None) -> Any:
        """See `Client.request`."""
        return self._call(self._client.request(method, path, body, query=query))

    def submit(
        self,
        kind: str,
        args: Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        **options: Unpack[Options],
    ) -> RemoteJob:
        """See `Client.submit`."""
        return self._call(self._client.submit(kind, args, idempotency_key=idempotency_key, **options))

    def submit_many(self, requests: Sequence[JobRequest]) -> list[str | JobserverError]:
        """See `Client.submit_many`."""
        return self._call(self._client.submit_many(requests))

    def get(self, job_id: str) -> RemoteJob:
        """See `Client.get`."""
        return self._call(self._client.get(job_id))

    def wait(self, job_id: str, within: float | None = None) -> RemoteJob:
        """See `Client.wait`."""
        return self._call(self._client.wait(job_id, within))

    def result(self, job_id: str, within: float | None = None) -> Any:
        """See `Client.result`."""
        return self._call(self._client.result(job_id, within))

    def cancel(self, job_id: str, reason: str | None = None) -> RemoteJob:
        """See `Client.cancel`."""
        return self._call(self._client.cancel(job_id, reason))

    def retry(self, job_id: str) -> RemoteJob:
        """See `Client.retry`."""
        return self._call(self._client.retry(job_id))

    def promote(self, job_id: str) -> RemoteJob:
        """See `Client.promote`."""
        return self._call(self._client.promote(job_id))

    def remove(self, job_id: str) -> None:
        """See `Client.remove`."""
        self._call(self._client.remove(job_id))

    def jobs(self, *, limit: int | None = None, **where: str) -> Iterator[RemoteJob]:
        """See `Client.jobs`."""
        return self._each(lambda: self._client.jobs(limit=limit, **where))

    def events(self, job_id: str | None = None, *, after: int | None = None) -> Iterator[JobEvent]:
        """See `Client.events`."""
        return self._each(lambda: self._client.events(job_id, after=after))

    def logs(self, job_id: str, start: int = 0) -> Iterator[str]:
        """See `Client.logs`."""
        return self._each(lambda: self._client.logs(job_id, start))

    def artifacts(self, job_id: str) -> list[KeptFile]:
        """See `Client.artifacts`."""
        return self._call(self._client.artifacts(job_id))

    def artifact(self, job_id: str, name: str) -> bytes:
        """See `Client.artifact`."""
        return self._call(self._client.artifact(job_id, name))

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        finally:
            future.cancel()  # of no effect on one that is done; on Ctrl-C the request must not go on

    def _each(self, begin: Callable[[], AsyncGenerator[T, None]]) -> Iterator[T]:
        values = begin()
        try:
            while (value := self._call(_next(values))) is not _END:
                yield value
        finally:
            if not self._loop.is_closed():  # an iterator may outlive its client, which has ended it then
                self._call(values.aclose())


_END: Any = object()


async def _next(values: AsyncGenerator[T, None]) -> T:
    return await anext(values, _END)
