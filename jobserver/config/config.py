"""The frozen values a server is built from."""

from __future__ import annotations

from dataclasses import dataclass

from jobserver.config.queues import QueueRow
from jobserver.config.settings import DEFAULT_SECRET, SETTINGS, Setting
from jobserver.config.stores import MEMORY


@dataclass(frozen=True, slots=True)
class Config:
    """The values, one field per row of SETTINGS."""

    host: str = "127.0.0.1"
    port: int = 3000
    unix_socket: str = ""
    unix_socket_mode: int = 0o600
    cliq_secret: tuple[str, ...] = (DEFAULT_SECRET,)
    api_keys: str = ""
    cliq_public_key: str = ""
    strict_hmac: bool = False
    allow_unsigned: bool = False
    enforce_allowlist: bool = False
    allowed_domains: str = ""
    allow_private_targets: str = ""
    handlers: tuple[str, ...] = ()
    demo: bool | None = None
    concurrency: int = 1
    queues: tuple[QueueRow, ...] = ()
    store: str = MEMORY
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
    max_connections: int = 10_000
    max_connections_per_address: int = 2_000
    header_timeout: float = 15
    body_timeout: float = 30
    rate_limit: int = 0
    key_rate_limit: int = 0
    trusted_proxies: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    analyze_timeout: float = 60
    analyze_attempts: int = 2
    analyze_engine: str = "auto"
    max_components: int = 80
    max_page_bytes: int = 32_000_000
    host_concurrency: int = 4
    host_delay: float = 0
    reuse_bytes: int = 32_000_000
    chromium_path: str = ""
    browser_idle: float = 60
    browser_memory: int = 1_500_000_000
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
