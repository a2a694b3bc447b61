"""Takes pictures of components: as they are in the page, and below that alone with their css."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobserver.errors import PageError
from jobserver.extract.browser import script
from jobserver.extract.browser.layers import Item, Layer, Numbered
from jobserver.extract.browser.page import Page
from jobserver.extract.browser.settle import Budget, within
from jobserver.extract.model import Box, Component

MAX_ELEMENTS = 10_000
"""Elements of a page whose components are pictured."""

_TRANSPARENT = {"color": {"r": 0, "g": 0, "b": 0, "a": 0}}
_WAIT = 1.0
"""Seconds that the pictures and fonts of the rebuilt components are waited for; they were loaded once already."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like its original a rebuilt component is; see `model.Fidelity`. ``picture``: WebP of the original."""

    diff: float
    ssim: float
    picture: bytes | None


class Studio:
    """Where pictures are taken: a page whose components were read, and are rendered by now.

    ``width``: of its viewport. ``looks``: selector of a component → its look, as `read.Reading` left it in the page.
    """

    def __init__(self, page: Page, width: int, budget: Budget, looks: Mapping[str, str]) -> None:
        self._page = page
        self._width = width
        self._budget = budget
        self._looks = looks

    async def survey(self, components: Sequence[Component]) -> list[Numbered] | None:
        """Those that can be pictured alone: seen, whole, on one line, no larger than the viewport, as when read.

        None: the page is too large, it would stand still for too long each time that all but a few is hidden.
        """
        asked = [(each["index"], each["selector"], box) for each in components if (box := each["box"])]
        sizes = [[self._looks.get(selector), box["width"], box["height"]] for _, selector, box in asked]
        boxes = await self._run(script.SURVEY, {"components": sizes, "most": MAX_ELEMENTS})
        if boxes is None:
            return None
        return [(index, Box(**box)) for (index, *_), box in zip(asked, boxes, strict=True) if box is not None]

    async def compare(self, layer: Layer, components: Mapping[int, Component]) -> dict[int, Likeness]:
        """Index → likeness of the components of a layer, by one picture.

        Raises PageError also when the page took the stage away: what it says of its components is not about them.
        """
        looks = [self._looks[components[item.index]["selector"]] for item in layer.items]
        await self._page.send("Emulation.setDefaultBackgroundColorOverride", _TRANSPARENT)
        frame = await self._run(script.STAGE, {"looks": looks, "top": layer.bottom})
        html = "".join(f"<div>{components[item.index]['htmlSnippet']}</div>" for item in layer.items)
        await self._fill(str(frame), f"<!doctype html><html><body>{html}</body></html>")
        twins = [{"css": components[item.index]["css"], **_place(item)} for item in layer.items]
        await self._run(script.PLACE, {"twins": twins, "milliseconds": self._budget.share(0.05, _WAIT) * 1000})
        await within(self._budget.share(0.05, _WAIT), self._page.traffic.settled(0.0))
        return await self._judge(layer, await self._shoot(layer))

    async def _fill(self, name: str, html: str) -> None:
        """Write a frame's document; not from inside the page, which may forbid it to (Trusted Types)."""
        tree = (await self._page.send("Page.getFrameTree"))["frameTree"]
        frames = [child["frame"]["id"] for child in tree.get("childFrames", []) if child["frame"].get("name") == name]
        if not frames:
            raise PageError("The page allows no frame for its components.")
        await self._page.send("Page.setDocumentContent", {"frameId": frames[0], "html": html})

    async def _shoot(self, layer: Layer) -> str:
        """The picture of a layer as base64 of a PNG."""
        height = layer.bottom - layer.top + layer.stage
        clip = {"x": 0, "y": layer.top, "width": self._width, "height": height, "scale": 1}
        how = {"format": "png", "optimizeForSpeed": True, "captureBeyondViewport": True, "clip": clip}
        return str((await self._page.send("Page.captureScreenshot", how))["data"])

    async def _judge(self, layer: Layer, picture: str) -> dict[int, Likeness]:
        pairs = [_pair(item, layer) for item in layer.items]
        told = await self._run(script.COMPARE, {"picture": picture, "pairs": pairs})
        return {
            item.index: Likeness(each["diff"], each["ssim"], base64.b64decode(each["webp"]) if each["webp"] else None)
            for item, each in zip(layer.items, told, strict=True)
        }

    async def _run(self, function: str, options: dict[str, Any]) -> Any:
        return await self._page.run(function, options, time_limit=self._budget.share(0.2, 10.0))


def _place(item: Item) -> dict[str, float]:
    """Where on the stage: between two pixels just as in the page, for there text and edges are drawn otherwise."""
    return {"x": item.box.x, "y": item.twin + item.box.y - item.crop.top, "width": item.box.width}


def _pair(item: Item, layer: Layer) -> dict[str, Any]:
    """A component's two parts of its layer's picture."""
    crop = item.crop
    return {
        "original": {"x": crop.left, "y": crop.top - layer.top},
        "twin": {"x": crop.left, "y": layer.bottom - layer.top + item.twin},
        "width": crop.right - crop.left,
        "height": crop.bottom - crop.top,
    }
