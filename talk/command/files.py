"""Files that `talk` is asked to write: tried before the run, so that minutes are not spent for nothing."""

from __future__ import annotations

import argparse
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from tui.command.saying import NOT_FINE, WRONG_CALL, CommandError

if TYPE_CHECKING:
    from talk.deck.deck import Deck


def tried(args: argparse.Namespace, deck: Deck) -> None:
    """Raises CommandError for a file that could not be written in the end, or would be the end of another."""
    from talk.rehearsal import beside

    asked: dict[str, Path | None] = {
        "--json": args.json,
        "--junit": args.junit,
        "--export": args.export,
        "--rehearse": args.rehearse,
    }
    taken = {os.path.realpath(file): f"the deck's {file}" for file in _made_of(deck)}
    if args.recorded is not None:
        taken[os.path.realpath(args.recorded)] = "the recording that --from tells"
    for option, path in asked.items():
        if path is None:
            continue
        real = os.path.realpath(path)
        if real in taken:
            raise CommandError(
                f"{option} {path} would overwrite {taken[real]}: name another file", WRONG_CALL
            )
        if not _device(path):
            taken[real] = f"what {option} writes"
        if option == "--rehearse":
            _new(path)
            _writable(beside(path))
        else:
            _writable(path)


def _made_of(deck: Deck) -> list[str]:
    return list(dict.fromkeys([deck.path, *(slide.path for slide in deck.slides)]))


def _device(path: Path) -> bool:
    """A terminal or /dev/null is no file, and what is written there overwrites nothing."""
    try:
        return stat.S_ISCHR(path.stat().st_mode)
    except OSError:
        return False


def _new(path: Path) -> None:
    """A recording is never written over another."""
    if path.exists() or path.is_symlink():
        raise CommandError(f"{path} is there already: choose another name", NOT_FINE)
    _writable(path)


def _writable(path: Path) -> None:
    """Raises CommandError when it is not. What is there stays as it is, what is not stays away."""
    if path.exists() and not path.is_dir() and not path.is_file() and not _device(path):
        raise CommandError(f"{path} is a pipe or a socket: name a file", WRONG_CALL)
    there = path.exists()
    try:
        with path.open("ab"):
            pass
        if not there:
            path.unlink()
    except OSError as error:
        raise _refused(path, error) from None


def save(path: Path, text: str) -> None:
    """Write a file that was asked for by name."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _refused(path, error) from None


def _refused(path: Path, error: OSError) -> CommandError:
    return CommandError(
        f"{path} cannot be written: {error.strerror or error}; name another", NOT_FINE
    )
