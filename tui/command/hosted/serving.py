"""`--serve`: what shows a dashboard can show it as a web page too."""

from __future__ import annotations

import argparse
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tui.command import calm
from tui.command.arguments import port
from tui.command.saying import NOT_FINE, WRONG_CALL, CommandError
from tui.command.words import Parser, looks_of

if TYPE_CHECKING:
    from tui.web.page import Page

HERE: Final = "127.0.0.1"
"""Where a page is served unless another address is named: only this machine sees it."""


def add_serve(word: Parser) -> None:
    """`--serve` and `--host`."""
    word.add_argument(
        "--serve", type=port, metavar="PORT", help="also as a web page, to look on (0: any port)"
    )
    word.add_argument(
        "--host",
        metavar="HOST",
        help=f"for whom the page is: the address to listen at ({HERE}: only this machine)",
    )


def page_of(
    args: argparse.Namespace,
    title: str,
    *,
    acts: bool = False,
    simulated: bool = False,
    recording: str = "",
) -> Page | None:
    """The page that was asked for. `acts`: viewers with a token may do what keys here do."""
    if args.serve is None and args.host is not None:
        raise CommandError("--host says for whom a page is: add --serve PORT", WRONG_CALL)
    if args.serve is None:
        return None
    if getattr(args, "plain", False):
        raise CommandError("--serve shows a dashboard: leave out --plain", WRONG_CALL)
    from tui.web.page import Page

    return Page(
        args.host or HERE,
        args.serve,
        title,
        acts=acts,
        simulated=simulated,
        dress=looks_of(args),
        recording=recording,
    )


@contextmanager
def served() -> Generator[None]:
    """A page that cannot be served ends the command with its sentence."""
    from tui.web.served import ServeError

    calm.hand_over()  # to the dashboard's loop
    try:
        yield
    except ServeError as error:
        raise CommandError(str(error), NOT_FINE) from None
