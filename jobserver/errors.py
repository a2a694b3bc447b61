"""Everything that can go wrong, by name, each with a stable code.

::

    JobserverError
    ├── InvalidRequest          what was sent cannot be read or accepted
    │   ├── MissingUrl
    │   └── NotSupported        a member we know of, whose feature is not built yet
    ├── BodyTooLarge · RequestTimedOut
    ├── UnsupportedMediaType
    ├── Unauthorized · Forbidden
    ├── RouteNotFound · MethodNotAllowed · RangeNotSatisfiable
    ├── JobNotFound · QueueNotFound · ArtifactNotFound · KeyNotFound
    ├── WrongState              the verb is not legal in the job's state
    ├── IdempotencyMismatch     a known Idempotency-Key with another body
    ├── Unavailable             try again later (``retry_after``)
    │   ├── QueueFull
    │   ├── ShuttingDown
    │   ├── StoreUnavailable    the disk is full or locked; nothing was changed, or it is not known yet whether it was
    │   │   └── StoreBroken     the disk failed: the process must end and read again what is on it
    │   └── RateLimited · QuotaExceeded · TooManyStreams     it is the caller who has too much
    ├── LeaseLost               somebody else has the job now
    ├── JobFailed               an attempt that did not succeed; ``retryable`` or not
    │   ├── TimedOut · Crashed · ResultTooLarge · ArtifactTooLarge · NoHandler
    │   ├── DoNotRetry · RetryAfter     raised by a handler to say so
    │   ├── UrlRefused          by the URL policy or the allow-list, at any hop
    │   └── PageError           the page could not be turned into components
    │       └── PageUnreachable · PageStatus · PageTooLarge · NotHtml · BrowserCrashed
    └── StartupError            the server refuses to start
        └── BadSetting · WeakSecret · MissingExtra · UnusableStore

A docstring is the class's default message, so that no error is mute. ``code`` never changes once released.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

_LONGEST_WAIT = 365 * 86_400.0


class JobserverError(Exception):
    """Something went wrong inside the server."""

    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str | None = None) -> None:
        # Without docstrings (python -OO) the code must do.
        super().__init__(message or (type(self).__doc__ or self.code).strip().splitlines()[0])

    @property
    def message(self) -> str:
        """One sentence for the person who called."""
        return str(self.args[0]) if self.args else self.code


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


class JobFailed(JobserverError):
    """The job failed."""

    code = "job_failed"
    retryable: ClassVar[bool] = True


class TimedOut(JobFailed):
    """The job took longer than its time limit."""

    code = "timeout"


class ArtifactTooLarge(JobFailed):
    """The job's files are larger than the server keeps."""

    code = "artifact_too_large"
    retryable = False


class Crashed(JobFailed):
    """The process that ran the job died."""

    code = "crashed"


class ResultTooLarge(JobFailed):
    """The result is larger than the server keeps."""

    code = "result_too_large"
    retryable = False


class NoHandler(JobFailed):
    """This server has no handler for jobs of this kind."""

    code = "no_handler"
    retryable = False


class DoNotRetry(JobFailed):
    """The handler asked not to be tried again."""

    code = "do_not_retry"
    retryable = False


class RetryAfter(JobFailed):
    """The handler asked to be tried again later."""

    code = "retry_after"

    def __init__(self, seconds: float, message: str | None = None) -> None:
        super().__init__(message)
        self.seconds = min(max(seconds, 0.0), _LONGEST_WAIT) if seconds == seconds else 0.0  # noqa: PLR0124 - NaN


class UrlRefused(JobFailed):
    """URL not allowed."""

    code = "url_not_allowed"
    retryable = False

    def __init__(self, message: str | None = None, *, stage: str = "", url: str = "") -> None:
        super().__init__(message)
        self.stage = stage
        """Which stage of the policy refused: for logs and counters, never for the caller (it would map our network)."""
        self.url = url


class PageError(JobFailed):
    """The page could not be read."""

    code = "page_error"


class PageUnreachable(PageError):
    """The page could not be reached."""

    code = "page_unreachable"


class PageStatus(PageError):
    """The page answered with an error."""

    code = "page_status"
    retryable = False


class PageTooLarge(PageError):
    """The page is too large."""

    code = "page_too_large"
    retryable = False


class NotHtml(PageError):
    """The address does not hold an HTML page."""

    code = "not_html"
    retryable = False


class BrowserCrashed(PageError):
    """The browser crashed while it read the page."""

    code = "browser_crashed"


class StartupError(JobserverError):
    """The server cannot start."""

    code = "startup_error"


class BadSetting(StartupError):
    """A setting has a value that cannot be used."""

    code = "bad_setting"


class WeakSecret(StartupError):
    """CLIQ_SECRET is too weak to be reachable by others."""

    code = "weak_secret"


class UnusableStore(StartupError):
    """The store cannot be used."""

    code = "unusable_store"


class MissingExtra(StartupError):
    """An optional part of jobserver is not installed."""

    code = "missing_extra"
