"""What a web page that a developer happens to visit can make of a server on their machine: nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from jobserver.auth.addresses import parse_proxies
from jobserver.auth.signing import Credentials
from jobserver.config import Config
from jobserver.errors import BadSetting
from jobserver.server import Server
from jobserver.web.cors import parse_origins
from jobserver.web.keys import WebSettings
from jobserver.web.origins import parse_hosts
from jobserver.workers.registry import Args, Context, Handler
from tests.make import until
from tests.process import SECRET as PUBLISHED
from tests.web.site import SECRET, SIGNED, Site, assert_problem

PAGE = "https://evil.example"
SENTENCE = "Web pages of other origins may not do this: CORS_ORIGINS does not name this one."
WRONG_NAME = "This server is not called by that name: ALLOWED_HOSTS says by which."


def unsigned() -> Site:
    """A server that anybody may speak to: what a page could do most with."""
    return Site(credentials=Credentials((SECRET,), allow_unsigned=True))


def own(site: Site) -> str:
    return f"http://127.0.0.1:{site.client.port}"


FOREIGN = [
    {"Origin": PAGE},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "http://localhost"},
    {"Origin": PAGE, "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_a_page_of_another_origin_changes_nothing(headers: dict[str, str]):
    async with unsigned() as site:
        job_id = await site.submit()
        await until(lambda: site.seen)
        for method, path, body in (
            ("POST", "/analyze", "url=https://victim.example/"),
            ("POST", "/v1/jobs", '{"kind":"analyze","args":{"url":"https://victim.example/"}}'),
            ("POST", f"/v1/jobs/{job_id}/cancel", ""),
            ("DELETE", f"/v1/jobs/{job_id}", ""),
            ("PATCH", "/v1/queues/analyze", "{}"),
            ("POST", "/v1/keys", "{}"),
        ):
            answer = await site.client.request(method, path, data=body, headers=headers)
            await assert_problem(answer, 403, SENTENCE, "cross_origin")
        listed = await (await site.client.get("/v1/jobs")).json()
        assert [(job["jobId"], job["status"]) for job in listed["jobs"]] == [(job_id, "processing")]


async def test_the_right_signature_does_not_make_a_foreign_page_ours(site: Site):
    answer = await site.client.post("/analyze", json={"url": "https://e.com"}, headers=SIGNED | {"Origin": PAGE})
    await assert_problem(answer, 403, SENTENCE, "cross_origin")


async def test_clients_without_a_browser_see_no_change_and_our_own_pages_neither():
    async with unsigned() as site:
        for headers in (
            {},
            {"Origin": own(site)},
            {"Origin": own(site).upper()},
            {"Sec-Fetch-Site": "same-origin"},
            {"Sec-Fetch-Site": "none"},
            {"Origin": own(site), "Sec-Fetch-Site": "same-origin"},
        ):
            answer = await site.client.post("/analyze", json={"url": "https://e.com"}, headers=headers)
            assert answer.status == 202, headers


async def test_no_foreign_page_listens_in_on_a_websocket():
    async with unsigned() as site:
        for headers in FOREIGN:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await site.client.ws_connect("/v1/ws", headers=headers)
            assert refused.value.status == 403, headers
        for headers in ({}, {"Origin": own(site)}):
            async with site.client.ws_connect("/v1/ws", headers=headers) as socket:
                assert not socket.closed


async def test_a_picture_in_a_foreign_page_submits_nothing_through_the_preview():
    async with unsigned() as site:
        site.gate.set()
        for headers in ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}, {"Origin": PAGE}):
            answer = await site.client.get("/preview?url=https://victim.example/", headers=headers)
            await assert_problem(answer, 403, SENTENCE, "cross_origin")
        assert site.seen == []
        async with asyncio.timeout(10):
            typed = await site.client.get("/preview?url=https://e.com/", headers={"Sec-Fetch-Site": "none"})
        assert typed.status == 200


async def test_a_signed_link_opens_from_another_site_s_page(site: Site):
    link = str((await site.poll(await site.done()))[1]["previewUrl"])
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert (await site.client.get(link, headers=headers)).status == 200


async def test_an_origin_that_is_named_may_call_and_its_neighbour_may_not():
    async with Site(settings=WebSettings(cors_origins=parse_origins([PAGE]))) as site:
        body = {"url": "https://e.com"}
        assert (await site.client.post("/analyze", json=body, headers=SIGNED | {"Origin": PAGE})).status == 202
        other = await site.client.post("/analyze", json=body, headers=SIGNED | {"Origin": f"{PAGE}:444"})
        await assert_problem(other, 403, SENTENCE, "cross_origin")


PROXIED = [
    ({"X-Forwarded-Host": "jobs.example.com", "X-Forwarded-Proto": "https"}, "https://jobs.example.com", True),
    ({"X-Forwarded-Host": "jobs.example.com", "X-Forwarded-Proto": "https"}, "http://jobs.example.com", False),
    ({"X-Forwarded-Host": "jobs.example.com, inner", "X-Forwarded-Proto": "http"}, "http://jobs.example.com", True),
    ({"X-Forwarded-Host": "jobs.example.com:8443"}, "https://jobs.example.com", False),
    ({"Host": "jobs.example.com"}, "https://jobs.example.com", True),
    ({"Host": "jobs.example.com"}, "http://jobs.example.com", True),
    ({"Host": "jobs.example.com:443"}, "https://jobs.example.com", True),
    ({"Host": "jobs.example.com:80"}, "http://jobs.example.com", True),
    ({"Host": "jobs.example.com:80"}, "https://jobs.example.com", False),
    ({"Host": "jobs.example.com:8443"}, "https://jobs.example.com", False),
]


@pytest.mark.parametrize(("forwarded", "origin", "ours"), PROXIED)
async def test_a_trusted_proxy_says_what_it_was_asked(forwarded: dict[str, str], origin: str, *, ours: bool):
    settings = WebSettings(trusted_proxies=parse_proxies(["loopback"]))
    async with Site(settings=settings) as site:
        answer = await site.post(**forwarded, Origin=origin)
        assert answer.status == (202 if ours else 403)


async def test_a_page_of_ours_behind_a_proxy_that_renames_the_host_opens_a_websocket():
    settings = WebSettings(trusted_proxies=parse_proxies(["loopback"]))
    async with Site(settings=settings) as site:
        headers = SIGNED | {"Host": "upstream", "X-Forwarded-Host": "jobs.example.com", "X-Forwarded-Proto": "https"}
        async with site.client.ws_connect("/v1/ws", headers=headers | {"Origin": "https://jobs.example.com"}) as socket:
            assert not socket.closed


async def test_nobody_else_says_what_was_asked(site: Site):
    answer = await site.post(Origin=PAGE, **{"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"})
    assert answer.status == 403


GUESSABLE = WebSettings(local_only=True)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:3000", "localhost.evil.example", "0.0.0.0", "[::2]", "x@y"]
)
async def test_a_name_that_was_pointed_at_this_machine_opens_nothing(host: str):
    async with Site(settings=GUESSABLE) as site:
        for path in ("/jobs", "/openapi.json", "/metrics"):
            await assert_problem(await site.ask("GET", path, Host=host), 421, WRONG_NAME, "wrong_host")
        assert (await site.post(Host=host)).status == 421
        for path in ("/health", "/livez", "/readyz"):
            assert (await site.ask("GET", path, Host=host)).status == 200


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:3000", "jobs.localhost", "localhost.", "127.0.0.1:1", "127.1.2.3", "[::1]:80"]
)
async def test_this_machine_is_called_by_its_own_names_and_any_port(host: str):
    async with Site(settings=GUESSABLE) as site:
        assert (await site.ask("GET", "/jobs", Host=host)).status == 200


async def test_a_name_that_is_set_is_the_only_one():
    settings = WebSettings(allowed_hosts=parse_hosts(["jobs.example.com", "10.0.0.7:8080", "[::1]"]), local_only=True)
    async with Site(settings=settings) as site:
        for host in ("jobs.example.com", "Jobs.Example.com:443", "10.0.0.7:8080", "[::1]:3000"):
            assert (await site.ask("GET", "/jobs", Host=host)).status == 200, host
        for host in ("localhost", "127.0.0.1", "10.0.0.7", "10.0.0.7:80", "xjobs.example.com", "a.jobs.example.com"):
            await assert_problem(await site.ask("GET", "/jobs", Host=host), 421, WRONG_NAME, "wrong_host")


@pytest.mark.parametrize("text", ["https://a.example", "a.example/x", "*.a.example", "a b", "", "a.example:http"])
def test_a_setting_that_no_host_ever_says_is_refused(text: str):
    with pytest.raises(ValueError, match="is no name"):
        parse_hosts([text])
    with pytest.raises(BadSetting, match="ALLOWED_HOSTS"):
        Server(Config(allowed_hosts=(text,)), loopback=True)


@pytest.mark.parametrize(
    ("config", "status"),
    [
        (Config(), 421),
        (Config(cliq_secret=("a secret of 16 bytes",), allow_unsigned=True), 421),
        (Config(cliq_secret=("a secret of 16 bytes",)), 401),
        (Config(allowed_hosts=("evil.example",)), 401),
    ],
)
async def test_a_server_that_can_be_guessed_answers_to_this_machine_s_names_alone(
    config: Config, status: int, tmp_path: Path
):
    runner = web.AppRunner(Server(config, loopback=True).app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        await web.UnixSite(runner, tmp_path / "socket").start()
        async with aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{runner.addresses[0][1]}/jobs"
            wrong = {"Host": "evil.example", "x-cliq-signature": "wrong"}
            async with session.get(url, headers=wrong) as answer:
                assert answer.status == status
        connector = aiohttp.UnixConnector(str(tmp_path / "socket"))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get("http://any.name/jobs", headers=PUBLISHED) as answer,
        ):
            assert answer.status == 421 if config.allowed_hosts else answer.status in {200, 401}
    finally:
        await runner.cleanup()


ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def test_a_browser_is_told_to_be_careful_with_every_answer(site: Site):
    job_id = await site.done()
    for path in ("/health", "/nowhere", "/jobs", f"/result/{job_id}", "/openapi.json", "/result/<b>", "/metrics"):
        answer = await site.ask("GET", path)
        policy = answer.headers["Content-Security-Policy"].split("; ")
        assert {**answer.headers, **ALWAYS} == dict(answer.headers), path
        assert {"default-src 'none'", "frame-ancestors 'none'", "form-action 'none'", "sandbox"} <= set(policy), path
        assert "Cache-Control" in answer.headers, path
        assert answer.content_type != "text/html", path


async def test_a_page_of_ours_is_on_its_own_and_looks_up_no_names(site: Site):
    answer = await site.ask("GET", f"/preview?jobId={await site.done()}")
    assert {**answer.headers, **ALWAYS, "Cross-Origin-Opener-Policy": "same-origin"} == dict(answer.headers)
    assert answer.headers["X-DNS-Prefetch-Control"] == "off"
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert answer.headers["Cache-Control"] == "private, no-store"


async def test_what_is_polled_is_still_answered_with_304(site: Site):
    job_id = await site.done()
    first = await site.ask("GET", f"/result/{job_id}")
    again = await site.ask("GET", f"/result/{job_id}", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status, first.headers["Cache-Control"]) == (304, "private, no-cache")


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "text/javascript"])
async def test_a_kept_file_is_a_download_in_a_sandbox_whatever_it_is(kind: str):
    async def keep(context: Context, _: Args) -> None:
        context.artifact("page.html", "<script>alert(1)</script>", kind)

    async with Site(handlers=[Handler("keep", keep)]) as site:
        made = await (await site.ask("POST", "/v1/jobs?wait=10", json={"kind": "keep"})).json()
        answer = await site.ask("GET", f"/v1/jobs/{made['jobId']}/artifacts/page.html")
    assert answer.content_type == kind
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Content-Security-Policy"].endswith("; sandbox")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
