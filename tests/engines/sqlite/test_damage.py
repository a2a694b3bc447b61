"""A file that is torn or has flipped bits: what is left of it is a consistent past, or it is refused by name."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jobserver.engines.sqlite.wal import lost_commits
from jobserver.errors import UnusableStore
from jobserver.jobs.clock import ManualClock
from jobserver.jobs.model import Filter
from tests.engines.sqlite.lives import copied, live, opened, read, said
from tests.make import START, a_spec

JOBS = 12


async def _a_log(tmp_path: Path) -> Path:
    """A store of jobs that were accepted one by one, as a power cut would leave it."""
    file = tmp_path / "jobs.db"
    async with opened(file) as engine:
        for number in range(JOBS):
            await engine.submit(a_spec(job_id=f"j{number:02}", args=b'{"n":%d}' % number))
        return copied(file, tmp_path / "crashed")


async def _left_of(file: Path) -> list[str]:
    async with read(file) as engine:
        return sorted(job.id for job in (await engine.page(Filter(), limit=100)).jobs)


def _all(number: int) -> list[str]:
    return [f"j{each:02}" for each in range(number)]


@contextmanager
def _changed(file: Path, content: bytes) -> Iterator[None]:
    """The file with other content, in a directory where nothing else is changed."""
    kept = file.read_bytes()
    others = {each: each.read_bytes() for each in file.parent.iterdir()}
    file.write_bytes(content)
    try:
        yield
    finally:
        for each in file.parent.iterdir():
            each.unlink()
        for each, was in others.items():
            each.write_bytes(was)
        file.write_bytes(kept)


async def test_a_torn_log_opens_to_what_was_whole_wherever_it_is_torn(tmp_path: Path):
    file = await _a_log(tmp_path)
    log = file.with_name("jobs.db-wal")
    whole = log.read_bytes()
    chance = random.Random(4)  # noqa: S311 - the same every time
    cuts = sorted({0, 1, 31, 32, 33, 55, 56, 57, len(whole) - 1, *(chance.randrange(len(whole)) for _ in range(25))})
    numbers = []
    for cut in cuts:
        with _changed(log, whole[:cut]):
            left = await _left_of(file)
        assert left == _all(len(left)), cut
        numbers.append(len(left))
    assert numbers == sorted(numbers)
    assert numbers[0] == 0
    assert numbers[-1] == JOBS - 1
    assert await _left_of(file) == _all(JOBS)


async def test_a_log_whose_last_pages_were_never_written_opens_to_what_was_whole(tmp_path: Path):
    file = await _a_log(tmp_path)
    log = file.with_name("jobs.db-wal")
    whole = log.read_bytes()
    for torn in (whole[:-4_000] + bytes(4_000), whole + whole[-4_120:], whole + bytes(10_000)):
        with _changed(log, torn):
            assert await _left_of(file) in (_all(JOBS - 1), _all(JOBS))


async def test_a_bit_that_flips_in_the_log_loses_nothing_in_silence(tmp_path: Path):
    file = await _a_log(tmp_path)
    log = file.with_name("jobs.db-wal")
    whole = log.read_bytes()
    chance = random.Random(5)  # noqa: S311 - the same every time
    refused = 0
    for place in [*range(0, 56, 3), *(chance.randrange(len(whole)) for _ in range(40))]:
        with _changed(log, _flipped(whole, place)):
            try:
                # The last transaction may be gone: it looks as if the power had failed while it was written.
                assert await _left_of(file) in (_all(JOBS), _all(JOBS - 1)), place
            except UnusableStore as error:
                assert "jobs.db is damaged" in error.message  # noqa: PT017 - either is right
                refused += 1
    assert refused > 40


async def test_a_bit_that_flips_in_the_file_is_found_or_changes_nothing(tmp_path: Path):
    file, clock = tmp_path / "store" / "jobs.db", ManualClock(START)
    file.parent.mkdir()
    async with opened(file, clock) as engine:
        await live(engine, clock)
    async with read(file, clock) as again:
        wanted = await said(again)
    whole = file.read_bytes()
    chance = random.Random(6)  # noqa: S311 - the same every time
    refused = 0
    for place in [*range(16, 100), *(chance.randrange(len(whole)) for _ in range(120))]:
        with _changed(file, _flipped(whole, place)):
            try:
                async with read(file, clock) as again:
                    found = await said(again)
                assert found == wanted, place
            except UnusableStore:
                refused += 1
    assert refused > 30


def test_a_log_of_numbers_with_the_big_end_first_is_read_too(tmp_path: Path):
    log = tmp_path / "jobs.db-wal"
    header = struct.pack(">6I", 0x377F0683, 3_007_000, 512, 0, 1, 2)
    sums = _sums(header, (0, 0))
    content = header + struct.pack(">2I", *sums)
    for number in range(1, 4):
        head, page = struct.pack(">2I", number, number), bytes([number]) * 512
        sums = _sums(page, _sums(head, sums))
        content += head + struct.pack(">4I", 1, 2, *sums) + page
    log.write_bytes(content)
    assert not lost_commits(log)
    log.write_bytes(_flipped(content, 100))
    assert lost_commits(log)
    log.write_bytes(_flipped(content, len(content) - 10))
    assert not lost_commits(log)


@pytest.mark.parametrize("content", [b"", b"x" * 31])
def test_a_log_without_a_header_has_lost_nothing(tmp_path: Path, content: bytes):
    log = tmp_path / "jobs.db-wal"
    assert not lost_commits(log)
    log.write_bytes(content)
    assert not lost_commits(log)


def _flipped(content: bytes, place: int) -> bytes:
    changed = bytearray(content)
    changed[place] ^= 1 << place % 8
    return bytes(changed)


def _sums(data: bytes, sums: tuple[int, int]) -> tuple[int, int]:
    one, two = sums
    for first, second in struct.iter_unpack(">2I", data):
        one = (one + first + two) % 2**32
        two = (two + second + one) % 2**32
    return one, two
