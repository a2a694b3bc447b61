"""Who keeps us waiting is found in the order in which they began to."""

from __future__ import annotations

from jobserver.web.connections.deadlines import Deadlines


def test_whoever_is_late_is_told_once_and_others_not():
    deadlines: Deadlines[str] = Deadlines(10)
    deadlines.begin("first", 0)
    deadlines.begin("second", 5)
    assert list(deadlines.late(9.9)) == []
    assert list(deadlines.late(10)) == ["first"]
    assert list(deadlines.late(14)) == []
    assert list(deadlines.late(15)) == ["second"]
    assert len(deadlines) == 0


def test_whoever_ends_in_time_is_never_late_and_whoever_begins_anew_is_later():
    deadlines: Deadlines[str] = Deadlines(10)
    for name in ("ends", "begins anew", "stays"):
        deadlines.begin(name, 0)
    deadlines.end("ends")
    deadlines.begin("begins anew", 5)
    assert list(deadlines.late(12)) == ["stays"]
    assert list(deadlines.late(15)) == ["begins anew"]


def test_whoever_is_late_may_begin_anew_meanwhile_or_end_another():
    deadlines: Deadlines[str] = Deadlines(10)
    deadlines.begin("first", 0)
    deadlines.begin("second", 0)
    for late in deadlines.late(10):
        assert late == "first"
        deadlines.begin("first", 10)
        deadlines.end("second")
    assert list(deadlines.late(20)) == ["first"]
