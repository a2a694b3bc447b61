"""Asks an index of advisories whether anything in requirements.lock has a known hole: ``make audit``."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

from tests.supply.lock import LOCK

NOT_RUN = "pip-audit: not run: no index of advisories can be reached"
KNOWN_BAD = ("aiohttp", "3.9.1")
"""A release every index of advisories knows to be bad (CVE-2024-23334): one that finds nothing in it is no index."""

_TIMEOUT = 15
_MOST_BYTES = 20_000_000


class Service(NamedTuple):
    """Who may know advisories: what pip-audit is told, what to ask it, and where in the answer they are."""

    options: tuple[str, ...]
    question: Request
    member: str


def pypi() -> Service:
    """PyPI's JSON API, which pip-audit asks for each release."""
    name, version = KNOWN_BAD
    return Service(("-s", "pypi"), Request(f"https://pypi.org/pypi/{name}/{version}/json"), "vulnerabilities")


def osv(url: str) -> Service:
    """The API of https://osv.dev, or whatever speaks like it at ``url``."""
    name, version = KNOWN_BAD
    asked = json.dumps({"package": {"name": name, "ecosystem": "PyPI"}, "version": version}).encode()
    return Service(("-s", "osv", "--osv-url", url), Request(url, data=asked), "vulns")  # noqa: S310 - the user's own word


def knows_advisories(service: Service) -> bool:
    """Whether it can be reached and knows that KNOWN_BAD is bad."""
    try:
        with urlopen(service.question, timeout=_TIMEOUT) as response:  # noqa: S310 - as above
            answer: Any = json.loads(response.read(_MOST_BYTES))
    except (OSError, HTTPException, ValueError):
        return False
    return isinstance(answer, dict) and bool(answer.get(service.member))


def audit(services: list[Service]) -> int:
    """0 when the first service that can be asked knows nothing bad, or none can be; else what pip-audit ends with."""
    service = next(filter(knows_advisories, services), None)
    if service is None:
        print(NOT_RUN)
        return 0
    command = [sys.executable, "-m", "pip_audit", "--strict", "--require-hashes", "--disable-pip"]
    shown = ["--progress-spinner", "off", "--desc", "on"]
    return subprocess.run([*command, *shown, *service.options, "--requirement", LOCK], check=False).returncode


def main() -> int:
    """Ask PyPI and then OSV, or only what ``--osv-url`` names."""
    parser = argparse.ArgumentParser(prog="python -m tests.supply.audit", description=__doc__)
    parser.add_argument("--osv-url", help="an index that speaks like https://api.osv.dev/v1/query, to be asked alone")
    url = parser.parse_args().osv_url
    return audit([osv(url)] if url else [pypi(), osv("https://api.osv.dev/v1/query")])


if __name__ == "__main__":
    sys.exit(main())
