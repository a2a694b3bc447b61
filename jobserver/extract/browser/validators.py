"""What the answers say of themselves to a page's requests, to tell whether a later visit has got the same."""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass

from jobserver.extract.browser.cdp import Params

MAX_ANSWERS = 2_000
"""Answers that are remembered; with more of them there is no telling."""

# What a script fetches shows in what it makes of it, and addresses of counters differ each time: these are counted.
_FETCHED = frozenset({"XHR", "Fetch"})
_SHAPING = frozenset({"Document", "Stylesheet", "Script", "Image", "Font"})

_MILLISECONDS = re.compile(r"(?<!\d)\d{13}(?!\d)")
_AN_HOUR = 3_600_000

_HEADERS = ("etag", "last-modified", "content-security-policy")


@dataclass(slots=True)
class _Answer:
    """One answer. ``length``: its bytes, unpacked; they tell versions apart where nothing else does."""

    url: str
    status: int
    headers: tuple[str, ...]
    length: int = 0


class Validators:
    """Listens to the Network domain. Validators are those of RFC 9110, section 8.8.

    ``fetched``: how many answers the page's scripts have got.
    """

    def __init__(self) -> None:
        self._answers: dict[str, _Answer] = {}
        self.fetched = 0

    def note(self, method: str, params: Params) -> None:
        """Take in one event."""
        match method:
            case "Network.responseReceived" if params.get("type") in _SHAPING and len(self._answers) <= MAX_ANSWERS:
                self._answer(params["requestId"], params["response"])
            case "Network.responseReceived" if params.get("type") in _FETCHED:
                self.fetched += 1
            case "Network.dataReceived" if answer := self._answers.get(params["requestId"]):
                answer.length += params["dataLength"]

    def seen(self) -> list[tuple[object, ...]] | None:
        """(address, status, headers, length) of each answer in order of address; None where there were too many."""
        if len(self._answers) > MAX_ANSWERS:
            return None
        return sorted(astuple(answer) for answer in self._answers.values())

    def _answer(self, request_id: str, response: Params) -> None:
        url = str(response["url"])
        if url.startswith(("http:", "https:")):  # any other has its contents in its address, and that in the page
            headers = {name.lower(): str(value) for name, value in response["headers"].items()}
            told = tuple(headers.get(name, "") for name in _HEADERS)
            address = _timeless(url, response.get("responseTime", 0.0))
            self._answers[request_id] = _Answer(address, int(response["status"]), told)


def _timeless(url: str, now: float) -> str:
    """An address without the time of this visit, which scripts add so that no cache answers."""
    return _MILLISECONDS.sub(lambda found: "now" if abs(int(found[0]) - now) < _AN_HOUR else found[0], url)
