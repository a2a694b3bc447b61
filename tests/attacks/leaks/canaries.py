"""A secret that would be recognised wherever it turned up, in whatever dress."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from pathlib import Path


def dresses(secret: str) -> Mapping[str, bytes]:
    """How it is dressed → its bytes. Of base64 there are three, by where in what was encoded it began."""
    plain = secret.encode()
    escaped = "".join(f"%{byte:02x}" for byte in plain)
    return {
        "plain": plain,
        "backwards": plain[::-1],
        "in hex": plain.hex().encode(),
        "in HEX": plain.hex().upper().encode(),
        "percent-encoded": escaped.encode(),
        "PERCENT-encoded": escaped.upper().encode(),
        "percent-encoded backwards": "".join(f"%{byte:02x}" for byte in plain[::-1]).encode(),
        "in UTF-16": secret.encode("utf-16-le"),
        "as JavaScript escapes": "".join(f"\\u{byte:04x}" for byte in plain).encode(),
        **{f"in base64, from byte {start}": _inner(plain, start) for start in range(3)},
    }


def _inner(plain: bytes, start: int) -> bytes:
    """What is the same in every base64 of a text in which ``plain`` begins at ``start`` modulo 3."""
    encoded = base64.b64encode(bytes(start) + plain).rstrip(b"=")
    return encoded[(0, 2, 3)[start] : -2]


class Canaries:
    """``secrets``: what each is called → the secret."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self.secrets = dict(secrets)
        self.searched = 0
        self.found: list[str] = []

    def look(self, where: str, what: bytes, *, but: Iterable[str] = ()) -> None:
        """Search ``what``, which comes from ``where``, for all but those of these names."""
        self.searched += len(what)
        for name in self.secrets.keys() - set(but):
            for dress, needle in dresses(self.secrets[name]).items():
                if needle in what:
                    self.found.append(f"{name} stands {dress} in {where}")

    def look_into(self, directory: Path, *, but: Iterable[str] = (), skip: Iterable[str] = ()) -> int:
        """Search every file below ``directory`` but those called ``skip``; how many there were."""
        files = [file for file in directory.rglob("*") if file.is_file() and file.name not in set(skip)]
        for file in files:
            self.look(f"the file {file.name}", file.read_bytes(), but=but)
        return len(files)
