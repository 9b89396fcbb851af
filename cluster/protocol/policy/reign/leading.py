"""A master's side of a reign: its writes are numbered, stored here and sent to everybody at once.

Decides when a write has enough disks, and what a key's last settled value is while newer ones are
under way. Ignores who became master and why, and how many disks are enough (the policy says).
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from cluster.config import DataConfig
from cluster.model.member import MemberState, NodeId
from cluster.model.versions import EMPTY, Record, Versions
from cluster.protocol.effects import PutRecord, Records
from cluster.protocol.messages import Accept, Herald, ReadResponse, Refusal, WriteResponse
from cluster.protocol.outbox import Outbox
from cluster.protocol.policy.reign.stamps import Stamp, apply
from cluster.protocol.quorum.book import Book
from cluster.protocol.quorum.operation import Operation, WriteRequest
from cluster.protocol.swim.membership import Membership


class _Write(Struct):
    """A write that has yet to reach enough disks."""

    seq: int
    key: bytes
    versions: Versions
    holders: set[NodeId]


class _Unsettled(Struct):
    """A key with writes under way."""

    last: Versions
    """What was settled last."""
    seq: int
    count: int


class Leading:
    """The reign of this node, while it has one."""

    def __init__(
        self,
        out: Outbox,
        config: DataConfig,
        members: Membership,
        records: Records,
        book: Book,
        enough: Callable[[set[NodeId]], bool],
    ) -> None:
        self._out = out
        self._config = config
        self._members = members
        self._records = records
        self._book = book
        self._enough = enough
        self.term = 0
        self.seq = 0
        self.round = 0
        self.serves = False
        self._writes: dict[int, _Write] = {}
        self._keys: dict[bytes, _Unsettled] = {}
        self.on_refused: Callable[[str], None] = lambda _why: None
        """Called when the own disk did not take a write: what is read here may be older."""

    def begin(self, term: int, seq: int = 1) -> None:
        """A reign begins; its first `seq` numbers are taken."""
        self.term, self.seq, self.round, self.serves = term, seq, 0, False
        self._writes, self._keys = {}, {}

    def end(self) -> None:
        """What is under way stays in doubt."""
        self._writes, self._keys = {}, {}

    def herald(self) -> int:
        """Tell all members that there is a master; returns the round's number."""
        self.round += 1
        body = Herald(self.term, self.seq, self.round, self.serves)
        for name in self._members.others(MemberState.SUSPECT):
            self._out.send(name, self._members.address(name), "stream", body)
        return self.round

    def value(self, partition: int, key: bytes) -> Versions:
        """What a key is settled at."""
        unsettled = self._keys.get(key)
        if unsettled is not None:
            return unsettled.last
        record = self._records.load(partition, key)
        return record.versions if record is not None else EMPTY

    def has(self, partition: int, key: bytes) -> bool:
        """Whether anything is held of a key."""
        return self._records.load(partition, key) is not None

    def answer(self, op: Operation, versions: Versions) -> None:
        """Tell a client what a key is settled at: the master's word is enough."""
        op.done, op.primaries, op.versions = [self._out.name], 1, versions
        live = any(s.value is not None for s in versions.siblings)
        response = ReadResponse(versions, (self._out.name,), 1)
        self._book.finish(op, response, "ok" if live else "absent")

    def write(self, op: Operation, request: WriteRequest) -> None:
        """Give a client's write its place, store it and send it."""
        if len(self._writes) >= self._config.operations_max:
            why = "not written: too many writes wait for other disks, try again"
            self._book.finish(op, Refusal(503, "overload", why), "not written")
            return
        key, partition, me = request.key, op.partition, self._out.name
        record = self._records.load(partition, key)
        held = record.versions if record is not None else EMPTY
        stamp = Stamp(self.term, self.seq + 1, me)
        after = apply(held, request, stamp, self._out.now, self._config)
        if isinstance(after, Refusal):
            self._book.finish(op, after, "not written")
            return
        self.seq += 1
        unsettled = self._keys.setdefault(key, _Unsettled(held, 0, 0))
        unsettled.count += 1
        op.versions = after
        self._writes[op.number] = _Write(self.seq, key, after, set())
        body = Accept(op.number, self.term, self.seq, partition, key, after)
        for name in self._members.others(MemberState.SUSPECT):
            address = self._members.address(name)
            self._out.send(name, address, "stream", body, traced=op.traced, key=key)
        term = self.term

        def stored(refused: str) -> None:
            if term != self.term:
                return
            if refused:
                op.trouble = refused
                self._forget(op.number)
                self.on_refused(refused)
            else:
                self.stored(op.number, me)

        self._out.persist((PutRecord(partition, key, Record(after)),), stored)

    def stored(self, number: int, holder: NodeId) -> None:
        """A node has one of these writes on disk."""
        write = self._writes.get(number)
        if write is None:
            return
        write.holders.add(holder)
        if not self._enough(write.holders):
            return
        del self._writes[number]
        self._settle(write)
        op = self._book.open.get(number)
        if op is not None and not op.answered:
            op.done = sorted(write.holders)
            op.primaries = len(op.done)
            context = write.versions.context
            live = int(write.versions.siblings[0].value is not None)
            response = WriteResponse("ok", tuple(op.done), op.primaries, context, live)
            self._book.finish(op, response, "ok")

    def has_all(self, holder: NodeId, seq: int) -> None:
        """A node has everything up to this write on disk."""
        for number, write in list(self._writes.items()):
            if write.seq <= seq and holder not in write.holders:
                self.stored(number, holder)

    def _forget(self, number: int) -> None:
        """A write that is not here, and that others may have."""
        write = self._writes.pop(number, None)
        if write is not None:
            unsettled = self._keys[write.key]
            unsettled.count -= 1
            if not unsettled.count:
                del self._keys[write.key]

    def _settle(self, write: _Write) -> None:
        """This write holds, and with it whatever it replaced."""
        unsettled = self._keys[write.key]
        unsettled.count -= 1
        if write.seq > unsettled.seq:
            unsettled.seq, unsettled.last = write.seq, write.versions
        if not unsettled.count:
            del self._keys[write.key]
