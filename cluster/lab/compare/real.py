"""One architecture under one schedule on real processes: the same plan, clients and judge as in a
simulated world, and a row of the same kind.

Decides how each episode is done to processes, and when such a cluster has settled: its nodes say
that they serve, keep no hints and follow one master. That all copies are equal cannot be seen
from outside; every key is read. What is started is gone at the end, however that comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Final

from msgspec.structs import replace

from cluster.api.operator import WindowClient, WindowError
from cluster.config import SECOND, ArchitectureName
from cluster.lab.compare.ears import Ears
from cluster.lab.compare.ground import LabGround
from cluster.lab.nodes import Lab, LabOptions
from cluster.lab.witness import LabError, Witness
from cluster.model.facts import SnapshotTaken
from cluster.model.judging.deeds import Evidence
from cluster.model.member import Address, NodeId
from cluster.protocol.messages import GetRequest, ReadResponse
from cluster.sim.compare.clients import PATIENCE_US, Clients, values, wishes
from cluster.sim.compare.crowns import Crowns, Moves
from cluster.sim.compare.play import SIBLINGS, Order, Run, judge
from cluster.sim.compare.record import Comparison, Progress, Row, ScheduleName
from cluster.sim.compare.runner import gathered
from cluster.sim.compare.schedules import FOUNDERS, Plan, instead, plan
from cluster.sim.dice import Dice
from cluster.sim.faults.schedule import Episode

SETTLED_WITHIN_US: Final = 30 * SECOND
LOOK_S: Final = 0.1
AT_ONCE: Final = 8
"""Keys read at the same time in the end."""
TRIES: Final = 4
"""For each key, each at another node."""

Tell = Callable[[int], None]
"""Told how many seconds of the schedule are over."""


class Show:
    """One run."""

    def __init__(self, order: Order, what: Plan | None = None) -> None:
        self._order = order
        self._plan = what or plan(order.schedule, order.seed, order.lasting_us)
        self._ears = Ears()
        self._witness = Witness(self._ears.hear)
        options = LabOptions(nodes=len(FOUNDERS), seed=order.seed, architecture=order.architecture)
        self._lab = Lab(options, self._witness)
        self._ground = LabGround(self._lab, self._witness)
        self._names: list[str] = list(FOUNDERS)
        self._done: list[tuple[int, int]] = []
        """When each episode was in force, since the clients began: measured, not planned."""

    async def play(self, tell: Tell) -> Row:
        """From the first start to the row. Raises LabError."""
        try:
            return judge(self._order.architecture, await self._run(tell))
        finally:
            await self._ground.close()
            await self._ears.close()
            await self._lab.stop()

    async def _run(self, tell: Tell) -> Run:
        order, ground = self._order, self._ground
        await self._lab.start()
        for name in FOUNDERS:
            self._ears.follow(self._lab, NodeId(name))
        if not await self._lab.serving() or await self._settle() is None:
            raise LabError(f"Five {order.architecture} nodes did not begin to serve; try again.")
        master = (await self._said("n1")).rule.master
        what = self._plan = instead(self._plan, master)
        moves = Moves(what.witness, (await self._said(what.witness)).ring)
        messages = self._ears.messages

        wanted = wishes(Dice(order.seed).stream("wishes"), order.load, what.lasting_us)
        clients = Clients(ground, self._names, wanted, order.load)
        began = ground.now
        clients.start()
        hurting = asyncio.ensure_future(self._hurt(began))
        try:
            while (passed := ground.now - began) < what.lasting_us + PATIENCE_US:
                tell(min(passed, what.lasting_us) // SECOND)
                await asyncio.sleep(LOOK_S)
                if hurting.done():
                    hurting.result()  # what could not be done ends it at once
            await hurting
        finally:
            hurting.cancel()
        until = ground.now
        settled = await self._settle()
        final = await self._read(sorted({wish.key for wish in wanted}))

        crowns = Crowns(self._lab.architecture)
        for fact in self._ears.facts():
            crowns.hear(fact)
            if fact.at > began:
                moves.hear(fact)
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
        hurt = (min(at for at, _ in self._done), max(end for _, end in self._done))
        return Run(
            plan=replace(what, hurt_us=(hurt[0], min(hurt[1], what.lasting_us))),
            master=master,
            evidence=evidence,
            commits=tuple(clients.commits),
            settled_us=settled,
            messages=self._ears.messages - messages,
            moves=moves,
            discards=crowns.discards(began),
        )

    async def _said(self, name: str) -> SnapshotTaken:
        return await _snapshot(self._lab.slots.get(NodeId(name)).window)

    # --- faults --------------------------------------------------------------------------------

    async def _hurt(self, began: int) -> None:
        """All episodes, each at its time; those of a schedule do not overlap."""
        try:
            async with asyncio.TaskGroup() as episodes:
                for episode in self._plan.episodes:
                    episodes.create_task(self._episode(began, episode))
        except ExceptionGroup as group:
            raise group.exceptions[0] from None

    async def _episode(self, began: int, episode: Episode) -> None:
        await self._until(began + episode.at)
        await self._act(episode)
        since = self._ground.now - began
        if episode.ends >= self._plan.lasting_us:
            self._done.append((since, self._plan.lasting_us))
            return
        await self._until(began + episode.ends)
        self._done.append((since, self._ground.now - began))
        await self._undo(episode)

    async def _until(self, moment: int) -> None:
        await asyncio.sleep(max(0, moment - self._ground.now) / SECOND)

    async def _act(self, episode: Episode) -> None:
        name, lab = NodeId(episode.subject), self._lab
        match episode.kind:
            case "kill":
                await lab.kill(name)
            case "pause":
                await lab.pause(name)
            case "leave":
                await lab.leave(name)
            case "join":
                await lab.add()
                self._names.append(name)
                self._ears.follow(lab, name)
            case "partition":
                await lab.links.partition((name, *map(NodeId, episode.peers)))
            case other:
                raise LabError(f"No schedule does {other!r} to real processes.")

    async def _undo(self, episode: Episode) -> None:
        name, lab = NodeId(episode.subject), self._lab
        match episode.kind:
            case "pause":
                await lab.resume(name)
            case "partition":
                await lab.links.heal()
            case _:
                await lab.restart(name)

    # --- settling, reading ---------------------------------------------------------------------

    async def _settle(self) -> int | None:
        """Wait until it has settled; returns how long that took. None: not within the bound."""
        began = self._ground.now
        while self._ground.now - began < SETTLED_WITHIN_US:
            if await self._settled():
                return self._ground.now - began
            await asyncio.sleep(LOOK_S)
        return None

    async def _settled(self) -> bool:
        windows = list(self._lab.windows().values())
        try:
            said = await asyncio.gather(*map(_snapshot, windows))
        except WindowError:
            return False
        masters = {each.rule.master for each in said}
        rings = {each.ring.digest for each in said}
        kept = any(depth.count for each in said for depth in each.hints)
        filled = not any(each.filling for each in said)
        if len(masters) > 1 or len(rings) > 1 or kept or not filled:
            return False
        return len(windows) == len(self._names) and await self._lab.serving()

    async def _read(self, keys: list[str]) -> dict[str, tuple[str, ...]]:
        """Every key, each from one node or another. What nobody answers is missing."""
        final: dict[str, tuple[str, ...]] = {}
        waiting = iter(enumerate(keys))

        async def reader() -> None:
            for place, key in waiting:
                for turn in range(TRIES):
                    name = self._names[(place + turn) % len(self._names)]
                    answer = await self._ground.call(name, GetRequest(key.encode()))
                    if isinstance(answer, ReadResponse):
                        final[key] = values(answer.versions)
                        break

        await asyncio.gather(*(reader() for _ in range(AT_ONCE)))
        return final


async def _snapshot(window: Address) -> SnapshotTaken:
    async with WindowClient(window) as client:
        return (await client.snapshot())[1]


async def compare_real(
    schedules: Sequence[ScheduleName],
    seed: int,
    architectures: Sequence[ArchitectureName],
    on_progress: Progress,
    lasting_us: int = 0,
) -> AsyncGenerator[Comparison]:
    """Play schedules on real processes, one cluster after the other. Progress is in seconds.

    Raises LabError when processes cannot be started or hurt.
    """
    plans = [plan(schedule, seed, lasting_us) for schedule in schedules]
    total = sum(what.lasting_us for what in plans) * len(architectures) // SECOND
    over = 0
    for what in plans:
        rows: list[Row] = []
        for name in architectures:

            def tell(
                passed_s: int, name: str = name, before: int = over, what: Plan = what
            ) -> None:
                on_progress(before + passed_s, total, f"{what.name}: {name}")

            tell(0)
            order = Order(what.name, seed, name, lasting_us)
            rows.append(await Show(order).play(tell))
            over += what.lasting_us // SECOND
        yield replace(gathered(what.name, seed, lasting_us, rows), real=True)
