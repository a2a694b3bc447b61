"""The files of a script share one scope: a function by the name of another would replace it without a word."""

from __future__ import annotations

import re

import pytest

from jobserver.extract.browser import script

ROOM = re.compile(r"^(?:const \{.*\} = \(\(\) => \{|\}\)\(\);)$", re.MULTILINE)
FUNCTION = re.compile(r"^(?:async )?function\*? (\w+)", re.MULTILINE)
SCRIPTS = sorted(name for name in vars(script) if name.isupper() and not name.startswith("_"))


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_function_has_the_name_of_another(name: str):
    parts = ROOM.split(getattr(script, name))  # by turns outside of a room and in one
    for scope in ("\n".join(parts[::2]), *parts[1::2]):
        functions = FUNCTION.findall(scope)
        assert sorted(functions) == sorted(set(functions))


def test_the_largest_script_has_two_rooms_of_many_functions():
    outside, *rooms = (FUNCTION.findall(part) for part in ROOM.split(script.CAPTURE))
    assert [len(functions) > 10 for functions in rooms] == [True, False, True, True]
    assert "fits" in rooms[0]
    assert "fits" in rooms[2]
    assert "treeOf" not in outside
