"""What monitoring systems see."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open_metrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from jobserver.web.keys import METER, WebSettings
from jobserver.web.metrics.exposition import Family, render
from jobserver.web.metrics.meter import Meter
from jobserver.web.metrics.scrape import FAMILIES
from tests.docs.pages import PROTOCOL, first_words
from tests.make import until
from tests.web.site import SIGNED, Site, assert_problem

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples_of(text: str) -> Samples:
    """(name, labels) → value."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parse_text(text)
        for sample in family.samples
    }


async def look(site: Site) -> Samples:
    answer = await site.client.get("/metrics", headers=SIGNED)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return samples_of(await answer.text())


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, tuple(sorted(labels.items()))]


async def test_the_life_of_a_job_is_counted(site: Site):
    await site.done()
    site.gate.clear()
    await site.submit()
    await until(lambda: len(site.seen) == 2)
    await site.submit()
    seen = await look(site)
    where = {"queue": "default", "kind": "analyze"}
    assert value(seen, "jobserver_jobs", queue="default", state="done") == 1
    assert value(seen, "jobserver_jobs", queue="default", state="processing") == 1
    assert value(seen, "jobserver_jobs", queue="default", state="queued") == 1
    assert 0 < value(seen, "jobserver_oldest_waiting_seconds", queue="default") < 10
    assert value(seen, "jobserver_jobs_submitted_total", **where) == 3
    assert value(seen, "jobserver_attempts_started_total", **where) == 2
    assert value(seen, "jobserver_jobs_ended_total", **where, state="done") == 1
    assert value(seen, "jobserver_job_wait_seconds_count", **where) == 2
    assert value(seen, "jobserver_job_run_seconds_count", **where) == 1
    assert value(seen, "jobserver_job_run_seconds_bucket", **where, le="+Inf") == 1
    assert 0 < value(seen, "jobserver_job_run_seconds_sum", **where) < 10


async def test_requests_are_counted_by_route_and_refusals_by_code(site: Site):
    job_id = await site.done()
    await site.client.get("/jobs")
    await site.client.get(f"/result/{job_id}?view=summary", headers=SIGNED)
    await site.client.get("/result/nobody", headers=SIGNED)
    await site.client.get("/jobs", headers={"x-cliq-signature": "wrong"})
    await site.client.get("/some/where")
    await site.client.request("PROPFIND", "/health")
    seen = await look(site)
    requests = "jobserver_http_requests_total"
    assert value(seen, requests, route="/analyze", method="POST", status="202") == 1
    assert value(seen, requests, route="/result/{job_id}", method="GET", status="404") == 1
    assert value(seen, requests, route="none", method="GET", status="404") == 1
    assert value(seen, requests, route="none", method="other", status="405") == 1
    assert value(seen, "jobserver_http_request_seconds_count", route="/result/{job_id}") == 3
    assert value(seen, "jobserver_refusals_total", code="unauthorized") == 2
    assert value(seen, "jobserver_refusals_total", code="job_not_found") == 1
    assert value(seen, "jobserver_unauthorized_total", reason="missing") == 1
    assert value(seen, "jobserver_unauthorized_total", reason="mismatch") == 1


async def test_a_paused_queue_a_limit_and_an_open_wait_can_be_seen(site: Site):
    job_id = await site.submit()
    await site.ask("POST", "/v1/queues/default/pause")
    stream = await site.client.get(f"/v1/jobs/{job_id}/events", headers=SIGNED)
    waiting = asyncio.ensure_future(site.poll(job_id, "?wait=10"))
    await until(lambda: site.jobs.listeners)
    seen = await look(site)
    assert value(seen, "jobserver_listeners") == 1
    assert value(seen, "jobserver_streams") == 1
    stream.close()
    assert value(seen, "jobserver_queue_paused", queue="default") == 1
    assert value(seen, "jobserver_queue_concurrency", queue="default") == 1
    assert value(seen, "jobserver_draining") == 0
    assert value(seen, "jobserver_kept_bytes") > 100
    assert value(seen, "jobserver_events_total") >= 2
    site.gate.set()
    await waiting


async def test_no_label_holds_an_id_an_owner_or_what_a_client_made_up(site: Site):
    key = await site.key("ann")
    job_id = await site.done()
    await site.ask("POST", "/v1/jobs", {"kind": "analyze", "args": {"url": "https://example.com"}}, **key)
    await site.client.get(f"/result/{job_id}/{job_id}?x={job_id}")
    text = await (await site.client.get("/metrics", headers=SIGNED)).text()
    assert job_id not in text
    assert "ann" not in text
    assert "default" in text


async def test_the_process_and_the_event_loop_are_measured(site: Site):
    meter = site.client.app[METER]
    await until(lambda: meter.lag.count)
    seen = await look(site)
    assert value(seen, "jobserver_event_loop_lag_seconds_count") >= 1
    assert value(seen, "process_cpu_seconds_total") > 0
    assert value(seen, "process_resident_memory_bytes") > 1_000_000
    assert value(seen, "process_open_fds") > 3
    assert value(seen, "process_max_fds") > 3


async def test_a_blocked_event_loop_shows_as_lag():
    meter = Meter()
    measuring = asyncio.ensure_future(meter.measure_lag())
    await asyncio.sleep(0)
    time.sleep(0.4)  # noqa: ASYNC251 - what is to be seen
    await until(lambda: meter.lag.count)
    measuring.cancel()
    assert meter.lag.sum >= 0.1


async def test_the_measuring_ends_with_the_application():
    async with Site() as site:
        assert "loop-lag" in {task.get_name() for task in asyncio.all_tasks()}
    assert site.client.app is not None
    assert "loop-lag" not in {task.get_name() for task in asyncio.all_tasks()}


async def test_openmetrics_is_spoken_to_who_asks_for_it(site: Site):
    await site.done()
    accept = {"Accept": "application/openmetrics-text; version=1.0.0,text/plain;q=0.5"}
    answer = await site.client.get("/metrics", headers=SIGNED | accept)
    assert answer.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    parse: Any = parse_open_metrics  # it has no types
    families = {family.name: family.type for family in parse(await answer.text())}
    assert families["jobserver_jobs_submitted"] == "counter"
    assert families["jobserver_job_wait_seconds"] == "histogram"


async def test_metrics_need_the_scope_manage_unless_they_are_public():
    async with Site() as site:
        await assert_problem(await site.client.get("/metrics"), 401, "Invalid x-cliq-signature.", "unauthorized")
        assert (await site.ask("GET", "/metrics", None, **await site.key("ann"))).status == 403
    async with Site(settings=WebSettings(metrics_public=True)) as site:
        assert (await site.client.get("/metrics")).status == 200


async def test_every_metric_is_documented_and_no_other(site: Site):
    await site.done()
    text = await (await site.client.get("/metrics", headers=SIGNED)).text()
    documented = first_words(PROTOCOL, "metric")
    told = {line.split()[2]: line.split()[3] for line in text.splitlines() if line.startswith("# TYPE")}
    assert set(told) == {family.name for family in FAMILIES} == set(documented)
    for name, (kind, labels, *_) in documented.items():
        family = next(each for each in FAMILIES if each.name == name)
        assert (family.kind, kind) == (told[name], told[name])
        assert labels.replace("`", "").replace(",", "").split() == list(family.labels)


def test_names_say_their_unit_and_counters_end_in_total():
    for family in FAMILIES:
        assert (family.kind == "counter") == family.name.endswith("_total"), family
        if family.kind == "histogram":
            assert family.name.endswith("_seconds")


@pytest.mark.parametrize("nasty", ['a"b', "a\\b", "a\nb", "é"])
def test_whatever_a_queue_is_called_the_text_can_be_read(nasty: str):
    family = Family("x", "gauge", "A thing.", ("queue",))
    (found,) = parse_text(render([(family, [((nasty,), 1.5)])]))
    sample: Any = found.samples[0]
    assert (sample.labels, sample.value) == ({"queue": nasty}, 1.5)
