"""The frozen picture of a cluster: all that any screen may draw from.

Only `tui.fold` makes these, from facts. Nothing here is assumed by the drawing program: a node's
row is what that node reported, the lab's word is kept apart from the nodes' beliefs, and what has
not been heard is absent. Times are microseconds since 1970 (the facts' own clock).

`gc=False`: frozen trees of frozen values can hold no cycle, and there are tens of thousands of them
in every view, through which Python's collector would look in vain.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cluster.config import ArchitectureName
from cluster.model.casebook import Casebook
from cluster.model.facts import Via, WatchSampled, WorkloadCounted
from cluster.model.flow.pipeline import StageRow, Way
from cluster.model.incident import Incident
from cluster.model.judging.deeds import Reign
from cluster.model.member import Address, MemberState, NodeId
from cluster.model.summary import (
    NO_ROOMS,
    NO_RULE,
    NO_TOPICS,
    Depth,
    DrainRow,
    Likeness,
    Rates,
    RingTable,
    RoomsTally,
    Rule,
    Telling,
    TopicsTally,
    TransferRow,
)
from tui.seen.rooms import Rooms
from tui.seen.topics import Broadcasts
from tui.seen.trace import Trace
from tui.seen.upkeep import Upkeep, UpkeepKind

ProcessState = Literal["unknown", "starting", "running", "paused", "gone"]


class Belief(Struct, frozen=True, gc=False):
    """What one observer thinks of one subject."""

    state: MemberState
    epoch: int
    incarnation: int
    since: int
    accuser: NodeId
    via: Via
    teller: NodeId
    deadline: int = 0
    """For a suspect: when this observer will declare it dead."""
    confirmations: int = 0


class Sample(Struct, frozen=True, gc=False):
    """One pulse of one node, as rates."""

    at: int
    interval_us: int
    rates: Rates
    sent: dict[str, int]
    bytes_out: int
    bytes_in: int
    dropped: int
    hints: int
    lag_us: int
    resident_bytes: int
    weights: tuple[int, ...] = ()
    """Bytes sent, per family of messages (`tui.seen.traffic.FAMILIES`); empty: not weighed."""
    disk_bytes: int = 0
    """Brought to disk."""


class NodeView(Struct, frozen=True, gc=False):
    """One node: what it says of itself and of the others, and what the lab sees of its process."""

    name: NodeId
    epoch: int = 0
    incarnation: int = 0
    profile: str = ""
    pid: int = 0
    gossip: Address = Address("")
    window: Address = Address("")
    process: ProcessState = "unknown"
    """From outside; "unknown" when no lab runs this node."""
    process_since: int = 0
    """When it was first seen so; 0: never."""
    connected: bool = False
    """Whether its facts reach us now."""
    reported_at: int = 0
    """When its last fact was made."""
    started_at: int = 0
    beliefs: dict[NodeId, Belief] = {}
    """Its row of the matrix: every *other* member it has heard of."""
    heard: dict[NodeId, int] = {}
    """When it last heard directly from each other member."""
    ring: RingTable | None = None
    ringless: bool = False
    """It has told its whole state, and there is no ring in it: a cluster that places no keys."""
    keys: int = 0
    filling: int = 0
    waiting_on: str = ""
    """What its oldest unfilled partition waits for."""
    hints: tuple[Depth, ...] = ()
    view_digest: str = ""
    samples: tuple[Sample, ...] = ()
    """The last 60 s, oldest first."""
    faults: tuple[str, ...] = ()
    faults_allowed: bool = False
    filling_partitions: tuple[int, ...] = ()
    """Which of its partitions it may not answer reads for yet; `filling` is the exact number."""
    transfers: dict[int, TransferRow] = {}
    """How each of these stands, as far as it was told."""
    drain: DrainRow | None = None
    """How far it is with giving up its places; None when it keeps them."""
    stock: tuple[int, ...] = ()
    """Keys it held of each partition when it last said so."""
    write_quorum: int = 0
    read_quorum: int = 0
    departed: bool = False
    """It said farewell."""
    health: int = 0
    """Its local health score: 0 is well, more means that it doubts its own failure detector."""
    trees: tuple[Likeness, ...] = ()
    """How its hash trees compare with each other owner's, as it last found."""
    architecture: ArchitectureName = "masterless"
    rule: Rule = NO_RULE
    """Whom it takes for the master, and whether it acts as one."""
    queue: int = 0
    """Requests that wait for the one process that takes them, where there is one."""
    rooms: RoomsTally = NO_ROOMS
    """What its last pulse said of its rooms."""
    rooms_us: int = 0
    """The interval of that pulse."""
    topics: TopicsTally = NO_TOPICS
    """What its last pulse said of its topics."""
    round_trips: dict[NodeId, int] = {}
    """How long each other member last took to answer its probe, microseconds."""
    flaps: int = 0
    """How often it came back within a short time, as another last told of it."""
    telling: Telling | None = None
    """How much of it can be told, when it is a node of another engine."""
    extras: tuple[tuple[str, str], ...] = ()
    """What only its engine has: (what, how much), for people to read."""
    refused_at: int = 0
    """When its disk last refused a write; 0: never."""
    refusal: str = ""
    """Why it did."""


MessageId = tuple[NodeId, int, int]
"""(sender, sender's epoch, number)."""


class Message(Struct, frozen=True, gc=False):
    """A traced message between two nodes."""

    id: MessageId
    to: NodeId
    kind: str
    key: str
    about: NodeId
    sent_at: int
    received_at: int = 0
    """0: not (yet) known to have arrived."""


class EventLine(Struct, frozen=True, gc=False):
    """One line of the log at the foot of the home screen."""

    at: int
    node: NodeId
    text: str
    """A sentence without its node, e.g. "n4 is suspect (incarnation 6)"."""
    tone: Literal["plain", "good", "warn", "bad", "muted"]


class Mark(Struct, frozen=True, gc=False):
    """A moment worth jumping to."""

    at: int
    label: str
    kind: Literal["fault", "heal", "suspect", "dead", "back"]


class Arrival(Struct, frozen=True, gc=False):
    """The far end of a message whose near end has not been told yet."""

    at: int
    to: NodeId
    kind: str


class Moment(Struct, frozen=True, gc=False):
    """The cluster as it stood at one tick of `MOMENT_US`: what the long sparklines draw."""

    at: int
    served: tuple[int, ...]
    """How many partitions have 0, 1 ... N owners that serve."""
    hints: int
    """Waiting at live nodes."""
    behind: dict[NodeId, int]
    """Per live observer: how many of its beliefs differ from the newest known."""
    answers_per_s: float = -1.0
    """The workload's answers that succeeded, in its last interval; -1 when there is none."""
    failed: int = 0
    """Its answers that failed, or may have, in the same interval."""


class Disagreement(Struct, frozen=True, gc=False):
    """A time during which the live nodes did not all believe the same."""

    began: int
    subjects: tuple[NodeId, ...]
    """About whom."""
    text: str = ""
    """The news that had to spread, e.g. "n4 is suspect"."""
    ended: int = 0
    """0: still."""


class Discard(Struct, frozen=True, gc=False):
    """A node threw away what it had taken as master, to copy another master."""

    at: int
    node: NodeId
    count: int
    master: NodeId


class Tally(Struct, frozen=True, gc=False):
    """How the workload's answers ended in one of its intervals."""

    began: int
    at: int
    """When it ended."""
    tried: int
    succeeded: int


class Court(Struct, frozen=True, gc=False):
    """What became of masters, and of those who asked them. Empty where there are none."""

    reigns: tuple[Reign, ...] = ()
    """In order of their beginnings; the time in which a process was stopped or dead is cut out. At
    most `REIGNS_MAX`."""
    discards: tuple[Discard, ...] = ()
    """At most `REIGNS_MAX`, oldest first."""
    tallies: tuple[Tally, ...] = ()
    """Of every workload, masters or not: at most `TALLIES_MAX`, oldest first."""


class FlowDepth(Struct, frozen=True, gc=False):
    """How much waited at a stage, and in front of it, at one moment."""

    at: int
    queue: int
    waiting: int
    """At the source, not taken."""


class FlowStage(Struct, frozen=True, gc=False):
    """One stage of a pipeline, as its node last measured it."""

    node: NodeId
    epoch: int
    row: StageRow
    at: int
    """When that was."""
    ended: bool = False
    entered_per_s: float = 0.0
    """Over the time since the measurement before; the same for the next two."""
    left_per_s: float = 0.0
    refused_per_s: float = 0.0
    history: tuple[FlowDepth, ...] = ()
    """Oldest first, at most `FLOW_HISTORY_MAX`."""


class FlowView(Struct, frozen=True, gc=False):
    """One pipeline."""

    name: str
    way: Way = "demand"
    stages: dict[int, FlowStage] = {}
    """By their place in it, those heard of."""
    at: int = 0
    """When anything was last heard of it."""

    @property
    def running(self) -> bool:
        """Whether some stage of it has not ended."""
        return not self.stages or any(not stage.ended for stage in self.stages.values())


class ClusterView(Struct, frozen=True, gc=False):
    """Everything known at one moment. An empty one is `ClusterView()`."""

    at: int = 0
    """The latest time any fact was made."""
    facts: int = 0
    nodes: dict[NodeId, NodeView] = {}
    """By name, in natural order (n2 before n10)."""
    messages: dict[MessageId, Message] = {}
    """The last few seconds of traced messages, oldest first, at most `MESSAGES_MAX`."""
    events: tuple[EventLine, ...] = ()
    """At most `EVENTS_MAX`, oldest first."""
    marks: tuple[Mark, ...] = ()
    incidents: tuple[Incident, ...] = ()
    """Oldest first; the open ones have no `ended`."""
    load: WorkloadCounted | None = None
    load_failed: int = 0
    """Answers that failed, or may have, in the workload's last interval."""
    calm_outage_us: int = 0
    """The longest time without an answer before anything had failed: a busy machine's, no failure's."""
    audited_at: int = 0
    """When the workload last read its acknowledged answers back."""
    lost: int = 0
    """Facts that never reached us."""
    lost_at: int = 0
    """When the last of them was missed."""
    casebook: Casebook = Casebook()
    """Where `incidents` come from."""
    sample: WatchSampled | None = None
    """When only some of the nodes are watched: which, and what was counted over all of them."""
    heads: dict[NodeId, tuple[int, int]] = {}
    """Per node the (epoch, seq) of its latest fact: what a resumed observer may skip."""
    arrivals: dict[MessageId, Arrival] = {}
    """Messages received before we were told that they were sent."""
    history: tuple[Moment, ...] = ()
    """The last few minutes, oldest first, at most `HISTORY_MAX`."""
    disagreements: tuple[Disagreement, ...] = ()
    """At most `DISAGREEMENTS_MAX`, oldest first."""
    court: Court = Court()
    rooms: Rooms = Rooms()
    trace: Trace = Trace()
    """The last seconds of what caused what."""
    flows: dict[str, FlowView] = {}
    """Pipelines by name, at most `FLOWS_MAX`."""
    broadcasts: Broadcasts = {}
    """The last traced ones of the topics that spoke last, with their ways."""
    upkeep: dict[UpkeepKind, Upkeep] = {}
    """What the nodes do alike just now, which one line of the log tells."""


MESSAGES_MAX = 1_024
EVENTS_MAX = 200
SAMPLES_US = 64_000_000
"""A minute, and what a plot of it needs more: the slot being filled, and whoever reports late."""
MESSAGE_US = 15_000_000
"""A traced message is forgotten this long after it was sent."""
MARKS_MAX = 200
MOMENT_US = 250_000
HISTORY_MAX = 720
DISAGREEMENTS_MAX = 50
REIGNS_MAX = 64
FLOWS_MAX = 32
FLOW_HISTORY_MAX = 240
"""A minute of the demo's pulses."""
TALLIES_MAX = 80
"""Twenty seconds of the lab's quiz."""
LAB = NodeId("lab")
OBSERVER = NodeId("observer")
"""The two who speak in facts and are no nodes: the lab, and the program that watches."""
