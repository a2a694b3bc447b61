"""What is said to peers that no handler has seen, and what is logged of them: little."""

from __future__ import annotations

import logging

from jobserver.errors import JobserverError
from jobserver.logs import REQUEST_ID
from jobserver.web.headers import be_careful
from jobserver.web.problems import problem

_PLACE = "an-id-to-be"


class Refusal:
    """An answer as it goes over the wire, ready before anybody needs it; the connection ends with it."""

    def __init__(self, error: JobserverError) -> None:
        told = REQUEST_ID.set(_PLACE)
        response = problem(error, "/")
        be_careful(response)
        REQUEST_ID.reset(told)
        body = response.body
        assert isinstance(body, bytes)  # noqa: S101 - as `problem` made it
        response.headers["Content-Length"] = str(len(body))
        response.headers["Content-Type"] = response.content_type
        response.headers["Connection"] = "close"
        lines = [f"HTTP/1.1 {response.status} {response.reason}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        self._bytes = "\r\n".join([*lines, "", ""]).encode() + body

    def named(self, request_id: str) -> bytes:
        """The answer to the request of that id."""
        return self._bytes.replace(_PLACE.encode(), request_id.encode(), 1)


class Seldom:
    """Lines of the log that a stranger can cause: ``most`` a minute, and then how many there were."""

    def __init__(self, log: logging.Logger, most: int = 20) -> None:
        self._log = log
        self._most = most
        self._since = float("-inf")
        self._told = 0
        self._untold = 0

    def info(self, now: float, sentence: str, *args: object) -> None:
        """Log it, or count it. ``now``: seconds of any steady clock."""
        if now - self._since >= 60:
            if self._untold:
                self._log.info("Lines of that kind that were left out: %d.", self._untold)
            self._since, self._told, self._untold = now, 0, 0
        if self._told >= self._most:
            self._untold += 1
            return
        self._told += 1
        self._log.info(sentence, *args)
