"""Which declarations reach an element, and in which order they override each other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import tinycss2

from jobserver.extract.static.hints import hints
from jobserver.extract.static.media import Viewport, holds
from jobserver.extract.static.page import Element, Page
from jobserver.extract.static.rules import read_sheets
from jobserver.extract.static.sheet import Block, Sheet, StyleRule, Stylesheet
from jobserver.extract.static.states import BEARER, Selector
from jobserver.extract.static.ua import BROWSER_SHEET
from jobserver.extract.static.values import put

MATCHING_TIME = 12.0
"""Seconds after which no further selector is matched; an ordinary page takes a fifth of one."""
MAX_MATCHES = 8_000_000
"""Pairs of an element and a rule that are kept; each takes 8 bytes."""
MAX_LOOKS = 4_000_000
"""At elements around others, for states that count there: pages that need more were made for it."""
_MAX_BEARERS = 8
_MAX_LEVELS = 150
_MAX_SIBLINGS = 200
_HAS_LIMIT = 20_000
"""Elements beyond which ``:has()`` is not matched: it costs the square of them (200,000 took 12 s for one selector)."""

_BROWSER, _HINT, _AUTHOR, _INLINE, _IMPORTANT, _IMPORTANT_INLINE = range(6)
Key = tuple[int, tuple[int, ...], tuple[int, int, int], int]
"""Origin and importance, layer, specificity, order: the larger wins (CSS Cascade 5, section 6)."""


@dataclass(frozen=True, slots=True)
class Declared:
    """One declaration that reaches an element, perhaps under conditions, in a state or on a pseudo-element.

    ``{@7}`` in ``state`` is the page's element 7, whose state it is.
    """

    key: Key
    name: str
    value: str
    state: str = ""
    pseudo: str = ""
    conditions: tuple[str, ...] = ()

    @property
    def of_browser(self) -> bool:
        """Whether the browser itself declares it."""
        return self.key[0] == _BROWSER


class Cascade:
    """The style sheets matched with a page."""

    def __init__(self, page: Page, sheet: Stylesheet, viewport: Viewport) -> None:
        self.page = page
        self.sheet = sheet
        self.viewport = viewport
        self.warnings: list[str] = []
        self._looks_left = MAX_LOOKS
        browser = read_sheets([BROWSER_SHEET], page.names).rules
        self._first_author = len(browser)
        self._rules = [*browser, *sheet.rules]
        self._reach: list[list[int]] = [[] for _ in page.elements]
        self._match()
        self.declared = lru_cache(4096)(self._declared)
        self.computed = lru_cache(4096)(self._computed)
        self._holds = lru_cache(4096)(self._all_hold)
        self._matching = lru_cache(512)(lambda match: frozenset(each.index for each in self._elements(match)))

    def matched(self, element: Element) -> list[int]:
        """Numbers of the rules that reach an element: equal lists, equal styles (but for the ``style`` attribute)."""
        return self._reach[element.index]

    def _match(self) -> None:
        stop, left = time.monotonic() + MATCHING_TIME, MAX_MATCHES
        elements: dict[str, list[Element]] = {}
        for number, rule in enumerate(self._rules):
            match = rule.selector.match
            if match not in elements:
                elements[match] = self._elements(match)
            left -= len(elements[match])
            if left < 0 or time.monotonic() > stop:
                self.warnings.append(f"Only {number:,} of {len(self._rules):,} style rules were matched in time.")
                return
            for element in elements[match]:
                self._reach[element.index].append(number)

    def _elements(self, match: str) -> list[Element]:
        """The elements a selector matches; a lone class or tag is looked up."""
        if match == "*":
            return self.page.elements
        if match.isidentifier():
            return self.page.by_tag.get(match.lower(), [])
        if match[0] == "." and match[1:].replace("-", "_").isidentifier():
            return self.page.by_class.get(match[1:], [])
        if ":has(" in match and len(self.page.elements) > _HAS_LIMIT:
            self._warn("The page is too large for selectors with :has(); they were left out.")
            return []
        return self.page.select(match)

    def _warn(self, sentence: str) -> None:
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def _declared(self, element: Element) -> list[Declared]:
        """All declarations that reach an element, the weakest first."""
        found = [each for number in self._reach[element.index] for each in self._of_rule(number, element)]
        found += hinted(dict(hints(element, self.page)))
        found += self._of_attribute(element)
        return sorted(found, key=lambda each: each.key)

    def _of_rule(self, number: int, element: Element) -> Iterator[Declared]:
        rule = self._rules[number]
        selector = rule.selector
        for state in self._states(selector, element):
            for name, value, important in rule.block.declarations:
                key = self._key(rule, important, browser=number < self._first_author)
                yield Declared(key, name, value, state, selector.pseudo, rule.conditions)

    def _states(self, selector: Selector, element: Element) -> list[str]:
        """The state a selector asks for, once for each other element that may bear it."""
        if not selector.bearer:
            return [selector.state]
        reached = [element]
        for step in selector.bearer:
            matching = self._matching(step.match)
            near = {each.index: each for one in reached for each in _beside(one, step.combinator)}
            self._looks_left -= 1 + len(near)
            if self._looks_left < 0:
                self._warn("The page has too many states of elements around others; some were left out.")
                return []
            reached = [each for each in near.values() if each.index in matching][:_MAX_BEARERS]
        return [selector.state.replace(BEARER, f"{{@{each.index}}}") for each in reached]

    def _key(self, rule: StyleRule, important: bool, *, browser: bool) -> Key:
        # Important declarations of an earlier layer beat those of a later one.
        layer = tuple(-each for each in rule.layer) if important else rule.layer
        origin = _BROWSER if browser else _IMPORTANT if important else _AUTHOR
        return (origin, layer, rule.selector.specificity, rule.order)

    def _of_attribute(self, element: Element) -> Iterator[Declared]:
        style = element.get("style")
        if not style:
            return
        for name, value, important in Block(_tokens(style), self.page.base).declarations:
            yield Declared((_IMPORTANT_INLINE if important else _INLINE, (), (0, 0, 0), 0), name, value)

    def _computed(self, element: Element) -> dict[str, Declared]:
        """Property → what wins on the element itself, at rest, at the viewport."""
        winners: dict[str, Declared] = {}
        for each in self.declared(element):
            if not each.state and not each.pseudo and self._holds(each.conditions):
                put(winners, each.name, each)
        return winners

    def always(self, element: Element) -> list[Declared]:
        """What reaches the element itself in every state and at every viewport, the weakest first."""
        return [each for each in self.declared(element) if not (each.state or each.pseudo or each.conditions)]

    def _all_hold(self, conditions: tuple[str, ...]) -> bool:
        return all(holds(each, self.viewport) for each in conditions)

    def value(self, element: Element, name: str) -> str:
        """What the cascade says of ``name`` on the element; empty when nothing does."""
        winner = self.computed(element).get(name)
        return winner.value if winner else ""

    def setting(self, names: tuple[str, ...]) -> set[int]:
        """Numbers of the rules that set one of ``names`` on elements at rest."""
        return {
            number
            for number, rule in enumerate(self._rules)
            if not rule.selector.state
            and not rule.selector.pseudo
            and any(name in names or name == "all" for name, _, _ in rule.block.declarations)
        }


def hinted(values: dict[str, str]) -> list[Declared]:
    """Declarations that every style sheet of the page is stronger than."""
    return [Declared((_HINT, (), (0, 0, 0), 0), name, value) for name, value in values.items()]


def _beside(element: Element, combinator: str) -> Iterator[Element]:
    """The elements that a combinator leads to, to the left."""
    sign = combinator.strip()
    if sign in {"", ">"}:
        yield from islice(element.ancestors(), 1 if sign else _MAX_LEVELS)
    else:
        yield from element.before(1 if sign == "+" else _MAX_SIBLINGS)


def _tokens(style: str) -> list[object]:
    return list(tinycss2.parse_component_value_list(style[:100_000]))


def cascade(page: Page, sheets: list[Sheet], viewport: Viewport) -> Cascade:
    """The page's ``sheets`` read and matched."""
    return Cascade(page, read_sheets(sheets, page.names), viewport)
