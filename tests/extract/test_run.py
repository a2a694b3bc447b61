"""All that a job does with a page, where there is no browser."""

from __future__ import annotations

import pytest

from jobserver.egress.gate import Gate
from jobserver.egress.policy import UrlPolicy
from jobserver.egress.resolver import Resolver
from jobserver.extract.model import Request, Verify
from jobserver.extract.run import extract
from tests.process import Pages


@pytest.mark.parametrize(
    ("verify", "warnings"),
    [
        ("all", ["No component was compared with the page: only the browser engine does that."]),
        ("sample", []),
        ("none", []),
    ],
)
async def test_only_who_asked_for_all_to_be_compared_is_told_that_nothing_was(
    pages: Pages, verify: Verify, warnings: list[str]
):
    host = pages.address.removeprefix("http://")
    gate = Gate(UrlPolicy(private_targets=frozenset({host})), Resolver())
    steps: list[str] = []
    found = await extract(Request(f"{pages.address}/page", verify=verify), gate, lambda _done, step: steps.append(step))
    assert [each["kind"] for each in found["components"]] == ["nav", "a", "button"]
    assert found["warnings"] == warnings
    assert "fidelity" not in found
    assert steps[-1] == "Done"
