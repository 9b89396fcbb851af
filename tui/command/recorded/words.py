"""The words `record` and `replay`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from tui.command.arguments import address, seconds
from tui.command.asking import there
from tui.command.hosted.serving import add_serve, page_of, served
from tui.command.saying import FINE, NOT_FINE, WRONG_CALL, CommandError, run_async, say
from tui.command.words import WHERE, Words, add_cookie, add_looks, looks_of

RECORD_ENDS: Final = """\
Ctrl-C ends the file. One that was not ended (a crash, a full disk) is shown by replay all the
same, and mended by --repair.
"""


def add(words: Words) -> None:
    """Add them."""
    word = words.add("record", record, "keep what a running cluster says in a file")
    word.add_argument("address", type=address, nargs="?", metavar="ADDRESS", help=WHERE)
    word.add_argument("file", type=Path, nargs="?", metavar="FILE.rec", help="a new file")
    add_cookie(word)
    word.add_argument("--repair", type=Path, metavar="FILE", help="mend a file that was cut off")
    word.add_argument("--for", type=seconds, dest="lasting", metavar="SECONDS", help="then stop")
    word.epilog = RECORD_ENDS

    word = words.add("replay", replay, "the dashboard on a recording")
    word.add_argument(
        "file", type=Path, metavar="FILE.rec", help="what `record` or the key R wrote"
    )
    add_looks(word)
    add_serve(word)


def record(args: argparse.Namespace) -> int:
    """Until Ctrl-C, or mend."""
    if args.repair is not None:
        if args.address is not None:
            raise CommandError("--repair takes one file and no address", WRONG_CALL)
        return _repair(args.repair)
    if args.address is None or args.file is None:
        raise CommandError("record needs a node's ADDRESS and a FILE.rec", WRONG_CALL)
    if args.file.exists():
        raise CommandError(f"{args.file} is there already: choose another name", WRONG_CALL)
    there(args.address)
    from tui.command.recorded.taping import tape

    try:
        return run_async(tape(args.address, args.file, args.lasting, args.prog))
    except OSError as error:
        raise _refused(args.file, error) from None


def _repair(path: Path) -> int:
    from tui.timeline.recording import NotARecordingError, NotMendedError, repair

    try:
        say(repair(path))
    except (NotARecordingError, NotMendedError) as error:
        raise CommandError(str(error), NOT_FINE) from None
    except OSError as error:
        raise _refused(path, error) from None
    return FINE


def replay(args: argparse.Namespace) -> int:
    """The same dashboard, over a file."""
    from tui.timeline.recording import NotARecordingError, Recording

    try:
        recording = Recording(args.file)
    except NotARecordingError as error:
        raise CommandError(str(error), NOT_FINE) from None
    except OSError as error:
        raise _refused(args.file, error) from None
    try:
        from tui.app import run_replay

        page = page_of(args, args.file.name, recording=str(args.file.resolve()))
        if page is None and not sys.stdout.isatty():
            raise CommandError(
                "nobody could see a dashboard here; --serve PORT shows it in a browser", WRONG_CALL
            )
        with served():
            return run_replay(recording, page, looks_of(args))
    finally:
        recording.close()


def _refused(path: Path, error: OSError) -> CommandError:
    return CommandError(f"{path}: {error.strerror or error}", NOT_FINE)
