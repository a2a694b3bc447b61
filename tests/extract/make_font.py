"""A font of our own: an icon without ink, twenty times as wide as high, so that one sees where it is used."""

from __future__ import annotations

from struct import pack

ICON = "\ue000"
EM, WIDE = 1000, 20_000


def a_font(rest: bytes = b"") -> bytes:
    """A TrueType file with `ICON` alone (OpenType 1.9). ``rest``: bytes behind it, which no browser reads."""
    tables = {
        b"OS/2": pack(">HhHHH11h30x8H", 0, EM, 400, 5, 0, *[0] * 11, 64, 0xE000, 0xE000, EM, 0, 0, EM, 0),
        b"cmap": pack(">HHHHI", 0, 1, 3, 1, 12)
        + pack(">16H", 4, 32, 0, 4, 4, 1, 0, 0xE000, 65535, 0, 0xE000, 65535, 0x2001, 1, 0, 0),
        b"glyf": bytes(4),
        b"head": pack(">IIIIHHQQ4hHHhhh", 65536, 65536, 0, 0x5F0F3CF5, 0, EM, 0, 0, 0, 0, EM, EM, 0, 8, 2, 0, 0),
        b"hhea": pack(">IhhhHhhhhhhhhhhhH", 65536, EM, 0, 0, WIDE, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2),
        b"hmtx": pack(">HhHh", EM, 0, WIDE, 0),
        b"loca": pack(">3H", 0, 0, 0),
        b"maxp": pack(">IH13H", 65536, 2, *[0] * 6, 1, *[0] * 6),
        b"name": pack(">HHH", 0, 0, 6),
        b"post": pack(">IIhhIIIII", 0x30000, 0, 0, 0, 0, 0, 0, 0, 0),
    }
    directory, body = b"", b""
    start = 12 + 16 * len(tables)
    for tag, table in tables.items():
        padded = table + bytes(-len(table) % 4)
        checksum = sum(int.from_bytes(padded[at : at + 4], "big") for at in range(0, len(padded), 4)) & 0xFFFFFFFF
        directory += tag + pack(">III", checksum, start + len(body), len(table))
        body += padded
    return pack(">IHHHH", 65536, len(tables), 128, 3, 16 * len(tables) - 128) + directory + body + rest
