"""After a failure all nodes compare their copies and let go of what others own: one line of the log tells
a stretch of that, with counts, and is told anew with each; thirty lines would push out why it happened.
So do thousands about a disk that refuses one write after another.
"""

from __future__ import annotations

from typing import Final

from cluster.model.facts import CopiesDropped, Fact, PersistFailed, TreeCompared
from cluster.model.member import NodeId
from tui.judge.wording import counted, joined, natural
from tui.seen.upkeep import Upkeep, UpkeepKind
from tui.view import OBSERVER, EventLine

PAUSE_US: Final = 5_000_000
"""What comes later after the last is told by a line of its own."""
NODES_MAX: Final = 64

Stretches = dict[UpkeepKind, Upkeep]


class Upkeeps:
    """The stretches that go on, one of each kind."""

    def __init__(self, known: Stretches) -> None:
        self._old = known
        self.now: Stretches = known
        self._ended: list[Upkeep] = []
        """Within this batch, because another of the kind began."""

    def gather(self, fact: Fact, text: str) -> bool:
        """Count a fact if it is of these; `text` is what would be said of it alone."""
        amount = _amount(fact)
        if amount < 0:
            return False
        kind = _kind(fact)
        before = self.now.get(kind)
        if before is not None and fact.at - before.at > PAUSE_US:
            self._ended.append(before)
            before = None
        if before is None:
            after = Upkeep(kind, fact.at, 1, amount, (fact.node,), text, fact.node, _why(fact))
        else:
            after = _longer(before, fact, amount)
        now = dict(self.now)
        now[kind] = after
        self.now = now
        return True

    def retold(self) -> tuple[set[EventLine], list[EventLine]]:
        """Lines that say too little now, and what is said instead."""
        if self.now is self._old:
            return set(), []
        fresh = [each for each in (*self._ended, *self.now.values()) if not self._said(each)]
        stale = [each for each in self._old.values() if not self._stands(each)]
        return {_line(each) for each in stale}, [_line(each) for each in fresh]

    def _said(self, stretch: Upkeep) -> bool:
        return self._old.get(stretch.kind) == stretch

    def _stands(self, stretch: Upkeep) -> bool:
        return stretch in self._ended or self.now[stretch.kind] == stretch


def _kind(fact: Fact) -> UpkeepKind:
    match fact.payload:
        case TreeCompared():
            return "equal"
        case PersistFailed():
            return "refused"
        case _:
            return "dropped"


def _why(fact: Fact) -> str:
    return fact.payload.reason if isinstance(fact.payload, PersistFailed) else ""


def _amount(fact: Fact) -> int:
    """Trees, keys or writes; -1 of anything that deserves a line of its own."""
    match fact.payload:
        case TreeCompared(keys_repaired=0, left=0, partitions=partitions):
            return partitions
        case CopiesDropped(keys=keys):
            return keys
        case PersistFailed():
            return 1
        case _:
            return -1


def _longer(before: Upkeep, fact: Fact, amount: int) -> Upkeep:
    nodes = before.nodes
    if fact.node not in nodes and len(nodes) < NODES_MAX:
        nodes = (*nodes, fact.node)
    count, amount = before.count + 1, before.amount + amount
    alone = len(nodes) == 1
    why = _why(fact) or before.why
    if before.kind == "equal":
        text = f"compared copies {count} times: {counted(amount, 'tree')} equal"
    elif before.kind == "refused":
        whose = "its disk" if alone else "disks"
        cause = why if alone else why.partition(":")[0]  # the rest is about one node's
        text = f"{whose} refused {counted(amount, 'write')}: {cause}"
    else:
        places = counted(count, "partition")
        text = f"let go of {counted(amount, 'key')} of {places}: their owners have all"
    if not alone:
        who = joined(sorted(nodes, key=natural))
        text = f"{who}: {text}" if before.kind == "refused" else f"{who} {text}"
    speaker = fact.node if alone else OBSERVER
    at = max(before.at, fact.at)
    return Upkeep(before.kind, at, count, amount, nodes, text, speaker, why)


def _line(stretch: Upkeep) -> EventLine:
    tone = "bad" if stretch.kind == "refused" else "plain"
    return EventLine(stretch.at, NodeId(stretch.speaker), stretch.text, tone)
