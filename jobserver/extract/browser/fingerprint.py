"""What a page is known again by: equal for two visits where reading it again would say the same."""

from __future__ import annotations

import asyncio
import hashlib
import json

from jobserver.errors import PageError
from jobserver.extract.browser import script
from jobserver.extract.browser.page import Page
from jobserver.extract.browser.settle import Budget
from jobserver.extract.model import Unchanged

MAX_ELEMENTS = 20_000
MAX_CHARACTERS = 16_000_000
"""Of markup and rules; a page of more is read anew each time."""

MAX_TEXTS = 60
"""Sheets, scripts and drawings whose servers say nothing of versions, so that what they say is looked at."""

_DIGEST = 16


class Recognition:
    """Tells whether a page is the one whose fingerprint is ``known``, and by what it will be known itself.

    ``fingerprint``: as of the last look. It is made of the document with its shadow trees, every rule of its sheets,
    where each element stands, what is filled in, and of what the answers to its requests said of their versions. None
    where these cannot tell: the page did not load as it should, waits for something, has a canvas that cannot be read,
    or is too large.

    Not noticed are a picture whose server says nothing of versions and that kept its length, and what a page loads for
    narrow screens alone.
    """

    def __init__(self, page: Page, known: str | None, budget: Budget) -> None:
        self._page = page
        self._known = known
        self._budget = budget
        self._is_knowable = True
        self._texts: dict[str, str] = {}
        self._fetched = 0
        self.fingerprint: str | None = None

    async def look(self) -> None:
        """Raises Unchanged, and PageMoved. A page that is as it was after all waiting needs no more of it."""
        self.fingerprint = None
        if self._page.traffic.is_busy or not self._is_knowable:
            return
        self._fetched = self._page.traffic.validators.fetched
        try:
            self.fingerprint = await self._made(self._budget.share(0.05, 2.0))
        except (PageError, TimeoutError):
            self.fingerprint = None
        self._is_knowable = self.fingerprint is not None
        if self._known is not None and self.fingerprint == self._known:
            raise Unchanged

    def expect(self, answers: int) -> None:
        """Take no notice of so many answers that came since the last look: we asked for them."""
        self._fetched += answers

    @property
    def still_holds(self) -> bool:
        """Whether nothing has come since the last look that could have changed what is read."""
        validators = self._page.traffic.validators
        return self._fetched == validators.fetched and validators.seen() is not None

    async def _made(self, time_limit: float) -> str | None:
        validators = self._page.traffic.validators
        answers, fetched, unversioned = validators.seen(), validators.fetched, validators.unversioned()
        if self._page.warnings or answers is None or len(unversioned) > MAX_TEXTS:
            return None
        bounds = {"elements": MAX_ELEMENTS, "characters": MAX_CHARACTERS, "milliseconds": 800 * time_limit}
        shown = await self._page.run(script.FINGERPRINT, bounds, time_limit=time_limit, insist=False)
        async with asyncio.timeout(time_limit):
            texts = await asyncio.gather(*map(self._digest, unversioned))
        if shown is None or None in texts:
            return None
        return _digest(json.dumps([self._page.url, shown, answers, fetched, texts]))

    async def _digest(self, url: str) -> str | None:
        """Of what the browser has from there; it is looked at once."""
        if url not in self._texts and (resource := await self._page.resource(url)):
            self._texts[url] = _digest(resource["content"])
        return self._texts.get(url)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=_DIGEST).hexdigest()
