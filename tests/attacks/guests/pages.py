"""Pages that no host would want: each tries one thing that a browser, or whoever owns it, has to survive."""

from __future__ import annotations

BUTTON = "<!doctype html><title>Guest</title><button>Press me</button>"

KIND = {
    "good": "",
    "good-again": "<script>document.body.append(document.createElement('nav'))</script>",
    "dialogs": "<script>for (let i = 0; i < 30; i++) { alert(i); confirm(i); prompt(i) }</script>",
    "dialogs-for-ever": "<script>setInterval(() => alert('x'), 1)</script>",
    "stays": "<script>onbeforeunload = e => { e.preventDefault(); return 'stay' }</script>",
    "windows": "<script>for (let i = 0; i < 200; i++) open('/good?' + i)</script>",
    "prints": "<script>for (let i = 0; i < 20; i++) print()</script>",
    "history": "<script>for (let i = 0; i < 20000; i++) try { history.pushState(i, '', '#' + i) } catch {}</script>",
    "hashes": "<script>let n = 0; setInterval(() => location.hash = n++, 1)</script>",
    "permissions": "<script>navigator.geolocation.getCurrentPosition(() => 0); Notification.requestPermission();"
    "navigator.mediaDevices?.getUserMedia({video: true, audio: true})</script>",
    "files": "<input type=file id=f multiple><script>f.click(); window.showOpenFilePicker?.()</script>",
    "downloads": "<a id=a href=/download download>x</a><script>for (let i = 0; i < 50; i++) a.click()</script>",
    "sockets": "<script>for (let i = 0; i < 300; i++) new WebSocket(`ws://${location.host}/${i}`)</script>",
    "writes": "<script>let n = 0; const t = setInterval(() => { document.write('<p>more');"
    "if (n++ > 500) clearInterval(t) }, 1)</script>",
    "canvas": "<script>for (let i = 0; i < 6; i++) { const c = document.createElement('canvas');"
    "c.width = c.height = 8000; c.getContext('2d').fillRect(0, 0, 8000, 8000); document.body.append(c) }</script>",
    "many-elements": "<script>for (let i = 0; i < 1e5; i++) document.body.append(document.createElement('p'))</script>",
    "inner-pages": "<script>location = 'chrome://crash'; open('chrome://gpucrash'); open('devtools://x')</script>",
    "workers": "<script>const u = URL.createObjectURL(new Blob(['while (true);']));"
    "for (let i = 0; i < 20; i++) new Worker(u)</script>",
    "worker-bomb": "<script>const t = `const u = URL.createObjectURL(new Blob([T])); new Worker(u); new Worker(u)`;"
    "new Worker(URL.createObjectURL(new Blob([`const T = ${JSON.stringify(t)};` + t])))</script>",
    "frames": "<script>const more = d => { if (d < 6) for (let i = 0; i < 4; i++) { const f = d_.cloneNode();"
    "document.body.append(f) } }; const d_ = document.createElement('iframe'); d_.srcdoc = 'x'; "
    "for (let i = 0; i < 100; i++) more(0)</script>",
    "hangs": "<script>setTimeout(() => { while (true); }, 50)</script>",
    "hangs-always": "<script>setInterval(() => { while (true); }, 1)</script>",
    "hangs-in-a-frame": "<iframe srcdoc='<script>setInterval(() => { while (true); }, 1)</script>'></iframe>",
    "hangs-at-the-end": "<script>for (const e of ['pagehide', 'unload', 'visibilitychange'])"
    "addEventListener(e, () => { while (true); })</script>",
    "hogs": "<script>const kept = []; setInterval(() => { const a = new Uint8Array(5e7); a.fill(1); kept.push(a) }, 5)"
    "</script>",
    "hogs-heap": "<script>const kept = []; setInterval(() => { for (let i = 0; i < 1e5; i++) kept.push({i, s: 'x' + i})"
    "}, 1)</script>",
    "huge": "",
    "bomb": "",
    "kills-its-renderer": "<img src=/kill-renderer>",
    "kills-the-browser": "<img src=/kill-browser>",
    "kills-its-reader": "<img src=/kill-reader>",
    "never-ends": "",
    "cancelled": "<script>setInterval(() => { while (true); }, 1)</script>",
}
"""Name → what the page holds beside a button; those that are empty are made by the site."""

CRASHING = frozenset(
    {"kills-its-renderer", "kills-the-browser", "kills-its-reader", "hogs", "hogs-heap", "worker-bomb"}
)
"""After these nothing in the browser is trusted: whoever shared it is tried again."""

TOO_LARGE = frozenset({"huge"})
HOLDING_UP = frozenset(
    {
        "bomb",
        "dialogs-for-ever",
        "never-ends",
        "inner-pages",
        "writes",
        "hashes",
        "history",
        "sockets",
        "frames",
        "workers",
    }
)
"""May fail as well as be read, as long as they end."""
