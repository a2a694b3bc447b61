"""Sheets that were read before: a page of the same site, or with the same framework, does not read them again."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from jobserver.extract.static.outline import Outline, outline

MAX_RULES = 100_000
"""Selectors kept of one sheet, and of all sheets of a page together."""
MAX_BYTES = 64_000_000
"""Of memory, about, for all sheets that are kept."""
_BYTES_PER_CHARACTER = 36
"""What is read takes this many times its text, measured on Bootstrap, all its declarations read."""


class Outlines:
    """A cache by content: the least recently used goes when ``max_bytes`` are full; what is larger is never kept.

    An outline is made of its text and its base alone, and nobody changes it, so sharing one cannot be noticed.
    """

    def __init__(self, max_bytes: int) -> None:
        self._kept: OrderedDict[bytes, tuple[Outline, int]] = OrderedDict()
        self._room = max_bytes
        self._max_bytes = max_bytes
        self.hits = 0

    def of(self, text: str, base: str) -> Outline:
        """The sheet's outline, read now or before."""
        key = _key(text, base)
        if key in self._kept:
            self._kept.move_to_end(key)
            self.hits += 1
            return self._kept[key][0]
        made = outline(text, base, MAX_RULES)
        self._keep(key, made, len(text) * _BYTES_PER_CHARACTER)
        return made

    def _keep(self, key: bytes, made: Outline, size: int) -> None:
        if size > self._max_bytes:
            return
        self._room -= size
        while self._room < 0:
            _, (_, freed) = self._kept.popitem(last=False)
            self._room += freed
        self._kept[key] = (made, size)

    def __len__(self) -> int:
        return len(self._kept)


def _key(text: str, base: str) -> bytes:
    digest = hashlib.blake2b(base.encode("utf-8", "surrogatepass"), digest_size=20)
    digest.update(b"\0")
    digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.digest()


OUTLINES = Outlines(MAX_BYTES)
"""Of this process; a child that serves several jobs keeps it warm."""
