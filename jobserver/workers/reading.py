"""How one annotation is read: what JSON it takes, what the handler gets of it, what to say when it is wrong."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from dataclasses import MISSING, Field
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, NewType, Union, get_args, get_origin, get_type_hints

_MOST_FAULTS = 100
_LISTS = frozenset({list, Sequence, MutableSequence})
_DICTS = frozenset({dict, Mapping, MutableMapping})


class Faults(list[tuple[str, str]]):
    """(JSON pointer, what is wrong there); the first hundred."""

    def add(self, pointer: str, detail: str) -> None:
        """Note one more."""
        if len(self) < _MOST_FAULTS:
            self.append((pointer, detail))


Read = Callable[[Any, str, Faults], Any]
"""(value, its pointer, where to note faults) → what the handler gets; of no meaning when a fault was noted."""


class Reader(NamedTuple):
    """How values of one annotation are read. ``wanted``: what a value must be, after "must be"."""

    wanted: str
    read: Read


Known = dict[Any, Reader]
"""Dataclasses met so far: one may hold others of its own kind."""


def reader_of(annotation: Any, known: Known) -> Reader:
    """The reader of an annotation. Raises TypeError for one that JSON cannot be checked against."""
    inner = get_args(annotation)
    for build in (_of_itself, _of_another, _of_several, _of_a_class):
        if (found := build(annotation, get_origin(annotation) or annotation, inner, known)) is not None:
            return found
    raise TypeError(f"arguments of the type {annotation} cannot be checked")


def member(field: Field[Any]) -> str:
    """The field's name in JSON."""
    return str(field.metadata.get("name", field.name))


def escaped(part: object) -> str:
    """One step of a JSON pointer (RFC 6901)."""
    return str(part).replace("~", "~0").replace("/", "~1")


def _of_itself(annotation: Any, _: Any, __: tuple[Any, ...], ___: Known) -> Reader | None:
    return next((found for kind, found in _SIMPLE.items() if kind is annotation), None)


def _of_another(annotation: Any, origin: Any, inner: tuple[Any, ...], known: Known) -> Reader | None:
    if isinstance(annotation, NewType):
        return reader_of(annotation.__supertype__, known)
    return reader_of(inner[0], known) if origin is Annotated else None


def _of_several(_: Any, origin: Any, inner: tuple[Any, ...], known: Known) -> Reader | None:
    if origin in (Union, types.UnionType):
        return _union([reader_of(each, known) for each in inner])
    if origin is tuple:
        return _tuple(inner, known)
    if origin in _LISTS:
        return _list(reader_of(inner[0] if inner else Any, known), list)
    if origin in _DICTS and (not inner or inner[0] is str):
        return _dict(reader_of(inner[1] if inner else Any, known))
    return _choice(inner) if origin is Literal else None


def _of_a_class(_: Any, origin: Any, __: tuple[Any, ...], known: Known) -> Reader | None:
    if isinstance(origin, type) and issubclass(origin, Enum):
        return _enumeration(origin)
    if isinstance(origin, type) and dataclasses.is_dataclass(origin):
        return known.get(origin) or _dataclass(origin, known)
    return None


def _plainly(wanted: str, *kinds: type, make: Callable[[Any], Any] = lambda value: value) -> Reader:
    def read(value: Any, at: str, faults: Faults) -> Any:
        if type(value) in kinds:
            try:
                return make(value)
            except (ValueError, OverflowError):
                pass
        faults.add(at, f"must be {wanted}")
        return None

    return Reader(wanted, read)


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("without an offset")
    return moment


_ANYTHING = Reader("anything", lambda value, _, __: value)
_SIMPLE: Known = {
    Any: _ANYTHING,
    object: _ANYTHING,
    None: _plainly("null", type(None)),
    type(None): _plainly("null", type(None)),
    bool: _plainly("true or false", bool),
    int: _plainly("a whole number", int),
    float: _plainly("a number", int, float, make=float),
    str: _plainly("text", str),
    datetime: _plainly("a time with its offset, like 2026-01-31T12:00:00Z", str, make=_time),
}


def _union(options: list[Reader]) -> Reader:
    wanted = _or([option.wanted for option in options])

    def read(value: Any, at: str, faults: Faults) -> Any:
        near = []
        for option in options:
            own = Faults()
            made = option.read(value, at, own)
            if not own:
                return made
            if all(pointer != at for pointer, _ in own):
                near.append(own)
        # Where just one of them fits on the outside, what is wrong inside it says more.
        for pointer, detail in near[0] if len(near) == 1 else [(at, f"must be {wanted}")]:
            faults.add(pointer, detail)
        return None

    return Reader(wanted, read)


def _choice(values: tuple[Any, ...]) -> Reader:
    wanted = ("one of " if len(values) > 1 else "") + ", ".join(map(_shown, values))

    def read(value: Any, at: str, faults: Faults) -> Any:
        for each in values:
            if type(each) is type(value) and each == value:
                return each
        faults.add(at, f"must be {wanted}")
        return None

    return Reader(wanted, read)


def _enumeration(kind: type[Enum]) -> Reader:
    members = list(kind)
    choice = _choice(tuple(member.value for member in members))

    def read(value: Any, at: str, faults: Faults) -> Any:
        found = len(faults)
        choice.read(value, at, faults)
        return kind(value) if len(faults) == found else None

    return Reader(choice.wanted, read)


def _list(item: Reader, make: Callable[[list[Any]], Any]) -> Reader:
    def read(value: Any, at: str, faults: Faults) -> Any:
        if not isinstance(value, list):
            faults.add(at, "must be a list")
            return None
        return make([item.read(each, f"{at}/{number}", faults) for number, each in enumerate(value)])

    return Reader("a list", read)


def _tuple(inner: tuple[Any, ...], known: Known) -> Reader:
    if not inner or inner[-1] is Ellipsis:
        return _list(reader_of(inner[0] if inner else Any, known), tuple)
    items = [reader_of(each, known) for each in inner]
    wanted = f"a list of {len(items)}"

    def read(value: Any, at: str, faults: Faults) -> Any:
        if not isinstance(value, list) or len(value) != len(items):
            faults.add(at, f"must be {wanted}")
            return None
        pairs = enumerate(zip(items, value, strict=True))
        return tuple(item.read(each, f"{at}/{number}", faults) for number, (item, each) in pairs)

    return Reader(wanted, read)


def _dict(item: Reader) -> Reader:
    def read(value: Any, at: str, faults: Faults) -> Any:
        if not isinstance(value, dict):
            faults.add(at, "must be an object")
            return None
        return {name: item.read(each, f"{at}/{escaped(name)}", faults) for name, each in value.items()}

    return Reader("an object", read)


def _dataclass(kind: type[Any], known: Known) -> Reader:
    members: dict[str, tuple[Field[Any], Reader]] = {}

    def read(value: Any, at: str, faults: Faults) -> Any:
        if not isinstance(value, dict):
            faults.add(at, "must be an object")
            return None
        found = len(faults)
        for name in (each for each in value if each not in members):
            faults.add(f"{at}/{escaped(name)}", f"is not known; known are {', '.join(members) or 'none'}")
        made = {}
        for name, (field, item) in members.items():
            if name in value:
                made[field.name] = item.read(value[name], f"{at}/{escaped(name)}", faults)
            elif field.default is MISSING and field.default_factory is MISSING:
                faults.add(f"{at}/{escaped(name)}", "is missing")
        return _made(kind, made, at, faults) if len(faults) == found else None

    known[kind] = Reader("an object", read)  # before its fields are looked at: one of them may be of this very kind
    hints = get_type_hints(kind, include_extras=True)
    asked = [each for each in dataclasses.fields(kind) if each.init]
    members |= {member(each): (each, reader_of(hints[each.name], known)) for each in asked}
    return known[kind]


def _made(kind: type[Any], members: dict[str, Any], at: str, faults: Faults) -> Any:
    try:
        return kind(**members)
    except (ValueError, TypeError) as error:  # a check of its own, in __post_init__
        faults.add(at, str(error))
        return None


def _or(words: list[str]) -> str:
    *most, last = dict.fromkeys(words)
    return f"{', '.join(most)} or {last}" if most else last


def _shown(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
