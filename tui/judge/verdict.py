"""One sentence with numbers about the whole cluster: the first thing on every screen (DESIGN 6).

A pure function of the view: what is wrong, who knows it, what it means for the data. The worst
comes first and loss before everything. Nothing is claimed that nobody reported: "no answer lost"
needs an audit, "killed" the lab's word; without it a node is only silent.

`text` fits 118 columns, `short` 78; clauses that do not fit are dropped from the end.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from msgspec import Struct

from cluster.model.facts import WorkloadCounted
from cluster.model.incident import Incident
from cluster.model.member import MemberState, NodeId
from tui.judge.agreement import Agreement, agreement, is_live, sides, watched
from tui.judge.court.crowns import architecture_of
from tui.judge.court.news import agreed, copies, told_masters
from tui.judge.exposure import common_ring, served, serves
from tui.judge.foreign.returned import begun
from tui.judge.foreign.telling import strangers, telling
from tui.judge.foreign.unheard import alone, unheard
from tui.judge.measured.refusals import told_refusals
from tui.judge.phrases import happening, holds
from tui.judge.rooms.survey import with_rooms
from tui.judge.standing import gone
from tui.judge.tale import (
    Clause,
    audit_was_early,
    is_gone_again,
    refuses,
    told,
    told_filling,
    told_rates,
    told_split,
    word_of,
)
from tui.judge.wording import Tone, joined, listed, seconds
from tui.view import LAB, ClusterView

TEXT_MAX: Final = 118
SHORT_MAX: Final = 78
FRESH_US: Final = 20_000_000
"""How long a newcomer or a farewell is still the news."""
RECOVERED_US: Final = 10_000_000
"""How long a closed incident is, unless something newer happens."""
LOST_US: Final = 10_000_000
JOINING_US: Final = 3_000_000
"""Nodes that start within this are one beginning: nobody of them joins the others."""
_WORD: Final = re.compile(r"[\w.@-]*\w")


class Verdict(Struct, frozen=True):
    """What to say, in two lengths, and how serious it is."""

    text: str
    tone: Tone
    short: str = ""
    """The same for 80 columns."""

    def within(self, width: int) -> str:
        """The longest variant that fits, cut with an ellipsis if none does."""
        for said in (self.text, self.short):
            if said and len(said) <= width:
                return said
        said = self.short or self.text
        return said[: max(0, width - 1)].rstrip() + "…"


class _Case(NamedTuple):
    """Everything the clauses are made from, computed once."""

    view: ClusterView
    now: int
    judged: Agreement
    counts: tuple[int, ...]
    gone: tuple[NodeId, ...]
    """Whom the others hold dead or off the ring, or whose process is gone; not those who left."""


def verdict(view: ClusterView, now: int) -> Verdict:
    """The sentence for this moment."""
    judged = agreement(view, now)
    case = _Case(view, now, judged, served(view.nodes, judged, now), gone(view, judged))
    tone, clauses = _main(case)
    first = architecture_of(view) != "masterless"
    news = {part for clause in clauses for part in clause}
    if judged.observers:
        tone, clauses = with_rooms(view, now, tone, clauses)
        rest = clauses
        tone, clauses = told_refusals(view, now, tone, clauses)
        first = first or clauses[:1] != rest[:1]
    load = view.load
    if load is not None and load.unreadable > 0:
        clauses = [_unreadable(case, load), *clauses]
        tone = "warn" if audit_was_early(view) and tone != "bad" else "bad"
        first = True
    if view.lost and now - view.lost_at < LOST_US:
        clauses.append(
            Clause(f"{view.lost:,} facts never reached this screen.", f"{view.lost:,} facts missed")
        )
    if case.gone and tone == "good":
        tone = "warn"
    return Verdict(
        _naming(case, [c.text for c in clauses if c.text], news, " ", TEXT_MAX, first),
        tone,
        _naming(case, [c.short for c in clauses if c.short], news, " · ", SHORT_MAX, first),
    )


def _naming(
    case: _Case, parts: list[str], news: set[str], between: str, width: int, first: bool
) -> str:
    """The parts that fit; whoever is gone and named by no news among them comes first, or right after
    the `first`: what was lost or is refused, or what a master's absence means, is the main thing.
    """
    said, named = _join(parts, between, width), set[NodeId]()
    while True:
        words = {word for part in news if part in said for word in _WORD.findall(part)}
        unnamed = {name for name in case.gone if name not in words}
        if unnamed <= named:
            return said
        named |= unnamed  # naming them may leave no room for the news that named others
        verb = "is" if len(named) == 1 else "are"
        who = joined([name for name in case.gone if name in named])
        still = f"{who} {verb} still gone{'.' if between == ' ' else ''}"
        said = _join([*parts[:first], still, *parts[first:]], between, width)


def _unreadable(case: _Case, load: WorkloadCounted) -> Clause:
    """What the last audit could not read: lost, unless it asked before all was back."""
    what = f"{load.unreadable:,} of {load.audited:,} acknowledged answers"
    if not audit_was_early(case.view):
        return Clause(f"Data loss: {what} cannot be read.", f"LOST {what}")
    age = seconds(case.now - case.view.audited_at)
    return Clause(
        f"{what} could not be read {age} ago, before all hints were back.",
        f"{load.unreadable:,} of {load.audited:,} answers unreadable {age} ago",
    )


def _join(parts: list[str], between: str, width: int) -> str:
    said = ""
    for part in parts:
        longer = f"{said}{between}{part}" if said else part
        if said and len(longer) > width:
            continue
        said = longer
    return said


def _main(case: _Case) -> tuple[Tone, list[Clause]]:
    view, now = case.view, case.now
    if not view.nodes:
        return "plain", [Clause("Nothing has been heard yet.", "Nothing has been heard yet")]
    if not case.judged.observers:
        return _nobody(case)
    if apart := strangers(view, case.judged.observers):
        return "warn", [Clause(f"{apart}.", apart)]
    if forming := _forming(case):
        return "plain", [forming]
    ruled = told_masters(view, now, case.judged)
    if ruled is not None:
        tone, clauses = ruled
        return tone, [*clauses, _owners(case), told_rates(case.view, case.now)]
    split = sides(view, now)
    if split:
        return "bad", told_split(view, now, split)
    open_ = [i for i in view.incidents if not i.ended]
    if len(open_) > 1:
        return _several(case, open_)
    if open_:
        tone, clauses = told(view, now, case.judged, open_[0], case.gone)
        if _least(case) <= 1 < len(case.counts) - 1:
            tone = "bad"
        owners = _owners(case)
        return tone, [*clauses[:2], owners, *clauses[2:]]
    return _standing(case)


# --- nothing is wrong, or nobody can say ---------------------------------------------------------


def _nobody(case: _Case) -> tuple[Tone, list[Clause]]:
    """No node reports."""
    nodes = case.view.nodes.values()
    newest = max((n.reported_at for n in nodes), default=0)
    starting = sum(1 for n in nodes if n.process == "starting" or n.process == "running")
    if not newest:
        count = f"{len(nodes)} nodes are" if len(nodes) != 1 else "1 node is"
        word = "starting" if starting else "known, none reports"
        return "plain", [Clause(f"{count} {word}.", f"{count} {word}")]
    age = seconds(case.now - newest)
    return "bad", [
        Clause(f"No node reports any more: the last word is {age} old.", f"No node reports, {age}")
    ]


def _forming(case: _Case) -> Clause | None:
    """Before the first common view: who has come so far.

    Of another maker's cluster those who answer us: who does not need not be new.
    """
    known = case.view.nodes.values()
    left = {s for n in known for s, b in n.beliefs.items() if b.state is MemberState.LEFT}
    nodes = [
        n for n in known
        if not n.departed and n.process != "gone" and n.name not in left
        and watched(case.view, n.name)
        and (is_live(n, case.now) or telling(case.view) is None)
    ]  # fmt: skip
    if any(m.kind in ("suspect", "dead", "fault") for m in case.view.marks):
        return None
    first = min((n.started_at for n in nodes if n.started_at), default=case.now)
    met = [
        n for n in nodes
        if is_live(n, case.now) and (len(nodes) == 1 or any(
            b.state is MemberState.ALIVE for b in n.beliefs.values()))
    ]  # fmt: skip
    rings = {n.ring.digest for n in met if n.ring is not None}
    complete = len(met) == len(nodes) and case.judged.all and len(rings) <= 1
    if complete or case.now - first > FRESH_US:
        return None
    if not met:
        said = f"{len(nodes)} nodes are up and look for each other"
        said = said if len(nodes) > 1 else "1 node is up"
        return Clause(f"{said}.", said)
    if len(met) < len(nodes):
        missing = [n.name for n in nodes if n not in met]
        verb = "is" if len(missing) == 1 else "are"
        return Clause(
            f"{len(met)} of {len(nodes)} nodes have joined, {listed(missing)} {verb} still coming.",
            f"{len(met)} of {len(nodes)} nodes have joined",
        )
    strangers = any(
        other.name != n.name and other.name not in n.beliefs for n in met for other in nodes
    )
    if not case.judged.all and not strangers:
        return None
    if strangers:
        return Clause(
            f"{len(nodes)} nodes have met, {case.judged.agreeing} of them know everybody.",
            f"{len(nodes)} nodes have met",
        )
    if len(nodes) == 1:
        return Clause("1 node makes a ring of its own.", "1 node makes its ring")
    return Clause(
        f"{len(nodes)} nodes know each other, and settle on one ring.",
        f"{len(nodes)} nodes settle on one ring",
    )


def _standing(case: _Case) -> tuple[Tone, list[Clause]]:
    """No incident is open."""
    view, judged, now = case.view, case.judged, case.now
    last = view.incidents[-1] if view.incidents else None
    filling = [node for node in view.nodes.values() if node.filling and is_live(node, now)]
    silent = [
        n.name for n in view.nodes.values()
        if not is_live(n, now) and judged.state(n.name) is MemberState.ALIVE
        and watched(view, n.name)
    ]  # fmt: skip
    owners, rates = _owners(case), told_rates(case.view, case.now)
    if not judged.all:
        return "warn", [*_disagreement(case), owners, rates]
    agree = _agree(case)
    cut = _cut(case)
    if cut:
        return "warn", [cut, agree, owners, rates]
    if filling and not any(refuses(view, name) for name in silent):
        clause = told_filling(filling)
        whole = all(serves(view.nodes[name], judged) for name in _members(case))
        return "warn", [agree, clause, rates] if whole else [agree, clause, owners, rates]
    if silent:
        tone, clause = unheard(view, now, judged, silent)
        return tone, [clause, owners, rates]
    if last is not None and _is_news(case, last):
        _, clauses = told(view, now, judged, last, case.gone)
        return "good", [*clauses, owners, rates]
    short = len(case.counts) - 1 - _least(case)
    tone: Tone = "good" if short <= 0 else "warn" if short == 1 else "bad"
    return tone, [agree, owners, rates]


def _is_news(case: _Case, last: Incident) -> bool:
    """Whether the end of a failure is still the latest thing that happened."""
    if not last.ended or not 0 <= case.now - last.ended < RECOVERED_US:
        return False
    live = [case.view.nodes[name] for name in case.judged.observers]
    return all(b.since <= last.ended for n in live for b in n.beliefs.values())


def _joined_lately(case: _Case) -> list[NodeId]:
    """Who came to a cluster that was there already, and not back from a failure."""
    live = [case.view.nodes[name] for name in case.judged.observers]
    first = min((n.started_at for n in live if n.started_at), default=0)
    failed = {incident.subject for incident in case.view.incidents}
    return [
        n.name for n in live
        if n.name not in failed
        and n.started_at > max(case.now - FRESH_US, first + JOINING_US)
    ]  # fmt: skip


def _agree(case: _Case) -> Clause:
    live = len(case.judged.observers)
    away = [
        (n.name, case.judged.state(n.name)) for n in case.view.nodes.values()
        if not is_live(n, case.now)
    ]  # fmt: skip
    off = [name for name, state in away if state is MemberState.REMOVED]
    left = [name for name, state in away if state is MemberState.LEFT and _lately(case, name)]
    if live == 1 and len(case.view.nodes) == 1:
        return alone(case.view, case.judged.observers[0])
    nodes = f"{live} node agrees" if live == 1 else f"{live} nodes agree"
    sample = case.view.sample
    if sample is not None:
        nodes = f"{sample.agreeing:,} of {sample.nodes:,} nodes hold one view"
        nodes = nodes if sample.agreeing else f"{sample.nodes:,} nodes, not yet compared"
    if left:
        who = f"{listed(left)} {'has' if len(left) == 1 else 'have'} left"
        return Clause(f"{who}, {nodes}.", f"{who}, {nodes}")
    new = _joined_lately(case)
    if new and not off:
        who = f"{listed(new)} {'has' if len(new) == 1 else 'have'} joined"
        who = begun(case.view, new, case.now) if telling(case.view) else who
        return Clause(f"{who}, {nodes}.", f"{who}, {nodes}")
    if off:
        who = f"{joined(off)} {'is' if len(off) == 1 else 'are'} off the ring"
        return Clause(f"{nodes}: {who}.", f"{nodes}, {who}")
    if architecture_of(case.view) != "masterless":
        ruled = agreed(case.view, case.now, case.judged)
        return ruled if ruled.text else Clause(f"{nodes}.", nodes)
    return Clause(f"{nodes}.", nodes)


def _lately(case: _Case, name: NodeId) -> bool:
    """Whether the news about a node is fresh."""
    beliefs = [n.beliefs[name] for n in case.view.nodes.values() if name in n.beliefs]
    return case.now - max((b.since for b in beliefs), default=0) < FRESH_US


def _members(case: _Case) -> list[NodeId]:
    """Who has a seat on the ring and a row here."""
    ring = common_ring(case.view.nodes, case.now)
    return [name for name in ring.members if name in case.view.nodes] if ring else []


def _cut(case: _Case) -> Clause | None:
    """Links are cut, and nobody has accused anybody for it (yet)."""
    faults = [f for f in case.view.casebook.lives.faults if f.kind not in ("kill", "pause")]
    if not faults:
        return None
    fault = min(faults, key=lambda f: (f.id.node != LAB, f.at))
    age = seconds(case.now - fault.at)
    if fault.kind == "partition":
        side = [name for name in case.view.nodes if name not in fault.peers]
        what = f"{listed(side)} and {listed(fault.peers)} are cut off from each other"
    else:
        what = happening(fault.kind, fault.subject, fault.peers)
    return Clause(f"{what} ({age}), nobody is accused.", f"{what}, nobody is accused")


def _disagreement(case: _Case) -> list[Clause]:
    """The views differ though nothing has failed: news is on its way."""
    judged = case.judged
    subject = max(
        (s for s in judged.subjects.values() if s.since),
        key=lambda s: (len(s.late), s.since),
        default=None,
    )
    live = len(judged.observers)
    agreeing = Clause(
        f"{judged.agreeing} of {live} views agree.", f"{judged.agreeing} of {live} views agree"
    )
    if subject is None or subject.newest is None:
        return [agreeing]
    who, age = listed(subject.late), seconds(case.now - subject.since)
    verb = "has" if len(subject.late) == 1 else "have"
    what = holds(subject.name, subject.newest.state)
    late = f"{who} {verb} not heard that {what} ({age})"
    return [agreeing, Clause(f"{late}.", late)]


# --- what it means for the data ------------------------------------------------------------------


def _least(case: _Case) -> int:
    """The fewest owners that any partition has left."""
    return next((k for k, count in enumerate(case.counts) if count), len(case.counts) - 1)


def _owners(case: _Case) -> Clause:
    if architecture_of(case.view) != "masterless":
        return copies(case.view, case.now, case.judged)
    counts = case.counts
    ring = common_ring(case.view.nodes, case.now)
    if not counts or ring is None:
        return Clause("", "")
    n, least = len(counts) - 1, _least(case)
    if least == n == 1:
        return Clause("Every key has its one owner.", "every key has its owner")
    if least == n:
        return Clause(f"Every key has {n} of {n} owners.", f"every key has {n} of {n} owners")
    if least == n - 1 and n > 1 and counts[least] == ring.partitions:
        text = f"very key still has {least} of {n} owners"
        return Clause(f"E{text}.", f"every key has {least} of {n} owners")
    share = f"{counts[least]} of {ring.partitions} partitions"
    have = "has" if counts[least] == 1 else "have"
    if least == 0:
        return Clause(f"{share} {have} no owner that answers.", f"{share} without owner")
    left = "" if least == n - 1 else " left"
    text = f"{share} {have} {least} of {n} owners{left}."
    few = f"{counts[least]} of {ring.partitions}" if not left else share
    return Clause(text, f"{few} at {least} of {n} owners")


# --- more than one thing is wrong ----------------------------------------------------------------


def _several(case: _Case, incidents: list[Incident]) -> tuple[Tone, list[Clause]]:
    now = case.now
    again = [i.subject for i in incidents if is_gone_again(case.view, i, case.gone)]
    away = [i for i in incidents if not i.stage("back").ended or i.subject in again]
    names = [f"{i.subject} {'gone again' if i.subject in again else word_of(i)}" for i in incidents]
    aged = zip(names, incidents, strict=True)
    parts = [f"{n} {seconds(now - i.began)}" if i.subject not in again else n for n, i in aged]
    head = f"{len(away)} nodes are away" if len(away) > 1 else f"{len(incidents)} failures"
    if not away:
        head = f"{len(incidents)} are back" if case.gone else "All are back"
    elif all(i.fault == "partition" for i in away):
        head = f"{len(away)} nodes are cut off from the rest"
    text = f"{head}: {', '.join(parts)}."
    tone: Tone = "bad" if _least(case) <= 1 or len(away) > 1 else "warn"
    hints = _hints(case)
    return tone, [Clause(text, f"{', '.join(names)}"), _owners(case), hints]


def _hints(case: _Case) -> Clause:
    nodes = case.view.nodes
    total = sum(d.count for name in case.judged.observers for d in nodes[name].hints)
    said = "1 hint waits" if total == 1 else f"{total:,} hints wait"
    return Clause(f"{said}.", said) if total else Clause("", "")
