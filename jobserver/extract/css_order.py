"""In which order the rules of many elements are written, so that equal conditions come together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from jobserver.extract.model import Rule

Conditions = tuple[str, ...]


class Waiting:
    """The rules that are still to be written: of each style in order, of different styles in any.

    ``styles``: rules, and the places of the elements that have them.

    What is to be known of all is counted as they go: there may be thousands of styles with conditions of their own.
    """

    def __init__(self, styles: Iterable[tuple[list[int], list[Rule]]]) -> None:
        self._queues = [(places, list(reversed(rules))) for places, rules in styles if rules]
        self._counts = [Counter(rule.conditions for rule in rules) for _, rules in self._queues]
        self._all = Counter(rule.conditions for _, rules in self._queues for rule in rules)
        # Of all rules under some conditions those in styles whose next rule has just these.
        self._near = Counter[Conditions]()
        self._heads: dict[Conditions, list[int]] = {}
        self._begun = 0
        for number in range(len(self._queues)):
            self._come(number)

    def next(self) -> Conditions | None:
        """Conditions that come next in a style, if possible such that no style has any more of them further back.

        None when nothing is left.
        """
        while self._begun < len(self._queues) and not self._queues[self._begun][1]:
            self._begun += 1
        if self._begun == len(self._queues):
            return None
        first = self._queues[self._begun][1][-1].conditions
        if self._is_free(first) or len(self._heads) == 1:
            return first
        heads = (rules[-1].conditions for _, rules in islice(self._queues, self._begun, None) if rules)
        return next((conditions for conditions in heads if self._is_free(conditions)), first)

    def take(self, conditions: Conditions) -> Iterator[list[tuple[list[int], Rule]]]:
        """Take from every style, with the places of its elements, the rules that come next under these conditions.

        In rounds, so that a shared block never stands before an earlier rule of one of its styles.
        """
        numbers = sorted(self._heads.pop(conditions))
        self._near[conditions] = 0
        while numbers:
            yield [(self._queues[number][0], self._pop(number)) for number in numbers]
            rest = [number for number in numbers if self._head(number) == conditions]
            for number in set(numbers).difference(rest):
                self._come(number)
            numbers = rest

    def _head(self, number: int) -> Conditions | None:
        rules = self._queues[number][1]
        return rules[-1].conditions if rules else None

    def _is_free(self, conditions: Conditions) -> bool:
        return self._all[conditions] == self._near[conditions]

    def _pop(self, number: int) -> Rule:
        rule = self._queues[number][1].pop()
        self._all[rule.conditions] -= 1
        self._counts[number][rule.conditions] -= 1
        return rule

    def _come(self, number: int) -> None:
        if (head := self._head(number)) is not None:
            self._heads.setdefault(head, []).append(number)
            self._near[head] += self._counts[number][head]
