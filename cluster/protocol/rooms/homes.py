"""Where each room belongs, and which rooms a node knows of.

A room's home is the first usable node in the ranking of its partition: the owners in their order,
then the fallbacks. A suspect still counts, so that a false alarm moves nothing; the dead do not.
Every node computes it from its own view, so any of them finds a room in one hop, and where views
differ for a moment a fencing token settles what two homes did.

What a node knows of names are the records it holds (`Names`), as they change and as they are found
on its disk when it comes up. Ignores who runs what now (`hall`).
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from cluster.config import Config
from cluster.model.member import MemberState, NodeId
from cluster.model.ring import Ring, partition_of
from cluster.model.rooms.naming import NO_TOKEN, Token, room_key, room_of, unpacked
from cluster.model.versions import Record
from cluster.protocol.effects import Records
from cluster.protocol.quorum.placement import Placement
from cluster.protocol.swim.membership import Membership


class Homes:
    """Where rooms belong, as one node sees it."""

    def __init__(self, config: Config, members: Membership, placement: Placement) -> None:
        self._partitions = config.ring.partitions
        self._members = members
        self._placement = placement
        self._kept: dict[int, NodeId | None] = {}
        self._kept_for = ("", -1)
        self._version = -1
        self._ring: Ring | None = None

    def changed(self) -> bool:
        """Whether a home may have changed since this was asked last (it is, after every input)."""
        version, ring = self._members.roster.version, self._placement.ring
        if version == self._version and ring is self._ring:
            return False
        self._version, self._ring = version, ring
        return True

    @property
    def view(self) -> tuple[str, int]:
        """Changes whenever a home may have changed."""
        return (self._placement.ring.digest, self._members.version)

    def partition(self, room: str) -> int:
        """The partition of a room's record."""
        return partition_of(room_key(room), self._partitions)

    def owners(self, room: str) -> int:
        """How many owners the room's record has on the ring of now."""
        return len(self._placement.ring.owners[self.partition(room)])

    def home(self, room: str) -> NodeId | None:
        """Where the room belongs now; None when no usable node is left."""
        return self.of(self.partition(room))

    def of(self, partition: int) -> NodeId | None:
        """Where the rooms of a partition belong."""
        if self._kept_for != self.view:
            self._kept_for = self.view
            self._kept.clear()
        if partition not in self._kept:
            self._kept[partition] = self._first(partition)
        return self._kept[partition]

    def _first(self, partition: int) -> NodeId | None:
        owners = self._placement.ring.owners[partition]
        for name in owners:
            if name == self._members.me or self.reachable(name):
                return name
        rest = self._placement.ring.ranking(partition) if self._placement.spares else ()
        for name in rest:
            if name == self._members.me or self.reachable(name):
                return name
        return None

    def reachable(self, name: NodeId) -> bool:
        """Alive, or only suspected."""
        state = self._members.state(name)
        return state is not None and state <= MemberState.SUSPECT

    def lives(self, token: Token) -> bool:
        """Whether the very life that claimed this token may still run."""
        claim = self._members.claims.get(NodeId(token.node))
        return claim is not None and self.reachable(claim.name) and claim.epoch == token.epoch


class Known(Struct):
    """What a record on this node's disk says of a room."""

    partition: int
    token: Token
    failed: bool
    behaviour: str


class Names:
    """The rooms whose records this node holds."""

    def __init__(self, config: Config, records: Records) -> None:
        self._records = records
        self._partitions = config.ring.partitions
        self._bytes = config.rooms.boot_scan_bytes
        self.known: dict[str, Known] = {}
        self._at = (0, b"")
        """How far the disk was read: a partition and its last key."""

    def changed(self, partition: int, key: bytes, record: Record | None) -> str | None:
        """A record is now this; returns the room it is about."""
        room = room_of(key)
        if room is None:
            return None
        self.known.pop(room, None)
        if record is not None:
            newest = max(
                (c for s in record.versions.siblings if (c := unpacked(s)) is not None),
                key=lambda c: c.token,
                default=None,
            )
            if newest is not None:
                token, failed = newest.token, newest.failed
                self.known[room] = Known(partition, token, failed, newest.behaviour)
        return room

    def token(self, room: str) -> Token:
        """The highest token in the record held here."""
        known = self.known.get(room)
        return known.token if known is not None else NO_TOKEN

    def read_on(self) -> bool:
        """Read one more page of the disk; False when all of it was read."""
        partition, after = self._at
        while partition < self._partitions and not self._records.keys(partition):
            partition, after = partition + 1, b""
        if partition >= self._partitions:
            return False
        page = self._records.scan(partition, after, self._bytes)
        for key, record in page:
            room = room_of(key)
            if room is not None and room not in self.known:
                self.changed(partition, key, record)
        self._at = (partition, page[-1][0]) if page else (partition + 1, b"")
        return True

    def __iter__(self) -> Iterator[tuple[str, Known]]:
        return iter(self.known.items())
