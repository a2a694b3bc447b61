"""The command: what it says when it is called wrongly, and the page it reads without a server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from jobserver.cli import local, main
from jobserver.cli.commands import _parser, _welcome
from jobserver.config import Config, load
from jobserver.errors import BadSetting, BrowserCrashed, UrlRefused
from tests.process import Pages

NO_BROWSER = "The browser did not start, so the page was read without one."


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def broken_browser(tmp_path: Path) -> str:
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\nexit 7\n")
    program.chmod(0o755)
    return str(program)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """What was written to standard error: one line."""
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1, err
    return err


def extraction(directory: Path) -> dict[str, object]:
    made: dict[str, object] = json.loads((directory / "components.json").read_text())
    return made


@pytest.mark.parametrize("port", ["99999", "-1", "many", ""])
def test_a_port_that_is_none_is_refused_with_the_usage(port: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as left:
        main(["serve", "--port", port])
    assert left.value.code == 2
    assert "argument --port: it must be a whole number from 0 to 65535" in capsys.readouterr().err


async def _answer_in_no_protocol(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    await writer.drain()
    writer.close()


async def test_a_health_check_of_something_else_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    async with await asyncio.start_server(_answer_in_no_protocol, "127.0.0.1", 0) as other:
        port = other.sockets[0].getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        assert await asyncio.to_thread(main, ["healthcheck"]) == 1
    assert f"no answer from 127.0.0.1, port {port}: it does not speak HTTP" in said(capsys)


@pytest.mark.parametrize("output", ["file", "file/below"])
def test_an_output_that_is_no_directory_is_found_out_before_the_page_is_read(
    output: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "file").write_text("mine")
    assert main(["analyze", "http://127.0.0.1:1/", "--engine", "static", "-o", output]) == 1
    assert f"jobserver: Cannot write to {output}: " in said(capsys)
    assert (tmp_path / "file").read_text() == "mine"


def test_an_env_file_in_another_encoding_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / ".env").write_bytes("CLIQ_SECRET=grün".encode("latin-1"))
    assert main(["healthcheck"]) == 1
    assert said(capsys) == "jobserver: .env is not UTF-8.\n"


def test_the_welcome_shows_the_secret_that_everybody_knows():
    assert "x-cliq-signature: testsecret" in _welcome("http://127.0.0.1:3000", Config())


@pytest.mark.parametrize("secret", ["a-secret-of-mine-1", "a-secret-of-mine-1, testsecret", "testsecret, another"])
def test_the_welcome_shows_no_secret_of_yours_and_no_variable_that_may_not_be_set(secret: str):
    text = _welcome("http://127.0.0.1:3000", load({"CLIQ_SECRET": secret}))
    assert text.count("x-cliq-signature: <your secret>") == 2
    assert "$" not in text
    assert "testsecret" not in text
    assert "mine" not in text


async def test_a_page_of_this_machine_needs_no_scheme(pages: Pages, tmp_path: Path):
    for host in ("localhost", "127.0.0.1"):
        await local.analyze(Config(), f"{host}:{pages.server.port}/page", tmp_path / host, engine="static")
        assert extraction(tmp_path / host)["url"] == f"http://{host}:{pages.server.port}/page"


async def test_typescript_has_a_file_name_of_its_own(pages: Pages, tmp_path: Path):
    written = await local.analyze(Config(), f"{pages.address}/page", tmp_path, engine="static", flavour="tsx")
    assert tmp_path / "Components.tsx" in written
    assert 'import * as React from "react";' in (tmp_path / "Components.tsx").read_text()


@pytest.mark.browser
async def test_the_preview_has_the_originals_beside_what_was_made_of_them(pages: Pages, tmp_path: Path):
    await local.analyze(Config(), f"{pages.address}/page", tmp_path, engine="browser", verify="all")
    assert extraction(tmp_path)["fidelity"] == {"diff": 0, "ssim": 1, "verified": 3, "passed": 3}
    assert (tmp_path / "preview.html").read_text().count('src="data:image/webp;base64,') == 3


@pytest.mark.parametrize(("said", "meant"), [([], None), (["--verify"], True), (["--no-verify"], False)])
def test_whether_to_verify_is_a_flag_with_an_opposite(said: list[str], meant: bool | None):
    assert _parser().parse_args(["analyze", "example.com", *said]).verify is meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("localhost", "http://localhost"),
        ("LOCALHOST:8000/a?b=http://c", "http://LOCALHOST:8000/a?b=http://c"),
        ("app.localhost:8000", "http://app.localhost:8000"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("192.168.1.7/x", "http://192.168.1.7/x"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("printer:631", "http://printer:631"),
        ("printer", "https://printer"),
        ("example.com", "https://example.com"),
        ("example.com:8443", "https://example.com:8443"),
        ("8.8.8.8:8443", "https://8.8.8.8:8443"),
        ("https://localhost:8000", "https://localhost:8000"),
        ("HTTP://example.com", "HTTP://example.com"),
    ],
)
def test_an_address_without_a_scheme_gets_the_one_it_most_likely_has(typed: str, meant: str):
    assert local._with_scheme(typed) == meant


def test_only_the_host_and_port_that_were_named_are_trusted():
    policy = local._trusting("http://127.0.0.1:8000/")
    assert policy.private_targets == {"127.0.0.1:8000"}
    with pytest.raises(UrlRefused):
        policy.check("http://127.0.0.1:8001/")


@pytest.mark.parametrize(
    "typed", ["", "mailto:me@example.com", "localhost:99999", "ftp://localhost/", "http://", "[::1"]
)
async def test_what_is_no_address_of_a_page_is_refused(typed: str, tmp_path: Path):
    with pytest.raises(UrlRefused):
        await local.analyze(Config(), typed, tmp_path, engine="static")


@pytest.mark.parametrize("engine", ["auto", "browser", "static"])
async def test_a_browser_path_that_names_no_program_is_a_mistake_as_it_is_for_the_server(engine: str, tmp_path: Path):
    with pytest.raises(BadSetting, match=r"^CHROMIUM_PATH names no program\.$"):
        await local.analyze(Config(chromium_path="/nowhere"), "http://127.0.0.1:1/", tmp_path, engine=engine)


async def test_a_browser_that_does_not_start_is_done_without(pages: Pages, broken_browser: str, tmp_path: Path):
    await local.analyze(Config(chromium_path=broken_browser), f"{pages.address}/page", tmp_path)
    made = extraction(tmp_path)
    assert isinstance(made["warnings"], list)
    assert made["warnings"][0] == NO_BROWSER


async def test_whoever_asks_for_the_browser_gets_no_other_engine(pages: Pages, broken_browser: str, tmp_path: Path):
    config = Config(chromium_path=broken_browser)
    with pytest.raises(BrowserCrashed, match="did not start"):
        await local.analyze(config, f"{pages.address}/page", tmp_path, engine="browser")


async def test_what_the_page_was_refused_is_said_beside_the_warnings(
    pages: Pages, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    await local.analyze(Config(), f"{pages.address}/astray", tmp_path, engine="static")
    said = capsys.readouterr().err.splitlines()
    assert "Refused, address: http://169.254.169.254/a.css" in said
    assert "Refused, name: http://metadata.google.internal/a.css" in said


async def test_what_the_page_was_refused_is_said_when_that_is_its_end(
    pages: Pages, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(UrlRefused):
        await local.analyze(Config(), f"{pages.address}/away", tmp_path, engine="static")
    assert capsys.readouterr().err.splitlines() == ["Refused, address: http://169.254.169.254/latest/"]
