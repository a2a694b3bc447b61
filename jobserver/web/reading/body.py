"""What a request's body says, in every shape that clients of the old face send.

What a body is, is read from the body itself: an object begins with ``{``, a multipart form with ``--`` and its
boundary, a urlencoded form with a name and ``=``. Clients mislabel them: Zoho Deluge sends a map as a form that says it
is JSON, curl sends JSON that says it is a form. And a signature covers the body but not the label, so what was signed
must mean the same under any. The label only decides what is refused, and the charset.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from jobserver.errors import InvalidRequest, UnsupportedMediaType
from jobserver.web.reading import multipart
from jobserver.web.reading.encoding import codec_of, decode
from jobserver.web.reading.parameters import split_parameters
from jobserver.web.reading.strict_json import parse_object

MAX_FIELDS = 1000
"""Fields of a form."""

_FORM = "application/x-www-form-urlencoded"
_LABELS = frozenset({"", "application/json", "text/json", "text/plain", "multipart/form-data", _FORM})
_NAME_AND_EQUALS = re.compile(r"[\w.\[\]%+~*-]+=")
_JSON_SPACE = " \t\r\n"


@dataclass(frozen=True, slots=True)
class _Label:
    """What a Content-Type says; "" for what it does not."""

    type: str
    charset: str
    boundary: str


def read_body(body: bytes, content_type: str | None) -> dict[str, Any]:
    """The members of ``body``: a JSON object's as they are, a form's as text. An empty body has none.

    ``content_type``: the header's value, None where there is none. `UnsupportedMediaType` for a type we do not read;
    ``text/plain`` is read only where it holds an object. `InvalidRequest` for everything else that cannot be read.
    """
    label = _label(content_type)
    try:
        return _read(body, label) if body else {}
    except ValueError as error:
        raise InvalidRequest from error


def multipart_fields_json(body: bytes, content_type: str | None) -> bytes | None:
    """The compact JSON of a multipart form's fields, as Zoho Deluge signs it; None for anything else.

    It is made of the very members `read_body` returns, so that whoever signed it signed all that is acted on.
    """
    if not multipart.is_multipart(body):
        return None
    try:
        fields = read_body(body, content_type)
    except (InvalidRequest, UnsupportedMediaType):
        return None
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def _label(content_type: str | None) -> _Label:
    media, parameters = split_parameters(content_type or "")
    if media not in _LABELS and not (media.startswith("application/") and media.endswith("+json")):
        raise UnsupportedMediaType
    return _Label(media, parameters.get("charset", ""), parameters.get("boundary", ""))


def _read(body: bytes, label: _Label) -> dict[str, Any]:
    if label.type != "text/plain" and multipart.is_multipart(body):
        return dict(multipart.read_fields(body, label.boundary, label.charset))
    text = decode(body, label.charset)
    if text.lstrip(_JSON_SPACE).startswith("{"):
        return parse_object(text)
    if label.type == "text/plain":
        raise UnsupportedMediaType
    if label.type == _FORM or _NAME_AND_EQUALS.match(text):
        return _form(text, label.charset)
    raise ValueError("neither an object nor a form")


def _form(text: str, charset: str) -> dict[str, Any]:
    pairs = parse_qsl(
        text, keep_blank_values=True, encoding=codec_of(charset), errors="strict", max_num_fields=MAX_FIELDS
    )
    return dict(pairs)
