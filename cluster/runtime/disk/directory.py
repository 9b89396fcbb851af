"""The data directory: whose it is, and that one process at a time uses it.

Decides nothing about records (see `store`). A directory remembers the node, the cluster and the
number of partitions it was made for, because opening it as anything else would quietly mix data.
"""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

LOCK_FILE: Final = "lock"
IDENTITY_FILE: Final = "node.json"


class StoreError(Exception):
    """The data directory cannot be used. Its text is one sentence that says what to do."""


class Identity(Struct, frozen=True):
    """What a data directory was made for, and the last boot that used it."""

    name: str
    cluster: str
    partitions: int
    epoch: int = 0
    format: int = 1
    """How its records lie; directories from before there was a number have the first."""


def sentence(path: Path, error: OSError) -> str:
    """An operating system's refusal, said so that somebody can act on it."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"The disk that holds {path} is full; free some space or choose another --data."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return f"{path} cannot be written by this user; choose another --data."
        case errno.ENOTDIR | errno.EEXIST:
            return f"{path} is not a directory; choose another --data."
        case _:
            return f"{path} cannot be used ({error.strerror}); choose another --data."


def lock(path: Path) -> int:
    """Take the directory for this process, made if need be. Returns the descriptor to hold."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        held = os.open(path / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreError(sentence(path, error)) from None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(held, 0)
        os.pwrite(held, str(os.getpid()).encode(), 0)
    except BlockingIOError:
        owner = os.pread(held, 20, 0).decode(errors="replace") or "unknown"
        os.close(held)
        raise StoreError(_in_use(path, owner)) from None
    except OSError as error:
        os.close(held)
        raise StoreError(sentence(path, error)) from None
    return held


def in_use(path: Path) -> str:
    """Why the directory cannot be taken because somebody has it, as one sentence; "" if nobody has.

    Makes and keeps nothing: for whoever wants to know before anything is started.
    """
    try:
        held = os.open(path / LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""  # it was never used, or taking it will say more
    try:
        fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _in_use(path, os.pread(held, 20, 0).decode(errors="replace") or "unknown")
    finally:
        os.close(held)
    return ""


def _in_use(path: Path, owner: str) -> str:
    return f"{path} is in use by process {owner}; stop that node or choose another --data."


def claim(path: Path, wanted: Identity, wall_ms: int) -> Identity:
    """Check that the directory is `wanted`'s, and write down its new boot epoch before it is used.

    Epochs rise even when the computer's clock was set back, and a node whose disk was lost still
    starts above its past: the milliseconds since 1970 are later than any epoch it had. (Seconds
    are too coarse: a node wiped and restarted within one would mint its old dots again.)
    """
    held = _read(path)
    if held is not None:
        _refuse_strangers(path, wanted, held)
    epoch = max(wall_ms, 1 if held is None else held.epoch + 1)
    new = Identity(wanted.name, wanted.cluster, wanted.partitions, epoch, wanted.format)
    try:
        _write(path, new)
    except OSError as error:
        raise StoreError(sentence(path, error)) from None
    return new


def _read(path: Path) -> Identity | None:
    try:
        return msgspec.json.decode((path / IDENTITY_FILE).read_bytes(), type=Identity)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(sentence(path, error)) from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise StoreError(
            f"{path / IDENTITY_FILE} is damaged; restore it or choose an empty --data."
        ) from None


def _refuse_strangers(path: Path, wanted: Identity, held: Identity) -> None:
    if held.name != wanted.name:
        raise StoreError(
            f"{path} belongs to node {held.name}, not {wanted.name}; choose another --data."
        )
    if held.cluster != wanted.cluster:
        raise StoreError(
            f"{path} belongs to cluster {held.cluster}, not {wanted.cluster}; "
            "choose another --data or --cluster."
        )
    if held.format != wanted.format:
        raise StoreError(
            f"{path} lies in format {held.format}, this program reads {wanted.format}; choose an "
            "empty --data, the other nodes fill it."
        )
    if held.partitions != wanted.partitions:
        raise StoreError(
            f"{path} was made for {held.partitions} partitions, not {wanted.partitions}; "
            f"start with --partitions {held.partitions} or choose another --data."
        )


def _write(path: Path, identity: Identity) -> None:
    """Replace the file as a whole: after a crash it is the old one or the new one."""
    target = path / IDENTITY_FILE
    fresh = target.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        os.write(descriptor, msgspec.json.encode(identity) + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    fresh.rename(target)
    directory = os.open(path, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
