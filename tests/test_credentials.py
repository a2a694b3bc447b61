"""What the server is told of those who may call, and when it refuses to start with that."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from jobserver.config import load
from jobserver.errors import BadSetting, WeakSecret
from jobserver.server import Server
from tests.process import Process

STRONG = "0123456789abcdef0123456789abcdef"
KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
SHORT = rsa.generate_private_key(65537, 1024).public_key()  # noqa: S505 - refused


@pytest.mark.parametrize(
    "reachable", [{"HOST": "0.0.0.0"}, {"HOST": "::"}, {"HOST": "192.0.2.1"}, {"HOST": "127.0.0.1", "RENDER": "true"}]
)
@pytest.mark.parametrize(
    "secret",
    ["", " ", ",", "testsecret", "q7Zw1", "fifteen bytes!!", f"{STRONG},testsecret", f"{STRONG},q7Zw1", f"q7,{STRONG}"],
)
def test_where_others_can_reach_it_no_weak_secret_will_do_nor_one_among_several(secret: str, reachable: dict[str, str]):
    with pytest.raises(WeakSecret) as refused:
        Server(load({"CLIQ_SECRET": secret, **reachable}))
    assert not any(part in str(refused.value) for part in secret.split(",") if part not in ("", " ", "testsecret"))


def test_without_a_secret_it_starts_on_this_machine_only():
    with pytest.raises(WeakSecret):
        Server(load({"HOST": "0.0.0.0"}))
    Server(load({}))


@pytest.mark.parametrize("secret", [STRONG, f"{STRONG},{STRONG[::-1]}", f"{STRONG}, ,{STRONG[::-1]},"])
def test_strong_secrets_will_do(secret: str):
    Server(load({"CLIQ_SECRET": secret, "HOST": "0.0.0.0"}))


@pytest.mark.parametrize("key", [PEM, PEM.replace("\n", "\\n"), "".join(PEM.splitlines()[1:-1])])
def test_cliqs_key_is_read_at_the_start(key: str):
    Server(load({"CLIQ_PUBLIC_KEY": key}))


@pytest.mark.parametrize(
    "key",
    ["nonsense", PEM[:-60], SHORT.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()],
    ids=["nonsense", "cut", "short"],
)
def test_a_key_that_cannot_be_used_ends_the_start(key: str):
    with pytest.raises(BadSetting, match="CLIQ_PUBLIC_KEY: "):
        Server(load({"CLIQ_PUBLIC_KEY": key}))


def test_the_library_is_asked_for_only_where_there_is_a_key():
    told = "import sys, jobserver.server as s; from jobserver.config import load; s.Server(load({})); "
    told += "sys.exit('cryptography' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", told], check=False, cwd=Path.cwd(), env=dict(os.environ)).returncode == 0
    )


async def test_a_server_as_a_process_accepts_what_cliq_signs(tmp_path: Path):
    settings = {"CLIQ_PUBLIC_KEY": PEM.replace("\n", "\\n"), "CLIQ_SECRET": STRONG, "STRICT_HMAC": "true"}
    async with Process("http://127.0.0.1:1", tmp_path, **settings) as server:
        body = b'{"url": "http://127.0.0.1:1/page"}'
        signature = base64.b64encode(KEY.sign(body.replace(b": ", b":"), PKCS1v15(), SHA256())).decode()
        headers = {"x-cliq-signature": signature, "Content-Type": "application/json"}
        async with server.session.post("/analyze", data=body, headers=headers) as response:
            assert response.status == 202
        async with server.session.post("/analyze", data=body + b"}", headers=headers) as response:
            assert response.status == 401
