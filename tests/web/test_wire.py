"""What is written says the same with and without the quicker encoder."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobserver.jobs.model import State
from jobserver.web import wire

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(VALUES)
def test_any_value_is_compact_json_that_reads_back_the_same(value: Any):
    assert json.loads(wire.dumps(value)) == value
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire, "_quick", None)
        assert json.loads(wire.dumps(value)) == value


@pytest.mark.parametrize("quick", [True, False])
def test_what_utf8_and_64_bits_cannot_carry_is_written_all_the_same(quick: bool, monkeypatch: pytest.MonkeyPatch):
    if not quick:
        monkeypatch.setattr(wire, "_quick", None)
    assert wire.dumps({"a": "\ud800", "b": 2**70, "c": State.DONE, "d": "é"}) == (
        b'{"a":"\\ud800","b":1180591620717411303424,"c":"done","d":"\xc3\xa9"}'
    )
