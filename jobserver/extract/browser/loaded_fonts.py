"""Which font files a page has loaded, and whether pages of every origin may load them too."""

from __future__ import annotations

from collections.abc import Mapping

from jobserver.extract.browser.cdp import Params

MAX_FONTS = 500
"""Files that are remembered; one family for many scripts has a hundred."""


class LoadedFonts:
    """Listens to the Network domain. ``loaded``: address → whether every origin may load the file (Fetch, 3.3.5)."""

    def __init__(self) -> None:
        self.loaded: dict[str, bool] = {}
        self._asked: dict[str, tuple[str, bool]] = {}

    def note(self, method: str, params: Params) -> None:
        """Take in one event; those of anything but fonts are ignored."""
        match method:
            case "Network.requestWillBeSent" if params.get("type") == "Font":
                self._ask(params)
            case "Network.responseReceived" if params["requestId"] in self._asked:
                self._answer(params["requestId"], params["response"])
            case "Network.loadingFinished" if answered := self._asked.pop(params["requestId"], None):
                url, is_open = answered
                if len(self.loaded) < MAX_FONTS:
                    self.loaded[url] = is_open
            case "Network.loadingFailed":
                self._asked.pop(params["requestId"], None)

    def _ask(self, params: Params) -> None:
        # A redirect is told as a further request of the same id: all who answer must let everybody in.
        url, is_open = self._asked.get(params["requestId"], (params["request"]["url"], True))
        if "redirectResponse" in params:
            is_open = is_open and _admits_all(params["redirectResponse"]["headers"])
        if url.startswith(("http:", "https:")):
            self._asked[params["requestId"]] = url, is_open

    def _answer(self, request_id: str, response: Params) -> None:
        url, is_open = self._asked[request_id]
        if response["status"] == 200:
            self._asked[request_id] = url, is_open and _admits_all(response["headers"])
        else:
            del self._asked[request_id]


def _admits_all(headers: Mapping[str, str]) -> bool:
    return any(
        name.lower() == "access-control-allow-origin" and value.strip() == "*" for name, value in headers.items()
    )
