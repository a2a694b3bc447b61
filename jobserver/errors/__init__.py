"""Everything that can go wrong, by name, each with a stable code.

::

    JobserverError
    ├── InvalidRequest          what was sent cannot be read or accepted
    │   ├── MissingUrl
    │   └── NotSupported        a member we know of, whose feature is not built yet
    ├── BodyTooLarge · RequestTimedOut
    ├── UnsupportedMediaType
    ├── Unauthorized · Forbidden
    ├── CrossOrigin · WrongHost     a web page of somebody else's asked
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

from jobserver.errors.base import JobserverError
from jobserver.errors.failures import (
    ArtifactTooLarge,
    BrowserCrashed,
    Crashed,
    DoNotRetry,
    JobFailed,
    NoHandler,
    NotHtml,
    PageError,
    PageStatus,
    PageTooLarge,
    PageUnreachable,
    ResultTooLarge,
    RetryAfter,
    TimedOut,
    UrlRefused,
)
from jobserver.errors.refusals import (
    ArtifactNotFound,
    BodyTooLarge,
    CrossOrigin,
    Forbidden,
    IdempotencyMismatch,
    InvalidRequest,
    JobNotFound,
    KeyNotFound,
    LeaseLost,
    MethodNotAllowed,
    MissingUrl,
    NotSupported,
    QueueFull,
    QueueNotFound,
    QuotaExceeded,
    RangeNotSatisfiable,
    RateLimited,
    RequestTimedOut,
    RouteNotFound,
    ShuttingDown,
    StoreBroken,
    StoreUnavailable,
    TooManyStreams,
    Unauthorized,
    Unavailable,
    UnsupportedMediaType,
    WrongHost,
    WrongState,
)
from jobserver.errors.startup import (
    BadSetting,
    MissingExtra,
    StartupError,
    UnusableStore,
    WeakSecret,
)

__all__ = [
    "ArtifactNotFound",
    "ArtifactTooLarge",
    "BadSetting",
    "BodyTooLarge",
    "BrowserCrashed",
    "Crashed",
    "CrossOrigin",
    "DoNotRetry",
    "Forbidden",
    "IdempotencyMismatch",
    "InvalidRequest",
    "JobFailed",
    "JobNotFound",
    "JobserverError",
    "KeyNotFound",
    "LeaseLost",
    "MethodNotAllowed",
    "MissingExtra",
    "MissingUrl",
    "NoHandler",
    "NotHtml",
    "NotSupported",
    "PageError",
    "PageStatus",
    "PageTooLarge",
    "PageUnreachable",
    "QueueFull",
    "QueueNotFound",
    "QuotaExceeded",
    "RangeNotSatisfiable",
    "RateLimited",
    "RequestTimedOut",
    "ResultTooLarge",
    "RetryAfter",
    "RouteNotFound",
    "ShuttingDown",
    "StartupError",
    "StoreBroken",
    "StoreUnavailable",
    "TimedOut",
    "TooManyStreams",
    "Unauthorized",
    "Unavailable",
    "UnsupportedMediaType",
    "UnusableStore",
    "UrlRefused",
    "WeakSecret",
    "WrongHost",
    "WrongState",
]
