"""The word for the talk's lessons: `pair`, a wrong way and a right way, played and counted.

Without a name it lists them. Exits with 1 when a claim did not hold.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Final

from tui.command.saying import FINE, NOT_FINE, CommandError, show
from tui.command.words import Words

if TYPE_CHECKING:
    from cluster.sim.pairs.record import Played

NAMES: Final = (
    "missed-heartbeat",
    "own-link",
    "death-alike",
    "two-masters",
    "one-queue",
    "three-queues",
    "per-subscriber",
    "modulo",
    "one-token",
    "write-one",
    "one-down",
    "hints-alone",
    "wall-clock",
    "random-twin",
    "kill-deploy",
    "full-mesh",
    "three-ways",
    "asking-all",
)
"""As `cluster.sim.pairs.registry.PAIRS`, which `--help` has no time to import."""
ALL: Final = "all"
SEED: Final = 1
"""Played when none is named: what is shown to an audience should be the same every time."""
ENDS: Final = """\
Without NAME: what there is. `all` plays every one. Each is played by real nodes in a simulated
world; the same seed gives the same numbers. Exits with 1 when a claim did not hold.
"""


def add(words: Words) -> None:
    """Add it."""
    word = words.add("pair", pair, "what not to do and what to do instead, played and counted")
    word.epilog = ENDS
    names = ", ".join((*NAMES, ALL))
    word.add_argument("name", nargs="?", choices=(*NAMES, ALL), metavar="NAME", help=names)
    word.add_argument("--seed", type=seed, default=SEED, metavar="S", help=f"which world ({SEED})")
    word.add_argument("--json", action="store_true", help="one document with stable names")


def seed(text: str) -> int:
    """A seed: a whole number."""
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise argparse.ArgumentTypeError(f"{text!r} is not a seed; write a whole number")
    return int(text)


def pair(args: argparse.Namespace) -> int:
    """List them, or play one or all."""
    from cluster.sim.pace import collect_rarely
    from cluster.sim.pairs.registry import PAIRS, play
    from cluster.sim.pairs.stage import StageError
    from tui.command.worlds.trials import Teller
    from tui.text.pairs import document, listed, told

    if args.name is None:
        rows = list(PAIRS.values())
        found = [{"name": p.name, "number": p.number, "dont": p.dont, "do": p.do} for p in rows]
        return show(json.dumps({"pairs": found}, indent=2) if args.json else listed(rows))
    collect_rarely()
    teller = Teller(json=args.json, prog=args.prog)
    records: list[Played] = []
    for name in NAMES if args.name == ALL else (args.name,):
        try:
            record = play(name, args.seed, lambda line, n=name: teller.progress(f"{n}: {line}"))
        except StageError as error:
            sentence = f"{name} could not be played with seed {args.seed}: {error}"
            raise CommandError(sentence, NOT_FINE) from error
        if not args.json:
            teller.say(*([""] if records else []), *told(record))
        records.append(record)
    teller.document(document(records))
    return FINE if all(record.fine for record in records) else NOT_FINE
