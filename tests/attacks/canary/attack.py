"""A page that tries every way out of the browser to private addresses, in a network where each packet is counted.

The same page is shown to a plain Chromium first: what does not get out of that one proves nothing here.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.attacks.canary.ways_out import DOCUMENTS, NAMES
from tests.attacks.outcome import Outcome

PROVEN_AT_LEAST = 90
"""Ways that get out of a plain Chromium; 112 of 129 do in Chromium 156."""

SURE = frozenset(
    {
        "img",
        "script",
        "stylesheet",
        "css-import",
        "css-background",
        "font",
        "iframe",
        "object",
        "embed",
        "video",
        "audio",
        "preload-image",
        "prefetch",
        "meta-refresh",
        "redirect-img",
        "frame-form",
        "fetch",
        "fetch-keepalive",
        "beacon",
        "xhr",
        "event-source",
        "websocket",
        "worker-fetch",
        "shared-worker",
        "service-worker",
        "pop-up",
        "csp-report-uri",
        "stun",
        "turn-udp",
        "turn-tcp",
        "ice-candidate",
        "webtransport",
        "ping",
        "frame-blob",
        "main-refresh",
        "main-location",
        "main-form",
        "main-redirect",
    }
)
"""Those that must: without them the page is broken rather than the way closed."""


async def attack(where: Path) -> Outcome:
    """Every way to every target; ``where`` is not used, since the browser's own user must be able to enter."""
    with tempfile.TemporaryDirectory(prefix="canary-", dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        seen = await _caged(directory)
    return _judged(seen["control"], seen["flags"], seen["confined"])


async def _caged(directory: str) -> Any:
    command = ("unshare", "--net", "--mount", sys.executable, "-m", "tests.attacks.canary.cage", directory)
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()
    return json.loads(said)


def _judged(control: dict[str, Any], flags: dict[str, Any], confined: dict[str, Any]) -> Outcome:
    proven = set(control["arrived"])
    outcome = Outcome(
        "canary",
        {
            "ways out": len(NAMES),
            "proven without us": len(proven),
            "targets": confined["targets"],
            "TCP without us": control["tcp"],
            "UDP without us": control["udp"],
            "DNS without us": control["dns"],
            "TCP": confined["tcp"],
            "UDP": confined["udp"],
            "DNS": sum(confined["dns"].values()),
            "arrived": len(confined["arrived"]),
            "to the proxies": confined["proxied"],
            "sandbox": confined["sandbox"],
            "not done by this Chromium": ", ".join(sorted(set(NAMES) - proven)),
        },
    )
    for what, seen in (("visits", confined), ("the flags alone", flags)):
        outcome.wrong += [f"{what}: {leak}" for leak in seen["leaks"]]
        outcome.wrong += [f"{what}: {name} was looked up" for name in seen["dns"]]
        outcome.expect(not seen["connections"], f"{what}: {seen['connections']} connections reached a canary")
    outcome.wrong += [f"arrived: {pair}" for pair in confined["arrived"]]
    outcome.expect(proven >= SURE, f"the page does not try {', '.join(sorted(SURE - proven))}")
    outcome.expect(len(proven) >= PROVEN_AT_LEAST, f"only {len(proven)} ways get out of a plain Chromium")
    for name, visit in confined["visits"].items():
        # A page that leads itself away is refused by name; the others are read all the same.
        wanted = ("failed", "URL not allowed.") if name in DOCUMENTS else ("done", None)
        outcome.expect((visit["status"], visit["error"]) == wanted, f"the visit to /{name} came to {visit}")
    return outcome
