"""Broadcast: when a message is pushed on, and how what was missed is found again.

A message is pushed eagerly along a tree of the members (`overlay`), each link at most once per
`flush_period_us`, whatever came meanwhile travelling together. Nothing is acknowledged. Instead
each node tells one other per period what it has had (`SpreadDigest`), and whoever sees a difference
mends it: the lazy half of Plumtree (Leitao 2007, section 3.3), as anti-entropy over heads instead
of one announcement per message. Members believed dead are asked too, now and then, so that a
healed partition is mended whether or not it was noticed.

A published message is safe once it is on a second node; until then it lives in this process's
memory. Ignores who reads a topic (`subscribers`).
"""

from __future__ import annotations

from random import Random

from msgspec.structs import replace

from cluster.config import ObserveConfig, SpreadConfig
from cluster.model.facts import MessagesMissed
from cluster.model.member import MemberState, NodeId
from cluster.protocol.effects import TopicHistory
from cluster.protocol.inputs import (
    BroadcastRequest,
    LinksCommand,
    ListenCommand,
    PublishCommand,
    RequestId,
    ScatterCommand,
    SubscribeCommand,
    TopicQuery,
)
from cluster.protocol.messages import (
    HOPS_MAX,
    TOPIC_CHARACTERS_MAX,
    Item,
    Refusal,
    Spread,
    SpreadDigest,
)
from cluster.protocol.outbox import Outbox
from cluster.protocol.spread.census import Census
from cluster.protocol.spread.ledger import Ledger
from cluster.protocol.spread.overlay import tree_links
from cluster.protocol.spread.subscribers import Subscribers
from cluster.protocol.spread.tracing import Tracing
from cluster.protocol.swim.membership import Membership

FLUSH = ("spread", "flush")
EXCHANGE = ("spread", "exchange")
ITEM_BYTES = 64
"""What a message's name takes beside its payload, about."""


class Topics:
    """All topics of one node."""

    def __init__(
        self,
        out: Outbox,
        config: SpreadConfig,
        observe: ObserveConfig,
        members: Membership,
        rng: Random,
    ) -> None:
        self._out = out
        self._config = config
        self._members = members
        self._rng = rng
        self._number = 0
        self._queues: dict[NodeId, list[Item]] = {}
        self._flushed: dict[NodeId, int] = {}
        self._flush_due = 0
        self._comparing = False
        self._exchanges = 0
        self._trees: dict[str, tuple[NodeId, ...]] = {}
        self._trees_for = -1
        self.ledger = Ledger(config)
        self._tracing = Tracing(out, observe)
        self.subscribers = Subscribers(out, config, members, self._tracing)
        self.census = Census(out, config, members, self.subscribers)
        self.given_links: tuple[NodeId, ...] = ()
        """Links an operator chose; empty: the tree's."""

    def _period(self) -> int:
        period = self._config.exchange_period_us
        return period - period // 8 + self._rng.randint(0, period // 4)

    def wake(self, what: str) -> None:
        """One of the timers came due."""
        match what:
            case "flush":
                self.flush()
            case "census":
                self.census.expire()
            case _:
                self.exchange()

    # --- requests -----------------------------------------------------------------------------

    def request(self, asker: RequestId, request: BroadcastRequest) -> None:
        """A client of this node asks."""
        if not isinstance(request, ScatterCommand):
            self._out.reply(asker, self._answer(request))
        elif refusal := self._refusal(request.topic, request.payload):
            self._out.reply(asker, refusal)
        else:
            self.census.scatter(asker, request)

    def _answer(
        self,
        request: PublishCommand | SubscribeCommand | ListenCommand | TopicQuery | LinksCommand,
    ) -> Item | Refusal | TopicHistory | None:
        match request:
            case PublishCommand(topic, payload, apart) if apart:
                refusal = self._refusal(topic, payload)
                return refusal or self.subscribers.send_apart(topic, payload, apart)
            case PublishCommand(topic, payload):
                return self._refusal(topic, payload) or self._publish(topic, payload, client=True)
            case SubscribeCommand(topic, subscribers):
                return self.subscribers.subscribe(topic, subscribers)
            case ListenCommand(topic, listeners):
                return self.subscribers.listen(topic, listeners)
            case TopicQuery(topic):
                return TopicHistory(self.ledger.history(topic))
            case LinksCommand(links):
                self.given_links = tuple(n for n in links if n != self._members.me)
                return None

    def _refusal(self, topic: str, payload: bytes) -> Refusal | None:
        config = self._config
        if not 0 < len(topic) <= TOPIC_CHARACTERS_MAX:
            limit = f"a topic has 1 to {TOPIC_CHARACTERS_MAX} characters"
            return Refusal(400, "no such topic", limit)
        if len(payload) > config.payload_bytes_max:
            limit = f"a message has at most {config.payload_bytes_max} bytes"
            return Refusal(413, "message too long", limit)
        if self._members.leaving:
            return Refusal(503, "leaving", "not published: this node is leaving, ask another")
        return None

    def announce(self, topic: str, payload: bytes) -> None:
        """A machine of this node tells whoever subscribes, if topics have room for it."""
        if self._refusal(topic, payload) is None:
            self.publish(topic, payload)

    # --- publishing and pushing ---------------------------------------------------------------

    def publish(self, topic: str, payload: bytes) -> Item:
        """A message of this node's own machines, on its way to everybody."""
        return self._publish(topic, payload, client=False)

    def _publish(self, topic: str, payload: bytes, *, client: bool) -> Item:
        out = self._out
        out.published += 1
        self._number += 1
        traced_at = self._tracing.mark(client=client)
        item = Item(topic, out.name, out.epoch, self._number, payload, 0, traced_at)
        if self._learn(item, out.name):
            self._push([item], out.name)
        return item

    def on_spread(self, body: Spread, sender: NodeId) -> None:
        """Messages arrived: push on what is news, away from where they came from."""
        come = [replace(item, hops=min(HOPS_MAX, item.hops + 1)) for item in body.items]
        news = [item for item in come if self._learn(item, sender, mended=body.mended)]
        for head in body.gone:
            missed = self.ledger.give_up(head)
            if missed:
                self._out.emit(MessagesMissed(head.origin, missed))
        if news:
            self._push(news, sender)
            if body.more:
                self._tell(sender, answer=True)

    def _learn(self, item: Item, sender: NodeId, *, mended: bool = False) -> bool:
        if not self.ledger.learn(item, self._out.now):
            return False
        subscribers = self.subscribers.hand_over(item)
        self._tracing.tell(item, sender, subscribers, mended=mended)
        if not self._comparing:
            self._comparing = True
            self._out.set_timer(EXCHANGE, self._out.now + self._period())
        return True

    def links(self, topic: str) -> tuple[NodeId, ...]:
        """To whom this node pushes a topic's messages."""
        if self.given_links:
            return self.given_links
        if self._trees_for != self._members.version or len(self._trees) >= self._config.trees_max:
            self._trees_for = self._members.version
            self._trees.clear()
        links = self._trees.get(topic)
        if links is None:
            me = self._members.me
            names = sorted([*self._members.others(MemberState.SUSPECT), me])
            links = self._trees[topic] = tree_links(names, me, topic, self._config.branches)
        return links

    def _push(self, items: list[Item], sender: NodeId) -> None:
        touched: dict[NodeId, None] = {}
        for item in items:
            for link in self.links(item.topic):
                if link in (sender, item.origin) or link not in self._members.claims:
                    continue
                queue = self._queues.setdefault(link, [])
                if len(queue) < self._config.queue_max:
                    queue.append(item)  # what has no room, a digest will bring
                touched[link] = None
        for link in touched:
            due = self._flushed.get(link, -self._config.flush_period_us)
            due += self._config.flush_period_us
            if due <= self._out.now:
                self._flush(link)
            elif not self._flush_due or due < self._flush_due:
                self._flush_due = due
                self._out.set_timer(FLUSH, due)

    def flush(self) -> None:
        """Links that had to wait have waited."""
        period, now = self._config.flush_period_us, self._out.now
        for link in [n for n in self._queues if self._flushed.get(n, 0) + period <= now]:
            self._flush(link)
        waiting = [self._flushed.get(link, now) + period for link in self._queues]
        self._flush_due = min(waiting, default=0)
        if waiting:
            self._out.set_timer(FLUSH, self._flush_due)

    def _flush(self, link: NodeId) -> None:
        items = self._queues.pop(link, [])
        if items and self._members.state(link) is not None:
            self._flushed[link] = self._out.now
            for page in self._pages(items):
                self._send(link, Spread(page))

    def _pages(self, items: list[Item]) -> list[tuple[Item, ...]]:
        pages: list[tuple[Item, ...]] = []
        page: list[Item] = []
        size = 0
        for item in items:
            if page and size + len(item.payload) > self._config.page_bytes:
                pages.append(tuple(page))
                page, size = [], 0
            page.append(item)
            size += len(item.payload) + ITEM_BYTES
        return [*pages, tuple(page)]

    def _send(self, to: NodeId, body: Spread | SpreadDigest) -> None:
        self._out.send(to, self._members.address(to), "stream", body)

    # --- comparing ----------------------------------------------------------------------------

    def exchange(self) -> None:
        """Tell one other node what was had here. A node that never had anything never begins."""
        self._out.set_timer(EXCHANGE, self._out.now + self._period())
        if self._members.leaving:
            return
        self._exchanges += 1
        others = self._members.others(MemberState.SUSPECT)
        gone = [n for n in self._members.others(MemberState.REMOVED) if n not in others]
        if gone and (not others or self._exchanges % self._config.exchange_gone_every == 0):
            others = gone
        if others:
            self._tell(self._rng.choice(others), answer=False)

    def _tell(self, to: NodeId, *, answer: bool) -> None:
        self._send(to, SpreadDigest(self.ledger.heads(), answer))

    def on_digest(self, body: SpreadDigest, sender: NodeId) -> None:
        """Send what the other has missed; ask for what we have.

        What was learned only just now is left out: it is still on its way along the tree.
        """
        before = self._out.now - self._config.exchange_settle_us
        items: list[Item] = []
        size, more = 0, False
        for item in self.ledger.missing(body.heads, before):
            if items and size + len(item.payload) > self._config.page_bytes:
                more = True
                break
            items.append(item)
            size += len(item.payload) + ITEM_BYTES
        gone = self.ledger.gone(body.heads)
        if items or gone:
            self._send(sender, Spread(tuple(items), gone, more, mended=True))
        if not body.answer and self.ledger.lacks(body.heads):
            self._tell(sender, answer=True)
