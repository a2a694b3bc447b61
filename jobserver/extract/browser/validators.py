"""What the answers say of themselves to a page's requests, to tell whether a later visit has got the same."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jobserver.extract.browser.cdp import Params

MAX_ANSWERS = 2_000
"""Answers that are remembered; with more of them there is no telling."""

_SHAPING = frozenset({"Document", "Stylesheet", "Script", "Image", "Font", "Other"})
_TEXTS = frozenset({"Stylesheet", "Script"})

# What these bring shows in what scripts make of it, and addresses of counters differ each time: they are counted.
_FETCHED = frozenset({"XHR", "Fetch"})
_MESSAGES = frozenset({"Network.webSocketFrameReceived", "Network.eventSourceMessageReceived"})

_VERSIONS = ("etag", "last-modified")
_HEADERS = (*_VERSIONS, "content-security-policy", "content-language", "access-control-allow-origin")

_MILLISECONDS = re.compile(r"(?<!\d)\d{13}(?!\d)")
_AN_HOUR = 3_600_000
_NONCE = re.compile(r"'nonce-[^']*'")

_LEAST = 100
"""Bytes of a picture that shows something; smaller ones count visitors, each at an address of its own."""


@dataclass(slots=True)
class _Answer:
    """One answer.

    ``name``: its address without the time. ``length``: its bytes, unpacked; they tell versions apart where nothing else
    does.
    """

    url: str
    name: str
    kind: str
    status: int
    headers: tuple[str, ...]
    is_text: bool
    length: int = 0


class Validators:
    """Listens to the Network domain. Validators are those of RFC 9110, section 8.8.

    ``fetched``: how many answers and messages the page's scripts have got.
    """

    def __init__(self) -> None:
        self._answers: dict[str, _Answer] = {}
        self._first: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._has_changed = False
        self.fetched = 0

    def note(self, method: str, params: Params) -> None:
        """Take in one event."""
        match method:
            case "Network.responseReceived" if params.get("type") in _FETCHED or params.get("loaderId") == "":
                # A worker's has no loader: its scripts, as other data, show in what the page makes of its messages.
                self.fetched += 1
            case "Network.responseReceived" if params.get("type") in _SHAPING and len(self._answers) <= MAX_ANSWERS:
                self._answer(params["requestId"], params["type"], params["response"])
            case "Network.dataReceived" if answer := self._answers.get(params["requestId"]):
                answer.length += params["dataLength"] if answer.kind != "Document" else 0
            case _ if method in _MESSAGES:
                self.fetched += 1

    def seen(self) -> list[tuple[object, ...]] | None:
        """(address, status, headers, length) of each answer in order of address.

        None where there were too many, or one address has answered in two ways.
        """
        if len(self._answers) > MAX_ANSWERS or self._has_changed:
            return None
        shown = (each for each in self._answers.values() if each.kind != "Image" or each.length >= _LEAST)
        return sorted((each.name, each.status, each.headers, each.length) for each in shown)

    def unversioned(self) -> list[str]:
        """Addresses of texts and drawings whose answers say nothing of their version."""
        every = (each for each in self._answers.values() if each.is_text and each.status == 200)
        return sorted({each.url for each in every if not any(each.headers[: len(_VERSIONS)])})

    def _answer(self, request_id: str, kind: str, response: Params) -> None:
        url = str(response["url"])
        if not url.startswith(("http:", "https:")):  # any other has its contents in its address, and that in the page
            return
        headers = {name.lower(): str(value) for name, value in response["headers"].items()}
        told = [_NONCE.sub("", headers.get(name, "")) for name in _HEADERS]
        if kind == "Document":  # what it says is in the page
            told[: len(_VERSIONS)] = "", ""
        is_text = kind in _TEXTS or response.get("mimeType") == "image/svg+xml"
        name = _timeless(url, response.get("responseTime", 0.0))
        answer = self._answers[request_id] = _Answer(url, name, kind, int(response["status"]), tuple(told), is_text)
        said = answer.status, answer.headers
        self._has_changed |= self._first.setdefault(name, said) != said


def _timeless(url: str, now: float) -> str:
    """An address without the time of this visit, which scripts add so that no cache answers."""
    return _MILLISECONDS.sub(lambda found: "now" if abs(int(found[0]) - now) < _AN_HOUR else found[0], url)
