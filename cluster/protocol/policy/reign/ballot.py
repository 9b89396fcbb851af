"""Votes: one promise a term, kept on disk before it is given (Raft 5.2, Ongaro 2014, 9.6).

Decides who may be elected and whom this node is bound to. A new disk knows nothing, and a lost one
comes back as a new one: so votes of new disks count only while no voter has seen a master serve, as
when a cluster is founded. A disk that is known to be damaged has no vote at all before it has copied
a master. Ignores what a candidate does with its votes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import msgspec

from cluster.model.member import NOBODY, MemberState, NodeId
from cluster.protocol.effects import PutMeta, Records
from cluster.protocol.messages import Solicit, Vote
from cluster.protocol.outbox import Outbox
from cluster.protocol.swim.membership import Membership

_BLOB: Final = "promise"


class _Promise(msgspec.Struct, frozen=True, array_like=True):
    term: int = 0
    to: NodeId = NOBODY
    copied: bool = False
    """This disk has held all that a master held."""
    served: bool = False
    """A master has served: it may have acknowledged something."""
    lost: bool = False
    """This disk no longer holds all that it had, and has not copied a master since."""


class Ballot:
    """The promises of one node, and the votes it asks for itself."""

    def __init__(self, out: Outbox, members: Membership, records: Records) -> None:
        self._out = out
        self._members = members
        self._records = records
        self._promise = _Promise()
        self._on_disk = 0
        self._standing: tuple[int, bool] = (0, False)
        """(term, whether it is only a rehearsal) for which votes are being asked; 0 for none."""
        self._votes: dict[NodeId, bool] = {}
        """Who voted for this node, and whether its disk has held all that a master held."""
        self._served = False
        """One of them knows that a master has served."""
        founders = tuple(NodeId(name) for name in out.config.architecture.founders)
        self.voters = frozenset(founders)
        self._others = tuple(name for name in founders if name != out.name)
        self.needed = len(founders) // 2 + 1

    def boot(self) -> None:
        """Remember what an earlier life promised."""
        blob = self._records.meta(_BLOB)
        try:
            if blob:
                self._promise = msgspec.msgpack.decode(blob, type=_Promise)
        except msgspec.MsgspecError:
            pass  # as if the disk were new
        self._on_disk = self._promise.term
        self._keep(self._promise)

    @property
    def promised(self) -> int:
        """The highest term this node is bound to."""
        return self._promise.term

    @property
    def to(self) -> NodeId:
        """Whom it has promised that term to."""
        return self._promise.to

    @property
    def votes(self) -> bool:
        """Whether this node has a vote, and a disk that holds what it held."""
        return self._out.name in self.voters and not self._promise.lost

    def lose(self) -> None:
        """The disk is damaged: what this node says that it holds proves nothing any more."""
        if not self._promise.lost:
            self._keep(msgspec.structs.replace(self._promise, lost=True))

    def copied(self) -> None:
        """This disk holds all that a master holds."""
        self._keep_if_new(msgspec.structs.replace(self._promise, copied=True, lost=False))

    def served(self) -> None:
        """A master serves, as this node knows."""
        self._keep_if_new(msgspec.structs.replace(self._promise, served=True))

    def _keep_if_new(self, promise: _Promise) -> None:
        if promise != self._promise:
            self._keep(promise)

    def pledge(self) -> tuple[PutMeta, ...]:
        """What must reach the disk before anything of the promised term is answered."""
        if self._on_disk >= self._promise.term:
            return ()
        return (PutMeta(_BLOB, msgspec.msgpack.encode(self._promise)),)

    def _keep(self, promise: _Promise, then: Callable[[], None] | None = None) -> None:
        self._promise = promise

        def stored(refused: str) -> None:
            if not refused:
                self._on_disk = max(self._on_disk, promise.term)
                if then is not None:
                    then()

        self._out.persist((PutMeta(_BLOB, msgspec.msgpack.encode(promise)),), stored)

    def bind(self, term: int, to: NodeId, then: Callable[[], None] | None = None) -> None:
        """Promise a term above all before; `then` is called once that is on disk."""
        self._standing = (0, False)
        self._keep(msgspec.structs.replace(self._promise, term=term, to=to), then)

    # --- asking for votes ---------------------------------------------------------------------

    def rehearse(self) -> bool:
        """Ask whether an election could be won. True: it can, there is nobody to ask."""
        self._standing = (self.promised + 1, True)
        self._begin_count()
        if self.counting() >= self.needed:
            return True
        self._solicit()
        return False

    def stand(self, then: Callable[[], None]) -> None:
        """Vote for oneself, and ask the others to; `then` is called if that is enough."""
        term, me = self.promised + 1, self._out.name

        def bound() -> None:
            if self._promise.term == term:
                self._standing = (term, False)
                self._begin_count()
                if self.counting() >= self.needed:
                    then()
                else:
                    self._solicit()

        self.bind(term, me, bound)

    def _solicit(self) -> None:
        term, rehearsal = self._standing
        for name in self._others:
            state = self._members.state(name)
            if state is not None and state <= MemberState.DEAD:
                address = self._members.address(name)
                self._out.send(name, address, "stream", Solicit(term, rehearsal))

    def counted(self, body: Vote, sender: NodeId) -> Literal["waiting", "could", "elected", "late"]:
        """A vote came: what it leads to. "late": one more for who is elected already."""
        if (body.term, body.rehearsal) != self._standing or sender not in self.voters:
            return "waiting"
        if not body.granted or sender in self._votes:
            return "waiting"
        before = self.counting()
        self._votes[sender] = body.copied
        self._served = self._served or body.served
        enough = self.counting() >= self.needed
        if enough and before < self.needed:
            return "could" if body.rehearsal else "elected"
        return "late" if enough and not body.rehearsal else "waiting"

    def _begin_count(self) -> None:
        self._votes = {self._out.name: self._promise.copied}
        self._served = self._promise.served

    def counting(self) -> int:
        """How many of the votes count."""
        return sum(self._votes.values()) if self._served else len(self._votes)

    def supporters(self) -> tuple[NodeId, ...]:
        """Who else has voted for this node, and counts."""
        counted = {name for name, copied in self._votes.items() if copied or not self._served}
        return tuple(sorted(counted - {self._out.name}))

    # --- being asked --------------------------------------------------------------------------

    def asked(self, body: Solicit, sender: NodeId, *, content: bool) -> bool:
        """Answer a candidate; `content`: a master was heard just now. True: it was promised."""
        free = self.votes and sender in self.voters
        if body.rehearsal:
            self._answer(body, sender, granted=free and body.term > self.promised and not content)
            return False
        if free and body.term > self.promised:
            self.bind(body.term, sender, lambda: self._answer(body, sender, granted=True))
            return True
        again = free and (body.term, sender) == (self.promised, self.to)
        self._answer(body, sender, granted=again and not self.pledge())
        return False

    def _answer(self, body: Solicit, sender: NodeId, *, granted: bool) -> None:
        if granted and not body.rehearsal and self.promised != body.term:
            granted = False  # promised elsewhere while the disk was at it
        mine = self._promise
        vote = Vote(body.term, body.rehearsal, granted, mine.term, mine.copied, mine.served)
        self._out.send(sender, self._members.address(sender), "stream", vote)
