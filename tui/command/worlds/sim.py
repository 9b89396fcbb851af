"""The word that tries everything: `sim`, a simulated cluster under faults, judged.

Says every drawn option before anything happens, then how far it is, then one summary. Exits with 1
when a promise was broken or two runs of a seed differ.
"""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from tui.command.arguments import new_file, new_folder, seconds
from tui.command.saying import FINE, NOT_FINE, WRONG_CALL, CommandError
from tui.command.words import Parser, Words

if TYPE_CHECKING:
    from cluster.sim.trial.worker import Order

FAULTS: Final = (
    "calm",
    "kills",
    "pauses",
    "partitions",
    "lossy",
    "disks",
    "clocks",
    "churn",
    "swizzle",
    "hell",
)
"""As `cluster.sim.faults.options.NAMES`, which `--help` has no time to import."""
NODES: Final = (3, 1_000)
ROOMS_MAX: Final = 1_000
SEEDS_MAX: Final = 1_000_000
ENDS: Final = """\
The same seed, nodes, faults and time give the same world, byte for byte: every seed is played
twice, the second time in a process with another hash seed. Exits with 1 when a promise was broken.
"""


def add(words: Words) -> None:
    """Add it."""
    word = words.add("sim", sim, "a simulated cluster under faults, every promise checked")
    word.epilog = ENDS
    word.add_argument("--check", action="store_true", help="judge it, without a picture")
    word.add_argument("--seed", type=int, metavar="S", help="which world (drawn, and printed)")
    word.add_argument("--seeds", type=seed_range, metavar="A..B", help="many worlds, one summary")
    word.add_argument("--nodes", type=world_size, metavar="N", help="how many (5 to 9, drawn)")
    word.add_argument(
        "--rooms", type=room_count, metavar="N", help="how many (0 or 10 to 60, drawn)"
    )
    word.add_argument(
        "--faults", choices=FAULTS, default="hell", metavar="NAME", help=", ".join(FAULTS)
    )
    word.add_argument(
        "--for",
        type=seconds,
        dest="lasting",
        default=60.0,
        metavar="SECONDS",
        help="virtual time under faults (60s)",
    )
    word.add_argument("--only", type=numbers, metavar="I,J", help="play only these episodes")
    word.add_argument("--once", action="store_true", help="do not play each seed twice")
    word.add_argument("--jobs", type=jobs, default=0, metavar="J", help="processes for --seeds")
    word.add_argument(
        "--no-shrink", action="store_true", help="do not look for a shorter trace of a failure"
    )
    word.add_argument("--json", action="store_true", help="one document with stable names")
    _add_files(word)


def _add_files(word: Parser) -> None:
    for name, type_, metavar, text in (
        ("--history", new_file, "FILE", "write what clients did, a line each end"),
        ("--elle", new_folder, "DIR", "write what clients did, as elle-cli reads it"),
        ("--shiviz", new_file, "FILE", "write messages, as ShiViz reads them"),
    ):
        word.add_argument(name, type=type_, metavar=metavar, help=text)


class Files(NamedTuple):
    """What to write of a world, and where; None: not."""

    history: str | None = None
    elle: str | None = None
    shiviz: str | None = None


def seed_range(text: str) -> range:
    """A..B, both included."""
    match = re.fullmatch(r"(\d{1,12})\.\.(\d{1,12})", text)
    if match is None or not 0 <= int(match[2]) - int(match[1]) < SEEDS_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not a range of seeds; write 1..200")
    return range(int(match[1]), int(match[2]) + 1)


def world_size(text: str) -> int:
    """How many nodes a simulated world may have."""
    least, most = NODES
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of nodes from {least} to {most}"
        )
    return int(text)


def room_count(text: str) -> int:
    """How many rooms a simulated world may have."""
    if not (text.isascii() and text.isdigit() and int(text) <= ROOMS_MAX):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of rooms from 0 to {ROOMS_MAX:,}"
        )
    return int(text)


def jobs(text: str) -> int:
    """Processes at once."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 256):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes from 1 to 256")
    return int(text)


def numbers(text: str) -> tuple[int, ...]:
    """Numbers of episodes; `none` plays none."""
    if text == "none":
        return ()
    if re.fullmatch(r"\d{1,6}(,\d{1,6})*", text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of episodes; write 3,7 or none")
    return tuple(int(part) for part in text.split(","))


def sim(args: argparse.Namespace) -> int:
    """One world, or many."""
    if not args.check:
        sentence = (
            "the dashboard on a simulated cluster comes with a later chapter; "
            "add --check to have the cluster judged without one"
        )
        raise CommandError(sentence, WRONG_CALL)
    files = Files(args.history, args.elle, args.shiviz)
    if args.seeds is not None and (args.seed is not None or args.only is not None or any(files)):
        sentence = "--seeds goes without --seed, --only, --history, --elle and --shiviz"
        raise CommandError(sentence, WRONG_CALL)
    from tui.command.worlds.trials import Teller, sweep, trial

    teller = Teller(json=args.json, prog=args.prog)
    if args.seeds is not None:
        orders = [_order(args, seed) for seed in args.seeds]
        fine = sweep(teller, orders, jobs=args.jobs, twice=not args.once)
        return FINE if fine else NOT_FINE
    from tui.command.run import fresh_seed

    order = _order(args, args.seed if args.seed is not None else fresh_seed())
    fine = trial(teller, order, twice=not args.once, shrink=not args.no_shrink, files=files)
    return FINE if fine else NOT_FINE


def _order(args: argparse.Namespace, seed: int) -> Order:
    from cluster.sim.trial.worker import Order

    lasting_us = int(args.lasting * 1_000_000)
    return Order(seed, args.faults, lasting_us, args.nodes, args.only, args.rooms)
