"""The member table: one claim about each, and what follows from all of them together.

Decides nothing; keeps the sorted lists, the addresses and the digest as single claims change, so
that no timer walks a thousand members while nothing happens. Ignores how a claim got here
(`protocol.swim.membership` decides that) and what is done about it.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, insort

from cluster.model.member import Address, Claim, MemberState, NodeId


class _Names:
    """Names in order, and the tuple of them that others may keep."""

    __slots__ = ("_kept", "_sorted")

    def __init__(self) -> None:
        self._sorted: list[NodeId] = []
        self._kept: tuple[NodeId, ...] | None = ()

    def add(self, name: NodeId) -> None:
        insort(self._sorted, name)
        self._kept = None

    def discard(self, name: NodeId) -> None:
        del self._sorted[bisect_left(self._sorted, name)]
        self._kept = None

    def all(self) -> tuple[NodeId, ...]:
        if self._kept is None:
            self._kept = tuple(self._sorted)
        return self._kept


def _mark(claim: Claim) -> int:
    """64 bits that stand for what a claim says of its member."""
    row = f"{claim.name} {claim.epoch} {claim.incarnation} {claim.state:d}".encode()
    return int.from_bytes(hashlib.blake2b(row, digest_size=8).digest())


class Roster:
    """All claims one node holds, its own among them."""

    def __init__(self, own: Claim) -> None:
        self.me = own.name
        self.claims: dict[NodeId, Claim] = {}
        self.version = 0
        """Rises with every change: what was derived from claims may be kept till then."""
        self._up_to = {state: _Names() for state in MemberState}
        """The other members whose state is no worse."""
        self._names: dict[Address, NodeId] = {}
        self._marks: dict[NodeId, int] = {}
        self._digest = 0
        self._ring: tuple[NodeId, ...] | None = None
        self._view: tuple[Claim, ...] | None = None
        self.put(own)

    def put(self, claim: Claim) -> None:
        """Hold this claim of its member from now on."""
        name = claim.name
        old = self.claims.get(name)
        self.claims[name] = claim
        self.version += 1
        self._view = None
        if old is not None and old.gossip != claim.gossip and self._names[old.gossip] == name:
            del self._names[old.gossip]
        self._names[claim.gossip] = name
        if old is None or old.on_ring != claim.on_ring:
            self._ring = None
        if old is None or old.state is not claim.state:
            self._move(name, None if old is None else old.state, claim.state)
        mark = _mark(claim)
        self._digest ^= mark ^ self._marks.get(name, 0)
        self._marks[name] = mark

    def _move(self, name: NodeId, old: MemberState | None, new: MemberState) -> None:
        if name == self.me:
            return
        for worst, names in self._up_to.items():
            was, now = old is not None and old <= worst, new <= worst
            if now and not was:
                names.add(name)
            elif was and not now:
                names.discard(name)

    def others(self, worst: MemberState) -> tuple[NodeId, ...]:
        """Other members whose state is no worse than `worst`, sorted."""
        return self._up_to[worst].all()

    def gone(self) -> tuple[NodeId, ...]:
        """Other members believed dead or removed, sorted; those who left are not looked for."""
        known, present = self.others(MemberState.REMOVED), self.others(MemberState.SUSPECT)
        if len(known) == len(present):
            return ()
        return tuple(n for n in known if self.claims[n].state > MemberState.SUSPECT)

    def ring_members(self) -> tuple[NodeId, ...]:
        """Exactly those neither left, removed nor draining, sorted."""
        if self._ring is None:
            names = sorted((self.me, *self.others(MemberState.DEAD)))
            self._ring = tuple(n for n in names if self.claims[n].on_ring)
        return self._ring

    def name_at(self, address: Address) -> NodeId | None:
        """Who listens there, as far as known."""
        return self._names.get(address)

    def whole(self) -> tuple[Claim, ...]:
        """All claims, by name."""
        if self._view is None:
            self._view = tuple(claim for _, claim in sorted(self.claims.items()))
        return self._view

    def digest(self) -> str:
        """Equal digests mean equal beliefs about everybody."""
        return f"{self._digest:016x}"[:8]
