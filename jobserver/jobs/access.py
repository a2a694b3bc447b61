"""Who may do what: keys, their owners and their scopes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

Owner = str | None
"""Whose jobs a caller reaches; None is everybody's, for operators."""


class Scope(StrEnum):
    """What a key allows. The words are the wire's."""

    SUBMIT = "submit"
    """Make jobs, and make them again."""
    READ = "read"
    """See its owner's jobs, their results and what happens to them."""
    CANCEL = "cancel"
    """Cancel, promote and delete its owner's jobs."""
    MANAGE = "manage"
    """Everything, on everybody's jobs; queues, keys and how the server is."""


EVERYTHING = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept: of its secret only the SHA-256 ``digest``, since nobody can guess 256 random bits.

    ``rate``: requests a minute; None is the server's own limit. ``quota``: unfinished jobs its owner may have; None is
    any number. ``expires_at``: from then on it opens nothing. ``configured``: it comes from the server's settings and
    is kept for as long as they name it.
    """

    id: str
    digest: bytes = field(repr=False)
    owner: str
    scopes: frozenset[Scope]
    created_at: datetime
    name: str = ""
    rate: float | None = None
    quota: int | None = None
    expires_at: datetime | None = None
    configured: bool = False
