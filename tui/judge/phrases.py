"""The event lines: one short sentence per fact worth reading, from its node's point of view.

A sentence follows its node's name ("n2  n4 is suspect, it refused a connection"), so it does not
begin with it. Ignored on purpose: messages, pulses, single transfers and ordinary answers, which
the pictures and the counters show better.
"""

from __future__ import annotations

import re
from typing import Final

from cluster.model.casebook import Casebook
from cluster.model.facts import (
    CopiesDropped,
    DrainEnded,
    DrainProgressed,
    Fact,
    FactsLost,
    FaultHealed,
    FaultInjected,
    FlowLost,
    FlowMeasured,
    FlowOverflowed,
    FlowStarted,
    FlowStopped,
    HealthChanged,
    HintsDelivered,
    HintsExpired,
    HintsHandedOver,
    HintStored,
    KindUnknown,
    MasterChosen,
    MemberChanged,
    MemberFlapped,
    MessageDropped,
    MessageReceived,
    MessageSent,
    MessagesMissed,
    NameClaimed,
    NameFenced,
    NameLost,
    NameWon,
    NodeStarted,
    NodeStopped,
    OperationFinished,
    OperationStarted,
    PartitionFilled,
    PersistFailed,
    ProbeMissed,
    ProcessObserved,
    PulseReported,
    ReadRepaired,
    ReapingWaited,
    RecordRotted,
    ReignBegan,
    ReignEnded,
    RingChanged,
    RoomCheckpointed,
    RoomCounted,
    RoomExited,
    RoomMoveBegan,
    RoomMoved,
    RoomStarted,
    RoomStayed,
    SiblingsKept,
    SnapshotTaken,
    StallNoticed,
    SupervisorEscalated,
    SuspicionConfirmed,
    SuspicionRaised,
    SuspicionRefuted,
    TermRefused,
    TombstonesReaped,
    TopicDelivered,
    TopicPublished,
    TransferCancelled,
    TransferFinished,
    TransferProgressed,
    TransferResumed,
    TransfersQueued,
    TransferStalled,
    TransferStarted,
    TransferWaited,
    TreeCompared,
    TreeRebuilt,
    WatchSampled,
    WindowClosed,
    WorkloadCounted,
    WritesDiscarded,
)
from cluster.model.fault import FaultKind
from cluster.model.member import MemberState, NodeId
from tui.judge.court.reigns import of_reigns
from tui.judge.flows import of_flows
from tui.judge.foreign.polled import held
from tui.judge.keeping import of_data, of_upkeep
from tui.judge.places import of_places
from tui.judge.topics.phrases import of_topics
from tui.judge.wording import Phrase, Tone, counted, listed, millis, seconds
from tui.view import OBSERVER, Belief

QUIET_STALL_US: Final = 250_000
"""A shorter pause is not worth a line."""


def holds(name: NodeId, state: MemberState) -> str:
    """A belief as a sentence: "n4 is suspect", "n4 has left"."""
    return f"{name} has left" if state is MemberState.LEFT else f"{name} is {state.word}"


Lifecycle = (
    NodeStarted
    | NodeStopped
    | StallNoticed
    | FactsLost
    | KindUnknown
    | PersistFailed
    | MessageDropped
    | MessagesMissed
)


def of_itself(payload: Lifecycle) -> Phrase | None:
    """A node's own life."""
    match payload:
        case NodeStarted():
            kept = (
                f", {payload.restored_keys:,} keys from its disk" if payload.restored_keys else ""
            )
            return Phrase(f"started (process {payload.pid}{kept})", "good")
        case NodeStopped():
            return Phrase(f"ended: {payload.reason}", "warn")
        case StallNoticed():
            if payload.late_us < QUIET_STALL_US:
                return None
            return Phrase(f"did not run for {seconds(payload.late_us)}", "warn")
        case KindUnknown(kind):
            which = f"kind {kind}" if kind else "a kind without a name"
            return Phrase(f"told {which}, which this version does not know", "muted")
        case FactsLost():
            if not payload.count:
                return None
            return Phrase(f"{payload.count:,} of its facts never reached this screen", "warn")
        case PersistFailed():
            return Phrase(f"its disk refused a write: {payload.reason}", "bad")
        case MessageDropped():
            if payload.reason in ("cut", "loss"):
                return None
            return Phrase(f"dropped a message from {payload.peer}: {payload.reason}", "warn")
        case MessagesMissed():
            count = counted(payload.count, "message")
            return Phrase(f"missed {count} of {payload.origin}, no longer kept anywhere", "bad")


Doubt = (
    ProbeMissed
    | SuspicionRaised
    | SuspicionConfirmed
    | SuspicionRefuted
    | HealthChanged
    | MemberFlapped
)
_DOUBTS_ITSELF: Final = {
    "answered": "",
    "failed": "a probe failed and nobody could check it",
    "unheard": "those it asked for help are silent too",
    "refuted": "it was called dead or suspect",
    "late": "its event loop runs late",
}


def of_doubt(fact: Fact, payload: Doubt) -> Phrase | None:
    """Probes and suspicions."""
    match payload:
        case ProbeMissed():
            asked = f", asks {listed(payload.asked)} to try" if payload.asked else ""
            waited = f" in {millis(payload.waited_us)}" if payload.waited_us else ""
            return Phrase(f"{payload.target} did not answer{waited}{asked}")
        case SuspicionRaised():
            if payload.accuser != fact.node:
                return None
            left = f", dead in {seconds(payload.deadline - fact.at)} unless it answers"
            left = left if payload.deadline else ""  # not every engine says how long it waits
            why = "it refused a connection" if payload.evidence == "refused" else "it is silent"
            return Phrase(f"{payload.subject} is suspect: {why}{left}", "warn")
        case SuspicionConfirmed():
            if payload.accuser in ("", fact.node):  # an engine that counts them, and names nobody
                if not payload.confirmations:
                    return None
                others = counted(payload.confirmations, "other")
                return Phrase(f"hears the same of {payload.subject} from {others}", "warn")
            return Phrase(f"{payload.accuser} suspects {payload.subject} too", "warn")
        case SuspicionRefuted():
            return Phrase(
                f"hears it is called {payload.was.word}, answers: alive, "
                f"incarnation {payload.incarnation}",
                "good",
            )
        case HealthChanged():
            if payload.old and payload.new:
                return None
            if not payload.new:
                return Phrase("trusts its own probes again", "good")
            return Phrase(f"doubts itself: {_DOUBTS_ITSELF[payload.why]}", "warn")
        case MemberFlapped():
            window = seconds(payload.window_us)
            return Phrase(
                f"{payload.subject} flaps: back {payload.flaps} times within {window}", "warn"
            )


def of_belief(fact: Fact, payload: MemberChanged, old: Belief | None) -> Phrase | None:
    """A change of belief; `old` is what this node held before."""
    name, state = payload.claim.name, payload.claim.state
    if name == fact.node:
        return Phrase("says farewell", "plain") if state is MemberState.LEFT else None
    told = payload.teller not in (fact.node, "", name)
    by = f", heard from {payload.teller}" if told else ""
    match state:
        case MemberState.ALIVE:
            if old is None:
                return Phrase(f"meets {name}{by}")
            if payload.claim.epoch > old.epoch:
                return Phrase(f"{name} is back in a new life{by}", "good")
            if old.state is MemberState.ALIVE:
                return None
            return Phrase(f"{name} is alive after all{by}", "good")
        case MemberState.SUSPECT:
            if payload.via == "probe":
                return None  # its SuspicionRaised says more
            return Phrase(
                f"{name} is suspect (incarnation {payload.claim.incarnation}){by}", "warn"
            )
        case MemberState.DEAD:
            return Phrase(f"{'declares ' if not told else ''}{name} {_dead(told)}{by}", "bad")
        case MemberState.REMOVED:
            return Phrase(f"goes on without {name}: off the ring{by}", "bad")
        case MemberState.LEFT:
            return Phrase(f"{name} has left{by}")


def _dead(told: bool) -> str:
    return "is dead" if told else "dead"


Told = FaultInjected | FaultHealed | ProcessObserved | WindowClosed | WorkloadCounted | RoomCounted
_DONE: Final = {
    "start": "started",
    "kill": "killed",
    "pause": "paused",
    "resume": "resumed",
    "cut": "cut off",
    "heal": "healed",
    "loss": "loses packets at",
    "delay": "slowed down",
    "partition": "split off",
    "isolate": "isolated",
    "wipe": "lost its disk",
    "rot": "has a rotting disk",
    "slow disk": "has a slow disk",
    "full disk": "has a full disk",
    "skew": "has a wrong clock",
    "join": "joins",
    "leave": "leaves",
    "drain": "is being drained",
    "undrain": "takes its places again",
}


def done(payload: FaultInjected | FaultHealed) -> str:
    """A fault or its end in a few words, for marks and lines: "n4 killed", "n4 healed"."""
    if isinstance(payload, FaultHealed):
        word = {"kill": "started again", "pause": "resumed", "start": "stopped"}.get(
            payload.kind, "healed"
        )
        return f"{payload.subject} {word}" if payload.subject else word
    return happening(payload.kind, payload.subject, payload.peers)


def happening(kind: FaultKind, subject: NodeId, peers: tuple[NodeId, ...]) -> str:
    """A fault in a few words: "n4 killed", "n1 split off from n3 n4 n5"."""
    to = f" from {listed(peers)}" if peers and kind != "isolate" else ""
    if kind == "loss":
        return f"{subject} loses packets{to}"
    return f"{subject} {_DONE[kind]}{to}"


_LOST: Final = re.compile(r"(\d+)% loss (with [^;]+)")
_HELD_UP: Final = re.compile(r"(\d+) ms delay to ([^;]+)")
"""In the words of a node's transport, which tells all faults in force at once."""


def _own_fault(payload: FaultInjected) -> str:
    """A fault in the node's own transport."""
    peers = listed(payload.peers) or "everyone"
    match payload.kind:
        case "loss":
            shares = [f"{share} % {rest}" for share, rest in _LOST.findall(payload.detail)]
            return (
                f"loses packets: {', '.join(shares)}" if shares else f"loses packets with {peers}"
            )
        case "delay":
            late = [f"{ms} ms to {whom}" for ms, whom in _HELD_UP.findall(payload.detail)]
            return f"sends late: {', '.join(late)}" if late else f"sends late to {peers}"
        case _:
            return f"is cut off from {peers}"


def of_witness(
    fact: Fact, payload: Told, book: Casebook, unreadable: int, audited: int
) -> Phrase | None:
    """What was done to the nodes or seen of them from outside.

    `unreadable` and `audited` are the last audit's numbers as they were known before.
    """
    match payload:
        case FaultInjected():
            if payload.subject == fact.node:
                return Phrase(_own_fault(payload), "warn")
            tone: Tone = "plain" if payload.kind in ("start", "resume", "heal") else "bad"
            return Phrase(done(payload), tone)
        case FaultHealed():
            if payload.subject == fact.node:
                return Phrase(f"can reach {listed(payload.peers) or 'everybody'} again", "good")
            return Phrase(done(payload), "good")
        case ProcessObserved():
            fault = book.lives.fault_on(payload.subject)
            if payload.state != "gone" or fault is not None:
                return None
            ours = fact.node == OBSERVER
            what = " refuses our connection" if ours else "'s process is gone"
            return Phrase(f"{payload.subject}{what}", "warn")
        case WindowClosed():
            return Phrase(payload.why or f"lost sight of {payload.subject}: its window closed")
        case WorkloadCounted():
            known = (payload.unreadable, payload.audited) == (unreadable, audited)
            return None if known else _audited(payload)
        case RoomCounted(room=room, acknowledged=given, held=held):
            has = f"{room} has {held} of the {given} answers it acknowledged"
            return Phrase(has, "good" if held >= given else "bad")


def _audited(load: WorkloadCounted) -> Phrase | None:
    if load.unreadable > 0:
        lost = f"{load.unreadable:,} of {load.audited:,} acknowledged answers"
        return Phrase(f"cannot read {lost}", "bad")
    if load.unreadable == 0:
        return Phrase(f"read {load.audited:,} acknowledged answers, all there", "good")
    return None


def spoken(fact: Fact, old: Belief | None, book: Casebook, audit: tuple[int, int]) -> Phrase | None:
    """The line for any fact, if it deserves one."""
    payload = fact.payload
    match payload:
        case (
            MessageSent()
            | MessageReceived()
            | PulseReported()
            | SnapshotTaken()
            | NameClaimed()
            | NameWon()
            | NameLost()
            | NameFenced()
            | RoomStarted()
            | RoomExited()
            | RoomCheckpointed()
            | RoomMoveBegan()
            | RoomMoved()
            | RoomStayed()
            | SupervisorEscalated()
            | FlowMeasured()
            | WatchSampled()
        ):
            return None  # rooms are told several at once: `tui.folding.bursts`
        case MemberChanged():
            told = of_belief if fact.basis == "reported" else held
            return told(fact, payload, old)
        case (
            ProbeMissed()
            | SuspicionRaised()
            | SuspicionConfirmed()
            | SuspicionRefuted()
            | HealthChanged()
            | MemberFlapped()
        ):
            return of_doubt(fact, payload)
        case (
            NodeStarted()
            | NodeStopped()
            | StallNoticed()
            | FactsLost()
            | PersistFailed()
            | MessageDropped()
            | MessagesMissed()
            | KindUnknown()
        ):
            return of_itself(payload)
        case (
            RingChanged()
            | TransfersQueued()
            | TransferStarted()
            | TransferProgressed()
            | TransferWaited()
            | TransferStalled()
            | TransferCancelled()
            | TransferResumed()
            | TransferFinished()
            | PartitionFilled()
            | DrainProgressed()
            | DrainEnded()
            | HintsHandedOver()
        ):
            return of_places(payload, book.lives.life(fact.node).table, fact.node)
        case (
            OperationStarted()
            | OperationFinished()
            | SiblingsKept()
            | HintStored()
            | HintsDelivered()
            | ReadRepaired()
        ):
            return of_data(payload)
        case (
            TreeCompared()
            | TreeRebuilt()
            | CopiesDropped()
            | HintsExpired()
            | RecordRotted()
            | TombstonesReaped()
            | ReapingWaited()
        ):
            return of_upkeep(payload)
        case TopicPublished() | TopicDelivered():
            return of_topics(payload)
        case MasterChosen() | ReignBegan() | ReignEnded() | TermRefused() | WritesDiscarded():
            return of_reigns(payload, fact.node)
        case FlowStarted() | FlowStopped() | FlowOverflowed() | FlowLost():
            return of_flows(payload)
        case (
            FaultInjected()
            | FaultHealed()
            | ProcessObserved()
            | WindowClosed()
            | WorkloadCounted()
            | RoomCounted()
        ):
            return of_witness(fact, payload, book, *audit)
