"""`talk --serve`: the stage in browsers, for whoever looks on."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tui.command.arguments import port
from tui.command.saying import NOT_FINE, CommandError, say

if TYPE_CHECKING:
    from talk.stage.app import StageApp
    from talk.wall.wall import Wall


def add(word: argparse.ArgumentParser) -> None:
    """Its options."""
    word.add_argument(
        "--serve",
        type=port,
        metavar="PORT",
        help="the stage as a web page too, to look on (0: any port)",
    )
    word.add_argument(
        "--serve-host",
        metavar="HOST",
        help="for whom that page is: the address to listen at (127.0.0.1: only this machine)",
    )


async def serve(app: StageApp, args: argparse.Namespace) -> Wall | None:
    """Serve it beside the stage, and say where."""
    from talk.command.noting import LOOPBACK
    from talk.wall.wall import Wall
    from tui.web.served import ServeError

    if args.serve is None:
        return None
    wall = Wall(app, args.serve_host or LOOPBACK, args.serve)
    try:
        await wall.start()
    except ServeError as error:
        raise CommandError(str(error), NOT_FINE) from None
    app.on_tick.append(wall.changed)
    say(wall.greeting)
    return wall
