"""The words of the command line: one parser each, and what every word's module is given.

A module of words has one function `add(words)`; for each word it calls `words.add(name, run,
help)` and gives the parser that it gets back its arguments. `run(args)` answers with an exit code
or raises `CommandError`. It imports what it needs when it runs, so that `--help` is immediate:
nothing heavy may be imported at the top of these modules. `masterless.py` lists the modules.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Never

from tui.command.arguments import address
from tui.command.saying import WRONG_CALL, CommandError

if TYPE_CHECKING:
    from tui.driving.dress import Dress

THEMES: Final = ("dark", "light", "contrast", "mono")
"""As `tui.draw.theme.PALETTES`, which `--help` has no time to import."""
GLYPHS: Final = ("unicode", "braille", "block", "ascii")
"""As `tui.driving.dress.GLYPHS`, for the same reason."""
Run = Callable[[argparse.Namespace], int]


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without a page of usage."""

    _mixes = False

    def error(self, message: str) -> Never:
        """A wrong call."""
        print(f"{self.prog}: {message} (see {self.prog} --help)", file=sys.stderr)
        raise SystemExit(WRONG_CALL)

    def parse_known_args(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, args: Any = None, namespace: Any = None
    ) -> Any:
        """Options may stand anywhere among the other words, also between two of them."""
        if self._mixes or self._subparsers is not None:
            return super().parse_known_args(args, namespace)
        self._mixes = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._mixes = False


class Words:
    """Where words are added. `called`: what the user typed, for words with costly arguments."""

    def __init__(self, top: Parser, called: Sequence[str]) -> None:
        self.called = called
        self._commands: Any = top.add_subparsers(
            metavar="COMMAND", required=True, parser_class=Parser
        )

    def add(self, name: str, run: Run | None, text: str) -> Parser:
        """One word; without `run` it needs verbs. `text`: its help, without a full stop."""
        about = text[0].upper() + text[1:] + "."
        word: Parser = self._commands.add_parser(name, help=text, description=about)
        if run:
            word.set_defaults(run=run)
        return word


WHERE: Final = "a node's window; also serf://HOST:PORT, redis://HOST:PORT, erlang://NAME@HOST"
"""The address that words take which look at other engines too."""


def add_address(word: Parser, *, json: bool = False, engines: bool = False) -> None:
    """A node's window, and perhaps `--json`. `engines`: or one of another engine."""
    where = WHERE if engines else "a node's window"
    word.add_argument("address", type=address, metavar="ADDRESS", help=where)
    if json:
        word.add_argument("--json", action="store_true", help="one document with stable names")


def add_cookie(word: Parser) -> None:
    """`--cookie`, for words that read Erlang nodes too: its file goes into the address."""
    word.add_argument(
        "--cookie",
        metavar="FILE",
        help="for erlang://NAME@HOST: the cookie's file, - to type it (~/.erlang.cookie)",
    )
    run: Run = word.get_default("run")

    def with_cookie(args: argparse.Namespace) -> int:
        return run(_with_cookie(args))

    word.set_defaults(run=with_cookie)


def _with_cookie(args: argparse.Namespace) -> argparse.Namespace:
    from urllib.parse import quote

    if args.cookie is not None:
        if not (args.address or "").startswith("erlang://"):
            raise CommandError("--cookie is for erlang://NAME@HOST only: leave it out", WRONG_CALL)
        joint = "&" if "?" in args.address else "?"
        args.address = f"{args.address}{joint}cookie-file={quote(args.cookie)}"
    return args


def add_looks(word: Parser) -> None:
    """How a dashboard looks: the same for every word that opens one."""
    word.add_argument("--theme", choices=THEMES, metavar="NAME", help=f"{', '.join(THEMES)} (dark)")
    word.add_argument(
        "--glyphs", choices=GLYPHS, metavar="SET", help=f"{', '.join(GLYPHS)} (unicode)"
    )
    word.add_argument(
        "--reduced-motion", action="store_true", help="nothing flies, figures change once a second"
    )


def looks_of(args: argparse.Namespace) -> Dress:
    """What `add_looks` was told."""
    from tui.driving.dress import GLYPHS as SETS
    from tui.driving.dress import THEMES as PALETTES
    from tui.driving.dress import Dress

    return Dress(
        palette=PALETTES[args.theme] if args.theme else None,
        glyphs=SETS[args.glyphs] if args.glyphs else None,
        motion=False if args.reduced_motion else None,
    )
