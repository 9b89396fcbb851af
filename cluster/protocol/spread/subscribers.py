"""Who listens at this node: how many subscribers each topic has here, and what they were handed.

A broadcast crosses each link once and is handed to all subscribers at its end: grouping by node, as
Manifold does for Discord. The other way, one message on the wire for each subscriber, is here too:
it is what sending to a remote pid means, and the talk shows what it costs. Subscribers are only
counted, and what they were handed is in the pulse. Ignores how broadcasts travel (`topics`) and
what subscribers do with them.
"""

from __future__ import annotations

from collections.abc import Mapping

from cluster.config import SpreadConfig
from cluster.model.member import NodeId
from cluster.protocol.messages import TOPIC_CHARACTERS_MAX, Deliver, Refusal
from cluster.protocol.outbox import Outbox
from cluster.protocol.swim.membership import Membership


class Subscribers:
    """The subscribers of one node."""

    def __init__(self, out: Outbox, config: SpreadConfig, members: Membership) -> None:
        self._out = out
        self._config = config
        self._members = members
        self._counts: dict[str, int] = {}

    def subscribe(self, topic: str, subscribers: int) -> Refusal | None:
        """From now on so many subscribers of a topic are here."""
        config = self._config
        if not 0 < len(topic) <= TOPIC_CHARACTERS_MAX:
            limit = f"a topic has 1 to {TOPIC_CHARACTERS_MAX} characters"
            return Refusal(400, "no such topic", limit)
        if subscribers < 0:
            return Refusal(400, "no such count", "a topic has 0 subscribers or more")
        if subscribers > config.subscribers_max:
            limit = f"a topic has at most {config.subscribers_max} subscribers at one node"
            return Refusal(413, "too many subscribers", limit)
        if topic not in self._counts and len(self._counts) >= config.topics_max:
            limit = f"a node serves subscribers of at most {config.topics_max} topics"
            return Refusal(503, "too many topics", limit)
        if subscribers:
            self._counts[topic] = subscribers
        else:
            self._counts.pop(topic, None)
        return None

    def hand_over(self, topic: str) -> None:
        """A broadcast is here: everybody who listens gets it."""
        self._out.delivered += self._counts.get(topic, 0)

    def on_deliver(self, body: Deliver) -> None:
        """A message for one subscriber. One that has gone meanwhile gets nothing."""
        if 1 <= body.subscriber <= self._counts.get(body.topic, 0):
            self._out.delivered += 1

    def send_apart(self, topic: str, payload: bytes, apart: Mapping[NodeId, int]) -> Refusal | None:
        """One message for each subscriber, of whom each of these members has so many."""
        config = self._config
        if sum(max(0, count) for count in apart.values()) > config.subscribers_max:
            limit = f"not published: at most {config.subscribers_max} subscribers are sent to apart"
            return Refusal(413, "too many subscribers", limit)
        for node in sorted(apart):
            for subscriber in range(1, apart[node] + 1):
                body = Deliver(topic, subscriber, payload)
                if node == self._out.name:
                    self.on_deliver(body)
                elif node in self._members.claims:
                    self._out.send(node, self._members.address(node), "stream", body)
        return None
