"""A view in the making: the tables that one batch of facts changes, copied once per batch.

Holds what belongs to the whole cluster: messages joined from their two ends, event lines, marks,
incidents, the moments of the long sparklines. A node's own row is `tui.folding.row`'s. Not shared:
a draft lives inside one call of `fold`.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec.structs import replace

from cluster.model.casebook import advance
from cluster.model.facts import (
    Fact,
    FactsLost,
    FaultHealed,
    FaultInjected,
    KindUnknown,
    MemberChanged,
    MessageDropped,
    MessageReceived,
    MessageSent,
    ProcessObserved,
    ReadRepaired,
    SiblingsKept,
    SnapshotTaken,
    TopicDelivered,
    WindowClosed,
    WorkloadCounted,
)
from cluster.model.member import Address, Claim, NodeId
from tui.folding import rooms as houses
from tui.folding import topics
from tui.folding.ballots import Ballots, Rows
from tui.folding.court import NOTED, attend
from tui.folding.marks import stage_marks
from tui.folding.murmurs import Murmurs
from tui.folding.upkeep import Upkeeps
from tui.judge.agreement import (
    Subject,
    compare,
    judge_all,
    live_observers,
)
from tui.judge.exposure import served
from tui.judge.foreign.telling import telling_of
from tui.judge.phrases import done, holds, spoken
from tui.judge.wording import listed, natural
from tui.seen.rooms import Rooms
from tui.seen.trace import TRACED, extended
from tui.view import (
    DISAGREEMENTS_MAX,
    EVENTS_MAX,
    HISTORY_MAX,
    LAB,
    MARKS_MAX,
    MESSAGE_US,
    MESSAGES_MAX,
    MOMENT_US,
    OBSERVER,
    Arrival,
    Belief,
    ClusterView,
    Disagreement,
    EventLine,
    Mark,
    Message,
    MessageId,
    Moment,
    NodeView,
)

ATTENDED: Final = NOTED | topics.NOTED | houses.NOTED
REPEAT_US: Final = 2_000_000
"""A line about one of `REPEATING` has no second one like it within this."""
REPEATING: Final = (MessageDropped, SiblingsKept, ReadRepaired, TopicDelivered, KindUnknown)
CUT_OFF: Final = " cut off"
"""How a disagreement with an isolated node ends its name."""
SPLIT: Final = "the cluster is split"
ECHO_US: Final = 1_000_000
"""A node's own word of a fault this soon after another's makes no second mark."""


def rate_of(load: WorkloadCounted) -> float:
    """Answers a second that succeeded in the workload's last interval."""
    return load.successes * 1e6 / load.interval_us if load.interval_us else 0.0


class Draft:
    """The next view."""

    def __init__(self, view: ClusterView) -> None:
        self.old = view
        self.at = view.at
        self.facts = view.facts
        self.nodes = Rows(view.nodes)
        self.murmurs = Murmurs(self.nodes)
        self.heads = dict(view.heads)
        self.messages = dict(view.messages)
        self.arrivals = dict(view.arrivals)
        self.book = view.casebook
        self.load = view.load
        self.sample = view.sample
        self.load_failed = view.load_failed
        self.calm_outage_us = view.calm_outage_us
        self.audited_at = view.audited_at
        self.lost = view.lost
        self.lost_at = view.lost_at
        self.history = view.history
        self.disagreements = view.disagreements
        self.court = view.court
        self.rooms = houses.RoomsDraft(view.rooms)
        self.flows = view.flows
        self.broadcasts = view.broadcasts
        self.upkeep = Upkeeps(view.upkeep)
        self._traced: list[Fact] = []
        self._load_at = 0
        self._ballots = Ballots(self.nodes)
        self._events: list[EventLine] = []
        self._fault_marks: list[Mark] = []

    # --- what is new, and when ------------------------------------------------------------------

    def is_news(self, fact: Fact) -> bool:
        """Whether this fact was not folded yet and is of its node's present life."""
        name = (fact.epoch, fact.seq)
        head = self.heads.get(fact.node)
        if head is not None and name <= head:
            # A snapshot carries the number of the last fact that it speaks of.
            return name == head and isinstance(fact.payload, SnapshotTaken)
        self.heads[fact.node] = name
        self.facts += 1
        return True

    def attend(self, fact: Fact) -> None:
        """Note who reigns and whose rooms need a home; before the rows follow, which say who did."""
        kind = type(fact.payload)
        if kind in TRACED:
            self._traced.append(fact)
        if kind not in ATTENDED:
            return
        self.murmurs.settle()
        if kind in NOTED:
            self.court = attend(self.court, fact, self.nodes)
        if kind in topics.NOTED:
            self.broadcasts = topics.take(self.broadcasts, fact)
        if kind in houses.NOTED:
            self.rooms.attend(fact, self.nodes)

    def tick(self, at: int) -> None:
        """Move the clock on; whenever it enters a new tick, note how the cluster stood."""
        if at <= self.at:
            return
        if at // MOMENT_US > self.at // MOMENT_US and self.nodes and self.at:
            self.murmurs.settle()
            self._note_moment(at // MOMENT_US * MOMENT_US)
        self.at = at

    def _note_moment(self, at: int) -> None:
        judged = compare(self.nodes, self.at)
        load = self.load
        moment = Moment(
            at=at,
            served=served(self.nodes, judged, self.at),
            hints=sum(d.count for name in judged.observers for d in self.nodes[name].hints),
            behind=judged.behind,
            answers_per_s=rate_of(load) if load is not None else -1.0,
            failed=self.load_failed,
        )
        self.history = (*self.history, moment)[-HISTORY_MAX:]

    # --- nodes ----------------------------------------------------------------------------------

    def node(self, name: NodeId) -> NodeView:
        """A node's row; a blank one if it was never heard of."""
        return self.nodes.get(name) or NodeView(name)

    def introduce(self, claim: Claim) -> None:
        """Somebody told of a member: it has a row from now on, whether it reports or not."""
        node = self.nodes.get(claim.name)
        if node is None:
            node = NodeView(claim.name, gossip=claim.gossip, window=claim.window)
        elif claim.epoch > node.epoch:
            node = replace(node, gossip=claim.gossip, window=claim.window)
        else:
            return
        self.nodes[claim.name] = node

    def process(self, fact: Fact, payload: ProcessObserved) -> None:
        """What the lab sees of a process."""
        node = self.node(payload.subject)
        since = node.process_since if node.process == payload.state else fact.at
        pid, window = payload.pid or node.pid, Address(payload.window or node.window)
        self.nodes[payload.subject] = replace(
            node, process=payload.state, process_since=since, pid=pid, window=window
        )

    def window_closed(self, subject: NodeId) -> None:
        """The observer no longer hears a node."""
        if subject in self.nodes:
            self.nodes[subject] = replace(self.nodes[subject], connected=False)

    def counted(self, fact: Fact, payload: WorkloadCounted) -> None:
        """The workload's totals."""
        if fact.at < self._load_at:
            return
        old = self.load
        known = (old.unreadable, old.audited) if old is not None else (-1, 0)
        if payload.unreadable >= 0 and known != (payload.unreadable, payload.audited):
            self.audited_at = fact.at
        before = old.failed + old.maybe if old is not None else 0
        self.load_failed = max(0, payload.failed + payload.maybe - before)
        self.load, self._load_at = payload, fact.at
        if not self.book.incidents and not any(n.refused_at for n in self.nodes.values()):
            self.calm_outage_us = max(payload.outage_us, payload.unwritten_us)

    def miss(self, fact: Fact, payload: FactsLost) -> None:
        """Facts that never reached us."""
        self.speak(fact, None)
        self.lost += payload.count
        self.lost_at = max(self.lost_at, fact.at)

    # --- messages -------------------------------------------------------------------------------

    def sent(self, fact: Fact, payload: MessageSent) -> None:
        """The near end of a message."""
        name: MessageId = (fact.node, fact.epoch, payload.number)
        arrival = self.arrivals.pop(name, None)
        arrived = arrival.at if arrival is not None else 0
        to, kind, key, about = payload.to, payload.kind, payload.key, payload.about
        self.messages[name] = Message(name, to, kind, key, about, fact.at, arrived)

    def received(self, fact: Fact, payload: MessageReceived) -> None:
        """The far end of a message, which may be told before the near one."""
        name: MessageId = (payload.sender, payload.sender_epoch, payload.number)
        message = self.messages.get(name)
        if message is not None:
            self.messages[name] = replace(message, received_at=fact.at)
        else:
            self.arrivals[name] = Arrival(fact.at, fact.node, payload.kind)

    # --- lines and marks ------------------------------------------------------------------------

    def speak(self, fact: Fact, old: Belief | None) -> None:
        """Add the event line of a fact, if it deserves one."""
        load = self.load
        audit = (load.unreadable, load.audited) if load is not None else (-1, 0)
        phrase = spoken(fact, old, self.book, audit)
        if phrase is None:
            return
        repeats = isinstance(fact.payload, REPEATING)
        if (repeats and self._repeated(fact, phrase.text)) or self.upkeep.gather(fact, phrase.text):
            return
        self._events.append(EventLine(fact.at, fact.node, phrase.text, phrase.tone))

    def _repeated(self, fact: Fact, text: str) -> bool:
        """Whether the same was said a moment ago."""
        recent = [*self.old.events[-40:], *self._events]
        start = text.split()[:2]
        return any(
            line.node == fact.node
            and fact.at - line.at < REPEAT_US
            and line.text.split()[:2] == start
            for line in recent
        )

    def mark_fault(self, fact: Fact, payload: FaultInjected | FaultHealed) -> None:
        """A fault began or ended: a line and a mark."""
        self.speak(fact, None)
        mends = isinstance(payload, FaultHealed) or payload.kind in ("start", "resume", "heal")
        kind: Literal["fault", "heal"] = "heal" if mends else "fault"
        recent = [*self.old.marks[-20:], *self._fault_marks]
        echo = fact.node != LAB and any(
            m.kind == kind and abs(m.at - fact.at) < ECHO_US for m in recent
        )
        if not echo:
            self._fault_marks.append(Mark(fact.at, done(payload), kind))

    # --- what follows from all of it ------------------------------------------------------------

    def consider(self, fact: Fact) -> None:
        """Bring incidents and disagreements up to date."""
        self.book = advance(self.book, fact)
        if isinstance(fact.payload, MemberChanged | SnapshotTaken | ProcessObserved | WindowClosed):
            self._compare(fact)

    def _compare(self, fact: Fact) -> None:
        """Note when the live nodes begin and cease to disagree."""
        ballots = self._ballots
        ballots.count(self.at)
        open_ = ballots.dissent or ballots.split  # where all are apart nobody dissents
        standing = self.disagreements[-1] if self.disagreements else None
        if standing is not None and not standing.ended:
            if not open_:
                ended = replace(standing, ended=max(fact.at, standing.began))
                self.disagreements = (*self.disagreements[:-1], ended)
            else:
                self._rename(standing)
        elif open_:
            judged = judge_all(self.nodes, live_observers(self.nodes, self.at))
            late = [s for s in judged.values() if s.since]
            began = min((s.since for s in late), default=fact.at)
            new = Disagreement(began, tuple(s.name for s in late), self._news(late))
            self.disagreements = (*self.disagreements, new)[-DISAGREEMENTS_MAX:]

    def _rename(self, standing: Disagreement) -> None:
        """Once most accuse a node that still speaks, it is what the others disagree with.

        Of another maker's nodes that answer us from all sides of a split none is dead, nor cut off.
        """
        if self._ballots.split and telling_of(self.nodes) is not None:
            if standing.text != SPLIT:
                self.disagreements = (*self.disagreements[:-1], replace(standing, text=SPLIT))
            return
        out = self._ballots.outcasts
        named = standing.text.endswith(CUT_OFF)
        if not out or (named and out <= set(standing.text.split())):
            return  # who is heard again first does not undo that it was cut off
        who = sorted(out, key=natural)
        text = f"{listed(who)} {'is' if len(who) == 1 else 'are'}{CUT_OFF}"
        self.disagreements = (*self.disagreements[:-1], replace(standing, text=text))

    def _newcomer(self, subject: NodeId, observer: NodeId) -> NodeId:
        """Of two who have not met, the one who came later."""
        came, was = self.nodes[subject].started_at, self.nodes[observer].started_at
        return observer if came and was > came else subject

    def _news(self, late: list[Subject]) -> str:
        """What the live nodes do not all know, in a few words."""
        alone = [f.subject for f in self.book.lives.faults if f.kind == "isolate"]
        if alone:
            return f"{listed(alone)} {'is' if len(alone) == 1 else 'are'}{CUT_OFF}"
        newcomers = {
            self._newcomer(s.name, name)
            for s in late for name in s.late if s.name not in self.nodes[name].beliefs
        }  # fmt: skip
        if newcomers:
            who = sorted(newcomers, key=natural)
            return f"{listed(who)} {'joins' if len(who) == 1 else 'join'}"
        late.sort(key=lambda s: len(s.late))  # what most already hold is the news
        words = [holds(s.name, s.newest.state) for s in late if s.newest is not None]
        return ", ".join(words[:2]) or SPLIT

    def done(self) -> ClusterView:
        """The finished view."""
        self.murmurs.settle()
        old = self.old
        nodes = dict(self.nodes)
        if len(nodes) != len(old.nodes):
            nodes = {name: nodes[name] for name in sorted(nodes, key=natural)}
        rooms = self.rooms.done(self.at)
        return ClusterView(
            at=self.at,
            facts=self.facts,
            nodes=nodes,
            messages=self._kept_messages(),
            events=self._kept_events(rooms),
            marks=self._kept_marks(),
            incidents=self.book.incidents,
            load=self.load,
            sample=self.sample,
            load_failed=self.load_failed,
            calm_outage_us=self.calm_outage_us,
            audited_at=self.audited_at,
            lost=self.lost,
            lost_at=self.lost_at,
            casebook=self.book if self.book is not old.casebook else old.casebook,
            heads=self.heads,
            arrivals=self._kept_arrivals(),
            history=self.history,
            disagreements=self.disagreements,
            court=self.court,
            rooms=rooms,
            trace=extended(old.trace, self._traced) if self._traced else old.trace,
            flows=self.flows,
            broadcasts=self.broadcasts,
            upkeep=self.upkeep.now,
        )

    def _kept_messages(self) -> dict[MessageId, Message]:
        messages = self.messages
        horizon = self.at - MESSAGE_US
        stale: list[MessageId] = []
        for name, message in messages.items():
            if message.sent_at >= horizon:
                break
            stale.append(name)
        for name in stale:
            del messages[name]
        if len(messages) > MESSAGES_MAX:
            surplus = len(messages) - MESSAGES_MAX
            for name in list(messages)[:surplus]:
                del messages[name]
        return messages

    def _kept_arrivals(self) -> dict[MessageId, Arrival]:
        horizon = self.at - MESSAGE_US // 3
        if len(self.arrivals) > MESSAGES_MAX or any(a.at < horizon for a in self.arrivals.values()):
            kept = [(n, a) for n, a in self.arrivals.items() if a.at >= horizon]
            return dict(kept[-MESSAGES_MAX:])
        return self.arrivals

    def _kept_events(self, rooms: Rooms) -> tuple[EventLine, ...]:
        stale, fresh = self.rooms.bursts.retold(self.rooms.old.recoveries, rooms.recoveries)
        less, more = self.upkeep.retold()
        stale, fresh = stale | less, fresh + more
        if not self._events and not fresh:
            return self.old.events
        kept = [line for line in self.old.events if line not in stale] if stale else self.old.events
        lines = [*kept, *self._events, *fresh]
        lines.sort(key=_order)
        return tuple(lines[-EVENTS_MAX:])

    def _kept_marks(self) -> tuple[Mark, ...]:
        if not self._fault_marks and self.book.incidents == self.old.incidents:
            return self.old.marks
        marks = [m for m in self.old.marks if m.kind in ("fault", "heal")] + self._fault_marks
        for incident in self.book.incidents:
            marks += stage_marks(incident)
        return tuple(sorted(marks, key=lambda mark: (mark.at, mark.label))[-MARKS_MAX:])


def _order(line: EventLine) -> tuple[int, tuple[tuple[int, int, str], ...], str]:
    """By time; what we conclude ourselves first, and in one order whatever the batches were."""
    if line.node == OBSERVER:
        return line.at, (), line.text
    return line.at, natural(line.node), ""
