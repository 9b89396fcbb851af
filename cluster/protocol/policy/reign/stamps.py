"""The order a master gives to writes: (term, seq), carried as the dot of a record's one sibling.

A record of a mastered cluster is a `Versions` like any other, so that disks, clients and exports
need not know: its one sibling's actor names the master and the term, its counter is the place of
the write in that reign. What a later write replaces is gone; there is nothing to merge.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

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


NEVER: Final = Stamp(0, 0, NOBODY)
"""Before every write."""
_ACTOR: Final = re.compile(r"([A-Za-z0-9_.-]{1,64})\.([0-9a-f]{1,14})\.0")


def actor_of(master: NodeId, term: int) -> str:
    """Who mints in a reign. Has the form of every actor: node, life, serial."""
    return f"{master}.{term:x}.0"


def stamp_of(versions: Versions) -> Stamp:
    """Which write made it. `NEVER` for nothing, and for what no master of this cluster made."""
    if not versions.siblings:
        return NEVER
    sibling = versions.siblings[0]
    found = _ACTOR.fullmatch(sibling.actor)
    if found is None:
        return NEVER
    return Stamp(int(found[2], 16), sibling.counter, NodeId(found[1]))


def is_stamped(versions: Versions) -> bool:
    """Whether a master of such a cluster may have made it: one value, one dot, nothing else."""
    if len(versions.siblings) != 1 or stamp_of(versions) == NEVER:
        return False
    sibling = versions.siblings[0]
    return versions.context == {sibling.actor: sibling.counter}


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
