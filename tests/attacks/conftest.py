"""What attacks need of the machine."""

from __future__ import annotations

import os
import subprocess
from functools import cache

import pytest


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that needs a network of its own is skipped where none can be made, and failed where there must be one."""
    if any(mark.args[0] == "networks" for mark in item.iter_markers("tool")) and (reason := _missing_networks()):
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)


@cache
def _missing_networks() -> str | None:
    command = ("unshare", "--net", "--mount", "ip", "link", "add", "outside", "type", "veth", "peer", "name", "beyond")
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"no network can be made here: {error}"
    return f"no network can be made here: {done.stderr.strip()}" if done.returncode else None
