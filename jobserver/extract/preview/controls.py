"""What a reader can set on the preview: how wide, on which backdrop, beside what; a search; a colour scheme."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from jobserver.extract.preview.markup import text

_Choice = tuple[str, str, str]
"""Id, accessible name, and what is shown for it: a word or an icon."""


def _icon(paths: str, kind: str = "") -> str:
    return f'<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"{kind}>{paths}</svg>'


_COMPARE: Final = (
    ("see-both", "Original beside rebuilt", "Both"),
    ("see-rebuilt", "Rebuilt alone", "Rebuilt"),
    ("see-difference", "Difference of the two: black where they are equal", "Difference"),
)
_WIDTHS: Final = (
    ("at-own", "As wide as on the page", "Own"),
    ("at-narrow", "390 pixels: a phone", "390"),
    ("at-medium", "768 pixels: a tablet", "768"),
    ("at-full", "As wide as there is room; drag the corner", "Full"),
)
_BACKDROPS: Final = (
    ("on-fitting", "White, or dark for light text", _icon('<rect x="2" y="2" width="12" height="12"/>')),
    (
        "on-checker",
        "Checkered",
        _icon('<path d="M2 2h6v6h6v6H8V8H2z" class="fill"/><rect x="2" y="2" width="12" height="12"/>'),
    ),
    ("on-dark", "Dark", _icon('<rect x="2" y="2" width="12" height="12" class="fill"/>')),
)
_SCHEMES: Final = (
    (
        "scheme-auto",
        "As the system",
        _icon('<circle cx="8" cy="8" r="5.5"/><path d="M8 2.5v11a5.5 5.5 0 0 0 0-11z" class="fill"/>'),
    ),
    (
        "scheme-light",
        "Light",
        _icon(
            '<circle cx="8" cy="8" r="2.8"/><path d="M8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8 13 13'
            'M13 3l-1.2 1.2M4.2 11.8 3 13"/>'
        ),
    ),
    ("scheme-dark", "Dark", _icon('<path d="M13.5 9.6A6 6 0 0 1 6.4 2.5a6 6 0 1 0 7.1 7.1z"/>')),
)

COPY: Final = _icon(
    '<rect x="5.5" y="5.5" width="8" height="8" rx="1.5"/><path d="M10.5 5.5V4A1.5 1.5 0 0 0 9 2.5H4'
    'A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.5h1.5"/>',
    ' class="sheets"',
) + _icon('<path d="m3 8.5 3.2 3.2L13 5"/>', ' class="tick"')
"""On a button that copies; it shows the tick when it has."""


def bar(kinds: Mapping[str, str], *, compare: bool) -> str:
    """Above the components. ``kinds``: name → title. ``compare``: whether there is anything to compare with."""
    if not kinds:
        return ""
    options = "".join(f'<option value="{text(kind)}">{text(title)}</option>' for kind, title in kinds.items())
    return (
        '<div class="bar"><search class="find" hidden><input type="search" id="find" placeholder="Search" '
        'aria-label="Search components" aria-keyshortcuts="/" autocomplete="off" spellcheck="false"><kbd>/</kbd>'
        '<select id="kind" aria-label="Kind of component" autocomplete="off"><option value="">All kinds</option>'
        f"{options}</select></search>{_choice('see', 'Compare', _COMPARE) if compare else ''}"
        f"{_choice('at', 'Width', _WIDTHS)}{_choice('on', 'Backdrop', _BACKDROPS)}</div>"
    )


def schemes() -> str:
    """Light or dark."""
    return _choice("scheme", "Colour scheme", _SCHEMES)


def status() -> str:
    """Where the script says what it has done, for those who do not see it."""
    return '<p class="unseen" role="status"></p>'


def _choice(name: str, legend: str, choices: Iterable[_Choice]) -> str:
    """One of a few; the first unless the reader says otherwise."""
    radios = "".join(
        f'<label title="{text(says)}"><input type="radio" name="{name}" id="{value}" aria-label="{text(says)}"'
        f"{'' if number else ' checked'}>{shows}</label>"
        for number, (value, says, shows) in enumerate(choices)
    )
    return f'<fieldset class="choice"><legend class="unseen">{legend}</legend>{radios}</fieldset>'
