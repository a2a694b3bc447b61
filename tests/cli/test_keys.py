"""``jobserver keys``: keys of a running server, and keys for its settings, from a shell."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import aiohttp
import pytest

from jobserver.cli import main
from jobserver.config import Config, configured
from jobserver.errors import BadSetting
from jobserver.server import Server
from tests.process import Process

NOWHERE = "http://127.0.0.1:9"


async def keys(server: Process, *arguments: str) -> tuple[int, str, str]:
    """(exit status, standard output, standard error) of the command, run beside ``server``."""
    ran = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "jobserver", "keys", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=server.directory,
        env=server.environment | {"JOBSERVER_SERVER_URL": server.address},
    )
    out, err = await ran.communicate()
    assert ran.returncode is not None
    return ran.returncode, out.decode(), err.decode()


async def status(server: Process, token: str, path: str = "/v1/jobs") -> int:
    async with (
        aiohttp.ClientSession(server.address) as session,
        session.get(path, headers={"Authorization": f"Bearer {token}"}) as response,
    ):
        return response.status


async def test_a_key_is_made_listed_used_and_taken_back(tmp_path: Path):
    async with Process(NOWHERE, tmp_path, STRICT_HMAC="true") as server:
        code, out, err = await keys(
            server, "create", "--owner", "acme", "--scopes", "submit,read", "--name", "a robot", "--quota", "5"
        )
        assert (code, out.startswith("jsk_"), out.count("\n")) == (0, True, 1)
        assert "shown this once" in err
        token, key_id = out.strip(), out.split("_")[1]
        assert await status(server, token) == 200
        assert await status(server, token, "/v1/keys") == 403
        code, out, _ = await keys(server, "list")
        assert code == 0
        assert all(word in out for word in (key_id, "acme", "submit,read", "a robot"))
        assert token not in out
        assert (await keys(server, "revoke", key_id))[0] == 0
        assert await status(server, token) == 401
        code, out, err = await keys(server, "revoke", key_id)
        assert (code, out, err) == (1, "", "jobserver: There is no such key.\n")
        code, _, err = await keys(server, "create", "--owner", "a b", "--scopes", "fly")
        assert (code, "2 members are wrong" in err) == (1, True)


async def test_a_key_made_offline_opens_a_server_that_is_given_its_entry(tmp_path: Path):
    async with Process(NOWHERE, tmp_path) as server:
        code, out, _ = await keys(server, "hash", "--owner", "acme", "--scopes", "read", "--rate", "1000000")
        token, setting = out.splitlines()
        assert code == 0
        assert await status(server, token) == 401
    async with Process(NOWHERE, tmp_path, API_KEYS=setting.removeprefix("API_KEYS="), LOG_LEVEL="debug") as server:
        assert await status(server, token) == 200
        assert await status(server, token[:-1]) == 401
        async with server.session.get("/-/config") as response:
            assert (await response.json())["settings"]["API_KEYS"] == "***"
        secret, digest = token.split("_")[2], setting.split(":")[1]
        log = server.log.read_text()
        assert secret not in log
        assert digest not in log


async def test_a_server_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    assert await asyncio.to_thread(main, ["keys", "list", "--url", NOWHERE]) == 1
    assert f"No answer from {NOWHERE}" in capsys.readouterr().err
    assert await asyncio.to_thread(main, ["keys", "list", "--url", "example.com"]) == 1
    assert "is no address of a server" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--owner", "a b", "--scopes", "read"], ["--owner", "a", "--scopes", "fly"],
                  ["--owner", "a", "--scopes", "read", "--rate", "0"]]
)  # fmt: skip
def test_a_key_that_cannot_be_is_not_made(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    assert main(["keys", "hash", *arguments]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("jobserver: ")


@pytest.mark.parametrize(
    ("setting", "value"),
    [("api_keys", "secret:words"), ("trusted_proxies", ("example.com",)), ("cors_origins", ("https://a.example/",))],
)
def test_a_setting_that_cannot_be_read_stops_the_start_and_says_which(setting: str, value: object):
    with pytest.raises(BadSetting, match=f"^{setting.upper()}: ") as wrong:
        Server(configured(Config(), {setting: value}))
    assert "secret:words" not in wrong.value.message
