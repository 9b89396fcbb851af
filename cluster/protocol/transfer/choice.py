"""From whom a partition is filled: who comes next, and when it is enough.

N-W+1 holders that lack nothing meet every write quorum of the ring before; a member that drains
must give what it holds whoever else has given. Ignores pages, timers and budgets
(`protocol.transfer.transfers`).
"""

from __future__ import annotations

from cluster.config import DataConfig
from cluster.model.member import MemberState, NodeId
from cluster.model.ring import Ring
from cluster.protocol.outbox import Outbox
from cluster.protocol.quorum.placement import Placement
from cluster.protocol.swim.membership import Membership
from cluster.protocol.transfer.filling import Filling


class Choice:
    """The sources of one node's transfers."""

    def __init__(
        self, out: Outbox, config: DataConfig, members: Membership, placement: Placement
    ) -> None:
        self._out = out
        self._config = config
        self._members = members
        self._placement = placement
        self._taken: dict[NodeId, set[int]] = {}
        """Partitions of which a member without places (it drains) has given all it holds."""

    def ring_changed(self, new: Ring) -> None:
        """Who has places again will hold what nobody has taken."""
        for name in self._taken.keys() & set(new.members):
            del self._taken[name]

    def gave(self, source: NodeId, partition: int) -> None:
        """A source has given all that it holds."""
        if source not in self._placement.ring.members:
            self._taken.setdefault(source, set()).add(partition)

    def took(self, source: NodeId, partition: int) -> bool:
        """Whether this node has taken all that a member without places holds."""
        return partition in self._taken.get(source, ())

    def needed(self) -> int:
        """N-W+1: how many holders of everything are enough."""
        return max(1, self._placement.ring.replicas - self._config.write_quorum + 1)

    def enough(self, filling: Filling) -> bool:
        """Whether the partition is as whole as it can be made."""
        if self.musts(filling):
            return False
        if filling.extra or len(filling.merged) >= self.needed():
            return True
        owners = set(self._placement.ring.owners[filling.partition]) - {self._out.name}
        everybody = set(self._members.others(MemberState.ALIVE))
        heard = filling.asked | filling.merged
        return owners <= heard and everybody <= heard

    def musts(self, filling: Filling) -> set[NodeId]:
        """Members that drain and have yet to give what they hold of it.

        Who has places again does not drain any more, and keeps what it holds.
        """
        partition = filling.partition
        present = self._placement.ring.members
        return {
            name
            for name in filling.must
            if name not in present and self._members.alive(name) and not self.took(name, partition)
        }

    def next_source(self, filling: Filling) -> NodeId | None:
        """Who will be gone, then owners, then who serves in their place, then anybody."""
        musts = sorted(self.musts(filling))
        if musts or filling.extra:
            return min(musts, key=lambda n: n in filling.silent, default=None)
        ranked = self._placement.ring.ranking(filling.partition)
        alive = self._members.others(MemberState.ALIVE)
        done = filling.asked | filling.merged
        names = [n for n in ranked if n in alive and n not in done]
        names += [n for n in alive if n not in ranked and n not in done]
        return min(names, key=lambda n: n in filling.silent, default=None)

    def only_looks(self, filling: Filling) -> bool:
        """Whether the present source has given all it has, and is asked only if it has all now."""
        return filling.source in filling.given and filling.source not in self.musts(filling)

    def lacking(self, filling: Filling) -> str:
        """Everybody alive was asked and it is not enough: for whom it waits."""
        owners = self._placement.ring.owners[filling.partition]
        absent = [n for n in owners if n != self._out.name and not self._members.alive(n)]
        unfilled = [n for n in owners if n in filling.asked]
        if absent:
            return f"{absent[0]} to come back"
        if unfilled:
            return f"{unfilled[0]} to be filled itself"
        return "another holder"
