"""Settings from a ``.env`` file."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from jobserver.errors import BadSetting

# One word as a shell reads it, in quotes, escaped or plain, and perhaps a comment after it.
_SHELL_WORD = re.compile(r"""((?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+)(?:\s+#.*)?""")


def read_env_file(path: Path) -> dict[str, str]:
    r"""``NAME=value`` lines of a ``.env`` file, comments and ``export`` as in shells. {} without a file.

    A value that begins with a quote is one word of a shell, in which nothing is expanded: ``"a\"b"`` is ``a"b``. Any
    other stands as it is up to a ``#`` after white space, apostrophes, quotes and backslashes included: ``it's`` is
    ``it's``. Raises BadSetting for a file or a line that cannot be read.
    """
    values: dict[str, str] = {}
    for number, line in enumerate(_lines(path), 1):
        try:
            values |= _assignment(line)
        except ValueError as error:
            raise BadSetting(f"{path}, line {number}: {error}.") from None
    return values


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines() if path.is_file() else []
    except UnicodeDecodeError:
        raise BadSetting(f"{path} is not UTF-8.") from None
    except OSError as error:
        raise BadSetting(f"{path} cannot be read: {error.strerror}.") from None


def _assignment(line: str) -> dict[str, str]:
    text = line.strip().removeprefix("export ").strip()
    if not text or text.startswith("#"):
        return {}
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError("expected NAME=value")
    return {name.strip(): _unquote(value)}


def _unquote(value: str) -> str:
    text = value.strip()
    if not text.startswith(("'", '"')):
        return re.split(r"\s#", value, maxsplit=1)[0].strip()
    word = _SHELL_WORD.fullmatch(text)
    if word is None:
        raise ValueError("a value that begins with a quote must end with one, and have \\ before those inside it")
    return shlex.split(word[1])[0]
