"""The ways of broadcasts, put together from what their origin and every other node told of them.

The facts of one broadcast come in any order, because they come from different nodes: an arrival may
be known before the origin's own word. What a digest mended is added to a broadcast still kept, and
never makes one: a newcomer that is told of old messages would push out those of now.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from cluster.model.facts import Fact, TopicDelivered, TopicPublished
from tui.seen.topics import (
    BROADCASTS_MAX,
    LEGS_MAX,
    TOPICS_SEEN_MAX,
    Broadcast,
    Broadcasts,
    Leg,
)

NOTED: Final = frozenset((TopicPublished, TopicDelivered))
"""The kinds of facts that `take` looks at."""


def take(known: Broadcasts, fact: Fact) -> Broadcasts:
    """The broadcasts after a fact."""
    match fact.payload:
        case TopicPublished() as payload:
            return _with(known, _published(known, fact, payload))
        case TopicDelivered() as payload:
            broadcast = _arrived(known, fact, payload)
            return known if broadcast is None else _with(known, broadcast)
        case _:
            return known


def _name(broadcast: Broadcast) -> tuple[str, int, int, int]:
    """What tells one broadcast of a topic from another: those sent apart have no number."""
    apart = broadcast.at if not broadcast.number else 0
    return broadcast.origin, broadcast.epoch, broadcast.number, apart


def _find(known: Broadcasts, wanted: Broadcast) -> Broadcast | None:
    name = _name(wanted)
    return next((b for b in known.get(wanted.topic, ()) if _name(b) == name), None)


def _published(known: Broadcasts, fact: Fact, payload: TopicPublished) -> Broadcast:
    new = Broadcast(
        topic=payload.topic,
        origin=fact.node,
        epoch=fact.epoch,
        number=payload.number,
        at=fact.at,
        bytes=payload.bytes,
        subscribers=payload.subscribers,
        told=True,
        apart=payload.apart,
    )
    old = _find(known, new)
    return new if old is None else replace(new, legs=old.legs)


def _arrived(known: Broadcasts, fact: Fact, payload: TopicDelivered) -> Broadcast | None:
    at = fact.at - payload.took_us
    new = Broadcast(payload.topic, payload.origin, payload.epoch, payload.number, at)
    old = _find(known, new)
    if old is None and payload.mended:
        return None
    broadcast = old or new
    leg = Leg(
        node=fact.node,
        came_from=payload.came_from,
        hops=payload.hops,
        at=fact.at,
        took_us=payload.took_us,
        subscribers=payload.subscribers,
        mended=payload.mended,
    )
    # A node that has lost its memory is told again: its latest word counts.
    legs = [each for each in broadcast.legs if each.node != fact.node]
    legs = sorted([*legs, leg], key=lambda each: (each.hops, each.at, each.node))
    began = broadcast.at if broadcast.told else min(broadcast.at, at)
    return replace(broadcast, at=began, legs=tuple(legs[:LEGS_MAX]))


def _with(known: Broadcasts, broadcast: Broadcast) -> Broadcasts:
    changed = dict(known)
    name = _name(broadcast)
    kept = [each for each in changed.pop(broadcast.topic, ()) if _name(each) != name]
    kept = sorted([*kept, broadcast], key=lambda each: (each.at, _name(each)))
    changed[broadcast.topic] = tuple(kept[-BROADCASTS_MAX:])
    while len(changed) > TOPICS_SEEN_MAX:
        del changed[next(iter(changed))]
    return changed
