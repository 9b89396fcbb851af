"""How many copies of the data serve now: owners per partition, from what the nodes reported.

Where partitions have masters, none of a partition is served without its first owner: the others
only keep copies until one of them is promoted. An owner serves unless most live others accuse it, somebody saw its process stop, or it says itself
that it still fills the partition. In a split those owners count that serve together: on the side that
has most of a partition's, the largest of equals. The ring is the one most live nodes use. Ignores hints:
they make writes safe, not places served.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from cluster.model.member import MemberState, NodeId
from cluster.model.summary import RingTable
from tui.judge.agreement import Agreement, is_live
from tui.judge.memo import Memo
from tui.view import NodeView


def common_ring(nodes: Mapping[NodeId, NodeView], now: int) -> RingTable | None:
    """The ring in use: most live nodes', else anybody's; the larger of equals."""
    live = [n.ring for n in nodes.values() if n.ring is not None and is_live(n, now)]
    rings = live or [n.ring for n in nodes.values() if n.ring is not None]
    if not rings:
        return None
    votes = Counter(ring.digest for ring in rings)
    return max(rings, key=lambda ring: (votes[ring.digest], len(ring.members), ring.digest))


def serves(node: NodeView, judged: Agreement) -> bool:
    """Whether a node answers, as far as anyone knows."""
    if node.process in ("gone", "paused"):
        return False
    subject = judged.subjects.get(node.name)
    if subject is None or subject.majority is None:
        return node.connected
    return 2 * subject.accusers <= subject.observers and subject.majority.state < MemberState.LEFT


def served(nodes: Mapping[NodeId, NodeView], judged: Agreement, now: int) -> tuple[int, ...]:
    """How many partitions have 0, 1 ... N owners that serve; empty without a ring."""
    ring = common_ring(nodes, now)
    if ring is None:
        return ()
    if judged.sides and not ring.led:
        return _served_apart(ring, nodes, judged)
    up: list[int] = []
    missing: Counter[int] = Counter()
    for index, name in enumerate(ring.members):
        node = nodes.get(name)
        up.append(1 if node is not None and serves(node, judged) else 0)
        if node is not None and up[index]:
            held = (p for p in node.filling_partitions if p < len(ring.owners))
            missing.update(p for p in held if index in ring.owners[p])
    if not missing:
        return _SERVED.get(ring, tuple(up), lambda: _served(ring, up, missing))
    return _served(ring, up, missing)


def apart(
    ring: RingTable, nodes: Mapping[NodeId, NodeView], judged: Agreement
) -> tuple[frozenset[int], ...]:
    """Of a split cluster: per side those of the ring's members (by place) that serve there."""
    return tuple(
        frozenset(
            index
            for index, name in enumerate(ring.members)
            if name in side and _serves_beside(nodes[name], side, judged)
        )
        for side in judged.sides
    )


def _serves_beside(node: NodeView, side: tuple[NodeId, ...], judged: Agreement) -> bool:
    """Whether it answers those of its own side. Who is alone there answers whoever reaches it."""
    if node.process in ("gone", "paused"):
        return False
    subject = judged.seen_by(node.name)[node.name]
    return len(side) == 1 or 2 * subject.accusers <= subject.observers


def side_with_most(owners: Sequence[int], groups: tuple[frozenset[int], ...]) -> frozenset[int]:
    """Where most of a partition's owners serve together; of equals the largest side, named first."""
    return max(groups, key=lambda group: sum(owner in group for owner in owners))


def _served_apart(
    ring: RingTable, nodes: Mapping[NodeId, NodeView], judged: Agreement
) -> tuple[int, ...]:
    groups = apart(ring, nodes, judged)
    filling = {
        index: frozenset(nodes[name].filling_partitions)
        for index, name in enumerate(ring.members)
        if name in nodes and nodes[name].filling_partitions
    }
    counts = [0] * (ring.replicas + 1)
    for partition, owners in enumerate(ring.owners):
        whole = [o for o in owners if o not in filling or partition not in filling[o]]
        best = side_with_most(whole, groups)
        counts[sum(owner in best for owner in whole)] += 1
    return tuple(counts)


_SERVED: Final = Memo[tuple[int, ...]](64)
"""Asked four times a second for the long sparklines, and mostly nothing has changed."""


def _served(ring: RingTable, up: list[int], missing: Mapping[int, int]) -> tuple[int, ...]:
    counts = [0] * (ring.replicas + 1)
    serving = up.__getitem__
    for partition, owners in enumerate(ring.owners):
        idle = ring.led and not (owners and serving(owners[0]))
        counts[0 if idle else sum(map(serving, owners)) - missing.get(partition, 0)] += 1
    return tuple(counts)


REFUSING_US: Final = 5_000_000
"""How long after its last refusal a disk is said to refuse writes: nobody asks it more often than
clients write."""


def refuses_writes(node: NodeView, now: int) -> bool:
    """Whether its disk has just refused a write: it answers others, and can acknowledge nothing."""
    return node.refused_at > 0 and now - node.refused_at < REFUSING_US and is_live(node, now)


_PLACES: Final = Memo[dict[NodeId, int]](16)


def places(ring: RingTable) -> dict[NodeId, int]:
    """How many of the partitions*replicas places each member holds."""
    return dict(_PLACES.get(ring, None, lambda: _count(ring)))


def _count(ring: RingTable) -> dict[NodeId, int]:
    held = Counter(index for owners in ring.owners for index in owners)
    return {name: held[index] for index, name in enumerate(ring.members)}
