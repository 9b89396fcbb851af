"""Measures of membership: who believes what, how fast it was noticed, what it costs."""

from __future__ import annotations

from cluster.model.incident import Incident
from cluster.model.member import MemberState, NodeId
from talk.claims.evidence import UNKNOWN, Evidence, Measured
from tui.judge.agreement import agreement, live_observers

Args = tuple[str, ...]


def views(evidence: Evidence, _args: Args) -> Measured:
    """Distinct beliefs: 1 when every live view is the same."""
    judged = agreement(evidence.view, evidence.now)
    if not judged.observers:
        return UNKNOWN
    different = set(judged.differing.values())
    return Measured(float(len(different)), len(judged.observers), "live views")


def rings(evidence: Evidence, _args: Args) -> Measured:
    """Distinct rings."""
    observers = live_observers(evidence.view.nodes, evidence.now)
    held = [evidence.view.nodes[name].ring for name in observers]
    digests = {ring.digest for ring in held if ring is not None}
    return Measured(float(len(digests)), len(held), "nodes") if digests else UNKNOWN


def members(evidence: Evidence, _args: Args) -> Measured:
    """Nodes that most hold alive."""
    judged = agreement(evidence.view, evidence.now)
    alive = sum(judged.state(name) is MemberState.ALIVE for name in judged.subjects)
    return Measured(float(alive), len(judged.subjects), "nodes ever seen") if alive else UNKNOWN


def _holding(evidence: Evidence, args: Args, *states: MemberState) -> Measured:
    name = NodeId(args[0])
    observers = live_observers(evidence.view.nodes, evidence.now)
    others = [other for other in observers if other != name]
    if not others:
        return UNKNOWN
    held = [evidence.view.nodes[other].beliefs.get(name) for other in others]
    count = sum(belief is not None and belief.state in states for belief in held)
    return Measured(float(count), len(others), "others")


def suspecting(evidence: Evidence, args: Args) -> Measured:
    """Suspect, or worse."""
    doubted = (MemberState.SUSPECT, MemberState.DEAD, MemberState.REMOVED)
    return _holding(evidence, args, *doubted)


def believing_dead(evidence: Evidence, args: Args) -> Measured:
    """Dead, or removed since."""
    return _holding(evidence, args, MemberState.DEAD, MemberState.REMOVED)


def believing_alive(evidence: Evidence, args: Args) -> Measured:
    """Alive."""
    return _holding(evidence, args, MemberState.ALIVE)


def suspicions(evidence: Evidence, _args: Args) -> Measured:
    """By whomever, of whomever."""
    found = evidence.since.suspicions
    fact = next(iter(found.values()), None)
    return Measured(float(len(found)), evidence.since.facts, "facts", fact)


def deaths(evidence: Evidence, _args: Args) -> Measured:
    """Declared since."""
    found = evidence.since.deaths
    fact = next(iter(found.values()), None)
    return Measured(float(len(found)), evidence.since.facts, "facts", fact)


def deaths_of(evidence: Evidence, args: Args) -> Measured:
    """Declared since, of one node."""
    found = [f for (_, subject), f in evidence.since.deaths.items() if subject == args[0]]
    return Measured(float(len(found)), evidence.since.facts, "facts", found[0] if found else None)


def refutations(evidence: Evidence, _args: Args) -> Measured:
    """By the accused."""
    since = evidence.since
    count = since.counts["refutations"]
    return Measured(float(count), since.facts, "facts", since.last.get("refutations"))


def incarnations(evidence: Evidence, args: Args) -> Measured:
    """Since the moment that counts, within one life."""
    name = NodeId(args[0])
    now, then = evidence.view.nodes.get(name), evidence.since.view.nodes.get(name)
    if now is None or then is None or now.epoch != then.epoch:
        return UNKNOWN
    return Measured(float(now.incarnation - then.incarnation), 1, "life")


def _incident(evidence: Evidence, args: Args) -> Incident | None:
    """The latest of a node that is no older than the moment that counts."""
    began = evidence.since.at - 2_000_000
    mine = [
        i for i in evidence.view.incidents if i.subject == args[0] and i.began >= began
    ]  # fmt: skip
    return mine[-1] if mine else None


def _span(evidence: Evidence, args: Args, first: str, last: str) -> Measured:
    incident = _incident(evidence, args)
    if incident is None:
        return UNKNOWN
    stages = {stage.name: stage for stage in incident.stages}
    began = incident.began if first == "fault" else stages[first].ended
    stage = stages[last]
    if not began or not stage.ended or stage.skipped or stage.overtaken:
        return UNKNOWN
    if last == "suspected" and (incident.false_alarm or not stages["dead"].began):
        return UNKNOWN  # the suspicion ended, and nobody had declared it dead
    return Measured((stage.ended - began) / 1e6, 1, "incident")


def noticed(evidence: Evidence, args: Args) -> Measured:
    """Fault to first suspicion."""
    return _span(evidence, args, "fault", "silent")


def declared(evidence: Evidence, args: Args) -> Measured:
    """Fault to first death."""
    return _span(evidence, args, "fault", "suspected")


def spread(evidence: Evidence, args: Args) -> Measured:
    """First death to last."""
    return _span(evidence, args, "suspected", "dead")


def back(evidence: Evidence, args: Args) -> Measured:
    """How long its return took to be known."""
    # It may have gone long before the moment that counts: what counts is when it returned.
    began = evidence.since.at - 2_000_000
    mine = [i.stage("back") for i in evidence.view.incidents if i.subject == args[0]]
    stage = next((stage for stage in reversed(mine) if stage.began >= began), None)
    if stage is None or not stage.began or not stage.ended:
        return UNKNOWN
    return Measured((stage.ended - stage.began) / 1e6, 1, "incident")


def ring_changes(evidence: Evidence, _args: Args) -> Measured:
    """By whichever node."""
    since = evidence.since
    count = since.counts["ring changes"]
    return Measured(float(count), since.facts, "facts", since.last.get("ring changes"))


def messages(evidence: Evidence, _args: Args) -> Measured:
    """From the totals of pulses."""
    spans = evidence.since.pulses_us
    told = sum(spans.values())
    if not told:
        return UNKNOWN
    return Measured(sum(evidence.since.sent.values()) * 1e6 / told, len(spans), "nodes")


def lag(evidence: Evidence, _args: Args) -> Measured:
    """As nodes report it."""
    if not evidence.since.pulses_us:
        return UNKNOWN
    return Measured(evidence.since.lag_us / 1e3, len(evidence.since.pulses_us), "nodes")
