"""The audit fails for what an index of advisories knows to be bad, and says so where it could ask nobody."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from typing import Any

import pytest

from tests.supply.audit import KNOWN_BAD, NOT_RUN
from tests.supply.lock import LOCK, ROOT, pins

needs_pip_audit = pytest.mark.skipif(find_spec("pip_audit") is None, reason="pip-audit is not installed here")

Release = tuple[str, str]


def advisory(release: Release) -> dict[str, Any]:
    package = {"name": release[0], "ecosystem": "PyPI"}
    return {"id": "PYSEC-0000-1", "summary": "A hole.", "affected": [{"package": package}], "aliases": []}


@contextmanager
def index(bad: set[Release], status: int = 200) -> Iterator[str]:
    """The address of an index that answers as https://api.osv.dev does, and knows an advisory for each of ``bad``."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked: Mapping[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            release = (asked["package"]["name"], asked["version"])
            body = json.dumps({"vulns": [advisory(release)]} if release in bad else {}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the standard library has it
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/query"
        finally:
            server.shutdown()
            thread.join()


def audited(url: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.supply.audit", "--osv-url", url]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def locked(name: str) -> Release:
    return name, pins(LOCK.read_text())[name][0]


@needs_pip_audit
def test_a_locked_release_with_a_known_hole_fails_the_audit():
    with index({KNOWN_BAD, locked("orjson")}) as url:
        outcome = audited(url)
    assert outcome.returncode == 1
    assert "PYSEC-0000-1" in outcome.stdout
    assert "orjson" in outcome.stdout


@needs_pip_audit
def test_holes_of_other_releases_do_not():
    name, _ = locked("orjson")
    with index({KNOWN_BAD, (name, "0.0.1")}) as url:
        outcome = audited(url)
    assert outcome.returncode == 0, outcome.stderr
    assert "No known vulnerabilities found" in outcome.stdout + outcome.stderr
    assert NOT_RUN not in outcome.stdout


@pytest.mark.parametrize(
    ("bad", "status"), [(set(), 200), ({KNOWN_BAD}, 404)], ids=["knows nothing", "has no such page"]
)
def test_an_index_without_advisories_is_not_taken_for_one(bad: set[Release], status: int):
    with index(bad, status) as url:
        outcome = audited(url)
    assert (outcome.returncode, outcome.stdout.strip()) == (0, NOT_RUN)


def test_where_nobody_answers_it_says_that_it_was_not_run():
    with index({KNOWN_BAD}) as url:
        pass  # and nobody listens there any more
    outcome = audited(url)
    assert (outcome.returncode, outcome.stdout.strip()) == (0, NOT_RUN)
