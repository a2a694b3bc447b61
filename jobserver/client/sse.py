"""Server-Sent Events (WHATWG HTML, 9.2.6), read from a stream of bytes."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One event as it was sent; ``id`` is "" where it had none of its own."""

    event: str
    data: str
    id: str


async def messages(lines: AsyncIterable[bytes]) -> AsyncIterator[Message]:
    """The messages in ``lines``; comments and whatever is not whole at the end are passed over."""
    fields: dict[str, list[str]] = {}
    async for line in lines:
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if text:
            name, _, value = text.partition(":")
            fields.setdefault(name, []).append(value.removeprefix(" "))
            continue
        if "data" in fields:
            yield Message(_last(fields, "event") or "message", "\n".join(fields["data"]), _last(fields, "id"))
        fields = {}


def _last(fields: dict[str, list[str]], name: str) -> str:
    return fields.get(name, [""])[-1]
