"""Rumours waiting to be told: which claims ride on the next packets.

Follows memberlist's transmit-limited queue: the least told first, each told a number of times that
grows with the logarithm of the cluster, a newer claim about a member replaces an older one.
Ignores whether a claim is true; `protocol.swim.membership` decides that before it gets here.
"""

from __future__ import annotations

from math import ceil, log10

from msgspec import Struct

from cluster.model.member import Claim, NodeId


class _Rumour(Struct):
    claim: Claim
    told: int = 0


def claim_size(claim: Claim) -> int:
    """An upper bound of a claim's bytes on the wire."""
    texts = len(claim.name) + len(claim.gossip) + len(claim.window) + len(claim.accuser)
    return 4 * texts // 3 + 40


class Rumours:
    """The queue of one node."""

    def __init__(self, retransmit_mult: int) -> None:
        self._mult = retransmit_mult
        self._queue: dict[NodeId, _Rumour] = {}

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, claim: Claim) -> None:
        """Tell this claim from now on, instead of an older one about the same member."""
        self._queue.pop(claim.name, None)
        self._queue[claim.name] = _Rumour(claim)

    def take(self, room: int, members: int) -> tuple[Claim, ...]:
        """Claims for one packet with `room` bytes left, in a cluster of `members`."""
        if not self._queue:
            return ()
        limit = self._mult * ceil(log10(members + 1))
        taken: list[Claim] = []
        for name, rumour in sorted(self._queue.items(), key=lambda item: item[1].told):
            size = claim_size(rumour.claim)
            if size > room:
                continue
            room -= size
            taken.append(rumour.claim)
            rumour.told += 1
            if rumour.told >= limit:
                del self._queue[name]
        return tuple(taken)
