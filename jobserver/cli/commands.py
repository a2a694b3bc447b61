"""The subcommands. Each imports what it needs: a health check runs every half minute."""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from jobserver import __version__
from jobserver.auth.signing import SHORTEST
from jobserver.cli.usage import parser
from jobserver.config import DEFAULT_SECRET, PREFIX, SETTINGS, Config, load, read_env_file
from jobserver.errors import JobserverError, StartupError
from jobserver.logs import log_to, visible

if TYPE_CHECKING:
    from jobserver.client import Client, SyncClient

T = TypeVar("T")

_SUBMITTED = ("queue", "priority", "delay", "tags")
_REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what it listens on


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0 fine, 1 failed, 2 wrongly called."""
    options = _parser().parse_args(arguments)
    try:
        config = load(read_env_file(Path(".env")) | dict(os.environ))
        _forget_secrets()
        log_to(sys.stderr, config.log_level, config.log_format, _secrets_to_mask(config))
        return int(options.run(config, options))
    except StartupError as error:
        print(f"jobserver: {visible(error.message, lines=True)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def serve(config: Config, options: argparse.Namespace) -> int:
    """``jobserver serve``: run the server until it is told to stop."""
    from jobserver import server

    config = replace(config, host=options.host or config.host, unix_socket=options.unix or config.unix_socket)
    if options.port is not None:
        config = replace(config, port=options.port)
    config = replace(config, handlers=(*config.handlers, *options.handlers))
    return server.run(config, lambda address: print(_welcome(address, config), flush=True))


def analyze(config: Config, options: argparse.Namespace) -> int:
    """``jobserver analyze URL``: one extraction, without a server."""
    from jobserver.cli import local
    from jobserver.extract.model import VERIFY

    try:
        written = asyncio.run(
            _stoppable(
                local.analyze(
                    config,
                    options.url,
                    options.output,
                    engine=options.engine,
                    flavour=options.format,
                    verify=VERIFY[options.verify],
                )
            )
        )
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    except JobserverError as error:
        print(f"jobserver: {visible(error.message, lines=True)}", file=sys.stderr)
        return 1
    print("\n".join(str(path) for path in written))
    return 0


async def _stoppable(work: Coroutine[Any, Any, T]) -> T:
    """Do it until the end, or until a signal cancels it: as on Ctrl-C, the browser is closed and cleared away."""
    doing = asyncio.ensure_future(work)
    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, doing.cancel)
    return await doing


def healthcheck(config: Config, options: argparse.Namespace) -> int:
    """``jobserver healthcheck``: whether the server on this machine answers."""
    from jobserver.cli.health import is_healthy

    host, unix = _REACHED_AT.get(config.host, config.host), options.unix or config.unix_socket
    return _said(lambda: 0 if is_healthy(host, config.port, unix=unix) else 1)


def submit(config: Config, options: argparse.Namespace) -> int:
    """``jobserver submit KIND``: queue a job of a running server."""
    from jobserver.cli import remote
    from jobserver.client.shown import Options

    asked = {name: value for name in _SUBMITTED if (value := getattr(options, name)) is not None}
    client = _client(config, options)
    return _said(
        lambda: asyncio.run(
            remote.submit(client, options.kind, options.args, cast("Options", asked), wait=options.wait)
        )
    )


def watch(config: Config, options: argparse.Namespace) -> int:
    """``jobserver watch JOB_ID``: show how a job comes along, and its result."""
    from jobserver.cli import remote

    client = _client(config, options)
    return _said(lambda: asyncio.run(remote.watch(client, options.job_id)))


def _client(config: Config, options: argparse.Namespace) -> Client:
    from jobserver.client import Client

    return Client(options.url or _own_address(config), secret=_secret(config), api_key=config.client_key or None)


def _secret(config: Config) -> str | None:
    return next(iter(config.cliq_secret), None)


def _said(run: Callable[[], int]) -> int:
    """The exit status of ``run``; what a server refuses is said in a line."""
    try:
        return run()
    except StartupError:
        raise
    except JobserverError as error:
        print(f"jobserver: {visible(error.message)}", file=sys.stderr)
        return 1


def keys(config: Config, options: argparse.Namespace) -> int:
    """``jobserver keys …``: make, list and revoke API keys of a running server, or make one for API_KEYS."""
    return _said(lambda: _make_offline(options) if options.action == "hash" else _on_keys(config, options))


def _make_offline(options: argparse.Namespace) -> int:
    from jobserver.cli.keys import offline
    from jobserver.jobs.clock import SteadyClock

    token, entry = offline(options.owner, options.scopes, SteadyClock().now(), options.rate, options.quota)
    print(f"{token}\nAPI_KEYS={entry}")
    return 0


def _on_keys(config: Config, options: argparse.Namespace) -> int:
    from jobserver.client import SyncClient

    with SyncClient(options.url or _own_address(config), secret=_secret(config), retries=0) as client:
        print(_of_keys(client, options))
    return 0


def _of_keys(client: SyncClient, options: argparse.Namespace) -> str:
    """What is asked of a server's keys, done, and what there is to say of it."""
    from jobserver.cli.keys import create, listed, revoke

    if options.action == "list":
        return listed(client)
    if options.action == "revoke":
        revoke(client, options.key_id)
        return f"Revoked {options.key_id}."
    asked = {name: getattr(options, name) for name in ("owner", "scopes", "name", "rate", "quota")}
    made = create(client, asked | {"expiresIn": options.expires_in})
    line = f"jobserver: key {made['keyId']} of {made['owner']}; its token is shown this once."
    print(visible(line), file=sys.stderr)
    return visible(str(made["token"]))


def store(config: Config, options: argparse.Namespace) -> int:
    """``jobserver store …``: check, export or compact the file that jobs are kept in."""
    from jobserver.cli.store import check, compact, export, file_of

    path = file_of(options.file, config.store)
    return {"check": check, "export": export, "compact": compact}[options.action](path)


def _own_address(config: Config) -> str:
    """Where the server with these settings is found from this machine."""
    if config.server_url or config.unix_socket:
        return config.server_url or f"unix:{config.unix_socket}"
    host = _REACHED_AT.get(config.host, config.host)
    return f"http://[{host}]:{config.port}" if ":" in host else f"http://{host}:{config.port}"


def _parser() -> argparse.ArgumentParser:
    commands = (serve, analyze, keys, submit, watch, store, healthcheck)
    return parser({command.__name__: command for command in commands})


def _forget_secrets() -> None:
    """The browser and the processes that read strangers' pages inherit the environment: not with this in it."""
    for setting in SETTINGS:
        if setting.secret:
            os.environ.pop(setting.name, None)
            os.environ.pop(PREFIX + setting.name, None)


def _secrets_to_mask(config: Config) -> list[str]:
    """What no log may hold. A secret that everybody knows, or a word, would only make the log hard to read."""
    return [secret for secret in (*config.cliq_secret, config.client_key) if len(secret.encode()) >= SHORTEST]


def _welcome(address: str, config: Config) -> str:
    secret = DEFAULT_SECRET if config.cliq_secret == (DEFAULT_SECRET,) else "<your secret>"
    unix = address.removeprefix("unix:") if address.startswith("unix:") else ""
    curl, url = (f"curl --unix-socket {shlex.quote(unix)}", "http://localhost") if unix else ("curl", address)
    return f"""jobserver {__version__} is listening on {address}

Queue a page:
  {curl} -X POST {url}/analyze -H "x-cliq-signature: {secret}" \\
    -H "Content-Type: application/json" -d '{{"url":"https://example.com"}}'

Then ask for its components, with the jobId of the answer:
  {curl} "{url}/result/JOB_ID?wait=30" -H "x-cliq-signature: {secret}"
"""
