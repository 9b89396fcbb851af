"""The order a master gives to writes: (term, seq), carried as the dot of a record's one sibling.

A record of a mastered cluster is a `Versions` like any other, so that disks, clients and exports
need not know: its one sibling's actor names the master and the term, its counter is the place of
the write in that reign. What a later write replaces is gone; there is nothing to merge.
"""

from __future__ import annotations

from typing import NamedTuple

from cluster.config import DataConfig
from cluster.model.member import NOBODY, NodeId
from cluster.model.values.typed import Misfit, updated
from cluster.model.versions import Sibling, Versions
from cluster.protocol.messages import Refusal
from cluster.protocol.quorum.operation import WriteRequest
from cluster.protocol.requests import DeleteRequest, PutRequest


class Stamp(NamedTuple):
    """Which write of which reign. Compared in this order."""

    term: int
    seq: int
    master: NodeId


NEVER = Stamp(0, 0, NOBODY)
"""Before every write."""


def actor_of(master: NodeId, term: int) -> str:
    """Who mints in a reign. Has the form of every actor: node, life, serial."""
    return f"{master}.{term:x}.0"


def stamp_of(versions: Versions) -> Stamp:
    """Which write made it."""
    if not versions.siblings:
        return NEVER
    sibling = versions.siblings[0]
    master, term, _ = sibling.actor.rsplit(".", 2)
    return Stamp(int(term, 16), sibling.counter, NodeId(master))


def stamped(stamp: Stamp, value: bytes | None, content_type: str, at: int) -> Versions:
    """A record that says nothing but this write."""
    actor = actor_of(stamp.master, stamp.term)
    sibling = Sibling(actor, stamp.seq, value, content_type, at)
    return Versions({actor: stamp.seq}, (sibling,))


def again(stamp: Stamp, versions: Versions) -> Versions:
    """The same value under a new stamp."""
    old = versions.siblings[0]
    return stamped(stamp, old.value, old.content_type, old.written_at)


def apply(
    held: Versions, request: WriteRequest, stamp: Stamp, now: int, limits: DataConfig
) -> Versions | Refusal:
    """The record after a write. A refusal means that nothing was changed."""
    match request:
        case PutRequest(_, value, content_type):
            return stamped(stamp, value, content_type, now)
        case DeleteRequest():
            return stamped(stamp, None, "", now)
        case request:
            actor = actor_of(stamp.master, stamp.term)
            after = updated(held, actor, request.update, now, limits)
            if isinstance(after, Misfit):
                return Refusal(409, "does not fit", f"not written: {after.why}")
            made = after.siblings[-1]
            return stamped(stamp, made.value, made.content_type, now)
