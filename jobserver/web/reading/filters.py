"""Which jobs a caller means: the filters of lists and of operations."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from jobserver.errors import Forbidden
from jobserver.jobs.model import Filter, State
from jobserver.web.reading.members import Members, moment, one_word_of, text
from jobserver.web.route import Call

FILTERS = ("status", "kind", "queue", "tag", "owner", "createdAfter", "createdBefore", "text")

EVERYBODY = "*"
"""As ``owner``: of all owners; for those who manage."""

_LONGEST = 255


def read_filter(members: Members, call: Call) -> Filter:
    """The filter; without ``owner`` the caller's own jobs. Another's are Forbidden to those who do not manage."""
    state = members.take("status", one_word_of(tuple(State)))
    return Filter(
        owner=_owner(members.take("owner", text(_LONGEST)), call),
        state=State(state) if state else None,
        kind=members.take("kind", text(_LONGEST)),
        queue=members.take("queue", text(_LONGEST)),
        tag=members.take("tag", text(_LONGEST)),
        created_after=members.take("createdAfter", _end_of_millisecond),
        created_before=members.take("createdBefore", moment),
        text=members.take("text", text(_LONGEST)),
    )


def _end_of_millisecond(value: Any) -> datetime:
    """Times are kept to the microsecond and shown to the millisecond: what is shown as that moment is not after it."""
    at = moment(value)
    return at.replace(microsecond=at.microsecond // 1000 * 1000) + timedelta(microseconds=999)


def _owner(asked: str | None, call: Call) -> str | None:
    own = call.caller.owner
    if asked is None or asked == own:
        return own
    if call.reach is not None:
        raise Forbidden("Only keys with the scope manage reach other owners' jobs.")
    return None if asked == EVERYBODY else asked
