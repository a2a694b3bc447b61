"""What the settings and the handlers make of the queues and of the kinds there are."""

from __future__ import annotations

from typing import Any

import pytest

from jobserver import handler
from jobserver.config import Config, configured
from jobserver.errors import StartupError
from jobserver.jobs.model import QueueSettings
from jobserver.runtime import Runtime


@handler("thumb", queue="images", concurrency=3)
async def thumb() -> None:
    """Nothing."""


@handler("crop", queue="images", concurrency=5)
async def crop() -> None:
    """Nothing."""


@handler("send", queue="mail")
async def send() -> None:
    """Nothing."""


@handler("watch", queue="free", concurrency=0)
async def watch() -> None:
    """Nothing."""


async def queues_of(**settings: Any) -> dict[str, QueueSettings]:
    config = configured(Config(), settings)
    async with Runtime(config, handlers=[thumb, crop, send, watch]) as runtime:
        return {standing.name: standing.settings for standing in await runtime.jobs.queues()}


async def test_a_queue_has_the_concurrency_its_kinds_ask_for_or_that_of_the_server():
    queues = await queues_of(concurrency=7, job_ttl=60)
    assert [queues[name].concurrency for name in ("images", "mail", "free")] == [5, 7, 0]
    assert {each.keep.total_seconds() for each in queues.values()} == {60}


async def test_what_an_operator_says_of_a_queue_wins():
    queues = await queues_of(queues="images:concurrency=2,keep=5,keepCount=9; spare:concurrency=0; mail:keep=8")
    images, mail, spare = (queues[name] for name in ("images", "mail", "spare"))
    assert (images.concurrency, images.keep.total_seconds(), images.keep_count) == (2, 5, 9)
    assert (mail.concurrency, mail.keep.total_seconds(), mail.keep_count) == (1, 8, None)
    assert (spare.concurrency, spare.keep.total_seconds()) == (0, 3600)


@pytest.mark.parametrize(
    ("setting", "local", "there"),
    [("auto", True, True), ("auto", False, False), ("on", False, True), ("off", True, False)],
)
async def test_the_demo_kinds_are_there_where_they_are_wanted(setting: str, local: bool, there: bool):
    runtime = Runtime(configured(Config(), {"demo": setting}), demo=local)
    assert [kind in runtime.kinds for kind in ("echo", "sleep", "fail", "progress")] == [there] * 4
    assert "analyze" in runtime.kinds


def test_two_handlers_of_one_kind_end_the_start():
    with pytest.raises(StartupError, match="two handlers for kind 'send'"):
        Runtime(Config(), handlers=[send, handler("send")(crop.shape.function)])
