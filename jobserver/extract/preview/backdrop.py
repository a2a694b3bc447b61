"""Which components of the preview need a dark backdrop: light text that stood on a background of the page."""

from __future__ import annotations

import re
from collections.abc import Mapping

_LIGHT = 0.72
"""Relative luminance, 0 to 1, above which text is hard to read on white."""

_RULE = re.compile(r"^(?:\.[\w-]+,?\s*)+\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
"""A rule without conditions or states: those do not say what a component looks like by itself."""

_COLOR = re.compile(r"^ *color: (.+);$", re.MULTILINE)
_BACKGROUND = re.compile(r"^ *background(?:-color|-image)?: (.+);$", re.MULTILINE)
_CLEAR = re.compile(
    r"(?:transparent|none|initial|unset|inherit)\b|rgba\([^()]*, ?0\)|rgb\([^()]*/ ?0\)|"
    r"""url\(["']?data:image/svg|\s*$"""
)
"""How a background begins that nothing is read on; a drawing is mostly an icon."""

_DEFINED = re.compile(r"^ *(--[\w-]+): (.+);$", re.MULTILINE)
_VARIABLE = re.compile(r"var\((--[\w-]+)(?:, ?([^()]*))?\)")
_RGB = re.compile(r"rgba?\((\d+),? (\d+),? (\d+)")
_HEX = re.compile(r"#([0-9a-f]{3,8})", re.IGNORECASE)
_NESTED = 4
_LONGEST = 2_000
"""Characters: variables that hold each other twice would grow without end."""


def needs_dark(css: str) -> bool:
    """Whether most of the component's text is light and nothing in it has a background of its own."""
    rules = "".join(_RULE.findall(css))
    variables = dict(reversed(_DEFINED.findall(rules)))
    if not all(_CLEAR.match(_resolved(background, variables)) for background in _BACKGROUND.findall(rules)):
        return False
    light = [_luminance(_resolved(color, variables)) > _LIGHT for color in _COLOR.findall(rules)]
    return sum(light) * 2 > len(light)


def _resolved(value: str, variables: Mapping[str, str]) -> str:
    """With its variables replaced by what the component's own css says they are."""
    for _ in range(_NESTED):
        value = _VARIABLE.sub(lambda match: (variables.get(match[1]) or match[2] or "")[:_LONGEST], value)[:_LONGEST]
    return value


def _luminance(color: str) -> float:
    """0 for what is not a plain colour."""
    red, green, blue = _channels(color)
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255


def _channels(color: str) -> tuple[int, int, int]:
    if color.startswith("white"):
        return 255, 255, 255
    if match := _RGB.match(color):
        return int(match[1]), int(match[2]), int(match[3])
    if match := _HEX.match(color):
        digits = match[1] if len(match[1]) > 4 else "".join(digit * 2 for digit in match[1])
        return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)
    return 0, 0, 0
