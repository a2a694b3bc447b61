"""``python -m tests.faults.simulate``: lives of the server, each decided by its seed alone.

``--seed 4711`` replays one and prints its last steps; ``--seeds 10000`` runs so many, on all processors.
"""

from __future__ import annotations

import argparse
import gc
import logging
import multiprocessing
import os
import random
import secrets
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, NamedTuple

from jobserver.jobs import ids
from tests.faults.simulated.loop import VirtualLoop, bury, of_the_dead
from tests.faults.simulated.world import World

_HASHES = "0"
_LAST = 60
"""Lines of the trace that are told."""

_LIVES_PER_COLLECTION = 20


class Told(NamedTuple):
    """What became of a seed. ``wrong``: None, or what was."""

    seed: int
    wrong: str | None
    digest: str
    turns: int
    acknowledged: int
    deaths: int
    trace: tuple[str, ...]


def simulate(seed: int, *, real: bool | None = None) -> Told:
    """Live through one seed."""
    with _pinned(seed):
        loop = VirtualLoop()
        world = World(seed, loop, real=real)
        loop.set_exception_handler(lambda _, told: _not_heard(world, told))
        handler = _Listening(world)
        logging.getLogger("jobserver").addHandler(handler)
        try:
            loop.run_until_complete(world.live())
        except BaseException as error:  # noqa: BLE001 - a loop that is stuck, or a world that cannot be told of
            world.fail(error)
        finally:
            logging.getLogger("jobserver").removeHandler(handler)
            world.close()
            loop.close()
    wrong = None
    if world.wrong is not None:
        wrong = "".join(traceback.format_exception(world.wrong))
    ledger = world.ledger
    told = Told(
        seed,
        wrong,
        world.trace.digest,
        loop.turns,
        len(ledger.acknowledged),
        len(ledger.unclean),
        tuple(world.trace.lines),
    )
    bury(loop, world.lives)
    return told


def _not_heard(world: World, told: dict[str, Any]) -> None:
    """Something was raised where nobody listens."""
    if not of_the_dead(told.get("future")):
        world.fail(told.get("exception") or RuntimeError(told["message"]))


class _Listening(logging.Handler):
    """What the server logs belongs to the trace."""

    def __init__(self, world: World) -> None:
        super().__init__(logging.WARNING)
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        self._world.tell(f"log: {record.getMessage()}")
        if record.exc_info and record.exc_info[1] is not None and record.levelno >= logging.ERROR:
            self._world.tell("".join(traceback.format_exception(record.exc_info[1])))


@contextmanager
def _pinned(seed: int) -> Iterator[None]:
    """Everything that is left to chance is left to the seed."""
    chance = Random(f"package {seed}")
    token_bytes, parts = secrets.token_bytes, ids._parts
    state = random.getstate()
    random.seed(seed)
    secrets.token_bytes = lambda nbytes=None: chance.randbytes(32 if nbytes is None else nbytes)
    ids._parts = ids._random_parts()
    try:
        yield
    finally:
        secrets.token_bytes, ids._parts = token_bytes, parts
        random.setstate(state)


def _many(seeds: range, real: bool | None) -> Iterator[Told]:
    gc.disable()
    for done, seed in enumerate(seeds):
        told = simulate(seed, real=real)
        yield told if told.wrong else told._replace(trace=())
        if done % _LIVES_PER_COLLECTION == 0:
            gc.collect()


def _worker(asked: tuple[range, bool | None]) -> list[Told]:
    _be_quiet()
    return list(_many(*asked))


def _be_quiet() -> None:
    warnings.simplefilter("ignore", RuntimeWarning)  # of coroutines that a dead process never began
    logging.lastResort = None
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    # What dead processes try to do while they are swept away concerns nobody.
    sys.unraisablehook = lambda _: None


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.simulate", description=__doc__)
    parser.add_argument("--seed", type=int, help="replay this one and tell of it")
    parser.add_argument("--seeds", type=int, default=500, help="how many to run (default: 500)")
    parser.add_argument("--first", type=int, default=0, help="the first of them (default: 0)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="default: all processors")
    parser.add_argument("--plain", action="store_true", help="never use the package's own tables, which is quicker")
    parser.add_argument("--trace", action="store_true", help="with --seed: print the whole trace, right or wrong")
    asked = parser.parse_args(arguments)
    _be_quiet()
    real = False if asked.plain else None
    if asked.seed is not None:
        return _replay(asked.seed, real=real, whole=asked.trace)
    return _run(range(asked.first, asked.first + asked.seeds), asked.processes, real=real)


def _replay(seed: int, *, real: bool | None, whole: bool) -> int:
    told = simulate(seed, real=real)
    if told.wrong or whole:
        print(*told.trace[0 if whole else -_LAST :], sep="\n")
    print(f"seed {seed}: {told.turns} turns, digest {told.digest[:16]}")
    print(told.wrong or "Everything held.")
    return 1 if told.wrong else 0


def _run(seeds: range, processes: int, *, real: bool | None) -> int:
    began = time.monotonic()
    chunks = [(seeds[start : start + 50], real) for start in range(0, len(seeds), 50)]
    lives = acknowledged = deaths = turns = wrong = 0
    for told in _lived(chunks, processes):
        lives += 1
        acknowledged += told.acknowledged
        deaths += told.deaths
        turns += told.turns
        if told.wrong:
            wrong += 1
            print(f"python -m tests.faults.simulate --seed {told.seed}  # {_shortly(told.wrong)}", flush=True)
    print(
        f"{lives} seeds, {acknowledged} jobs acknowledged, {deaths} servers lost, {turns} turns in "
        f"{time.monotonic() - began:.1f} s: {wrong} seeds found something."
    )
    return 1 if wrong else 0


def _lived(chunks: list[tuple[range, bool | None]], processes: int) -> Iterator[Told]:
    if processes == 1:
        for chunk in chunks:
            yield from _many(*chunk)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for some in pool.imap(_worker, chunks):
            yield from some


def _shortly(wrong: str) -> str:
    """The last of its lines that says something."""
    return [line for line in wrong.splitlines() if line.strip()][-1][:200]


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != _HASHES:  # sets of strings have an order too
        os.environ["PYTHONHASHSEED"] = _HASHES
        os.execv(sys.executable, [sys.executable, "-m", "tests.faults.simulate", *sys.argv[1:]])  # noqa: S606 - itself
    sys.exit(main())
