"""What nodes say to each other, and what clients say to nodes over a stream.

Each docstring is the message's conversation: who sends it, when, what must follow. Everything
travels inside a `Packet`, in one MessagePack array per datagram or per 4-byte-length frame.
Gossip and probes go by datagram; everything else by stream.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from cluster.model.member import (
    NOBODY,
    Claim,
    Count,
    Name,
    NameOrNobody,
    WireAddress,
)
from cluster.model.versions import Versions
from cluster.protocol.fields import Number, Page, Partition
from cluster.protocol.flow.messages import FlowAsk, FlowItems, FlowTell
from cluster.protocol.policy.messages import (
    Accept,
    Accepted,
    Heed,
    Herald,
    Relay,
    Relayed,
    Solicit,
    Survey,
    SurveyPage,
    Vote,
)
from cluster.protocol.repair.messages import (
    LeafKeys,
    LeafPush,
    LeafRecords,
    TreeLeaves,
    TreeRoots,
)
from cluster.protocol.requests import (
    ClientAnswer as ClientAnswer,
)
from cluster.protocol.requests import (
    ClientCall as ClientCall,
)
from cluster.protocol.requests import (
    DeleteRequest as DeleteRequest,
)
from cluster.protocol.requests import (
    GetRequest as GetRequest,
)
from cluster.protocol.requests import (
    PutRequest as PutRequest,
)
from cluster.protocol.requests import (
    ReadResponse as ReadResponse,
)
from cluster.protocol.requests import (
    Refusal as Refusal,
)
from cluster.protocol.requests import (
    RoomRequest as RoomRequest,
)
from cluster.protocol.requests import (
    RoomResponse as RoomResponse,
)
from cluster.protocol.requests import (
    UpdateRequest as UpdateRequest,
)
from cluster.protocol.requests import (
    WriteResponse as WriteResponse,
)
from cluster.protocol.rooms.messages import (
    RoomAnswer,
    RoomAsk,
    RoomBring,
    RoomGive,
    RoomGone,
    RoomRoll,
    RoomRollAsk,
    RoomTaken,
    RoomWatch,
)
from cluster.protocol.spread.messages import (
    HOPS_MAX as HOPS_MAX,
)
from cluster.protocol.spread.messages import (
    TOPIC_CHARACTERS_MAX as TOPIC_CHARACTERS_MAX,
)
from cluster.protocol.spread.messages import Deliver as Deliver
from cluster.protocol.spread.messages import Head as Head
from cluster.protocol.spread.messages import Item as Item
from cluster.protocol.spread.messages import Spread as Spread
from cluster.protocol.spread.messages import SpreadDigest as SpreadDigest
from cluster.protocol.spread.messages import SubscribersAsk as SubscribersAsk
from cluster.protocol.spread.messages import SubscribersTold as SubscribersTold

Claims = Annotated[tuple[Claim, ...], Meta(max_length=4_096)]
Rows = Annotated[tuple[Annotated[int, Meta(ge=0, le=65_535)], ...], Meta(max_length=65_536)]

# --- membership, by datagram ---------------------------------------------------------------------


class Ping(Struct, frozen=True, array_like=True, tag=1):
    """ "Are you there?" Sent by the prober each period, and by a proxy on another's behalf.

    Must be answered with `Ack` of the same number, if `target` is the receiver.
    """

    number: Number
    target: Name


class Ack(Struct, frozen=True, array_like=True, tag=2):
    """The answer to `Ping`; a proxy passes it on to who asked."""

    number: Number
    target: Name


class PingReq(Struct, frozen=True, array_like=True, tag=3):
    """ "I cannot reach `target`; please try." Receiver pings and passes an `Ack` back (SWIM 3.1).

    `nack`: if it hears nothing in `nack_after_us`, it must say that with a `Nack`.
    """

    number: Number
    target: Name
    address: WireAddress
    nack: bool = False


class Gossip(Struct, frozen=True, array_like=True, tag=4):
    """Carries only the claims in its packet, when no probe came along to carry them."""


class Nack(Struct, frozen=True, array_like=True, tag=14):
    """ "I asked as you wished and heard nothing either." A proxy's answer to `PingReq`.

    It tells the asker that its own links work (Lifeguard 4.1); an `Ack` may still follow.
    """

    number: Number
    target: Name


# --- membership, by stream -----------------------------------------------------------------------


class PushPull(Struct, frozen=True, array_like=True, tag=5):
    """A whole view. The first one asks for the other's (`answer` False); the other's comes back.

    Sent to seeds to join, to one random member periodically, and to the dead for ever.
    """

    claims: Claims
    answer: bool


# --- replicas, by stream -------------------------------------------------------------------------


class ReplicaWrite(Struct, frozen=True, array_like=True, tag=6):
    """The coordinator (or a read repair, or a hint's keeper) gives a replica all it knows of a key.

    Answered with `ReplicaWritten` once merged and on disk. A non-empty `hint_for` asks the
    receiver to keep it for that absent owner too.
    """

    number: Number
    partition: Partition
    key: bytes
    versions: Versions
    hint_for: NameOrNobody = NOBODY


class ReplicaWritten(Struct, frozen=True, array_like=True, tag=7):
    """The write of that number is on disk here; `refused` says why it is not."""

    number: Number
    refused: str = ""


class ReplicaRead(Struct, frozen=True, array_like=True, tag=8):
    """The coordinator asks a replica what it holds of a key. Answered with `ReplicaValue`."""

    number: Number
    partition: Partition
    key: bytes


class ReplicaValue(Struct, frozen=True, array_like=True, tag=9):
    """What the replica holds. `filling` means that it is a new owner still merging the past.

    A filling replica's versions count for the merge but not toward R (DESIGN 4).
    """

    number: Number
    versions: Versions
    filling: bool = False


class Forward(Struct, frozen=True, array_like=True, tag=10):
    """A node that owns nothing of this key passes a client's write to one that does.

    Answered with `Forwarded`. Only a holder may mint a dot (see model.versions).
    """

    number: Number
    request: PutRequest | DeleteRequest | UpdateRequest


class Forwarded(Struct, frozen=True, array_like=True, tag=11):
    """The answer to `Forward`, for the client."""

    number: Number
    response: WriteResponse | Refusal


# --- transfers, by stream ------------------------------------------------------------------------


class Fetch(Struct, frozen=True, array_like=True, tag=12):
    """A new owner asks a holder for the page of a partition that follows `after`.

    Served only by a node that uses the same ring (`digest`): from then on that node treats late
    writes of the old ring as hints for the new owners, so that no write falls between.
    """

    number: Number
    partition: Partition
    digest: str
    after: bytes
    only_if_whole: bool = False
    """The asker has what this source lacked something of: an empty page says that it still does."""


class FetchPage(Struct, frozen=True, array_like=True, tag=13):
    """A page. `last`: nothing follows; `complete`: the source lacks nothing that the asker needs.

    `refused` non-empty: the source does not use that ring (yet); ask again later.
    """

    number: Number
    partition: Partition
    records: Page
    last: bool
    complete: bool
    refused: str = ""
    total: Count = 0
    """Keys the source holds of the partition, for the asker's forecast."""


class DrainAsk(Struct, frozen=True, array_like=True, tag=16):
    """A member that gives up its places asks an owner of the ring without it how far it is.

    Sent to every ring member each retry period until nothing is left. `owed` are partitions of
    which the receiver should take what the sender holds, whoever else it merges from. Answered
    with `DrainAnswer`.
    """

    number: Number
    owed: Annotated[tuple[Partition, ...], Meta(max_length=65_536)]


class DrainAnswer(Struct, frozen=True, array_like=True, tag=17):
    """What the owner has yet to do before the leaver is free: under its ring, `digest`.

    `unfilled`: partitions it owns and cannot answer for; `owed`: those it has yet to take.
    """

    number: Number
    digest: str
    unfilled: Annotated[tuple[Partition, ...], Meta(max_length=65_536)]
    owed: Annotated[tuple[Partition, ...], Meta(max_length=65_536)]


# --- tombstones, by stream ----------------------------------------------------------------------


class ReapAsk(Struct, frozen=True, array_like=True, tag=36):
    """A holder of old tombstones asks every member whether anybody has anything older.

    Answered with `ReapAnswer`. `members` are all that are asked: who knows another confirms
    nothing.
    """

    number: Number
    partition: Partition
    members: Annotated[tuple[Name, ...], Meta(max_length=4_096)]
    rows: Page


class ReapAnswer(Struct, frozen=True, array_like=True, tag=37):
    """Which rows (by index) the member has sealed, on disk; and which it holds otherwise."""

    number: Number
    agreed: Rows
    unlike: Rows


class ReapCommit(Struct, frozen=True, array_like=True, tag=38):
    """Everybody has sealed these: each drops what is still as it was. Not answered."""

    partition: Partition
    rows: Page


class Hello(Struct, frozen=True, array_like=True, tag=28):
    """The first packet on a link that a node dials: who calls, and under which gossip address."""

    address: WireAddress


Body = (
    Ping
    | Ack
    | PingReq
    | Nack
    | Gossip
    | PushPull
    | ReplicaWrite
    | ReplicaWritten
    | ReplicaRead
    | ReplicaValue
    | Forward
    | Forwarded
    | Fetch
    | FetchPage
    | TreeRoots
    | TreeLeaves
    | LeafKeys
    | LeafRecords
    | LeafPush
    | DrainAsk
    | DrainAnswer
    | ReapAsk
    | ReapAnswer
    | ReapCommit
    | ClientCall
    | ClientAnswer
    | Hello
    | Spread
    | SpreadDigest
    | Relay
    | Relayed
    | Herald
    | Heed
    | Accept
    | Accepted
    | Solicit
    | Vote
    | Survey
    | SurveyPage
    | Deliver
    | SubscribersAsk
    | SubscribersTold
    | RoomAsk
    | RoomAnswer
    | RoomGive
    | RoomTaken
    | RoomBring
    | RoomGone
    | RoomRollAsk
    | RoomRoll
    | RoomWatch
    | FlowTell
    | FlowAsk
    | FlowItems
)


class Packet(Struct, frozen=True, array_like=True):
    """The envelope of every message. A client's has no sender and epoch 0."""

    cluster: str
    sender: NameOrNobody
    epoch: Count
    number: Number
    """Counts the sender's messages; with sender and epoch it names this one."""
    hlc: Annotated[int, Meta(ge=0, le=2**62)]
    traced: bool
    body: Body
    claims: Claims = ()
    """Rumours riding along."""
