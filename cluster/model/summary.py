"""What a node says of its whole state: the values inside snapshots, pulses and ring changes."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cluster.model.member import NOBODY, Claim, NodeId
from cluster.model.rooms.naming import Token


class Fate(Struct, frozen=True, array_like=True):
    """One member as a node believes it to be, inside a snapshot."""

    claim: Claim
    since: int
    """When this belief began."""
    heard: int
    """When the member was last heard from directly; 0 is never."""


class RingTable(Struct, frozen=True, array_like=True):
    """The ownership table a node is using."""

    digest: str
    members: tuple[NodeId, ...]
    partitions: int
    replicas: int
    owners: tuple[tuple[int, ...], ...]
    """Per partition, best first: indexes into `members`."""
    slots: int = 0
    """Of another engine whose places are finer: how many there are, in partitions of equal length; 0:
    partitions are the places themselves."""
    led: bool = False
    """The first owner of a partition is its master: without it the others only keep copies."""


class Depth(Struct, frozen=True, array_like=True, gc=False):
    """How many hints wait for one member, and since when the oldest does."""

    target: NodeId
    count: int
    oldest_at: int


class Likeness(Struct, frozen=True, array_like=True, gc=False):
    """How a node's hash trees compare with another owner's, partition by partition."""

    peer: NodeId
    at: int
    """When they were last compared; 0 is never."""
    shared: int
    """Partitions that both own."""
    differing: int = 0
    """Of these: trees that differ in a leaf nobody has written to just now."""
    moving: int = 0
    """Trees that differ only where a write is on its way."""
    unready: int = 0
    """Trees that say nothing yet, at either end: being built, or the partition being filled."""

    @property
    def clean(self) -> bool:
        """Whether all they share was found equal, writes on their way aside."""
        return self.at > 0 and not self.differing and not self.unready


Times = dict[int, int]
"""How many durations fell into each bucket (`bucket_of`): sums of such are exact, whatever the nodes."""
_FINE = 3


def bucket_of(us: int) -> int:
    """The bucket of a duration: eight to each doubling, so that a bucket's middle is at most 6 % off
    (the layout of HdrHistogram; G. Tene). Below 8 us each has its own.
    """
    us = max(0, us)
    shift = us.bit_length() - 1 - _FINE
    return us if shift < 1 else (shift << _FINE) + (us >> shift)


def middle_of(bucket: int) -> float:
    """The middle of a bucket, microseconds."""
    shift = (bucket >> _FINE) - 1
    if shift < 1:
        return float(bucket)
    low = (bucket - (shift << _FINE)) << shift
    return low + ((1 << shift) - 1) / 2


def percentile_of(times: Times, percent: int) -> float:
    """The duration that so many of a hundred did not exceed, microseconds; -1 of none."""
    rank = (sum(times.values()) - 1) * percent // 100
    for bucket in sorted(times):
        rank -= times[bucket]
        if rank < 0:
            return middle_of(bucket)
    return -1.0


class Rates(Struct, frozen=True, array_like=True, gc=False):
    """What one node did for clients during one pulse period."""

    puts: int = 0
    gets: int = 0
    failed: int = 0
    """Operations that did not reach their quorum."""
    put_p50_us: int = 0
    put_p99_us: int = 0
    get_p50_us: int = 0
    get_p99_us: int = 0
    """Zero when there was none."""
    speculated: int = 0
    """Reads that asked one more replica because one was slow."""
    put_times: Times = {}
    get_times: Times = {}
    """All of them; the percentiles above are of one node and cannot be added up, these can."""


TransferState = Literal["queued", "running", "waiting", "cancelled"]


class TransferRow(Struct, frozen=True, array_like=True):
    """One partition on its way to its new owner."""

    partition: int
    state: TransferState
    source: NodeId
    """Who gives now; empty when nobody does."""
    merged: tuple[NodeId, ...]
    """Holders of everything that have given all of it."""
    needed: int
    """How many of those it takes."""
    keys: int
    """Fetched so far, from all sources, in this life."""
    size: int
    """Bytes of these."""
    rate: int
    """Bytes a second, of the present source."""
    eta_us: int | None
    """How long the present source will still take; None when nobody can know."""
    waiting_on: str
    """Which node or slot it waits for; empty when it moves."""


class DrainRow(Struct, frozen=True, array_like=True):
    """How far a node is that gives up its places."""

    leaving: bool
    """It leaves when it is done; else it stays, without places."""
    done: bool
    partitions: int
    """Held by it, and not yet readable elsewhere."""
    hints: int
    """Kept by it for others."""
    waiting_on: str


Told = Literal[
    "ring",
    "keys",
    "copies",
    "messages",
    "operations",
    "latencies",
    "hints",
    "heard",
    "rooms",
    "lag",
    "memory",
    "network",
    "disk",
    "uptime",
    "round trips",
]
"""What a cluster may tell beside who holds what of whom; ours tells all of it. "copies": what its
nodes hold of one key; "heard": when a member was last heard directly; "lag": how late loops run."""


class Telling(Struct, frozen=True, array_like=True):
    """How a cluster of another maker is read, and how much of it that tells."""

    engine: str
    """Its name in sentences: Serf."""
    every_us: int
    """It is asked this often; what was polled is known no more exactly."""
    tells: tuple[Told, ...] = ()
    estimates: tuple[Told, ...] = ()
    """What is worked out and not measured, so that it is marked wherever it stands."""
    suspects: bool = True
    """Whether its members suspect somebody before they hold him dead."""


class Rule(Struct, frozen=True, array_like=True):
    """Whom a node takes for the master. In a cluster without masters it stays empty."""

    master: NodeId = NOBODY
    term: int = 0
    leads: bool = False
    """This node itself acts as master."""


NO_RULE = Rule()


RoomState = Literal["starting", "serving", "moving", "failed"]


class RoomRow(Struct, frozen=True, array_like=True):
    """One room at the node that runs it."""

    room: str
    behaviour: str
    token: Token
    state: RoomState
    bytes: int
    """Of its state, at the last checkpoint."""
    queue: int
    """Messages that wait in its mailbox: to be begun, or for the disks."""
    since: int
    """When it came into this state."""
    to: NodeId = NOBODY
    """Where it moves."""
    keep: str = ""
    """What its state outlives (`cluster.model.rooms.naming.Keep`); empty: not known here."""
    blocked: bool = False
    """It can acknowledge nothing that changes it: not enough disks are within reach."""


class RoomsTally(Struct, frozen=True, array_like=True, gc=False):
    """All rooms of a node: how many there are now, and what came over the pulse's interval."""

    serving: int = 0
    starting: int = 0
    moving: int = 0
    failed: int = 0
    queued: int = 0
    """Messages in all mailboxes."""
    longest: int = 0
    """Messages in the fullest mailbox."""
    answered: int = 0
    """Calls answered by the rooms here."""
    refused: int = 0
    """Messages refused because a mailbox was full."""
    checkpoints: int = 0


NO_ROOMS = RoomsTally()


class TopicsTally(Struct, frozen=True, array_like=True, gc=False):
    """All topics of a node: how many it serves now, and what came over the pulse's interval."""

    topics: int = 0
    """Topics with subscribers here."""
    subscribers: int = 0
    published: int = 0
    """Messages that this node published, either way."""
    missed: int = 0
    """Messages dropped before a listener here that was too slow for them."""


NO_TOPICS = TopicsTally()
