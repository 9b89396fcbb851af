"""Files that a key makes: named by the moment they show, never over an older one.

They are written under another name and get their own when they are whole: a disk that is full leaves
no piece of one behind. They go to the directory that the program was started in; what cannot be written is said in a
sentence, and the dashboard goes on.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import localtime, strftime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tui.timeline.tape import Tape
    from tui.view import ClusterView

PIECES_A_TURN: Final = 64
"""Of a live buffer, written between two looks at the keyboard: about 1 MB."""
TRIES: Final = 100
"""Pictures of one second and screen, beyond which the disk is full of them."""


class SavingError(Exception):
    """It could not be written. One sentence."""


def fresh(stem: str, ending: str, directory: Path | None = None) -> Path:
    """A new, empty file of ours alone: `stem.ending`, or `stem-2.ending`. Raises SavingError."""
    where = Path.cwd() if directory is None else directory
    for number in range(1, TRIES):
        path = where / (f"{stem}.{ending}" if number == 1 else f"{stem}-{number}.{ending}")
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            continue
        except OSError as error:
            raise SavingError(f"{where} takes no file: {error.strerror}") from None
        return path
    raise SavingError(f"{where} holds {TRIES - 1} files like {stem}.{ending} already")


def save_text(stem: str, ending: str, text: str, directory: Path | None = None) -> Path:
    """Write a text to a fresh file and say which. Raises SavingError."""
    path = fresh(stem, ending, directory)
    with _whole(path) as part:
        part.write_text(text, encoding="utf-8")
    return path


@contextmanager
def _whole(path: Path) -> Generator[Path]:
    """Where to write what becomes `path` once all of it is written. Raises SavingError, and then
    neither is left."""
    part = path.with_name(f"{path.name}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        yield part
        part.replace(path)
    except BaseException as error:
        for left in (part, path):
            with suppress(OSError):
                left.unlink(missing_ok=True)
        if isinstance(error, OSError):
            why = error.strerror or error
            raise SavingError(f"{path} could not be written: {why}") from None
        raise


async def save_tape(
    tape: Tape, view: ClusterView, name: str, stem: str, now: int, directory: Path | None = None
) -> Path:
    """Write what a live buffer holds to a fresh `.rec` file and say which. Raises SavingError."""
    from tui.timeline.writer import Writer, header_of

    path = fresh(stem, "rec", directory)
    with _whole(path) as part, part.open("wb") as file:
        writer = Writer(file, header_of(view, name, now))
        for number, piece in enumerate(tape.pieces(), 1):
            writer.put(piece)
            if number % PIECES_A_TURN == 0:
                await asyncio.sleep(0)
        writer.end()
    return path


class Saver:
    """Does what the keys `S` and `R` ask for, and says what became of it."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._saving: asyncio.Task[None] | None = None

    def picture(self, svg: str, screen: str, at: int) -> None:
        """The screen as it is."""
        try:
            path = save_text(f"masterless-{_stamp(at)}-{screen}", "svg", svg)
        except SavingError as error:
            self._say(str(error))
        else:
            self._say(f"this picture is saved as ./{path.name}")

    def buffer(self, tape: Tape | None, view: ClusterView, name: str, now: int) -> None:
        """What the live buffer holds, in the background."""
        if tape is None:
            self._say("this is a recording already")
        elif self._saving is not None and not self._saving.done():
            self._say("still saving…")
        elif not tape.count:
            self._say("nothing was heard yet")
        else:
            self._saving = asyncio.create_task(self._save(tape, view, name, now), name="save")

    async def finish(self) -> None:
        """What was begun is finished first: it takes a second at most."""
        if self._saving is not None:
            await asyncio.wait([self._saving])

    async def _save(self, tape: Tape, view: ClusterView, name: str, now: int) -> None:
        try:
            path = await save_tape(tape, view, name, f"masterless-{_stamp(now)}", now)
        except SavingError as error:
            self._say(str(error))
        else:
            minutes, seconds = divmod((tape.end_us - tape.begin_us) // 1_000_000, 60)
            self._say(f"saved {minutes}:{seconds:02} as ./{path.name}: masterless replay shows it")


def _stamp(at: int) -> str:
    """A moment in a file's name."""
    return strftime("%Y%m%d-%H%M%S", localtime(at / 1e6))
