"""What the page's own address answered, and what that means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import SplitResult, urlsplit

from jobserver.egress.proxy import FilteringProxy
from jobserver.errors import JobFailed, NotHtml, PageError, PageStatus, PageUnreachable, UrlRefused
from jobserver.extract.browser.cdp import Params

_HTML = frozenset({"text/html", "application/xhtml+xml"})

# Chromium's names (net/base/net_error_list.h), by how they begin.
_SENTENCES = {
    "ERR_NAME_": "The page's host could not be found.",
    "ERR_DNS_": "The page's host could not be found.",
    "ERR_CONNECTION_REFUSED": "The page's host refused the connection.",
    "ERR_CONNECTION_TIMED_OUT": "The page did not answer in time.",
    "ERR_TIMED_OUT": "The page did not answer in time.",
    "ERR_CONNECTION_": "The connection to the page broke.",
    "ERR_EMPTY_RESPONSE": "The page's host closed the connection without an answer.",
    "ERR_ADDRESS_": "The page's host could not be reached.",
    "ERR_INTERNET_": "The page's host could not be reached.",
    "ERR_NETWORK_": "The page's host could not be reached.",
    "ERR_CERT_": "The page's certificate is not valid.",
    "ERR_SSL_": "No secure connection to the page could be made.",
    "ERR_TOO_MANY_REDIRECTS": "The page redirects without end.",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The response that became the page's main document. ``length``: bytes it says it has, None where it does not."""

    url: str
    status: int
    mime: str
    length: int | None = None

    @classmethod
    def from_event(cls, params: Params) -> Answer:
        """From the parameters of ``Network.responseReceived``."""
        response = params["response"]
        headers = {name.lower(): value for name, value in response["headers"].items()}
        length = headers.get("content-length", "")
        return cls(
            response["url"],
            int(response["status"]),
            response["mimeType"].lower(),
            int(length) if re.fullmatch("[0-9]{1,18}", length) else None,
        )

    def check(self) -> None:
        """Raise PageStatus, PageUnreachable (where another try may help) or NotHtml unless it is a page to read."""
        if self.status == 429 or self.status >= 500:
            raise PageUnreachable(f"The page answered {self.status}.")
        if self.status >= 400:
            raise PageStatus(f"The page answered {self.status}.")
        if self.mime not in _HTML:
            raise NotHtml(f"The address holds {self.mime or 'something unknown'}, not an HTML page.")


def told_by(proxy: FilteringProxy, url: str, status: int | None = None) -> JobFailed | None:
    """What ``proxy`` said in place of the answer of ``url``; None when it did not.

    ``status``: of what came as the answer; None: nothing did. The browser cannot tell an answer of the proxy from the
    server's, or shows no more than that there is no tunnel. It tries more connections than one: a page that has come is
    not given up for one that failed.
    """
    parts = urlsplit(url)
    is_plain = parts.scheme == "http"
    declined = proxy.declined.get(url.partition("#")[0] if is_plain else _tunnel_to(parts))
    if declined is None or (status is not None and not (is_plain and status == declined.status)):
        return None
    if declined.status is HTTPStatus.FORBIDDEN:
        return UrlRefused(url=url)
    return PageUnreachable(declined.sentence)


def _tunnel_to(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return f"https://{f'[{host}]' if ':' in host else host}:{parts.port or 443}/"


def not_reached(error_text: str, answer: Answer | None, *, is_download: bool) -> PageError:
    """The error for a navigation that ended with ``error_text``, such as ``net::ERR_NAME_NOT_RESOLVED``."""
    if answer is not None:
        try:
            answer.check()
        except PageError as error:
            return error
    name = error_text.removeprefix("net::")
    if is_download or name == "ERR_ABORTED":
        return NotHtml("The address holds a download or nothing, not an HTML page.")
    for beginning, sentence in _SENTENCES.items():
        if name.startswith(beginning):
            return PageUnreachable(sentence)
    return PageUnreachable(f"The page could not be reached ({name}).")
