"""The ``jobserver`` command. Each subcommand imports what it needs: a health check runs every half minute."""

from __future__ import annotations

import argparse
import asyncio
import http.client
import logging
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jobserver import __version__
from jobserver.config import DEFAULT_SECRET, PREFIX, SETTINGS, Config, load, read_env_file, read_port
from jobserver.errors import JobserverError, StartupError

_HEALTH_WITHIN = 5.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0 fine, 1 failed, 2 wrongly called."""
    options = _parser().parse_args(arguments)
    try:
        config = load(read_env_file(Path(".env")) | dict(os.environ))
        _forget_secrets()
        _log_to_stderr(config)
        return int(options.run(config, options))
    except StartupError as error:
        print(f"jobserver: {error.message}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def serve(config: Config, options: argparse.Namespace) -> int:
    """``jobserver serve``: run the server until it is told to stop."""
    from jobserver import server

    config = replace(config, host=options.host or config.host)
    if options.port is not None:
        config = replace(config, port=options.port)
    return asyncio.run(server.serve(config, lambda address: print(_welcome(address, config), flush=True)))


def analyze(config: Config, options: argparse.Namespace) -> int:
    """``jobserver analyze URL``: one extraction, without a server."""
    from jobserver import local

    for number in (signal.SIGTERM, signal.SIGHUP):  # as on Ctrl-C, the browser is closed and cleared away
        signal.signal(number, signal.default_int_handler)
    try:
        written = asyncio.run(local.analyze(config, options.url, options.output, engine=options.engine))
    except JobserverError as error:
        print(f"jobserver: {error.message}", file=sys.stderr)
        return 1
    print("\n".join(str(path) for path in written))
    return 0


def healthcheck(config: Config, _: argparse.Namespace) -> int:
    """``jobserver healthcheck``: whether the server on this machine answers."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config.host, config.host)  # noqa: S104 - what it listens on
    connection = http.client.HTTPConnection(host, config.port, timeout=_HEALTH_WITHIN)
    try:
        connection.request("GET", "/health")
        status = connection.getresponse().status
    except (OSError, UnicodeError, http.client.HTTPException) as error:
        reason = "it does not speak HTTP" if isinstance(error, http.client.HTTPException) else error
        print(f"jobserver: no answer from {host}, port {config.port}: {reason}", file=sys.stderr)
        return 1
    finally:
        connection.close()
    return 0 if status == http.client.OK else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jobserver", description="A job server that is one process.", formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_serve(commands)
    _add_analyze(commands)
    command = commands.add_parser("healthcheck", help="ask the server on this machine whether it answers")
    command.set_defaults(run=healthcheck)
    return parser


def _add_serve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "serve", help="run the server", epilog=_settings_help(), formatter_class=argparse.RawTextHelpFormatter
    )
    command.add_argument("--host", help="address to listen on; wins over HOST")
    command.add_argument("--port", type=_port, help="port to listen on; wins over PORT")
    command.set_defaults(run=serve)


def _add_analyze(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("analyze", help="extract one page's components, without a server")
    command.add_argument("url", help="the page; it may be on a private network, since you name it yourself")
    command.add_argument("-o", "--output", type=Path, default=Path(), metavar="DIR", help="where to write the files")
    command.add_argument("--engine", choices=("auto", "browser", "static"), default=None, help="how to read the page")
    command.set_defaults(run=analyze)


def _port(text: str) -> int:
    try:
        return read_port(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _settings_help() -> str:
    rows = [f"  {setting.name:22} {setting.help}{_default(setting.default, setting.unit)}" for setting in SETTINGS]
    return "settings, from the environment or a .env file (JOBSERVER_ may stand before each name):\n" + "\n".join(rows)


def _default(default: str, unit: str) -> str:
    return f" ({default}{' ' + unit if unit else ''})" if default else ""


def _forget_secrets() -> None:
    """The browser and the processes that read strangers' pages inherit the environment: not with this in it."""
    for name in ("CLIQ_SECRET", f"{PREFIX}CLIQ_SECRET"):
        os.environ.pop(name, None)


def _log_to_stderr(config: Config) -> None:
    logging.basicConfig(
        level=config.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )


def _welcome(address: str, config: Config) -> str:
    secret = DEFAULT_SECRET if config.cliq_secret == (DEFAULT_SECRET,) else "<your secret>"
    return f"""jobserver {__version__} is listening on {address}

Queue a page:
  curl -X POST {address}/analyze -H "x-cliq-signature: {secret}" \\
    -H "Content-Type: application/json" -d '{{"url":"https://example.com"}}'

Then ask for its components, with the jobId of the answer:
  curl "{address}/result/JOB_ID?wait=30" -H "x-cliq-signature: {secret}"
"""
