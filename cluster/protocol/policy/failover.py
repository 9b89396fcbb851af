"""The third architecture: the lowest live name is master after a timeout, and copies lag behind.

The master answers when its own disk has a write and sends it to the others without waiting. A
follower that has not heard a master for a while, and knows nobody alive with a lower name, makes
itself master: nobody is asked, so a pause or a split makes two. When two masters hear of each
other the lower name stays, and the other throws away what it has acknowledged meanwhile. This is
how many real systems began (Redis with Sentinel: Kingsbury 2013); it is here to be watched.
"""

from __future__ import annotations

from cluster.config import ArchitectureConfig
from cluster.model.facts import MasterChosen, ReignBegan, ReignEnded
from cluster.model.member import NOBODY, MemberState, NodeId
from cluster.model.summary import Rule
from cluster.protocol.effects import PutMeta, Records
from cluster.protocol.inputs import TimerKey
from cluster.protocol.messages import (
    Accept,
    Accepted,
    GetRequest,
    Heed,
    Herald,
    Relayed,
    Survey,
    SurveyPage,
)
from cluster.protocol.outbox import Outbox
from cluster.protocol.policy.policy import Spoken
from cluster.protocol.policy.reign.following import Following
from cluster.protocol.policy.reign.leading import Leading
from cluster.protocol.policy.reign.pages import page_of
from cluster.protocol.policy.relays import Relays
from cluster.protocol.quorum.book import Book
from cluster.protocol.quorum.operation import Operation
from cluster.protocol.swim.membership import Membership

_TERM = "reign"
"""The blob that keeps the highest term known."""
_STALL_PERIODS = 5
"""A tick so many periods late means that this node itself slept: the silence is its own."""


class Failover:
    """One node of a cluster that trusts its timers."""

    merges = False

    def __init__(
        self,
        out: Outbox,
        members: Membership,
        records: Records,
        book: Book,
        relays: Relays,
    ) -> None:
        self._out = out
        self._config: ArchitectureConfig = out.config.architecture
        self._members = members
        self._records = records
        self._relays = relays
        self._leading = Leading(
            out, out.config.data, members, records, book, lambda holders: out.name in holders
        )
        self._following = Following(out, members, records, alone=True)
        self._term = 0
        """The highest term heard of."""
        self._master: NodeId = NOBODY
        self._leads = False
        self._heard_at = 0
        """When a master was last heard, or this node last had reason to wait for one."""
        self._ticked_at = 0

    def boot(self) -> None:
        """Wait for a master before becoming one."""
        blob = self._records.meta(_TERM)
        self._term = int(blob) if blob and blob.isdigit() else 0
        self._heard_at = self._ticked_at = self._out.now
        self._wake()

    def _wake(self) -> None:
        self._out.set_timer(("policy", "tick"), self._out.now + self._config.herald_period_us)

    def rule(self) -> Rule:
        """Whom this node follows."""
        return Rule(self._master, self._term, self._leads)

    def queued(self) -> int:
        """There is no queue."""
        return 0

    # --- who is master ------------------------------------------------------------------------

    def timer(self, words: TimerKey) -> None:
        """A period has passed: say that this node is master, or ask whether there is none."""
        del words
        now = self._out.now
        if now - self._ticked_at > _STALL_PERIODS * self._config.herald_period_us:
            self._heard_at = now
        self._ticked_at = now
        if self._leads:
            self._leading.herald()
        elif now - self._heard_at >= self._config.failover_after_us * (1 + self._rank()):
            was = self._master
            self._reign(f"{was} has been silent too long" if was else "nobody else is there")
        self._wake()

    def _rank(self) -> int:
        """How many live names are lower, without the master that is silent. A founder that this node
        has not met yet is taken to live: it may only be slow to start."""
        live = set(self._members.others(MemberState.SUSPECT))
        unmet = {NodeId(n) for n in self._config.founders} - self._members.claims.keys()
        return sum(1 for name in live | unmet if name < self._out.name and name != self._master)

    def _reign(self, why: str) -> None:
        """Become master, in a term nobody has used as far as this node knows."""
        self._term += 1
        term = self._term
        self._master, self._leads = self._out.name, True
        self._following.leave()
        self._leading.begin(term)
        self._out.persist((PutMeta(_TERM, str(term).encode()),))
        self._out.emit(MasterChosen(self._master, term, why))
        self._out.emit(ReignBegan(term))
        self._leading.herald()

    def _yield_to(self, master: NodeId, term: int, why: str) -> None:
        if self._leads:
            self._leads = False
            self._leading.end()
            self._out.emit(ReignEnded(self._leading.term, why))
        self._master, self._term = master, max(self._term, term)
        self._out.emit(MasterChosen(master, term, why))
        self._following.follow(master, term)

    def _heralded(self, body: Herald, sender: NodeId) -> None:
        now = self._out.now
        if self._leads:
            if sender > self._out.name:
                # It will yield when it hears of a term above its own.
                if body.term >= self._leading.term:
                    self._term = max(self._term, body.term)
                    self._out.emit(ReignEnded(self._leading.term, f"{sender} reigned beside it"))
                    self._reign(f"{sender} is master too, and has the higher name")
                return
            self._yield_to(sender, body.term, f"{sender} is master too, and has the lower name")
        elif sender != self._master:
            fresh = now - self._heard_at < self._config.failover_after_us
            if self._master and fresh and self._master < sender:
                return
            self._yield_to(sender, body.term, f"{sender} says that it is master")
        elif body.term != self._following.term:
            self._yield_to(sender, body.term, f"{sender} began a new term")
        self._heard_at = now
        self._following.heralded(body.seq)
        heed = Heed(body.term, self._following.durable, body.round)
        self._out.send(sender, self._members.address(sender), "stream", heed)

    def damaged(self) -> None:
        """A follower copies again. What a master's disk has lost is lost: its copy is the truth."""
        self._following.again()

    # --- operations ---------------------------------------------------------------------------

    def takes(self, op: Operation) -> bool:
        """The master does it alone; others pass it on."""
        if not self._leads:
            self._relays.pass_on(op, self._master)
            return False
        match op.request:
            case GetRequest(key):
                self._leading.answer(op, self._leading.value(op.partition, key))
            case request:
                self._leading.write(op, request)
        return False

    def expired(self, op: Operation) -> None:
        """Nobody knows what became of it."""
        self._relays.expired(op, "the disk has not answered in time")

    def peer_lost(self, name: NodeId) -> None:
        """If it was the master, what it was asked is in doubt."""
        self._relays.lost(name)

    # --- what others say ----------------------------------------------------------------------

    def heard(self, body: Spoken, sender: NodeId) -> None:
        """A member spoke."""
        match body:
            case Relayed():
                self._relays.answered(body, sender)
            case Herald():
                self._heralded(body, sender)
            case Accept():
                if sender == self._following.master and body.term == self._following.term:
                    self._heard_at = self._out.now
                    self._following.accept(body, (), _ignore)
            case Survey():
                if self._leads and body.term == self._leading.term:
                    page = page_of(self._out.config, self._records, body, self._leading.seq)
                    if page is not None:
                        self._out.send(sender, self._members.address(sender), "stream", page)
            case SurveyPage():
                self._following.page(body, sender)
            case Heed() | Accepted():
                pass  # a master of this kind waits for nobody
            case _:
                pass  # nobody votes here


def _ignore(_refused: str) -> None:
    """Nobody waits for a follower's disk."""
