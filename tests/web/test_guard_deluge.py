"""What Deluge signs and sends, at the door."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

import pytest
from aiohttp import ClientResponse

from jobserver.auth.signing import Credentials
from tests.auth.deluge import VECTORS
from tests.web.site import Site

BODY = b'{"url":"https://example.com/"}'


def deluge(secret: str, data: bytes) -> str:
    """``zoho.encryption.hmacsha256(secret, data, "hex")``."""
    return hmac.new(secret.encode(), data, "sha256").hexdigest()


async def queue(site: Site, headers: Mapping[str, str], body: bytes) -> ClientResponse:
    return await site.client.post("/analyze", data=body, headers=headers)


@pytest.mark.parametrize(("secret", "data", "signature"), VECTORS)
async def test_what_deluge_signs_is_let_in_and_then_read(secret: str, data: bytes, signature: str):
    """They are no requests of ours, so that reading them fails: after the door, not at it."""
    assert deluge(secret, data) == signature
    async with Site(credentials=Credentials((secret,))) as site:
        headers = {"x-cliq-signature": signature, "Content-Type": "application/json"}
        answer = await queue(site, headers, data)
        assert (answer.status, (await answer.json())["error"]) == (400, "Invalid request body")
        assert (await queue(site, headers, data + b" ")).status == 401


@pytest.mark.parametrize("secret", [vector[0] for vector in VECTORS])
@pytest.mark.parametrize("label", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_a_form_of_deluges_is_accepted_under_any_label(secret: str, label: str):
    form = b"url=https%3A%2F%2Fexample.com%2F&engine=auto"
    async with Site(credentials=Credentials((secret,))) as site:
        headers = {"x-cliq-signature": deluge(secret, form), "Content-Type": label}
        assert (await queue(site, headers, form)).status == 202
        other = form.replace(b"example", b"another")
        assert (await queue(site, headers, other)).status == 401


@pytest.mark.parametrize("secret", [vector[0] for vector in VECTORS])
@pytest.mark.parametrize("labelled", [True, False])
async def test_a_multipart_map_of_deluges_is_accepted_by_the_json_of_its_fields(secret: str, labelled: bool):
    data = b'--b0\r\nContent-Disposition: form-data; name="url"\r\n\r\nhttps://example.com/\r\n--b0--\r\n'
    label = "application/json" if labelled else "multipart/form-data; boundary=b0"
    async with Site(credentials=Credentials((secret,))) as site:
        headers = {"x-cliq-signature": deluge(secret, BODY), "Content-Type": label}
        assert (await queue(site, headers, data)).status == 202
        other = data.replace(b"example.com", b"example.org")
        assert (await queue(site, headers, other)).status == 401
