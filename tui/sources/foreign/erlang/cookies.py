"""The cookie, which is the password of an Erlang cluster: read from a file, shown nowhere.

From the file named (`--cookie FILE`, `-` is standard input), else where Erlang itself looks. Never
from the address: addresses stand in histories, in lists of processes and on screens.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from getpass import getpass
from pathlib import Path
from typing import Final

from tui.sources.foreign.erlang.epmd import ErlangError

SIZE_MAX: Final = 255
HOW: Final = "name its file with --cookie FILE (- for standard input)"
TYPED: Final = "-"


def cookie(file: str) -> str:
    """The cookie in a file; no name: where Erlang looks. Raises ErlangError."""
    return _typed() if file == TYPED else _kept(Path(file)) if file else _found()


def _found() -> str:
    home = Path.home()
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    for path in (home / ".erlang.cookie", config / "erlang" / ".erlang.cookie"):
        if path.is_file():
            return _kept(path)
    raise ErlangError(f"there is no ~/.erlang.cookie, so no Erlang node can be asked; {HOW}")


def _kept(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():  # a pipe's other end may never come
            raise ErlangError(f"the cookie's file {path} is no regular file; {HOW}")
        with path.open("rb") as opened:
            raw = opened.read(2 * SIZE_MAX)
    except OSError as error:
        raise ErlangError(f"the cookie's file {path}: {error.strerror or error}; {HOW}") from None
    return _checked(raw.decode("latin-1"), str(path))


@cache  # standard input can be read once, and a cluster is opened more than once
def _typed() -> str:
    if sys.stdin is not None and sys.stdin.isatty():
        return _checked(getpass("cookie: "), "what was typed")
    return _checked(sys.stdin.readline() if sys.stdin is not None else "", "standard input")


def _checked(text: str, where: str) -> str:
    found = text.strip()
    if not (0 < len(found) <= SIZE_MAX and found.isascii() and found.isprintable()):
        raise ErlangError(
            f"{where} holds no cookie (a line of 1 to {SIZE_MAX} printable ASCII characters); {HOW}"
        )
    return found
