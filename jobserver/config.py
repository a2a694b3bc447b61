"""Every setting in one table, and the frozen values a server is built from."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
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

    ``read`` makes the value from text and raises ValueError; ``field`` is its name in `Config`. ``secret``: nobody is
    shown its value.
    """

    name: str
    default: str
    unit: str
    help: str
    read: Callable[[str], Any]
    secret: bool = False

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


def _permissions(text: str) -> int:
    if not re.fullmatch("0?[0-7]{3}", text.strip()):
        raise ValueError("say it as chmod does: 600, 660, 666")
    return int(text, 8)


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _text(text: str) -> str:
    return text.strip()


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One queue of QUEUES; None is what the server's other settings and its handlers say.

    ``concurrency``: jobs that run at a time, 0 for no limit. ``keep``: seconds an ended job stays. ``keep_count``:
    ended jobs kept at most, 0 for any number.
    """

    name: str
    concurrency: int | None = None
    keep: float | None = None
    keep_count: int | None = None

    def __str__(self) -> str:
        """As it is written in the setting."""
        said = (("concurrency", self.concurrency), ("keep", self.keep), ("keepCount", self.keep_count))
        terms = ",".join(f"{name}={value:g}" for name, value in said if value is not None)
        return f"{self.name}:{terms}" if terms else self.name


def _queues(text: str) -> tuple[QueueRow, ...]:
    rows = [_queue(part.strip()) for part in text.split(";") if part.strip()]
    if len({row.name for row in rows}) < len(rows):
        raise ValueError("it names a queue twice")
    return tuple(rows)


def _queue(text: str) -> QueueRow:
    name, _, terms = text.partition(":")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name.strip()):
        raise ValueError("a queue's name is 1 to 100 letters, digits, dots, dashes and underscores")
    values: dict[str, Any] = {}
    for term in _list(terms):
        word, _, value = term.partition("=")
        if word.strip() not in _QUEUE_TERMS:
            raise ValueError(f"a queue has {', '.join(_QUEUE_TERMS)}; write name:concurrency=2,keep=600; other:…")
        field, read = _QUEUE_TERMS[word.strip()]
        values[field] = read(value.strip())
    return QueueRow(name.strip(), **values)


_QUEUE_TERMS: dict[str, tuple[str, Callable[[str], float]]] = {
    "concurrency": ("concurrency", _whole(0, 1_000)),
    "keep": ("keep", _number(1, 31_536_000)),
    "keepCount": ("keep_count", _whole(0, 10_000_000)),
}


def _maybe(text: str) -> bool | None:
    return None if text.strip().lower() == "auto" else _switch(text)


SETTINGS: tuple[Setting, ...] = (
    Setting("HOST", "127.0.0.1; 0.0.0.0 when RENDER is set", "", "Address to listen on.", _text),
    Setting("PORT", "3000", "", "Port to listen on; 0 lets the system choose one.", read_port),
    Setting("UNIX_SOCKET", "", "", "Path of a unix socket to listen on instead.", _text),
    Setting("UNIX_SOCKET_MODE", "600", "octal", "Permissions of that socket: 660 lets its group in.", _permissions),
    Setting("CLIQ_SECRET", DEFAULT_SECRET, "", "Shared secret of callers, at least 16 bytes beyond this machine; "
            "several with commas between for rotation, the newest first.", _list, secret=True),
    Setting("API_KEYS", "", "", "API keys there are from the start, commas between: what `jobserver keys hash` "
            "prints, which is a hash of each and no secret.", _text, secret=True),
    Setting("STRICT_HMAC", "false", "", "Accept signatures with a timestamp only.", _switch),
    Setting("ALLOW_UNSIGNED", "false", "", "Admit requests that carry no signature at all.", _switch),
    Setting("ENFORCE_ALLOWLIST", "false", "", "Analyze pages of ALLOWED_DOMAINS only.", _switch),
    Setting("ALLOWED_DOMAINS", "", "", "Domains that may be analyzed, subdomains included, commas between.", _text),
    Setting("ALLOW_PRIVATE_TARGETS", "", "", "host:port pairs of private networks that may be analyzed, for "
            "local work and tests.", _text),
    Setting("HANDLERS", "", "", "Modules with job handlers, as module or module:attribute, commas between.", _list),
    Setting("DEMO", "auto", "", "Whether there are the demo kinds echo, sleep, fail and progress; auto: while only "
            "this machine can reach the server.", _maybe),
    Setting("CONCURRENCY", "1", "jobs", "Jobs of one queue that run at the same time, where neither QUEUES nor a "
            "handler says so.", _whole(1, 256)),
    Setting("QUEUES", "", "", "Queues and their terms, which win over their handlers': "
            "images:concurrency=2,keep=600,keepCount=100; mail:concurrency=10.", _queues),
    Setting("JOB_TTL", "3600", "seconds", "How long a job can be read after its end.", _number(1, 31_536_000)),
    Setting("CLEANUP_INTERVAL", "300", "seconds", "How late at most a job is forgotten.", _number(0.1, 86_400)),
    Setting("MAX_QUEUE", "100000", "jobs", "Unfinished jobs; beyond it answers 503.", _whole(1, 10_000_000)),
    Setting("MAX_STORE_BYTES", "256000000", "bytes", "Memory for jobs and results; the oldest finished "
            "jobs go early when it runs short.", _whole(1_000_000, 1 << 40)),
    Setting("MAX_RESULT_BYTES", "8000000", "bytes", "The largest result that is kept: at most half of MAX_STORE_BYTES.",
            _whole(1_000, 64_000_000)),
    Setting("MAX_BODY_BYTES", "300000", "bytes", "The largest request body.", _whole(1_000, 64_000_000)),
    Setting("MAX_BODIES_BYTES", "64000000", "bytes", "Memory for the bodies of all requests that are open; one "
            "caller gets a quarter of it.", _whole(1_000_000, 1 << 40)),
    Setting("MAX_OPEN_REQUESTS", "2000", "requests", "Requests of one owner that are open at once, streams and "
            "long polls among them; beyond it answers 429.", _whole(1, 1_000_000)),
    Setting("MAX_STREAMS", "4000", "streams", "Event streams, WebSockets and long polls of events that are open at "
            "once; beyond it answers 429.", _whole(1, 1_000_000)),
    Setting("MAX_STREAMS_PER_OWNER", "1000", "streams", "The same of one owner.", _whole(1, 1_000_000)),
    Setting("RATE_LIMIT", "0", "requests a minute", "What one address may ask; beyond it answers 429. 0 is no limit.",
            _whole(0, 1_000_000)),
    Setting("KEY_RATE_LIMIT", "0", "requests a minute", "What one API key without a rate of its own may ask; 0 is no "
            "limit.", _whole(0, 1_000_000)),
    Setting("TRUSTED_PROXIES", "", "", "Networks of proxies whose X-Forwarded-For is believed, commas between: "
            "10.0.0.0/8, or loopback.", _list),
    Setting("CORS_ORIGINS", "", "", "Origins whose web pages may call, commas between: https://app.example.com, or *.",
            _list),
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
    Setting("SERVER_URL", "", "", "The server that submit and watch talk to, as http://host:port/path or unix:/path; "
            "empty is one on this machine with these settings.", _text),
    Setting("CLIENT_KEY", "", "", "API key of submit and watch; CLIQ_SECRET without it.", _text, secret=True),
    Setting("LOG_LEVEL", "info", "", "debug, info, warning or error.", _one_of("debug", "info", "warning", "error")),
    Setting("LOG_FORMAT", "text", "", "text, or json: one object a line.", _one_of("text", "json")),
    Setting("ACCESS_LOG", "false", "", "Log every answer.", _switch),
    Setting("METRICS_PUBLIC", "false", "", "Let everybody read /metrics.", _switch),
    Setting("RENDER", "false", "", "Set by Render: listen on all addresses.", _switch),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Config:
    """The values, one field per row of SETTINGS."""

    host: str = "127.0.0.1"
    port: int = 3000
    unix_socket: str = ""
    unix_socket_mode: int = 0o600
    cliq_secret: tuple[str, ...] = (DEFAULT_SECRET,)
    api_keys: str = ""
    strict_hmac: bool = False
    allow_unsigned: bool = False
    enforce_allowlist: bool = False
    allowed_domains: str = ""
    allow_private_targets: str = ""
    handlers: tuple[str, ...] = ()
    demo: bool | None = None
    concurrency: int = 1
    queues: tuple[QueueRow, ...] = ()
    job_ttl: float = 3600
    cleanup_interval: float = 300
    max_queue: int = 100_000
    max_store_bytes: int = 256_000_000
    max_result_bytes: int = 8_000_000
    max_body_bytes: int = 300_000
    max_bodies_bytes: int = 64_000_000
    max_open_requests: int = 2_000
    max_streams: int = 4_000
    max_streams_per_owner: int = 1_000
    rate_limit: int = 0
    key_rate_limit: int = 0
    trusted_proxies: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    analyze_timeout: float = 60
    analyze_attempts: int = 2
    analyze_engine: str = "auto"
    max_components: int = 80
    max_page_bytes: int = 32_000_000
    chromium_path: str = ""
    browser_idle: float = 60
    legacy_failed_status: int = 200
    shutdown_grace: float = 20
    server_url: str = ""
    client_key: str = ""
    log_level: str = "info"
    log_format: str = "text"
    access_log: bool = False
    metrics_public: bool = False
    render: bool = False


def shown(config: Config) -> dict[str, object]:
    """The settings in force by name, for operators: of a secret only whether there is one.

    >>> shown(Config())["PORT"], shown(Config())["CLIQ_SECRET"]
    (3000, '***')
    """
    return {setting.name: _shown(setting, getattr(config, setting.field)) for setting in SETTINGS}


def _shown(setting: Setting, value: object) -> object:
    if value and isinstance(value, tuple) and isinstance(value[0], QueueRow):
        return [str(row) for row in value]
    return "***" if setting.secret and value else value


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


def configured(base: Config, values: Mapping[str, object]) -> Config:
    """``base`` with ``values`` in their place, by the names of its fields; each is read as its setting's text is.

    Raises BadSetting as `load` does.

    >>> configured(Config(), {"concurrency": 4, "allow_unsigned": True}).concurrency
    4
    """
    by_field = {setting.field: setting for setting in SETTINGS}
    for name in values.keys() - by_field.keys():
        near = difflib.get_close_matches(name, by_field, n=1)
        raise BadSetting(f"There is no setting {name}." + (f" Did you mean {near[0]}?" if near else ""))
    read = {name: _read(by_field[name], _as_text(by_field[name], value)) for name, value in values.items()}
    return _checked(replace(base, **read))


def _as_text(setting: Setting, value: object) -> str:
    if value is None:
        return "auto"
    if isinstance(value, list | tuple) and any(isinstance(each, QueueRow) for each in value):
        return ";".join(map(str, value))
    if setting.unit == "octal" and isinstance(value, int):
        return f"{value:o}"  # 0o660 is the number that 660 stands for
    return ",".join(map(str, value)) if isinstance(value, list | tuple | set | frozenset) else str(value)


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
