"""Whether a write-ahead log is whole: SQLite stops reading at the first damaged frame and says nothing of the rest."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

# https://www.sqlite.org/fileformat2.html#the_write_ahead_log
_HEADER = struct.Struct(">8I")  # magic, format, page size, checkpoints, salt, salt, checksum, checksum
_FRAME = struct.Struct(">6I")  # page, pages after a commit or 0, salt, salt, checksum, checksum
_MAGIC = 0x377F0682  # its last bit is set where checksums take numbers the big end first


class _Frame(NamedTuple):
    commits: bool
    good: bool
    """Whether its checksum, which covers all before it, is right."""


def lost_commits(wal: Path) -> bool:
    """Whether the log holds commits that cannot be read since something before them is damaged.

    The last transaction may be torn: the power went while it was written, and nobody was told that it is safe. But one
    that others follow was on disk before they began.
    """
    try:
        with wal.open("rb") as file:
            return _is_damaged(file)
    except FileNotFoundError:
        return False


def _is_damaged(file: BinaryIO) -> bool:
    head = file.read(_HEADER.size)
    if len(head) < _HEADER.size:
        return False
    magic, _, page_size, _, _, _, *found = _HEADER.unpack(head)
    order = ">" if magic & 1 else "<"
    if magic & ~1 != _MAGIC or _sums(head[:24], order, (0, 0)) != tuple(found):
        return bool(file.read(1))  # it is on disk before the first frame is written
    bad = committed = False
    for frame in _frames(file, head, page_size, order):
        if committed:
            return True
        bad = bad or not frame.good
        committed = bad and frame.commits
    return False


def _frames(file: BinaryIO, head: bytes, page_size: int, order: str) -> Iterator[_Frame]:
    """Every whole frame of this log. What an earlier one left behind it has other salts, and not by one flipped bit."""
    salts = head[16:24]
    sums: tuple[int, int] = _HEADER.unpack(head)[6:8]
    good = True
    while len(frame := file.read(_FRAME.size + page_size)) == _FRAME.size + page_size:
        _, pages, _, _, *found = _FRAME.unpack(frame[: _FRAME.size])
        if good:
            sums = _sums(frame[_FRAME.size :], order, _sums(frame[:8], order, sums))
            good = sums == tuple(found) and frame[8:16] == salts
        if _differing_bits(frame[8:16], salts) <= 1:
            yield _Frame(pages > 0, good)


def _differing_bits(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


def _sums(data: bytes, order: str, sums: tuple[int, int]) -> tuple[int, int]:
    one, two = sums
    for first, second in struct.iter_unpack(f"{order}2I", data):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return one, two
