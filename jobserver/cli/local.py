"""One extraction on this machine, written to files."""

from __future__ import annotations

import json
import re
import secrets
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from jobserver.config import Config
from jobserver.egress.gate import Gate
from jobserver.egress.policy import DEFAULT_PORTS, UrlPolicy, parse_private_targets
from jobserver.egress.refusals import Refusals
from jobserver.egress.resolver import Resolver
from jobserver.errors import BadSetting, JobserverError, UrlRefused
from jobserver.extract.browser.choice import find_browser, open_browser
from jobserver.extract.browser.chromium import Chromium
from jobserver.extract.browser.flags import heap_limit
from jobserver.extract.browser.keeper import BrowserKeeper
from jobserver.extract.model import Extraction, Format, Request, Verify
from jobserver.extract.preview import Fonts, Pictures, fonts_in, pictures_in, preview_page
from jobserver.extract.run import extract
from jobserver.logs import visible

_BAR = 30
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.ASCII | re.IGNORECASE)


async def analyze(
    config: Config,
    url: str,
    directory: Path,
    *,
    engine: str | None = None,
    flavour: Format = "jsx",
    verify: Verify = "sample",
) -> list[Path]:
    """Extract the components of ``url`` into ``directory``; the paths of the four files written.

    Raises what `extract` does, BadSetting when the browser is asked for and there is none, and JobserverError when
    ``directory`` cannot be written to.
    """
    url = _with_scheme(url.strip())
    policy = _trusting(url)
    request = Request(
        policy.check(url).url,
        max_components=config.max_components,
        max_page_bytes=config.max_page_bytes,
        max_result_bytes=config.max_result_bytes,
        format=flavour,
        verify=verify,
    )
    _make(directory)
    kept: list[tuple[str, str, bytes]] = []
    gate = Gate(policy, Resolver())
    try:
        async with _browser(config, engine or config.analyze_engine) as (address, warnings):
            extraction = await extract(
                request, gate, _show_progress, browser=address, warnings=warnings, keep=lambda *file: kept.append(file)
            )
    finally:
        _show_refusals(gate.refusals)
    _show_outcome(extraction)
    return _write(extraction, pictures_in(kept), fonts_in(extraction, kept), directory)


@asynccontextmanager
async def _browser(config: Config, engine: str) -> AsyncIterator[tuple[str | None, tuple[str, ...]]]:
    program = find_browser(config.chromium_path)
    if program is None:
        if engine == "browser":
            raise BadSetting("No Chromium was found: install chromium-headless-shell or set CHROMIUM_PATH.")
        yield None, ()
        return
    flags = (heap_limit(config.browser_memory),)
    keeper = BrowserKeeper(lambda: Chromium(program, flags=flags), memory=config.browser_memory)
    try:
        async with AsyncExitStack() as stack:
            yield await open_browser(keeper, engine, stack)
    finally:
        await keeper.close()


def _with_scheme(url: str) -> str:
    """``url`` as people type it, with ``http://`` where pages seldom have a certificate, and ``https://`` elsewhere."""
    if _SCHEME.match(url):
        return url
    try:
        parts = urlsplit(f"//{url}")
        plain = _is_nearby(parts.hostname or "", has_port=parts.port is not None)
    except ValueError:
        raise UrlRefused(url=url) from None
    return f"http://{url}" if plain else f"https://{url}"


def _is_nearby(host: str, *, has_port: bool) -> bool:
    """Whether ``host`` is this machine, an address that is not public, or a local name with a port of its own."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith(".localhost") or (has_port and "." not in host)


def _trusting(url: str) -> UrlPolicy:
    """Whoever types a command on this machine may visit what this machine may: the address named is let in as it is."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS[parts.scheme]
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return UrlPolicy(private_targets=parse_private_targets(f"{host}:{port}"))
    except (KeyError, ValueError):
        raise UrlRefused(url=url) from None


def _make(directory: Path) -> None:
    with _writing_to(directory):
        directory.mkdir(parents=True, exist_ok=True)


@contextmanager
def _writing_to(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise JobserverError(f"Cannot write to {directory}: {error.strerror}.") from error


def _write(extraction: Extraction, pictures: Pictures, fonts: Fonts, directory: Path) -> list[Path]:
    files = {
        "components.json": json.dumps(extraction, indent=2, ensure_ascii=False),
        "styles.css": extraction["cssFile"],
        f"Components.{extraction['format']}": extraction["reactFile"],
        "preview.html": preview_page(extraction, nonce=secrets.token_urlsafe(16), pictures=pictures, fonts=fonts),
    }
    with _writing_to(directory):
        for name, text in files.items():
            (directory / name).write_text(text, encoding="utf-8")
    return [directory / name for name in files]


def _show_refusals(refusals: Refusals) -> None:
    for line in refusals.lines():
        print(line, file=sys.stderr)


def _show_outcome(extraction: Extraction) -> None:
    print(f"Components: {extraction['componentCount']}, read by the {extraction['engine']} engine.", file=sys.stderr)
    for warning in extraction["warnings"]:
        print(f"Warning: {visible(warning)}", file=sys.stderr)


def _show_progress(fraction: float, step: str) -> None:
    if sys.stderr.isatty():
        done = round(fraction * _BAR)
        end = "\n" if fraction >= 1 else ""
        bar = "#" * done + "." * (_BAR - done)
        print(f"\r[{bar}] {fraction:4.0%} {visible(step):40.40}", end=end, file=sys.stderr, flush=True)
