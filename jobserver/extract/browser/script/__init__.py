"""The code that runs inside the page, each piece a JavaScript file of this folder, put together into functions."""

from __future__ import annotations

from importlib.resources import files


def _read(*names: str) -> str:
    return "\n".join((files(__package__) / f"{name}.js").read_text(encoding="utf-8") for name in names)


def _function(body: str) -> str:
    return f"async (options) => {{\n'use strict';\n{body}\n}}"


DEFAULTS = _function(_read("safe", "properties", "defaults"))
"""In a blank page: () → what a browser gives every element by itself."""

SETTLE = _function(_read("safe", "settle"))
"""({height, milliseconds}) → nothing: fonts loaded, lazy content shown."""

CAPTURE = _function(
    _read(
        *("safe", "pause", "visible", "selector", "pick", "properties", "look"),
        *("sheets", "parts", "style", "tree", "head", "main"),
    )
)
"""({defaults, components, …}) → JSON text: see `reading`."""
