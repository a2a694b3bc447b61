"""What a page still waits for, as the events of its requests tell."""

from __future__ import annotations

import asyncio

import pytest

from jobserver.extract.browser.traffic import QUIET, Traffic


def _asked(traffic: Traffic, number: str, kind: str) -> None:
    initiator = {"type": "script"}
    traffic.note("Network.requestWillBeSent", {"requestId": number, "type": kind, "initiator": initiator})


async def _waited(traffic: Traffic) -> float:
    """Seconds until it was settled."""
    now = asyncio.get_running_loop().time
    begin = now()
    await traffic.settled(0.0)
    return now() - begin


@pytest.mark.parametrize(
    ("end", "members", "waits"),
    [
        ("Network.loadingFinished", {}, True),
        ("Network.loadingFailed", {"type": "Fetch"}, True),
        ("Network.loadingFailed", {"type": "Script"}, False),
    ],
    ids=["a script that came", "an answer that failed", "a script that failed"],
)
async def test_only_what_a_script_may_make_something_of_is_followed_by_a_wait(
    end: str, members: dict[str, str], waits: bool
):
    traffic = Traffic(1000)
    _asked(traffic, "1", members.get("type", "Script"))
    traffic.note(end, {"requestId": "1", **members})
    assert (await _waited(traffic) >= 0.9 * QUIET) == waits


async def test_another_script_asked_for_in_place_of_one_that_failed_is_waited_for():
    traffic = Traffic(1000)
    _asked(traffic, "1", "Script")
    traffic.note("Network.loadingFailed", {"requestId": "1", "type": "Script"})
    _asked(traffic, "2", "Script")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await traffic.settled(0.0)
