"""Says in a result how like the page its components are."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from statistics import fmean

from jobserver.errors import PageError
from jobserver.extract.browser.cdp import ProtocolError
from jobserver.extract.browser.layers import Bounds, Layer, Numbered, layers_of, sample_of
from jobserver.extract.browser.pictures import Likeness, Original, Studio
from jobserver.extract.browser.settle import Budget
from jobserver.extract.browser.world import PageMoved
from jobserver.extract.model import Extraction, Fidelity, PageFidelity, Request

Keep = Callable[[str, str, bytes], None]

PASS = 0.01
"""The largest share of differing pixels with which a component passes."""

MAX_PICTURES = 2_000_000
MOST_PICTURES = 92
"""Bytes of all the pictures that are kept of one page, and how many: a job has room for 100 files, of which fonts take
up to 8.
"""

MAX_PIXELS = 20_000_000
"""Of all the originals of a page, which wait in it for their twins with 4 bytes each."""

_FEW = 4
_ENOUGH = 8
_SAMPLE = 12
"""Components of a sample: a further picture is taken while there are so few, none when there are so many, and no more
are in one."""

_SAMPLE_TIME = 0.04
_FEW_TIME = 0.5
"""Seconds of pictures of originals after which a sample has no further one, and none either while it has few: what
nobody asked for is not waited for. Their twins take as long again."""

_TOGETHER = 40
"""Components in one picture, when all are verified."""

_TOO_LARGE = "The page has too many elements for its components to be compared with it."
_NONE = "No component could be shown alone, so none was compared with the page."
_NO_ROOM = "The page has too many large components to keep pictures of all, so not all were compared with it."
_NO_TIME = "There was no time to compare all components with the page."


class Verification:
    """How like the page its components are: first their originals are pictured, and later what was made of them."""

    def __init__(self, studio: Studio, request: Request, budget: Budget) -> None:
        self._studio = studio
        self._request = request
        self._budget = budget
        self._numbers: dict[str, int] = {}
        self._layers: list[Layer] = []
        self._pixels = 0
        self._warning: str | None = None
        self._failure: Exception | None = None

    async def picture(self, originals: Sequence[Original]) -> None:
        """Keep pictures of the originals in the page, which is shown afterwards as it was.

        What fails here fails `compare`, which has something to say it of.
        """
        self._numbers = {each.selector: number for number, each in enumerate(originals)}
        most = min(self._budget.share(0.3, 15.0), self._budget.rest() / 2)
        try:
            async with asyncio.timeout(most):
                await self._picture(originals, time.monotonic() + most * 0.8)
        except (PageError, PageMoved, ProtocolError, TimeoutError) as error:
            self._failure = error
        finally:
            with suppress(PageError, PageMoved, ProtocolError, TimeoutError):
                await self._studio.release()

    async def _picture(self, originals: Sequence[Original], end: float) -> None:
        pictured = await self._studio.survey(originals) if originals else []
        if pictured is None:
            self._warning = _TOO_LARGE
            return
        began = time.monotonic()
        moved = await self._picture_layers(_layers(pictured, self._request), began, end)
        # What does not scroll with the page may not have been where it was; among its like it is.
        if moved and self._request.verify == "all":
            again = [each for each in pictured if each[0] in moved]
            await self._picture_layers(_layers(again, self._request), began, end)
        if self._request.verify == "all" and not self._layers and originals and self._warning is None:
            self._warning = _NONE

    async def _picture_layers(self, layers: Iterable[Layer], began: float, end: float) -> set[int]:
        """The numbers of those that stood elsewhere when they were pictured."""
        moved: set[int] = set()
        for layer in layers:
            now = time.monotonic()
            if self._request.verify == "sample" and _is_enough(self._pictured, now - began):
                break
            if now > end:
                self._warning = _NO_TIME
                break
            if self._pixels + layer.pixels > MAX_PIXELS:
                self._warning = _NO_ROOM
                continue
            there = await self._studio.picture(layer)
            moved |= {item.index for item in layer.items} - there
            if there:
                self._layers.append(layer.of(there))
                self._pixels += self._layers[-1].pixels
        return moved

    @property
    def _pictured(self) -> int:
        return sum(len(layer.items) for layer in self._layers)

    async def compare(self, extraction: Extraction, keep: Keep) -> None:
        """Fill in ``fidelity``, of components and page, for those that were pictured.

        ``keep``: gets the originals as ``component-<index>.webp``. Raises PageError, PageMoved, ProtocolError and
        TimeoutError; what was compared before that is filled in.
        """
        likenesses: dict[int, Likeness] = {}
        if not extraction["components"]:
            return
        try:
            await self._compare(extraction, likenesses)
        finally:
            _fill(extraction, likenesses)
        _keep(likenesses, keep)
        if self._failure is not None:
            raise self._failure

    async def _compare(self, extraction: Extraction, likenesses: dict[int, Likeness]) -> None:
        components = {
            number: each
            for each in extraction["components"]
            if (number := self._numbers.get(each["selector"])) is not None
        }
        end = time.monotonic() + self._budget.share(0.6, 30.0)
        if self._warning is not None:
            extraction["warnings"].append(self._warning)
            if self._warning == _NO_TIME:
                extraction.pop("fingerprint", None)
        for layer in self._layers:
            if time.monotonic() > end:
                extraction["warnings"].append(_NO_TIME)
                extraction.pop("fingerprint", None)
                return
            likenesses |= await self._studio.compare(layer, components)


def _layers(pictured: Sequence[Numbered], request: Request) -> Iterator[Layer]:
    width, height = request.viewport
    if request.verify == "sample":
        seed = zlib.crc32(request.url.encode(errors="replace"))
        return sample_of(pictured, Bounds(width, height, most=_SAMPLE), seed)
    return layers_of(pictured, Bounds(width, height, most=_TOGETHER))


def _is_enough(verified: int, seconds: float) -> bool:
    """Whether a sample is large enough for the time that it took."""
    return verified >= _ENOUGH or (verified > 0 and seconds > (_SAMPLE_TIME if verified >= _FEW else _FEW_TIME))


def _fill(extraction: Extraction, likenesses: Mapping[int, Likeness]) -> None:
    for component in extraction["components"]:
        if likeness := likenesses.get(component["index"]):
            component["fidelity"] = Fidelity(diff=round(likeness.diff, 6), ssim=round(likeness.ssim, 4))
    if every := likenesses.values():
        extraction["fidelity"] = PageFidelity(
            diff=round(fmean(each.diff for each in every), 6),
            ssim=round(fmean(each.ssim for each in every), 4),
            verified=len(every),
            passed=sum(each.diff <= PASS for each in every),
        )


def _keep(likenesses: Mapping[int, Likeness], keep: Keep) -> None:
    room = MAX_PICTURES
    for index, likeness in sorted(likenesses.items())[:MOST_PICTURES]:
        if likeness.picture is not None and len(likeness.picture) <= room:
            room -= len(likeness.picture)
            keep(f"component-{index}.webp", "image/webp", likeness.picture)
