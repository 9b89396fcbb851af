"""What must not come back: keys whose deletion is over, and the causal context it had reached.

A node seals a key when it confirms that the key may be reaped, and before it says so the seal is
on its disk. From then on a write that arrives late (it waited in a socket of a paused process, in
a page of a transfer) is cut to what the seal has not seen, wherever no record is left to do that.
A record that begins under a seal begins with its context. Seals last another grace, then the key
is forgotten whole: a message older than that must have waited in its sender for longer than
`tombstone_grace_us` after the sender itself had confirmed.

Bounded: `seals_max`; a node without room does not confirm, and the tombstone stays.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from cluster.config import ReapConfig
from cluster.model.versions import Context, Versions, merge
from cluster.protocol.effects import PutMeta, Records
from cluster.protocol.outbox import Outbox

Place = tuple[int, bytes]
"""(partition, key)."""
META: Final = "sealed"


class _Seal(Struct, frozen=True, array_like=True):
    """`until` is by this node's clock."""

    partition: int
    key: bytes
    context: Context
    until: int


_encode: Final = msgspec.msgpack.Encoder().encode
_decoder: Final = msgspec.msgpack.Decoder(tuple[_Seal, ...])


class Seals:
    """The sealed keys of one node, in memory and in one blob on its disk."""

    def __init__(self, out: Outbox, config: ReapConfig, records: Records) -> None:
        self._out = out
        self._config = config
        self._records = records
        self._held: dict[Place, _Seal] = {}

    def load(self) -> None:
        """Read the seals of an earlier life."""
        blob = self._records.meta(META)
        if blob is None:
            return
        try:
            held = _decoder.decode(blob)
        except msgspec.MsgspecError:
            return  # damaged: as after a lost disk, the keys are only protected elsewhere
        self._held = {(seal.partition, seal.key): seal for seal in held}

    def room(self) -> int:
        """How many more keys may be sealed."""
        return self._config.seals_max - len(self._held)

    def put(self, partition: int, key: bytes, context: Context) -> None:
        """Seal a key. Not on disk before `blob` is."""
        until = self._out.now + self._config.tombstone_grace_us
        self._held[partition, key] = _Seal(partition, key, context, until)

    def blob(self) -> PutMeta:
        """All seals, for the disk."""
        return PutMeta(META, _encode(tuple(self._held.values())))

    def expire(self) -> None:
        """Forget those whose time is up."""
        now = self._out.now
        over = [place for place, seal in self._held.items() if seal.until <= now]
        for place in over:
            del self._held[place]

    def context(self, partition: int, key: bytes) -> Context:
        """What the deletion of a key had seen; empty if the key is not sealed."""
        seal = self._held.get((partition, key)) if self._held else None
        return seal.context if seal is not None else {}

    def cut(self, partition: int, key: bytes, versions: Versions) -> Versions:
        """What of a write to a key without a record is not over. No siblings: nothing."""
        context = self.context(partition, key)
        return merge(versions, Versions(context, ())) if context else versions
