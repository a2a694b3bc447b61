"""What strace wrote down of a server, read again: what it did to its files and when it told whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TRACED = ("-xx", "--string-limit=1000000", "--decode-fds=path", "--seccomp-bpf")
"""Options of strace; and these calls:"""

CALLS = "--trace=openat,pwrite64,write,fdatasync,fsync,ftruncate,rename,unlink"

_CALL = re.compile(r"^(\d+) +(?:<\.\.\. )?(\w+)(?: resumed>|\()(.*)$")
_TEXT = re.compile(r'["<]((?:\\x[0-9a-f]{2})+)[">]')
_JOB_ID = re.compile(rb'"jobId":"([^"]+)"')
_WHEN_IT_BEGINS = frozenset({"pwrite64", "write", "ftruncate"})
_UNFINISHED = "<unfinished ...>"


class Step(NamedTuple):
    """``what``: create, write, truncate, sync, rename or unlink of the file ``name``; or told, of the job ``name``.

    ``place``: where in the file, or its new length. ``body``: what was written there, or the new name.
    """

    what: str
    name: str
    place: int = 0
    body: bytes = b""


def read_steps(log: Path, file: Path) -> Iterator[Step]:
    """Those that concern the store ``file`` and its companions, in order; what failed never happened.

    A write counts from its beginning, all else from its end.
    """
    begun: dict[str, str] = {}
    for line in log.read_text().splitlines():
        if (call := _CALL.match(line)) is None:
            continue
        thread, name, rest = call.groups()
        resumed, early = "resumed>" in line, name in _WHEN_IT_BEGINS
        if resumed:
            rest = begun.pop(thread) + rest
        if rest.endswith(_UNFINISHED):
            begun[thread] = rest = rest.removesuffix(_UNFINISHED)
        counts = not resumed if early else not line.endswith(_UNFINISHED)
        if counts and "= -1 " not in rest and (step := _step(name, rest, str(file))) is not None:
            yield step


def _step(call: str, rest: str, file: str) -> Step | None:
    texts = [bytes.fromhex(each.replace("\\x", "")) for each in _TEXT.findall(rest)]
    numbers = re.findall(r"(?<=, )\d+", _TEXT.sub("", rest))
    if call == "write":
        told = _JOB_ID.search(texts[-1]) if texts and texts[-1].startswith(b"HTTP/1.1 202") else None
        return None if told is None else Step("told", told[1].decode())
    paths = [each.decode(errors="replace") for each in texts]
    ours = [Path(path).name for path in paths if path.startswith(file)]
    if not ours or (call == "openat" and "O_CREAT" not in rest):
        return None
    return {
        "openat": lambda: Step("create", ours[0]),
        "pwrite64": lambda: Step("write", ours[0], int(numbers[1]), texts[1]),
        "ftruncate": lambda: Step("truncate", ours[0], int(numbers[0])),
        "rename": lambda: Step("rename", ours[0], body=ours[-1].encode()),
        "unlink": lambda: Step("unlink", ours[0]),
    }.get(call, lambda: Step("sync", ours[0]))()
