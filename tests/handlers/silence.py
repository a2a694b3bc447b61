"""A context for handlers that are run by themselves."""

from __future__ import annotations


class Silence:
    """Listens, and keeps what it heard. ``files``: name → body."""

    job_id = "job-1"
    attempt = 1
    deadline = None
    traceparent = None
    cancelled = False

    def __init__(self, owner: str = "default") -> None:
        self.owner = owner
        self.steps: list[str] = []
        self.lines: list[str] = []
        self.files: dict[str, bytes | str] = {}

    def progress(self, fraction: float, step: str = "") -> None:
        assert 0 <= fraction <= 1
        self.steps.append(step)

    def log(self, line: str) -> None:
        self.lines += line.splitlines()

    def artifact(self, name: str, body: bytes | str, content_type: str = "", *, required: bool = True) -> None:
        self.files[name] = body
