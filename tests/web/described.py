"""Real answers held against the description of the API: nothing may be answered that it does not say."""

from __future__ import annotations

import functools
import json
import re
from typing import Any

from aiohttp import ClientResponse
from jsonschema import Draft202012Validator, FormatChecker

from jobserver.web.app import ROUTES
from jobserver.web.description.openapi import document, wire_path

DOCUMENT: dict[str, Any] = json.loads(document(ROUTES))


def closed(schema: Any) -> Any:
    """The same without room for members it does not name: later versions may add some, this one has none."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(each) for name, each in schema.items()}
    # In ``properties`` these words are names of members.
    return inner if "type" not in inner or "properties" not in inner else {"additionalProperties": False} | inner


_COMPONENTS = closed(DOCUMENT["components"])


@functools.cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    paths = sorted({wire_path(route.path) for route in ROUTES}, key=lambda path: path.count("{"))
    return [
        (re.compile(re.sub(r"{\w+}", "[^/]+", re.escape(path).replace(r"\{", "{").replace(r"\}", "}"))), path)
        for path in paths
    ]


def operation_of(method: str, path: str) -> dict[str, Any] | None:
    """What is said of that route; None where there is none."""
    for pattern, template in _templates():
        if pattern.fullmatch(path) and method.lower() in DOCUMENT["paths"].get(template, {}):
            operation: dict[str, Any] = DOCUMENT["paths"][template][method.lower()]
            return operation
    return None


async def assert_described(answer: ClientResponse) -> bool:
    """Fail unless the answer is as described; False for an address that is no route."""
    operation = operation_of(answer.method, answer.url.raw_path)
    if operation is None:
        assert answer.status in {404, 405}, answer
        return False
    described = operation["responses"].get(f"{answer.status}")
    assert described is not None, f"{answer.method} {answer.url}: {answer.status} is not described"
    content = described.get("content", {})
    body = await answer.read()
    if answer.method == "HEAD" or not content:
        assert not body, f"{answer.method} {answer.url}: {answer.status} has a body"
        return True
    media = content.get(answer.content_type) or content.get(answer.headers["Content-Type"]) or content.get("*/*")
    assert media is not None, f"{answer.method} {answer.url}: {answer.headers['Content-Type']} is not described"
    value = json.loads(body) if answer.content_type.endswith("json") else body.decode(errors="replace")
    schema = closed(media["schema"]) | {"components": _COMPONENTS}
    wrong = [error.message for error in Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(value)]
    assert not wrong, f"{answer.method} {answer.url}: {wrong}"
    return True
