"""The word for the evolution: `compare`, five architectures under the same faults and the same load.

Without `--faults` every schedule is played. Exits with 1 when an architecture that promises to lose
nothing has lost something.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from tui.command import calm
from tui.command.arguments import ARCHITECTURES, seconds
from tui.command.saying import FINE, NOT_FINE, WRONG_CALL, CommandError, run_async, say, warn
from tui.command.words import Words
from tui.command.worlds.pairs import seed
from tui.command.worlds.sim import jobs

if TYPE_CHECKING:
    from cluster.config import ArchitectureName
    from cluster.sim.compare.record import Comparison, ScheduleName

FAULTS: Final = ("kill-one", "kill-master", "pause-master", "split-2-3", "grow-5-to-6", "churn")
"""As `cluster.sim.compare.record` has them, which `--help` has no time to import."""
SEED: Final = 1
"""Played when none is named: what is shown to an audience should be the same every time."""
JOBS: Final = 2
BAR: Final = 30
"""Cells of the bar of progress."""
PAPER: Final = 118
"""Columns where there is no terminal to ask."""
ENDS: Final = """\
The same schedule, seed and time give the same table. Exits with 1 when majority or masterless lost
an acknowledged write, or broke another promise.
"""


def add(words: Words) -> None:
    """Add it."""
    word = words.add("compare", compare, "five architectures under the same faults, one table")
    word.epilog = ENDS
    names = ", ".join(FAULTS)
    word.add_argument("--faults", choices=FAULTS, metavar="NAME", help=f"{names} (all of them)")
    word.add_argument(
        "--architecture",
        nargs="+",
        choices=ARCHITECTURES,
        default=ARCHITECTURES,
        metavar="NAME",
        help=f"{', '.join(ARCHITECTURES)} (all of them)",
    )
    word.add_argument("--seed", type=seed, default=SEED, metavar="S", help=f"which world ({SEED})")
    word.add_argument(
        "--for",
        type=seconds,
        dest="lasting",
        metavar="SECONDS",
        help="how long the clients ask, at least 14s (18s; churn 32s)",
    )
    word.add_argument("--jobs", type=jobs, default=JOBS, metavar="J", help="processes at once (2)")
    word.add_argument(
        "--real", action="store_true", help="on real processes, one schedule after the other"
    )
    word.add_argument("--json", action="store_true", help="one document with stable names")


def compare(args: argparse.Namespace) -> int:
    """Play and tell."""
    schedules: tuple[ScheduleName, ...] = (args.faults,) if args.faults else FAULTS
    names: list[ArchitectureName] = [a for a in ARCHITECTURES if a in args.architecture]
    wanted = _Wanted(schedules, names, args.seed, _lasting_us(args))
    teller = _Teller(Bar("s" if args.real else "worlds"), json=args.json)
    try:
        if args.real:
            run_async(_on_processes(wanted, teller))
        else:
            _simulated(wanted, teller, args.jobs)
    finally:
        teller.bar.clear()
    return teller.end()


class _Wanted(NamedTuple):
    """What is to be compared."""

    schedules: tuple[ScheduleName, ...]
    names: list[ArchitectureName]
    seed: int
    lasting_us: int


def _simulated(wanted: _Wanted, teller: _Teller, jobs: int) -> None:
    from cluster.sim.compare.runner import compare_all
    from cluster.sim.workers import WorkerDiedError

    schedules, names, seed, lasting_us = wanted
    try:
        for each in compare_all(schedules, seed, names, teller.bar.show, lasting_us, jobs):
            teller.told(each)
    except WorkerDiedError as error:
        teller.bar.clear()
        sentence = "a process that played a world died; its own message is above"
        raise CommandError(sentence, NOT_FINE) from error


async def _on_processes(wanted: _Wanted, teller: _Teller) -> int:
    from contextlib import aclosing

    from cluster.lab.compare.real import compare_real
    from cluster.lab.witness import LabError

    calm.end_politely()
    schedules, names, seed, lasting_us = wanted
    rows = compare_real(schedules, seed, names, teller.bar.show, lasting_us)
    try:
        async with aclosing(rows):
            async for each in rows:
                teller.told(each)
    except LabError as error:
        teller.bar.clear()
        raise CommandError(str(error), NOT_FINE) from error
    return FINE


class _Teller:
    """Tells each comparison as it is there, and all of them in the end."""

    def __init__(self, bar: Bar, *, json: bool) -> None:
        self.bar = bar
        self._json = json
        self._found: list[Comparison] = []

    def told(self, found: Comparison) -> None:
        """One more."""
        from tui.text.compare import told

        self.bar.clear()
        if not self._json:
            say("\n".join([*([""] if self._found else []), *told(found, self._width())]))
        self._found.append(found)

    def _width(self) -> int:
        paper = shutil.get_terminal_size((PAPER, 36)).columns
        return paper if sys.stdout.isatty() else PAPER

    def end(self) -> int:
        """The answer, and the exit code."""
        from tui.text.compare import document, legend

        answer = document(self._found)
        say(json.dumps(answer, indent=2) if self._json else "\n" + legend(self._width()))
        for sentence in answer["broken"]:
            warn(f"broken: {sentence}")
        return FINE if answer["fine"] else NOT_FINE


def _lasting_us(args: argparse.Namespace) -> int:
    """How long, in microseconds; 0: as long as each schedule needs."""
    from cluster.sim.compare.schedules import plan

    lasting_us = int((args.lasting or 0) * 1_000_000)
    try:
        plan("kill-one", args.seed, lasting_us)
    except ValueError as error:
        raise CommandError(str(error), WRONG_CALL) from error
    return lasting_us


class Bar:
    """How far it is, on a terminal's standard error; elsewhere nothing."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._terminal = sys.stderr.isatty()
        self._shown = False

    def show(self, done: int, total: int, what: str) -> None:
        """So many are over."""
        if self._terminal:
            full = done * BAR // total
            line = f"{'█' * full}{'░' * (BAR - full)} {done} of {total} {self._unit}  {what}"
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
            self._shown = True

    def clear(self) -> None:
        """Leave the line as it was."""
        if self._shown:
            self._shown = False
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
