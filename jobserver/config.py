"""Every setting in one table, and the frozen values a server is built from."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobserver.errors import BadSetting

PREFIX = "JOBSERVER_"
DEFAULT_SECRET = "testsecret"  # noqa: S105 - the published default of the old examples; refused beyond loopback

# What Kubernetes sets in the pods beside a Service called jobserver, next to JOBSERVER_PORT=tcp://address:port.
_OF_A_SERVICE = (f"{PREFIX}SERVICE_", f"{PREFIX}PORT_")

# One word as a shell reads it, in quotes, escaped or plain, and perhaps a comment after it.
_SHELL_WORD = re.compile(r"""((?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+)(?:\s+#.*)?""")


@dataclass(frozen=True, slots=True)
class Setting:
    """One row: ``name`` in the environment, ``default`` and ``unit`` for people, ``help`` in one sentence.

    ``read`` makes the value from text and raises ValueError; ``field`` is its name in `Config`.
    """

    name: str
    default: str
    unit: str
    help: str
    read: Callable[[str], Any]

    @property
    def field(self) -> str:
        """Its attribute of `Config`."""
        return self.name.lower()


def _switch(text: str) -> bool:
    words = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    try:
        return words[text.strip().lower() or "false"]
    except KeyError:
        raise ValueError("say true or false") from None


def _number(
    low: float, high: float, kind: Callable[[str], float] = float, noun: str = "a number"
) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise ValueError(f"it must be {noun} from {low:g} to {high:g}")
        return value

    return read


def _whole(low: int, high: int) -> Callable[[str], float]:
    return _number(low, high, int, "a whole number")


def read_port(text: str) -> int:
    """A port to listen on; raises ValueError."""
    return int(_whole(0, 65535)(text))


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if (word := text.strip().lower()) not in words:
            raise ValueError(f"it must be one of {', '.join(words)}")
        return word

    return read


def _http_status(text: str) -> int:
    return int(_one_of("200", "400")(text))


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _text(text: str) -> str:
    return text.strip()


SETTINGS: tuple[Setting, ...] = (
    Setting("HOST", "127.0.0.1; 0.0.0.0 when RENDER is set", "", "Address to listen on.", _text),
    Setting("PORT", "3000", "", "Port to listen on; 0 lets the system choose one.", read_port),
    Setting("CLIQ_SECRET", DEFAULT_SECRET, "", "Shared secret of callers, at least 16 bytes beyond this machine; "
            "several with commas between for rotation, the newest first.", _list),
    Setting("STRICT_HMAC", "false", "", "Accept signatures with a timestamp only.", _switch),
    Setting("ALLOW_UNSIGNED", "false", "", "Admit requests that carry no signature at all.", _switch),
    Setting("ENFORCE_ALLOWLIST", "false", "", "Analyze pages of ALLOWED_DOMAINS only.", _switch),
    Setting("ALLOWED_DOMAINS", "", "", "Domains that may be analyzed, subdomains included, commas between.", _text),
    Setting("ALLOW_PRIVATE_TARGETS", "", "", "host:port pairs of private networks that may be analyzed, for "
            "local work and tests.", _text),
    Setting("CONCURRENCY", "1", "jobs", "Jobs that run at the same time.", _whole(1, 256)),
    Setting("JOB_TTL", "3600", "seconds", "How long a job can be read after its end.", _number(1, 31_536_000)),
    Setting("CLEANUP_INTERVAL", "300", "seconds", "How late at most a job is forgotten.", _number(0.1, 86_400)),
    Setting("MAX_QUEUE", "100000", "jobs", "Unfinished jobs; beyond it answers 503.", _whole(1, 10_000_000)),
    Setting("MAX_STORE_BYTES", "256000000", "bytes", "Memory for jobs and results; the oldest finished "
            "jobs go early when it runs short.", _whole(1_000_000, 1 << 40)),
    Setting("MAX_RESULT_BYTES", "8000000", "bytes", "The largest result that is kept: at most half of MAX_STORE_BYTES.",
            _whole(1_000, 64_000_000)),
    Setting("MAX_BODY_BYTES", "300000", "bytes", "The largest request body.", _whole(1_000, 64_000_000)),
    Setting("ANALYZE_TIMEOUT", "60", "seconds", "Time limit of one attempt to analyze a page.", _number(1, 3_600)),
    Setting("ANALYZE_ATTEMPTS", "2", "attempts", "How often a page is tried in all.", _whole(1, 20)),
    Setting("ANALYZE_ENGINE", "auto", "", "browser, static, or auto: the browser where one is found.",
            _one_of("auto", "browser", "static")),
    Setting("MAX_COMPONENTS", "80", "components", "Components of a page, at most.", _whole(1, 500)),
    Setting("MAX_PAGE_BYTES", "32000000", "bytes", "A page and all it loads, at most.", _whole(10_000, 1 << 30)),
    Setting("CHROMIUM_PATH", "", "", "The browser; empty looks for chromium-headless-shell and chromium.", _text),
    Setting("BROWSER_IDLE", "60", "seconds", "How long an unused browser stays open.", _number(0, 86_400)),
    Setting("LEGACY_FAILED_STATUS", "200", "", "HTTP status of a failed job's poll: 200, or 400 as very old clients "
            "expect.", _http_status),
    Setting("SHUTDOWN_GRACE", "20", "seconds", "Time running jobs have to end at a stop.", _number(0, 3_600)),
    Setting("LOG_LEVEL", "info", "", "debug, info, warning or error.", _one_of("debug", "info", "warning", "error")),
    Setting("RENDER", "false", "", "Set by Render: listen on all addresses.", _switch),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Config:
    """The values, one field per row of SETTINGS."""

    host: str = "127.0.0.1"
    port: int = 3000
    cliq_secret: tuple[str, ...] = (DEFAULT_SECRET,)
    strict_hmac: bool = False
    allow_unsigned: bool = False
    enforce_allowlist: bool = False
    allowed_domains: str = ""
    allow_private_targets: str = ""
    concurrency: int = 1
    job_ttl: float = 3600
    cleanup_interval: float = 300
    max_queue: int = 100_000
    max_store_bytes: int = 256_000_000
    max_result_bytes: int = 8_000_000
    max_body_bytes: int = 300_000
    analyze_timeout: float = 60
    analyze_attempts: int = 2
    analyze_engine: str = "auto"
    max_components: int = 80
    max_page_bytes: int = 32_000_000
    chromium_path: str = ""
    browser_idle: float = 60
    legacy_failed_status: int = 200
    shutdown_grace: float = 20
    log_level: str = "info"
    render: bool = False


def load(environment: Mapping[str, str]) -> Config:
    """Read the settings. ``JOBSERVER_PORT`` is the same as ``PORT`` and wins.

    What Kubernetes says of a Service called jobserver, under names that begin like ours, is passed over.
    Raises BadSetting, with a suggestion, for a ``JOBSERVER_…`` name that is none, for a value that cannot be read and
    for values that cannot go together.
    """
    _check_names(environment)
    values = {setting.field: _read(setting, text) for setting in SETTINGS if (text := _find(setting, environment))}
    if "CLIQ_SECRET" in environment or PREFIX + "CLIQ_SECRET" in environment:
        values.setdefault("cliq_secret", ())  # set but empty: never the published default
    if values.get("render"):
        values.setdefault("host", "0.0.0.0")  # noqa: S104 - Render routes to it
    return _checked(Config(**values))


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


def _find(setting: Setting, environment: Mapping[str, str]) -> str:
    ours = environment.get(PREFIX + setting.name, "")
    if setting.name == "PORT" and ours.startswith("tcp://"):
        ours = ""  # Kubernetes
    return ours or environment.get(setting.name, "")


def _checked(config: Config) -> Config:
    """``config``, if its values go together: one result never takes the room of all the others."""
    if config.max_result_bytes > config.max_store_bytes / 2:
        raise BadSetting("MAX_RESULT_BYTES must be at most half of MAX_STORE_BYTES.")
    return config


def _read(setting: Setting, text: str) -> Any:
    try:
        return setting.read(text)
    except ValueError as error:
        # The value itself is not repeated: it may be a secret in the wrong place.
        raise BadSetting(f"{setting.name} cannot be used: {error}.") from None


def _check_names(environment: Mapping[str, str]) -> None:
    known = [PREFIX + setting.name for setting in SETTINGS]
    for name in environment:
        if name.startswith(PREFIX) and not name.startswith(_OF_A_SERVICE) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise BadSetting(f"There is no setting {name}.{hint}")
