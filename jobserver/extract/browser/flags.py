"""The command line of the browser: confined to its proxies, quiet, and the same on every machine."""

from __future__ import annotations

_NOWHERE = "http://nowhere.invalid:1"

CONFINEMENT = (
    # A browser context brings the proxy of its visit along; whatever belongs to no visit goes nowhere.
    f"--proxy-server={_NOWHERE}",
    # Without this, loopback and link-local addresses are asked directly: 127.0.0.1, ::1 and 169.254.169.254.
    "--proxy-bypass-list=<-loopback>",
    # No name is ever looked up here: the proxies do that, and are addresses themselves.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    # UDP knows no proxy. Which of the two spellings does something has changed from build to build.
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
)
"""What keeps a page from finding a way out. Their names change: `tests/attacks/canary` would see it."""

BYPASS_NOTHING = "<-loopback>"
"""The same for a context with a proxy of its own: its setting replaces the global one."""

_QUIET = (
    "--block-new-web-contents",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-crash-reporter",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider",
    "--disable-sync",
    "--metrics-recording-only",
    "--mute-audio",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--password-store=basic",
)

# As to somebody with a mouse, which a machine without a screen does not have: else `@media (hover: hover)` is not true,
# and with it what many a sheet says under the pointer. The numbers are Blink's HoverType and PointerType.
_WITH_A_MOUSE = "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4"

# Pictures that can be repeated, and machines that are small: many have a /dev/shm of 64 MB.
_PLAIN = (
    "--headless",
    "--remote-debugging-port=0",
    "--remote-debugging-pipe",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    _WITH_A_MOUSE,
)

FLAGS = (*_PLAIN, *_QUIET, *CONFINEMENT)


def heap_limit(memory: int) -> str:
    """The flag that ends a page's scripts at a third of ``memory`` (bytes): before the whole browser has to go.

    >>> heap_limit(1_500_000_000)
    '--js-flags=--max-old-space-size=476'
    """
    return f"--js-flags=--max-old-space-size={memory // 3 // 1024 // 1024}"
