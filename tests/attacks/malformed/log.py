"""Strangers' text on its way into the log: it is never a line of its own, nor colours one."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator

from tests.attacks.malformed.case import HOST, SIGNED, Case, get, post
from tests.attacks.outcome import Outcome

FORGED = "2026-01-01 00:00:00,000 CRITICAL jobserver: forged"
MOST_LINES = 60
"""Lines of the log, beside those of answers and jobs, that all of it may cause."""

_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ [\w.]+: |  ")


def injections() -> Iterator[Case]:
    """In every part of a request that may be logged."""
    for name, text in {
        "line": f"\n{FORGED}",
        "return": f"\r{FORGED}",
        "line separator": f"\u2028{FORGED}",
        "next line": f"\x85{FORGED}",
        "escape": "\x1b[2J\x1b[31m",
        "csi": "\x9b31m",
        "bidi": "\u202egnp.\u2066",
    }.items():
        quoted = "".join(f"%{byte:02x}" for byte in text.encode()).encode()
        raw = text.encode()
        yield Case(f"log: {name} in a path", get(b"/v1/jobs/" + quoted), (404,), certain=True)
        yield Case(f"log: {name} in a query", get(b"/v1/jobs?tag=" + quoted), (200, 400), certain=True)
        yield Case(f"log: {name} in an address nobody has", get(b"/" + quoted), (404,), certain=True)
        yield Case(f"log: raw {name} in a path", get(b"/v1/jobs/" + raw), (400,))
        yield Case(f"log: raw {name} in the method", get(b"/health", method=b"GET" + raw), (400,))
        bodies = {
            "kind": {"kind": text, "args": {}},
            "queue": {"kind": "echo", "args": {}, "queue": text},
            "tag": {"kind": "echo", "args": {}, "tags": [text]},
            "failure": {"kind": "fail", "args": {"message": text}},
            "page": {"kind": "analyze", "args": {"url": f"http://127.0.0.1:9/{text}"}},
        }
        for part, members in bodies.items():
            body = json.dumps(members).encode()
            request = post(b"Content-Length: %d\r\n" % len(body), body=body)
            yield Case(f"log: {name} in a {part}", request, (202, 400, 403), certain=True)
    for name, value in {"escape": b"\x1b[31m", "UTF-8": "\u202ereq".encode(), "tab": b"a\tb"}.items():
        head = b"GET /nothing HTTP/1.1\r\n" + HOST + SIGNED + b"X-Request-Id: %b\r\n\r\n" % value
        yield Case(f"log: {name} in an id", head, (400,) if name == "escape" else (404,), certain=name != "escape")


def judge_log(outcome: Outcome, log: str) -> None:
    """``log``: all that the server wrote."""
    lines = log.splitlines()
    ours = [line for line in lines if " jobserver.access: " not in line and " jobserver.workers." not in line]
    strange = [line for line in log.split("\n") if line and not _LINE.match(line)]
    outcome.figures |= {
        "tracebacks logged": log.count("Traceback"),
        "lines logged beside those of answers and jobs": len(ours),
        "lines of a stranger's making": len(strange),
    }
    outcome.expect("Traceback" not in log, "a traceback is in the log")
    outcome.expect(not strange, f"lines that are none of ours: {strange[:3]}")
    outcome.expect(not any(line.startswith(FORGED) for line in lines), "a forged line is in the log")
    outcome.expect(not any(map(_is_dangerous, log)), f"in the log is {sorted(set(filter(_is_dangerous, log)))}")
    outcome.expect(len(ours) <= MOST_LINES, f"{len(ours)} lines were logged: {ours[-3:]}")


def _is_dangerous(character: str) -> bool:
    """What moves a terminal's cursor, or turns the direction of text."""
    return character != "\n" and unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
