"""All declarations that reach an element, as rules of one class: the base, then conditions and states in order."""

from __future__ import annotations

from jobserver.extract.model import Rule
from jobserver.extract.static.cascade import Declared
from jobserver.extract.static.page import Element
from jobserver.extract.static.values import covers, put, words

_GENERATED = frozenset({"::before", "::after"})
_ONLY_ON = {
    "::marker": {"li", "summary"},
    "::-webkit-details-marker": {"summary"},
    "::backdrop": {"dialog"},
    "::cue": {"video"},
    "::-webkit-meter-": {"meter"},
    "::-webkit-progress-": {"progress"},
}
"""Pseudo-elements (or how their names begin) that only some elements have."""
_TEXT = words("text search url tel email password number")
_TIMES = words("date datetime-local month week time")
_OF_INPUT = {
    "::placeholder": _TEXT,
    "::-webkit-input-placeholder": _TEXT,
    "::file-selector-button": {"file"},
    "::-webkit-file-upload-button": {"file"},
    "::-webkit-slider-": {"range"},
    "::-webkit-search-": {"search"},
    "::-webkit-inner-spin-": {"number"},
    "::-webkit-outer-spin-": {"number"},
    "::-webkit-datetime-": _TIMES,
    "::-webkit-date-": _TIMES,
    "::-webkit-calendar-": _TIMES,
    "::-webkit-clear-": _TIMES,
    "::-webkit-color-": {"color"},
}
"""Pseudo-elements (or how their names begin) that only inputs of some types have."""
_TYPES = _TEXT | _TIMES | words("file range color checkbox radio submit reset button image hidden")


def flatten(element: Element, declared: list[Declared], *, is_root: bool) -> list[Rule]:
    """The author's rules of ``element``; ``declared``: the weakest first.

    All have the specificity of one class, so their order alone decides, and ``!important`` is no longer needed. A
    conditional declaration that an unconditional one beats is left out.
    """
    authored = [each for each in declared if not each.of_browser]
    shown = _pseudos(element, authored, is_root=is_root)
    authored = [each for each in authored if each.pseudo in shown]
    bases = {pseudo: _base(authored, pseudo) for pseudo in sorted(shown)}
    written = {pseudo: {name: each.value for name, each in base.items()} for pseudo, base in bases.items()}
    rules = [Rule(values, pseudo) for pseudo, values in written.items() if values]
    return rules + _conditional(authored, bases)


def _base(declared: list[Declared], pseudo: str) -> dict[str, Declared]:
    base: dict[str, Declared] = {}
    for each in declared:
        if each.pseudo == pseudo and not each.state and not each.conditions:
            put(base, each.name, each)
    return base


def _conditional(declared: list[Declared], bases: dict[str, dict[str, Declared]]) -> list[Rule]:
    rules: list[Rule] = []
    for each in declared:
        if not each.state and not each.conditions:
            continue
        base = bases[each.pseudo]
        stronger = [other for other in base.values() if other.key > each.key]
        if any(covers(other.name, each.name) for other in stronger):
            continue
        place = _rule(rules, each.state + each.pseudo, each.conditions)
        put(place.declarations, each.name, each.value)
        # The shorthand must not undo the parts of it that stay stronger.
        for other in stronger:
            if covers(each.name, other.name):
                put(place.declarations, other.name, other.value)
    return rules


def _rule(rules: list[Rule], suffix: str, conditions: tuple[str, ...]) -> Rule:
    """The last rule, where it is about the same; otherwise a new one."""
    if not rules or rules[-1].suffix != suffix or rules[-1].conditions != conditions:
        rules.append(Rule({}, suffix, conditions))
    return rules[-1]


def _pseudos(element: Element, declared: list[Declared], *, is_root: bool) -> set[str]:
    """The element itself (``""``) and its pseudo-elements that show something."""
    filled = {
        each.pseudo
        for each in declared
        if each.name == "content" and each.value.lower() not in {"none", "normal", "initial"}
    }
    found = {each.pseudo for each in declared if each.pseudo}
    return {""} | {
        pseudo
        for pseudo in found
        if (pseudo in filled if pseudo in _GENERATED else _may_have(element, pseudo, is_root=is_root))
    }


def _may_have(element: Element, pseudo: str, *, is_root: bool) -> bool:
    if pseudo.startswith("::selection"):
        return is_root
    types = next((types for start, types in _OF_INPUT.items() if pseudo.startswith(start)), None)
    if types is not None:
        return _type(element) in types or (element.tag == "textarea" and types is _TEXT)
    owners = next((tags for start, tags in _ONLY_ON.items() if pseudo.startswith(start)), None)
    return owners is None or element.tag in owners


def _type(element: Element) -> str:
    """What an input is; one of a type that no browser knows is a text."""
    if element.tag != "input":
        return ""
    said = (element.get("type") or "").strip().lower()
    return said if said in _TYPES else "text"
