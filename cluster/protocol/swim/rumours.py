"""Rumours waiting to be told: which claims ride on the next packets.

Follows memberlist's transmit-limited queue: the least told first, each told a number of times that
grows with the logarithm of the cluster, a newer claim about a member replaces an older one.
Ignores whether a claim is true; `protocol.swim.membership` decides that before it gets here.
"""

from __future__ import annotations

from math import ceil, log10
from typing import Final

from cluster.model.member import Claim, NodeId

CLAIM_BYTES_MIN: Final = 64
"""No claim is shorter: with less room than this there is no point in looking for one that fits."""
MISFITS_MAX: Final = 8
"""After so many claims in a row that did not fit, a packet is full enough."""


def claim_size(claim: Claim) -> int:
    """An upper bound of a claim's bytes on the wire."""
    texts = len(claim.name) + len(claim.gossip) + len(claim.window) + len(claim.accuser)
    return 4 * texts // 3 + 44


class Rumours:
    """The queue of one node."""

    def __init__(self, retransmit_mult: int) -> None:
        self._mult = retransmit_mult
        self._told: dict[NodeId, int] = {}
        """How often each waiting rumour was told: which of the lists below it is in."""
        self._by_told: list[dict[NodeId, Claim]] = [{}]

    def __len__(self) -> int:
        return len(self._told)

    def add(self, claim: Claim) -> None:
        """Tell this claim from now on, instead of an older one about the same member."""
        told = self._told.get(claim.name)
        if told is not None:
            del self._by_told[told][claim.name]
        self._told[claim.name] = 0
        self._by_told[0][claim.name] = claim

    def take(self, room: int, members: int) -> tuple[Claim, ...]:
        """Claims for one packet with `room` bytes left, in a cluster of `members`."""
        if not self._told:
            return ()
        taken = self._fitting(room)
        limit = self._mult * ceil(log10(members + 1))
        for claim in taken:
            name = claim.name
            told = self._told.pop(name)
            del self._by_told[told][name]
            if told + 1 < limit:
                while len(self._by_told) <= told + 1:
                    self._by_told.append({})
                self._told[name] = told + 1
                self._by_told[told + 1][name] = claim
        return tuple(taken)

    def _fitting(self, room: int) -> list[Claim]:
        taken: list[Claim] = []
        misfits = 0
        for waiting in self._by_told:
            for claim in waiting.values():
                if room < CLAIM_BYTES_MIN or misfits >= MISFITS_MAX:
                    return taken
                size = claim_size(claim)
                if size > room:
                    misfits += 1
                    continue
                misfits = 0
                room -= size
                taken.append(claim)
        return taken
