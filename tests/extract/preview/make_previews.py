"""Extractions to show, tame and hostile, and pictures of what they were made of."""

from __future__ import annotations

from struct import pack

from jobserver.extract.model import Box, Capture, Extraction, Token, Tokens
from jobserver.extract.render import render
from tests.extract.make_nodes import a_capture, a_found, a_node

NONCE = "c3VyZWx5LXJhbmRvbQ"
ATTACK = (
    "</style><script>document.documentElement.style.background='rgb(0,255,0)';fetch('/leak')</script>"
    '"><img src=x onerror="fetch(\'/leak\')"><iframe srcdoc="<script>fetch(\'/leak\')</script>"></iframe>'
)

_ROOMY = 7_500_000
_DONE = "2026-01-01T00:00:00.000Z"


def an_extraction(**more: object) -> Extraction:
    """A bar, two equal buttons, and a white link that was read without layout."""
    found = [
        a_found(a_node("<nav>Home</nav>", height="64px"), "nav", box=Box(0, 0, 1280, 64)),
        a_found("<button>Save</button>", look="b", text="Save", box=Box(0, 0, 80, 40)),
        a_found("<button>Go</button>", look="b", text="Go", box=Box(0, 0, 80, 40)),
        a_found(a_node("<a href='/x'>x</a>", color="rgb(255, 255, 255)"), "a", box=None),
    ]
    return rendered(a_capture(*found, **more))


def an_empty_extraction() -> Extraction:
    """Of a page on which nothing was found."""
    return rendered(a_capture())


def rendered(capture: Capture) -> Extraction:
    """The result of a page."""
    return render(capture, max_components=80, completed_at=_DONE, max_result_bytes=_ROOMY)


def the_tokens(**more: list[tuple[str, int]]) -> Tokens:
    """A page's design; members not named are empty."""

    def sort(name: str) -> list[Token]:
        return [Token(value=value, count=count) for value, count in more.get(name, [])]

    return Tokens(
        colors=sort("colors"),
        type=sort("type"),
        spacing=sort("spacing"),
        radii=sort("radii"),
        shadows=sort("shadows"),
    )


def hostile() -> Extraction:
    """A stored result that was tampered with in every member a page could have written."""
    extraction = an_extraction(title=ATTACK, warnings=[ATTACK])
    extraction["url"] = f"javascript:{ATTACK}"
    extraction["cssFile"] = extraction["reactFile"] = extraction["completedAt"] = ATTACK
    extraction["tokens"] = the_tokens(
        **{sort: [(ATTACK, 1), ("red}*{display:none", 1)] for sort in ("colors", "type", "spacing", "radii", "shadows")}
    )
    for component in extraction["components"]:
        component["htmlSnippet"] = component["reactSnippet"] = component["css"] = ATTACK
        component["kind"] = component["componentName"] = component["selector"] = ATTACK
        component["originalOuterHTML"] = ATTACK
        component["states"] = component["fonts"] = component["warnings"] = [ATTACK]
        component["instances"] = [{"text": ATTACK}, {"text": "x"}]
        component["count"] = 2
    return extraction


def a_picture(width: int, height: int, rest: bytes = b"") -> bytes:
    """The head of a WebP picture of this size (RFC 9649, 2.7)."""
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + pack("<I", 10) + bytes(4) + sides + rest
    return b"RIFF" + pack("<I", len(body)) + body
