"""Which hosts a component may make its reader's browser ask, or a warning name: those that the URL policy admits."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from jobserver.egress.policy import UrlPolicy
from jobserver.errors import UrlRefused
from jobserver.extract.safe_url import Admits, is_loadable

_ADDRESS = re.compile(r"https?://[^\s,;()<>\"']+", re.IGNORECASE)


def without_private(sentence: str, admits: Admits) -> str:
    """The sentence, with no address in it that nobody but the page should have named: of hosts not admitted.

    >>> without_private("Left out: http://10.0.0.1/a.css, twice.", lambda root: not root.startswith("http://10."))
    'Left out: a private address, twice.'
    """
    return _ADDRESS.sub(lambda match: match[0] if is_loadable(match[0], admits) else "a private address", sentence)


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
