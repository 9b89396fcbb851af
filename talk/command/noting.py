"""The presenter's view, asked for on the command line: served beside a stage, or looked at from here."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Final

from tui.command.saying import FINE, NO_ANSWER, WRONG_CALL, CommandError, say
from tui.command.words import looks_of

if TYPE_CHECKING:
    from talk.notes.notes import Notes
    from talk.stage.app import StageApp

LOOPBACK: Final = "127.0.0.1"
PORT_MAX: Final = 65_535
TAKEN: Final = "is that port free?"


def add(word: argparse.ArgumentParser) -> None:
    """Its options."""
    word.add_argument(
        "--notes",
        metavar="PORT|ADDRESS",
        help="serve the presenter's view at this port (0: any); or look at one, by its address",
    )
    word.add_argument(
        "--notes-host",
        metavar="HOST",
        help="serve the presenter's view to others than this machine too, a phone: 0.0.0.0",
    )


def looks(args: argparse.Namespace) -> bool:
    """Whether an address was given, to look at. Raises CommandError for what is neither that nor a port."""
    if args.notes is None or not args.notes.isdecimal():
        return args.notes is not None
    if not (args.notes.isascii() and int(args.notes[:9]) <= PORT_MAX):
        raise CommandError(f"--notes: {args.notes} is not a port from 0 to {PORT_MAX}", WRONG_CALL)
    return False


def look(args: argparse.Namespace) -> int:
    """The presenter's view in this terminal."""
    from talk.notes.line import line_of
    from talk.notes.site import NotesError
    from talk.notes.twin.app import TwinApp

    try:
        line = line_of(args.notes)
    except NotesError as error:
        raise CommandError(str(error), WRONG_CALL) from None
    if not sys.stdout.isatty():
        raise CommandError("the presenter's view needs a terminal, or a browser", WRONG_CALL)
    app = TwinApp(line, looks_of(args))
    code = app.run()
    if app.never:
        raise CommandError(app.never, NO_ANSWER)
    return code or FINE


async def serve(app: StageApp, args: argparse.Namespace) -> Notes | None:
    """Serve it beside the stage, and say where."""
    from talk.notes.notes import Notes
    from talk.notes.site import NotesError
    from talk.pace import PaceError, known

    if args.notes is None:
        return None
    host = args.notes_host or LOOPBACK
    try:
        notes = Notes(app.performance, app, known(app.performance.deck), stage=app)
        await notes.start(host, int(args.notes))
    except NotesError as error:
        raise CommandError(f"{error}; {TAKEN}", WRONG_CALL) from None
    except PaceError as error:
        raise CommandError(str(error), WRONG_CALL) from None
    app.on_tick.append(notes.changed)
    whose = "" if host == LOOPBACK else " Whoever has this address can lead the talk."
    say(f"the presenter's view: {notes.address}")
    say(f"  in a browser, or in another terminal: talk --notes ADDRESS.{whose}")
    say("  the audience should not see this address")
    return notes


async def enter() -> None:
    """The word to begin: a line on the terminal, while everything else goes on."""
    import asyncio

    say("enter begins the talk")

    if not sys.stdin.isatty():
        return
    loop = asyncio.get_running_loop()
    came = loop.create_future()

    def read() -> None:
        sys.stdin.readline()
        if not came.done():
            came.set_result(None)

    loop.add_reader(sys.stdin.fileno(), read)
    try:
        await came
    finally:
        loop.remove_reader(sys.stdin.fileno())
