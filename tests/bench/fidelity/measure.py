"""Measures one page: each chosen component against its original, at rest, in its states and at 390 px."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from jobserver.extract.browser.cdp import Connection
from tests.bench.fidelity.candidate import Stage, stage
from tests.bench.fidelity.causes import cause
from tests.bench.fidelity.choose import chosen, sort_of
from tests.bench.fidelity.compare import PASS, Pixels, likeness
from tests.bench.fidelity.picture import within
from tests.bench.fidelity.reference import Original, original
from tests.bench.fidelity.states import STATES
from tests.bench.fidelity.weight import declarations

WAYS = ("rest", *STATES, "narrow")
"""What a component is compared in."""

_MOVED = 1.5
"""CSS pixels that ``box`` may be off before the component counts as moved."""


@dataclass(slots=True)
class Shot:
    """One comparison.

    ``dw``, ``dh``: how much larger the rebuilt one is, in CSS pixels. ``changed``: the original does not look as it
    does at rest. ``cause``: of a failure.
    """

    diff: float
    ssim: float
    dw: float = 0.0
    dh: float = 0.0
    changed: bool = False
    cause: str = ""


@dataclass(slots=True)
class Measured:
    """A component with its comparisons by way. ``moved``: it is not where its ``box`` says."""

    index: int
    name: str
    kind: str
    tag: str
    sort: str
    selector: str
    mode: str
    declarations: int
    css_bytes: int
    moved: bool
    box: dict[str, float]
    shots: dict[str, Shot] = field(default_factory=dict)
    claimed: dict[str, float] | None = None


@dataclass(slots=True)
class Failure:
    """The pictures of a comparison that did not pass."""

    component: Measured
    way: str
    reference: Pixels
    candidate: Pixels


@dataclass(slots=True)
class PageMeasure:
    """Of one page. ``skipped``: reason → how many components could not be pictured for it."""

    measured: list[Measured] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)


async def measure(connection: Connection, url: str, origin: str, components: list[dict[str, Any]]) -> PageMeasure:
    """Compare the components of ``url``, as the wire shows them, with the page."""
    found = PageMeasure()
    async with AsyncExitStack() as stack:
        page = await stack.enter_async_context(original(connection, url))
        empty = await stack.enter_async_context(stage(connection, origin))
        looks = [(component, await page.look(str(component["selector"]))) for component in components]
        for _, look in looks:
            if why := look.get("why"):
                found.skipped[why] = found.skipped.get(why, 0) + 1
        pairs = chosen(looks)
        for component, look in pairs:
            measured = _facts(component, look)
            found.measured.append(measured)
            await _compare(page, empty, component, measured, ("rest", *STATES), found)
    async with AsyncExitStack() as stack:
        page = await stack.enter_async_context(original(connection, url, narrow=True))
        empty = await stack.enter_async_context(stage(connection, origin, narrow=True))
        for (component, _), measured in zip(pairs, found.measured, strict=True):
            await _compare(page, empty, component, measured, ("narrow",), found)
    return found


async def _compare(
    page: Original,
    empty: Stage,
    component: dict[str, Any],
    measured: Measured,
    ways: tuple[str, ...],
    found: PageMeasure,
) -> None:
    look = await page.look(measured.selector)
    if "box" not in look:
        return
    box = look["box"]
    placed = await empty.show(component["htmlSnippet"], component["css"], box)
    rest = None
    async with page.alone(measured.selector):
        for way in ways:
            if placed is None:
                measured.shots[way] = Shot(1.0, 0.0, cause="no element")
                continue
            state = way if way in STATES else None
            pictures = await page.picture(measured.selector, box, state), await empty.picture(box, state)
            reference, candidate = (within(pixels, box, look["room"]) for pixels in pictures)
            like = likeness(reference, candidate)
            sizes = (placed["box"][side] - box[side] for side in ("width", "height"))
            shot = measured.shots[way] = Shot(like.diff, like.ssim, *(round(size, 2) for size in sizes))
            rest = reference if rest is None else rest
            shot.changed = likeness(rest, reference).diff > 0
            if like.diff > PASS:
                shot.cause = await _cause(page, empty, measured, state)
                found.failures.append(Failure(measured, way, reference, candidate))


async def _cause(page: Original, empty: Stage, measured: Measured, state: str | None) -> str:
    if state is not None:
        return "as at rest" if measured.shots["rest"].diff > PASS else "state"
    return cause(await page.names(), await page.styles(measured.selector), await empty.styles())


def _facts(component: dict[str, Any], look: dict[str, Any]) -> Measured:
    css = str(component["css"])
    told = component["box"]
    moved = told is not None and any(abs(told[side] - look["page"][side]) > _MOVED for side in told)
    return Measured(
        index=int(component["index"]),
        name=str(component["componentName"]),
        kind=str(component["kind"]),
        tag=str(look["tag"]),
        sort=sort_of(str(look["tag"])),
        selector=str(component["selector"]),
        mode=str(component.get("mode", "")),
        declarations=declarations(css),
        css_bytes=len(css.encode()),
        moved=moved,
        box=look["page"],
        claimed=component.get("fidelity"),
    )
