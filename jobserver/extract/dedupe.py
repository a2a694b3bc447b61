"""One component per look: elements that look the same are counted, not repeated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from jobserver.extract.model import Found, Instance
from jobserver.extract.safe_url import link_url
from jobserver.extract.text import cut, one_line, scrub

MAX_TEXT = 80
MAX_INSTANCES = 20


@dataclass(slots=True)
class Group:
    """The elements of one look.

    ``found``: the first in document order, which stands for all. ``count``: how many there are, itself included.
    ``instances``: the first of them, itself included, with text and address; at most 20.
    """

    found: Found
    count: int = 0
    instances: list[Instance] = field(default_factory=list)

    def add(self, found: Found, base: str) -> None:
        """Count one more element of this look."""
        self.count += 1
        if len(self.instances) < MAX_INSTANCES:
            self.instances.append(_instance(found, base))


class Looks(list[Group]):
    """Groups in document order; ``left_out`` says how many looks the limit cost."""

    left_out: int = 0


def one_per_look(found: Iterable[Found], limit: int, base: str = "") -> Looks:
    """Group by kind and look, in order of first appearance; at most ``limit`` groups.

    ``base`` resolves relative addresses of instances.
    Elements of a look that was left out are not counted anywhere; those of a kept look always are, wherever they stand.
    """
    looks: dict[tuple[str, str], Group] = {}
    for each in found:
        looks.setdefault((each.kind, each.look), Group(each)).add(each, base)
    kept = Looks(list(looks.values())[: max(limit, 0)])
    kept.left_out = len(looks) - len(kept)
    return kept


def _instance(found: Found, base: str) -> Instance:
    instance = Instance(text="" if _is_secret(found) else cut(one_line(found.text), MAX_TEXT))
    if found.href is not None and (href := link_url(scrub(found.href), base)) is not None:
        instance["href"] = href
    return instance


def _is_secret(found: Found) -> bool:
    # An engine may take an input's value for its text.
    return found.root.attrs.get("type", "").strip().lower() in {"password", "hidden"}
