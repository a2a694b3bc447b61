"""API keys at the door: which open, what they allow, and how they are made and taken back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import make_mocked_request

from jobserver.auth.keys import new_key
from jobserver.auth.signing import Caller, Credentials
from jobserver.errors import Unauthorized
from jobserver.jobs.access import EVERYTHING, Scope
from jobserver.web.guard import identify_token
from tests.web.site import SECRET, SIGNED, Site, assert_problem, sign

WRONG = "Invalid x-cliq-signature."


@pytest.fixture
async def strict() -> AsyncIterator[Site]:
    async with Site(credentials=Credentials((SECRET,), strict=True)) as site:
        yield site


async def assert_refused(response: ClientResponse) -> None:
    await assert_problem(response, 401, WRONG, "unauthorized")


async def made(site: Site, owner: str = "acme", scopes: tuple[str, ...] = ("submit", "read"), **more: Any) -> Any:
    response = await site.ask("POST", "/v1/keys", {"owner": owner, "scopes": list(scopes), **more})
    assert response.status == 201, await response.text()
    return await response.json()


def asking(site: Site) -> web.Request:
    assert site.client.app is not None
    return make_mocked_request("GET", "/v1/ws", app=site.client.app)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_key_opens_both_faces(site: Site):
    key = await site.key("acme")
    queued = await site.ask("POST", "/analyze", {"url": "https://example.com/"}, **key)
    assert queued.status == 202
    job_id = (await queued.json())["jobId"]
    assert (await site.ask("GET", f"/result/{job_id}", **key)).status == 200
    job = await (await site.ask("GET", f"/v1/jobs/{job_id}", **key)).json()
    assert job["owner"] == "acme"


async def test_a_key_is_accepted_where_only_timestamps_are(strict: Site):
    key = await strict.key("acme")
    assert (await strict.ask("GET", "/jobs", **key)).status == 200
    await assert_refused(await strict.client.get("/jobs", headers=SIGNED))


async def test_a_made_key_opens_until_it_is_taken_back(site: Site):
    key = await made(site)
    assert (await site.ask("GET", "/v1/jobs", **bearer(key["token"]))).status == 200
    assert (await site.ask("DELETE", f"/v1/keys/{key['keyId']}")).status == 204
    await assert_refused(await site.ask("GET", "/v1/jobs", **bearer(key["token"])))
    gone = await site.ask("DELETE", f"/v1/keys/{key['keyId']}")
    await assert_problem(gone, 404, "There is no such key.", "key_not_found")


async def test_an_expired_key_opens_nothing(site: Site):
    key, token = new_key("acme", {Scope.READ}, site.jobs.now())
    await site.jobs.put_key(replace(key, expires_at=site.jobs.now() + timedelta(minutes=1)))
    assert (await site.ask("GET", "/jobs", **bearer(token))).status == 200
    await site.jobs.put_key(replace(key, expires_at=site.jobs.now()))
    await assert_refused(await site.ask("GET", "/jobs", **bearer(token)))


async def test_every_wrong_key_is_refused_alike_and_like_a_wrong_signature(site: Site):
    token = (await made(site))["token"]
    wrong = [token[:-1] + ("0" if token[-1] != "0" else "1"), "jsk_nobody_" + "0" * 64, SECRET, "", token + "x"]
    answers = [await site.client.get("/jobs", headers=bearer(each)) for each in wrong]
    answers.append(await site.client.get("/jobs", headers={"x-cliq-signature": "wrong"}))
    answers.append(await site.client.get("/jobs"))
    bodies = {await answer.text() for answer in answers}
    assert {answer.status for answer in answers} == {401}
    assert len(bodies) == 1
    await assert_refused(answers[0])


async def test_a_wrong_key_is_refused_before_its_body_is_read(site: Site):
    response = await site.client.post("/v1/jobs", data=b"x" * 200_000, headers=bearer("jsk_a_" + "0" * 64))
    await assert_refused(response)


async def test_the_scheme_is_written_in_any_case_and_others_are_no_key(site: Site):
    token = (await made(site))["token"]
    assert (await site.client.get("/jobs", headers={"Authorization": f"bearer  {token}"})).status == 200
    await assert_refused(await site.client.get("/jobs", headers={"Authorization": f"Basic {token}"}))
    await assert_refused(await site.client.get("/jobs", headers={"Authorization": token}))


async def test_a_signed_request_is_judged_by_its_signature(site: Site):
    """What a gateway adds to a signed request changes nothing, as it never did."""
    token = (await made(site))["token"]
    job_id = await site.submit()
    for authorization in (f"Bearer {token}", "Bearer of something else", "Basic eDp5"):
        response = await site.client.get(f"/result/{job_id}", headers=SIGNED | {"Authorization": authorization})
        assert response.status == 200
    wrong = {"x-cliq-signature": "wrong", **bearer(token)}
    await assert_refused(await site.client.get("/jobs", headers=wrong))


async def test_a_wrong_key_is_refused_even_where_nobody_need_sign():
    async with Site(credentials=Credentials((SECRET,), allow_unsigned=True)) as site:
        assert (await site.client.get("/jobs")).status == 200
        await assert_refused(await site.client.get("/jobs", headers=bearer("jsk_a_" + "0" * 64)))


async def test_a_missing_scope_is_named(site: Site):
    key = await site.key("acme", Scope.READ)
    response = await site.ask("POST", "/analyze", {"url": "https://example.com/"}, **key)
    await assert_problem(response, 403, "This key lacks the scope submit.", "forbidden")
    response = await site.ask("GET", "/v1/keys", **key)
    await assert_problem(response, 403, "This key lacks the scope manage.", "forbidden")
    assert site.seen == []


async def test_who_manages_may_do_everything_to_everybody(site: Site):
    key = await site.key("ops", Scope.MANAGE)
    job_id = await site.submit()
    assert (await site.ask("GET", f"/v1/jobs/{job_id}", **key)).status == 200
    assert (await site.ask("POST", f"/v1/jobs/{job_id}/cancel", **key)).status == 200
    assert (await site.ask("POST", "/v1/keys", {"owner": "x", "scopes": ["read"]}, **key)).status == 201


async def test_a_preview_of_a_new_page_takes_the_right_to_submit(site: Site):
    key = await site.key("acme", Scope.READ)
    response = await site.ask("GET", "/preview?url=https://example.com/", **key)
    await assert_problem(response, 403, "This key lacks the scope submit.", "forbidden")
    assert site.seen == []


async def test_a_quota_bounds_unfinished_jobs_on_both_faces(site: Site):
    key = await site.key("acme", Scope.SUBMIT, Scope.READ, quota=1)
    first = await site.ask("POST", "/analyze", {"url": "https://example.com/"}, **key)
    assert first.status == 202
    for response in (
        await site.ask("POST", "/analyze", {"url": "https://example.com/"}, **key),
        await site.ask("POST", "/v1/jobs", {"kind": "analyze", "args": {"url": "https://example.com/"}}, **key),
        await site.ask("GET", "/preview?url=https://example.com/", **key),
    ):
        assert (response.status, (await response.json())["code"]) == (429, "quota_exceeded")
        assert int(response.headers["Retry-After"]) > 0
    site.gate.set()
    await site.ask("GET", f"/result/{(await first.json())['jobId']}?wait=10", **key)
    assert (await site.ask("POST", "/analyze", {"url": "https://example.com/"}, **key)).status == 202


async def test_the_token_is_shown_once_and_the_digest_never(site: Site):
    key = await made(site, "acme", ("read", "submit"), name="a robot", rate=60, quota=5, expiresIn=60)
    assert key["token"].startswith(f"jsk_{key['keyId']}_")
    assert (key["owner"], key["scopes"], key["name"]) == ("acme", ["submit", "read"], "a robot")
    assert (key["rate"], key["quota"]) == (60, 5)
    assert key["createdAt"] < key["expiresAt"]
    response = await site.ask("GET", "/v1/keys")
    listed = await response.json()
    assert listed == {"keys": [{name: value for name, value in key.items() if name != "token"}]}
    kept = await site.jobs.key(key["keyId"])
    assert kept is not None
    assert kept.digest.hex() not in json.dumps(listed)
    assert response.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, {"/owner", "/scopes"}),
        ({"owner": "a b", "scopes": []}, {"/owner", "/scopes"}),
        ({"owner": "a:b", "scopes": ["read", "fly"]}, {"/owner", "/scopes"}),
        ({"owner": "a", "scopes": "read"}, {"/scopes"}),
        ({"owner": "a", "scopes": [{}], "rate": 0, "quota": -1}, {"/scopes", "/rate", "/quota"}),
        ({"owner": "a", "scopes": ["read"], "expiresIn": 0, "name": 5}, {"/expiresIn", "/name"}),
        ({"owner": "a", "scopes": ["read"], "digest": "0"}, {"/digest"}),
    ],
)
async def test_a_key_that_cannot_be_is_refused_member_by_member(site: Site, body: Any, pointers: set[str]):
    response = await site.ask("POST", "/v1/keys", body)
    assert response.status == 400
    assert {each["pointer"] for each in (await response.json())["errors"]} == pointers
    assert await site.jobs.keys() == []


async def test_a_token_alone_is_enough_for_a_socket(site: Site):
    request = asking(site)
    key, token = new_key("acme", {Scope.READ}, site.jobs.now())
    await site.jobs.put_key(key)
    assert await identify_token(request, token) == Caller("acme", scopes=frozenset({Scope.READ}), key=key)
    assert await identify_token(request, SECRET) == Caller(scopes=EVERYTHING)
    for wrong in ("", "jsk_a_" + "0" * 64, sign(b""), token[:-1]):
        with pytest.raises(Unauthorized):
            await identify_token(request, wrong)


async def test_a_secret_is_no_token_where_only_timestamps_are_accepted(strict: Site):
    request = asking(strict)
    with pytest.raises(Unauthorized):
        await identify_token(request, SECRET)


async def test_signatures_and_their_timestamps_work_as_before(strict: Site):
    stamp = str(int(strict.jobs.now().timestamp()))
    signature = sign(f"{stamp}.GET./jobs.".encode())
    headers = {"x-cliq-timestamp": stamp, "x-cliq-signature": signature}
    assert (await strict.client.get("/jobs", headers=headers)).status == 200
    await assert_refused(await strict.client.get("/jobs?limit=1", headers=headers))
