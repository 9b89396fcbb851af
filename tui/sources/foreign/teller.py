"""Facts of a foreign cluster, from what was seen of it: pure.

Each observer's first appearance is a snapshot; after that only what changed is told, marked `polled`,
and once a period a pulse. Foreign members have no incarnations: when an observer that held a member
dead holds it alive again, the member has come back, and from then on its incarnation here is one
higher, so that who has not heard of it yet is behind and not in disagreement. A member's life (epoch)
is 1: engines that say when a process began have a new life counted by that.
"""

from __future__ import annotations

import os
import re
from errno import ECONNREFUSED
from typing import Final, Literal

from msgspec.structs import replace

from cluster.model.facts import (
    Basis,
    Fact,
    HealthChanged,
    MasterChosen,
    MemberChanged,
    Payload,
    ProcessObserved,
    PulseReported,
    ReignBegan,
    ReignEnded,
    RingChanged,
    SnapshotTaken,
    SuspicionConfirmed,
    SuspicionRaised,
    WindowClosed,
)
from cluster.model.member import (
    ADDRESS_PATTERN,
    UNKNOWN_ADDRESS,
    Address,
    Claim,
    MemberState,
    NodeId,
)
from cluster.model.summary import Fate, Rates, RingTable
from tui.sources.foreign.customs import admitted, named, told
from tui.sources.foreign.seen import Look, Opinion, Overheard, Row
from tui.view import OBSERVER

PULSE_US: Final = 1_000_000
"""How often an observer's totals are told although nothing changed."""
RESTART_US: Final = 2_000_000
"""A process that began so much later than it said before is another one."""
GONE: Final = (MemberState.DEAD, MemberState.REMOVED, MemberState.LEFT)
NO_RING: Final = RingTable("", (), 0, 0, ())
REFUSED: Final = os.strerror(ECONNREFUSED)
"""In the sentence of whoever could not connect, in every engine's adapter."""
LIVES_MAX: Final = 10_000
"""Members remembered; more are not told apart by life."""


class Teller:
    """Remembers the last look, and tells what is new in the next."""

    def __init__(self, epoch: int) -> None:
        self._epoch = epoch
        """Of what the observer itself says."""
        self._rows: dict[NodeId, Row] = {}
        self._epochs: dict[NodeId, int] = {}
        self._told: dict[tuple[NodeId, NodeId], int] = {}
        """Of which epoch (observer, subject) was last spoken."""
        self._lives: dict[NodeId, int] = {}
        """How often each member has come back."""
        self._fell: dict[tuple[NodeId, NodeId], int] = {}
        """In which of its lives (observer, subject) was held gone."""
        self._seqs: dict[NodeId, int] = {}
        self._pulsed: dict[NodeId, int] = {}
        self._silent: set[NodeId] = set()
        self._answered: dict[NodeId, int] = {}
        """When each observer last answered."""
        self._refusing: set[NodeId] = set()
        """Members where nobody takes a connection any more: we have seen that ourselves."""

    def tell(self, look: Look) -> list[Fact]:
        """What this look adds to the one before."""
        look = _recognised(admitted(look))
        facts: list[Fact] = []
        reborn = {
            n for n, row in look.rows.items() if n in self._rows and _restarted(self._rows[n], row)
        }
        for name in reborn:  # first of all: others may hold its new life in this very look
            self._epochs[name] = self._epochs.get(name, 1) + 1
        # First those who answered until now: what others say of them is judged by when that was.
        facts += self._closed(look, [name for name in look.silent if name in self._rows])
        for name, row in look.rows.items():
            before = self._rows.get(name)
            if name in self._refusing:
                self._refusing.remove(name)
                facts.append(self._observed(look, name, "running"))
            known = before is not None and name not in self._silent and name not in reborn
            if known and before is not None and not _emptied(before, row):
                facts += self._changed(look, before, row)
            else:
                facts += self._appeared(look, row)
            self._silent.discard(name)
            self._rows[name] = row
            self._answered[name] = look.at
            interval = look.at - self._pulsed[name]
            if interval >= PULSE_US:
                facts.append(self._pulse(look, row, interval))
        # Where nobody has ever answered there is nothing to tell of yet.
        return facts + self._closed(look, list(look.silent) if self._rows else [])

    def _closed(self, look: Look, names: list[NodeId]) -> list[Fact]:
        """Who does not answer any more, and when it last did."""
        facts: list[Fact] = []
        for name in names:
            if name not in self._silent and len(self._silent) < LIVES_MAX:
                self._silent.add(name)
                closed = WindowClosed(name, look.silent[name], self._answered.get(name, 0))
                facts.append(self._said(OBSERVER, look.at, closed, "polled"))
            if name not in self._refusing and _refused(look, name):
                self._refusing.add(name)
                facts.append(self._observed(look, name, "gone"))
        return facts

    def _observed(self, look: Look, name: NodeId, state: Literal["gone", "running"]) -> Fact:
        """What we saw of its process from outside."""
        seen = ProcessObserved(name, state, 0, UNKNOWN_ADDRESS)
        return self._said(OBSERVER, look.at, seen, "polled")

    def overheard(self, word: Overheard) -> Fact | None:
        """Something an engine said between two looks; None: it is known to be over already.

        A member that its observer holds gone is not suspected any more, whatever its log repeats.
        """
        observer, payload = named(word.observer), told(word.payload)
        if isinstance(payload, SuspicionRaised | SuspicionConfirmed):
            row = self._rows.get(observer)
            held = row.opinions.get(payload.subject) if row is not None else None
            if held is None or held.state in GONE:
                return None
        return self._said(observer, word.at, payload, word.basis)

    def incarnation(self, name: NodeId) -> int:
        """How often a member has come back, as far as anybody noticed."""
        return self._lives.get(name, 0)

    # --- one observer ----------------------------------------------------------------------------

    def _appeared(self, look: Look, row: Row) -> list[Fact]:
        """An observer that was not there before, or has begun anew: all of it."""
        name = row.name
        fates: list[Fate] = []
        for subject, opinion in row.opinions.items():
            self._lived(name, subject, opinion, None)
            heard = row.heard.get(subject, 0)
            fates.append(Fate(self._claim(name, subject, opinion), look.at, heard))
        taken = SnapshotTaken(
            name=name,
            incarnation=self.incarnation(name),
            profile=row.engine,
            pid=0,
            gossip=_address(row, name),
            window=row.window,
            started_at=row.started_at or look.at,
            write_quorum=0,
            read_quorum=0,
            members=tuple(fates),
            ring=row.ring or NO_RING,
            keys=row.keys,
            filling=row.filling,
            hints=(),
            faults=(),
            faults_allowed=False,
            telling=look.telling,
            rule=row.rule,
        )
        facts = [self._said(name, look.at, taken, "polled")]
        if name in self._rows:  # it was another's master, or followed another, when we saw it last
            facts += self._ruled(look, self._rows[name], row)
        if row.extras or row.round_trips:  # nobody should wait a second for these
            facts.append(self._pulse(look, row, PULSE_US))
        self._pulsed[name] = look.at
        return facts

    def _changed(self, look: Look, before: Row, row: Row) -> list[Fact]:
        facts: list[Fact] = []
        if row.heard and any(_accuses(row, n) and not _accuses(before, n) for n in row.opinions):
            interval = look.at - self._pulsed[row.name]
            # When it last heard of whom it accuses now.
            facts.append(self._pulse(look, row, interval))
        elif before.filling and not row.filling:  # nobody should wait a second for this
            facts.append(self._pulse(look, row, look.at - self._pulsed[row.name]))
        for subject, opinion in row.opinions.items():
            old = before.opinions.get(subject)
            if old == opinion and not self._in_new_life(row.name, subject, opinion):
                continue
            self._lived(row.name, subject, opinion, old)
            claim = self._claim(row.name, subject, opinion)
            change = MemberChanged(
                claim, old.state if old is not None else None, "gossip", NodeId("")
            )
            facts.append(self._said(row.name, look.at, change, "polled"))
        for subject, old in before.opinions.items():
            if subject not in row.opinions and old.state is not MemberState.REMOVED:
                forgotten = Opinion(MemberState.REMOVED, old.address)
                claim = self._claim(row.name, subject, forgotten)
                change = MemberChanged(claim, old.state, "gossip", NodeId(""))
                facts.append(self._said(row.name, look.at, change, "polled"))
        for subject, count in row.reports.items():
            if count > before.reports.get(subject, 0) and _accuses(row, subject):
                confirmed = SuspicionConfirmed(subject, NodeId(""), count, 0)
                facts.append(self._said(row.name, look.at, confirmed, "polled"))
        return facts + self._of_itself(look, before, row)

    def _of_itself(self, look: Look, before: Row, row: Row) -> list[Fact]:
        """Its health and its table; whom it follows."""
        facts: list[Fact] = []
        if row.health != before.health:
            why = "failed" if row.health > before.health else "answered"
            health = HealthChanged(before.health, row.health, why)
            facts.append(self._said(row.name, look.at, health, "polled"))
        if row.ring is not None and row.ring != before.ring:
            facts.append(self._said(row.name, look.at, RingChanged(row.ring, 0, 0), "polled"))
        return facts + self._ruled(look, before, row)

    def _ruled(self, look: Look, before: Row, row: Row) -> list[Fact]:
        """Whom it follows now, and whether it leads anything."""
        facts: list[Fact] = []
        rule, held = row.rule, before.rule
        if rule.leads and (not held.leads or rule.term != held.term):
            facts.append(self._said(row.name, look.at, ReignBegan(rule.term), "polled"))
        elif held.leads and not rule.leads:
            why = (
                f"{rule.master} leads what it led"
                if rule.master != row.name
                else "it leads nothing"
            )
            facts.append(self._said(row.name, look.at, ReignEnded(held.term, why), "polled"))
        if not rule.leads and rule.master != held.master:
            chosen = MasterChosen(rule.master, rule.term, "it copies it now")
            facts.append(self._said(row.name, look.at, chosen, "polled"))
        return facts

    def _pulse(self, look: Look, row: Row, interval: int) -> Fact:
        self._pulsed[row.name] = look.at
        view = ",".join(f"{name}:{o.state}" for name, o in sorted(row.opinions.items()))
        pulse = PulseReported(
            interval_us=interval,
            incarnation=self.incarnation(row.name),
            rates=Rates(gets=round(row.operations_per_s * interval / 1e6)),
            sent={},
            received={},
            dropped={},
            bytes_out=0,
            bytes_in=0,
            untraced=0,
            keys=row.keys,
            filling=len(row.filling),
            hints=(),
            heard=row.heard,
            view=view,
            ring=row.ring.digest if row.ring is not None else "",
            lag_us=row.lag_us,
            resident_bytes=row.resident_bytes,
            health=row.health,
            round_trips=row.round_trips,
            extras=row.extras,
        )
        return self._said(row.name, look.at, pulse, "polled")

    # --- lives -----------------------------------------------------------------------------------

    def _lived(self, observer: NodeId, subject: NodeId, new: Opinion, old: Opinion | None) -> None:
        life = self._lives.get(subject, 0)
        if new.state in GONE:
            self._fell[observer, subject] = life
            return
        fell = self._fell.pop((observer, subject), None)
        was_gone = old is not None and old.state in GONE
        if was_gone and fell == life and len(self._lives) < LIVES_MAX:
            self._lives[subject] = life + 1

    def _in_new_life(self, observer: NodeId, subject: NodeId, opinion: Opinion) -> bool:
        """Whether it holds somebody alive whose new life has not been spoken of.

        The process that was born again was asked after its observer, which holds it alive already.
        """
        epoch = self._epochs.get(subject, 1)
        return opinion.state is MemberState.ALIVE and self._told.get((observer, subject), 1) < epoch

    def _claim(self, observer: NodeId, subject: NodeId, opinion: Opinion) -> Claim:
        incarnation = self._lives.get(subject, 0)
        if opinion.state in GONE:
            incarnation = self._fell.get((observer, subject), incarnation)
        epoch = self._epochs.get(subject, 1)
        if opinion.state is MemberState.ALIVE:
            self._told[observer, subject] = epoch
        else:  # it means the life that it knew
            epoch = self._told.get((observer, subject), epoch)
        row = self._rows.get(subject)
        window = _writable(row.window if row is not None else "")
        address = _writable(opinion.address)
        return Claim(subject, epoch, incarnation, opinion.state, address, window)

    def _said(self, node: NodeId, at: int, payload: Payload, basis: Basis) -> Fact:
        seq = self._seqs[node] = self._seqs.get(node, 0) + 1
        epoch = self._epoch if node == OBSERVER else self._epochs.get(node, 1)
        return Fact(node, epoch, seq, at, at, payload, (), basis)


def _restarted(before: Row, row: Row) -> bool:
    return bool(before.started_at and row.started_at > before.started_at + RESTART_US)


def _emptied(before: Row, row: Row) -> bool:
    """Whether it begins to copy what it does not hold: only a snapshot says which partitions."""
    return bool(row.filling) and row.filling != before.filling


def _recognised(look: Look) -> Look:
    """Who was never met is called by its address: it may be the member that others know there."""
    held = [each for row in look.rows.values() for each in row.opinions.items()]
    known = {opinion.address: name for name, opinion in held if opinion.address}
    silent = {
        name if (name := known.get(Address(called), called)) not in look.rows else called: why
        for called, why in look.silent.items()
    }
    return replace(look, silent=silent)


def _refused(look: Look, name: NodeId) -> bool:
    """Whether a member that others speak of takes no connection.

    Not where nobody suspects: there a node that is gone is so for all at once, and the port mapper
    that refuses us is another process.
    """
    suspects = look.telling is None or look.telling.suspects
    known = any(name in row.opinions for row in look.rows.values())
    return suspects and known and REFUSED in look.silent[name]


def _writable(address: str) -> Address:
    """As a claim may hold it: what does not read back would be missing from every recording."""
    return Address(address) if re.match(ADDRESS_PATTERN, address) else UNKNOWN_ADDRESS


def _accuses(row: Row, subject: NodeId) -> bool:
    held = row.opinions.get(subject)
    return held is not None and held.state in (MemberState.SUSPECT, MemberState.DEAD)


def _address(row: Row, name: NodeId) -> Address:
    own = row.opinions.get(name)
    return own.address if own is not None else row.window
