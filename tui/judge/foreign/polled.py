"""The event lines of what was polled: what a node holds now, where ours tell what they do.

Who was the first to say it is not known, nor from whom a node has it, nor which incarnation is meant.
"""

from __future__ import annotations

from cluster.model.facts import Fact, MemberChanged
from cluster.model.lives import inherited
from cluster.model.member import MemberState, NodeId
from cluster.model.summary import RingTable
from tui.judge.wording import Phrase
from tui.view import Belief

Copy = tuple[NodeId, NodeId]
"""Who copies, and whose partitions."""


def held(fact: Fact, payload: MemberChanged, old: Belief | None) -> Phrase | None:
    """What a node holds of another; `old` is what it held before."""
    name, state = payload.claim.name, payload.claim.state
    if name == fact.node:
        return Phrase("says farewell") if state is MemberState.LEFT else None
    if state is MemberState.ALIVE:
        return _alive(payload, old)
    return {
        MemberState.SUSPECT: Phrase(f"{name} is suspect", "warn"),
        MemberState.DEAD: Phrase(f"holds {name} dead", "bad"),
        MemberState.REMOVED: Phrase(f"knows {name} no more", "bad"),
        MemberState.LEFT: Phrase(f"{name} has left"),
    }[state]


def _alive(payload: MemberChanged, old: Belief | None) -> Phrase | None:
    name = payload.claim.name
    if old is None:
        return Phrase(f"meets {name}")
    if payload.claim.epoch > old.epoch:
        return Phrase(f"{name} is back with a new process", "good")
    if old.state is MemberState.ALIVE:
        return None
    if old.state is MemberState.SUSPECT:
        return Phrase(f"{name} is alive after all", "good")
    return Phrase(f"holds {name} alive again", "good")


def of_table(before: RingTable | None, after: RingTable, node: NodeId) -> Phrase:
    """Who leads or copies what by a node's table, in which something changed."""
    heirs = inherited(before, after)
    if heirs:
        said = [
            f"leads what {old} led" if new == node else f"sees {new} lead what {old} led"
            for old, new in sorted(heirs.items())
        ]
        return Phrase(", ".join(said), "good")
    had, have = (_copies(table) if table is not None else set[Copy]() for table in (before, after))
    gained = sorted(have - had) if before is not None else []
    if len(gained) == 1 and gained[0][0] == node:
        return Phrase(f"is a replica of {gained[0][1]}")
    if len(gained) == 1:
        return Phrase(f"takes {gained[0][0]} for a replica of {gained[0][1]}")
    return Phrase("has another table of who leads which slots")


def _copies(table: RingTable) -> set[Copy]:
    """Who copies whose partitions."""
    names = table.members
    return {
        (names[copy], names[first]) for first, *rest in filter(None, table.owners) for copy in rest
    }
