"""The word that tries everything: `sim`, a simulated cluster to look at, or judged under faults.

Says every drawn option before anything happens, then how far it is, then one summary. Exits with 1
when a promise was broken or two runs of a seed differ.
"""

from __future__ import annotations

import argparse
import re
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from tui.command.arguments import new_file, new_folder, seconds
from tui.command.hosted.serving import add_serve, page_of, served
from tui.command.saying import FINE, NOT_FINE, WRONG_CALL, CommandError
from tui.command.words import Parser, Words, add_looks, looks_of

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
    "vanish",
    "multiply",
    "forget",
    "stuck",
    "twins",
)
"""As `cluster.sim.faults.options.NAMES`, which `--help` has no time to import."""
NODES: Final = (3, 1_000)
ROOMS_MAX: Final = 1_000
NODES_SHOWN: Final = 5
"""Of a world that is looked at, when nobody said."""
ROOMS_SHOWN: Final = 8
WATCHED_ALL: Final = 40
"""As in `cluster.sim.watch.watched`."""
SEEDS_MAX: Final = 1_000_000
ENDS: Final = """\
Faults vanish, multiply, forget, stuck and twins retell what users of Horde and Swarm reported of
their process registries, under the reports' conditions: processes gone after a split (horde#186),
one become eight as nodes are removed (horde#207), state lost with the loser of a split or with its
node (horde#161, swarm#47), names that nobody synchronises any more after many crashes (swarm#130),
both copies running on after a split (swarm#86).
The same seed, nodes, faults and time give the same world, byte for byte: every seed is played
twice, the second time in a process with another hash seed. Exits with 1 when a promise was broken.
"""


def add(words: Words) -> None:
    """Add it."""
    word = words.add("sim", sim, "a simulated cluster to watch and hurt, or (--check) to judge")
    word.epilog = ENDS
    word.add_argument("--check", action="store_true", help="judge it, without a picture")
    word.add_argument("--seed", type=int, metavar="S", help="which world (drawn, and printed)")
    word.add_argument("--seeds", type=seed_range, metavar="A..B", help="many worlds, one summary")
    word.add_argument("--nodes", type=world_size, metavar="N", help="how many (5 to 9, drawn)")
    word.add_argument(
        "--rooms",
        type=room_count,
        metavar="N",
        help="how many (0 or 10 to 60, drawn; to look at: 8)",
    )
    word.add_argument(
        "--faults",
        choices=FAULTS,
        metavar="NAME",
        help=f"{', '.join(FAULTS)} (hell; to look at: calm)",
    )
    word.add_argument(
        "--for",
        type=seconds,
        dest="lasting",
        metavar="SECONDS",
        help="virtual time under faults (60s; to look at: 600s)",
    )
    word.add_argument("--speed", type=speed, default=1.0, metavar="X", help="0.1 to 100 (1)")
    add_serve(word)
    word.add_argument("--only", type=numbers, metavar="I,J", help="play only these episodes")
    word.add_argument("--once", action="store_true", help="do not play each seed twice")
    word.add_argument("--jobs", type=jobs, default=0, metavar="J", help="processes for --seeds")
    word.add_argument(
        "--no-shrink", action="store_true", help="do not look for a shorter trace of a failure"
    )
    word.add_argument("--json", action="store_true", help="one document with stable names")
    _add_files(word)
    add_looks(word)


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


def speed(text: str) -> float:
    """How many virtual seconds pass in one."""
    if re.fullmatch(r"\d{1,3}(\.\d{1,3})?", text) is None or not 0.1 <= float(text) <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a speed from 0.1 to 100")
    return float(text)


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
        return watch(args)
    if args.serve is not None or args.host is not None:
        raise CommandError("--check shows nothing: leave out --serve and --host", WRONG_CALL)
    args.faults = args.faults or "hell"
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


def watch(args: argparse.Namespace) -> int:
    """The dashboard over one world."""
    judged = args.seeds is not None or args.only is not None or args.json
    if judged or any((args.history, args.elle, args.shiviz)):
        raise CommandError("these options judge a world: add --check", WRONG_CALL)
    page = page_of(args, "sim", acts=True, simulated=True)
    if page is None and not sys.stdout.isatty():
        raise CommandError("nobody could see a dashboard here; --check judges without", WRONG_CALL)
    from cluster.sim.watch.orders import Setup
    from tui.app import run_sim
    from tui.command.run import fresh_seed
    from tui.sources.sim import SimError

    nodes = args.nodes or NODES_SHOWN
    # Of a large world only some nodes are watched, and so their rooms would seem to be all.
    rooms = args.rooms if args.rooms is not None else ROOMS_SHOWN if nodes <= WATCHED_ALL else 0
    setup = Setup(
        seed=args.seed if args.seed is not None else fresh_seed(),
        nodes=nodes,
        faults=args.faults or "calm",
        lasting_us=int((args.lasting or 600.0) * 1_000_000),
        rooms=rooms,
    )
    try:
        with served():
            return run_sim(setup, args.speed, page=page, dress=looks_of(args))
    except SimError as error:
        raise CommandError(str(error), NOT_FINE) from None


def _order(args: argparse.Namespace, seed: int) -> Order:
    from cluster.sim.trial.worker import Order

    lasting_us = int((args.lasting or 60.0) * 1_000_000)
    return Order(seed, args.faults, lasting_us, args.nodes, args.only, args.rooms)
