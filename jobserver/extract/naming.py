"""What designers call things: the tags, roles and class names that give a component its kind, for both engines.

Every rule that needs no layout is data of this module: `jobserver.extract.static.pick` reads it here, and the script in
the page is given the same table as JSON, so that the engines cannot disagree about it. Patterns are whole names, in the
syntax that Python and JavaScript share.
"""

from __future__ import annotations

import json

from jobserver.extract.text import words

BASIC = ("button", "a", "input", "select", "textarea", "label", "img")
"""Elements whose kind is their tag; all other kinds are composites."""

TAGS = {
    **{
        tag: tag for tag in ("button", "select", "textarea", "label", "img", "nav", "header", "footer", "form", "table")
    },
    **{tag: tag for tag in ("dialog", "details", "article", "aside", "figure", "fieldset", "progress")},
    "search": "form",
    "menu": "list",
    "meter": "progress",
    "pre": "code",
    "blockquote": "quote",
    "ul": "list",
    "ol": "list",
}
"""Tag → kind. Links and inputs have rules of their own."""

ROLES = {
    **{role: role for role in ("button", "form", "table", "dialog", "article", "figure", "alert", "img", "list")},
    **{role: role for role in ("menu", "toolbar", "tooltip")},
    "link": "a",
    "navigation": "nav",
    "banner": "header",
    "contentinfo": "footer",
    "search": "form",
    "grid": "table",
    "treegrid": "table",
    "alertdialog": "dialog",
    "complementary": "aside",
    "radiogroup": "fieldset",
    "tablist": "tabs",
    "menubar": "menu",
    "listbox": "menu",
    "progressbar": "progress",
    "meter": "progress",
    "textbox": "input",
    "searchbox": "input",
    "spinbutton": "input",
    "slider": "input",
    "checkbox": "input",
    "switch": "input",
    "radio": "input",
    "combobox": "select",
}
"""ARIA role → kind (WAI-ARIA 1.2, section 5.3)."""

_MEANING = (
    ("breadcrumb", "breadcrumbs?|crumbs"),
    ("pagination", "pagination|pager|paginator"),
    ("tabs", "tabs|tab-?list|tab-?bar|nav-pills"),
    ("accordion", "accordions?"),
    ("carousel", "carousel"),
    ("alert", "alert|callout|admonition|notification|notice|toast|flash"),
    ("dialog", "modal-dialog|modal-container|modal-box|modal-card"),
    ("hero", "hero|jumbotron|masthead"),
    ("card", "card|tile"),
    ("avatar", "avatar"),
    ("badge", "badge"),
    ("menu", "dropdown-menu"),
    ("toolbar", "btn-group|button-group|btn-toolbar|toolbar"),
    ("progress", "progress|progress-bar"),
)
"""Kind → class names that mean it, with or without a prefix (``ui-card``) or a modifier (``card--wide``)."""
_PLAIN = (
    ("card", "panel"),
    ("list", "list|list-group|list-view"),
    ("menu", "menu|dropdown-content"),
)
"""Kind → class names that mean it only as they stand: with a prefix they are often something else."""
_OF_PAINTED = (("badge", "chip|tag|pill|label"),)
"""Kind → class names that mean it where the element has an edge or a ground of its own, and mean nothing else."""
_OF_LISTS = (("tabs", "tab"), ("steps", "steps?|stepper"))
"""Kind → class names that mean it on a list."""

CLASSES = [
    *((kind, f"(?:.*[-_])?(?:{names})(?:--.*)?", "", False) for kind, names in _MEANING),
    *((kind, names, "", False) for kind, names in _PLAIN),
    *((kind, names, "", True) for kind, names in _OF_PAINTED),
    *((kind, names, "ul ol nav", False) for kind, names in _OF_LISTS),
]
"""Kind, pattern of a class name, the tags it is for, none being all, and whether only for what has an edge or a ground.

The first that fits decides.
"""

FOR_READERS = ("visually-hidden", "sr-only", "screen-reader-text")
"""Class names of what only screen readers are given."""

LABELS = [["breadcrumb", "breadcrumb"], ["pagination", "pagination|page navigation"]]
"""Kind and what the ``aria-label`` of a navigation or a list says then, somewhere in it."""

KEPT = {
    "nav": "breadcrumb pagination tabs steps menu",
    "form": "",
    "table": "",
    "fieldset": "",
    "details": "",
    "dialog": "",
    "header": "hero",
    "footer": "",
    "progress": "",
    "pre": "",
}
"""Tags that say more than a class: the kinds that a class may make of them all the same. All others become anything."""

BUTTON_CLASS = "btn|button|cta|(?:btn|button)[-_].*|.*[-_](?:btn|button)"
"""Class names of links that are made to look like buttons."""

ALONE = ("nav", "breadcrumb", "pagination", "tabs", "steps", "menu", "accordion", "toolbar", "list", "carousel")
"""Kinds about which a list that is all they hold says nothing more."""

NARROWER = ("breadcrumb", "pagination", "tabs", "steps", "menu")
"""Kinds about which a navigation that holds nothing else says nothing more."""

ITEMS = ("li", "article", "section", "figure")
"""What is an item of a list even without a class."""

_TEXT = words(
    """a b button code dd dl dt em h1 h2 h3 h4 h5 h6 i label p pre s select small span strong table tbody td tfoot th
    thead tr u"""
)

NOT_LISTS = _TEXT | words("audio body datalist head html math object picture svg video")
"""Tags whose equal children are text or layout."""

NOT_ITEMS = _TEXT | words("br col hr img input link meta optgroup option script style svg template textarea")
"""Tags that are text or parts of something else, however many of them stand side by side."""

_TABLE = {
    "basic": BASIC,
    "tags": TAGS,
    "roles": ROLES,
    "classes": CLASSES,
    "labels": LABELS,
    "kept": KEPT,
    "buttonClass": BUTTON_CLASS,
    "alone": ALONE,
    "narrower": NARROWER,
    "items": ITEMS,
    "notLists": sorted(NOT_LISTS),
    "notItems": sorted(NOT_ITEMS),
    "forReaders": FOR_READERS,
}


def as_script() -> str:
    """All of it as a statement of JavaScript, for the script in the page."""
    return f"const NAMING = {json.dumps(_TABLE)};\n"
