"""Which broadcasts are told as facts, so that their way can be drawn.

The origin decides for everybody, at most `traced_broadcasts_per_s` times a second, and marks the
message with the time; every node then tells of its arrival, at most `told_broadcasts_per_s` times.
What machines of a node publish (rooms) never takes the second half of the budget: that is left for
what a client publishes. Totals are in the pulse, whatever was told.
"""

from __future__ import annotations

from collections.abc import Mapping

from cluster.config import SECOND, ObserveConfig
from cluster.model.facts import TopicDelivered, TopicPublished
from cluster.model.member import NodeId
from cluster.protocol.messages import Item
from cluster.protocol.outbox import Outbox


class _Budget:
    """A bucket that holds what may be done in a second. Counts in millionths."""

    def __init__(self, per_s: int) -> None:
        self._per_s = per_s
        self._left = per_s * SECOND
        self._at = 0

    def take(self, now: int, reserve: int = 0) -> bool:
        """Take one, unless that leaves fewer than `reserve`."""
        gained = max(0, now - self._at) * self._per_s
        self._left = min(self._per_s * SECOND, self._left + gained)
        self._at = now
        if self._left < (1 + reserve) * SECOND:
            return False
        self._left -= SECOND
        return True


class Tracing:
    """The broadcasts that one node tells of."""

    def __init__(self, out: Outbox, observe: ObserveConfig) -> None:
        self._out = out
        self._reserve = -(-observe.traced_broadcasts_per_s // 2)
        self._own = _Budget(observe.traced_broadcasts_per_s)
        self._told = _Budget(observe.told_broadcasts_per_s)

    def mark(self, *, client: bool) -> int:
        """For a message that is being published: when, if its way is to be told; else 0."""
        now = self._out.now
        return now if self._own.take(now, 0 if client else self._reserve) else 0

    def tell(self, item: Item, sender: NodeId, subscribers: int, *, mended: bool) -> None:
        """A message is here for the first time."""
        out = self._out
        if not item.traced_at:
            return
        if sender == out.name:
            size = len(item.payload)
            out.emit(TopicPublished(topic_text(item.topic), item.number, size, subscribers))
        elif self._told.take(out.now):
            out.emit(
                TopicDelivered(
                    topic=topic_text(item.topic),
                    origin=item.origin,
                    epoch=item.epoch,
                    number=item.number,
                    came_from=sender,
                    hops=item.hops,
                    subscribers=subscribers,
                    took_us=max(0, out.now - item.traced_at),
                    mended=mended,
                )
            )

    def tell_apart(self, topic: str, size: int, apart: Mapping[NodeId, int]) -> None:
        """A message was sent to each subscriber apart, of whom each node has so many."""
        out = self._out
        if self.mark(client=True):
            others = {node: count for node, count in sorted(apart.items()) if node != out.name}
            own = apart.get(out.name, 0)
            out.emit(TopicPublished(topic_text(topic), 0, size, own, others))


def topic_text(topic: str) -> str:
    """A topic as facts name it: without characters that a terminal would obey."""
    if topic.isprintable():
        return topic
    return "".join(c if c.isprintable() else "·" for c in topic)
