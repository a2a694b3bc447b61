"""What a selector asks for at rest, and what depends on state and follows the element's class instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Any, NamedTuple

import tinycss2

from jobserver.extract.static.selector import (
    LISTS,
    MATCHES_ANY,
    MAX_VARIANTS,
    Compound,
    Part,
    Simple,
    Specificity,
    compound_of,
    parts_of,
    specificity_of,
    split,
)
from jobserver.extract.static.values import words

DYNAMIC = words(
    "hover focus focus-visible focus-within active visited target target-within user-valid user-invalid autofill "
    "-webkit-autofill fullscreen modal popover-open playing paused"
)
"""States nothing is in when a page has just been read."""
LIVE = words("checked indeterminate placeholder-shown valid invalid in-range out-of-range open")
"""States an element may be in already and may leave: kept as states where they are about the element itself."""
_SKIPPED = frozenset({"defined", "host", "host-context", "slotted", "part", "current", "past", "future"})
_FOREIGN = ("-moz-", "-ms-", "-o-")


BEARER = "{@}"
"""In a state: the element around or before the subject that is in it, as in ``:where({@}:hover *)``."""


class Step(NamedTuple):
    """From an element to the next to its left: over ``combinator`` to what is matched by ``match``."""

    combinator: str
    match: str


@dataclass(frozen=True, slots=True)
class Selector:
    """One selector of a list.

    ``match``: what elements must match at rest. ``state`` and ``pseudo`` follow the element's class:
    ``":where(:hover)"`` and ``"::before"``. ``needs``: the ``tag``, ``.class`` and ``#id`` the page must have for it.
    ``bearer``: the way to another element whose state counts; `BEARER` stands for it in ``state``.
    """

    match: str
    specificity: Specificity
    state: str = ""
    pseudo: str = ""
    needs: frozenset[str] = frozenset()
    bearer: tuple[Step, ...] = ()


def read(tokens: list[Any]) -> list[Selector]:
    """What one selector (tokens without commas) asks for.

    Several where ``:is()`` mixes states and classes; none where it can never match a page at rest or is not understood.
    """
    parts = parts_of(tokens)
    if parts is None or not isinstance(parts[-1], list):
        return []
    specificity = specificity_of(parts)
    variants = list(islice(_variants(parts[-1]), MAX_VARIANTS))
    context = _context(parts[:-1])
    at_rest = (_subject(context, each, parts, specificity) for each in variants if context is not None)
    found = [each for each in at_rest if each is not None]
    borne = _borne(parts)
    if borne is not None:
        steps, state = borne
        subjects = (_subject(_left_of_subject(steps), each, parts, specificity) for each in variants)
        found += [replace(each, state=state + each.state, bearer=steps) for each in subjects if each is not None]
    return found


def _borne(parts: list[Part]) -> tuple[tuple[Step, ...], str] | None:
    """The way to the one element beside the subject that a state is asked of, and that state; None without one."""
    places = [at for at, part in enumerate(parts[:-1]) if isinstance(part, list) and any(map(_is_borne, part))]
    if len(places) != 1:
        return None
    place = places[0]
    compound = [simple for simple in parts[place] if isinstance(simple, Simple)]
    asked = "".join(simple.text for simple in compound if _is_borne(simple))
    resting = [_unchecked(simple) for simple in compound if not _is_borne(simple) or simple.name == "checked"]
    plain = [*parts[:place], resting, *parts[place + 1 : -1]]
    prefixes = [_context(plain[: at + 1]) for at in range(place, len(plain), 2)]
    combinators = [str(part) for part in plain[place + 1 :: 2]]
    if None in prefixes:
        return None
    steps = tuple(Step(*step) for step in zip(reversed(combinators), map(str, reversed(prefixes)), strict=True))
    return steps, f":where({BEARER}{asked}{_relation(combinators)})"


def _relation(combinators: list[str]) -> str:
    """How the subject stands to the bearer, as a selector."""
    signs = [each.strip() for each in combinators]
    if all(sign in {"", ">"} for sign in signs):
        return " *"
    return "".join(f" {sign} *" if sign else " *" for sign in signs)


def _left_of_subject(steps: tuple[Step, ...]) -> str:
    return steps[0].match + steps[0].combinator


def _is_borne(simple: Simple) -> bool:
    """Whether it is a state that the page at rest does not show: none of it, or a box that is not checked."""
    return _is_state(simple) and (_static(simple) is None or simple.name == "checked")


def _unchecked(simple: Simple) -> Simple:
    # What is checked at rest is matched as it stands; here is the other half.
    return _negated([simple]) if simple.name == "checked" and simple.kind == "pseudo" else simple


def _context(parts: list[Part]) -> str | None:
    """Everything before the subject as the engine reads it; None where a state there is needed."""
    text = ""
    for part in parts:
        if isinstance(part, str):
            text += part
            continue
        written = _compound_text(part)
        if written is None:
            return None
        text += written
    return text


def _compound_text(compound: Compound) -> str | None:
    texts = [_static(simple) for simple in compound]
    kept = [text for text in texts if text is not None]
    return ("".join(kept) or "*") if len(kept) == len(texts) else None


def _static(simple: Simple) -> str | None:
    """How the engine is asked for a simple selector at rest; None where it cannot match then."""
    if simple.kind == "element" or (simple.kind == "pseudo" and simple.name in DYNAMIC):
        return None
    if simple.kind != "pseudo":
        return simple.text
    if simple.name in _SKIPPED or simple.name.startswith(_FOREIGN):
        return "" if simple.name == "defined" else None
    if simple.name == "scope":
        return ":root"
    if simple.arguments is None:
        return simple.text
    return _static_function(simple, simple.arguments)


def _static_function(simple: Simple, arguments: list[Any]) -> str | None:
    if simple.name == "dir":
        return "" if "ltr" in tinycss2.serialize(arguments).lower() else None
    if simple.name == "lang":
        language = tinycss2.serialize(arguments).strip(" \"'")
        return f':is([lang|="{language}" i],[lang|="{language}" i] *)' if language.isalnum() else None
    if simple.name not in LISTS:
        return simple.text
    choices = [text for each in split(arguments) if (text := _static_selector(each)) is not None]
    if not choices:
        return "" if simple.name == "not" else None
    name = "is" if simple.name in MATCHES_ANY else simple.name
    return f":{name}({','.join(choices)})"


def _static_selector(tokens: list[Any]) -> str | None:
    parts = parts_of(tokens)
    return None if parts is None else _context(parts)


def _is_state(simple: Simple) -> bool:
    """Whether a simple selector speaks of nothing but states."""
    if simple.kind != "pseudo":
        return False
    if simple.name in DYNAMIC or simple.name in LIVE:
        return True
    if simple.name not in MATCHES_ANY and simple.name != "not":
        return False
    choices = [compound_of(each) for each in split(simple.arguments or [])]
    return bool(choices) and all(choice is not None and all(map(_is_state, choice)) for choice in choices)


def _variants(compound: Compound) -> Iterator[Compound]:
    """The compound, with each ``:is()`` and ``:not()`` that mixes states with other things written out."""
    for at, simple in enumerate(compound):
        choices = _mixed(simple)
        if choices is None:
            continue
        head, tail = compound[:at], compound[at + 1 :]
        for choice in choices:
            yield from _variants([*head, *choice, *tail])
        return
    yield compound


def _mixed(simple: Simple) -> list[Compound] | None:
    if simple.kind != "pseudo" or _is_state(simple) or not (simple.name in MATCHES_ANY or simple.name == "not"):
        return None
    choices = [compound_of(each) for each in split(simple.arguments or [])]
    compounds = [choice for choice in choices if choice is not None]
    if len(compounds) < len(choices):
        return None
    if not any(_is_state(each) for compound in compounds for each in compound):
        return None
    return list(islice(_without(compounds), MAX_VARIANTS)) if simple.name == "not" else compounds


def _without(compounds: list[Compound]) -> Iterator[Compound]:
    """What is none of the compounds lacks one thing of each: not ``.a:hover`` is not ``.a``, or not hovered."""
    return (list(each) for each in product(*([_negated([simple]) for simple in compound] for compound in compounds)))


def _negated(compound: Compound) -> Simple:
    text = "".join(simple.text for simple in compound)
    return Simple("pseudo", "not", f":not({text})", tinycss2.parse_component_value_list(text))


def _subject(context: str, compound: Compound, parts: list[Part], specificity: Specificity) -> Selector | None:
    """The selector whose last compound is ``compound``."""
    cut = next((at for at, simple in enumerate(compound) if simple.kind == "element"), len(compound))
    own, pseudo = compound[:cut], "".join(simple.text for simple in compound[cut:])
    states = "".join(simple.text for simple in own if _is_state(simple))
    match = _compound_text([simple for simple in own if not _is_state(simple)])
    if match is None or any(foreign in pseudo for foreign in _FOREIGN):
        return None
    state = f":where({states})" if states else ""
    return Selector(context + match, specificity, state, pseudo, _needs([*parts[:-1], own]))


def _needs(parts: list[Part]) -> frozenset[str]:
    signs = {"tag": "", "class": ".", "id": "#"}
    simples = (simple for part in parts if isinstance(part, list) for simple in part)
    return frozenset(signs[simple.kind] + simple.name for simple in simples if simple.kind in signs)
