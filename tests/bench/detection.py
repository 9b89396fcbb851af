"""How quickly real nodes notice: a kill, a hang, a return, a join; and how often they are wrong.

    python -m tests.bench.detection [--repeats 10] [--pauses 20] [--nodes 5]

All times are differences of facts: the lab's fact of what it did, the nodes' facts of what they
came to believe. Only processes it started itself are touched. Write outages are measured only
while the disk did not stand still by itself (see tests.real.disk): n says how often.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable

from cluster.model.facts import (
    Fact,
    FaultHealed,
    FaultInjected,
    MemberChanged,
    ProcessObserved,
    SuspicionRaised,
)
from cluster.model.member import MemberState, NodeId
from tests.bench.figures import figure
from tests.real.stage import Stage, now, stage

US = 1e6


class Trial:
    """What was said of one node since the trial began."""

    def __init__(self, on: Stage, subject: NodeId) -> None:
        self.on = on
        self.subject = subject
        self._begin = len(on.facts)

    def facts(self) -> list[Fact]:
        return self.on.facts[self._begin :]

    def acted_at(self, kind: type[FaultInjected | FaultHealed]) -> int:
        return next(f.at for f in self.facts() if isinstance(f.payload, kind))

    def running_at(self) -> int:
        return next(
            f.at
            for f in self.facts()
            if isinstance(f.payload, ProcessObserved)
            and f.payload.subject == self.subject
            and f.payload.state == "running"
        )

    def first_suspicion(self, since: int) -> float:
        doubts = [
            f.at
            for f in self.facts()
            if isinstance(f.payload, SuspicionRaised) and f.payload.subject == self.subject
        ]
        return (min(doubts) - since) / US

    def last_to_hold(self, state: MemberState, since: int) -> float:
        """When the last other node came to this belief after `since`."""
        latest: dict[NodeId, int] = {}
        for fact in self.facts():
            said = fact.payload
            if (
                isinstance(said, MemberChanged)
                and said.claim.name == self.subject
                and said.claim.state is state
                and fact.at >= since
                and fact.node != self.subject
            ):
                latest.setdefault(fact.node, fact.at)
        return (max(latest.values(), default=since) - since) / US


def dead_to_all(on: Stage, subject: NodeId) -> Callable[[], bool]:
    return lambda: on.agree() and on.state(subject) is MemberState.DEAD


async def settled(on: Stage) -> None:
    await on.until(on.all_alive, "everyone agrees", 60)
    await on.until(lambda: on.hints() == 0 and on.filling() == 0, "copies are whole", 60)


async def kills(nodes: int, repeats: int) -> bool:
    suspected: list[float] = []
    dead: list[float] = []
    outage: list[float] = []
    back: list[float] = []
    async with stage(nodes, answers_per_s=100) as on:
        for number in range(repeats):
            subject = on.lab.slots.names()[1 + number % (nodes - 1)]
            await settled(on)
            trial = Trial(on, subject)
            on.quiz.watch_gap()
            await on.lab.kill(subject)
            await on.until(dead_to_all(on, subject), f"{subject} is dead to all")
            at = trial.acted_at(FaultInjected)
            if not on.disk.stalled(at, now()):
                outage.append(on.quiz.longest_gap_us() / US)
            suspected.append(trial.first_suspicion(at))
            dead.append(trial.last_to_hold(MemberState.DEAD, at))
            trial = Trial(on, subject)
            await on.lab.restart(subject)
            await settled(on)
            back.append(trial.last_to_hold(MemberState.ALIVE, trial.running_at()))
    ok = [
        figure("kill -9: first suspicion", suspected, "s", budget=0.5),
        figure("kill -9: dead in every view", dead, "s", budget=1.5 if nodes <= 5 else 2.5),
        figure("kill -9: longest time without an acknowledged write", outage, "s", budget=0.5),
        figure("restarted: alive in every view after its ready line", back, "s", budget=2.0),
    ]
    return all(ok)


async def hangs(nodes: int, repeats: int) -> bool:
    dead: list[float] = []
    back: list[float] = []
    outage: list[float] = []
    async with stage(nodes, answers_per_s=100) as on:
        for number in range(repeats):
            subject = on.lab.slots.names()[1 + number % (nodes - 1)]
            await settled(on)
            trial = Trial(on, subject)
            on.quiz.watch_gap()
            await on.lab.pause(subject)
            await on.until(dead_to_all(on, subject), f"{subject} is dead to all")
            at = trial.acted_at(FaultInjected)
            if not on.disk.stalled(at, now()):
                outage.append(on.quiz.longest_gap_us() / US)
            dead.append(trial.last_to_hold(MemberState.DEAD, at))
            trial = Trial(on, subject)
            await on.lab.resume(subject)
            await settled(on)
            back.append(trial.last_to_hold(MemberState.ALIVE, trial.acted_at(FaultHealed)))
    ok = [
        figure("SIGSTOP: dead in every view", dead, "s", budget=5.0),
        figure("SIGSTOP: longest time without an acknowledged write", outage, "s", budget=0.5),
        figure("SIGCONT: alive in every view", back, "s", budget=1.0),
    ]
    return all(ok)


async def short_pauses(nodes: int, repeats: int) -> bool:
    deaths: list[float] = []
    doubts: list[float] = []
    async with stage(nodes) as on:
        for number in range(repeats):
            subject = on.lab.slots.names()[number % nodes]
            await settled(on)
            trial = Trial(on, subject)
            await on.lab.pause(subject)
            end = on.view.at + 2_000_000
            await on.until(lambda end=end: on.view.at >= end, "two seconds have passed")
            await on.lab.resume(subject)
            await settled(on)
            said = [f.payload for f in trial.facts() if isinstance(f.payload, MemberChanged)]
            deaths.append(sum(1 for each in said if each.claim.state is MemberState.DEAD))
            doubts.append(sum(1 for each in said if each.claim.state is MemberState.SUSPECT))
    ok = figure("2 s pause: views that declared anyone dead", deaths, "views", budget=0)
    figure("2 s pause: views that suspected someone", doubts, "views")
    return ok


async def joins(nodes: int, repeats: int) -> bool:
    seen: list[float] = []
    async with stage(nodes) as on:
        for _ in range(repeats):
            await settled(on)
            trial = Trial(on, NodeId(""))
            await on.lab.add()
            trial.subject = on.lab.slots.names()[-1]
            await settled(on)
            seen.append(trial.last_to_hold(MemberState.ALIVE, trial.running_at()))
            await on.lab.leave(trial.subject)
    name = "join: alive in every view after its ready line"
    usual = figure(name, seen, "s", budget=1.0, worst=False)
    return figure(f"{name}, the worst", seen, "s", budget=2.0) and usual


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--pauses", type=int, default=20)
    parser.add_argument("--only", choices=("kills", "hangs", "pauses", "joins"))
    args = parser.parse_args()
    ok = True
    if args.only in (None, "kills"):
        ok &= await kills(args.nodes, args.repeats)
    if args.only in (None, "hangs"):
        ok &= await hangs(args.nodes, args.repeats)
    if args.only in (None, "pauses"):
        ok &= await short_pauses(args.nodes, args.pauses)
    if args.only in (None, "joins"):
        ok &= await joins(args.nodes, args.repeats)
    return 0 if ok else 1


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
