"""What clients asked and were told: the history that checkers judge and that can be exported.

One `Op` is one thing a client wanted, however often it had to try. Its outcome is what the client
may believe: `ok` if any try was acknowledged, `failed` only if every try was definitely refused,
else `maybe`. An acknowledgement that comes after the client gave up counts: it was given.

`saw` says which earlier writes of the same key a write was told of, directly or through what those
had seen: the bits of a number, one for each write of the key in the order in which they began.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from msgspec import Struct, field

from cluster.model.member import NOBODY, NodeId
from cluster.model.versions import Context, Versions

OpKind = Literal["put", "delete", "get", "count", "add", "remove"]
UPDATES: Final[frozenset[OpKind]] = frozenset({"count", "add", "remove"})
"""What is asked of counters and sets: tried twice, it might happen twice."""
OpOutcome = Literal["pending", "ok", "maybe", "failed"]


class Op(Struct):
    """One operation of one client."""

    number: int
    client: int
    kind: OpKind
    key: bytes
    invoked: int
    value: bytes = b""
    """What a put writes (unique in its world); the first element that an add puts into a set; the
    element that a remove takes out."""
    amount: int = 0
    """What a count adds; how many elements an add puts in."""
    context: Context = field(default_factory=dict[str, int])
    saw: int = 0
    tries: int = 0
    unsure: int = 0
    """Tries that were sent and not definitely refused."""
    acks: int = 0
    ended: int = 0
    outcome: OpOutcome = "pending"
    read: Versions | None = None
    """What a get was told."""
    proof: tuple[NodeId, ...] = ()
    node: NodeId = NOBODY
    """Who was asked last."""
    acknowledged_at: int = 0
    """When the first acknowledgement came: later than `ended` if the client had given up."""

    @property
    def writes(self) -> bool:
        """Whether it changes its key."""
        return self.kind != "get"

    @property
    def elements(self) -> tuple[str, ...]:
        """What an add puts in or a remove takes out. No two adds share one."""
        first = self.value.decode()
        return (first, *(f"{first}.{more}" for more in range(1, self.amount)))

    @property
    def possible(self) -> bool:
        """Whether its effect may be found."""
        return self.outcome != "failed"


class History:
    """All operations of a world."""

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self.writes: dict[bytes, list[Op]] = {}
        """Of each key, in the order in which they began."""
        self.by_value: dict[bytes, tuple[Op, int]] = {}
        """The put that wrote a value, and its place among the writes of its key."""

    def begin(
        self,
        client: int,
        kind: OpKind,
        key: bytes,
        at: int,
        *,
        context: Context | None = None,
        saw: int = 0,
        amount: int = 0,
        value: bytes = b"",
    ) -> Op:
        """A client wants something. Without a value a write gets one that is unique."""
        number = len(self.ops) + 1
        op = Op(number, client, kind, key, at, context=context or {}, saw=saw, amount=amount)
        self.ops.append(op)
        if op.writes:
            op.value = value or b"w%d" % number
            writes = self.writes.setdefault(key, [])
            if not value:
                self.by_value[op.value] = (op, len(writes))
            writes.append(op)
        return op

    def changes(self, key: bytes) -> list[Op]:
        """The updates of a key, if it is a counter or a set; else none."""
        writes = self.writes.get(key, [])
        return writes if writes and writes[0].kind in UPDATES else []

    def seen_by(self, key: bytes, versions: Versions) -> int:
        """What a client knows that was told these siblings.

        A tombstone does not say which delete made it: it stands for every delete of the key so far.
        """
        saw = 0
        for sibling in versions.siblings:
            if sibling.value is None:
                for place, op in enumerate(self.writes.get(key, ())):
                    if op.kind == "delete":
                        saw |= op.saw | 1 << place
            elif (found := self.by_value.get(sibling.value)) is not None:
                op, place = found
                saw |= op.saw | 1 << place
        return saw

    def counts(self) -> dict[str, int]:
        """How many operations ended how."""
        found: dict[str, int] = {"ok": 0, "maybe": 0, "failed": 0, "pending": 0}
        for op in self.ops:
            found[op.outcome] += 1
        return found

    def events(self) -> list[dict[str, Any]]:
        """The history as invocations and completions in order of time, as elle-cli and Jepsen
        write them: {type, f, process, key, value, time}. A maybe is "info"."""
        words = {"ok": "ok", "failed": "fail", "maybe": "info", "pending": "info"}
        rows: list[tuple[int, int, dict[str, Any]]] = []
        for op in self.ops:
            asked: object = op.amount if op.kind == "count" else op.value.decode()
            told: object = asked
            if op.kind == "get":
                asked = None
                siblings = op.read.siblings if op.read is not None else ()
                told = sorted(s.value.decode("latin-1") for s in siblings if s.value is not None)
            base = {"f": op.kind, "process": op.client, "key": op.key.decode()}
            rows.append(
                (
                    op.invoked,
                    op.number,
                    {"type": "invoke", **base, "value": asked, "time": op.invoked},
                )
            )
            if op.outcome != "pending":
                end = {"type": words[op.outcome], **base, "value": told, "time": op.ended}
                rows.append((op.ended, op.number, end))
        rows.sort(key=lambda row: row[:2])
        return [{"index": index, **row} for index, (_, _, row) in enumerate(rows)]
