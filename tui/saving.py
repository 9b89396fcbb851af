"""Files that a key makes: named by the moment they show, never over an older one.

They go to the directory that the program was started in; what cannot be written is said in a
sentence, and the dashboard goes on.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

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
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SavingError(f"{path} could not be written: {error.strerror}") from None
    return path
