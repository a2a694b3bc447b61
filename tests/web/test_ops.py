"""The pages that tell operators what they are running."""

from __future__ import annotations

import platform

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from jobserver import __version__
from jobserver.config import SETTINGS, load, shown
from jobserver.server import Server
from jobserver.web import ops
from tests.make import until
from tests.web.site import SIGNED, Site

SECRET = {"x-cliq-signature": "a long secret of this test"}


@pytest.mark.parametrize("page", ["config", "tasks", "versions"])
async def test_only_those_who_manage_look_inside(site: Site, page: str):
    assert (await site.client.get(f"/-/{page}")).status == 401
    assert (await site.ask("GET", f"/-/{page}", None, **await site.key("ann"))).status == 403
    assert (await site.ask("GET", f"/-/{page}")).status == 200


async def test_the_settings_in_force_are_shown_without_secrets():
    config = load({"CLIQ_SECRET": SECRET["x-cliq-signature"], "MAX_QUEUE": "17", "CLIENT_KEY": "jsk_a_b", "PORT": "0"})
    async with TestClient(TestServer(Server(config).app)) as client:
        answer = await client.get("/-/config", headers=SECRET)
        text, settings = await answer.text(), (await answer.json())["settings"]
    assert set(settings) == {setting.name for setting in SETTINGS}
    assert (settings["MAX_QUEUE"], settings["CLIQ_SECRET"], settings["CLIENT_KEY"]) == (17, "***", "***")
    assert "a long secret" not in text
    assert "jsk_a_b" not in text
    assert answer.headers["Cache-Control"] == "no-store"


def test_every_setting_that_sounds_like_a_secret_is_one():
    words = ("SECRET", "TOKEN", "PASSWORD", "_KEY")
    named = {each.name for each in SETTINGS if any(word in each.name for word in words) and "PUBLIC" not in each.name}
    assert named <= {setting.name for setting in SETTINGS if setting.secret}


def test_a_secret_that_is_not_set_is_not_shown_as_set():
    assert shown(load({"CLIQ_SECRET": "x" * 20}))["CLIENT_KEY"] == ""


async def test_tasks_are_named_and_say_where_they_stand(site: Site):
    await site.submit()
    await until(lambda: site.seen)
    body = await (await site.client.get("/-/tasks", headers=SIGNED)).json()
    tasks = {task["name"]: task for task in body["tasks"]}
    assert body["count"] == len(body["tasks"])
    assert {"janitor", "loop-lag"} <= set(tasks)
    assert "measure_lag" in tasks["loop-lag"]["stack"][-1]
    assert tasks["loop-lag"]["coroutine"] == "Meter.measure_lag"


async def test_very_many_tasks_are_counted_but_not_all_shown(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ops, "MOST_TASKS", 3)
    body = await (await site.client.get("/-/tasks", headers=SIGNED)).json()
    assert len(body["tasks"]) == 3 < body["count"]


async def test_versions_name_what_matters_for_a_fault(site: Site):
    body = await (await site.client.get("/-/versions", headers=SIGNED)).json()
    assert (body["jobserver"], body["python"], body["aiohttp"]) == (
        __version__,
        platform.python_version(),
        aiohttp.__version__,
    )
    assert body["extras"]["selectolax"]
    assert body["engine"] == "memory"
