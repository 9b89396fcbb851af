"""What joins and drains would move, before anything moves.

A pure function of the ring in use and the changes asked for: because owners follow from the member
set alone, what it says is what the nodes will do. Ignores how long it takes, and who is alive.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from cluster.model.member import NodeId
from cluster.model.ring import Ring, build_ring


class PlanError(ValueError):
    """The change makes no sense. Its text is one sentence's worth."""


class Move(Struct, frozen=True):
    """One partition to be filled at a new owner."""

    partition: int
    to: NodeId
    sources: tuple[NodeId, ...]
    """Its owners before: whoever is alive of them can give it."""
    keys: int | None
    """None when nobody said how many there are."""


class Share(Struct, frozen=True):
    """What changes for one node."""

    node: NodeId
    before: int
    """Places (partition, replica) it holds."""
    after: int
    gains: int
    gives: int
    keys: int | None
    """It must fetch; from each of N-W+1 sources."""


class Plan(Struct, frozen=True):
    """The whole change."""

    joins: tuple[NodeId, ...]
    drains: tuple[NodeId, ...]
    moves: tuple[Move, ...]
    """By partition."""
    shares: tuple[Share, ...]
    """Of every node before or after, by name."""
    keys: int | None
    balance_before: float
    """The largest load over the mean; 1 is perfect."""
    balance_after: float
    owners_wanted: int
    """N."""
    short_before: int
    """Partitions with fewer owners than N."""
    short_after: int
    digest_after: str


def plan(
    ring: Ring,
    joins: tuple[NodeId, ...],
    drains: tuple[NodeId, ...],
    owners_wanted: int,
    slack: float,
    keys: Mapping[int, int],
) -> Plan:
    """What changes when `joins` come and `drains` give up their places.

    `keys`: how many keys each partition has, as far as known. Raises PlanError.
    """
    members = set(ring.members)
    for name in joins:
        if name in members:
            raise PlanError(f"{name} is on the ring already, it cannot join")
    for name in drains:
        if name not in members:
            known = " ".join(sorted(members))
            raise PlanError(f"{name} is not on the ring, it cannot be drained (there are: {known})")
    rest = (members | set(joins)) - set(drains)
    if not rest:
        raise PlanError("nobody would be left to hold anything")
    after = build_ring(tuple(sorted(rest)), ring.partitions, owners_wanted, slack)
    moves = tuple(
        Move(partition, to, before, keys.get(partition))
        for partition, before in enumerate(ring.owners)
        for to in after.owners[partition]
        if to not in before
    )
    short_before = ring.partitions if ring.replicas < owners_wanted else 0
    return Plan(
        joins=tuple(sorted(joins)),
        drains=tuple(sorted(drains)),
        moves=moves,
        shares=_shares(ring, after, moves),
        keys=_total(moves),
        balance_before=balance(ring),
        balance_after=balance(after),
        owners_wanted=owners_wanted,
        short_before=short_before,
        short_after=ring.partitions if after.replicas < owners_wanted else 0,
        digest_after=after.digest,
    )


def balance(ring: Ring) -> float:
    """The largest load over the mean."""
    load = ring.load()
    return max(load.values()) * len(load) / max(1, sum(load.values()))


def _shares(before: Ring, after: Ring, moves: tuple[Move, ...]) -> tuple[Share, ...]:
    held, holds = before.load(), after.load()
    shares: list[Share] = []
    for name in sorted({*before.members, *after.members}):
        mine = tuple(move for move in moves if move.to == name)
        was, now = held.get(name, 0), holds.get(name, 0)
        gives = was + len(mine) - now
        shares.append(Share(name, was, now, len(mine), gives, _total(mine)))
    return tuple(shares)


def _total(moves: tuple[Move, ...]) -> int | None:
    known = [move.keys for move in moves if move.keys is not None]
    return sum(known) if len(known) == len(moves) else None
