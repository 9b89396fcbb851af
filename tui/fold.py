"""fold(view, facts) -> view: the only way a view is ever made.

Pure: the given view is never changed, a new one shares what stayed the same. Every kind of fact
has a branch (the type checker finds a forgotten one). Facts of one node arrive in their order,
those of different nodes slightly mixed. What was folded before is ignored when it comes again
(after a resume), and so is what an earlier life of a node says once a newer one has spoken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

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
from tui.folding import row
from tui.folding.draft import Draft
from tui.folding.flows import Flowing, flowing
from tui.view import LAB, OBSERVER, ClusterView, NodeView

APART: Final = frozenset((
    MessageSent, MessageReceived, OperationStarted, OperationFinished, TransfersQueued,
    TransferFinished,
))  # fmt: skip
"""Facts whose folding reads no row: of most facts, so rows are written only before others."""


def fold(view: ClusterView, facts: Sequence[Fact]) -> ClusterView:
    """The view after these facts."""
    if not facts:
        return view
    draft = Draft(view)
    for fact in facts:
        if draft.is_news(fact):
            draft.attend(fact)
            _take(draft, fact)
    return draft.done()


def _take(draft: Draft, fact: Fact) -> None:
    draft.tick(fact.at)
    payload = fact.payload
    apart = type(payload) in APART and draft.murmurs.spoke(fact)
    node = None if apart else _reporting(draft, fact)
    match payload:
        case MessageSent():
            draft.sent(fact, payload)
            return
        case MessageReceived():
            draft.received(fact, payload)
            draft.murmurs.heard(fact.node, payload.sender, fact.at)
            return
        case OperationStarted() | TransfersQueued() | TransferFinished():
            return
        case (
            RoomCheckpointed()
            | NameClaimed()
            | NameWon()
            | NameLost()
            | NameFenced()
            | RoomStarted()
            | RoomExited()
            | RoomMoveBegan()
            | RoomMoved()
            | RoomStayed()
            | SupervisorEscalated()
        ):
            draft.rooms.take(fact, payload, draft.nodes)
            return
        case (
            MessageDropped()
            | OperationFinished()
            | SiblingsKept()
            | ReadRepaired()
            | TombstonesReaped()
            | ReapingWaited()
            | MessagesMissed()
            | TopicPublished()
            | TopicDelivered()
            | StallNoticed()
            | TreeRebuilt()
            | CopiesDropped()
            | RecordRotted()
            | HintsExpired()
            | WritesDiscarded()
            | TermRefused()
            | FlowOverflowed()
            | FlowLost()
            | RoomCounted()
            | KindUnknown()
        ):
            draft.speak(fact, None)
            return
        case (
            FactsLost()
            | ProbeMissed()
            | ProcessObserved()
            | WindowClosed()
            | WorkloadCounted()
            | MemberFlapped()
            | MasterChosen()
            | ReignBegan()
            | ReignEnded()
            | FlowStarted()
            | FlowStopped()
            | FlowMeasured()
            | WatchSampled()
        ):
            _seen(draft, fact, payload)
        case FaultInjected() | FaultHealed():
            draft.mark_fault(fact, payload)
            if node is not None:
                draft.nodes[fact.node] = row.own_fault(node, payload)
        case (
            NodeStarted()
            | NodeStopped()
            | SnapshotTaken()
            | PulseReported()
            | MemberChanged()
            | SuspicionRaised()
            | SuspicionConfirmed()
            | SuspicionRefuted()
            | HealthChanged()
            | RingChanged()
            | TransferStarted()
            | TransferProgressed()
            | TransferWaited()
            | TransferStalled()
            | TransferCancelled()
            | TransferResumed()
            | PartitionFilled()
            | DrainProgressed()
            | DrainEnded()
            | HintStored()
            | HintsDelivered()
            | TreeCompared()
            | HintsHandedOver()
            | PersistFailed()
        ):
            if node is not None:
                _said(draft, fact, node, payload)
    draft.consider(fact)


def _reporting(draft: Draft, fact: Fact) -> NodeView | None:
    """The row of a node that has just spoken: its facts reach us. None: it was no node."""
    draft.murmurs.settle()
    if fact.node in (LAB, OBSERVER):
        return None
    node = draft.nodes.get(fact.node)
    if node is None:
        node = NodeView(fact.node)
    if fact.epoch > node.epoch:
        node = row.new_life(node, fact.epoch)
    at = max(node.reported_at, fact.at)
    node = draft.nodes[fact.node] = replace(node, reported_at=at, connected=True)
    return node


def _seen(
    draft: Draft,
    fact: Fact,
    payload: FactsLost
    | ProbeMissed
    | ProcessObserved
    | WindowClosed
    | WorkloadCounted
    | WatchSampled
    | MemberFlapped
    | row.Reigning
    | Flowing,
) -> None:
    """What the lab, the observer or a prober sees from outside, what it missed; who is master; how items flow."""
    match payload:
        case FactsLost():
            draft.miss(fact, payload)
        case FlowStarted() | FlowStopped() | FlowMeasured():
            draft.speak(fact, None)
            draft.flows = flowing(draft.flows, fact, payload)
        case MasterChosen() | ReignBegan() | ReignEnded():
            draft.speak(fact, None)
            draft.nodes[fact.node] = row.reigning(draft.nodes[fact.node], payload)
        case ProbeMissed():
            draft.speak(fact, None)
        case MemberFlapped(subject=subject, flaps=flaps):
            draft.speak(fact, None)
            draft.nodes[subject] = replace(draft.node(subject), flaps=flaps)
        case ProcessObserved():
            draft.speak(fact, None)
            draft.process(fact, payload)
        case WindowClosed():
            draft.speak(fact, None)
            draft.window_closed(payload.subject)
        case WatchSampled():
            draft.sample = payload
        case WorkloadCounted():
            draft.speak(fact, None)
            draft.counted(fact, payload)


Said = (
    NodeStarted
    | NodeStopped
    | SnapshotTaken
    | PulseReported
    | MemberChanged
    | SuspicionRaised
    | SuspicionConfirmed
    | SuspicionRefuted
    | HealthChanged
    | RingChanged
    | row.Moved
    | PartitionFilled
    | DrainProgressed
    | DrainEnded
    | HintStored
    | HintsDelivered
    | TreeCompared
    | HintsHandedOver
    | PersistFailed
)


def _said(draft: Draft, fact: Fact, node: NodeView, payload: Said) -> None:
    """What a node says of itself and of the others."""
    match payload:
        case PulseReported():
            changed = row.pulse(node, fact, payload)
        case SnapshotTaken():
            changed = row.snapshot(node, fact, payload)
            for fate in payload.members:
                draft.introduce(fate.claim)
        case MemberChanged():
            draft.speak(fact, node.beliefs.get(payload.claim.name))
            changed = row.belief(node, fact, payload)
            draft.introduce(payload.claim)
        case NodeStarted() | NodeStopped() | PersistFailed():
            draft.speak(fact, None)
            changed = row.lifecycle(node, fact, payload)
        case SuspicionRaised() | SuspicionConfirmed() | SuspicionRefuted():
            draft.speak(fact, None)
            changed = row.belief(node, fact, payload)
        case HealthChanged():
            draft.speak(fact, None)
            changed = replace(node, health=payload.new)
        case RingChanged() | PartitionFilled() | DrainProgressed() | DrainEnded():
            draft.speak(fact, None)
            changed = row.placing(node, payload)
        case (
            TransferStarted()
            | TransferProgressed()
            | TransferWaited()
            | TransferStalled()
            | TransferCancelled()
            | TransferResumed()
        ):
            draft.speak(fact, None)
            changed = row.moved(node, payload)
        case HintStored() | HintsDelivered() | HintsHandedOver():
            draft.speak(fact, None)
            changed = row.depths(node, fact, payload)
        case TreeCompared():
            draft.speak(fact, None)
            changed = row.likeness(node, fact, payload)
    draft.nodes[node.name] = changed
