"""What the proxy answers itself: short, plain, and silent about our network."""

from __future__ import annotations

from http import HTTPStatus


class Declined(Exception):
    """A request that the proxy answers itself. ``status``: of that answer. ``sentence``: its body."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence

    def encode(self) -> bytes:
        """The whole answer."""
        body = f"{self.sentence}\n".encode()
        head = (
            f"HTTP/1.1 {self.status.value} {self.status.phrase}",
            "Content-Type: text/plain; charset=utf-8",
            f"Content-Length: {len(body)}",
            "Cache-Control: no-store",
            "Connection: close",
        )
        return "\r\n".join((*head, "", "")).encode("ascii") + body


class BadHead(Exception):
    """The head of a message is not as it must be."""


def bad_request() -> Declined:
    """400."""
    return Declined(HTTPStatus.BAD_REQUEST, "This is no request to a proxy.")


def not_implemented() -> Declined:
    """501 (RFC 9112, 6.1)."""
    return Declined(HTTPStatus.NOT_IMPLEMENTED, "Requests with a Transfer-Encoding are not passed on.")


def refused() -> Declined:
    """403. Not why: that is for the job's log."""
    return Declined(HTTPStatus.FORBIDDEN, "This address is not allowed.")


def unreachable() -> Declined:
    """502."""
    return Declined(HTTPStatus.BAD_GATEWAY, "The server could not be reached.")


def bad_answer() -> Declined:
    """502."""
    return Declined(HTTPStatus.BAD_GATEWAY, "The server's answer could not be understood.")


def too_slow() -> Declined:
    """504."""
    return Declined(HTTPStatus.GATEWAY_TIMEOUT, "The server did not answer in time.")
