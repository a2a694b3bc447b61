"""JSON as JavaScript writes it, compared with Node."""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import struct
import subprocess

import pytest

from jobserver.auth.javascript import stringify

CASES = [
    ("{ }", "{}"),
    ('{"b": 1, "a": 2}', '{"b":1,"a":2}'),
    ('{"b":1,"10":2,"9":3,"a":4,"0":5}', '{"0":5,"9":3,"10":2,"b":1,"a":4}'),
    ('{"4294967295":1,"4294967294":2,"01":3}', '{"4294967294":2,"4294967295":1,"01":3}'),
    ('{"-1":4,"1.5":5,"":6,"1":7,"\u0661":8}', '{"1":7,"-1":4,"1.5":5,"":6,"\u0661":8}'),
    ('{"a":1,"b":2,"a":3}', '{"a":3,"b":2}'),
    ('{"__proto__":1,"constructor":2}', '{"__proto__":1,"constructor":2}'),
    ("[1.0, -0, -0.0, 1e0, 10e-1, 1E+2, 0.10]", "[1,0,0,1,1,100,0.1]"),
    ("[1e20, 1e21, 123456789012345678901, 1234567890123456789012]", None),
    ("[1e-6, 1e-7, 1.5e-7, 0.00001, 0.000001234, 5e-324, 1.7976931348623157e308]", None),
    ("[9007199254740991, 9007199254740993, 12345678901234567890, -12345678901234567890]", None),
    ("[1e400, -1e400]", "[null,null]"),
    (r'"\u0000\u001f\u007f\u0080\u2028\u2029\/\"\\\b\f\n\r\t é 😀"', None),
    (r'["\ud83d\ude00", "\ud83d", "\ude00\ud83d", "\uDFFFx"]', None),
    ("[true, false, null, [], [[]], {}]", "[true,false,null,[],[[]],{}]"),
    ('"text"', '"text"'),
]  # fmt: skip

NO_JSON = [
    "",
    "{",
    "{'a':1}",
    "[1,]",
    "NaN",
    "[Infinity]",
    "[-Infinity]",
    "01",
    "+1",
    "1.",
    ".5",
    '"\t"',
    "\ufeff{}",
    r'"\x"',
]

_NODE = """
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(cases.map((text) => {
  try { return JSON.stringify(JSON.parse(text)); } catch { return null; }
})));
"""


def node(texts: list[str]) -> list[str | None]:
    """What Node makes of each; None for what is no JSON to it."""
    program = shutil.which("node")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("there is no node")
        pytest.skip("there is no node here")
    said = subprocess.run([program, "-e", _NODE], input=json.dumps(texts), capture_output=True, text=True, check=True)
    made: list[str | None] = json.loads(said.stdout)
    return made


def ours(text: str) -> str | None:
    try:
        return stringify(text)
    except ValueError:
        return None


@pytest.mark.parametrize(("text", "written"), [case for case in CASES if case[1]])
def test_a_text_is_written_as_javascript_would(text: str, written: str):
    assert stringify(text) == written


@pytest.mark.parametrize("text", NO_JSON)
def test_what_is_no_json_is_refused(text: str):
    with pytest.raises(ValueError, match=r"."):
        stringify(text)


def test_what_is_nested_too_deeply_is_refused():
    for depth in (900, 990, 2_000, 100_000):
        assert ours("[" * depth + "]" * depth) in (None, "[" * depth + "]" * depth)
    assert ours("[" * 100_000) is None


def test_node_writes_the_same():
    chance = random.Random(5)  # noqa: S311 - the same cases every time
    texts = [text for text, _ in CASES] + NO_JSON + [made(chance, 4) for _ in range(3_000)]
    for text, theirs in zip(texts, node(texts), strict=True):
        assert ours(text) == theirs, text


def test_node_writes_the_same_numbers():
    chance = random.Random(6)  # noqa: S311 - the same cases every time
    doubles = [struct.unpack("<d", chance.randbytes(8))[0] for _ in range(5_000)]
    doubles += [chance.choice([-1, 1]) * chance.random() * 10.0 ** chance.randint(-12, 25) for _ in range(5_000)]
    texts = [repr(each) for each in doubles if math.isfinite(each)]
    texts += [str(chance.randint(-(10**each), 10**each)) for each in range(1, 40) for _ in range(20)]
    texts += [f"{chance.randint(0, 10**20)}e{chance.randint(-340, 340)}" for _ in range(2_000)]
    for text, theirs in zip(texts, node(texts), strict=True):
        assert ours(text) == theirs, text


def made(chance: random.Random, depth: int) -> str:
    """Some JSON text, oddly written."""
    kind = chance.randrange(8 if depth else 5)
    space = chance.choice(["", " ", "\n\t"])
    if kind == 0:
        return chance.choice(["true", "false", "null", "0", "-0", "1.0", "1e3", "2.50", "1e-7", "1e21", "4294967296"])
    if kind == 1:
        return repr(chance.choice([chance.random(), chance.random() * 1e-6, chance.random() * 1e22]))
    if kind == 2:
        return str(chance.randint(-(10**19), 10**19))
    if kind in (3, 4):
        return word(chance)
    inside = [made(chance, depth - 1) for _ in range(chance.randrange(6))]
    if kind == 5:
        return f"[{space}{f'{space},'.join(inside)}]"
    return "{" + ",".join(f"{space}{name(chance)}{space}:{each}" for each in inside) + f"{space}}}"


def name(chance: random.Random) -> str:
    return chance.choice(
        [word(chance), f'"{chance.randint(0, 20)}"', f'"{chance.randint(2**32 - 4, 2**32 + 2)}"', '"007"']
    )


def word(chance: random.Random) -> str:
    parts = [
        "a",
        "é",
        "😀",
        r"\u0041",
        r"\ud83d",
        r"\ude00",
        r"\n",
        r"\/",
        r"\u001F",
        "\u2028",
        "\x7f",
        "1",
        "{",
        '\\"',
    ]
    return '"' + "".join(chance.choices(parts, k=chance.randrange(4))) + '"'
