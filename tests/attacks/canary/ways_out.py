"""Every way out of a page that we know of, each a piece of markup or of script.

In markup ``{url}`` is where it is to go, in scripts ``url`` is, and ``host`` its host. Each way has a path or a port of
its own, so that who listens there knows which one it was.
"""

from __future__ import annotations

import json

UDP_PORTS = {"stun": 3478, "turn-udp": 3479, "ice-candidate": 3481, "webtransport": 4433}
"""Ways that speak UDP, each to a port of its own, by which they are told apart."""

TCP_PORTS = {
    "turn-tcp": 3480,
    "turn-tls": 3482,
    "preconnect": 8081,
    "service-worker": 9001,
    "service-worker-import": 9002,
    "paint-worklet": 9003,
    "audio-worklet": 9004,
    "cache-add": 9005,
    "fetch-later": 9006,
    "payment-manifest": 9007,
    "background-fetch": 9008,
    "federated": 9009,
}
"""The same of those that connect and ask for nothing, or in a way that only who has a certificate could read."""

DNS_NAMES = {
    "dns-prefetch": "dns-prefetch.unknown.example",
    "stun-name": "stun.unknown.example",
    "turn-name": "turn.unknown.example",
}
"""Ways that only look a name up."""

MARKUP = {
    "img": "<img src='{url}'>",
    "img-lazy": "<img loading=lazy src='{url}'>",
    "srcset": "<img srcset='{url} 1x, {url} 2x'>",
    "picture": "<picture><source srcset='{url}'><img></picture>",
    "script": "<script src='{url}'></script>",
    "script-module": "<script type=module src='{url}'></script>",
    "stylesheet": "<link rel=stylesheet href='{url}'>",
    "css-import": "<style>@import url('{url}');</style>",
    "css-background": "<div style='background-image: url({url})'>.</div>",
    "css-border-image": "<div style='border: 2px solid; border-image: url({url}) 1'>.</div>",
    "css-mask": "<div style='mask-image: url({url})'>.</div>",
    "css-cursor": "<div style='cursor: url({url}), auto'>.</div>",
    "css-list-style": "<ul style='list-style-image: url({url})'><li>.</ul>",
    "css-content": "<div style='content: url({url})'>.</div>",
    "css-image-set": "<div style='background-image: image-set(url({url}) 1x)'>.</div>",
    "css-shape": "<div style='float: left; shape-outside: url({url})'>.</div>",
    "css-filter": "<div style='filter: url({url}#x)'>.</div>",
    "font": "<style>@font-face {{ font-family: '{family}'; src: url('{url}') }}</style>"
    "<p style='font-family: {family}'>text</p>",
    "iframe": "<iframe src='{url}'></iframe>",
    "frame-srcdoc": "<iframe srcdoc=\"<img src='{url}'>\"></iframe>",
    "frame-data": "<iframe src=\"data:text/html,<img src='{url}'>\"></iframe>",
    "frame-sandboxed": "<iframe sandbox=allow-scripts srcdoc=\"<script>fetch('{url}', {{mode: 'no-cors'}})</script>\">"
    "</iframe>",
    "object": "<object data='{url}'></object>",
    "object-html": "<object type=text/html data='{url}'></object>",
    "embed": "<embed src='{url}'>",
    "embed-pdf": "<embed type=application/pdf src='{url}'>",
    "video": "<video preload=auto src='{url}'></video>",
    "video-poster": "<video poster='{url}'></video>",
    "source": "<video preload=auto><source src='{url}'></video>",
    "audio": "<audio preload=auto src='{url}'></audio>",
    "track": "<video crossorigin><track default src='{url}'></video>",
    "preload-image": "<link rel=preload as=image href='{url}'>",
    "preload-script": "<link rel=preload as=script href='{url}'>",
    "preload-fetch": "<link rel=preload as=fetch crossorigin href='{url}'>",
    "prefetch": "<link rel=prefetch href='{url}'>",
    "prerender": "<link rel=prerender href='{url}'>",
    "preconnect": "<link rel=preconnect href='http://{host}:8081'>",
    "dns-prefetch": "<link rel=dns-prefetch href='//dns-prefetch.unknown.example'>",
    "manifest": "<link rel=manifest href='{url}'>",
    "modulepreload": "<link rel=modulepreload href='{url}'>",
    "icon": "<link rel=icon href='{url}'>",
    "apple-icon": "<link rel=apple-touch-icon href='{url}'>",
    "compression-dictionary": "<link rel=compression-dictionary href='{url}'>",
    "input-image": "<input type=image src='{url}'>",
    "body-background": "<table background='{url}'><tr><td background='{url}'>.</table>",
    "svg-image": "<svg><image href='{url}'></image></svg>",
    "svg-use": "<svg><use href='{url}#x'></use></svg>",
    "svg-fe-image": "<svg width=9 height=9><filter id='f{number}'><feImage href='{url}'/></filter>"
    "<rect width=9 height=9 filter='url(#f{number})'/></svg>",
    "svg-script": "<svg><script href='{url}'></script></svg>",
    "meta-refresh": "<iframe srcdoc=\"<meta http-equiv=refresh content='0; url={url}'>\"></iframe>",
    "frame-location": "<iframe srcdoc=\"<script>location = '{url}'</script>\"></iframe>",
    "frame-navigation": "<iframe srcdoc=\"<script>navigation.navigate('{url}')</script>\"></iframe>",
    "frame-form": "<iframe srcdoc=\"<form id=f method=post action='{url}'></form>"
    '<script>f.submit()</script>"></iframe>',
    "frame-xslt": "<iframe src='/xslt?to={url}'></iframe>",
    "redirect-img": "<img src='/redirect?to={url}'>",
    "redirect-frame": "<iframe src='/redirect?to={url}'></iframe>",
    "redirect-script": "<script src='/redirect?to={url}'></script>",
    "speculation-prefetch": "<script type=speculationrules>"
    '{{"prefetch": [{{"source": "list", "urls": ["{url}"]}}]}}</script>',
    "speculation-prerender": "<script type=speculationrules>"
    '{{"prerender": [{{"source": "list", "urls": ["{url}"]}}]}}</script>',
}

SCRIPTS = {
    "fetch": "fetch(url)",
    "fetch-no-cors": "fetch(url, {mode: 'no-cors'})",
    "fetch-keepalive": "fetch(url, {keepalive: true, method: 'POST', body: 'x', mode: 'no-cors'})",
    "fetch-local": "fetch(url, {targetAddressSpace: 'local', mode: 'no-cors'})",
    "fetch-redirect": "fetch('/redirect?to=' + url, {mode: 'no-cors'})",
    "xhr": "const x = new XMLHttpRequest(); x.open('GET', url); x.send()",
    "xhr-sync": "const x = new XMLHttpRequest(); x.open('GET', url, false); x.send()",
    "beacon": "navigator.sendBeacon(url, 'x')",
    "event-source": "new EventSource(url)",
    "websocket": "new WebSocket(url.replace('http', 'ws'))",
    "websocket-stream": "new WebSocketStream(url.replace('http', 'ws'))",
    "image-object": "new Image().src = url",
    "audio-object": "new Audio(url).load()",
    "font-face": "new FontFace('f', `url(${url})`).load()",
    "import": "import(url)",
    "worker-fetch": "new Worker(blob(`fetch('${url}', {mode: 'no-cors'})`))",
    "worker-import-scripts": "new Worker(blob(`importScripts('${url}')`))",
    "worker-xhr": "new Worker(blob(`const x = new XMLHttpRequest(); x.open('GET', '${url}'); x.send()`))",
    "worker-websocket": "new Worker(blob(`new WebSocket('${url.replace('http', 'ws')}')`))",
    "worker-event-source": "new Worker(blob(`new EventSource('${url}')`))",
    "worker-module": "new Worker(blob(`import '${url}'`), {type: 'module'})",
    "worker-nested": "new Worker(blob("
    "`new Worker(URL.createObjectURL(new Blob([\"fetch('${url}',{mode:'no-cors'})\"])))`))",
    "shared-worker": "new SharedWorker('/shared.js?to=' + url)",
    "shared-worker-websocket": "new SharedWorker('/shared-websocket.js?to=' + url)",
    "wasm": "WebAssembly.compileStreaming(fetch(url))",
    "pop-up": "open(url)",
    "pop-up-noopener": "open(url, '_blank', 'noopener')",
    "pop-up-page": "open('/pop-up?to=' + url)",
    "link-click": "const a = document.createElement('a'); a.href = url; a.target = '_blank'; "
    "document.body.append(a); a.click()",
    "ping": "const a = document.createElement('a'); a.href = '#x'; a.ping = url; document.body.append(a); a.click()",
    "form": "form(url, 'get', 'other-sink')",
    "form-post": "form(url, 'post', 'sink')",
    "form-new-window": "form(url, 'post', '_blank')",
    "frame-blob": "frame(URL.createObjectURL(new Blob([`<img src='${url}'>`], {type: 'text/html'})))",
    "frame-javascript": "frame(`javascript:\"<img src='${url}'>\"`)",
    "frame-src": "frame(url)",
    "document-write": "const f = frame('about:blank'); f.contentDocument.write(`<img src='${url}'>`); "
    "f.contentDocument.close()",
    "inner-html": "const d = document.createElement('div'); d.innerHTML = `<img src='${url}'>`; "
    "document.body.append(d)",
    "parsed-svg": "const i = new Image(); i.src = 'data:image/svg+xml,' + encodeURIComponent("
    "`<svg xmlns='http://www.w3.org/2000/svg'><image href='${url}'/></svg>`); document.body.append(i)",
    "xslt-document": "xslt(url)",
    "stun": "ice({urls: `stun:${host}:3478`})",
    "turn-udp": "ice({urls: `turn:${host}:3479?transport=udp`, username: 'u', credential: 'c'})",
    "turn-tcp": "ice({urls: `turn:${host}:3480?transport=tcp`, username: 'u', credential: 'c'})",
    "turn-tls": "ice({urls: `turns:${host}:3482?transport=tcp`, username: 'u', credential: 'c'})",
    "stun-name": "ice({urls: 'stun:stun.unknown.example:3478'})",
    "turn-name": "ice({urls: 'turn:turn.unknown.example:3479', username: 'u', credential: 'c'})",
    "ice-candidate": "connect(host.replace(/[\\[\\]]/g, ''))",
    "early-hint-link": "fetch('/linked?to=' + url)",
}

SECURE = {
    "service-worker": "navigator.serviceWorker.register('/service.js?to=' + url, {scope: '/' + tried + '/'})",
    "service-worker-import": "navigator.serviceWorker.register('/service-import.js?to=' + url, {scope: '/i' + tried})",
    "paint-worklet": "CSS.paintWorklet.addModule(url)",
    "audio-worklet": "new AudioContext().audioWorklet.addModule(url)",
    "cache-add": "caches.open('c').then(c => c.add(new Request(url, {mode: 'no-cors'})))",
    "fetch-later": "fetchLater(url, {activateAfter: 0})",
    "payment-manifest": "new PaymentRequest([{supportedMethods: url}], {total: {label: 'x', amount: "
    "{currency: 'EUR', value: '1'}}}).canMakePayment()",
    "background-fetch": "navigator.serviceWorker.ready.then(r => r.backgroundFetch.fetch('b' + tried, [url]))",
    "federated": "navigator.credentials.get({identity: {providers: [{configURL: url, clientId: 'x'}]}})",
    "webtransport": "new WebTransport(`https://${host}:4433/`).ready",
}
"""Scripts that need a page from https; what it may load has to come by https too, so each goes to a port of its own."""

HEADERS = ("csp-report-uri", "csp-report-to", "link-preload", "link-stylesheet")
"""Ways that headers of the page take, see `headers`."""

DOCUMENTS = {
    "main-refresh": "<meta http-equiv=refresh content='0; url={url}'>",
    "main-location": "<script>location = '{url}'</script>",
    "main-navigation": "<script>navigation.navigate('{url}')</script>",
    "main-form": "<form id=f method=post action='{url}'></form><script>f.submit()</script>",
    "main-redirect": "",
    "main-refresh-header": "",
    "main-download": "<a id=a download href='{url}'>x</a><script>a.click()</script>",
    "main-link": "<a id=a href='{url}'>x</a><script>a.click()</script>",
}
"""Ways that lead the page itself away, so that each needs a visit of its own."""

NAMES = (*MARKUP, *SCRIPTS, *SECURE, *HEADERS, *DOCUMENTS)

_HELPERS = """
let tried = 0, peers = []
const blob = text => URL.createObjectURL(new Blob([text], {type: 'text/javascript'}))
const frame = src => { const f = document.createElement('iframe'); f.src = src; document.body.append(f); return f }
const form = (url, method, target) => {
  const f = document.createElement('form'); f.action = url; f.method = method; f.target = target
  document.body.append(f); f.submit()
}
const ice = async server => {
  const peer = new RTCPeerConnection({iceServers: [server]}); peers.push(peer)
  peer.createDataChannel('x'); await peer.setLocalDescription(await peer.createOffer())
}
const connect = async host => {
  const one = new RTCPeerConnection(), two = new RTCPeerConnection(); peers.push(one, two)
  one.createDataChannel('x')
  await one.setLocalDescription(await one.createOffer()); await two.setRemoteDescription(one.localDescription)
  await two.setLocalDescription(await two.createAnswer()); await one.setRemoteDescription(two.localDescription)
  await one.addIceCandidate({candidate: `candidate:1 1 udp 2113937151 ${host} 3481 typ host`, sdpMid: '0'})
}
const xslt = url => {
  const sheet = new DOMParser().parseFromString(`<xsl:stylesheet version="1.0"
    xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:import href="${url}"/><xsl:template match="/">
    <xsl:copy-of select="document('${url}')"/></xsl:template></xsl:stylesheet>`, 'text/xml')
  const p = new XSLTProcessor(); p.importStylesheet(sheet); p.transformToDocument(document)
}
const attempt = async (way, url, host) => {
  tried++
  try { await way(url, host) } catch {}
}
"""


def page(hosts: list[str]) -> str:
    """A page that tries all ways but `DOCUMENTS`, each to every one of ``hosts``, and holds a visit until it has."""
    markup, calls = [], []
    for number, host in enumerate(hosts):
        for name, template in MARKUP.items():
            there = f"http://{host}/way/{name}"
            markup.append(template.format(url=there, host=host, number=f"{number}", family=f"f{number}"))
        for name, body in SCRIPTS.items():
            there, bare = f"http://{host}/way/{name}", host.rsplit(":", 1)[0] if _has_port(host) else host
            calls.append(f"attempt(async (url, host) => {{ {body} }}, {json.dumps(there)}, {json.dumps(bare)})")
    return (
        f"<!doctype html><title>All ways out</title><script>{_HELPERS}</script><button>Here</button>"
        f"<img src=/hold width=9 height=9><iframe name=sink></iframe><iframe name=other-sink></iframe>{''.join(markup)}"
        f"<script>{';'.join(calls)};fetch('/tried')</script><link rel=stylesheet href=/violation.css>"
    )


def secure_page(hosts: list[str]) -> str:
    """The same of `SECURE`, for an origin that is."""
    calls = [
        f"attempt(async (url, host) => {{ {body} }}, {json.dumps(f'https://{host}:{port}/')}, {json.dumps(host)})"
        for host in hosts
        if not _has_port(host)
        for name, body in SECURE.items()
        for port in [TCP_PORTS.get(name, 0)]
    ]
    return (
        f"<!doctype html><title>All ways out</title><script>{_HELPERS}</script><button>Here</button>"
        f"<img src=/hold width=9 height=9><script>{';'.join(calls)};fetch('/tried')</script>"
    )


def headers(hosts: list[str]) -> list[tuple[str, str]]:
    """The headers of that page."""
    reports = " ".join(f"http://{host}/way/csp-report-uri" for host in hosts)
    groups = ", ".join(f'g{number}="http://{host}/way/csp-report-to"' for number, host in enumerate(hosts))
    links = [
        link
        for host in hosts
        for link in (
            f"<http://{host}/way/link-preload>; rel=preload; as=image",
            f"<http://{host}/way/link-stylesheet>; rel=stylesheet",
            f"<http://{host}:8081>; rel=preconnect" if not _has_port(host) else "",
        )
    ]
    policies = [("Content-Security-Policy-Report-Only", f"style-src 'none'; report-uri {reports}")]
    policies += [
        ("Content-Security-Policy-Report-Only", f"style-src 'none'; report-to g{number}")
        for number in range(len(hosts))
    ]
    return [*policies, ("Reporting-Endpoints", groups), ("Link", ", ".join(filter(None, links)))]


def _has_port(host: str) -> bool:
    return ":" in host.rpartition("]")[2]
