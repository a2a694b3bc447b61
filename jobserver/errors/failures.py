"""Why an attempt at a job did not succeed."""

from __future__ import annotations

import math
from typing import ClassVar

from jobserver.errors.base import JobserverError

_LONGEST_WAIT = 365 * 86_400.0


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
        self.seconds = 0.0 if math.isnan(seconds) else min(max(seconds, 0.0), _LONGEST_WAIT)


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
