"""The style sheets of one page in their order: what of them the page can need, with its rank in the cascade."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count

from jobserver.extract.static.outline import Around, Entry, Import, Layers, Named, Path, Style, conditioned
from jobserver.extract.static.outlines import MAX_RULES, OUTLINES
from jobserver.extract.static.sheet import Sheet, StyleRule, Stylesheet

_LAST = 1 << 30
"""A rule stands after all layers inside its own layer."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """One reading of a sheet: what is around all of it. ``number``: of its own, for layers without a name."""

    sheet: Sheet
    around: Around
    number: int


def read_sheets(sheets: list[Sheet], names: set[str] | None = None) -> Stylesheet:
    """The rules of ``sheets`` in their order; those that need a name that is not in ``names`` are left out."""
    reader = _Reader(names)
    for sheet in sheets:
        around = conditioned(Around(), sheet.media)
        if around is not None:
            reader.read(sheet, around)
    return reader.result


class _Reader:
    def __init__(self, names: set[str] | None) -> None:
        self.result = Stylesheet()
        self._names = names
        self._order = count()
        self._turns = count()
        self._layers: dict[Path, int] = {}

    def read(self, sheet: Sheet, around: Around) -> None:
        read = OUTLINES.of(sheet.text, sheet.base)
        turn = _Turn(sheet, around, next(self._turns))
        for warning in read.warnings:
            self._warn(warning)
        for entry in read.entries:
            self._take(entry, turn)

    def _take(self, entry: Entry, turn: _Turn) -> None:
        if isinstance(entry, Style):
            self._style(entry, turn)
        elif isinstance(entry, Layers):
            for path in entry.paths:
                self._rank(self._path(path, turn))
        elif isinstance(entry, Import):
            sheet = turn.sheet.imports.get(entry.url)
            if sheet is not None:
                self.read(sheet, self._around(entry.around, turn))
        else:
            self._named(entry, (*turn.around.conditions, *entry.conditions))

    def _around(self, around: Around, turn: _Turn) -> Around:
        conditions = (*turn.around.conditions, *around.conditions)
        return replace(around, conditions=conditions, layer=self._path(around.layer, turn))

    def _path(self, path: Path, turn: _Turn) -> Path:
        """A layer of a sheet as the page knows it."""
        return (*turn.around.layer, *(f" {turn.number}.{name}" if name.startswith(" ") else name for name in path))

    def _rank(self, path: Path) -> tuple[int, ...]:
        """Comparable: later wins. The layer and those around it have their ranks from now on."""
        ranks = (self._layers.setdefault(path[:depth], len(self._layers)) for depth in range(1, len(path) + 1))
        return (*ranks, _LAST)

    def _style(self, entry: Style, turn: _Turn) -> None:
        selectors = [each for each in entry.selectors if self._names is None or each.needs <= self._names]
        if not selectors:
            return
        if len(self.result.rules) + len(selectors) > MAX_RULES:
            self._warn(f"The page has more than {MAX_RULES:,} style rules; the rest was left out.")
            return
        place = self._around(entry.around, turn)
        layer, order = self._rank(place.layer), next(self._order)
        self.result.rules += [StyleRule(each, entry.block, place.conditions, layer, order) for each in selectors]

    def _named(self, entry: Named, conditions: tuple[str, ...]) -> None:
        if entry.kind == "font-face":
            self.result.fonts.append((entry.name, _wrapped(entry.rule, conditions)))
        elif entry.kind == "keyframes":
            self.result.keyframes[entry.name] = _wrapped(entry.rule, conditions)
        else:
            self.result.properties[entry.name] = (entry.rule, entry.inherits)

    def _warn(self, sentence: str) -> None:
        if sentence not in self.result.warnings:
            self.result.warnings.append(sentence)


def _wrapped(rule: str, conditions: tuple[str, ...]) -> str:
    for condition in reversed(conditions):
        rule = f"{condition}{{{rule}}}"
    return rule
