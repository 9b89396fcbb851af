"""Pairs, played beside the stage: a process that plays one and tells what it does as it does it.

    python -m talk.grounds.playing NAME SEED

prints one JSON line for each word of progress and one with the record. A talk must not stand still
while two worlds are computed, and a world that goes wrong must not take the stage along.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from typing import Final

import msgspec

from cluster.sim.pairs.record import Played
from cluster.sim.pairs.registry import PAIRS, play
from talk.grounds.ground import GroundError, Tell

ROOT: Final = Path(__file__).resolve().parents[2]
LINE_MAX: Final = 4 * 1_048_576
WITHIN_S: Final = 120.0
"""A pair that takes longer is ended; they take seconds."""


class Word(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of what a player prints."""

    said: str = ""
    played: Played | None = None
    trouble: str = ""


class Players:
    """Plays pairs, one process each, and remembers what came of them: a seed gives one record."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._records: dict[str, Played] = {}
        self._running: set[Process] = set()
        self._ahead: dict[str, asyncio.Task[Played]] = {}

    async def play(self, name: str, tell: Tell) -> Played:
        """One pair. Raises GroundError."""
        if name not in PAIRS:
            raise GroundError(f"there is no pair {name!r}; they are {', '.join(PAIRS)}")
        ahead = self._ahead.get(name)
        if ahead is not None:
            return await asyncio.shield(ahead)
        if name not in self._records:
            self._records[name] = await self._played(name, tell)
        return self._records[name]

    def ahead(self, names: list[str], at_once: int = 2) -> None:
        """Play these before they are asked for: where nobody watches them being played."""
        gate = asyncio.Semaphore(at_once)

        async def one(name: str) -> Played:
            async with gate:
                return await self._played(name, lambda _word: None)

        for name in names:
            if name in PAIRS and name not in self._ahead:
                self._ahead[name] = asyncio.create_task(one(name))

    async def _played(self, name: str, tell: Tell) -> Played:
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "talk.grounds.playing", name, str(self.seed)),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=DEVNULL,
            limit=LINE_MAX,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C is for us
        )
        self._running.add(process)
        try:
            async with asyncio.timeout(WITHIN_S):
                return await self._heard(process, tell)
        except TimeoutError:
            raise GroundError(f"{name} was not played within {WITHIN_S:g} s") from None
        finally:
            self._running.discard(process)
            await _ended(process)

    async def _heard(self, process: Process, tell: Tell) -> Played:
        assert process.stdout is not None
        async for line in process.stdout:
            word = msgspec.json.decode(line, type=Word)
            if word.played is not None:
                return word.played
            if word.trouble:
                raise GroundError(word.trouble)
            tell(word.said)
        raise GroundError("the process that plays the pair died")

    async def stop(self) -> None:
        """End what is being played."""
        tasks, self._ahead = list(self._ahead.values()), {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for process in list(self._running):
            await _ended(process)


async def _ended(process: Process) -> None:
    if process.returncode is None:
        try:
            process.kill()
        except ProcessLookupError:
            pass  # it has ended this moment
    await process.wait()


def main() -> int:
    """Be the player."""
    from cluster.sim.pace import collect_rarely
    from cluster.sim.pairs.stage import StageError

    collect_rarely()
    encode = msgspec.json.encode

    def say(word: Word) -> None:
        sys.stdout.buffer.write(encode(word) + b"\n")
        sys.stdout.buffer.flush()

    try:
        say(Word(played=play(sys.argv[1], int(sys.argv[2]), lambda said: say(Word(said=said)))))
    except StageError as error:
        say(Word(trouble=str(error)))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
