"""What faults need: a directory on a real disk, and programs that not every machine has."""

from __future__ import annotations

import os

import pytest

from tests.faults import tools

_MISSING = {
    "strace": tools.missing_strace,
    "namespaces": tools.missing_namespaces,
    "faketime": tools.missing_faketime,
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test marked ``tool`` is skipped where there is none of that name, and failed where there must be one."""
    for mark in item.iter_markers("tool"):
        reason = _MISSING[mark.args[0]]()
        if reason is not None:
            pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
