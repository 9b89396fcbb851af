"""One incident as a sentence: what happened, who knows, what it waits for or how it ended.

The verdict's part about a single failure, stage by stage in the order of `cluster.model.incident`.
Each clause comes in two lengths. Peers are the live observers other than the subject.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from cluster.model.incident import Incident, StageName
from cluster.model.member import MemberState, NodeId
from tui.draw.sparkline import mean, operations, recent, slowest_now_us
from tui.judge.agreement import Agreement, is_live
from tui.judge.foreign.returned import role
from tui.judge.foreign.telling import telling
from tui.judge.wording import Tone, brief, counted, joined, listed, seconds
from tui.view import ClusterView, NodeView

NOT_NOTICED: Final = "the others have not noticed yet"
NAMED_MAX: Final = 60
"""Columns for the sides of a split in a sentence; longer names are cut to what tells them apart."""


class Clause(NamedTuple):
    """A part of a verdict: a sentence, and the same in as few words as will do."""

    text: str
    short: str


def told_filling(nodes: list[NodeView]) -> Clause:
    """Places that are on their way, and those for which nobody does anything: they were cancelled."""
    stopped = {
        node.name: sum(row.state == "cancelled" for row in node.transfers.values())
        for node in nodes
    }
    left = {node.name: max(0, node.filling - stopped[node.name]) for node in nodes}
    texts: list[str] = []
    shorts: list[str] = []
    if total := sum(left.values()):
        what, who = counted(total, "place"), listed([name for name in left if left[name]])
        foreign = any(node.telling is not None for node in nodes)
        if foreign:  # its places are another's word
            what = counted(total, "partition")
        texts.append(f"{what} still being {'copied by' if foreign else 'filled at'} {who}")
        shorts.append(f"{what} to {'copy' if foreign else 'fill'}")
    if total := sum(stopped.values()):
        what, who = counted(total, "place"), listed([name for name in stopped if stopped[name]])
        verb = "was" if total == 1 else "were"
        texts.append(f"{what} at {who} {verb} cancelled by the operator (`resume`)")
        shorts.append(f"{what} cancelled")
    return Clause(f"{', '.join(texts)}.", ", ".join(shorts))


def audit_was_early(view: ClusterView) -> bool:
    """The last audit read while a failure was not over: what it missed may still be on its way.

    A write that fallbacks took is acknowledged at once and readable everywhere only when its hints
    are back.
    """
    if any(node.architecture != "masterless" for node in view.nodes.values()):
        return False  # no hints are on their way: what is missing is missing
    return any(not i.ended or i.ended >= view.audited_at for i in view.incidents)


def told(
    view: ClusterView,
    now: int,
    judged: Agreement,
    incident: Incident,
    gone: tuple[NodeId, ...] = (),
) -> tuple[Tone, list[Clause]]:
    """An incident's tone and clauses; the second clause is who knows.

    `gone` are all whom the others hold dead or off the ring now, or whose process is gone.
    """
    if is_gone_again(view, incident, gone):
        return "bad", _gone_again(view, now, judged, incident)
    if incident.ended:
        return "good", _ended(view, now, incident, gone)
    if incident.stage("back").began:
        return "warn", _coming_back(view, incident, judged)
    if incident.stage("rebuilt").began:
        return "warn", _going_on(view, now, incident, gone)
    if incident.stage("dead").began:
        return "bad", _dead(view, now, incident, judged)
    return "warn", _doubted(view, now, incident, judged)


_STAGE_WORD: Final[dict[StageName, str]] = {
    "silent": "silent",
    "suspected": "suspect",
    "dead": "dead",
    "promoted": "dead",
    "covered": "replaced",
    "hints": "dead",
    "rebuilt": "removed",
    "back": "returning",
    "returned": "returning",
    "trees clean": "returning",
    "one view": "returning",
}


def is_gone_again(view: ClusterView, incident: Incident, gone: tuple[NodeId, ...]) -> bool:
    """Whether its subject, back by its record, is gone by what is known now: the record is behind.

    One that is coming back may still be held dead by all.
    """
    if incident.subject not in gone or not incident.stage("back").began:
        return False
    node = view.nodes.get(incident.subject)
    return incident.returned or (node is not None and node.process == "gone")


def _gone_again(view: ClusterView, now: int, judged: Agreement, incident: Incident) -> list[Clause]:
    name, node = incident.subject, view.nodes.get(incident.subject)
    first = Clause(f"{name} is gone again.", f"{name} gone again")
    peers = _peers(view, judged, name)
    holding = _holding(view, peers, name, MemberState.DEAD)
    if holding:
        verb = "holds" if len(holding) == 1 else "hold"
        said = f"{len(holding)} of {len(peers)} peers {verb} it dead"
        return [first, Clause(f"{said}.", said)]
    if node is not None and node.process == "gone":
        said = f"its process ended {seconds(now - node.process_since)} ago"
        return [first, Clause(f"{said[0].upper()}{said[1:]}.", said)]
    return [first]


def word_of(incident: Incident) -> str:
    """An open incident in one word: its latest stage that has begun."""
    if incident.stage("back").began:
        return "back" if incident.stage("back").ended else "returning"
    begun = [s for s in incident.stages if s.began and s.name != "hints"]
    return _STAGE_WORD[begun[-1].name] if begun else "silent"


def refuses(view: ClusterView, name: NodeId) -> bool:
    """Whether we saw ourselves that a node of another maker takes no connection any more.

    Such a process is called gone in the facts, as the lab's are: nobody else told us so.
    """
    return view.nodes[name].process == "gone" and _foreign(view)


def _foreign(view: ClusterView) -> bool:
    return any(node.telling is not None for node in view.nodes.values())


def happened(view: ClusterView, now: int, incident: Incident) -> Clause:
    """What is known to have happened, and how long ago."""
    name, age = incident.subject, seconds(now - incident.began)
    match incident.fault:
        case "kill":
            return Clause(f"{name} was killed {age} ago", f"{name} killed {age}")
        case "pause":
            return Clause(f"{name} was paused {age} ago", f"{name} paused {age}")
        case "isolate":
            return Clause(f"{name} was cut off from all {age} ago", f"{name} cut off {age}")
        case "partition" | "cut" | "loss" | "delay":
            return Clause(f"{name} has been out of reach {age}", f"{name} unreachable {age}")
        case _:
            node = view.nodes.get(name)
            if node is not None and refuses(view, name):
                said = f"{name} refuses our connection"
                return Clause(f"{said} ({age})", f"{said} {age}")
            if node is not None and node.process == "gone":
                return Clause(f"{name}'s process is gone since {age}", f"{name} gone {age}")
            if _found_silent(view, incident):
                return Clause(f"{name} is silent", f"{name} silent")
            return Clause(f"{name} has been silent {age}", f"{name} silent {age}")


def _found_silent(view: ClusterView, incident: Incident) -> bool:
    """Whether it was so already when we came, and nobody tells since when."""
    beliefs = [n.beliefs.get(incident.subject) for n in view.nodes.values()]
    held = [
        b
        for b in beliefs
        if b is not None and MemberState.SUSPECT <= b.state <= MemberState.REMOVED
    ]
    return (
        telling(view) is not None
        and bool(held)
        and all(b.via == "boot" and b.since <= incident.began for b in held)
    )


def told_split(view: ClusterView, now: int, groups: tuple[tuple[NodeId, ...], ...]) -> list[Clause]:
    """Groups that hold each other dead, and what each can still do."""
    quorum = max((n.write_quorum for n in view.nodes.values()), default=0)
    first = min((i for i in view.incidents if not i.ended), key=lambda i: i.began, default=None)
    timed = first is not None and not _found_silent(view, first)
    age = f" for {seconds(now - first.began)}" if first is not None and timed else ""
    foreign = _foreign(view)
    called = _called(groups) if foreign else {}
    named = " | ".join(listed([called.get(n, n) for n in group], 8) for group in groups)
    if foreign:
        text = f"The cluster is split{age}: {named}, all of them answer us."
        return [Clause(text, f"Split{age}: {named}")]
    clauses = [Clause(f"The cluster is split{age}: {named}.", f"Split{age}: {named}")]
    if quorum:
        able = [g for g in groups if len(g) >= quorum]
        unable = [g for g in groups if len(g) < quorum]
        if not unable:
            each = "Both sides" if len(groups) == 2 else "All sides"
            clauses.append(
                Clause(f"{each} still take writes (needs {quorum}).", f"{each.lower()} write")
            )
        else:
            who = listed([name for group in unable for name in group])
            verb = "is" if sum(map(len, unable)) == 1 else "are"
            few = f"{who} {verb} too few to take writes (needs {quorum})"
            rest = f", {listed(list(able[0]), 8)} go on" if able else ""
            clauses.append(Clause(f"{few}{rest}.", f"{who} cannot write"))
    clauses.append(Clause("Nobody is in charge, so nobody decides.", ""))
    return clauses


def _called(groups: tuple[tuple[NodeId, ...], ...]) -> dict[NodeId, NodeId]:
    """Shorter names, where the whole ones would not fit a sentence beside each other."""
    names = [name for group in groups for name in group]
    if sum(len(name) + 3 for name in names) <= NAMED_MAX:
        return {}
    short = brief(names, NAMED_MAX // len(names))
    return {NodeId(name): NodeId(cut) for name, cut in short.items()}


def _peers(view: ClusterView, judged: Agreement, name: NodeId) -> list[NodeId]:
    return [n for n in judged.observers if n != name and name in view.nodes[n].beliefs]


def _holding(
    view: ClusterView, peers: list[NodeId], name: NodeId, least: MemberState
) -> list[NodeId]:
    beliefs = {n: view.nodes[n].beliefs[name] for n in peers}
    return [n for n, b in beliefs.items() if least <= b.state <= MemberState.REMOVED]


def _doubted(view: ClusterView, now: int, incident: Incident, judged: Agreement) -> list[Clause]:
    what = happened(view, now, incident)
    peers = _peers(view, judged, incident.subject)
    doubting = _holding(view, peers, incident.subject, MemberState.SUSPECT)
    unaware = [n for n in peers if n not in doubting]
    if not doubting and incident.subject in view.nodes and refuses(view, incident.subject):
        return [Clause(f"{what.text}; {NOT_NOTICED}.", what.short)]
    if not doubting:
        said = Clause("Nobody has noticed yet.", "nobody has noticed yet")
    elif unaware:
        verb = "suspects" if len(doubting) == 1 else "suspect"
        count = f"{len(doubting)} of {len(peers)} peers {verb} it"
        text = f"{count}, {listed(unaware)} {'has' if len(unaware) == 1 else 'have'} not heard."
        said = Clause(text, count)
    else:
        text = f"All {len(peers)} peers suspect it"
        if len(peers) == 1:
            text = f"{peers[0]} suspects it"
        due = incident.stage("suspected").due
        left = f": dead in {seconds(due - now)} unless it answers" if due > now else ""
        said = Clause(f"{text}{left}.", text[0].lower() + text[1:])
    return [Clause(f"{what.text}.", what.short), said]


def _dead(view: ClusterView, now: int, incident: Incident, judged: Agreement) -> list[Clause]:
    name = incident.subject
    peers = _peers(view, judged, name)
    holding = _holding(view, peers, name, MemberState.DEAD)
    unaware = [n for n in peers if n not in holding]
    what = happened(view, now, incident)
    beliefs = [view.nodes[n].beliefs[name] for n in unaware]
    since = incident.stage("dead").began
    again = sum(b.state is MemberState.ALIVE and b.since > since for b in beliefs)
    if again:
        verb = "holds" if again == 1 else "hold"
        said = f"{again} of {len(peers)} peers {verb} it alive again"
        return [Clause(f"{what.text}.", what.short), Clause(f"{said}.", said)]
    if unaware:
        verb = "holds" if len(holding) == 1 else "hold"
        count = f"{len(holding)} of {len(peers)} peers {verb} it dead"
        late = f"{listed(unaware)} {'has' if len(unaware) == 1 else 'have'} not heard"
        return [Clause(f"{what.text}.", what.short), Clause(f"{count}, {late}.", count)]
    all_ = f"all {len(peers)} peers hold it dead" if len(peers) > 1 else f"{peers[0]} holds it dead"
    if not peers:
        all_ = "nobody is left to say more"
    first = Clause(f"{what.text}, {all_}.", f"{what.short}, dead for all")
    heir = incident.stage("covered")
    if heir.began:
        who = f"{incident.stage('promoted').witness} leads what it led"
        return [first, Clause(f"{who}.", who)]
    return [first, _waiting_hints(view, judged, name)]


def _waiting_hints(view: ClusterView, judged: Agreement, name: NodeId) -> Clause:
    kept = {
        n: depth.count
        for n in judged.observers
        for depth in view.nodes[n].hints
        if depth.target == name
    }
    total = sum(kept.values())
    if not total:
        return Clause("", "")
    word = "hint waits" if total == 1 else "hints wait"
    return Clause(f"{total:,} {word} at {listed(list(kept))}.", f"{total:,} {word}")


def _without(name: NodeId, gone: tuple[NodeId, ...]) -> str:
    """Everybody without whom the ring goes on."""
    return joined([other for other in gone if other != name] + [name])


def _going_on(
    view: ClusterView, now: int, incident: Incident, gone: tuple[NodeId, ...]
) -> list[Clause]:
    name = incident.subject
    rebuilt, last = incident.stage("rebuilt"), incident.stage("one view")
    ago = f"{happened(view, now, incident).short.removeprefix(name + ' ')} ago"
    who = _without(name, gone)
    when = ago if who == name else f"{name} {ago}"
    off = f"{who} {'is' if who == name else 'are'} off the ring"
    first = Clause(f"The ring goes on without {who} ({when}).", off)
    waiting = rebuilt.waiting_on if rebuilt.open else last.waiting_on
    built = f"{counted(rebuilt.count, 'place')} rebuilt" if rebuilt.count else ""
    if not waiting:
        return [first, Clause(f"{built}." if built else "", built)]
    if not built or rebuilt.ended:
        return [first, _still(waiting)]
    return [first, Clause(f"{built}, {waiting}.", waiting)]


def _still(waiting: str) -> Clause:
    """The last things to happen before a failure is over."""
    if "report" in waiting:
        return Clause("Checking that all agree.", "checking that all agree")
    return Clause(f"Still: {waiting}.", waiting)


def _coming_back(view: ClusterView, incident: Incident, judged: Agreement) -> list[Clause]:
    name = incident.subject
    back = incident.stage("back")
    node = view.nodes.get(name)
    reborn = node is not None and node.epoch > incident.epoch
    life = " in a new life" if reborn else ""
    if _foreign(view):
        life = " with a new process" if reborn else ""
        life = (role(view, name) if name in judged.observers else "") or life
    if not back.ended:
        peers = _peers(view, judged, name)
        epoch = node.epoch if node is not None and reborn else incident.epoch
        seeing = [
            n for n in peers
            if view.nodes[n].beliefs[name].state is MemberState.ALIVE
            and view.nodes[n].beliefs[name].epoch >= epoch
        ]  # fmt: skip
        late = [n for n in peers if n not in seeing]
        see = f"{len(seeing)} of {len(peers)} peers {'sees' if len(seeing) == 1 else 'see'} it"
        rest = f", {listed(late)} {'has' if len(late) == 1 else 'have'} not heard" if late else ""
        if not late:
            return [Clause(f"{name} is coming back{life}: {back.waiting_on}.",
                           f"{name} coming back")]  # fmt: skip
        return [Clause(f"{name} is coming back{life}.", f"{name} coming back"),
                Clause(f"{see}{rest}.", see)]  # fmt: skip
    first = Clause(f"{name} is back{life}, all see it.", f"{name} is back")
    returned = incident.stage("returned")
    if returned.open and returned.waiting_on.startswith("hints"):
        kept = {
            n: depth.count
            for n in judged.observers
            for depth in view.nodes[n].hints
            if depth.target == name
        }
        left, total = sum(kept.values()), incident.stage("hints").count
        said = f"{left:,} of {counted(max(left, total), 'hint')} still to return"
        return [first, Clause(f"{said}, from {listed(list(kept))}.", said)]
    home: tuple[StageName, ...] = ("returned", "one view", "trees clean")
    waiting = [s.waiting_on for s in map(incident.stage, home) if s.open and s.waiting_on]
    return [first, _still(waiting[0])] if waiting else [first]


def _ended(
    view: ClusterView, now: int, incident: Incident, gone: tuple[NodeId, ...]
) -> list[Clause]:
    name = incident.subject
    took = seconds(incident.ended - incident.began)
    if incident.false_alarm:
        word = {"pause": "was paused", "isolate": "was cut off"}.get(incident.fault, "was silent")
        noticed = incident.stage("suspected").began
        took = seconds((incident.stage("back").ended or incident.ended) - incident.began)
        end = "answered before anyone held it dead" if noticed else "nobody noticed"
        alarm = "False alarm" if noticed else "No alarm"
        return [Clause(f"{alarm}: {name} {word} for {took}, {end}.", f"{alarm}: {name}, {took}")]
    if incident.interrupted:
        said = f"{name} was back, and failed again after {took}"
        return [Clause(f"{said}.", said)]
    if not incident.returned:
        count = incident.stage("rebuilt").count
        places = f", {counted(count, 'place')} rebuilt elsewhere" if count else ""
        who = _without(name, gone)
        age = f"{'' if who == name else name + ' '}gone {seconds(now - incident.began)}"
        return [Clause(f"The ring goes on without {who} ({age}){places}.",
                       f"The ring goes on without {who}")]  # fmt: skip
    parts: list[str] = []
    dead = incident.stage("dead")
    if dead.ended and not dead.overtaken:
        parts.append(f"dead for all after {seconds(dead.ended - incident.began)}")
    parts.append(f"whole again after {took}")
    brief = [f"whole after {took}"]
    count = incident.stage("returned").count
    if count:
        parts.append(f"{counted(count, 'hint')} returned")
        brief.append(parts[-1])
    load = view.load
    if (
        load is not None
        and load.unreadable == 0
        and view.audited_at >= incident.stage("back").ended
    ):
        parts.append("no acknowledged answer lost")
        brief.append("no answer lost")
    return [Clause(f"{name} is back: {', '.join(parts)}.", f"{name} is back: {', '.join(brief)}")]


def told_rates(view: ClusterView, now: int) -> Clause:
    """What clients get: the workload's answers, else all operations; and the slowest."""
    load = view.load
    if load is not None and load.interval_us:
        per_s = load.successes * 1e6 / load.interval_us
        rate = f"{per_s:,.0f} answers/s"
        if view.load_failed:
            rate += f", {view.load_failed} failed"
    else:
        live = [recent(n, now) for n in view.nodes.values() if is_live(n, now)]
        total = sum(mean([operations(s) for s in samples]) for samples in live)
        if total < 0.5:
            return Clause("", "")
        rate = f"{total:,.0f} operations/s"
    worst = slowest_now_us(view, now)
    if worst:
        rate += f", worst 1 % takes {worst / 1000:,.0f} ms"
    return Clause(f"{rate}.", rate)
