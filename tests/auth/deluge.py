"""What Deluge's own functions are known to make."""

from __future__ import annotations

VECTORS = [
    (
        "sk_5Ow7B_4eC39H",
        b"{Order ID: 0932, Currency: USD, Amount: 2500}",
        "13721963e7ac439f5a2e63c261856393647f3f51b493beebf5919af4bc3de19c",
    ),
    (
        "Use me to generate hash",
        b"My#New#Password",
        "79d602cb1914e232f67448c40cef1a532f1666ba4a46f42ab8da60294a9ee6f0",
    ),
]
"""Secret, text and ``zoho.encryption.hmacsha256(secret, text, "hex")``."""
