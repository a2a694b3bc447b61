"""What a page is known again by: equal for two visits where reading it again would say the same."""

from __future__ import annotations

import hashlib
import json

from jobserver.errors import PageError
from jobserver.extract.browser import script
from jobserver.extract.browser.page import Page

MAX_ELEMENTS = 20_000
MAX_CHARACTERS = 16_000_000
"""Of markup and rules; a page of more is read anew each time."""

_DIGEST = 16


async def fingerprint_of(page: Page, *, time_limit: float) -> str | None:
    """A word for the page as it shows itself once it has settled.

    It is made of the document with its shadow trees, every rule of its sheets, where each element stands, what is
    filled in, and of what the answers to its requests said of their versions. None where these cannot tell: the page
    did not load as it should, has a canvas that cannot be read, or is too large. ``time_limit``: seconds. Raises
    PageMoved.

    Where a server says nothing of versions, a picture that changed without a change of its length is not noticed.
    """
    answers = page.traffic.validators.seen()
    if page.warnings or answers is None:
        return None
    bounds = {"elements": MAX_ELEMENTS, "characters": MAX_CHARACTERS, "milliseconds": 800 * time_limit}
    try:
        shown = await page.run(script.FINGERPRINT, bounds, time_limit=time_limit)
    except PageError:
        return None
    if shown is None:
        return None
    facts = json.dumps([page.url, shown, answers, page.traffic.validators.fetched])
    return hashlib.blake2b(facts.encode(), digest_size=_DIGEST).hexdigest()
