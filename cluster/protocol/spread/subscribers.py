"""Who listens at this node: how many subscribers each topic has here, and what they are handed.

A broadcast crosses each link once and is handed to all subscribers at its end: grouping by node, as
Manifold does for Discord. The other way, one message on the wire for each subscriber, is here too:
it is what sending to a remote pid means, and the talk shows what it costs.

A subscriber is somebody who listens through the driver and is given every message (`HandOver`), or
one that is only counted. Both are in the totals; those who listen have the lower numbers. Ignores
how broadcasts travel (`topics`) and how quickly listeners read (the driver).
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from cluster.config import SpreadConfig
from cluster.model.member import NodeId
from cluster.model.summary import TopicsTally
from cluster.protocol.messages import TOPIC_CHARACTERS_MAX, Deliver, Item, Refusal
from cluster.protocol.outbox import Outbox
from cluster.protocol.spread.tracing import Tracing
from cluster.protocol.swim.membership import Membership


class _Audience(Struct):
    """The subscribers of one topic."""

    listeners: int = 0
    counted: int = 0

    @property
    def size(self) -> int:
        return self.listeners + self.counted


class Subscribers:
    """The subscribers of one node."""

    def __init__(
        self, out: Outbox, config: SpreadConfig, members: Membership, tracing: Tracing
    ) -> None:
        self._out = out
        self._config = config
        self._members = members
        self._tracing = tracing
        self._audiences: dict[str, _Audience] = {}

    def subscribe(self, topic: str, subscribers: int) -> Refusal | None:
        """From now on so many subscribers of a topic are counted here."""
        audience = self._audiences.get(topic) or _Audience()
        return self._become(topic, _Audience(audience.listeners, subscribers))

    def listen(self, topic: str, listeners: int) -> Refusal | None:
        """From now on so many listen to a topic through the driver."""
        audience = self._audiences.get(topic) or _Audience()
        return self._become(topic, _Audience(listeners, audience.counted))

    def _become(self, topic: str, audience: _Audience) -> Refusal | None:
        config = self._config
        if not 0 < len(topic) <= TOPIC_CHARACTERS_MAX:
            limit = f"a topic has 1 to {TOPIC_CHARACTERS_MAX} characters"
            return Refusal(400, "no such topic", limit)
        if audience.listeners < 0 or audience.counted < 0:
            return Refusal(400, "no such count", "a topic has 0 subscribers or more")
        if audience.size > config.subscribers_max:
            limit = f"a topic has at most {config.subscribers_max} subscribers at one node"
            return Refusal(413, "too many subscribers", limit)
        if topic not in self._audiences and len(self._audiences) >= config.topics_max:
            limit = f"a node serves subscribers of at most {config.topics_max} topics"
            return Refusal(503, "too many topics", limit)
        if audience.size:
            self._audiences[topic] = audience
        else:
            self._audiences.pop(topic, None)
        return None

    def topics(self, prefix: str) -> list[str]:
        """The topics with subscribers here whose name begins so."""
        return [topic for topic in self._audiences if topic.startswith(prefix)]

    def count(self, topic: str) -> int:
        """How many subscribers a topic has here."""
        audience = self._audiences.get(topic)
        return audience.size if audience is not None else 0

    def tally(self, published: int, missed: int) -> TopicsTally:
        """All topics of this node, for its pulse."""
        audiences = self._audiences.values()
        return TopicsTally(len(audiences), sum(a.size for a in audiences), published, missed)

    def hand_over(self, item: Item) -> int:
        """A broadcast is here: everybody who listens gets it. Returns how many those are."""
        audience = self._audiences.get(item.topic)
        if audience is None:
            return 0
        self._out.delivered += audience.size
        if audience.listeners:
            self._out.hand_over(item)
        return audience.size

    def on_deliver(self, body: Deliver, sender: NodeId, epoch: int) -> None:
        """A message for one subscriber. One that has gone meanwhile gets nothing."""
        audience = self._audiences.get(body.topic) or _Audience()
        if not 1 <= body.subscriber <= audience.size:
            return
        self._out.delivered += 1
        if body.subscriber <= audience.listeners:
            hops = 0 if sender == self._out.name else 1
            item = Item(body.topic, sender, epoch, 0, body.payload, hops)
            self._out.hand_over(item, body.subscriber)

    def send_apart(self, topic: str, payload: bytes, apart: Mapping[NodeId, int]) -> Refusal | None:
        """One message for each subscriber, of whom each of these members has so many."""
        config, out = self._config, self._out
        if sum(max(0, count) for count in apart.values()) > config.subscribers_max:
            limit = f"not published: at most {config.subscribers_max} subscribers are sent to apart"
            return Refusal(413, "too many subscribers", limit)
        out.published += 1
        self._tracing.tell_apart(topic, len(payload), apart)
        for node in sorted(apart):
            for subscriber in range(1, apart[node] + 1):
                body = Deliver(topic, subscriber, payload)
                if node == out.name:
                    self.on_deliver(body, node, out.epoch)
                elif node in self._members.claims:
                    out.send(node, self._members.address(node), "stream", body)
        return None
