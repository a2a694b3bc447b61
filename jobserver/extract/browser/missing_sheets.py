"""Which style sheets a page has asked for without an answer: they style nothing, whatever they were to say."""

from __future__ import annotations

from jobserver.extract.browser.cdp import Params

MAX_SHEETS = 500
"""Requests that are remembered; of what goes beyond nothing is said."""


class MissingSheets:
    """Listens to the Network domain."""

    def __init__(self) -> None:
        self._asked: dict[str, str] = {}
        self._answered: set[str] = set()
        self._failed: set[str] = set()

    @property
    def urls(self) -> set[str]:
        """Addresses from which nothing has come, as the page has them."""
        # One address may be asked for twice: once is enough for its rules to be there.
        return self._failed - self._answered - set(self._asked.values())

    def note(self, method: str, params: Params) -> None:
        """Take in one event; those of anything but style sheets are ignored."""
        match method:
            case "Network.requestWillBeSent" if params.get("type") == "Stylesheet":
                # A redirect is told as a further request of the same id: the page knows the sheet by the first.
                if len(self._answered) + len(self._failed) + len(self._asked) < MAX_SHEETS:
                    self._asked.setdefault(params["requestId"], params["request"]["url"])
            case "Network.responseReceived" if url := self._asked.pop(params["requestId"], None):
                self._answered.add(url)
            case "Network.loadingFailed" if url := self._asked.pop(params["requestId"], None):
                self._failed.add(url)
