"""The one shape of every error (RFC 9457), and the one place where an error gets its status."""

from __future__ import annotations

import logging
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from jobserver import errors
from jobserver.web.keys import LIMITS
from jobserver.web.metrics.meter import REFUSAL
from jobserver.web.wire import dumps

_log = logging.getLogger(__name__)

STATUS: dict[type[errors.JobserverError], int] = {
    errors.InvalidRequest: 400,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.CrossOrigin: 403,
    errors.UrlRefused: 403,
    errors.RouteNotFound: 404,
    errors.JobNotFound: 404,
    errors.QueueNotFound: 404,
    errors.ArtifactNotFound: 404,
    errors.KeyNotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.RequestTimedOut: 408,
    errors.WrongState: 409,
    errors.LeaseLost: 409,
    errors.BodyTooLarge: 413,
    errors.UnsupportedMediaType: 415,
    errors.RangeNotSatisfiable: 416,
    errors.WrongHost: 421,
    errors.IdempotencyMismatch: 422,
    errors.RateLimited: 429,
    errors.QuotaExceeded: 429,
    errors.TooManyStreams: 429,
    errors.Unavailable: 503,
    errors.JobserverError: 500,
}
"""An error has the status of the nearest class above it."""


def status_of(error: errors.JobserverError) -> int:
    """The HTTP status that says it."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(error: errors.JobserverError, instance: str) -> web.Response:
    """The answer: ``ok`` and ``error`` first, where old scripts read them, then the members of RFC 9457."""
    status = status_of(error)
    body: dict[str, object] = {
        "ok": False,
        "error": error.message,
        "type": f"urn:jobserver:problem:{error.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": error.message,
        "instance": instance,
        "code": error.code,
    }
    if isinstance(error, errors.InvalidRequest) and error.errors:
        body["errors"] = [{"pointer": pointer, "detail": detail} for pointer, detail in error.errors]
    response = web.Response(status=status, body=dumps(body), content_type="application/problem+json")
    response[REFUSAL] = error.code, getattr(error, "reason", "")
    if isinstance(error, errors.Unavailable):
        response.headers["Retry-After"] = str(max(1, round(error.retry_after)))
    if isinstance(error, errors.RangeNotSatisfiable):
        response.headers["Content-Range"] = f"bytes */{error.size}"
    if isinstance(error, errors.Unauthorized):
        response.headers["WWW-Authenticate"] = 'x-cliq-signature realm="jobserver", Bearer realm="jobserver"'
    return response


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever went wrong into the one shape; what nobody foresaw is logged and says nothing of itself."""
    path = request.rel_url.raw_path
    try:
        return await handler(request)
    except web.HTTPException as refused:
        return await _refused_by_aiohttp(request, refused, path)
    except (ConnectionError, TimeoutError):
        raise
    except Exception as error:  # noqa: BLE001 - what nobody foresaw gets the one shape all the same
        if not isinstance(error, errors.JobserverError) or status_of(error) == HTTPStatus.INTERNAL_SERVER_ERROR:
            _log.exception("%s %s failed", request.method, path)
            error = errors.JobserverError()
        return problem(error, path)


async def _refused_by_aiohttp(request: web.Request, refused: web.HTTPException, path: str) -> web.Response:
    if isinstance(refused, web.HTTPNotFound | web.HTTPMethodNotAllowed) and request.app[LIMITS].per_address:
        try:
            await request.app[LIMITS].admit_address(request)  # no route has a guard that has counted it
        except errors.RateLimited as limited:
            return problem(limited, path)
    if isinstance(refused, web.HTTPNotFound):
        return problem(errors.RouteNotFound(), path)
    if isinstance(refused, web.HTTPRequestEntityTooLarge):
        return problem(errors.BodyTooLarge(), path)
    if not isinstance(refused, web.HTTPMethodNotAllowed):
        raise refused
    response = problem(errors.MethodNotAllowed(), path)
    response.headers["Allow"] = ", ".join(sorted(refused.allowed_methods))
    return response
