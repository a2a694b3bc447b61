"""Says in a result how like the page its components are."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import fmean

from jobserver.extract.browser.layers import MARGIN, Bounds, Layer, Numbered, layers_of, sample_of
from jobserver.extract.browser.pictures import Likeness, Studio
from jobserver.extract.browser.settle import Budget
from jobserver.extract.model import Extraction, Fidelity, PageFidelity, Request

Keep = Callable[[str, str, bytes], None]

PASS = 0.01
"""The largest share of differing pixels with which a component passes."""

MAX_PICTURES = 2_000_000
MOST_PICTURES = 100
"""Bytes of all the pictures that are kept of one page, and how many: a job has no room for more files."""

_FEW = 4
_ENOUGH = 8
_SAMPLE = 12
"""Components of a sample: a further picture is taken while there are so few, none when there are so many, and no more
are in one."""

_SAMPLE_TIME = 0.08
_FEW_TIME = 0.5
"""Seconds after which a sample has no further picture, and none either while it has few: what nobody asked for is not
waited for."""

_TOGETHER = 40
"""Components in one picture, when all are verified."""

_TOO_LARGE = "The page has too many elements for its components to be compared with it."
_NONE = "No component could be shown alone, so none was compared with the page."
_NO_TIME = "There was no time to compare all components with the page."


async def verify(studio: Studio, request: Request, budget: Budget, extraction: Extraction, keep: Keep) -> None:
    """Fill in ``fidelity``, of components and page, for a sample of them or for all that can be pictured.

    ``keep``: gets the originals as ``component-<index>.webp``. Raises PageError, PageMoved, ProtocolError and
    TimeoutError; what was compared before that is filled in.
    """
    likenesses: dict[int, Likeness] = {}
    if not extraction["components"]:
        return
    try:
        await _compare(studio, request, budget, extraction, likenesses)
    finally:
        _fill(extraction, likenesses)
    _keep(likenesses, keep)


async def _compare(
    studio: Studio, request: Request, budget: Budget, extraction: Extraction, likenesses: dict[int, Likeness]
) -> None:
    components = {component["index"]: component for component in extraction["components"]}
    began = time.monotonic()
    most = budget.share(0.6, 30.0)
    pictured = await studio.survey(extraction["components"])
    if pictured is None:
        extraction["warnings"].append(_TOO_LARGE)
        return
    for layer in _layers(pictured, request):
        passed = time.monotonic() - began
        if request.verify == "sample" and _is_enough(len(likenesses), passed):
            return
        if passed > most:
            extraction["warnings"].append(_NO_TIME)
            return
        likenesses |= await studio.compare(layer, components)
    if request.verify == "all" and not likenesses:
        extraction["warnings"].append(_NONE)


def _layers(pictured: Sequence[Numbered], request: Request) -> Iterator[Layer]:
    width, height = request.viewport
    stage = height + 2 * MARGIN + 1  # the largest that can be pictured, wherever between two pixels it stands
    if request.verify == "sample":
        seed = zlib.crc32(request.url.encode(errors="replace"))
        return sample_of(pictured, Bounds(width, band=2 * height, stage=stage, most=_SAMPLE), seed)
    return layers_of(pictured, Bounds(width, band=2 * height, stage=stage, most=_TOGETHER))


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
