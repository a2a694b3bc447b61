"""JSON Schema (2020-12), as far as the description of the API needs it, in few words."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    """The schema of that name."""
    return {"$ref": f"#/components/schemas/{name}"}


def array(items: Schema, **bounds: int) -> Schema:
    """A list of them."""
    return {"type": "array", "items": items, **bounds}


def words(*some: str) -> Schema:
    """One of a few words."""
    return {"type": "string", "enum": list(some)}


def text(low: int = 0, high: int | None = None) -> Schema:
    """A string of so many characters."""
    return {"type": "string"} | ({"minLength": low} if low else {}) | ({} if high is None else {"maxLength": high})


def whole(low: float | None = None, high: float | None = None) -> Schema:
    """A whole number."""
    return {"type": "integer"} | _bounds(low, high)


def number(low: float | None = None, high: float | None = None) -> Schema:
    """A number."""
    return {"type": "number"} | _bounds(low, high)


def answer(required: str, /, **members: Schema) -> Schema:
    """An object that is answered; later versions may add members. ``required``: names with spaces between."""
    return {"type": "object", "required": required.split(), "properties": members}


def asked(required: str = "", /, **members: Schema) -> Schema:
    """An object that is sent; a member that nobody knows is refused."""
    known = {"type": "object", "properties": members, "additionalProperties": False}
    return known | ({"required": required.split()} if required else {})


def _bounds(low: float | None, high: float | None) -> Schema:
    return ({} if low is None else {"minimum": low}) | ({} if high is None else {"maximum": high})
