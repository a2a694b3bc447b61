"""What a line of the log looks like, and what it may never hold."""

from __future__ import annotations

import asyncio
import contextvars
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobserver.logs import (
    REQUEST_ID,
    JsonLines,
    PlainLines,
    tell_of_job,
    trace_id,
    visible,
    visible_json,
    without_strangers_bytes,
)
from tests.process import Process

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Log:
    """A logger of its own, and what it wrote."""

    def __init__(self, formatter: logging.Formatter) -> None:
        self.stream = io.StringIO()
        handler = logging.StreamHandler(self.stream)
        handler.setFormatter(formatter)
        handler.addFilter(without_strangers_bytes)
        self.logger = logging.getLogger(f"test.{id(self)}")
        self.logger.setLevel(logging.DEBUG)
        self.logger.propagate = False
        self.logger.addHandler(handler)

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


@pytest.fixture(autouse=True)
def own_context() -> Iterator[None]:
    """No test hears of another's request."""
    token = REQUEST_ID.set("")
    yield
    REQUEST_ID.reset(token)


def test_json_is_one_object_a_line_with_what_is_known():
    log = Log(JsonLines())

    def work() -> None:
        tell_of_job("job-1", "mail", 2, TRACE)
        REQUEST_ID.set("req-7")
        log.logger.warning("sent %d\nmails", 3, extra={"members": {"status": 200}})

    contextvars.copy_context().run(work)
    log.logger.info("after")
    first, second = log.objects
    assert first | {"time": ""} == {
        "time": "",
        "level": "warning",
        "logger": log.logger.name,
        "message": "sent 3\nmails",
        "request_id": "req-7",
        "job_id": "job-1",
        "kind": "mail",
        "attempt": 2,
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "status": 200,
    }
    assert first["time"].endswith("Z")
    assert set(second) == {"time", "level", "logger", "message"}


async def test_what_a_job_starts_carries_its_id_and_its_neighbours_do_not():
    log = Log(JsonLines())

    async def step() -> None:
        log.logger.info("step")

    async def run(job_id: str) -> None:
        tell_of_job(job_id, "mail", 1)
        async with asyncio.TaskGroup() as group:
            group.create_task(step())

    async with asyncio.TaskGroup() as group:
        group.create_task(run("job-a"))
        group.create_task(run("job-b"))
    log.logger.info("outside")
    assert [line.get("job_id") for line in log.objects] == ["job-a", "job-b", None]


def test_an_exception_is_one_member_of_the_object():
    log = Log(JsonLines())
    log.logger.error("failed", exc_info=ValueError("it broke\nbadly \ud800"))
    (line,) = log.objects
    assert line["exception"].startswith("ValueError: it broke\nbadly")


@pytest.mark.parametrize("formatter", [JsonLines(), PlainLines()])
def test_a_stranger_cannot_forge_a_line(formatter: logging.Formatter):
    log = Log(formatter)
    log.logger.info("asked for %s", "x\r\n2026-01-01 INFO forged\x1b[2J\u2028\x00")
    (line,) = log.stream.getvalue().splitlines()
    assert "\x1b" not in line
    assert "forged" in line


def test_a_traceback_is_set_in_so_that_no_line_of_it_looks_like_the_logs():
    log = Log(PlainLines())
    forged = ValueError("x\n2026-01-01 00:00:00 INFO forged\x1b")
    log.logger.error("failed", exc_info=forged, stack_info=True)
    first, *others = log.lines
    assert first.endswith(f"ERROR {log.logger.name}: failed")
    assert others
    assert all(line.startswith("  ") for line in others)
    assert "\x1b" not in log.stream.getvalue()


def test_text_names_the_request():
    log = Log(PlainLines())
    REQUEST_ID.set("req-7")
    log.logger.error("failed")
    assert log.lines[0].endswith(": failed (request req-7)")


@pytest.mark.parametrize("told", ["", "00", "00-", "x-y-z"])
def test_what_is_no_trace_has_no_id(told: str):
    assert trace_id(told) == ""


async def test_a_real_server_writes_json_when_it_is_told_to(tmp_path: Path):
    async with Process("http://127.0.0.1:1", tmp_path, LOG_FORMAT="json", ACCESS_LOG="true") as server:
        await server.ready()
        server.process.terminate()
        assert await server.stopped() == 0
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert {"GET"} == {line["method"] for line in lines if line["logger"] == "jobserver.access"}
    assert any("Stopping" in line["message"] for line in lines)


HIDING = [
    *"\x1b\x9b\x7f\u00ad\u061c\u200b\u200d\u200e\u200f\u2028\u202a\u202e\u2060\u2066\u2069\u3164\ufeff",
    *"\U000e0041\U000e0100\ud800",
]


@pytest.mark.parametrize("character", HIDING, ids=ascii)
def test_what_hides_text_or_turns_it_round_is_spelt_out(character: str):
    log = Log(PlainLines())
    log.logger.error("paid to %s.exe", f"a{character}b", exc_info=ValueError(f"x{character}y"))
    assert character not in log.stream.getvalue()
    assert f"a{ascii(character)[1:-1]}b" in log.lines[0]
    assert visible(f"a{character}b") == f"a{ascii(character)[1:-1]}b"
    shown = visible_json(json.dumps([f"a{character}b"], ensure_ascii=False))
    assert character not in shown
    assert json.loads(shown) == [f"a{character}b"]


@pytest.mark.parametrize("text", ["Grüße, мир", "日本語", "שלום", "❤️", "a\tb".replace("\t", " "), "100 €"])
def test_text_that_hides_nothing_is_shown_as_it_is(text: str):
    assert visible(text) == text
    assert visible_json(json.dumps(text, ensure_ascii=False)) == json.dumps(text, ensure_ascii=False)
