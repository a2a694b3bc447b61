"""``healthcheck``: whether a server answers, asked with as little as possible: it is done every half minute."""

from __future__ import annotations

import http.client
import socket

from jobserver.errors import Unavailable

_WITHIN = 5.0


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_WITHIN)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def is_healthy(host: str, port: int, *, unix: str = "") -> bool:
    """Whether a server answers that it is well, on a unix socket or else on ``host`` and ``port``.

    Raises Unavailable when nothing answers in HTTP.
    """
    connection = _UnixConnection(unix) if unix else http.client.HTTPConnection(host, port, timeout=_WITHIN)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, UnicodeError, http.client.HTTPException) as error:
        reason = "it does not speak HTTP" if isinstance(error, http.client.HTTPException) else error
        where = unix or f"{host}, port {port}"
        raise Unavailable(f"no answer from {where}: {reason}") from error
    finally:
        connection.close()
