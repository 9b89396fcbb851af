"""What is wrong with a store's file, and what can be done about it before anything is read.

Ignores single records: those carry checksums (`layout`).
"""

from __future__ import annotations

import os
from pathlib import Path

import lmdb


def mend_length(path: Path, env: lmdb.Environment) -> None:
    """Make a file as long as the pages it says it has: a look past the end of a truncated one
    would end the process without a word, a look at an empty page is an error like any other."""
    whole = (env.info()["last_pgno"] + 1) * env.stat()["psize"]
    if (path / "data.mdb").stat().st_size < whole:
        os.truncate(path / "data.mdb", whole)


def _damaged(path: Path) -> str:
    return (
        f"{path / 'data.mdb'} is damaged; move it away and start the node again: "
        "the others will give it everything anew."
    )


def lmdb_sentence(path: Path, error: lmdb.Error) -> str:
    """What LMDB refused, said so that somebody can act on it."""
    text = str(error)
    if isinstance(error, lmdb.CorruptedError | lmdb.PageNotFoundError | lmdb.InvalidError):
        return _damaged(path)
    if "No space left" in text:
        return f"The disk that holds {path} is full; free some space or choose another --data."
    if "Permission denied" in text or "Read-only" in text:
        return f"{path} cannot be written by this user; choose another --data."
    return f"{path} cannot be opened as a store ({text}); choose another --data."
