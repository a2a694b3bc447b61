"""Why a request, or a worker, was refused."""

from __future__ import annotations

from collections.abc import Sequence

from jobserver.errors.base import JobserverError


class InvalidRequest(JobserverError):
    """Invalid request body"""  # noqa: D415 - old clients compare the sentence, which has no full stop

    code = "invalid_request"

    def __init__(
        self, message: str | None = None, *, pointer: str | None = None, errors: Sequence[tuple[str, str]] = ()
    ) -> None:
        super().__init__(message)
        self.errors = tuple(errors) or (() if pointer is None else ((pointer, self.message),))
        """(JSON pointer (RFC 6901) of a member that is wrong, what is wrong with it), for each that is."""


class MissingUrl(InvalidRequest):
    """Missing URL."""

    code = "missing_url"


class NotSupported(InvalidRequest):
    """This is not supported yet."""

    code = "not_supported"


class BodyTooLarge(JobserverError):
    """The request body is too large."""

    code = "body_too_large"


class RequestTimedOut(JobserverError):
    """The request took too long to arrive."""

    code = "request_timeout"


class UnsupportedMediaType(JobserverError):
    """This content type is not supported."""

    code = "unsupported_media_type"


class Unauthorized(JobserverError):
    """Invalid x-cliq-signature."""

    code = "unauthorized"

    def __init__(self, message: str | None = None, *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        """Why, for a counter only: every cause gets the same answer."""


class Forbidden(JobserverError):
    """This key does not allow that."""

    code = "forbidden"


class CrossOrigin(JobserverError):
    """Web pages of other origins may not do this: CORS_ORIGINS does not name this one."""

    code = "cross_origin"


class WrongHost(JobserverError):
    """This server is not called by that name: ALLOWED_HOSTS says by which."""

    code = "wrong_host"


class RouteNotFound(JobserverError):
    """There is nothing at this address."""

    code = "route_not_found"


class MethodNotAllowed(JobserverError):
    """This address does not take that method."""

    code = "method_not_allowed"


class RangeNotSatisfiable(JobserverError):
    """The range asked for is not in this file."""

    code = "range_not_satisfiable"

    def __init__(self, message: str | None = None, *, size: int = 0) -> None:
        super().__init__(message)
        self.size = size
        """Bytes the file has."""


class JobNotFound(JobserverError):
    """Job not found. Job IDs are stored for 1 hour."""

    code = "job_not_found"


class QueueNotFound(JobserverError):
    """There is no such queue."""

    code = "queue_not_found"


class ArtifactNotFound(JobserverError):
    """The job has no such file."""

    code = "artifact_not_found"


class KeyNotFound(JobserverError):
    """There is no such key."""

    code = "key_not_found"


class WrongState(JobserverError):
    """The job's state does not allow this."""

    code = "wrong_state"


class IdempotencyMismatch(JobserverError):
    """This Idempotency-Key was used with another request."""

    code = "idempotency_mismatch"


class Unavailable(JobserverError):
    """The server cannot take this now."""

    code = "unavailable"

    def __init__(self, message: str | None = None, *, retry_after: float = 5.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds after which it is worth trying again."""


class QueueFull(Unavailable):
    """The queue is full."""

    code = "queue_full"


class ShuttingDown(Unavailable):
    """The server is shutting down."""

    code = "shutting_down"


class StoreUnavailable(Unavailable):
    """The store cannot be written to."""

    code = "store_unavailable"


class StoreBroken(StoreUnavailable):
    """The store failed: the server restarts and reads again what is in it."""


class RateLimited(Unavailable):
    """Too many requests."""

    code = "rate_limited"


class QuotaExceeded(Unavailable):
    """This key's owner has as many unfinished jobs as it may have."""

    code = "quota_exceeded"


class TooManyStreams(Unavailable):
    """Too many streams are open already."""

    code = "too_many_streams"


class LeaseLost(JobserverError):
    """The lease on this job has ended."""

    code = "lease_lost"
