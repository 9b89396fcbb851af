"""One architecture under one schedule: from the first start to the row of the table.

Deterministic: a row is a function of the schedule, the seed and the load (and of the code). The
judge is the one of `cluster.model.judging`; it is told times since the clients began.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from cluster.config import ArchitectureName
from cluster.model.judging.deeds import Deed, Evidence
from cluster.model.judging.linear import linearity, with_final_reads
from cluster.model.judging.measures import measure
from cluster.model.judging.running import Bucket
from cluster.model.member import NodeId
from cluster.sim.compare.clients import PATIENCE_US, Clients, Commit, Load, wishes
from cluster.sim.compare.crowns import Crowns, Moves
from cluster.sim.compare.record import BUCKET_US, Asked, Discard, Row, ScheduleName, Single
from cluster.sim.compare.schedules import Plan, plan
from cluster.sim.compare.stage import Ground, Stage
from cluster.sim.compare.verdicts import verdict
from cluster.sim.dice import Dice

SIBLINGS: frozenset[ArchitectureName] = frozenset({"single", "primary", "masterless"})
"""Who keeps what two clients wrote at once; the others' last write wins."""
USUAL = Load()


class Order(Struct, frozen=True):
    """One world to play."""

    schedule: ScheduleName
    seed: int
    architecture: ArchitectureName
    lasting_us: int = 0
    """0: as long as the schedule needs."""
    load: Load = USUAL


class Run(Struct, frozen=True):
    """What happened in one world, before anybody judged it."""

    plan: Plan
    master: NodeId
    evidence: Evidence
    commits: tuple[Commit, ...]
    settled_us: int | None
    messages: int
    moves: Moves
    discards: tuple[Discard, ...]


def play(order: Order) -> Row:
    """Play one world and judge it."""
    return judge(order.architecture, run(order))


def run(order: Order) -> Run:
    """Play one world. Raises NotFormedError if there was never a cluster to hurt."""
    stage = Stage(order.architecture, plan(order.schedule, order.seed, order.lasting_us))
    world = stage.world
    crowns = Crowns(stage.architecture)
    world.watchers.append(crowns.hear)
    stage.found()
    what, master, before = stage.plan, stage.master, world.delivered

    rng = Dice(order.seed).stream("wishes")
    wanted = wishes(rng, order.load, what.lasting_us)
    keys = sorted({wish.key for wish in wanted})
    clients = Clients(Ground(world), stage.hand.expected, wanted, order.load)
    moves = Moves(what.witness, stage.node(what.witness).placement.table())
    world.watchers.append(moves.hear)
    began = world.now
    clients.start()
    stage.hand.play()
    world.run(began + what.lasting_us + PATIENCE_US)
    messages = world.delivered - before
    until = world.now
    stage.hand.heal()
    settled = stage.settle(keys)
    final = stage.read(keys)
    evidence = Evidence(
        deeds=tuple(clients.deeds),
        reigns=crowns.reigns(began, until),
        final=final,
        owners_before=moves.first,
        owners_after=moves.last,
        siblings=order.architecture in SIBLINGS,
        began=1,
        until=what.lasting_us,
    )
    gone = crowns.discards(began)
    commits = tuple(clients.commits)
    return Run(what, master, evidence, commits, settled, messages, moves, gone)


def judge(architecture: ArchitectureName, run: Run) -> Row:
    """What the judge says of it."""
    evidence, hurt = run.evidence, run.plan.hurt_us
    measures = measure(evidence, BUCKET_US)
    during = [deed for deed in evidence.deeds if hurt[0] <= deed.invoked < hurt[1]]
    asked = tuple(
        Asked(
            node=node,
            tried=len(theirs),
            ok=sum(deed.outcome == "ok" for deed in theirs),
            written=sum(deed.outcome == "ok" and deed.changes for deed in theirs),
        )
        for node in sorted({deed.node for deed in during if deed.node})
        if (theirs := [deed for deed in during if deed.node == node])
    )
    terms = masters_of_terms(run.commits) if architecture not in SIBLINGS else {}
    row = Row(
        architecture=architecture,
        master=run.master,
        measures=measures,
        during=_bucket(hurt[0], during),
        asked=asked,
        moved=run.moves.total(),
        reigns=evidence.reigns,
        discards=run.discards,
        commit_terms=len(terms),
        split_terms=tuple(sorted(term for term, masters in terms.items() if len(masters) > 1)),
        single=one_register(evidence),
        settled_us=run.settled_us,
        verdict="",
        messages=run.messages,
    )
    return replace(row, verdict=verdict(row, run.plan))


def masters_of_terms(commits: Iterable[Commit]) -> dict[int, set[str]]:
    """Which masters' dots acknowledged writes carry, in each term (`policy.reign.stamps`)."""
    found: dict[int, set[str]] = {}
    for commit in commits:
        master, term, _ = commit.actor.rsplit(".", 2)
        found.setdefault(int(term, 16), set()).add(master)
    return found


def one_register(evidence: Evidence) -> Single:
    """Judge the hot keys, with what was read of them in the end."""
    hot = [deed for deed in evidence.deeds if deed.key.startswith("h")]
    final = {key: told for key, told in evidence.final.items() if key.startswith("h")}
    after = max((max(deed.ended, deed.invoked) for deed in evidence.deeds), default=0) + 1
    found = linearity(with_final_reads(hot, final, after))
    first = found.anomalies[0] if found.anomalies else None
    return Single(
        answer=found.answer,
        keys=len(found.verdicts),
        operations=sum(verdict.operations for verdict in found.verdicts),
        anomaly=first.name if first is not None else "",
        sentence=first.sentence if first is not None else "",
    )


def _bucket(began: int, deeds: list[Deed]) -> Bucket:
    ends = [deed.outcome for deed in deeds]
    return Bucket(began, ends.count("ok"), ends.count("failed"), ends.count("maybe"))
