"""One room at the node that runs it: its state, its mailbox, and who waits for what.

Runs one message at a time through the behaviour, in no time, and holds each reply back until the
state it rests on is safe: on W disks, unless the room keeps its state in memory. While a checkpoint
is on its way, further messages are worked off, and the next checkpoint covers all of them (group
commit, without a timer). Ignores the cluster: who stores, who answers and what a crash entails is
told by the calls of `hall`.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Literal

from msgspec import Struct, field

from cluster.model.member import NOBODY, NodeId
from cluster.model.rooms.behaviour import Behaviour, Moment, Step
from cluster.model.rooms.naming import NO_TOKEN, Checkpoint, Keep, Token
from cluster.model.summary import RoomRow
from cluster.model.versions import Context
from cluster.protocol.inputs import RequestId
from cluster.protocol.requests import RoomRequest

Status = Literal["starting", "serving", "moving"]


class Caller(Struct, frozen=True):
    """Who gets an answer: an open call of this node (`number` alone), or another node's."""

    number: int
    node: NodeId = NOBODY


class Letter(Struct, frozen=True):
    """A message in a mailbox."""

    caller: Caller
    request: RoomRequest
    at: int


class Waiter(Struct, frozen=True):
    """A caller whose reply is ready, and waits for the disks. An empty reply may be one too."""

    caller: Caller
    reply: bytes
    at: int


def _letters() -> deque[Letter]:
    return deque()


class Process(Struct):
    """A running room."""

    name: str
    partition: int
    behaviour: Behaviour[Any]
    keep: Keep
    argument: bytes
    token: Token
    state: Any
    safe: Any
    """The state that is known to be safe; the same object as `state` when all of it is."""
    context: Context
    """What its next checkpoint replaces: only what is part of its state."""
    since: int
    status: Status = "serving"
    to: NodeId = NOBODY
    """Where it moves."""
    bytes: int = 0
    """Of its last checkpoint."""
    writing: bool = False
    stored: bool = True
    """Its present token is in its record."""
    over: Token = NO_TOKEN
    """The highest token before its own."""
    waiting: list[Waiter] = []
    """For the next checkpoint."""
    under_way: list[Waiter] = []
    """For the one being written."""
    queue: deque[Letter] = field(default_factory=_letters)
    """Not begun: the room is being verified, or moves."""
    floor: int = 0
    """A token with this number kept it from writing."""
    givers: list[tuple[NodeId, Token, bool]] = []
    """Who gave a process that is now a part of this one, under which token, and whether both ran."""
    taken: Token = NO_TOKEN
    """The token of the last process that was given to it."""
    watched_until: int = 0
    """Somebody listens to it until then, as far as known here."""
    closer: Letter | None = None
    """Who wants it closed."""
    words: set[str] = set()
    """Its timers."""
    given_at: int = 0
    """When its state was last sent to where it moves."""
    stay_until: int = 0
    """A refused move is not tried again before."""
    retry_at: int = 0
    """A checkpoint that found no quorum is tried again then."""
    tries: int = 0
    reread: bool = False
    """Its record may hold what is no part of its state: it is read before the next checkpoint."""
    beyond: Context = {}
    """What is known to be in its record beside `context`. Replaced only when all of it goes."""

    @property
    def dirty(self) -> bool:
        """Whether something is not safe yet."""
        return not self.stored or (self.keep == "checkpoint" and self.state is not self.safe)

    @property
    def load(self) -> int:
        """Messages in its mailbox."""
        return len(self.queue) + len(self.waiting) + len(self.under_way)

    def moment(self, now: int) -> Moment:
        """Now, as this process."""
        return Moment(now, self.name, self.token.actor)

    def step(self, letter: Letter, now: int) -> Step[Any]:
        """Run one message. Whatever it raises is a crash, but for `UnknownMessageError`."""
        run = (
            self.behaviour.handle_cast
            if letter.request.act == "cast"
            else self.behaviour.handle_call
        )
        return run(self.state, letter.request.message, self.moment(now))

    def blob(self) -> bytes:
        """The state as bytes."""
        return self.behaviour.checkpoint(self.state)

    def record(self, blob: bytes, *, failed: bool = False) -> Checkpoint:
        """What is to be stored of it."""
        state = blob if self.keep == "checkpoint" else None
        name = self.behaviour.name
        return Checkpoint(name, self.keep, self.token, self.argument, state, failed)

    def absorb(self, blob: bytes) -> None:
        """Merge what another process of this name knew."""
        try:
            other = self.behaviour.restored(blob)
        except ValueError:
            return  # nothing that this behaviour could go on from
        merged = self.behaviour.merge(self.state, other)
        if merged != self.state:
            self.state = merged

    def row(self) -> RoomRow:
        """As observers are told."""
        return RoomRow(
            self.name,
            self.behaviour.name,
            self.token,
            self.status,
            self.bytes,
            self.load,
            self.since,
            self.to,
            self.keep,
            blocked=self.tries > 0,
        )


def expired(letters: deque[Letter], before: int) -> list[Letter]:
    """Take out the messages that came before a moment; they are in the order in which they came."""
    old: list[Letter] = []
    while letters and letters[0].at < before:
        old.append(letters.popleft())
    return old


class Ids:
    """Numbers for open calls and questions, never used twice in one life of a node."""

    def __init__(self, start: int) -> None:
        self._last = start

    def next(self) -> int:
        """One more."""
        self._last += 1
        return self._last


class Open(Struct):
    """A call of a client of this node, until it is answered."""

    request_id: RequestId
    request: RoomRequest
    at: int
    sent_to: NodeId = NOBODY
    hint: NodeId = NOBODY
    """Where a node said that the room is."""
    hops: int = 0
    retry_at: int = 0
    """When it is routed again; 0: it is on its way."""
    asked: bool = False
    """Some node may have done it already."""
    doubted: bool = False
    """It was sent, nobody knows what came of that, and it was sent again."""
