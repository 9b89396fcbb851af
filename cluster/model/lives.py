"""What the incident record must remember of each node: its word, its beliefs, its depths.

A small, immutable shadow of the cluster, fed by facts in the order in which they arrive. Facts of
one node are in order; those of different nodes may be slightly mixed, so moments are taken from
the facts themselves. Ignores messages, client operations and everything else no stage needs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import Final, NamedTuple, get_args

from msgspec import Struct
from msgspec.structs import replace

from cluster.model.course.columns import Columns, told_of
from cluster.model.facts import (
    Fact,
    FactId,
    FaultHealed,
    FaultInjected,
    HintsDelivered,
    HintStored,
    MemberChanged,
    NodeStarted,
    NodeStopped,
    PartitionFilled,
    ProbeMissed,
    ProcessObserved,
    PulseReported,
    RingChanged,
    SnapshotTaken,
    SuspicionConfirmed,
    SuspicionRaised,
    WindowClosed,
)
from cluster.model.fault import SILENCING, FaultKind
from cluster.model.member import MemberState, NodeId
from cluster.model.summary import Likeness, RingTable

RECENT_US: Final = 3_000_000
"""A node that has said nothing for this long is not asked for its view."""
FAULTS_MAX: Final = 64
MISSES_MAX: Final = 4
"""Unanswered probes remembered per observer and subject: those of one suspicion, and a few more."""

Remembered = (
    NodeStarted
    | NodeStopped
    | SnapshotTaken
    | PulseReported
    | MemberChanged
    | SuspicionRaised
    | SuspicionConfirmed
    | ProbeMissed
    | RingChanged
    | PartitionFilled
    | HintStored
    | HintsDelivered
    | FaultInjected
    | FaultHealed
    | ProcessObserved
    | WindowClosed
)
"""The payloads that matter here; for all others the record stands still."""
REMEMBERED: Final = frozenset(get_args(Remembered))


_SUSPECT: Final = MemberState.SUSPECT
_REMOVED: Final = MemberState.REMOVED
# Looked up a thousand times for each fact of a large cluster in trouble.


class Opinion(NamedTuple):
    """What one node holds of another."""

    state: MemberState
    epoch: int
    since: int
    due: int = 0
    """For a suspect: when it will be declared dead."""
    accuser: NodeId = NodeId("")
    """Who first said it, for an accusation that came by hearsay."""
    doubted: int = 0
    """For the dead: since when it was suspect before, if it was."""

    @property
    def accuses(self) -> bool:
        """Suspect, dead or removed; a farewell is no accusation."""
        return _SUSPECT <= self.state <= _REMOVED


class Miss(NamedTuple):
    """A probe that was not answered."""

    at: int
    id: FactId


class Life(Struct, frozen=True):
    """One node."""

    epoch: int = 0
    started_at: int = 0
    at: int = 0
    """Its latest fact that mattered here."""
    present: bool = True
    """No lab saw its process gone or paused."""
    present_since: int = 0
    """When the lab last saw it come (back); 0 when it never went."""
    reachable: bool = True
    """Its window has not been lost."""
    answered: int = 0
    """When it last answered us, of one whose window is lost and who was asked time and again."""
    departed: bool = False
    """It ended on purpose."""
    opinions: dict[NodeId, Opinion] = {}
    heard: dict[NodeId, int] = {}
    hints: dict[NodeId, int] = {}
    filling: int = 0
    view: str = ""
    ring: str = ""
    table: RingTable | None = None
    """Its whole table, where partitions have masters."""
    leads: dict[NodeId, int] = {}
    """By that table: how many partitions each member leads."""
    heirs: dict[NodeId, NodeId] = {}
    """Who leads, by its table, most of what another led before and leads no more."""
    pulsed: int = 0
    trees: tuple[Likeness, ...] = ()
    """How its hash trees compared with those of others, as it last said."""
    missed: dict[NodeId, tuple[Miss, ...]] = {}
    """Its last unanswered probes, by whom they were for."""


_UNKNOWN: Final = Life()


class Fault(Struct, frozen=True):
    """An injected fault in force."""

    kind: FaultKind
    subject: NodeId
    peers: tuple[NodeId, ...]
    at: int
    id: FactId


class Lives(Struct, frozen=True, dict=True):
    """Everything remembered."""

    at: int = 0
    nodes: dict[NodeId, Life] = {}
    faults: tuple[Fault, ...] = ()
    living: frozenset[NodeId] = frozenset()
    """Whose words count now. Follows from the rest, for which every stage of a record asks; the same
    set as before while it holds the same names."""
    oldest: int = 0
    """No word that counts is older: before time has passed that by, nobody has become too silent."""

    def life(self, name: NodeId) -> Life:
        """One node, also one never heard of."""
        return self.nodes.get(name) or _UNKNOWN

    def live(self, name: NodeId) -> bool:
        """Whether a node's words count now."""
        return name in self.living

    @cached_property
    def columns(self) -> Columns:
        """The same by whom it is about. No part of what is kept, compared or written."""
        return Columns(self.nodes, self.living)

    def _handing(self, after: Lives) -> Lives:
        """The state after this one, with the columns, for this to bring up to date."""
        if "columns" in vars(self):
            vars(after)["columns"] = vars(self).pop("columns")
        return after

    def observers(self, subject: NodeId) -> Mapping[NodeId, Opinion]:
        """What the live others hold of `subject`: to be read before the next fact is remembered."""
        column = self.columns.opinions.get(subject, {})
        if subject in column:
            return {name: opinion for name, opinion in column.items() if name != subject}
        return column

    def hints_for(self, subject: NodeId) -> dict[NodeId, int]:
        """Who keeps how many hints for it, live keepers only."""
        keepers = self.columns.keepers & self.living
        if not any(self.nodes[name].hints.get(subject) for name in keepers):
            return {}
        return {
            name: life.hints[subject]
            for name, life in self.nodes.items()
            if name in keepers and life.hints.get(subject)
        }

    def missed(self, subject: NodeId) -> list[Miss]:
        """The last probes that it did not answer, whoever sent them."""
        if not any(subject in self.nodes[name].missed for name in self.columns.waiters):
            return []
        return [m for life in self.nodes.values() for m in life.missed.get(subject, ())]

    def fault_on(self, subject: NodeId) -> Fault | None:
        """The fault in force that best explains why a node is not heard.

        What was done to it comes before what was done around it, and what the lab calls by its
        name (isolated, split) before the single cuts that the nodes report of it.
        """
        touching = [
            f for f in self.faults
            if subject == f.subject or subject in f.peers or f.kind == "partition"
        ]  # fmt: skip
        own = [f for f in touching if f.subject == subject and f.kind != "cut"]
        named = [f for f in touching if f.kind == "partition"]
        return max(own or named or touching, key=lambda f: f.at, default=None)

    def last_sign(self, subject: NodeId, observer: NodeId, before: int) -> int:
        """When `observer` or we last heard of `subject`, at most `before`; `before` if neither did."""
        life = self.life(subject)
        ours = life.answered if not life.reachable else 0
        heard = max(self.life(observer).heard.get(subject, 0), ours)
        return min(heard, before) if heard else before

    def with_life(self, name: NodeId, life: Life, about: NodeId | None = None) -> Lives:
        """The same with one node changed; `about`: the only one of whom it holds anything new."""
        living, oldest = self.living, self.oldest
        counts = (
            life.at >= self.at - RECENT_US
            and life.present
            and life.reachable
            and not life.departed
            and life.epoch > 0
        )
        if counts:
            oldest = min(oldest, life.at)
        if counts != (name in living):
            living = living | {name} if counts else living - {name}
        after = Lives(self.at, {**self.nodes, name: life}, self.faults, living, oldest)
        if "columns" in vars(self._handing(after)):
            old = self.nodes.get(name) if name in self.living else None
            after.columns.put(name, old, life, about, counts=counts)
        return after

    def later(self, at: int) -> Lives:
        """The same at a later time: whoever has been silent for too long does not count any more."""
        recent, living, oldest = at - RECENT_US, self.living, self.oldest
        if oldest < recent:
            spoke = {name: self.nodes[name].at for name in living}
            oldest = min((since for since in spoke.values() if since >= recent), default=at)
            silent = {name for name, since in spoke.items() if since < recent}
            living = living - silent if silent else living
        after = self._handing(Lives(at, self.nodes, self.faults, living, oldest))
        if "columns" in vars(after) and living is not self.living:
            for name in self.living - living:
                life = self.nodes[name]
                after.columns.put(name, life, life, counts=False)
        return after

    def with_faults(self, faults: tuple[Fault, ...]) -> Lives:
        """The same with these faults in force."""
        return self._handing(Lives(self.at, self.nodes, faults, self.living, self.oldest))


def remember(lives: Lives, fact: Fact, payload: Remembered) -> Lives:
    """Take one fact in. A fact of an earlier life of its node changes nothing."""
    if fact.at > lives.at:
        lives = lives.later(fact.at)
    match payload:
        case ProcessObserved() | WindowClosed():
            return _seen(lives, fact, payload)
        case FaultInjected() if payload.kind not in SILENCING:
            return lives  # a rotten record or a slow disk explains no silence
        case FaultInjected():
            fault = Fault(payload.kind, payload.subject, payload.peers, fact.at, fact.id)
            return lives.with_faults((*lives.faults, fault)[-FAULTS_MAX:])
        case FaultHealed():
            return lives.with_faults(tuple(f for f in lives.faults if not healed(f, payload)))
        case _:
            return _said(lives, fact, payload)


def healed(fault: Fault, heal: FaultHealed) -> bool:
    """Whether this heal ends that fault. "heal" without peers mends every cut of its subject."""
    if heal.kind != "heal":
        same = heal.kind == fault.kind or (heal.kind == "resume" and fault.kind == "pause")
        same = same or (heal.kind == "start" and fault.kind == "kill")
        return same and heal.subject in ("", fault.subject)
    return fault.kind not in ("kill", "pause") and (
        not heal.subject or heal.subject == fault.subject or heal.subject in fault.peers
    )


def _seen(lives: Lives, fact: Fact, payload: ProcessObserved | WindowClosed) -> Lives:
    life = lives.life(payload.subject)
    match payload:
        case WindowClosed():
            life = replace(life, reachable=False, answered=payload.answered)
            return lives.with_life(payload.subject, life)
        case ProcessObserved(state="gone" | "paused"):
            return lives.with_life(payload.subject, replace(life, present=False))
        case ProcessObserved(state="starting"):  # it is there once it has said a word
            return lives
        case ProcessObserved():
            since = life.present_since if life.present else fact.at
            life = replace(life, present=True, present_since=since)
            return lives.with_life(payload.subject, life)


Said = (
    NodeStarted
    | NodeStopped
    | SnapshotTaken
    | PulseReported
    | MemberChanged
    | SuspicionRaised
    | SuspicionConfirmed
    | ProbeMissed
    | RingChanged
    | PartitionFilled
    | HintStored
    | HintsDelivered
)


def _said(lives: Lives, fact: Fact, payload: Said) -> Lives:
    life = lives.life(fact.node)
    if fact.epoch < life.epoch:
        return lives
    about = told_of(payload) if fact.epoch == life.epoch else None
    if fact.epoch > life.epoch:
        life = Life(
            epoch=fact.epoch,
            started_at=fact.at,
            present_since=life.present_since,
        )
    life = replace(life, at=max(life.at, fact.at), reachable=True)
    match payload:
        case NodeStarted():
            life = replace(life, started_at=fact.at)
        case NodeStopped():
            life = replace(life, departed=True)
        case PulseReported():
            life = replace(
                life,
                heard=payload.heard,
                hints={d.target: d.count for d in payload.hints},
                filling=payload.filling,
                view=payload.view,
                ring=payload.ring,
                pulsed=fact.at,
                trees=payload.trees,
            )
        case SnapshotTaken():
            life = _snapshot(life, fact, payload)
        case RingChanged():
            life = _placed(life, payload)
        case PartitionFilled():
            life = replace(life, filling=payload.remaining)
        case HintStored() | HintsDelivered():
            depth = payload.depth if isinstance(payload, HintStored) else payload.remaining
            life = replace(life, hints={**life.hints, payload.target: depth})
        case ProbeMissed():
            misses = (*life.missed.get(payload.target, ()), Miss(fact.at, fact.id))
            missed = {**life.missed, payload.target: misses[-MISSES_MAX:]}
            life = replace(life, missed=missed)
        case MemberChanged() | SuspicionRaised() | SuspicionConfirmed():
            life = _opinion(life, fact, payload)
    return lives.with_life(fact.node, life, about)


def _snapshot(life: Life, fact: Fact, payload: SnapshotTaken) -> Life:
    opinions = {
        fate.claim.name: Opinion(
            fate.claim.state, fate.claim.epoch, fate.since or fact.at, 0, fate.claim.accuser
        )
        for fate in payload.members
        if fate.claim.name != fact.node
    }
    for name, opinion in opinions.items():
        old = life.opinions.get(name)
        if old is not None and old[:2] == opinion[:2]:
            opinions[name] = old
    return replace(
        life,
        started_at=payload.started_at or life.started_at,
        opinions=opinions,
        heard={f.claim.name: f.heard for f in payload.members if f.claim.name != fact.node},
        hints={depth.target: depth.count for depth in payload.hints},
        filling=len(payload.filling),
        ring=payload.ring.digest,
        table=payload.ring if payload.ring.led else None,
        leads=leading(payload.ring) if payload.ring.led else {},
    )


def leading(table: RingTable) -> Counter[NodeId]:
    """How many partitions each member leads; who leads none is not in it."""
    return Counter(table.members[owners[0]] for owners in table.owners if owners)


def inherited(before: RingTable | None, after: RingTable) -> dict[NodeId, NodeId]:
    """Of those who led partitions and lead none now: who leads most of these."""
    if before is None:
        return {}
    leaders = leading(after)
    taken: dict[NodeId, Counter[NodeId]] = {}
    for old, new in zip(before.owners, after.owners, strict=False):
        name = before.members[old[0]] if old else None
        if name is not None and new and name not in leaders:
            taken.setdefault(name, Counter())[after.members[new[0]]] += 1
    return {name: counts.most_common(1)[0][0] for name, counts in taken.items()}


def _placed(life: Life, payload: RingChanged) -> Life:
    ring = payload.ring
    life = replace(life, ring=ring.digest, filling=life.filling + payload.gained)
    if not ring.led:
        return life
    heirs = {**life.heirs, **inherited(life.table, ring)}
    return replace(life, table=ring, leads=leading(ring), heirs=heirs)


def _opinion(
    life: Life, fact: Fact, payload: MemberChanged | SuspicionRaised | SuspicionConfirmed
) -> Life:
    match payload:
        case MemberChanged(claim=claim):
            if claim.name == fact.node:
                return replace(life, departed=claim.state is MemberState.LEFT)
            name = claim.name
            new = Opinion(claim.state, claim.epoch, fact.at, 0, claim.accuser)
        case SuspicionRaised():
            name = payload.subject
            epoch, due, accuser = payload.subject_epoch, payload.deadline, payload.accuser
            new = Opinion(MemberState.SUSPECT, epoch, fact.at, due, accuser)
        case SuspicionConfirmed():
            name = payload.subject
            held = life.opinions.get(name)
            if held is None or held.state is not MemberState.SUSPECT:
                return life
            new = held._replace(due=payload.deadline)
    old = life.opinions.get(name)
    if old is not None and old[:2] == new[:2]:
        new = new._replace(since=old.since, due=new.due or old.due, doubted=old.doubted)
    elif old is not None and old.accuses and new.accuses and old.epoch == new.epoch:
        new = new._replace(doubted=old.doubted or old.since)
    return replace(life, opinions={**life.opinions, name: new})
