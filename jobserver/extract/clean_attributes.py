"""Attributes of one element: which stay, and what their values become."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jobserver.extract import allowed, safe_url
from jobserver.extract.css_values import safe_value
from jobserver.extract.ids import Ids
from jobserver.extract.safe_url import Admits, anywhere, is_loadable
from jobserver.extract.text import scrub

_TIME = re.compile(r"[\d.]+m?s(?:\s*;\s*[\d.]+m?s)*|indefinite|-?[\d.]+")
_RELATIONS = frozenset(
    {"author", "external", "help", "license", "next", "nofollow", "prev", "search", "sponsored", "ugc"}
)
_OPENER_SAFE = frozenset({"noopener", "noreferrer"})


@dataclass(frozen=True, slots=True)
class Attributes:
    """How the attributes of one component are cleaned.

    ``base`` resolves relative addresses; ``admits``: hosts that may be asked without a click.
    """

    ids: Ids
    base: str
    admits: Admits = anywhere

    def of(self, tag: str, attrs: dict[str, str], *, in_svg: bool) -> dict[str, str]:
        """The safe ones of an element that is already known to be allowed."""
        safe: dict[str, str] = {}
        for raw, value in attrs.items():
            name = "id" if raw.lower() == "id" else allowed.attribute_name(tag, raw, in_svg=in_svg)
            new = self._value(tag, name, scrub(value), in_svg=in_svg) if name else None
            if name and new is not None:
                safe.setdefault(name, new)
        return _as_a_whole(tag, safe)

    def in_css(self, url: str) -> str | None:
        """See `css_values.Rewrite`."""
        return self._loaded(self.ids.in_address(url))

    def _value(self, tag: str, name: str, value: str, *, in_svg: bool) -> str | None:
        if name == "id":
            return self.ids.kept.get(value)
        if name in allowed.ID_LISTS:
            return self.ids.in_list(value)
        if name in allowed.URL_ATTRIBUTES:
            return self._address(tag, name, value, in_svg=in_svg)
        if in_svg and name.lower() in allowed.SVG_ATTRIBUTES:
            return self._svg_value(name, value)
        return _plain(name, value)

    def _address(self, tag: str, name: str, value: str, *, in_svg: bool) -> str | None:
        if name == "srcset":
            return safe_url.srcset(value, self.base, self.admits)
        if tag in {"iframe", "audio", "video", "source"} and name == "src":
            return self._loaded(safe_url.web_url(value, self.base))
        if name in {"src", "poster"}:
            return self._loaded(safe_url.image_url(value, self.base))
        link = safe_url.link_url(value, self.base)
        if in_svg and tag == "image":
            link = self._loaded(link)
        elif in_svg and tag != "a" and not (link or "").startswith("#"):
            return None
        # A link to nowhere stays a link, as it looks and takes the focus like one.
        return self.ids.in_address(link) if link else "#" if name == "href" and tag == "a" else None

    def _in_svg(self, url: str) -> str | None:
        """Paint, masks and filters of the component itself; elsewhere they are documents, not pictures."""
        return self.ids.in_address(url) if url.startswith("#") else None

    def _loaded(self, url: str | None) -> str | None:
        return url if url is not None and is_loadable(url, self.admits) else None

    def _svg_value(self, name: str, value: str) -> str | None:
        if name == "attributeName":
            return value if value in allowed.ANIMATED else None
        if name in {"begin", "end"}:
            return value if _TIME.fullmatch(value.strip()) else None
        return safe_value(value, self._in_svg) or safe_value(_closed(value), self._in_svg)


def _closed(value: str) -> str:
    """What is open at the end of a value is closed there (CSS Syntax 3, section 5.4.8): ``rgb(0 0 0`` is black."""
    return value + ")" * (value.count("(") - value.count(")"))


def _plain(name: str, value: str) -> str | None:
    if name in allowed.BOOLEAN:
        return ""
    if name == "rel":
        return " ".join(word for word in value.lower().split() if word in _RELATIONS | _OPENER_SAFE) or None
    if name.startswith("data-"):
        return value if len(value) <= allowed.MAX_DATA else None
    pattern = allowed.VALUES.get(name)
    return value if pattern is None or pattern.fullmatch(value) else None


def _as_a_whole(tag: str, safe: dict[str, str]) -> dict[str, str]:
    """Rules that look at several attributes at once."""
    if tag == "input" and safe.get("type", "").strip().lower() in {"hidden", "password"}:
        safe.pop("value", None)
    if safe.get("target", "").lower() == "_blank":
        safe["rel"] = " ".join(sorted({*safe.get("rel", "").split(), *_OPENER_SAFE}))
    if tag == "iframe":
        safe["sandbox"] = ""
    if tag == "animate" and "attributeName" not in safe:
        return {}
    if tag == "animateTransform":
        safe["attributeName"] = "transform"
    return safe
