"""How large a component is shown: its own size, and what it may need where there is less room."""

from __future__ import annotations

import math

from jobserver.extract.model import Component
from jobserver.extract.preview.pictures import Picture

MARGIN = 8
"""Pixels around a component in its frame, for shadows and focus rings; in pictures of it, where the page has them."""

VIEWPORT = (1280, 1000)
"""What the page was read in: a component's media queries see this, however small the component is."""

NARROW, MEDIUM = 390, 768
"""Widths in pixels of a phone and of a tablet."""

_WIDTHS = (32.0, 1600.0)
_HEIGHTS = (16.0, 4000.0)
_USUAL = {
    **dict.fromkeys(("button", "a", "label", "badge"), (220.0, 44.0)),
    **dict.fromkeys(("input", "select"), (280.0, 44.0)),
    "textarea": (320.0, 110.0),
    "img": (320.0, 220.0),
    **dict.fromkeys(("card", "list", "aside", "figure", "fieldset", "details"), (380.0, 300.0)),
    "form": (440.0, 380.0),
    **dict.fromkeys(("nav", "header", "breadcrumb", "pagination", "tabs", "alert"), (1080.0, 90.0)),
    "footer": (1080.0, 320.0),
    "hero": (1080.0, 460.0),
}
"""Width and height to show a kind in when it was read without layout; `_OTHER` for the rest."""
_OTHER = (720.0, 320.0)

TALL = 900
"""Pixels of height from which what is around a component scrolls."""

_TALLEST = 844
"""Pixels that a frame gets at most for what grows when it gets narrow: a phone's height. The rest scrolls."""


def shown(component: Component) -> tuple[float, float]:
    """Width and height of the component's place in CSS pixels."""
    box = component["box"]
    if not box:
        return _USUAL.get(component["kind"], _OTHER)
    (low, high), (short, tall) = _WIDTHS, _HEIGHTS
    return min(max(box["width"], low), high), min(max(box["height"], short), tall)


def offset(component: Component) -> tuple[float, float]:
    """How far right of and below a whole pixel the component was in the page, for there text is drawn otherwise."""
    box = component["box"]
    return (box["x"] % 1, box["y"] % 1) if box else (0.0, 0.0)


def viewport(component: Component) -> tuple[int, int]:
    """Width and height of its frame: that of the page, or larger for what is larger."""
    width, height = shown(component)
    return max(VIEWPORT[0], math.ceil(width) + 2 * MARGIN), max(VIEWPORT[1], math.ceil(height) + 2 * MARGIN)


def size_rule(component: Component, picture: Picture | None) -> str:
    """The style rule with the component's sizes, of which the style sheet makes what the chosen width asks for."""
    (width, height), (left, top), (wide, tall) = shown(component), offset(component), viewport(component)
    sizes = {
        "w": math.ceil(width + left) + 2 * MARGIN,
        "h": math.ceil(height + top) + 2 * MARGIN,
        "port-w": wide,
        "port-h": tall,
        "h-narrow": _grown(width, height, NARROW),
        "h-medium": _grown(width, height, MEDIUM),
    }
    if picture is not None:
        at_left, at_top = _missing(component)
        sizes |= {"pic-w": picture.width, "pic-x": at_left, "pic-y": at_top}
    declarations = ";".join(f"--{name}:{value:g}px" for name, value in sizes.items())
    return f"#c{component['index']}{{{declarations}}}"


def dimensions(component: Component) -> str:
    """The component's size in words, empty where it is not known."""
    box = component["box"]
    return f"{box['width']:.0f} &times; {box['height']:.0f}" if box else ""


def _grown(width: float, height: float, room: int) -> int:
    """The height that what was ``width`` wide may need in ``room``: as much area as before."""
    if width + 2 * MARGIN <= room:
        return math.ceil(height) + 2 * MARGIN
    return math.ceil(max(height, min(height * width / room, _TALLEST))) + 2 * MARGIN


def _missing(component: Component) -> tuple[int, int]:
    """Pixels of the margin left of and above the component that a picture lacks, as the page ends there."""
    box = component["box"]
    return (_beyond(box["x"]), _beyond(box["y"])) if box else (0, 0)


def _beyond(edge: float) -> int:
    return max(MARGIN - math.floor(edge), 0)
