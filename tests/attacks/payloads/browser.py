"""A real Chromium that opens pages and tells all that happens: what ran, what was asked, what moved, what opened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jobserver.extract.browser import find_chromium
from jobserver.extract.browser.cdp import Connection, ProtocolError, connect
from jobserver.extract.browser.scope import Spawn, scope
from tests.attacks.chromium import running

# Hundreds of frames of one page are watched faster in one process; what they may do is the same.
_FLAGS = (
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-features=IsolateSandboxedIframes",
    "--disable-site-isolation-trials",
)
_TALL = {"width": 1280, "height": 30_000, "deviceScaleFactor": 0.05, "mobile": False}
"""So that frames that load when they are scrolled to are all there at once; hardly anything has to be painted."""

_GRACE = 0.1
"""Seconds after everything has loaded for what must not come: no event says that nothing happens."""

# What a reader's hand would do; links and forms that only lead elsewhere are left alone.
_POKE = """
(function poke(frame) {
  let document; try { document = frame.document } catch { return }
  if (!document) return
  const runs = url => /^(javascript|data|vbscript):/i.test(String(url ?? ""))
  const held = event => {
    const from = event.target.closest?.("a, area")
    const form = event.type == "submit" ? event.submitter?.formAction || event.target.action : ""
    const leads = from ? !runs(from.href?.baseVal ?? from.protocol) : event.type == "submit" && !runs(form)
    if (leads) event.preventDefault()
  }
  frame.addEventListener("click", held, true)
  frame.addEventListener("submit", held, true)
  for (const each of [...document.querySelectorAll("*")].slice(0, 4000)) {
    for (const type of ["pointerover", "pointerenter", "mouseover", "mouseenter", "focusin", "input"])
      each.dispatchEvent(new frame.Event(type, {bubbles: true, cancelable: true}))
    try { each.focus?.() } catch {}
    each.dispatchEvent(new frame.MouseEvent("click", {bubbles: true, cancelable: true}))
  }
  for (let number = 0; number < frame.length; number++) try { poke(frame[number]) } catch {}
})(window)
"""


@dataclass
class Seen:
    """What happened while a page was open.

    ``ran``: what ``alert`` said, and errors that scripts ended with. ``asked``: (URL, type of resource) of each request
    over a network but that for the page itself. ``moved``: where the page or a frame went. ``opened``: new windows.
    ``said``: lines on the console. ``frames``: documents that were shown.
    """

    ran: list[str] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    frames: int = 0


class Watcher:
    """Opens pages, each in a window of its own."""

    def __init__(self, connection: Connection, spawn: Spawn) -> None:
        self._connection = connection
        self._spawn = spawn
        self._windows: dict[str, _Window] = {}
        connection.listen(None, self._on_target)

    async def open(self, url: str, headers: Mapping[str, str] | None = None, *, poke: bool = False) -> Seen:
        """Show a page until it has loaded and settled, then close it. ``poke``: touch and click all that is in it."""
        context = (await self._connection.send("Target.createBrowserContext"))["browserContextId"]
        made = await self._connection.send("Target.createTarget", {"url": "about:blank", "browserContextId": context})
        window = self._windows[context] = _Window(self._connection, self._spawn, made["targetId"], url)
        attach = {"targetId": made["targetId"], "flatten": True}
        session = (await self._connection.send("Target.attachToTarget", attach))["sessionId"]
        try:
            await window.watch(session, headers or {})
            await window.show(session, poke=poke)
        finally:
            await self._connection.send("Target.disposeBrowserContext", {"browserContextId": context})
            del self._windows[context]
        return window.seen

    def _on_target(self, method: str, params: dict[str, Any]) -> None:
        info = params.get("targetInfo", {})
        window = self._windows.get(info.get("browserContextId", ""))
        if method == "Target.targetCreated" and window is not None and info["type"] in {"page", "service_worker"}:
            window.on_new_target(info)


class _Window:
    def __init__(self, connection: Connection, spawn: Spawn, target: str, url: str) -> None:
        self.seen = Seen()
        self._connection, self._spawn, self._target, self._url = connection, spawn, target, url
        self._loaded = asyncio.Event()
        self._enabling: set[str] = set()

    def on_new_target(self, info: dict[str, Any]) -> None:
        if info["targetId"] != self._target:
            self.seen.opened.append(f"{info['type']} {info['url']}")

    async def watch(self, session: str, headers: Mapping[str, str]) -> None:
        """Hear all that a session has to tell, and what it opens."""
        self._connection.listen(session, lambda method, params: self._on_event(session, method, params))
        attach = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
        for method, params in (
            ("Page.enable", {}),
            ("Runtime.enable", {}),
            ("Log.enable", {}),
            ("Network.enable", {}),
            ("Network.setExtraHTTPHeaders", {"headers": dict(headers)}),
            ("Target.setAutoAttach", attach),
            ("Runtime.runIfWaitingForDebugger", {}),
        ):
            try:
                await self._connection.send(method, params, session)
            except ProtocolError:
                continue  # a frame that is gone already, or a worker, which has no pages

    async def show(self, session: str, *, poke: bool) -> None:
        await self._connection.send("Emulation.setDeviceMetricsOverride", _TALL, session)
        await self._connection.send("Page.navigate", {"url": self._url}, session)
        async with asyncio.timeout(60):
            await self._loaded.wait()
        await asyncio.sleep(_GRACE)  # no event says that nothing happens
        if poke:
            await self._evaluate(session, _POKE)
            await asyncio.sleep(_GRACE)  # no event says that nothing happens

    async def _evaluate(self, session: str, expression: str) -> None:
        with suppress(ProtocolError, TimeoutError):  # the page went elsewhere meanwhile, which is noted
            params = {"expression": expression, "silent": True}
            await self._connection.send("Runtime.evaluate", params, session, time_limit=5)

    def _on_event(self, session: str, method: str, params: dict[str, Any]) -> None:
        seen = self.seen
        match method:
            case "Page.javascriptDialogOpening":
                seen.ran.append(params["message"])
                self._spawn(self._send("Page.handleJavaScriptDialog", {"accept": True}, session))
            case "Runtime.exceptionThrown":
                thrown = params["exceptionDetails"]
                seen.ran.append(f"error: {thrown.get('exception', {}).get('description', thrown['text'])}"[:200])
            case "Runtime.consoleAPICalled":
                seen.said.append(" ".join(str(each.get("value")) for each in params["args"]))
            case "Log.entryAdded":
                seen.said.append(params["entry"]["text"][:300])
            case "Network.requestWillBeSent" | "Network.webSocketCreated":
                url = params.get("request", params)["url"]
                if url.split(":")[0] not in {"data", "about", "blob"} and url.split("#")[0] != self._url.split("#")[0]:
                    seen.asked.append((url, params.get("type", "WebSocket")))
            case "Page.frameNavigated":
                self._on_frame(params["frame"])
            case "Page.loadEventFired":
                self._loaded.set()
            case "Target.attachedToTarget":
                self._spawn(self.watch(params["sessionId"], {}))

    def _on_frame(self, frame: dict[str, Any]) -> None:
        self.seen.frames += 1
        at = frame["url"].split("#")[0]
        if at not in {self._url.split("#")[0], "about:blank", "about:srcdoc"}:
            self.seen.moved.append(frame.get("unreachableUrl") or frame["url"])

    async def _send(self, method: str, params: dict[str, Any], session: str) -> None:
        with suppress(ProtocolError):  # the dialog closed with its page
            await self._connection.send(method, params, session)


@asynccontextmanager
async def watching(where: Path, hosts: Mapping[str, int]) -> AsyncIterator[Watcher]:
    """A browser with a profile in ``where``. ``hosts``: names that are ports of 127.0.0.1; it finds no others."""
    rules = ",".join(f"MAP {name} 127.0.0.1:{port}" for name, port in hosts.items())
    flags = (
        *_FLAGS,
        f"--user-data-dir={where / 'profile'}",
        f"--host-resolver-rules={rules},MAP * ~NOTFOUND,EXCLUDE 127.0.0.1",
        "about:blank",
    )
    async with (
        running(find_chromium() or "chromium", *flags) as address,
        connect(address) as connection,
        scope() as spawn,
    ):
        await connection.send("Target.setDiscoverTargets", {"discover": True})
        yield Watcher(connection, spawn)
