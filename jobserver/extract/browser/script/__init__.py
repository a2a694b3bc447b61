"""The code that runs inside the page, each piece a JavaScript file of this folder, put together into functions."""

from __future__ import annotations

from importlib.resources import files

from jobserver.extract import naming

_FOLDER = files(__package__)

_SHARED = "safe pause visible lots selector"

_DETECTING = "hash pick look tokens"
_DETECTS = "everyElement, pickAll, lookOf, pageTokens"

_RULES = " ".join(
    sorted(f"rules/{file.name[:-3]}" for file in (_FOLDER / "rules").iterdir() if file.name[-3:] == ".js")
)
_READS_RULES = (
    "readRules, matchedRules, flatten, covers, holds, declaredVariables, fontFaces, keyframes, registered, "
    "flattenAlike, renewKinds, kindOf, plainKey, isWithout, namesReaching, mediaConditions, rootsWithSheets, "
    "plainValue, placesSet, nameInPage"
)

_CAPTURING = (
    "properties tree sprites context variables alone head sandbox names repair generated boxes floats emit pass "
    "wide narrow main"
)


def _read(names: str) -> str:
    return "\n".join((_FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in names.split())


def _function(*bodies: str) -> str:
    return "\n".join(["async (options) => {", "'use strict';", *bodies, "}"])


def _room(doors: str, *bodies: str) -> str:
    """Code of which nobody outside sees more than its doors: the rooms need not know each other's names."""
    return "\n".join([f"const {{ {doors} }} = (() => {{", *bodies, f"return {{ {doors} }};", "})();"])


HAS = """() => ({
  scripts: document.scripts.length > 0,
  refresh: document.querySelector('meta[http-equiv=refresh i]') !== null,
})"""
"""() → {scripts, refresh}: whether the page has scripts, and a wish to lead elsewhere."""

BEFOREHAND = f"(() => {{\n{_read('clock timers frames beforehand')}\n}})();"
"""Not a function: to be run in the page before its own scripts, to know what they wait for, and to hurry them."""

REST = _function(_read("still waits eager rest"))
"""({milliseconds}) → 0 where nothing moved by itself or waited to, else the cost of a step that ended some of it."""

SETTLE = _function(_read("safe still waits eager settle"))
"""({height, milliseconds, scroll, listens}) → nothing: fonts loaded, lazy content shown, nothing moves.

``listens``: whether somebody hears of scrolling; ``scroll``: whether that is done where somebody would notice.
"""

FINGERPRINT = _function(_read("safe pause hash lots fingerprint"))
"""({elements, characters, milliseconds}) → a word for all that the page is now, as far as a reading depends on it.

Null where nobody could say so: a canvas cannot be read, or there are more elements, characters or milliseconds.
"""

UNREAD = _function(_read("safe unread"))
"""() → {closed, lossy, read}: addresses of sheets whose rules cannot be read, or not all, and of the others."""

RESIZE = _function(_read("still resize"))
"""({width}) → nothing: the page is laid out at a new width."""

CAPTURE = _function(
    _read(_SHARED),
    _room(_DETECTS, naming.as_script(), _read(_DETECTING)),
    _room(_READS_RULES, _read(_RULES)),
    _read(_CAPTURING),
)
"""({components, elements, …}) → JSON text: see `reading`. Leaves ``globalThis.jobserver`` behind."""

COMPARED = "(options) => globalThis.jobserver.compare(options)"
"""({milliseconds}) → JSON text, in the world where CAPTURE has run: {rules: look → [[place, its rules], …], lapses,
notes: look → a warning of its own}. What it says goes beyond what CAPTURE said.
"""

NARROW = "(options) => globalThis.jobserver.narrow(options)"
"""({milliseconds}) → JSON text, in the world where CAPTURE has run: {rules: look → [[place, its rules], …], lapses,
warnings}.
"""

SURVEY = _function(_read("safe pause visible painted survey"))
"""({components: [[look, width, height], …], most}) → a box in the page for each that can be pictured alone, else null.

Null instead of all: the page has more than ``most`` elements.
"""

ORIGINALS = _function(_read("safe pause still visible isolate originals"))
"""({looks, top, bottom}) → {left, bottom}, where the view begins and ends: it shows these components alone.

({}) → nothing: the page is shown as it was before.
"""

KEEP = _function(_read("safe visible painted cut keep"))
"""({picture, parts: [{look, box, x, y, width, height}, …]}) → for each whether it stood there still and was kept."""

STAGE = _function(_read("safe visible isolate stage"))
"""({width, height}) → the name of the frame for the twins. Hides everything else, for as long as the page lives."""

PLACE = _function(_read("still place"))
"""({twins: [{css, x, y, width, room}, …], milliseconds}) → nothing: what is in the frame stands where it should."""

COMPARE = _function(_read("pause cut compare"))
"""({picture, pairs: [{look, twin: {x, y}}, …]}) → [{diff, ssim, webp}, …]: base64 in, and out; after KEEP."""
