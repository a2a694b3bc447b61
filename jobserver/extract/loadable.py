"""Which hosts a component may make its reader's browser ask: those that the URL policy lets through as written."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from jobserver.egress.policy import UrlPolicy
from jobserver.errors import UrlRefused
from jobserver.extract.safe_url import Admits


def admitted_by(policy: UrlPolicy) -> Admits:
    """For `render`: no private address, no local name, no odd port, as a page could aim them at its reader's network.

    Private targets stay. The allow-list does not count: it says which pages are read, not where their pictures are.
    What a public name resolves to in the reader's network only the reader's browser knows.
    """
    anywhere = replace(policy, allowed_domains=None)

    @lru_cache(maxsize=1024)
    def admits(root: str) -> bool:
        try:
            anywhere.check(root)
        except UrlRefused:
            return False
        return True

    return admits
