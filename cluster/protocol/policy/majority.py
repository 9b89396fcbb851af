"""The fourth architecture: a master per term, elected by and committing to a majority.

Two majorities share a voter, and a voter promises each term to one candidate and takes nothing of
an older one: so of two masters that both believe in themselves only one can commit. A new master
first takes over what a majority holds (`reign.recovery`); a write is acknowledged when a majority
has it on disk, a read when a majority still knew no later term after it had come. The side of a
split without a majority stops, and loses nothing.

The voters are the founders. Members that joined later hold copies and have no vote: changing who
votes is a protocol of its own (Ongaro 2014, chapter 4), which this cluster does not have.
"""

from __future__ import annotations

from random import Random

from cluster.config import ArchitectureConfig
from cluster.model.facts import MasterChosen, ReignBegan, ReignEnded, TermRefused
from cluster.model.member import NOBODY, NodeId
from cluster.model.summary import Rule
from cluster.protocol.effects import Records
from cluster.protocol.inputs import TimerKey
from cluster.protocol.messages import (
    Accept,
    Accepted,
    GetRequest,
    Heed,
    Herald,
    Relayed,
    Solicit,
    Survey,
    SurveyPage,
    Vote,
)
from cluster.protocol.outbox import Outbox
from cluster.protocol.policy.policy import Spoken
from cluster.protocol.policy.reign.ballot import Ballot
from cluster.protocol.policy.reign.following import Following
from cluster.protocol.policy.reign.leading import Leading
from cluster.protocol.policy.reign.pages import page_of
from cluster.protocol.policy.reign.recovery import Recovery
from cluster.protocol.policy.reign.rounds import Rounds
from cluster.protocol.policy.relays import Relays
from cluster.protocol.quorum.book import Book
from cluster.protocol.quorum.operation import Operation
from cluster.protocol.swim.membership import Membership

_STALL_PERIODS = 5
"""A tick so many periods late means that this node itself slept: the silence is its own."""
_SURVEY_TIMEOUTS_MAX = 20
"""A recovery that takes longer than so many timeouts is given up."""


class Majority:
    """One node of a cluster that asks before it believes."""

    merges = False

    def __init__(
        self,
        out: Outbox,
        members: Membership,
        records: Records,
        book: Book,
        relays: Relays,
        rng: Random,
    ) -> None:
        self._out = out
        self._config: ArchitectureConfig = out.config.architecture
        self._members = members
        self._records = records
        self._book = book
        self._relays = relays
        self._rng = rng
        ballot = self._ballot = Ballot(out, members, records)
        self._leading = Leading(
            out,
            out.config.data,
            members,
            records,
            book,
            lambda holders: len(holders & ballot.voters) >= ballot.needed,
        )
        self._leading.on_refused = self._refused
        self._following = Following(out, members, records, alone=False)
        self._master: NodeId = NOBODY
        self._recovery: Recovery | None = None
        """While this node is elected and reads what a majority holds."""
        self._elected = False
        self._serves = False
        self._heard_at = 0
        self._stand_at = 0
        self._ticked_at = 0
        self._rounds = Rounds()
        self._whole: set[NodeId] = set()
        """Voters that hold all this reign began with."""
        self._round_at = -1
        # Damage is told after the input that read it. What an answer rests on waits one turn for it:
        self._absent: list[Operation] = []
        """operations on keys that this master does not hold, or that are damaged;"""
        self._pages: list[tuple[NodeId, SurveyPage]] = []
        """pages for others, in which damaged records are missing;"""
        self._merging = False
        """the own copy, before it is merged with those of a majority."""

    def boot(self) -> None:
        """Wait for a master before standing for election."""
        self._ballot.boot()
        self._ticked_at = self._out.now
        self._be_patient()
        if not self._ballot.promised and self._out.name in self._ballot.voters:
            # Nobody has ever been elected: no need to draw lots, the founders take their turns.
            turn = self._config.founders.index(self._out.name)
            usual = self._config.election_after_us
            self._stand_at = self._out.now + usual + 2 * turn * self._config.herald_period_us
        self._wake()

    def _wake(self) -> None:
        self._out.set_timer(("policy", "tick"), self._out.now + self._config.herald_period_us)

    def _be_patient(self) -> None:
        usual = self._config.election_after_us
        self._stand_at = self._out.now + usual + self._rng.randrange(usual)

    def rule(self) -> Rule:
        """Whom this node follows."""
        return Rule(self._master, self._ballot.promised, self._serves)

    def queued(self) -> int:
        """There is no queue."""
        return 0

    # --- time ---------------------------------------------------------------------------------

    def timer(self, words: TimerKey) -> None:
        """A period has passed, or what was read from the disk is known not to be damaged."""
        if words == ("read",):
            self._go_on()
            return
        now = self._out.now
        slept = now - self._ticked_at > _STALL_PERIODS * self._config.herald_period_us
        self._ticked_at = now
        if self._following.durable:
            self._ballot.copied()
        if self._elected:
            self._hold()
        elif slept:
            self._be_patient()
        elif now >= self._stand_at and self._ballot.votes:
            if self._master:
                self._choose(NOBODY, f"{self._master} has been silent too long")
            self._be_patient()
            if self._ballot.rehearse():
                self._ballot.stand(self._win)
        self._wake()

    def _hold(self) -> None:
        """Still elected: say so, and see whether a majority still listens."""
        now = self._out.now
        if self._recovery is not None:
            self._recovery.look()
            if now - self._recovery.began > _SURVEY_TIMEOUTS_MAX * self._config.survey_timeout_us:
                self._resign("a majority did not say what it holds")
            return
        listening = self._rounds.listening(now - self._config.election_after_us)
        if listening < self._ballot.needed:
            self._resign(f"only {listening} of {len(self._ballot.voters)} voters listen")
        else:
            self._leading.herald()

    # --- becoming and ceasing to be master ------------------------------------------------------

    def _choose(self, master: NodeId, why: str) -> None:
        self._master = master
        self._out.emit(MasterChosen(master, self._ballot.promised, why))

    def _win(self) -> None:
        """Elected: read what the others hold."""
        term = self._ballot.promised
        self._following.leave()
        self._elected = True
        self._choose(
            self._out.name, f"elected by {self._ballot.needed} of {len(self._ballot.voters)}"
        )
        recovery = Recovery(self._out, self._members, self._records, term, self._ballot.needed)
        self._recovery = recovery
        for voter in self._ballot.supporters():
            recovery.ask(voter)
        self._recover()

    def _recover(self) -> None:
        recovery = self._recovery
        if recovery is not None and recovery.enough and not self._merging:
            recovery.read_own()
            self._merging = True
            self._out.set_timer(("policy", "read"), self._out.now)

    def _merge(self) -> None:
        """Take over what a majority holds."""
        recovery, self._recovery, self._merging = self._recovery, None, False
        if recovery is None:
            return
        term = self._ballot.promised
        writes, seq = recovery.outcome()
        others = self._ballot.voters - {self._out.name}
        self._rounds.begin(others, self._ballot.needed, self._out.now)
        self._whole = set()
        self._leading.begin(term, seq)

        def stored(refused: str) -> None:
            if not self._elected or self._ballot.promised != term:
                return
            if refused:
                self._resign(f"the disk refused what it took over: {refused}")
                return
            self._whole.add(self._out.name)
            self._leading.herald()
            self._maybe_serve()

        self._out.persist(writes, stored)

    def _maybe_serve(self) -> None:
        if not self._serves and len(self._whole) >= self._ballot.needed:
            self._serves = self._leading.serves = True
            self._ballot.copied()
            self._ballot.served()
            self._out.emit(ReignBegan(self._leading.term))

    def _resign(self, why: str) -> None:
        """Stop acting as master. What is under way stays in doubt."""
        served, self._serves = self._serves, False
        self._elected, self._recovery, self._merging = False, None, False
        self._leading.end()
        if served:
            self._out.emit(ReignEnded(self._leading.term, why))
        self._choose(NOBODY, why)
        self._be_patient()
        for op in self._rounds.end():
            self._relays.refuse(op, "no master", why)
        for op in list(self._book.open.values()):
            if not op.carried and not op.relayed_to:
                self._relays.doubt(op, why)

    def _refused(self, why: str) -> None:
        if self._elected:
            self._resign(f"its disk refused a write: {why}")

    def _later_term(self, term: int, of: NodeId) -> None:
        """A term above the own promise was heard of: be bound to it."""
        if self._elected:
            self._resign(f"term {term} has begun")
        self._ballot.bind(term, of)

    def damaged(self) -> None:
        """What this disk held, a majority holds: a master has it read anew, a follower copies."""
        self._ballot.lose()
        self._pages.clear()
        if self._elected:
            self._resign("its disk is damaged")
        self._following.again()

    # --- operations ---------------------------------------------------------------------------

    def takes(self, op: Operation) -> bool:
        """The master does it with a majority; others pass it on."""
        if self._elected and not self._serves:
            why = f"{self._out.name} was elected just now and asks a majority what it holds"
            self._relays.refuse(op, "no master", why)
        elif not self._serves:
            self._relays.pass_on(op, self._master)
        elif self._leading.has(op.partition, op.request.key):
            self._do(op)
        else:
            self._look_again(op)
        return False

    def _look_again(self, op: Operation) -> None:
        """The key is absent, or damaged: if it is the latter this node hears of that first."""
        op.asked.add(self._out.name)
        self._absent.append(op)
        self._out.set_timer(("policy", "read"), self._out.now)

    def _go_on(self) -> None:
        """Nothing that was read in the turn before was damaged, or it was given up."""
        pages, self._pages = self._pages, []
        for asker, page in pages:
            if asker in self._members.claims:
                self._out.send(asker, self._members.address(asker), "stream", page)
        absent, self._absent = self._absent, []
        for op in absent:
            if not op.answered:
                self._do(op)
        if self._merging:
            self._merge()

    def _do(self, op: Operation) -> None:
        match op.request:
            case GetRequest():
                if self._round_at != self._out.now:
                    self._round_at = self._out.now
                    self._leading.herald()
                self._rounds.wait(op, self._leading.round)
                self._answer_reads()
            case request:
                self._leading.write(op, request)

    def _answer_reads(self) -> None:
        """Those whose round a majority has heeded: nobody else was master when they came."""
        for op in self._rounds.confirmed():
            versions = self._leading.value(op.partition, op.request.key)
            if not versions.siblings and self._out.name not in op.asked:
                self._look_again(op)
                continue
            self._leading.answer(op, versions)

    def expired(self, op: Operation) -> None:
        """Nobody knows what became of it."""
        self._relays.expired(op, "no majority has confirmed it in time")

    def peer_lost(self, name: NodeId) -> None:
        """If it was the master, what it was asked is in doubt."""
        self._relays.lost(name)

    # --- what others say ----------------------------------------------------------------------

    def heard(self, body: Spoken, sender: NodeId) -> None:
        """A member spoke."""
        match body:
            case Relayed():
                self._relays.answered(body, sender)
            case Herald() | Accept():
                self._master_spoke(body, sender)
            case Heed() | Accepted():
                self._follower_spoke(body, sender)
            case Solicit():
                now = self._out.now
                fresh = self._elected or now - self._heard_at < self._config.election_after_us
                if not body.rehearsal and body.term > self._ballot.promised and self._elected:
                    self._resign(f"{sender} stands for term {body.term}")
                if self._ballot.asked(body, sender, content=fresh):
                    self._be_patient()
            case Vote():
                self._voted(body, sender)
            case Survey():
                self._surveyed(body, sender)
            case SurveyPage():
                if self._recovery is not None:
                    self._recovery.page(body, sender)
                    self._recover()
                else:
                    self._following.page(body, sender)

    def _master_spoke(self, body: Herald | Accept, sender: NodeId) -> None:
        promised = self._ballot.promised
        if body.term < promised:
            self._refuse(body, sender)
            return
        if body.term > promised:
            self._later_term(body.term, sender)
        self._heard_at = self._out.now
        self._be_patient()
        following = self._following
        if (following.master, following.term) != (sender, body.term):
            following.follow(sender, body.term)
        if self._master != sender:
            self._choose(sender, f"it was elected in term {body.term}")
        address = self._members.address(sender)
        match body:
            case Herald():
                if body.serves:
                    self._ballot.served()
                following.heralded(body.seq)
                heed = Heed(body.term, following.durable, body.round)
                self._out.send(sender, address, "stream", heed)
            case Accept():
                self._ballot.served()

                def stored(refused: str) -> None:
                    answer = Accepted(body.number, body.term, refused)
                    self._out.send(sender, address, "stream", answer)

                following.accept(body, self._ballot.pledge(), stored)

    def _refuse(self, body: Herald | Accept, sender: NodeId) -> None:
        """Its term is over."""
        promised = self._ballot.promised
        address = self._members.address(sender)
        match body:
            case Herald():
                self._out.send(sender, address, "stream", Heed(promised, 0, body.round))
            case Accept():
                self._out.emit(TermRefused(sender, body.term, promised))
                why = f"term {body.term} is over, it is {promised} now"
                self._out.send(sender, address, "stream", Accepted(body.number, promised, why))

    def _follower_spoke(self, body: Heed | Accepted, sender: NodeId) -> None:
        if body.term > self._ballot.promised:
            self._later_term(body.term, NOBODY)
            return
        if (
            not self._elected
            or body.term != self._leading.term
            or sender not in self._ballot.voters
        ):
            return
        match body:
            case Heed():
                self._rounds.heeded(sender, body.round, self._out.now)
                self._leading.has_all(sender, body.seq)
                if body.seq and self._recovery is None:
                    self._whole.add(sender)
                    self._maybe_serve()
                self._answer_reads()
            case Accepted():
                if not body.refused:
                    self._leading.stored(body.number, sender)

    def _voted(self, body: Vote, sender: NodeId) -> None:
        if body.promised > self._ballot.promised:
            self._later_term(body.promised, NOBODY)
            return
        match self._ballot.counted(body, sender):
            case "could":
                self._ballot.stand(self._win)
            case "elected":
                self._win()
            case "late" if self._recovery is not None:
                self._recovery.ask(sender)
            case _:
                pass

    def _surveyed(self, body: Survey, sender: NodeId) -> None:
        if body.term != self._ballot.promised:
            return
        mine = self._elected and self._recovery is None
        if mine or sender == self._ballot.to:
            if not mine:
                self._heard_at = self._out.now
                self._be_patient()
            seq = self._leading.seq if mine else 0
            page = page_of(self._out.config, self._records, body, seq)
            if page is not None and (mine or self._ballot.votes):
                self._pages.append((sender, page))
                self._out.set_timer(("policy", "read"), self._out.now)
