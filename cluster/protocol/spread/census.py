"""How many subscribers a topic has, and where: asked of every member when somebody wants to know.

Only the naive way of publishing does (`ScatterCommand`: one message for each subscriber). Nothing is
remembered of an answer: subscribers come and go without telling anybody. A member that stays silent
is left out after `census_timeout_us`, and named. Ignores what is sent then (`subscribers`).
"""

from __future__ import annotations

from msgspec import Struct

from cluster.config import SpreadConfig
from cluster.model.member import MemberState, NodeId
from cluster.protocol.effects import Scattered
from cluster.protocol.inputs import RequestId, ScatterCommand
from cluster.protocol.messages import Refusal, SubscribersAsk, SubscribersTold
from cluster.protocol.outbox import Outbox
from cluster.protocol.spread.subscribers import Subscribers
from cluster.protocol.swim.membership import Membership

CENSUS = ("spread", "census")


class _Open(Struct):
    """One message that waits for its subscribers to be counted."""

    asker: RequestId
    command: ScatterCommand
    due: int
    waiting: list[NodeId]
    found: dict[NodeId, int]


class Census:
    """The messages of one node that are to be sent to each subscriber apart."""

    def __init__(
        self, out: Outbox, config: SpreadConfig, members: Membership, subscribers: Subscribers
    ) -> None:
        self._out = out
        self._config = config
        self._members = members
        self._subscribers = subscribers
        self._open: dict[int, _Open] = {}
        self._number = out.numbers

    def scatter(self, asker: RequestId, command: ScatterCommand) -> None:
        """Ask everybody; the answer follows when all have answered, or time is up."""
        if len(self._open) >= self._config.censuses_max:
            limit = f"not published: {self._config.censuses_max} others wait to be sent apart"
            self._out.reply(asker, Refusal(503, "overload", limit))
            return
        self._number += 1
        others = sorted(self._members.others(MemberState.SUSPECT))
        own = self._subscribers.count(command.topic)
        due = self._out.now + self._config.census_timeout_us
        found = {self._out.name: own} if own else {}
        self._open[self._number] = _Open(asker, command, due, others, found)
        for member in others:
            ask = SubscribersAsk(self._number, command.topic)
            self._out.send(member, self._members.address(member), "stream", ask)
        if len(self._open) == 1:
            self._out.set_timer(CENSUS, due)
        self._settle(self._number)

    def on_ask(self, body: SubscribersAsk, sender: NodeId) -> None:
        """Another member wants to know."""
        told = SubscribersTold(body.number, self._subscribers.count(body.topic))
        self._out.send(sender, self._members.address(sender), "stream", told)

    def on_told(self, body: SubscribersTold, sender: NodeId) -> None:
        """A member has counted."""
        census = self._open.get(body.number)
        if census is None or sender not in census.waiting:
            return
        census.waiting.remove(sender)
        if body.subscribers:
            census.found[sender] = body.subscribers
        self._settle(body.number)

    def expire(self) -> None:
        """The oldest have waited long enough."""
        for number in [n for n, census in self._open.items() if census.due <= self._out.now]:
            self._send(number)
        if self._open:
            self._out.set_timer(CENSUS, min(census.due for census in self._open.values()))

    def _settle(self, number: int) -> None:
        if not self._open[number].waiting:
            self._send(number)

    def _send(self, number: int) -> None:
        census = self._open.pop(number)
        command, found = census.command, dict(sorted(census.found.items()))
        refusal = self._subscribers.send_apart(command.topic, command.payload, found)
        self._out.reply(census.asker, refusal or Scattered(found, tuple(census.waiting)))
