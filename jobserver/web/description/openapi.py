"""``/openapi.json``: the API described in OpenAPI 3.1, made from the route table."""

from __future__ import annotations

import functools
import re
from http import HTTPStatus
from typing import Any

from aiohttp import web

from jobserver import __version__
from jobserver.web.description.json_schema import Schema, ref
from jobserver.web.description.operation import JSON, Answer, Operation
from jobserver.web.description.operations import OPERATIONS
from jobserver.web.description.plain_schemas import PLAIN
from jobserver.web.description.schemas import NATIVE
from jobserver.web.keys import OPENAPI
from jobserver.web.route import Call, Route
from jobserver.web.wire import dumps

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_FROM_THE_GUARD = (403, 408, 413, 421, 429, 503)
_WITH_A_SCOPE = (401, 403)
_PLACE = re.compile(r"{(\w+)}")

_SECURITY: dict[str, Schema] = {
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "x-cliq-signature",
        "description": "HMAC-SHA256 of `{x-cliq-timestamp}.{METHOD}.{path}.{body}`, or of the body, or the secret.",
    },
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key."},
    "link": {"type": "apiKey", "in": "query", "name": "token", "description": "A signed link, with `expires`."},
}


async def openapi(call: Call) -> web.Response:
    """``GET /openapi.json``: every route, what it takes and what it answers."""
    body = call.request.app[OPENAPI](call.paths.prefix)
    return web.Response(body=body, content_type=JSON, headers={"Cache-Control": "no-cache"})


@functools.cache
def document(routes: tuple[Route, ...], prefix: str = "") -> bytes:
    """The description of ``routes``, which clients find under ``prefix``."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        operation = OPERATIONS.get((route.method, route.path))
        if operation is not None:  # a preflight is for browsers, which need no telling
            paths.setdefault(wire_path(route.path), {})[route.method.lower()] = _operation(route, operation)
    return dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "jobserver", "version": __version__, "license": {"name": "MIT", "identifier": "MIT"}},
            "servers": [{"url": prefix or "/"}],
            "paths": paths,
            "components": {"schemas": NATIVE | PLAIN, "securitySchemes": _SECURITY},
        }
    )


def wire_path(path: str) -> str:
    """A path with its places named as everything on the wire is.

    >>> wire_path("/v1/jobs/{job_id}/artifacts/{name}")
    '/v1/jobs/{jobId}/artifacts/{name}'
    """
    return _PLACE.sub(lambda place: "{" + _camel(place[1]) + "}", path)


def _operation(route: Route, operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": _camel("_".join(re.findall(r"\w+", f"{route.method.lower()} {route.path}"))),
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": [*_places(route.path), *_parameters(operation)],
        "responses": _responses(route, operation),
        "security": _security(route),
    }
    if route.scope is not None:
        described["description"] = f"Needs the scope `{route.scope}`."
    if operation.body is not None:
        media = (JSON, *_FORMS) if operation.forms else (JSON,)
        described["requestBody"] = {
            "required": operation.body_required,
            "content": {each: {"schema": ref(operation.body)} for each in media},
        }
    return described


def _places(path: str) -> list[dict[str, Any]]:
    return [
        {"name": _camel(name), "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in _PLACE.findall(path)
    ]


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {
            "name": each.name,
            "in": each.place,
            "required": each.required,
            "description": each.says,
            "schema": each.schema,
        }
        for each in operation.parameters
    ]


def _responses(route: Route, operation: Operation) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": ref("Problem")}}
    refusals = {*operation.refusals, *_FROM_THE_GUARD, *(() if route.scope is None else _WITH_A_SCOPE)}
    responses: dict[str, Any] = {
        f"{status}": {"description": HTTPStatus(status).phrase, "content": problem} for status in sorted(refusals)
    }
    for status, answer in operation.answers.items():
        content = responses.get(f"{status}", {}).get("content", {}) | _content(answer)
        responses[f"{status}"] = {"description": answer.says} | ({"content": content} if content else {})
    return dict(sorted(responses.items()))


def _content(answer: Answer) -> dict[str, Any]:
    if answer.schema is None:
        return {}
    schema = ref(answer.schema) if isinstance(answer.schema, str) else answer.schema
    content = {media: {"schema": schema} for media in answer.media}
    return content | ({answer.also[0]: {"schema": answer.also[1]}} if answer.also else {})


def _security(route: Route) -> list[dict[str, list[str]]]:
    """Any of them opens it; none at all is needed where the list is empty."""
    if route.scope is None:
        return []
    names = ("signature", "bearer", "link") if route.link else ("signature", "bearer")
    return [{name: []} for name in names]


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
