"""What the ``jobserver`` command can be told."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobserver import __version__
from jobserver.config import SETTINGS, Config, read_port

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - it has no public name

Run = Callable[[Config, argparse.Namespace], int]
"""A subcommand: returns its exit status."""


def parser(runs: Mapping[str, Run]) -> argparse.ArgumentParser:
    """The command's arguments. ``runs``: subcommand → what `run` is set to by its name."""
    parser = argparse.ArgumentParser(
        prog="jobserver", description="A job server that is one process.", formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_serve(commands, runs["serve"])
    _add_analyze(commands, runs["analyze"])
    _add_keys(commands, runs["keys"])
    _add_submit(commands, runs["submit"])
    _add_watch(commands, runs["watch"])
    _add_store(commands, runs["store"])
    command = commands.add_parser("healthcheck", help="ask the server on this machine whether it answers")
    command.add_argument("--unix", metavar="PATH", help="its unix socket; wins over UNIX_SOCKET")
    command.set_defaults(run=runs["healthcheck"])
    return parser


def _add_serve(commands: Commands, run: Run) -> None:
    command = commands.add_parser(
        "serve", help="run the server", epilog=_settings_help(), formatter_class=argparse.RawTextHelpFormatter
    )
    command.add_argument("--host", help="address to listen on; wins over HOST")
    command.add_argument("--port", type=_port, help="port to listen on; wins over PORT")
    command.add_argument("--unix", metavar="PATH", help="unix socket to listen on instead; wins over UNIX_SOCKET")
    command.add_argument(
        "--handlers",
        action="append",
        default=[],
        metavar="MODULE[:ATTRIBUTE]",
        help="a module with job handlers, beside those of HANDLERS; may be repeated",
    )
    command.set_defaults(run=run)


def _add_analyze(commands: Commands, run: Run) -> None:
    command = commands.add_parser("analyze", help="extract one page's components, without a server")
    command.add_argument("url", help="the page; it may be on a private network, since you name it yourself")
    command.add_argument("-o", "--output", type=Path, default=Path(), metavar="DIR", help="where to write the files")
    command.add_argument("--engine", choices=("auto", "browser", "static"), default=None, help="how to read the page")
    command.add_argument("--format", choices=("jsx", "tsx"), default="jsx", help="React as JavaScript or as TypeScript")
    command.add_argument(
        "--verify",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="compare every component with the page, or none; some of them without it",
    )
    command.set_defaults(run=run)


def _add_keys(commands: Commands, run: Run) -> None:
    command = commands.add_parser("keys", help="make, list and revoke API keys")
    actions = command.add_subparsers(title="actions", required=True, metavar="ACTION", dest="action")
    create = actions.add_parser("create", help="make a key of a running server and print its token, this once")
    hashed = actions.add_parser("hash", help="make a key without a server: its token, and its entry for API_KEYS")
    for each in (create, hashed):
        each.add_argument("--owner", required=True, help="whose jobs it makes and sees")
        each.add_argument("--scopes", required=True, type=_words, help="submit,read,cancel,manage: what it may do")
        each.add_argument("--rate", type=int, help="requests a minute")
        each.add_argument("--quota", type=int, help="unfinished jobs its owner may have")
    create.add_argument("--name", help="what it is for")
    create.add_argument("--expires-in", type=float, metavar="SECONDS", help="how long it opens anything")
    listed = actions.add_parser("list", help="show every key of a running server")
    revoked = actions.add_parser("revoke", help="take a key back")
    revoked.add_argument("key_id", metavar="ID", help="as list shows it")
    for each in (create, listed, revoked):
        each.add_argument("--url", help="the server, http://host:port or unix:/path; wins over SERVER_URL")
    command.set_defaults(run=run)


def _add_submit(commands: Commands, run: Run) -> None:
    command = commands.add_parser("submit", help="queue a job of a running server and print its id")
    command.add_argument("kind", help="what kind of job")
    command.add_argument("--args", type=_json_object, default={}, metavar="JSON", help="its arguments, an object")
    command.add_argument("--wait", action="store_true", help="watch it, and print its result instead of its id")
    command.add_argument("--queue", help="where it waits")
    command.add_argument("--priority", type=int, help="higher runs first; 0 without it")
    command.add_argument("--delay", type=float, metavar="SECONDS", help="not before then")
    command.add_argument("--tag", dest="tags", action="append", help="a word to find it by; may be given often")
    _add_url(command)
    command.set_defaults(run=run)


def _add_watch(commands: Commands, run: Run) -> None:
    command = commands.add_parser(
        "watch", help="show how a job comes along, then print its result", epilog="exits with 1 unless the job is done"
    )
    command.add_argument("job_id", metavar="JOB_ID")
    _add_url(command)
    command.set_defaults(run=run)


def _add_store(commands: Commands, run: Run) -> None:
    command = commands.add_parser("store", help="check, export or compact the file that jobs are kept in")
    actions = command.add_subparsers(title="actions", required=True, metavar="ACTION", dest="action")
    told = {
        "check": "read all of it and say what is wrong; exits with 1 when something is",
        "export": "print every job as a line of JSON",
        "compact": "give back what forgotten jobs took; no server may be using it",
    }
    for name, text in told.items():
        action = actions.add_parser(name, help=text)
        action.add_argument("file", nargs="?", metavar="FILE", help="the file; that of STORE without it")
    command.set_defaults(run=run)


def _add_url(command: argparse.ArgumentParser) -> None:
    command.add_argument("--url", help="the server, http://host:port or unix:/path; wins over SERVER_URL")


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"it must be JSON: {error}") from None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError("it must be a JSON object")
    return value


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


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
