"""The page about handlers: its modules are served by a real server, and its request is answered."""

from __future__ import annotations

import inspect
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from jobserver.workers.define import handler
from jobserver.workers.registry import Context
from tests.docs.pages import ROOT, blocks, first_words
from tests.process import Program

PAGE = ROOT / "docs" / "handlers.md"


class Server(Program):
    """A server with the page's modules in its directory."""

    def __init__(self, directory: Path) -> None:
        for code in blocks(PAGE, "python"):
            name = re.match(r"# (\w+\.py)\n", code)
            assert name, code
            (directory / name[1]).write_text(code)
        _, *arguments = shlex.split(blocks(PAGE, "bash")[0])
        arguments = ["-m", "jobserver", *arguments, "--handlers", "mail"]
        super().__init__(*arguments, directory=directory, PORT="0")

    async def submit(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        async with self.session.post("/v1/jobs", json=body) as response:
            return response.status, await response.json()

    async def run(self, kind: str, **args: Any) -> dict[str, Any]:
        status, body = await self.submit({"kind": kind, "args": args})
        assert status == 202, body
        return await self.get(f"/v1/jobs/{body['jobId']}?wait=20")

    async def get(self, path: str) -> dict[str, Any]:
        async with self.session.get(path) as response:
            return dict(await response.json())


async def test_what_the_page_says_is_so(tmp_path: Path):
    async with Server(tmp_path) as server:
        curl = shlex.split(blocks(PAGE, "bash")[1].replace("\\\n", " "))
        status, queued = await server.submit(json.loads(curl[-1]))
        assert (status, queued["queue"]) == (202, "printing")
        done = await server.get(f"/v1/jobs/{queued['jobId']}?wait=20")
        assert done["result"] == {"printed": 1}
        logs = await server.get(f"/v1/jobs/{queued['jobId']}/logs")
        assert "10 x 15 on matt paper" in json.dumps(logs)
        async with server.session.get(f"/v1/jobs/{queued['jobId']}/artifacts/receipt.txt") as receipt:
            assert await receipt.text() == "for Ann\n"

        status, refused = await server.submit({"kind": "print", "args": {"sizes": [{"width": "x", "height": 1}]}})
        (said,) = map(json.loads, blocks(PAGE, "json"))
        assert (status, refused["code"], refused["errors"]) == (400, said["code"], said["errors"])

        assert (await server.run("order-paper"))["result"] == "ordered"
        closed = await server.run("order-paper", shop="closed for ever")
        assert (closed["status"], closed["error"]["code"]) == ("failed", "do_not_retry")
        _, busy = await server.submit({"kind": "order-paper", "args": {"shop": "busy"}})
        assert (await server.get(f"/v1/jobs/{busy['jobId']}?wait=1"))["status"] == "scheduled"
        assert (await server.run("mail", to=" Ann@Example.COM"))["result"] == "sent to ann@example.com"
        assert (await server.submit({"kind": "mail", "args": {"to": "nobody"}}))[0] == 400


def test_every_argument_of_the_decorator_is_listed_with_its_default():
    rows = first_words(PAGE, "argument of `@handler`")
    parameters = inspect.signature(handler).parameters
    assert set(rows) == set(parameters)
    for name in set(parameters) - {"kind", "concurrency"}:
        default = parameters[name].default
        assert rows[name][0].strip("`") == (f"{default:g}" if isinstance(default, float) else str(default))


def test_every_member_of_the_context_is_listed():
    names = {word.partition("(")[0] for word in first_words(PAGE, "member")}
    assert names == {name for name in vars(Context) if not name.startswith("_")}


@pytest.mark.parametrize("name", ["HANDLERS", "DEMO", "QUEUES"])
def test_the_settings_of_this_page_are_in_the_readme(name: str):
    assert name in first_words(ROOT / "README.md", "setting")
