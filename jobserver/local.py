"""One extraction on this machine, written to files."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from jobserver.config import Config
from jobserver.egress.policy import UrlPolicy, parse_private_targets
from jobserver.errors import BadSetting, UrlRefused
from jobserver.extract.browser.chromium import Chromium, find_chromium
from jobserver.extract.browser.keeper import BrowserKeeper
from jobserver.extract.model import Extraction, Request
from jobserver.extract.preview import preview_page
from jobserver.extract.run import extract

_BAR = 30


async def analyze(config: Config, url: str, directory: Path, *, engine: str | None = None) -> list[Path]:
    """Extract the components of ``url`` into ``directory``; the paths of the four files written.

    Raises what `extract` does, and BadSetting when the browser is asked for and there is none.
    """
    policy = _trusting(url)
    request = Request(
        policy.check(url.strip()).url, max_components=config.max_components, max_page_bytes=config.max_page_bytes
    )
    async with _browser(config, engine or config.analyze_engine) as address:
        extraction = await extract(request, policy, _show_progress, browser=address)
    return _write(extraction, directory)


@asynccontextmanager
async def _browser(config: Config, engine: str) -> AsyncIterator[str | None]:
    path = None if engine == "static" else find_chromium(config.chromium_path or None)
    if path is None:
        if engine == "browser":
            raise BadSetting("No Chromium was found: install chromium-headless-shell or set CHROMIUM_PATH.")
        yield None
        return
    keeper = BrowserKeeper(lambda: Chromium(path))
    try:
        async with keeper.lease() as address:
            yield address
    finally:
        await keeper.close()


def _trusting(url: str) -> UrlPolicy:
    """Whoever types a command on this machine may visit what this machine may: the address named is let in as it is."""
    parts = urlsplit(url.strip())
    try:
        port = parts.port or {"http": 80}.get(parts.scheme, 443)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return UrlPolicy(private_targets=parse_private_targets(f"{host}:{port}"))
    except ValueError:
        raise UrlRefused(url=url) from None


def _write(extraction: Extraction, directory: Path) -> list[Path]:
    directory.mkdir(parents=True, exist_ok=True)
    files = {
        "components.json": json.dumps(extraction, indent=2, ensure_ascii=False),
        "styles.css": extraction["cssFile"],
        "Components.jsx": extraction["reactFile"],
        "preview.html": preview_page(extraction, nonce=secrets.token_urlsafe(16)),
    }
    for name, text in files.items():
        (directory / name).write_text(text, encoding="utf-8")
    return [directory / name for name in files]


def _show_progress(fraction: float, step: str) -> None:
    if sys.stderr.isatty():
        done = round(fraction * _BAR)
        end = "\n" if fraction >= 1 else ""
        bar = "#" * done + "." * (_BAR - done)
        print(f"\r[{bar}] {fraction:4.0%} {step:40.40}", end=end, file=sys.stderr, flush=True)
