"""What a request's body says on the native face: one JSON object, labelled as such or not at all."""

from __future__ import annotations

from typing import Any

from jobserver.errors import InvalidRequest, UnsupportedMediaType
from jobserver.web.reading.encoding import decode
from jobserver.web.reading.members import Members
from jobserver.web.reading.parameters import split_parameters
from jobserver.web.reading.strict_json import parse_object
from jobserver.web.route import Call


def read_json(call: Call) -> dict[str, Any]:
    """The members of the body; none of an empty one.

    `UnsupportedMediaType` for a label that does not say JSON: nothing is guessed. `InvalidRequest` says what is wrong
    with the rest; a member given twice is.
    """
    if not call.body:
        return {}
    label, parameters = split_parameters(call.request.headers.get("Content-Type", ""))
    if label not in {"", "application/json"}:
        raise UnsupportedMediaType("Send JSON, with Content-Type: application/json.")
    try:
        return parse_object(decode(call.body, parameters.get("charset", "")), unique=True)
    except ValueError as wrong:
        raise InvalidRequest(f"The body must be a JSON object: {wrong}.") from wrong


def no_members(call: Call) -> None:
    """For routes that take none: whatever is sent is refused rather than overlooked."""
    Members(read_json(call), ()).check()
