"""Signatures at the door: what is accepted, how often, and that every refusal is the same."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientResponse
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from jobserver.auth.cliq import read_public_key
from jobserver.auth.signing import Credentials, fingerprint
from jobserver.client import Client
from jobserver.client.connection import Connection, NoAnswer
from jobserver.web.keys import METER, REPLAYS
from tests.make import until
from tests.web.site import SECRET, SIGNED, Site, sign
from tests.web.toys import TOYS

URL = "https://example.com/"
BODY = b'{"url":"https://example.com/"}'
JSON = {"Content-Type": "application/json"}
KEY = rsa.generate_private_key(65537, 2048)
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
_fractions = itertools.count(1)


@pytest.fixture
async def strict() -> AsyncIterator[Site]:
    async with Site(
        credentials=Credentials((SECRET,), strict=True, cliq=read_public_key(PUBLIC)), handlers=TOYS
    ) as site:
        yield site


def of_cliq(body: bytes) -> dict[str, str]:
    return {"x-cliq-signature": base64.b64encode(KEY.sign(body, PKCS1v15(), SHA256())).decode()} | JSON


def timed(site: Site, method: str, path: str, body: bytes = b"") -> dict[str, str]:
    """The headers of a request that is signed now, each time a little later."""
    stamp = f"{site.jobs.now().timestamp():.0f}.{next(_fractions):09}"
    signature = sign(f"{stamp}.{method}.{path}.".encode() + body)
    return {"x-cliq-timestamp": stamp, "x-cliq-signature": signature} | JSON


async def send(site: Site, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> ClientResponse:
    return await site.client.request(method, path, data=body or None, headers=headers)


def refusals(site: Site) -> dict[str, int]:
    assert site.client.app is not None
    return dict(site.client.app[METER].unauthorized)


# --- once


async def test_a_signed_change_is_made_once_and_a_look_may_be_repeated(strict: Site):
    headers = timed(strict, "POST", "/analyze", BODY)
    first = await send(strict, "POST", "/analyze", headers, BODY)
    assert first.status == 202
    again = await send(strict, "POST", "/analyze", headers, BODY)
    assert again.status == 401
    assert refusals(strict) == {"replayed": 1}
    path = (await first.json())["pollUrl"]
    poll = timed(strict, "GET", path)
    assert [(await send(strict, "GET", path, poll)).status for _ in range(3)] == [200] * 3


async def test_another_spelling_of_a_used_signature_is_used_as_well(strict: Site):
    headers = timed(strict, "POST", "/analyze", BODY)
    assert (await send(strict, "POST", "/analyze", headers, BODY)).status == 202
    made = bytes.fromhex(headers["x-cliq-signature"])
    for spelt in (made.hex().upper(), base64.b64encode(made).decode(), f"sha256={made.hex()}"):
        answer = await send(strict, "POST", "/analyze", headers | {"x-cliq-signature": spelt}, BODY)
        assert answer.status == 401
    assert refusals(strict) == {"replayed": 3}


async def test_of_many_that_send_the_same_at_once_one_gets_in(strict: Site):
    headers = timed(strict, "POST", "/analyze", BODY)
    answers = await asyncio.gather(*(send(strict, "POST", "/analyze", headers, BODY) for _ in range(20)))
    assert sorted(answer.status for answer in answers) == [202] + [401] * 19


async def test_a_wrong_signature_is_not_remembered(strict: Site):
    right = timed(strict, "POST", "/analyze", BODY)
    for wrong in ("0" * 64, right["x-cliq-signature"][::-1], ""):
        assert (await send(strict, "POST", "/analyze", right | {"x-cliq-signature": wrong}, BODY)).status == 401
    assert strict.client.app is not None
    assert len(strict.client.app[REPLAYS]) == 0
    assert (await send(strict, "POST", "/analyze", right, BODY)).status == 202
    assert len(strict.client.app[REPLAYS]) == 1


async def test_who_is_told_to_come_back_may_send_the_very_same_again(strict: Site):
    strict.jobs.draining = True
    headers = timed(strict, "POST", "/analyze", BODY)
    for _ in range(2):
        assert (await send(strict, "POST", "/analyze", headers, BODY)).status == 503
    strict.jobs.draining = False
    assert (await send(strict, "POST", "/analyze", headers, BODY)).status == 202
    assert (await send(strict, "POST", "/analyze", headers, BODY)).status == 401


async def test_so_may_who_has_too_much_open():
    settings = replace(Site().settings, max_open=1)
    async with Site(settings=settings) as site:
        job_id = await site.submit()
        path = f"/result/{job_id}?wait=30"
        waiting = asyncio.ensure_future(send(site, "GET", path, SIGNED))
        await until(lambda: site.jobs.listeners)
        headers = timed(site, "POST", "/analyze", BODY)
        assert (await send(site, "POST", "/analyze", headers, BODY)).status == 429
        site.gate.set()
        assert (await waiting).status == 200
        assert (await send(site, "POST", "/analyze", headers, BODY)).status == 202


async def test_a_change_that_cannot_be_made_has_used_its_signature(strict: Site):
    body = b'{"url":""}'
    headers = timed(strict, "POST", "/analyze", body)
    assert (await send(strict, "POST", "/analyze", headers, body)).status == 400
    assert (await send(strict, "POST", "/analyze", headers, body)).status == 401


async def test_our_client_signs_equal_requests_of_one_moment_apart(strict: Site):
    class Still:
        def now(self) -> Any:
            return moment

    moment = strict.jobs.now()
    address = str(strict.client.make_url("/"))
    async with Client(address, secret=SECRET, clock=Still()) as client:
        ids = {(await client.submit("analyze", {"url": URL})).id for _ in range(50)}
    assert len(ids) == 50
    assert refusals(strict) == {}


async def test_our_client_signs_each_try_anew_and_a_lost_answer_makes_no_second_job(strict: Site):
    """The first answer never arrives; the second try is another signature with the same Idempotency-Key."""
    lost: list[str] = []
    real = Connection.open

    def losing(self: Connection, *args: Any, **rest: Any) -> Any:
        opened = real(self, *args, **rest)
        if lost:
            return opened
        lost.append("once")

        class Losing:
            async def __aenter__(self) -> Any:
                async with opened as answer:
                    assert answer.status == 202
                raise NoAnswer("the server", ConnectionResetError())

            async def __aexit__(self, *_: object) -> None: ...

        return Losing()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connection, "open", losing)
        async with Client(str(strict.client.make_url("/")), secret=SECRET) as client:
            job = await client.submit("analyze", {"url": URL})
    assert lost
    assert sum((await strict.jobs.counts()).values()) == 1
    assert (await strict.jobs.get(job.id, None)).job.id == job.id
    assert refusals(strict) == {}


# --- Cliq


async def test_cliqs_own_signature_queues_a_page_and_reads_its_result():
    async with Site(credentials=Credentials((SECRET,), cliq=read_public_key(PUBLIC))) as site:
        headers = of_cliq(BODY)
        queued = await send(site, "POST", "/analyze", headers, BODY)
        assert queued.status == 202
        assert (await send(site, "GET", (await queued.json())["pollUrl"], headers)).status == 200


async def test_cliqs_signature_of_the_body_as_javascript_writes_it_is_accepted_where_only_timestamps_are(strict: Site):
    sent = b'{ "10": 1.0, "9": [], "url": "https:\\/\\/example.com/" }'
    signed = b'{"9":[],"10":1,"url":"https://example.com/"}'
    assert (await send(strict, "POST", "/analyze", of_cliq(signed), sent)).status == 202
    assert (await send(strict, "POST", "/analyze", of_cliq(signed), sent.replace(b"1.0", b"1.1"))).status == 401


@pytest.mark.parametrize("body", [b"", b"{}"])
@pytest.mark.parametrize("path", ["/jobs", "/v1/jobs", "/v1/keys", "/metrics", "/preview?url=https://example.com/"])
async def test_cliqs_signature_opens_no_get(strict: Site, path: str, body: bytes):
    assert (await send(strict, "GET", path, of_cliq(body))).status == 401
    assert (await send(strict, "GET", path, of_cliq(body), body)).status == 401


async def test_cliq_manages_nothing(strict: Site):
    body = b'{"owner":"mallory","scopes":["manage"]}'
    answer = await send(strict, "POST", "/v1/keys", of_cliq(body), body)
    assert (answer.status, (await answer.json())["error"]) == (403, "This key lacks the scope manage.")
    assert (await send(strict, "POST", "/v1/queues/default/pause", of_cliq(b"{}"), b"{}")).status == 403


# --- one answer


async def test_every_refusal_is_the_same_byte_for_byte_and_only_a_counter_knows_why(strict: Site):
    used = timed(strict, "POST", "/analyze", BODY)
    assert (await send(strict, "POST", "/analyze", used, BODY)).status == 202
    fresh = timed(strict, "POST", "/analyze", BODY)
    causes: list[tuple[str, dict[str, str]]] = [
        ("missing", {}),
        ("untimed", {"x-cliq-signature": SECRET}),
        ("untimed", {"x-cliq-signature": sign(BODY)}),
        ("untimed", {"x-cliq-signature": base64.b64encode(bytes(256)).decode()}),
        ("timestamp", fresh | {"x-cliq-timestamp": "1"}),
        ("timestamp", fresh | {"x-cliq-timestamp": "soon"}),
        ("mismatch", fresh | {"x-cliq-signature": "0" * 64}),
        ("mismatch", fresh | {"x-cliq-signature": "é\udcff"}),
        ("mismatch", fresh | {"x-cliq-signature": "x" * 7_000}),
        ("replayed", used),
        ("key", {"Authorization": "Bearer jsk_a_" + "0" * 64}),
        ("key", {"Authorization": "Bearer nonsense"}),
    ]
    answers = [await send(strict, "POST", "/analyze", JSON | headers, BODY) for _, headers in causes]
    assert {answer.status for answer in answers} == {401}
    assert len({await answer.read() for answer in answers}) == 1
    per_request = {"Date", "X-Request-ID"}
    heads = [{name: value for name, value in answer.headers.items() if name not in per_request} for answer in answers]
    assert all(head == heads[0] for head in heads)
    expected: dict[str, int] = {}
    for why, _ in causes:
        expected[why] = expected.get(why, 0) + 1
    assert refusals(strict) == expected


@pytest.mark.parametrize("name", ["x-cliq-signature", "x-cliq-timestamp"])
async def test_a_header_that_is_sent_twice_is_no_header_of_ours(strict: Site, name: str):
    right = timed(strict, "POST", "/analyze", BODY)
    twice = [*right.items(), (name, right[name])]
    answer = await strict.client.post("/analyze", data=BODY, headers=twice)
    assert answer.status == 401
    assert (await send(strict, "POST", "/analyze", right, BODY)).status == 202


# --- what is kept


@pytest.mark.parametrize("form", ["secret", "hmac", "timed"])
async def test_of_the_signature_that_made_a_job_only_a_hash_is_kept(form: str):
    async with Site(handlers=TOYS) as site:
        headers = {
            "secret": SIGNED | JSON,
            "hmac": {"x-cliq-signature": sign(BODY)} | JSON,
            "timed": timed(site, "POST", "/analyze", BODY),
        }[form]
        signature = headers["x-cliq-signature"]
        job_id = (await (await send(site, "POST", "/analyze", headers, BODY)).json())["jobId"]
        assert await site.jobs.credential(job_id) == ("default", fingerprint(signature))
        shown = [
            await (await site.ask("GET", path)).text()
            for path in (f"/v1/jobs/{job_id}", "/v1/jobs?fields=args,result,attempts", "/jobs", f"/result/{job_id}")
        ]
        site.gate.set()
        shown.append(await (await site.ask("GET", f"/v1/jobs/{job_id}/events")).text())
        kept = fingerprint(signature)
        for text in shown:
            assert job_id in text
            assert not any(secret in text for secret in (signature, kept.hex(), base64.b64encode(kept).decode()))
        assert signature not in repr(await site.engine.get(job_id))
        json.loads(shown[0])
