"""What clients did and saw, as Jepsen's checkers want it: an invocation, then how it ended.

Decides the meaning of the four kinds. Ignores who ran the clients: the simulator, the Maelstrom
runner and a load on real nodes can all be told this way.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Kind = Literal["invoke", "ok", "fail", "info"]
"""`ok`: it was done. `fail`: it was certainly not done. `info`: nobody knows (maybe written)."""


class Op(Struct, frozen=True):
    """One line of a history. A process has at most one operation open, and after `info` none."""

    index: int
    """Counts the lines from 0."""
    process: int
    kind: Kind
    f: str
    """What was asked: "add", "read", "write", "broadcast", "generate", "echo"."""
    value: object
    """What was written, or (in the `ok` of a read) what was seen."""
    at: int
    """Microseconds."""
    key: str = ""
    """For stores of many keys."""
    final: bool = False
    """A read made after everything had healed and settled."""


def pairs(history: list[Op]) -> list[tuple[Op, Op | None]]:
    """Each invocation with how it ended (None: the history ends first), in order of invocation."""
    ended: dict[int, Op] = {}
    open_at: dict[int, int] = {}
    for op in history:
        if op.kind == "invoke":
            open_at[op.process] = op.index
        else:
            ended[open_at.pop(op.process)] = op
    return [(op, ended.get(op.index)) for op in history if op.kind == "invoke"]
