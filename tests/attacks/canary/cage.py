"""The canary's cage: run in a network of its own, it lets one page try every way out, of a plain Chromium and of ours.

``python -m tests.attacks.canary.cage DIRECTORY`` prints what was seen as JSON.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from jobserver.extract.browser.cdp import Connection, connect
from jobserver.extract.browser.chromium import Chromium, find_chromium
from tests.attacks.canary import network, ways_out
from tests.attacks.canary.network import NAME, OURS, PUBLIC, Canaries, Flow, Sniffer
from tests.attacks.canary.site import HELD, PublicSite
from tests.attacks.canary.ways_out import DNS_NAMES, DOCUMENTS, TCP_PORTS, UDP_PORTS
from tests.attacks.chromium import running
from tests.process import Process

HOSTS = ["127.0.0.1", "[::1]", "10.0.0.5", "169.254.169.254", "[fd00::5]", NAME]
LISTENING = (80, *TCP_PORTS.values())
_SECRET = "a-secret-of-enough-bytes-for-the-world"

# The page is given more than pages have: any certificate will do, and Chromium's own guard before private addresses is
# off. What holds it back is to be what we built. Flags of the same name: the last one counts.
_GENEROUS = """#!/bin/sh
exec {program} "$@" --ignore-certificate-errors --enable-experimental-web-platform-features \\
  --autoplay-policy=no-user-gesture-required --disable-popup-blocking \\
  --disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,LocalNetworkAccessChecks,{more}
"""
_MORE = "BlockInsecurePrivateNetworkRequests,PrivateNetworkAccessSendPreflights,LocalNetworkAccessChecksWebRTC"


async def cage(directory: Path) -> dict[str, Any]:
    """What was seen: ``control`` of a plain Chromium, ``flags`` of ours on their own, ``confined`` of the server's."""
    network.make(directory)
    tempfile.tempdir = str(directory)
    program = _generous(directory)
    async with PublicSite(HOSTS).open(directory) as site:
        return {
            "control": await _control(directory, program, site),
            "flags": await _flags(program),
            "confined": await _confined(directory, program, site),
        }


async def _control(directory: Path, program: Path, site: PublicSite) -> dict[str, Any]:
    async with Canaries(LISTENING) as canaries:
        with Sniffer() as sniffer:
            profile = f"--user-data-dir={directory}/plain"
            async with running(program, profile) as address, connect(address) as devtools:
                await _show(devtools, f"http://{PUBLIC}/all")
                await _show(devtools, f"https://{PUBLIC}/secure")
                for url in _documents():
                    await _show(devtools, url)
                await _until_quiet(canaries, sniffer)
    flows = sniffer.flows
    arrived = {way for way, _ in canaries.arrived}
    arrived |= {way for way, port in TCP_PORTS.items() if any(f[0] == "tcp" and f[2] == port for f in flows)}
    arrived |= {way for way, port in UDP_PORTS.items() if any(f[0] == "udp" and f[2] == port for f in flows)}
    arrived |= {way for way, name in DNS_NAMES.items() if sniffer.questions[name]}
    return {
        "arrived": sorted(arrived),
        "pairs": len(canaries.arrived),
        "tcp": _sum(flows, "tcp", PUBLIC),
        "udp": _sum(flows, "udp", PUBLIC),
        "dns": sniffer.questions.total(),
    }


async def _flags(program: Path) -> dict[str, Any]:
    """A page that belongs to no visit, and so to no proxy: held back by the flags alone."""
    browser = Chromium(str(program))
    page = base64.b64encode(ways_out.page(HOSTS).encode()).decode()
    async with Canaries(LISTENING) as canaries:
        with Sniffer() as sniffer:
            address = await browser.start()
            async with connect(address) as devtools:
                await _show(devtools, f"data:text/html;base64,{page}")
                await _until_quiet(canaries, sniffer)
            await browser.close()
    leaks = dict(sniffer.flows)
    del leaks["tcp", "127.0.0.1", int(address.split(":")[2].partition("/")[0])]
    return {"leaks": _told(leaks), "connections": canaries.connections, "dns": dict(sniffer.questions)}


def _told(flows: dict[Flow, int]) -> list[str]:
    return sorted(f"{count} times {kind} to {address} port {to}" for (kind, address, to), count in flows.items())


async def _until_quiet(canaries: Canaries, sniffer: Sniffer) -> None:
    """Until nothing new has come for as long as the confined page is given after its last attempt."""
    seen = -1  # waiting is the subject: no event says that no packet will come
    while (now := len(canaries.arrived) + len(sniffer.flows)) > seen:
        seen = now
        await asyncio.sleep(HELD)  # no event says that no packet will come


async def _confined(directory: Path, program: Path, site: PublicSite) -> dict[str, Any]:
    server = Process(f"http://{PUBLIC}", directory, **_settings(directory, program))
    async with Canaries(LISTENING) as canaries, server, _spoken_to_elsewhere(server):
        port = int(server.address.rpartition(":")[2])
        with Sniffer() as sniffer:
            visits = {"plain": await _result(server, "/plain")}
            devtools = int(next(directory.glob("jobserver-chromium-*/DevToolsActivePort")).read_text().split()[0])
            site.hosts = [*HOSTS, f"127.0.0.1:{devtools}", f"127.0.0.1:{port}"]
            visits |= await _visits(server)
            async with server.session.get("/readyz") as answer:
                ready = await answer.json()
    proxies = sniffer.listening - {*LISTENING, devtools}
    allowed = {(PUBLIC, 80), (PUBLIC, 443), (OURS, port), *(("127.0.0.1", proxy) for proxy in proxies)}
    leaks = {flow: count for flow, count in sniffer.flows.items() if flow[0] != "tcp" or flow[1:] not in allowed}
    # Each visit's own process speaks to DevTools over one connection.
    if leaks.get(("tcp", "127.0.0.1", devtools)) == len(visits):
        del leaks["tcp", "127.0.0.1", devtools]
    return {
        "visits": visits,
        "arrived": sorted(" at ".join(pair) for pair in canaries.arrived),
        "connections": canaries.connections,
        "leaks": _told(leaks),
        "tcp": sum(count for (kind, *_), count in leaks.items() if kind == "tcp"),
        "udp": sum(count for (kind, *_), count in leaks.items() if kind == "udp"),
        "dns": dict(sniffer.questions),
        "targets": len(site.hosts),
        "proxies": len(proxies),
        "proxied": sum(count for (_, address, to), count in sniffer.flows.items() if to in proxies),
        "sandbox": ready["sandbox"],
    }


def _settings(directory: Path, program: Path) -> dict[str, str]:
    return {
        "HOST": "0.0.0.0",
        "CLIQ_SECRET": _SECRET,
        "ALLOW_PRIVATE_TARGETS": "",
        "ANALYZE_ENGINE": "browser",
        "ANALYZE_ATTEMPTS": "1",
        "CHROMIUM_PATH": str(program),
        "CONCURRENCY": "2",
        "HOST_CONCURRENCY": "0",
        "TMPDIR": str(directory),
        "ALLOWED_HOSTS": OURS,
    }


async def _visits(server: Process) -> dict[str, dict[str, Any]]:
    """What came of each page that tries: all at once, those of a secure context, and each that leads itself away."""
    plain = server.page
    ends = {"all": await _result(server, "/all")}
    server.page = f"https://{PUBLIC}"
    ends["secure"] = await _result(server, "/secure")
    server.page = plain
    jobs = [await server.submit(url.removeprefix(plain)) for url in _documents()]
    for name, job in zip(DOCUMENTS, jobs, strict=True):
        ends[name] = _told_of(await server.ended(job, within=60))
    return ends


@asynccontextmanager
async def _spoken_to_elsewhere(server: Process) -> AsyncIterator[None]:
    """Leave its address on 127.0.0.1 to the page."""
    port = int(server.address.rpartition(":")[2])
    async with aiohttp.ClientSession(f"http://{OURS}:{port}", headers={"x-cliq-signature": _SECRET}) as session:
        first, server.session = server.session, session
        yield
        server.session = first


async def _result(server: Process, path: str) -> dict[str, Any]:
    return _told_of(await server.ended(await server.submit(path), within=60))


def _told_of(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body.get(name) for name in ("status", "error", "errorCode", "warnings")}


def _documents() -> list[str]:
    return [
        f"http://{PUBLIC}/{name}?to=http://{HOSTS[number % len(HOSTS)]}/way/{name}"
        for number, name in enumerate(DOCUMENTS)
    ]


def _generous(directory: Path) -> Path:
    program = directory / "chromium"
    program.write_text(_GENEROUS.format(program=find_chromium(), more=_MORE))
    program.chmod(0o755)
    return program


async def _show(devtools: Connection, url: str) -> None:
    await devtools.send("Target.createTarget", {"url": url})


def _sum(flows: Counter[Flow], kind: str, but: str) -> int:
    return sum(count for (what, address, _), count in flows.items() if what == kind and address != but)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(cage(Path(sys.argv[1])))))
