"""Everything a cluster says about itself: the one vocabulary of all screens, tests and recordings.

A fact is past tense. Its envelope says who noticed it, when by that node's clock, what caused it
and how it is known. Facts of one (node, epoch) are numbered without gaps; an observer that misses
some is told so (`FactsLost`) and gets a new `SnapshotTaken`, which is itself a fact, so that a
fold over facts is the only way a view is ever made.

Sampling: a message's two ends are reported only when its sender marked it `traced`; the exact
totals of everything are in `PulseReported`. Times are microseconds since 1970 by the noticing
node's clock; durations end in `_us`.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from msgspec import Struct

from cluster.config import ArchitectureName
from cluster.model.happenings.data import (
    CopiesDropped,
    HintsDelivered,
    HintsExpired,
    HintStored,
    MessagesMissed,
    OperationFinished,
    OperationStarted,
    ReadRepaired,
    RecordRotted,
    SiblingsKept,
    TreeCompared,
    TreeRebuilt,
)
from cluster.model.happenings.data import OperationKind as OperationKind
from cluster.model.happenings.data import Outcome as Outcome
from cluster.model.happenings.flow import (
    FlowLost,
    FlowMeasured,
    FlowOverflowed,
    FlowStarted,
    FlowStopped,
)
from cluster.model.happenings.graves import ReapingWaited, TombstonesReaped
from cluster.model.happenings.moves import (
    DrainEnded,
    DrainProgressed,
    HintsHandedOver,
    PartitionFilled,
    RingChanged,
    TransferCancelled,
    TransferFinished,
    TransferProgressed,
    TransferResumed,
    TransfersQueued,
    TransferStalled,
    TransferStarted,
    TransferWaited,
)
from cluster.model.happenings.outside import (
    FaultHealed,
    FaultInjected,
    KindUnknown,
    ProcessObserved,
    RoomCounted,
    WatchSampled,
    WindowClosed,
    WorkloadCounted,
)
from cluster.model.happenings.reigns import (
    MasterChosen,
    ReignBegan,
    ReignEnded,
    TermRefused,
    WritesDiscarded,
)
from cluster.model.happenings.rooms import (
    NameClaimed,
    NameFenced,
    NameLost,
    NameWon,
    RoomCheckpointed,
    RoomExited,
    RoomMoveBegan,
    RoomMoved,
    RoomStarted,
    RoomStayed,
    SupervisorEscalated,
)
from cluster.model.happenings.topics import TopicDelivered, TopicPublished
from cluster.model.member import Address, Claim, MemberState, NodeId
from cluster.model.summary import (
    NO_ROOMS,
    NO_RULE,
    NO_TOPICS,
    Depth,
    DrainRow,
    Fate,
    Likeness,
    Rates,
    RingTable,
    RoomRow,
    RoomsTally,
    Rule,
    Telling,
    TopicsTally,
    TransferRow,
)

Basis = Literal["reported", "inferred", "polled"]
Via = Literal["probe", "gossip", "pushpull", "timer", "operator", "self", "boot"]
Evidence = Literal["silent", "refused"]
HealthReason = Literal["answered", "failed", "unheard", "refuted", "late"]
"""A probe was answered, failed with nobody to check it, or failed while helpers that owe a nack
were not heard; it had to refute an accusation; its event loop runs late."""
DropReason = Literal["malformed", "oversized", "foreign", "cut", "loss", "overload", "unknown"]


class FactId(NamedTuple):
    """Names one fact for ever."""

    node: NodeId
    epoch: int
    seq: int


# --- the node itself -----------------------------------------------------------------------------


class NodeStarted(Struct, frozen=True, array_like=True, tag="node.start"):
    """A node came up; `epoch` in the envelope is its new life."""

    profile: str
    pid: int
    restored_keys: int


class NodeStopped(Struct, frozen=True, array_like=True, tag="node.stop"):
    """A node ended on purpose."""

    reason: str


class SnapshotTaken(Struct, frozen=True, array_like=True, tag="snapshot"):
    """A node's whole state, so that an observer can begin anywhere."""

    name: NodeId
    incarnation: int
    profile: str
    pid: int
    gossip: Address
    window: Address
    started_at: int
    write_quorum: int
    read_quorum: int
    members: tuple[Fate, ...]
    """Every other member it knows, and itself."""
    ring: RingTable
    keys: int
    """Keys it holds in partitions it owns."""
    filling: tuple[int, ...]
    """Partitions it owns but may not answer reads for yet."""
    hints: tuple[Depth, ...]
    faults: tuple[str, ...]
    """Faults in force in its own transport, in words."""
    faults_allowed: bool
    trouble: str = ""
    """Why the disk refused its last write; empty when it took it."""
    transfers: tuple[TransferRow, ...] = ()
    """How each of its `filling` partitions stands, and what it takes from members that drain."""
    drain: DrainRow | None = None
    """When it has given up its places."""
    stock: tuple[int, ...] = ()
    """How many keys it holds of each partition, owned or not."""
    trees: tuple[Likeness, ...] = ()
    """How its hash trees compare with those of each owner it shares partitions with."""
    architecture: ArchitectureName = "masterless"
    rule: Rule = NO_RULE
    """Whom it takes for the master, and whether it acts as one."""
    rooms: tuple[RoomRow, ...] = ()
    """The rooms it runs, starts or has given up."""
    telling: Telling | None = None
    """How much it can tell, when it is not one of ours."""


class PulseReported(Struct, frozen=True, array_like=True, gc=False, tag="pulse"):
    """Exact totals over the last `interval_us`, and depths as they are now."""

    interval_us: int
    incarnation: int
    rates: Rates
    sent: dict[str, int]
    """Messages by kind. Kinds are the class names of the messages, lower case."""
    received: dict[str, int]
    dropped: dict[str, int]
    """By reason."""
    bytes_out: int
    bytes_in: int
    untraced: int
    """Messages sent without a `MessageSent` of their own."""
    keys: int
    filling: int
    hints: tuple[Depth, ...]
    heard: dict[NodeId, int]
    """When each other member was last heard from directly, by this node's clock."""
    view: str
    """Digest of this node's beliefs; equal digests mean equal views."""
    ring: str
    lag_us: int
    """The worst lateness of a timer in the interval: an event loop's pause."""
    resident_bytes: int
    health: int = 0
    """The local health score (Lifeguard): 0 is well, more means that it accuses more slowly."""
    trees: tuple[Likeness, ...] = ()
    """As in the snapshot."""
    rotted: int = 0
    """Damaged things read from the disk since the node came up."""
    queue: int = 0
    """Requests waiting for the one process that takes them, where there is one."""
    delivered: int = 0
    """Messages handed to subscribers of topics here."""
    rooms: RoomsTally = NO_ROOMS
    topics: TopicsTally = NO_TOPICS
    weights: dict[str, int] = {}
    """Bytes sent by kind of message; empty where nobody weighs them (a simulated network)."""
    round_trips: dict[NodeId, int] = {}
    """Of the members probed in the interval that answered themselves: how long that took (us)."""
    disk_bytes: int = 0
    """Rows brought to disk, keys and values; what a store adds around them is not in it."""
    extras: tuple[tuple[str, str], ...] = ()
    """What only its engine has, for people to read: (what, how much)."""


class StallNoticed(Struct, frozen=True, array_like=True, tag="node.stall"):
    """The node found that it had not run for a while (paused, swapped, a slow callback)."""

    late_us: int


class FactsLost(Struct, frozen=True, array_like=True, tag="facts.lost"):
    """An observer was too slow, or asked for facts no longer kept. A snapshot follows."""

    count: int


class PersistFailed(Struct, frozen=True, array_like=True, tag="store.fail"):
    """The disk refused a write; whatever it was for was not acknowledged."""

    reason: str


# --- messages ------------------------------------------------------------------------------------


class MessageSent(Struct, frozen=True, array_like=True, gc=False, tag="msg.send"):
    """A traced message left. (sender, sender's epoch, number) names it at both ends."""

    number: int
    to: NodeId
    kind: str
    size: int
    """Bytes; 0 when the core does not know."""
    key: str = ""
    """For data messages: the key, shortened."""
    about: NodeId = NodeId("")
    """For probes on behalf and for rumours: whom it is about."""


class MessageReceived(Struct, frozen=True, array_like=True, gc=False, tag="msg.recv"):
    """A traced message arrived."""

    sender: NodeId
    sender_epoch: int
    number: int
    kind: str


class MessageDropped(Struct, frozen=True, array_like=True, tag="msg.drop"):
    """Something on a socket was not taken: nonsense, another cluster's, or a fault's victim."""

    reason: DropReason
    peer: str
    """A node's name where known, else an address."""
    detail: str


# --- membership ----------------------------------------------------------------------------------


class ProbeMissed(Struct, frozen=True, array_like=True, tag="probe.miss"):
    """A direct ping went unanswered; others are being asked."""

    target: NodeId
    waited_us: int
    asked: tuple[NodeId, ...]


class SuspicionRaised(Struct, frozen=True, array_like=True, tag="suspect.open"):
    """This node now suspects `subject` (by its own probe, or because it was told)."""

    subject: NodeId
    subject_epoch: int
    incarnation: int
    accuser: NodeId
    evidence: Evidence
    deadline: int
    """When it will be declared dead here unless it answers."""


class SuspicionConfirmed(Struct, frozen=True, array_like=True, tag="suspect.confirm"):
    """Another accuser of the same incarnation was heard of."""

    subject: NodeId
    accuser: NodeId
    confirmations: int
    deadline: int


class SuspicionRefuted(Struct, frozen=True, array_like=True, tag="suspect.refute"):
    """This node heard itself accused and raised its incarnation (only the accused may)."""

    incarnation: int
    was: MemberState
    accuser: NodeId


class MemberChanged(Struct, frozen=True, array_like=True, tag="member.state"):
    """This node's belief about `claim.name` changed."""

    claim: Claim
    old: MemberState | None
    via: Via
    teller: NodeId
    """Who told it, or this node itself."""


class HealthChanged(Struct, frozen=True, array_like=True, tag="health.change"):
    """This node trusts its own failure detector less (a higher score) or more than before."""

    old: int
    new: int
    why: HealthReason


class MemberFlapped(Struct, frozen=True, array_like=True, tag="member.flap"):
    """A member is alive again, for the `flaps`th time within `window_us`."""

    subject: NodeId
    flaps: int
    window_us: int


Payload = (
    NodeStarted
    | NodeStopped
    | SnapshotTaken
    | PulseReported
    | StallNoticed
    | FactsLost
    | PersistFailed
    | MessageSent
    | MessageReceived
    | MessageDropped
    | ProbeMissed
    | SuspicionRaised
    | SuspicionConfirmed
    | SuspicionRefuted
    | MemberChanged
    | HealthChanged
    | MemberFlapped
    | RingChanged
    | DrainProgressed
    | DrainEnded
    | HintsHandedOver
    | TransfersQueued
    | TransferStarted
    | TransferProgressed
    | TransferStalled
    | TransferCancelled
    | TransferResumed
    | TransferWaited
    | TransferFinished
    | PartitionFilled
    | OperationStarted
    | OperationFinished
    | SiblingsKept
    | HintStored
    | HintsDelivered
    | HintsExpired
    | ReadRepaired
    | TombstonesReaped
    | ReapingWaited
    | MessagesMissed
    | TopicPublished
    | TopicDelivered
    | TreeCompared
    | TreeRebuilt
    | RecordRotted
    | CopiesDropped
    | MasterChosen
    | ReignBegan
    | ReignEnded
    | WritesDiscarded
    | TermRefused
    | NameClaimed
    | NameWon
    | NameLost
    | NameFenced
    | RoomStarted
    | RoomExited
    | RoomCheckpointed
    | RoomMoveBegan
    | RoomMoved
    | RoomStayed
    | SupervisorEscalated
    | FlowStarted
    | FlowStopped
    | FlowMeasured
    | FlowOverflowed
    | FlowLost
    | FaultInjected
    | FaultHealed
    | ProcessObserved
    | WindowClosed
    | WorkloadCounted
    | RoomCounted
    | WatchSampled
    | KindUnknown
)


class Fact(Struct, frozen=True, array_like=True, gc=False):
    """The envelope. (node, epoch, seq) is its id; seq counts from 1 within a boot."""

    node: NodeId
    epoch: int
    seq: int
    at: int
    hlc: int
    """Hybrid logical clock (Kulkarni et al. 2014) as one integer: max(now, last + 1, heard + 1)."""
    payload: Payload
    causes: tuple[FactId, ...] = ()
    basis: Basis = "reported"

    @property
    def id(self) -> FactId:
        """This fact's name, for `causes` of later ones."""
        # What `FactId(...)` does, without its layer in Python: each traced message asks twice.
        return tuple.__new__(FactId, (self.node, self.epoch, self.seq))  # pyright: ignore[reportUnknownMemberType]
