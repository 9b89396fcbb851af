"""What the verdict says of a cluster with masters: what its architecture just lost or refused.

Two masters, none, one that cannot be reached, writes thrown away, a queue: in this order, the worst
first, each with its numbers, all from what nodes reported and how the workload's answers ended.
Ignores why a node fell silent (`tui.judge.tale`) and everything where nobody is special.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from cluster.config import ArchitectureName
from cluster.model.member import MemberState, NodeId
from tui.judge.agreement import Agreement, is_live, sides
from tui.judge.court.crowns import (
    architecture_of,
    followers,
    last_reign,
    leaders,
    reigning_since,
)
from tui.judge.exposure import common_ring, serves
from tui.judge.tale import Clause
from tui.judge.wording import Tone, counted, joined, listed, seconds
from tui.view import ClusterView, Discard

FOUNDING_US: Final = 1_000_000
"""Who reigned for less than this was master of nobody yet: founders that had not met."""
NEWS_US: Final = 15_000_000
"""How long writes thrown away, and a new master, are still the news."""
ANSWERS_US: Final = 5_000_000
"""Answers of so long are counted in a sentence, at most."""
ANSWERS_LEAST: Final = 5
QUEUE_LONG: Final = 8
"""Fewer requests that wait are not worth a word."""
NONE: Final = Clause("", "")


class _Case(NamedTuple):
    view: ClusterView
    now: int
    judged: Agreement
    kind: ArchitectureName
    live: tuple[NodeId, ...]
    crowned: tuple[NodeId, ...]


def told_masters(
    view: ClusterView, now: int, judged: Agreement
) -> tuple[Tone, list[Clause]] | None:
    """The news about masters; None when there is none, or there are no masters."""
    kind = architecture_of(view)
    if kind == "masterless":
        return None
    case = _Case(view, now, judged, kind, judged.observers, leaders(view, now))
    if len(case.crowned) > 1:
        return "bad", [_two(case), _flocks(case)]
    split = sides(view, now)
    thrown = _thrown_away(case)
    fixed = kind in ("single", "primary")
    if not case.crowned and not view.court.reigns and not fixed and not split:
        none = Clause(f"{counted(len(case.live), 'node')} alive, no master yet.", "no master yet")
        return "plain", [none]
    if not case.crowned:
        return "bad", [*thrown, *(_halves(case, split) if split else _nobody(case))]
    if split:
        return "bad", [*thrown, *_halves(case, split)]
    if thrown:
        return "bad" if kind == "failover" else "warn", [*thrown, _leads(case)]
    lost = [n for n in case.live if n not in case.crowned and not view.nodes[n].rule.master]
    if lost:
        verb = "knows" if len(lost) == 1 else "know"
        it = "it refuses" if len(lost) == 1 else "they refuse"
        text = f"{listed(lost)} {verb} no master: {it} everything."
        return "warn", [Clause(text, f"{listed(lost)} without master"), _leads(case)]
    return _changed(case) or _crowded(case)


def agreed(view: ClusterView, now: int, judged: Agreement) -> Clause:
    """The clause of a quiet cluster: how many follow whom."""
    live, crowned = judged.observers, leaders(view, now)
    if len(crowned) != 1 or len(live) == 1:
        return NONE
    master = crowned[0]
    following = 1 + len(followers(view, now, master))
    term = view.nodes[master].rule.term
    named = f"master {master}" + (f" of term {term}" if term else "")
    if following == len(live):
        return Clause(f"{len(live)} nodes agree on {named}.", f"{len(live)} nodes, {named}")
    few = f"{following} of {len(live)} nodes follow {named}"
    return Clause(f"{few}.", few)


def copies(view: ClusterView, now: int, judged: Agreement) -> Clause:
    """Where keys are, in the terms of the architecture."""
    ring = common_ring(view.nodes, now)
    if ring is None:
        return NONE
    up = [m for m in ring.members if m in view.nodes and serves(view.nodes[m], judged)]
    n, k = len(ring.members), len(up)
    match architecture_of(view):
        case "masterless":
            return NONE
        case "single":
            holder = ring.members[0]
            where = "holds" if k else "'s disk holds"
            text = f"{holder}{'' if not k else ' '}{where} the only copy of every key"
            return Clause(
                f"{text}.", f"{holder}{'' if k else chr(39) + 's disk'} has the only copy"
            )
        case "primary":
            gone = [m for m in ring.members if m not in up]
            if not gone:
                text = f"ne copy of each key, on {counted(n, 'worker')}"
                return Clause(f"O{text}.", f"o{text}")
            lost = {ring.members.index(m) for m in gone}
            count = sum(1 for owners in ring.owners if owners and owners[0] in lost)
            had = f"{count} of {ring.partitions} partitions had their only copy on {listed(gone)}"
            return Clause(f"{had}.", f"{count} partitions without a copy")
        case "failover":
            text = f"{k} of {n} nodes hold copies, written after the answer"
            return Clause(f"{text}.", f"{k} of {n} hold copies, with a lag")
        case "majority":
            quorum = max((view.nodes[m].write_quorum for m in up), default=0)
            text = f"{k} of {n} nodes hold copies, an answer proves {quorum}"
            return Clause(f"{text}.", f"{k} of {n} hold copies")


# --- more than one -------------------------------------------------------------------------------


def _two(case: _Case) -> Clause:
    view, crowned = case.view, case.crowned
    since = [reigning_since(view, name) for name in crowned]
    age = f" for {seconds(case.now - max(since))}" if all(since) else ""
    many = "Two" if len(crowned) == 2 else f"{len(crowned)}"
    if case.kind == "majority":
        top = max(crowned, key=lambda name: view.nodes[name].rule.term)
        term = view.nodes[top].rule.term
        text = f"{joined(crowned)} believe to be master{age}: only {top} (term {term}) can commit."
        return Clause(text, f"{many} believe to be master{age}: only {top} can commit")
    all_ = "both" if len(crowned) == 2 else "all"
    text = f"{many} masters{age}: {joined(crowned)} {all_} accept writes."
    courts = ", ".join(_court(case, name) for name in crowned)
    return Clause(text, f"{many} masters{age}: {courts}")


def _court(case: _Case, master: NodeId) -> str:
    flock = followers(case.view, case.now, master)
    return f"{master} with {listed(flock)}" if flock else f"{master} alone"


def _flocks(case: _Case) -> Clause:
    """Who follows whom."""
    parts: list[str] = []
    for master in case.crowned:
        flock = followers(case.view, case.now, master)
        said = f"{listed(flock)} {'follows' if len(flock) == 1 else 'follow'} {master}"
        parts.append(said if flock else f"nobody follows {master}")
    return Clause(f"{_upper(', '.join(parts))}.", "")


# --- none, or one that some cannot reach ----------------------------------------------------------


def _halves(case: _Case, groups: Sequence[Sequence[NodeId]]) -> list[Clause]:
    """A split cluster: which side has the master, what the others do without."""
    view, now = case.view, case.now
    since = min((i.began for i in view.incidents if not i.ended), default=0)
    age = f" for {seconds(now - since)}" if since else ""
    named = " | ".join(listed(list(group), 8) for group in groups)
    split = Clause(f"Split{age}: {named}.", f"split{age}: {named}")
    mute = [g for g in groups if not any(n in case.crowned for n in g)]
    ruled = [g for g in groups if g not in mute]
    said: list[Clause] = []
    total = len(view.nodes)
    for group in mute:
        few = f"{listed(list(group), 8)} ({len(group)} of {total})"
        verb = "has" if len(group) == 1 else "have"
        if case.kind in ("single", "primary"):
            reach = f"{few} cannot reach {_fixed(case)} and {_refuse(group)} everything"
        elif case.kind == "majority" and len(group) < _quorum(case):
            reach = f"{few} {verb} no majority and {_accept(group)} nothing"
        else:
            reach = f"{few} {verb} no master yet"
        said.append(Clause(f"{reach}.", f"{listed(list(group), 8)} {_accept(group)} nothing"))
    for group in ruled:
        master = next(n for n in group if n in case.crowned)
        term = view.nodes[master].rule.term
        flock = [n for n in group if n != master]
        text = f"{master} leads {listed(flock, 8)}" if flock else f"{master} leads itself"
        text += f" (term {term})" if term else ""
        said.append(Clause(f"{text}.", text))
    return [*said, _answers(case, since), split]


def _nobody(case: _Case) -> list[Clause]:
    """No master that can be heard, on any side."""
    view, now = case.view, case.now
    alive = f"{counted(len(case.live), 'node')} {'is' if len(case.live) == 1 else 'are'} alive"
    last = last_reign(view)
    since = last.ended if last is not None else 0
    if case.kind in ("single", "primary"):
        master = _fixed(case)
        word = _word(case, master)
        said = _answers(case, since)
        text = f"{master} {word} and was the only one who may decide"
        text = f"{text}: {said.short}; {alive}" if said.short else f"{text}; {alive}"
        return [Clause(f"{text}.", f"{master} {word}, nobody else may decide")]
    age = f" for {seconds(now - since)}" if since else ""
    who = f"{last.node} {_word(case, last.node)}" if last is not None else "nobody was elected"
    quorum = _quorum(case)
    if case.kind == "majority" and len(case.live) < quorum:
        text = f"No majority{age}: {alive}, {quorum} must agree. Nothing is accepted, nothing lost."
        return [Clause(text, f"no majority{age}: {len(case.live)} alive, needs {quorum}")]
    way = "a majority must elect one" if case.kind == "majority" else "the next waits on its timer"
    text = f"No master{age}: {who}, {way}."
    return [Clause(text, f"no master{age}, {who}"), _answers(case, since)]


def _fixed(case: _Case) -> NodeId:
    masters = (n.rule.master for n in case.view.nodes.values() if n.rule.master)
    return next(masters, NodeId("the master"))


def _word(case: _Case, name: NodeId) -> str:
    """Why a master cannot be heard, as far as anybody knows."""
    node = case.view.nodes.get(name)
    if node is None:
        return "is unknown"
    if node.process == "gone":
        return "is dead"
    if node.process == "paused":
        return "is paused"
    if is_live(node, case.now):
        return "stepped down"
    state = case.judged.state(name)
    return "is dead" if state in (MemberState.DEAD, MemberState.REMOVED) else "is silent"


def _quorum(case: _Case) -> int:
    return max((n.write_quorum for n in case.view.nodes.values()), default=0)


def _answers(case: _Case, since: int) -> Clause:
    """How the latest answers ended, in intervals that lie wholly after `since`."""
    after = max(since, case.now - ANSWERS_US)
    tallies = [tally for tally in case.view.court.tallies if tally.began >= after]
    tried = sum(tally.tried for tally in tallies)
    if tried < ANSWERS_LEAST:
        return NONE
    done = sum(tally.succeeded for tally in tallies)
    text = f"{done} of the last {tried} answers succeeded"
    return Clause(f"{text}.", text)


# --- one, and what it cost ------------------------------------------------------------------------


def _thrown_away(case: _Case) -> list[Clause]:
    recent = [d for d in case.view.court.discards if case.now - d.at < NEWS_US]
    if not recent:
        return []
    by_master: dict[NodeId, list[Discard]] = {}
    for discard in recent:
        by_master.setdefault(discard.master, []).append(discard)
    said: list[Clause] = []
    for master, discards in by_master.items():
        names = list(dict.fromkeys(d.node for d in discards))
        count = sum(d.count for d in discards)
        # A master by majority answers only what a majority holds: what it throws away is no answer.
        what = counted(count, "acknowledged write" if case.kind == "failover" else "unproven write")
        who = joined(names)
        text = f"{who} threw away {what} to copy {master}"
        said.append(Clause(f"{text}.", f"{who} threw away {what}"))
    return said


def _leads(case: _Case) -> Clause:
    master = case.crowned[0]
    term = case.view.nodes[master].rule.term
    count = len(followers(case.view, case.now, master))
    text = f"{master} leads {count} {'other' if count == 1 else 'others'}"
    text += f" (term {term})" if term else ""
    return Clause(f"{text}.", text)


def _changed(case: _Case) -> tuple[Tone, list[Clause]] | None:
    """A new master, and how long there was none."""
    master = case.crowned[0]
    began, last = reigning_since(case.view, master), last_reign(case.view)
    if last is None or not began or case.now - began > NEWS_US or last.node == master:
        return None
    if last.ended - last.began < FOUNDING_US:
        return None
    term = case.view.nodes[master].rule.term
    gap = began - last.ended
    who = f"{master} took over {seconds(case.now - began)} ago (term {term})"
    since = f", {seconds(gap)} after {last.node}" if gap > 0 else f", while {last.node} reigned"
    between = [t for t in case.view.court.tallies if last.ended < t.at <= began]
    failed = sum(t.tried - t.succeeded for t in between)
    cost = f": {counted(failed, 'answer')} failed meanwhile" if failed else ""
    following = 1 + len(followers(case.view, case.now, master))
    all_ = f"{following} of {len(case.live)} follow it."
    return "warn", [Clause(f"{who}{since}{cost}.", who), Clause(all_, all_[:-1])]


def _crowded(case: _Case) -> tuple[Tone, list[Clause]] | None:
    """Requests that wait for the one process that takes them."""
    queues = {n: case.view.nodes[n].queue for n in case.crowned}
    master, queue = max(queues.items(), key=lambda item: item[1])
    if queue < QUEUE_LONG:
        return None
    text = f"{counted(queue, 'request waits', 'requests wait')} for {master}"
    return "warn", [Clause(f"{text}.", text), _leads(case)]


def _refuse(group: Sequence[NodeId]) -> str:
    return "refuses" if len(group) == 1 else "refuse"


def _accept(group: Sequence[NodeId]) -> str:
    return "accepts" if len(group) == 1 else "accept"


def _upper(text: str) -> str:
    """Names of nodes stay as they are."""
    return text if text[:1] == "n" and text[1:2].isdigit() else text[:1].upper() + text[1:]
