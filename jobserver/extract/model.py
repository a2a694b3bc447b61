"""The shapes that pass between the rooms of an extraction.

::

    page ──pick──▶ elements ──capture, style──▶ Capture of Found ──dedupe──▶ ──clean──▶ ──render──▶ Extraction

Both engines (the browser and the static one) end in a `Capture`; everything after it is shared and pure.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NotRequired, Self, TypedDict

from jobserver.jobs.model import Result

EngineName = Literal["browser", "static"]
Mode = Literal["rules", "computed", "static"]
"""How a component's style was read: from the page's rules, from computed style alone, or without a browser."""
Format = Literal["jsx", "tsx"]
Verify = Literal["none", "sample", "all"]
VERIFY: dict[bool | None, Verify] = {None: "sample", True: "all", False: "none"}
"""What a request says, None where it says nothing → which components are verified."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Declarations of one node under conditions.

    ``suffix``: what follows the node's class in the selector: ``""``, ``"::before"``, ``":where(:hover)"`` …
    ``{n}`` in it stands for the class of the component's n-th element in document order, the root being 0:
    ``":where({0}:hover *)"``.
    ``conditions``: at-rules around it, outermost first: ``("@media (min-width: 600px)",)``.
    ``declarations``: property → value, in the order they are written; ``!important`` is part of the value. Nobody
    changes them once the rule is in a `Capture`: what is made of a rule is made once for all elements that have it.
    """

    declarations: dict[str, str]
    suffix: str = ""
    conditions: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        """Whether it says the same in the same order, which counts in CSS."""
        if not isinstance(other, Rule):
            return NotImplemented
        same_place = self.suffix == other.suffix and self.conditions == other.conditions
        return same_place and list(self.declarations.items()) == list(other.declarations.items())

    def __hash__(self) -> int:
        return hash((self.suffix, self.conditions, *self.declarations.items()))


@dataclass(slots=True)
class Node:
    """An element of a component with the rules that style it.

    ``tag`` and attribute names are as the DOM spells them: lower case in HTML, camelCase where SVG has it
    (``linearGradient``, ``viewBox``). ``children`` are nodes and texts in order. ``attrs`` are as found: not yet safe.
    """

    tag: str
    attrs: dict[str, str] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    children: list[Node | str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Box:
    """Where an element stands in the page at the captured viewport, in CSS pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass(slots=True)
class Found:
    """One component as an engine found it.

    ``kind``: ``button``, ``nav``, ``card`` … ``selector``: unique CSS path in the page. ``outer_html``: as in the page.
    ``look``: equal for elements that look the same: one component stands for all. ``box`` is None without layout.
    ``parent``: the place in `Capture.found` of the nearest component around it. ``mode``: how its style was read; it
    and ``warnings``, sentences about this component alone, count where ``root`` is the first of its look.
    """

    kind: str
    selector: str
    root: Node
    outer_html: str
    look: str
    box: Box | None = None
    text: str = ""
    href: str | None = None
    parent: int | None = None
    mode: Mode = "static"
    warnings: list[str] = field(default_factory=list)


class Token(TypedDict):
    """One value of the page's design, and how many visible elements have it."""

    value: str
    count: int


class Tokens(TypedDict):
    """The design of a page as it is in use, the most frequent first: what a designer would name.

    ``colors``: of text, backgrounds and borders. ``type``: ``"600 16px/24px Inter"``. ``spacing``: paddings, margins
    and gaps. ``radii`` and ``shadows``: as CSS writes them.
    """

    colors: list[Token]
    type: list[Token]
    spacing: list[Token]
    radii: list[Token]
    shadows: list[Token]


@dataclass(slots=True)
class Capture:
    """What an engine read off a page, before anything was made safe.

    ``url``: where the page really was, after redirects. ``found``: in document order. ``head_css``: ``@font-face``,
    ``@keyframes`` and ``@property`` rules that the components need, each a whole rule. ``warnings``: sentences.
    ``tokens``: None where they were not read. ``fonts``: address of each font file that the page has loaded → whether
    pages of every origin may load it. ``fingerprint``: equal for two readings that had the same before them and read
    all of it; None where nobody could say so.
    """

    url: str
    engine: EngineName
    title: str = ""
    found: list[Found] = field(default_factory=list)
    head_css: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    tokens: Tokens | None = None
    fonts: dict[str, bool] = field(default_factory=dict)
    fingerprint: str | None = None


class Fidelity(TypedDict):
    """How like the page a component is when it is shown alone with its css.

    ``diff``: the share of pixels that differ, 0 to 1. ``ssim``: structural similarity, 7 x 7 windows, 1 is equal.
    """

    diff: float
    ssim: float


class PageFidelity(Fidelity):
    """The means of all components that were verified.

    ``verified``: how many that was. ``passed``: how many of them differ in at most 1 % of their pixels.
    """

    verified: int
    passed: int


class Instance(TypedDict):
    """Another element of the page with the same look."""

    text: str
    href: NotRequired[str]


class Component(TypedDict):
    """One component as the wire shows it; the first eight members are the old contract, in its order."""

    index: int
    kind: str
    cleanedHtml: str
    htmlSnippet: str
    className: str
    css: str
    reactSnippet: str
    originalOuterHTML: str
    count: int
    instances: list[Instance]
    selector: str
    box: dict[str, float] | None
    componentName: str
    parent: NotRequired[int]
    mode: Mode
    states: list[str]
    breakpoints: list[int]
    fonts: list[str]
    warnings: list[str]
    fidelity: NotRequired[Fidelity]


class FontFile(TypedDict):
    """A font file that the components use and the job keeps.

    ``artifact``: its name among the files of the job. ``anyOrigin``: whether every site may load it from ``url``.
    """

    family: str
    url: str
    artifact: str
    anyOrigin: bool


class Extraction(TypedDict):
    """The result of an analyze job: ``summary`` on the wire."""

    url: str
    componentCount: int
    components: list[Component]
    cssFile: str
    reactFile: str
    completedAt: str
    title: str
    engine: EngineName
    warnings: list[str]
    format: Format
    tokens: NotRequired[Tokens]
    fidelity: NotRequired[PageFidelity]
    fontFiles: NotRequired[list[FontFile]]
    fingerprint: NotRequired[str]


@dataclass(frozen=True, slots=True)
class Request:
    """What to extract, and within which bounds. It crosses to the child process as JSON.

    ``viewport``: CSS pixels. ``max_page_bytes``: all the page's bytes together. ``max_result_bytes``: the result as
    JSON. ``time_limit``: seconds. ``format``: React as JavaScript or as TypeScript. ``verify``: which components are
    shown alone and compared with the page, where there is a browser to do it. ``known``: the fingerprint of a result
    that the caller has; a page that still has it is not read again.
    """

    url: str
    max_components: int = 80
    viewport: tuple[int, int] = (1280, 1000)
    max_page_bytes: int = 32_000_000
    max_result_bytes: int = 7_500_000
    time_limit: float = 50.0
    format: Format = "jsx"
    verify: Verify = "sample"
    known: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As JSON-able members, for a child process."""
        return asdict(self)

    @classmethod
    def from_json(cls, members: dict[str, Any]) -> Self:
        """The request that `to_json` described."""
        return cls(**{**members, "viewport": tuple(members["viewport"])})


class Unchanged(Exception):
    """The page is as the caller of `Request.known` has it already."""


UNCHANGED = Result(b"null", b"null")
"""What a child process says in place of a result that the caller has."""
