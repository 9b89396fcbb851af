"""What the peers of an overlay say to each other, and what their machines ask for.

A vocabulary of its own: these never travel between nodes of the cluster. Names are HyParView's
(Leitao, Pereira, Rodrigues, DSN 2007, section 4) and Plumtree's (SRDS 2007, section 3).
"""

from __future__ import annotations

from typing import NamedTuple, NewType

from msgspec import Struct

PeerId = NewType("PeerId", str)


class Dot(NamedTuple):
    """One letter: who wrote it, and its place among what that author wrote (from 1)."""

    author: PeerId
    number: int


class Letter(Struct, frozen=True, array_like=True):
    """What is broadcast."""

    dot: Dot
    after: tuple[Dot, ...] = ()
    """The letters it directly depends on (`causal`)."""
    body: bytes = b""


# --- HyParView ------------------------------------------------------------------------------------


class Join(Struct, frozen=True, array_like=True, tag=1):
    """ "I am new, be my neighbour." Always answered with `Accept`; announced on by `ForwardJoin`."""

    number: int


class ForwardJoin(Struct, frozen=True, array_like=True, tag=2):
    """ "So-and-so is new." On a random walk; where it ends, the newcomer is asked to be a neighbour."""

    newcomer: PeerId
    hops: int
    """How many more it may go."""


class Neighbour(Struct, frozen=True, array_like=True, tag=3):
    """ "Be my neighbour." `must`: answered with `Accept` whatever the cost, for the sender has nobody
    else or was promised it; otherwise with `Refuse` by who has no room.
    """

    number: int
    must: bool


class Accept(Struct, frozen=True, array_like=True, tag=4):
    """ "We are neighbours." Answers the `Join` or `Neighbour` of that number. Not answered."""

    number: int


class Refuse(Struct, frozen=True, array_like=True, tag=5):
    """ "I have no room." Not answered; the asker asks somebody else."""

    number: int


class Disconnect(Struct, frozen=True, array_like=True, tag=6):
    """ "We are neighbours no more; keep me in reserve." Not answered."""


class Shuffle(Struct, frozen=True, array_like=True, tag=7):
    """Some names that `origin` knows, on a random walk. Who is at its end answers with as many."""

    origin: PeerId
    hops: int
    names: tuple[PeerId, ...]


class ShuffleReply(Struct, frozen=True, array_like=True, tag=8):
    """Names in exchange for those of a `Shuffle`. Not answered."""

    names: tuple[PeerId, ...]


# --- Plumtree -------------------------------------------------------------------------------------


class Gossip(Struct, frozen=True, array_like=True, tag=9):
    """A letter, pushed. Answered with `Prune` by who has it already."""

    letter: Letter
    hops: int
    """Links it has come over, with this one."""


class IHave(Struct, frozen=True, array_like=True, tag=10):
    """ "These I have." Answered with `Graft` for what does not come otherwise in time."""

    dots: tuple[Dot, ...]


class Graft(Struct, frozen=True, array_like=True, tag=11):
    """ "Send me that one, and push to me from now on." Answered with `Gossip`, if it is still kept."""

    dot: Dot


class Prune(Struct, frozen=True, array_like=True, tag=12):
    """ "What you push I have already: only tell me what you have from now on." Not answered."""


class Copy(Struct, frozen=True, array_like=True, tag=13):
    """A letter, flooded. Not answered."""

    letter: Letter
    hops: int


ViewMessage = Join | ForwardJoin | Neighbour | Accept | Refuse | Disconnect | Shuffle | ShuffleReply
TreeMessage = Gossip | IHave | Graft | Prune
Message = ViewMessage | TreeMessage | Copy


# --- what machines ask for ------------------------------------------------------------------------

Timer = tuple[str, Dot | None]
"""What comes due, and for which letter."""


class Tell(Struct, frozen=True):
    """Send a message. Messages about views arrive in order, or their link breaks."""

    to: PeerId
    message: Message


class Wake(Struct, frozen=True):
    """Call `wake` with this timer at that time. Never taken back: who wakes looks whether it matters."""

    timer: Timer
    at: int


class Linked(Struct, frozen=True):
    """A neighbour was won."""

    peer: PeerId


class Unlinked(Struct, frozen=True):
    """A neighbour was lost, or let go."""

    peer: PeerId


class Deliver(Struct, frozen=True):
    """A letter came for the first time; `sender` is this peer itself for its own."""

    letter: Letter
    sender: PeerId
    hops: int


class Duplicate(Struct, frozen=True):
    """A letter came that was had already: what a broadcast costs beyond its deliveries."""

    dot: Dot
    sender: PeerId


ViewEffect = Tell | Wake | Linked | Unlinked
TreeEffect = Tell | Wake | Deliver | Duplicate
Effect = ViewEffect | TreeEffect
