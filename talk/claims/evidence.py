"""What claims are judged by: the view now, the view when they began to count, and what happened since.

`Since` counts facts from one moment on; it is bounded, and two batches give the same counts in either
order. A measure that cannot be known now says so (`value` None): that is neither true nor false.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, TypeVar

from msgspec import Struct

from cluster.config import MS
from cluster.model.facts import (
    Fact,
    MemberChanged,
    PulseReported,
    RoomCounted,
    StallNoticed,
    SuspicionRaised,
    SuspicionRefuted,
    WorkloadCounted,
)
from cluster.model.happenings.data import HintsDelivered, HintStored, TreeCompared
from cluster.model.happenings.moves import PartitionFilled, RingChanged
from cluster.model.happenings.reigns import TermRefused, WritesDiscarded
from cluster.model.happenings.rooms import (
    NameLost,
    NameWon,
    RoomExited,
    RoomMoved,
    RoomStarted,
    SupervisorEscalated,
)
from cluster.model.member import MemberState, NodeId
from tui.view import ClusterView

_Key = TypeVar("_Key")
KEPT_MAX: Final = 10_000
"""Single happenings remembered for one slide: more are counted and not told apart."""


class Measured(Struct, frozen=True):
    """What a measure says."""

    value: float | None
    """None: it cannot be known now."""
    of: int = 0
    """The denominator: of how many."""
    of_what: str = ""
    fact: Fact | None = None
    """The fact that decided it, where one did."""


UNKNOWN: Final = Measured(None)


class Since:
    """Facts counted since a moment."""

    def __init__(self, view: ClusterView, at: int) -> None:
        self.view = view
        """As it was then."""
        self.at = at
        self.facts = 0
        self.deaths: dict[tuple[NodeId, NodeId], Fact] = {}
        """Who declared whom dead: (observer, subject)."""
        self.suspicions: dict[tuple[NodeId, NodeId], Fact] = {}
        self.refutations: dict[NodeId, Fact] = {}
        self.last: dict[str, Fact] = {}
        """The latest fact of each sort counted in `counts`."""
        self.counts: Counter[str] = Counter()
        self.restarts_us: list[int] = []
        """How long rooms took to start again after a crash or a death."""
        self.lost_us: list[int] = []
        """How long nobody served each room that was handed over."""
        self.rooms_counted: dict[str, Fact] = {}
        """The last count of each room whose answers were counted."""
        self.lag_us = 0
        self.sent: Counter[str] = Counter()
        """Messages by kind, from pulses."""
        self.pulses_us: Counter[NodeId] = Counter()
        """Of how much time each node's pulses have told."""
        self.load: WorkloadCounted | None = None
        self.attempts = self.successes = 0
        self.audits = 0
        """Audits that ended."""

    def hear(self, facts: Iterable[Fact]) -> None:
        """Facts that came."""
        for fact in facts:
            if fact.at >= self.at - 500 * MS:
                self.facts += 1
                self._count(fact)

    def _count(self, fact: Fact) -> None:
        match fact.payload:
            case MemberChanged(claim=claim):
                if claim.state is MemberState.DEAD:
                    self._keep(self.deaths, (fact.node, claim.name), fact)
            case SuspicionRaised(subject=subject):
                self._keep(self.suspicions, (fact.node, subject), fact)
            case SuspicionRefuted():
                self._keep(self.refutations, fact.node, fact)
                self._note("refutations", fact)
            case PulseReported() as pulse:
                self.lag_us = max(self.lag_us, pulse.lag_us)
                self.sent.update(pulse.sent)
                self.pulses_us[fact.node] += pulse.interval_us
            case WorkloadCounted() as load:
                self._counted(load)
            case StallNoticed():
                self._note("stalls", fact)
            case _:
                self._count_more(fact)

    def _count_more(self, fact: Fact) -> None:
        match fact.payload:
            case HintStored():
                self._note("hints stored", fact)
            case HintsDelivered(delivered=delivered):
                self._note("hints delivered", fact, delivered)
            case TreeCompared(keys_repaired=keys):
                self._note("keys repaired", fact, keys)
            case PartitionFilled():
                self._note("partitions filled", fact)
            case RingChanged():
                self._note("ring changes", fact)
            case TermRefused():
                self._note("terms refused", fact)
            case WritesDiscarded(count=count):
                self._note("writes discarded", fact, count)
            case _:
                self._count_rooms(fact)

    def _count_rooms(self, fact: Fact) -> None:
        match fact.payload:
            case RoomStarted(why=why, took_us=took):
                self._note(f"rooms {why}", fact)
                if why in ("crashed", "died", "escalated") and len(self.restarts_us) < KEPT_MAX:
                    self.restarts_us.append(took)
            case RoomExited(why=why):
                self._note(f"exits {why}", fact)
            case RoomMoved(lost_us=lost):
                self._note("rooms handed over", fact)
                if len(self.lost_us) < KEPT_MAX:
                    self.lost_us.append(lost)
            case RoomCounted(room=room):
                self.rooms_counted[room] = fact
            case NameLost():
                self._note("names lost", fact)
            case NameWon():
                self._note("names won", fact)
            case SupervisorEscalated():
                self._note("escalations", fact)
            case _:
                pass

    def _counted(self, load: WorkloadCounted) -> None:
        before = self.load or self.view.load
        self.load = load
        self.attempts += load.attempts
        self.successes += load.successes
        self.audits += max(0, load.audits - (before.audits if before is not None else 0))

    def counted(self, sort: str) -> Measured:
        """How many happenings of a sort there were, and the latest of them."""
        return Measured(float(self.counts[sort]), self.facts, "facts", self.last.get(sort))

    def _note(self, sort: str, fact: Fact, count: int = 1) -> None:
        self.counts[sort] += count
        self.last[sort] = fact

    def _keep(self, kept: dict[_Key, Fact], key: _Key, fact: Fact) -> None:
        if len(kept) < KEPT_MAX:
            kept.setdefault(key, fact)


class Evidence(Struct, frozen=True):
    """All that a measure may look at."""

    view: ClusterView
    now: int
    since: Since
