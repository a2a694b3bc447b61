"""Rules that belong to no element: fonts, keyframes and registered properties, and which component needs which."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from jobserver.extract.css_rules import checking, safe_declarations, split_declarations
from jobserver.extract.css_values import STRING, Rewrite, unescape

Kind = Literal["font-face", "property", "keyframes"]
MAX_PER_COMPONENT = 64_000
"""Characters; a longer rule (a font inside the page) stands in ``cssFile`` only, not in every component's css."""

_FEW = 50
"""Names, and places of one, that are sooner searched for than all words of a style sheet are listed."""

_AT_RULE = re.compile(
    r"\s*+@(font-face|property|(?:-webkit-)?keyframes)\b([^{]*+)\{(.*)\}\s*+", re.IGNORECASE | re.DOTALL
)
_NAME = re.compile(r"-{0,2}[^\W\d][\w-]*")
_WORD = re.compile(r"[\w-]+")
_FRAME = re.compile(rf"""([\w%.,\s+-]++)\{{((?:{STRING}|[^{{}}"'])*+)\}}\s*""")
_OFFSETS = re.compile(r"(?:from|to|[\d.]+%)(?:\s*,\s*(?:from|to|[\d.]+%))*", re.IGNORECASE)
_RANGE = re.compile(r"U\+([0-9A-F?]{1,6})(?:-([0-9A-F]{1,6}))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class HeadRule:
    """One checked rule. ``name``: the font family, the keyframes or the custom property. ``ranges``: code points."""

    kind: Kind
    name: str
    text: str
    ranges: tuple[tuple[int, int], ...] = ()

    def covers(self, characters: set[int]) -> bool:
        """Whether a character of the text is in its ``unicode-range``; always true without one."""
        return not self.ranges or any(low <= code <= high for low, high in self.ranges for code in characters)


def read_head(rule: str, rewrite: Rewrite = str) -> HeadRule | None:
    """One rule as an engine gave it, rewritten from its parts; None unless it is one allowed, balanced at-rule."""
    match = _AT_RULE.fullmatch(rule)
    if match is None:
        return None
    kind, prelude, body = match[1].lower(), match[2].strip(), match[3]
    if kind == "font-face":
        return _font_face(body, rewrite) if not prelude else None
    name = unescape(prelude.strip("\"'"))
    if not _NAME.fullmatch(name):
        return None
    return _property(name, body, rewrite) if kind == "property" else _keyframes(name, body, rewrite)


def once(rules: Iterable[HeadRule]) -> list[HeadRule]:
    """Each font rule once, and of keyframes and properties of one name the last, which is the one that counts."""
    last: dict[tuple[str, str], HeadRule] = {}
    for rule in rules:
        key = (rule.kind, rule.text if rule.kind == "font-face" else rule.name)
        last.pop(key, None)
        last[key] = rule
    return list(last.values())


def used(rules: Iterable[HeadRule], css: str) -> list[HeadRule]:
    """Those that css names, in order."""
    rules = list(rules)
    text = _Text(unescape(css).casefold())
    names = {rule.name for rule in rules}
    # There may be thousands of names and as many kilobytes: then they are looked up, not searched for.
    has = text.shows if len(names) <= _FEW else text.has
    names = {name for name in names if has(name.casefold())}
    return [rule for rule in rules if rule.name in names]


def needed(rules: Iterable[HeadRule], css: str, html: str) -> list[HeadRule]:
    """Those that one component uses, without the very long ones and without fonts for characters it does not have."""
    found = [rule for rule in used(rules, css) if len(rule.text) <= MAX_PER_COMPONENT]
    if not any(rule.ranges for rule in found):
        return found
    characters = set(map(ord, set(html) | set(unescape(css))))
    return [rule for rule in found if rule.covers(characters)]


def too_long(rules: Iterable[HeadRule], css: str) -> list[str]:
    """The names of those that css names and `needed` leaves out for their length, each once."""
    long = [rule for rule in rules if len(rule.text) > MAX_PER_COMPONENT]
    return list(dict.fromkeys(rule.name for rule in used(long, css))) if long else []


def joined(head: Iterable[HeadRule], rules: str) -> str:
    """One style sheet: fonts and properties first, keyframes last."""
    texts: dict[Kind, list[str]] = {"font-face": [], "property": [], "keyframes": []}
    for rule in head:
        texts[rule.kind].append(rule.text)
    return "\n\n".join(filter(None, [*texts["font-face"], *texts["property"], rules, *texts["keyframes"]]))


class _Text:
    """A text in which names are looked for that are no part of a longer one."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _words(self) -> set[str]:
        return set(_WORD.findall(self._text))

    def shows(self, name: str) -> bool:
        """As `has`, without listing all words for a name that is not there, or soon found."""
        place = self._text.find(name)
        for _ in range(_FEW):
            if place < 0 or self._stands_at(place, name):
                return place >= 0
            place = self._text.find(name, place + len(name))
        return self.has(name)

    def has(self, name: str) -> bool:
        """Whether the name is in it."""
        if _WORD.fullmatch(name):
            return name in self._words
        place = self._text.find(name)
        while place >= 0:
            if self._stands_at(place, name):
                return True
            place = self._text.find(name, place + len(name))
        return False

    def _stands_at(self, place: int, name: str) -> bool:
        end = place + len(name)
        return not _WORD.search(self._text[max(place - 1, 0) : place] + self._text[end : end + 1])


def _font_face(body: str, rewrite: Rewrite) -> HeadRule | None:
    descriptors = _declarations(body, rewrite)
    if descriptors is None or not {"font-family", "src"} <= descriptors.keys():
        return None
    family = unescape(descriptors["font-family"].strip("\"'"))
    ranges = tuple(_range(match) for match in _RANGE.finditer(descriptors.get("unicode-range", "")))
    return HeadRule("font-face", family, _block("@font-face", descriptors), ranges) if family else None


def _property(name: str, body: str, rewrite: Rewrite) -> HeadRule | None:
    descriptors = _declarations(body, rewrite)
    if not descriptors or not name.startswith("--"):
        return None
    return HeadRule("property", name, _block(f"@property {name}", descriptors))


def _keyframes(name: str, body: str, rewrite: Rewrite) -> HeadRule | None:
    frames: list[str] = []
    position = 0
    while match := _FRAME.match(body, position):
        declarations = _declarations(match[2], rewrite)
        if not _OFFSETS.fullmatch(match[1].strip()) or declarations is None:
            return None
        frames.append(_block(match[1].strip(), declarations, indent="  "))
        position = match.end()
    complete = frames and position == len(body)
    return HeadRule("keyframes", name, "\n".join([f"@keyframes {name} {{", *frames, "}"])) if complete else None


def _declarations(block: str, rewrite: Rewrite) -> dict[str, str] | None:
    found = {name.lower() if not name.startswith("--") else name: value for name, value in split_declarations(block)}
    safe = safe_declarations(found, checking(rewrite))
    return safe if safe or not block.strip() else None


def _block(prelude: str, declarations: dict[str, str], indent: str = "") -> str:
    lines = (f"{indent}  {name}: {value};" for name, value in declarations.items())
    return "\n".join([f"{indent}{prelude} {{", *lines, f"{indent}}}"])


def _range(match: re.Match[str]) -> tuple[int, int]:
    low = int(match[1].replace("?", "0"), 16)
    high = int(match[2] or match[1].replace("?", "F"), 16)
    return low, high
