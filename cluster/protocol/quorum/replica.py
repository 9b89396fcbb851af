"""What this node holds: merging writes into records, and answering reads of them.

Decides when a write is "on disk here" (after `Persisted`, never before) and what must be kept as a
hint because it belongs to somebody else. Ignores quorums (`protocol.quorum.coordinator`) and how hints
travel (`protocol.quorum.hints`).
"""

from __future__ import annotations

from cluster.model.facts import HintStored, SiblingsKept
from cluster.model.member import NodeId
from cluster.model.rooms.naming import FENCED, NO_TOKEN, Token, fence, fence_text, room_of
from cluster.model.values.typed import Misfit, reserved, updated
from cluster.model.versions import EMPTY, Record, Versions, merge, minting_actor, put, size
from cluster.protocol.effects import DiskWrite, PutRecord, Records
from cluster.protocol.messages import DeleteRequest, PutRequest, Refusal, UpdateRequest
from cluster.protocol.outbox import OnDisk, Outbox, key_text
from cluster.protocol.quorum.hints import Hints
from cluster.protocol.quorum.operation import WriteRequest
from cluster.protocol.quorum.placement import Placement
from cluster.protocol.repair.seals import Seals

_CROWDED = Refusal(
    409,
    "too many siblings",
    "not written: the key has too many unresolved values; read it, then write with the context"
    " of that read",
)
_LONG = Refusal(
    409,
    "context too long",
    "not written: this key's causal context has as many entries as it may; read it, then write it"
    " under another key",
)
_MIXED = Refusal(
    409,
    "does not fit",
    "not written: the key holds a typed value; change it by an update, or replace it by a put with"
    " the context of a read",
)
_FULL = Refusal(
    503,
    "too many hints",
    "not written: this node stands in for an owner for whom it keeps as many hints as it may;"
    " ask another",
)


class Replica:
    """The records of one node."""

    def __init__(
        self, out: Outbox, records: Records, placement: Placement, hints: Hints, seals: Seals
    ) -> None:
        self._out = out
        self._records = records
        self._placement = placement
        self._hints = hints
        self._seals = seals
        self._serial = 0
        self._distrusted = 0
        """Actors up to this serial mint no more (see `distrust_actors`)."""

    def read(self, partition: int, key: bytes) -> Versions:
        """What is held of a key; nothing is `EMPTY`."""
        record = self._records.load(partition, key)
        return record.versions if record is not None else EMPTY

    def distrust_actors(self) -> None:
        """The disk refused a write: what was minted with it is undone here, not at its peers.

        An actor that went on from the older record would give one dot to two writes, and one of
        them would be lost. So every actor handed out before has minted its last.
        """
        self._distrusted = self._serial

    def mint(
        self, partition: int, request: WriteRequest, hint_for: NodeId, then: OnDisk
    ) -> Versions | Refusal:
        """Give a client's write its dot, store it, and return all that is now known of the key.

        A refusal means that nothing was stored. Room for hints is asked for first: a write that
        is refused by its own minter may not be sent to others.
        """
        key = request.key
        if not all(
            self._hints.has_room(t, partition, key) for t in self._owed(partition, hint_for)
        ):
            return _FULL
        held = self._records.load(partition, key)
        self._serial += 1
        actor = minting_actor(held, self._out.name, self._out.epoch, self._serial, self._distrusted)
        before = (
            held.versions if held is not None else Versions(self._seals.context(partition, key), ())
        )
        after = self._after(before, actor, request)
        if isinstance(after, Refusal):
            return after
        if (above := _above(key, before, after, actor)) > NO_TOKEN:
            return Refusal(409, FENCED, fence_text(above, self._out.name))
        config = self._out.config.data
        if len(after.context) > config.context_entries_max:
            return _LONG
        if len(after.siblings) > 1:
            crowded = len(after.siblings) > config.siblings_max
            if crowded or size(after) > config.record_bytes_max:
                return _CROWDED
            self._out.emit(SiblingsKept(key_text(key), len(after.siblings)))
        self._store(partition, key, Record(after, actor), hint_for, then)
        return after

    def _after(self, before: Versions, actor: str, request: WriteRequest) -> Versions | Refusal:
        now = self._out.now
        match request:
            case PutRequest(_, value, content_type, context):
                after = put(before, context, actor, value, content_type, now)
                mixed = any(reserved(s.content_type) for s in after.siblings)
                return _MIXED if mixed else after
            case DeleteRequest(_, context):
                return put(before, context, actor, None, "", now)
            case UpdateRequest(_, update):
                after = updated(before, actor, update, now, self._out.config.data)
                if isinstance(after, Misfit):
                    return Refusal(409, "does not fit", f"not written: {after.why}")
                return after

    def fenced(self, partition: int, key: bytes, versions: Versions) -> str:
        """Why a coordinator's write must be kept out, empty if it may come in.

        Only asked of new writes: what hints, trees and transfers bring was taken by somebody.
        """
        if room_of(key) is None or (held := self._records.load(partition, key)) is None:
            return ""
        above = fence(held.versions, versions)
        return fence_text(above, self._out.name) if above.number else ""

    def write(
        self,
        partition: int,
        key: bytes,
        versions: Versions,
        hint_for: NodeId,
        then: OnDisk,
    ) -> None:
        """Merge what another replica knows; `then` is called once the result is on disk."""
        held = self._records.load(partition, key)
        if held is None:
            fresh = self._seals.cut(partition, key, versions)
            if fresh.siblings or not versions.siblings:
                self._store(partition, key, Record(fresh), hint_for, then)
            else:
                self._out.persist((), then)  # older than a deletion that is over
            return
        after = merge(held.versions, versions)
        if after == held.versions and not hint_for and self._placement.owns(partition):
            self._out.persist((), then)
            return
        self._store(partition, key, Record(after, held.mine), hint_for, then)

    def _owed(self, partition: int, hint_for: NodeId) -> tuple[NodeId, ...]:
        """Whom this node owes a record of a partition that is not its own."""
        if self._placement.owns(partition):
            return ()
        return (hint_for,) if hint_for else self._placement.ring.owners[partition]

    def _store(
        self, partition: int, key: bytes, record: Record, hint_for: NodeId, then: OnDisk
    ) -> None:
        writes: list[DiskWrite] = [PutRecord(partition, key, record)]
        if not self._placement.owns(partition):
            # A write for an absent owner, or one that followed an older ring than ours.
            targets = self._owed(partition, hint_for)
            for target in targets:
                hint = self._hints.keep(target, partition, key)
                if hint is None:
                    then(f"{self._out.name} already keeps as many hints for {target} as it may")
                    return
                writes.append(hint)
            if self._out.may_trace():
                depth = self._hints.depth(targets[0])
                self._out.emit(HintStored(targets[0], key_text(key), depth))
        elif hint_for and hint_for != self._out.name:
            hint = self._hints.keep(hint_for, partition, key)
            if hint is not None:
                writes.append(hint)
        self._out.persist(tuple(writes), then)


def _above(key: bytes, before: Versions, after: Versions, actor: str) -> Token:
    """For a room's record: a token above that of the value just minted, which it did not replace."""
    if room_of(key) is None:
        return NO_TOKEN
    counter = after.context[actor]
    minted = tuple(s for s in after.siblings if (s.actor, s.counter) == (actor, counter))
    others = tuple(s for s in after.siblings if s not in minted)
    return fence(Versions(before.context, others), Versions({}, minted))
