"""Takes pictures of components: as they are in the page, and later alone with their css."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobserver.errors import PageError
from jobserver.extract.browser import script
from jobserver.extract.browser.layers import Crop, Item, Layer, Numbered
from jobserver.extract.browser.page import Page
from jobserver.extract.browser.settle import Budget, within
from jobserver.extract.model import Box, Component

MAX_ELEMENTS = 10_000
"""Elements of a page whose components are pictured."""

_TRANSPARENT = {"color": {"r": 0, "g": 0, "b": 0, "a": 0}}
_WAIT = 1.0
"""Seconds that the pictures and fonts of the rebuilt components are waited for; they were loaded once already."""


@dataclass(frozen=True, slots=True)
class Original:
    """The element that stands for a look in the page. ``selector``: as in the result."""

    look: str
    selector: str
    box: Box


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like its original a rebuilt component is; see `model.Fidelity`. ``picture``: WebP of the original."""

    diff: float
    ssim: float
    picture: bytes | None


class Studio:
    """Where pictures are taken: a page whose components were read.

    First come those of the originals (`survey`, `picture`, `release`), while the page is as wide as it was read, and
    then those of their twins (`compare`), whatever has become of the page by then.
    """

    def __init__(self, page: Page, viewport: tuple[int, int], budget: Budget) -> None:
        self._page = page
        self._viewport = viewport
        self._budget = budget
        self._looks: list[str] = []
        self._is_transparent = False
        self._stage: str | None = None

    async def survey(self, originals: Sequence[Original]) -> list[Numbered] | None:
        """Those that can be pictured alone: seen, whole, on one line, no larger than the viewport, as when read.

        The place of each in ``originals`` is its number. None: the page is too large, it would stand still for
        too long each time that all but a few is hidden.
        """
        self._looks = [each.look for each in originals]
        sizes = [[each.look, each.box.width, each.box.height] for each in originals]
        boxes = await self._run(script.SURVEY, {"components": sizes, "most": MAX_ELEMENTS})
        if boxes is None:
            return None
        return [(number, Box(**box)) for number, box in enumerate(boxes) if box is not None]

    async def picture(self, layer: Layer) -> set[int]:
        """Keep the originals of a layer in the page; the numbers of those that stood where they were seen before."""
        scene = {"looks": [self._looks[item.index] for item in layer.items], "top": layer.top, "bottom": layer.bottom}
        _, view = await asyncio.gather(self._lift_ground(), self._run(script.ORIGINALS, scene))
        bottom = min(layer.bottom, view["bottom"])  # what is cast beyond the end of the page is not in view
        left = max(layer.left, view["left"])
        clip = {"x": left, "y": layer.top, "width": layer.right - left, "height": bottom - layer.top}
        # Never beyond the viewport: the browser would show the page in other sizes for that, and it would hear of it.
        picture = await self._shoot(clip, beyond=False)
        parts = [
            {"look": self._looks[item.index], **_part(item, Crop(left, layer.top, layer.right, bottom))}
            for item in layer.items
        ]
        there = await self._run(script.KEEP, {"picture": picture, "parts": parts})
        return {item.index for item, is_there in zip(layer.items, there, strict=True) if is_there}

    async def release(self) -> None:
        """Show the page as it was before the first picture."""
        await self._run(script.ORIGINALS, {})

    async def compare(self, layer: Layer, components: Mapping[int, Component]) -> dict[int, Likeness]:
        """Index → likeness of the components of a layer, by a picture of their twins. ``components``: by number.

        Raises PageError also when the page took the stage away: what it says of its components is not about them.
        """
        items = [item for item in layer.items if item.index in components]
        html = "".join(f"<div><div>{components[item.index]['htmlSnippet']}</div></div>" for item in items)
        # Not from inside the page, which may forbid it to (Trusted Types).
        filled = {"frameId": await self._open_stage(), "html": f"<!doctype html><html><body>{html}</body></html>"}
        await self._page.send("Page.setDocumentContent", filled)
        twins = [{"css": components[item.index]["css"], **_place(item)} for item in items]
        await self._run(script.PLACE, {"twins": twins, "milliseconds": self._budget.share(0.05, _WAIT) * 1000})
        await within(self._budget.share(0.05, _WAIT), self._page.traffic.settled(0.0))
        clip = {"x": layer.left, "y": 0, "width": layer.right - layer.left, "height": layer.stage}
        picture = await self._shoot(clip, beyond=True)
        pairs = [
            {"look": self._looks[item.index], "twin": {"x": item.crop.left - layer.left, "y": item.twin}}
            for item in items
        ]
        told = await self._run(script.COMPARE, {"picture": picture, "pairs": pairs})
        return {
            components[item.index]["index"]: Likeness(
                each["diff"], each["ssim"], base64.b64decode(each["webp"]) if each["webp"] else None
            )
            for item, each in zip(items, told, strict=True)
        }

    async def _lift_ground(self) -> None:
        """Nothing is painted behind the page in any picture from now on."""
        if not self._is_transparent:
            await self._page.send("Emulation.setDefaultBackgroundColorOverride", _TRANSPARENT)
            self._is_transparent = True

    async def _open_stage(self) -> str:
        """The id of the stage's frame."""
        if self._stage is None:
            width, height = self._viewport
            name = await self._run(script.STAGE, {"width": width, "height": height})
            tree = (await self._page.send("Page.getFrameTree"))["frameTree"]
            frames = (child["frame"] for child in tree.get("childFrames", []))
            self._stage = next((frame["id"] for frame in frames if frame.get("name") == name), None)
        if self._stage is None:
            raise PageError("The page allows no frame for its components.")
        return self._stage

    async def _shoot(self, clip: Mapping[str, float], *, beyond: bool) -> str:
        """A part of the page as base64 of a PNG. ``beyond``: also what is not in view."""
        how = {"format": "png", "optimizeForSpeed": True, "captureBeyondViewport": beyond, "clip": {**clip, "scale": 1}}
        return str((await self._page.send("Page.captureScreenshot", how))["data"])

    async def _run(self, function: str, options: dict[str, Any]) -> Any:
        return await self._page.run(function, options, time_limit=self._budget.share(0.2, 10.0))


def _place(item: Item) -> dict[str, Any]:
    """Where on the stage: between two pixels just as in the page, for there text and edges are drawn otherwise.

    ``room``: its crop there.
    """
    crop, box = item.crop, item.box
    room = {"left": crop.left, "top": item.twin, "width": crop.right - crop.left, "height": crop.bottom - crop.top}
    return {"x": box.x, "y": item.twin + box.y - crop.top, "width": box.width, "room": room}


def _part(item: Item, picture: Crop) -> dict[str, Any]:
    """Where an original is in the picture of its layer, and its box in the page."""
    crop, box = item.crop, item.box
    return {
        "x": crop.left - picture.left,
        "y": crop.top - picture.top,
        "width": crop.right - crop.left,
        "height": min(crop.bottom, picture.bottom) - crop.top,
        "box": {"x": box.x, "y": box.y, "width": box.width, "height": box.height},
    }
