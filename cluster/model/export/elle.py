"""Histories in the JSON form that elle-cli reads (github.com/ligurio/elle-cli, README).

One list of maps with type, f, value, process, time (nanoseconds since the first) and index. Each of its models has
its own idea of a value, so a history of many keys becomes several files: one of registers for
`--model rw-register`, one a set for `--model set-full`, one a counter for `--model counter`.

Values become whole numbers in the order in which they appear, for its checkers want them unique
and simple. What a model cannot say is left out and counted: a register that holds several values
or was deleted, a counter that went down, a set that something was taken out of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, Literal, cast

import msgspec
from msgspec import Struct

from cluster.model.export.history import Op

Model = Literal["rw-register", "set-full", "counter"]
NOTHING: Final = None
_encode: Final = msgspec.json.Encoder().encode


class Export(Struct, frozen=True):
    """One file, and what it could not say."""

    name: str
    """Its name, without a folder; safe in any file system."""
    model: Model
    text: str
    operations: int
    left_out: int
    """Operations that the model has no words for."""


class _Numbers:
    """A number for each value, from 1, in the order in which they appear."""

    def __init__(self) -> None:
        self._of: dict[object, int] = {}

    def of(self, value: object) -> int:
        return self._of.setdefault(_frozen(value), len(self._of) + 1)


def _frozen(value: object) -> object:
    if isinstance(value, list | tuple):
        return tuple(map(_frozen, cast("list[object]", value)))
    return value


def exports(history: list[Op]) -> list[Export]:
    """Every file that a history makes. Keys are told apart by what was done to them."""
    keys = list(dict.fromkeys(op.key for op in history))
    done = {key: {op.f for op in history if op.key == key} for key in keys}
    files: list[Export] = []
    registers = [key for key in keys if done[key] <= {"write", "read", "delete"}]
    if any("write" in done[key] for key in registers):
        files.append(register_export([op for op in history if op.key in set(registers)]))
    for key in keys:
        ops = [op for op in history if op.key == key]
        values = [op.value for op in ops if op.f == "read" and op.kind == "ok"]
        if "count" in done[key]:
            files.append(counter_export(ops, key))
        elif done[key] & {"add", "remove"} and all(isinstance(v, list | None) for v in values):
            files.append(set_export(ops, key))
    return files


def register_export(history: list[Op]) -> Export:
    """Writes and reads of single values: each is a transaction of one step."""
    numbers = _Numbers()
    gone = {op.key for op in history if op.f not in ("write", "read")}
    vague = _of_reads(history, lambda seen: isinstance(seen, list))

    def step(op: Op) -> object:
        if op.f == "write":
            return [["w", op.key, numbers.of(op.value)]]
        seen = op.value if op.kind == "ok" else NOTHING
        return [["r", op.key, NOTHING if seen is NOTHING else numbers.of(seen)]]

    kept = [op for op in history if op.key not in gone and op.index not in vague]
    return _export("rw-register", "rw-register", history, kept, lambda _op: "txn", step)


def set_export(history: list[Op], key: str) -> Export:
    """Additions to one set, and reads of all of it."""
    numbers = _Numbers()

    def step(op: Op) -> object:
        if op.f == "add":
            return numbers.of(op.value)
        if op.kind != "ok":
            return NOTHING
        return [numbers.of(element) for element in cast("list[object]", op.value or [])]

    shrinks = any(op.f == "remove" for op in history)
    kept = [] if shrinks else [op for op in history if op.f in ("add", "read")]
    return _export(f"set-full{_safe(key)}", "set-full", history, kept, lambda op: op.f, step)


def counter_export(history: list[Op], key: str) -> Export:
    """Increments of one counter, and reads; elle-cli's counter never goes down."""
    falls = any(op.f == "count" and cast("int", op.value) < 0 for op in history)
    kept = [] if falls else [op for op in history if op.f in ("count", "read")]

    def step(op: Op) -> object:
        if op.f == "count":
            return op.value
        return (op.value or 0) if op.kind == "ok" else NOTHING

    name = f"counter{_safe(key)}"
    return _export(
        name, "counter", history, kept, lambda op: "add" if op.f == "count" else "read", step
    )


def _of_reads(history: list[Op], vague: Callable[[object], bool]) -> frozenset[int]:
    """The lines of those reads (invocation and end) whose answer a register could not give."""
    found: set[int] = set()
    open_at: dict[int, int] = {}
    for op in history:
        if op.kind == "invoke":
            open_at[op.process] = op.index
        elif op.f == "read" and op.kind == "ok" and vague(op.value):
            found |= {open_at[op.process], op.index}
    return frozenset(found)


def _export(
    name: str,
    model: Model,
    history: list[Op],
    kept: list[Op],
    word: Callable[[Op], str],
    step: Callable[[Op], object],
) -> Export:
    start = history[0].at if history else 0
    rows = [
        {
            "type": op.kind,
            "f": word(op),
            "value": step(op),
            "process": op.process,
            "time": (op.at - start) * 1_000,
            "index": index,
        }
        for index, op in enumerate(kept)
    ]
    text = "[" + ",\n".join(_encode(row).decode() for row in rows) + "]\n"
    return Export(name + ".json", model, text, _asked(kept), _asked(history) - _asked(kept))


def _asked(history: Iterable[Op]) -> int:
    return sum(1 for op in history if op.kind == "invoke")


def _safe(key: str) -> str:
    return "-" + re.sub(r"[^A-Za-z0-9_-]", "_", key)[:60] if key else ""
