"""What is remembered of nodes, turned around: who holds what of one of them.

Every stage of a record asks that, after every fact, and to look it up in hundreds of rows took most of
what a fact of a large cluster cost. Handed on from one state to the next and brought up to date by what
changed; a state that has handed it on makes it anew when it is asked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from cluster.model.facts import MemberChanged, Payload, SuspicionConfirmed, SuspicionRaised
from cluster.model.member import NodeId

if TYPE_CHECKING:
    from cluster.model.lives import Life, Opinion


def altered(before: Mapping[NodeId, object], after: Mapping[NodeId, object]) -> list[NodeId]:
    """The names under which two states of a row do not hold the very same."""
    if before is after:
        return []
    names = [name for name, value in after.items() if before.get(name) is not value]
    known = len(after) - sum(1 for name in names if name not in before)
    if known != len(before):
        names += before.keys() - after.keys()
    return names


def told_of(payload: Payload) -> NodeId | None:
    """The one member of whom a fact says what its node holds, where it is one."""
    match payload:
        case MemberChanged(claim=claim):
            return claim.name
        case SuspicionRaised(subject=subject) | SuspicionConfirmed(subject=subject):
            return subject
        case _:
            return None


class Columns:
    """Of the nodes whose words count."""

    def __init__(self, nodes: Mapping[NodeId, Life], living: Iterable[NodeId]) -> None:
        self.opinions: dict[NodeId, dict[NodeId, Opinion]] = {}
        """By subject, then by observer."""
        self.keepers: set[NodeId] = set()
        """Nodes that keep hints for anybody, whether they count or not; the same for the next two."""
        self.waiters: set[NodeId] = set()
        """Nodes whose probes were not answered."""
        self.tables: set[NodeId] = set()
        """Nodes that hold a table whose partitions have masters."""
        for name, life in nodes.items():
            self._note(name, life)
        for name in living:
            self.put(name, None, nodes[name], counts=True)

    def put(
        self,
        name: NodeId,
        old: Life | None,
        new: Life,
        about: NodeId | None = None,
        *,
        counts: bool,
    ) -> None:
        """A life has changed, of its opinions at most that `about` one. `old`: as it counted, if it did."""
        self._note(name, new)
        before = old.opinions if old is not None else {}
        after = new.opinions if counts else {}
        known = about is not None and old is not None and about in after
        for subject in (about,) if known and about is not None else altered(before, after):
            opinion = after.get(subject)
            if opinion is None:
                del self.opinions[subject][name]
            else:
                self.opinions.setdefault(subject, {})[name] = opinion

    def _note(self, name: NodeId, life: Life) -> None:
        for names, holds in (
            (self.keepers, life.hints),
            (self.waiters, life.missed),
            (self.tables, life.table),
        ):
            (names.add if holds else names.discard)(name)
