"""Whatever has a name that users see is in the documentation, and nothing there is made up."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from jobserver.config import Config
from jobserver.errors import JobFailed, JobserverError, PageStatus, StartupError
from jobserver.extract.model import Component, Extraction, Fidelity, PageFidelity, Token, Tokens
from jobserver.jobs.events import EventType
from jobserver.jobs.model import State
from jobserver.jobs.states import ALLOWED, LEASE_ENDED, NOT_STARTED, POISON, SERVER_DIED
from jobserver.server import Server
from jobserver.web import (
    analyze,
    guard,
    jobs,
    preview,
    wire,
)
from jobserver.web.app import ROUTES
from jobserver.web.problems import status_of
from jobserver.web.reading import query
from jobserver.web.streams import event_wire, stream
from jobserver.workers.attempt import failure_of
from tests.docs.pages import PROTOCOL, README, first_words, headings, words, words_under
from tests.docs.settings_table import with_table
from tests.make import until
from tests.web.described import assert_described
from tests.web.site import SIGNED, Site

PLAIN_HEADERS = {"content-type", "content-length", "transfer-encoding", "date", "server", "connection"}


def test_the_table_of_settings_is_up_to_date():
    page = README.read_text()
    assert page == with_table(page), "run `make docs`"


def test_every_route_has_its_heading_and_every_heading_its_route():
    routes = {f"{route.method} {re.sub('_([a-z])', lambda made: made[1].upper(), route.path)}" for route in ROUTES}
    assert routes == {route for heading in headings(PROTOCOL) for route in re.findall(r"`([^`]+)`", heading)}


def test_every_event_is_listed_and_no_other():
    assert set(first_words(PROTOCOL, "event")) == {*map(str, EventType), *event_wire.OWN_EVENTS}


def test_every_option_and_every_member_of_a_page_s_result_is_documented():
    shown = {*Extraction.__annotations__, *Component.__annotations__}
    assert shown <= first_words(PROTOCOL, "member").keys()
    inside = {*Tokens.__annotations__, *Token.__annotations__, *PageFidelity.__annotations__, *Fidelity.__annotations__}
    assert inside <= words_under(PROTOCOL, "GET /result/{jobId}")
    assert {*analyze._UNDERSTOOD} <= words_under(PROTOCOL, "POST /analyze")


def test_every_state_says_what_may_happen_to_it():
    rows = first_words(PROTOCOL, "state")
    assert set(rows) == {str(state) for state in State}
    for state, (_, verbs) in rows.items():
        assert set(re.findall(r"`(\w+)`", verbs)) == {str(verb) for verb, states in ALLOWED.items() if state in states}


def all_errors(kind: type[JobserverError] = JobserverError) -> Iterator[type[JobserverError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from all_errors(child)


def test_every_error_code_is_listed_and_no_other():
    of_the_domain = {failure.code for failure in (LEASE_ENDED, NOT_STARTED, SERVER_DIED, POISON)}
    codes = {kind.code for kind in all_errors()} | of_the_domain | {failure_of(ValueError()).code}
    ending_the_program = {kind.code for kind in all_errors(StartupError)}
    assert set(first_words(PROTOCOL, "code")) - {"code"} == codes - ending_the_program
    assert ending_the_program <= words(PROTOCOL)


ANSWERED = [kind for kind in all_errors() if not issubclass(kind, JobFailed | StartupError)]


@pytest.mark.parametrize("kind", ANSWERED, ids=[kind.code for kind in ANSWERED])
def test_an_error_has_the_status_that_is_documented(kind: type[JobserverError]):
    assert f"{status_of(kind())}" == first_words(PROTOCOL, "code")[kind.code][0]


FAILURES = list(all_errors(JobFailed))


@pytest.mark.parametrize("kind", FAILURES, ids=[kind.code for kind in FAILURES])
def test_a_failure_is_tried_again_as_documented(kind: type[JobFailed]):
    assert first_words(PROTOCOL, "code")[kind.code][-1] == ("yes" if kind.retryable else "no")


def members(value: Any) -> Iterator[str]:
    """Every name in a JSON value, at any depth, but for what callers name themselves."""
    for name, child in value.items() if isinstance(value, dict) else ():
        yield name
        yield from () if name in {"args", "kinds"} else members(child)
    for child in value if isinstance(value, list) else ():
        yield from members(child)


async def every_answer(site: Site) -> list[ClientResponse]:
    """An answer of every route in every state of a job."""
    client = site.client

    async def look(job_id: str, query: str = "") -> list[ClientResponse]:
        paths = (f"/result/{job_id}{query}", f"/v1/jobs/{job_id}{query}", f"/preview?jobId={job_id}", "/jobs?limit=1")
        return [await client.get(path, headers=SIGNED) for path in paths]

    answers = [await site.post(**{"Idempotency-Key": "k"}) for _ in range(2)]
    first = (await answers[0].json())["jobId"]
    await until(lambda: site.seen)
    second = await site.submit()
    answers += await look(first) + await look(second)
    answers.append(await client.post(f"/v1/jobs/{second}/cancel", headers=SIGNED))
    answers += await look(second)
    site.gate.set()
    answers += await look(first, "?wait=10")
    answers.append(await client.get(f"/result/{first}?view=summary", headers=SIGNED))
    answers.append(await client.get(f"/v1/jobs/{first}/events?after=0", headers=SIGNED))
    site.gate.clear()
    third = await site.submit()
    answers += await look(third)
    site.fail = PageStatus()
    site.gate.set()
    answers += await look(third, "?wait=10")
    answers += [await client.get(path) for path in ("/health", "/livez", "/readyz", "/jobs", "/nowhere")]
    answers.append(await client.get("/analyze"))
    answers.append(await client.post("/analyze", json={"url": "x", "engine": "steam"}, headers=SIGNED))
    site.jobs.begin_drain()
    answers.append(await client.get("/readyz"))
    return answers


async def test_what_a_real_server_says_of_itself_is_documented():
    async with TestClient(TestServer(Server(Config()).app)) as client:
        answer = await (await client.get("/readyz")).json()
    assert {"engine", "durable", "analyze"} <= set(answer) <= words(PROTOCOL)


def heading_of(answer: ClientResponse) -> str:
    """Under which heading an answer's members must be found."""
    if answer.status >= 400 and answer.url.path != "/readyz":
        return "Errors"
    words = answer.url.path.split("/")
    if words[1] == "v1":
        return "Events" if words[-1] == "events" else "`GET /v1/jobs/{jobId}`"
    kept_open = answer.method == "POST" and answer.status == 200  # the caller waited: the body of a poll
    return "`GET /result/{jobId}`" if words[1] == "result" or kept_open else f"`{answer.method} /{words[1]}`"


async def objects(answer: ClientResponse) -> list[dict[str, Any]]:
    """The JSON it holds: its body, or the data of each event."""
    text = await answer.text()
    if answer.content_type == "text/event-stream":
        return [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data:")]
    return [json.loads(text)] if answer.content_type.endswith("json") else []


async def test_every_member_of_every_answer_is_documented_where_it_belongs(site: Site):
    answers = await every_answer(site)
    assert {f"{answer.status}" for answer in answers} == {"200", "202", "400", "401", "404", "405", "503"}
    for answer in answers:
        for value in await objects(answer):
            assert set(value) <= words_under(PROTOCOL, heading_of(answer)), answer.url
            assert set(members(value)) <= words(PROTOCOL), answer.url


async def test_every_answer_is_as_the_description_of_the_api_has_it(site: Site):
    assert any([await assert_described(answer) for answer in await every_answer(site)])


async def test_every_header_of_every_answer_is_documented(site: Site):
    spoken = {name.lower() for answer in await every_answer(site) for name in answer.headers} - PLAIN_HEADERS
    assert spoken <= {name.lower() for name in first_words(PROTOCOL, "header")}


def test_every_parameter_and_header_of_requests_is_documented():
    modules = (analyze, guard, jobs, preview, query, stream, wire)  # every module that reads requests

    source = "".join(inspect.getsource(module) for module in modules)
    read = set(re.findall(r'(?:query|headers)\.get(?:all)?\("([^"]+)"', source))
    read |= set(re.findall(r'(?:one_of|whole_number)\(call\.request, "([^"]+)"', source))
    assert {"wait", "view", "limit", "If-None-Match", "Idempotency-Key"} <= read
    said = words(PROTOCOL) | set(re.findall(r"[\w-]+", " ".join(words(PROTOCOL))))
    assert read <= said
