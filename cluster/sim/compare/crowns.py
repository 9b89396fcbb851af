"""Who reigned when, and what moved: read from the facts of one run.

`failover` and `majority` say themselves when a node begins and ceases to act as master. The fixed
master of `single` and `primary` reigns while its process runs. Deaths and pauses are what the god
of the world observes. Facts come in the order of their stamps. Ignores what masters do.
"""

from __future__ import annotations

from msgspec.structs import replace

from cluster.config import ArchitectureConfig
from cluster.model.facts import (
    Fact,
    ProcessObserved,
    ReignBegan,
    ReignEnded,
    RingChanged,
    SnapshotTaken,
    WritesDiscarded,
)
from cluster.model.judging.deeds import Reign
from cluster.model.judging.moves import Moved, moved
from cluster.model.judging.reigns import Thrones
from cluster.model.layout import fixed_master
from cluster.model.member import NodeId
from cluster.model.summary import RingTable
from cluster.sim.compare.record import Discard

Owners = dict[str, tuple[NodeId, ...]]
"""Who holds each partition, by its number. Keys are spread evenly over them, so a share of places is
counted exactly here, where a sample of keys would only guess it."""


class Crowns:
    """Folds the facts of one run into reigns."""

    def __init__(self, architecture: ArchitectureConfig) -> None:
        fixed = architecture.kind in ("single", "primary")
        self._fixed = fixed_master(architecture) if fixed else None
        self.thrones = Thrones()
        self._claimed: set[NodeId] = set()
        """Who takes itself for the master, also while its process is stopped."""
        self._discards: list[Discard] = []

    def hear(self, fact: Fact) -> None:
        """One more fact."""
        match fact.payload:
            case ReignBegan(term):
                self._begun(fact.node, term, fact.at)
            case SnapshotTaken(rule=rule) if rule.leads and fact.node not in self._claimed:
                self._begun(fact.node, rule.term, fact.at)  # it began before anybody listened
            case ReignEnded():
                self._over(fact.node, fact.at)
            case WritesDiscarded(count, master):
                self._discards.append(Discard(fact.at, fact.node, count, master))
            case ProcessObserved(name, state):
                self._observed(name, state, fact.at)
            case _:
                pass

    def _observed(self, name: NodeId, state: str, now: int) -> None:
        match state:
            case "gone":
                self._over(name, now)
            case "paused":
                self.thrones.stopped(name, now)
            case "running" if name == self._fixed and name not in self._claimed:
                self._begun(name, 0, now)
            case "running":
                self.thrones.resumed(name, now)
            case _:
                pass

    def _begun(self, node: NodeId, term: int, at: int) -> None:
        self._claimed.add(node)
        self.thrones.began(node, term, at)

    def _over(self, node: NodeId, at: int) -> None:
        self._claimed.discard(node)
        self.thrones.ended(node, at)

    def discards(self, since: int) -> tuple[Discard, ...]:
        """What masters gave up; times count from 1 at `since`."""
        return tuple(replace(each, at_us=each.at_us - since + 1) for each in self._discards)

    def reigns(self, since: int, until: int) -> tuple[Reign, ...]:
        """Those of a span of time, cut to it; times count from 1 at `since`."""
        found: list[Reign] = []
        for reign in self.thrones.reigns():
            began, ended = max(reign.began, since), min(reign.ended or until, until)
            if ended > began:
                found.append(Reign(reign.node, reign.term, began - since + 1, ended - since + 1))
        return tuple(sorted(found, key=lambda reign: (reign.began, reign.node)))


class Moves:
    """Folds the tables that one node follows into what had to move, partition by partition."""

    def __init__(self, witness: str, table: RingTable) -> None:
        self._witness = NodeId(witness)
        self.first = self.last = _owners(table)
        self._steps: list[Moved] = []

    def hear(self, fact: Fact) -> None:
        """One more fact."""
        match fact.payload:
            case RingChanged(table) if fact.node == self._witness:
                before, self.last = self.last, _owners(table)
                self._steps.append(moved(before, self.last))
            case _:
                pass

    def total(self) -> Moved:
        """All steps together; places are those of the last table."""
        now = moved(self.last, self.last)
        return Moved(
            keys=now.keys,
            places=now.places,
            keys_moved=sum(step.keys_moved for step in self._steps),
            places_moved=sum(step.places_moved for step in self._steps),
            needlessly=sum(step.needlessly for step in self._steps),
        )


def _owners(table: RingTable) -> Owners:
    members = table.members
    return {
        str(partition): tuple(members[index] for index in row)
        for partition, row in enumerate(table.owners)
    }
