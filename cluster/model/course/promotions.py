"""How a member that led partitions is replaced: a replica is promoted, and every view follows it.

Only where partitions have masters (`RingTable.led`), as in Redis Cluster; other records do not hold
these stages. Who was promoted is read off the tables that the observers hold, so one whose table is
old keeps the last stage open: it still sends clients to the dead.
"""

from __future__ import annotations

from cluster.model.course.case import Case
from cluster.model.course.stages import names
from cluster.model.facts import Fact
from cluster.model.incident import PROMOTION, Incident, Stage
from cluster.model.lives import Lives


def follow(incident: Incident, lives: Lives, fact: Fact) -> Incident:
    """The incident with these two stages as far as they are; itself where nobody leads anything."""
    if not lives.columns.tables:
        return incident
    case = Case(incident, lives, fact)
    _widen(case)
    _follow(case)
    return case.result()


def _follow(case: Case) -> None:
    """From the first declaration of death to the last table without the subject."""
    lives, subject = case.lives, case.subject
    over = case.ended or case["back"].ended
    if over:  # it leads them still, or another does and nobody had asked
        for name in PROMOTION:
            case.end(name, over, overtaken=True)
        case.skip(*PROMOTION)
        return
    views = [n for n in lives.nodes if n in case.views]
    held = {n: lives.life(n).leads for n in views if lives.life(n).table is not None}
    if not held or case["covered"].settled:
        return
    led = max(leads.get(subject, 0) for leads in held.values())
    if led and not case["promoted"].settled:
        case.count("promoted", max(case["promoted"].count, led))
    if not case["dead"].began:
        return
    if not case["promoted"].count:
        case.skip(*PROMOTION)
        return
    case.begin("promoted", case["dead"].began, case["dead"].witness)
    late = [n for n, leads in held.items() if leads.get(subject)]
    heirs = {n: lives.life(n).heirs.get(subject) for n in held if n not in late}
    heir = next((heir for heir in heirs.values() if heir is not None), None)
    if heir is None:
        case.wait("promoted", f"a replica of {subject} to be elected")
        return
    case.end("promoted", case.fact.at, heir)
    case.begin("covered", case["promoted"].ended, heir)
    if late:
        verb = "sends" if len(late) == 1 else "send"
        case.wait("covered", f"{names(late)} still {verb} clients to {subject}")
    else:
        case.end("covered", case.fact.at, case.fact.node)


def _widen(case: Case) -> None:
    """Put these stages behind "dead"."""
    if PROMOTION[0] in case.stages:
        return
    known, case.stages = case.stages, {}
    for name, stage in known.items():
        case.stages[name] = stage
        if name == "dead":
            case.stages.update({new: Stage(new) for new in PROMOTION})
