"""The word `overlay`: the film of a thousand simulated peers, outside a talk."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from tui.command.saying import FINE, NOT_FINE, CommandError, run_async
from tui.command.words import Words, add_looks, looks_of

if TYPE_CHECKING:
    from talk.live.filming import Film
    from tui.driving.dress import Worn

SEED: Final = 1
ENDS: Final = """\
Four broadcasts: over every link, along a tree, while three in ten peers die, and after the repair.
Space holds still, 1 to 4 choose one, r begins it again, q ends. `pair full-mesh` has the numbers.
"""


def add(words: Words) -> None:
    """Add it."""
    word = words.add("overlay", overlay, "a broadcast through a thousand simulated peers, watched")
    word.add_argument("--seed", type=int, default=SEED, metavar="S", help=f"which world ({SEED})")
    word.epilog = ENDS
    word.formatter_class = argparse.RawDescriptionHelpFormatter
    add_looks(word)


def overlay(args: argparse.Namespace) -> int:
    """Make the film, and show it."""
    import os

    from tui.driving.dress import dressed

    return run_async(_watch(args.seed, dressed(looks_of(args), os.environ)))


async def _watch(seed: int, worn: Worn) -> int:
    from talk.live.filming import FilmError, filmed
    from tui.command.saying import warn

    warn("playing a thousand peers, some seconds…")
    try:
        film: Film = await filmed(seed)
    except FilmError as error:
        raise CommandError(str(error), NOT_FINE) from error
    from talk.live.watching import Watching

    await Watching(film, worn).run_async()
    return FINE
