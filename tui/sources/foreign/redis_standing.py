"""How far replicas are, and which links of the bus stand: `CLUSTER SHARDS` and `CLUSTER LINKS`. Pure.

Both since Redis 7. Of itself a node knows its offset exactly; of others as its bus last heard, which
is a second old or more. "loading" is Redis's word for a replica at offset 0, which in a cluster that
was never written to holds all there is. What is malformed is left out; nothing here raises.
"""

from __future__ import annotations

from typing import Any, Final, cast

from msgspec import Struct

from cluster.model.member import MemberState, NodeId
from tui.sources.foreign.redis_replies import NODES_MAX, Known

BACKLOG: Final = 1_048_576
"""Bytes that a master keeps for replicas that are behind, unless it says otherwise."""
_OFFSET_MAX: Final = 2**63


class Standing(Struct, frozen=True):
    """What one node says of one node."""

    health: str
    """online, loading or fail."""
    offset: int
    """How many bytes of its master's stream it has taken; of a master, how many it has sent."""


def _pairs(answer: object) -> dict[str, object]:
    """A map, as servers write it in the older protocol: a name, its value, and so on."""
    if not isinstance(answer, list):
        return {}
    flat = cast("list[Any]", answer)
    return {str(name): value for name, value in zip(flat[::2], flat[1::2], strict=False)}


def _listed(answer: object) -> list[Any]:
    return cast("list[Any]", answer)[:NODES_MAX] if isinstance(answer, list) else []


def standings_of(answer: object) -> dict[str, Standing]:
    """`CLUSTER SHARDS`, by id."""
    said: dict[str, Standing] = {}
    for shard in _listed(answer):
        for each in map(_pairs, _listed(_pairs(shard).get("nodes"))):
            offset = each.get("replication-offset")
            if isinstance(offset, int) and 0 <= offset < _OFFSET_MAX:
                said[str(each.get("id", ""))[:40]] = Standing(
                    str(each.get("health", ""))[:16], offset
                )
    return said


def waiting_of(answer: object) -> dict[str, int]:
    """`CLUSTER LINKS`: bytes kept for links that have something to send, by id.

    Whether they have is read off their events: an empty buffer has a size too.
    """
    kept: dict[str, int] = {}
    for link in map(_pairs, _listed(answer)):
        size = link.get("send-buffer-allocated")
        if isinstance(size, int) and 0 < size < _OFFSET_MAX and "w" in str(link.get("events", "")):
            id_ = str(link.get("node", ""))[:40]
            kept[id_] = kept.get(id_, 0) + size
    return kept


def behind(master: Standing | None, replica: Standing | None) -> int | None:
    """How many bytes a replica lacks; None where one of them is not told."""
    if master is None or replica is None:
        return None
    return max(0, master.offset - replica.offset)


def standing_words(
    own: Known,
    known: list[Known],
    stands: dict[str, Standing | None],
    names: dict[str, NodeId],
    backlog: int,
) -> list[tuple[str, str]]:
    """How far a replica is behind; of a master, who would be the next where that is bad news.

    Redis lets the replica with the highest offset ask for votes first. Bad news is one that loads, or
    one that is further behind than what is kept for it: what it lacks is lost with its master.
    """
    if own.master:
        lacks = behind(stands.get(own.master), stands.get(own.id))
        return [("behind its master", "not told" if lacks is None else sized(lacks))]
    heirs = [
        (lacks, names.get(line.id, line.id[:8]), told.health)
        for line in known
        if line.master == own.id and line.state is not MemberState.DEAD
        and (told := stands.get(line.id)) is not None
        and (lacks := behind(stands.get(own.id), told)) is not None
    ]  # fmt: skip
    if not own.slots or not heirs:
        return []
    lacks, name, health = min(heirs)
    if lacks <= backlog and not (lacks and health == "loading"):
        return []
    loads = ", loading" if health == "loading" else ""
    return [("next master", f"{name}{loads}, {sized(lacks)} behind")]


def waiting_words(waiting: dict[str, int], names: dict[str, NodeId]) -> list[tuple[str, str]]:
    """What waits to be sent on its bus, and to whom most; nothing where nothing does."""
    if not waiting:
        return []
    most = max(waiting, key=lambda id_: (waiting[id_], id_))
    whom = names.get(most, most[:8])
    return [("waits on its bus", f"{sized(sum(waiting.values()))}, most to {whom}")]


def sized(count: int) -> str:
    """Bytes, for people."""
    if count < 10_000:
        return f"{count:,} bytes"
    return f"{count / 1e3:,.0f} kB" if count < 1_000_000 else f"{count / 1e6:,.1f} MB"
