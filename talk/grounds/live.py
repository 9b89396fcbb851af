"""A talk on real processes of this machine: the demonstration's own cluster, made as slides need it.

Keeps one cluster and gives it back unhurt (everything done to it is taken back) as long as slides
need the same one; else ends it and founds another. Facts come through the nodes' windows, as in the
demo, and cross to whoever asks by `take`. How slow the machine is, is measured and not assumed: this
process's own lag and what nodes report of theirs stretch the bounds of waits and claims.
"""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic_ns, time_ns
from typing import Final

from msgspec.structs import replace

from cluster.lab.show import LabError, Show, ShowOptions
from cluster.model.facts import Fact, PulseReported
from cluster.model.member import NodeId
from talk.deck.deck import Act, Need
from talk.deck.words import KEEPS, MASTER, late_ms_of, percent_of
from talk.grounds.ground import Done, GroundError, Tell
from talk.grounds.playing import Players
from tui.sources.live import LiveSource
from tui.view import ClusterView

UNDO_MAX: Final = 40
FACTS_MAX: Final = 200_000
"""Facts that wait to be taken; the oldest go first, as if the stage had looked away."""
LAG_US: Final = 20_000
"""A lag that is nothing: bounds are not stretched by it."""
LAG_WHOLE_US: Final = 250_000
"""So much lag doubles a bound: a probe's whole period."""
STRETCH_MAX: Final = 4.0
EASE: Final = 0.9
"""How much of an old lag is still believed a quarter of a second later."""
COUNTED_S: Final = 0.6
TICK_S: Final = 0.05


class LiveGround:
    """One cluster of real processes at a time."""

    simulated = False
    makes = True
    stands = None

    def __init__(self, seed: int, players: Players | None = None) -> None:
        self.seed = seed
        self.players = players or Players(seed)
        self._show: Show | None = None
        self._need: Need | None = None
        self._master: NodeId | None = None
        """Who reigned when the slide first spoke of the master."""
        self._facts: deque[Fact] = deque(maxlen=FACTS_MAX)
        self._following: asyncio.Task[None] | None = None
        self._lag_us = 0.0
        self._pulse: asyncio.Task[None] | None = None

    def label(self) -> str:
        """What the audience is told."""
        if self._show is None:
            return "no cluster"
        count = len(self._show.windows())
        return f"live cluster, {count} process{'' if count == 1 else 'es'}"

    @property
    def now(self) -> int:
        """The wall's clock, as the lab's own witness reads it."""
        return time_ns() // 1_000

    @property
    def stretch(self) -> float:
        """By measured lag: of this process, and of the nodes' own loops."""
        more = max(0.0, self._lag_us - LAG_US) / LAG_WHOLE_US
        return min(STRETCH_MAX, 1.0 + more)

    def take(self) -> list[Fact]:
        """What was told since the last time."""
        facts = list(self._facts)
        self._facts.clear()
        return facts

    # --- a cluster as a slide needs it -----------------------------------------------------------

    async def prepare(
        self,
        need: Need,
        *,
        fresh: bool,
        tell: Tell,
        slide: int = 0,  # noqa: ARG002
    ) -> bool:
        """The one that runs, mended; or another."""
        self._master = None
        if self._pulse is None:
            self._pulse = asyncio.create_task(self._beat(), name="lag")
        same = self._need is not None and self._need.same_as(need)
        if self._show is not None and same and not fresh and await self._mended(self._show, need):
            return False
        await self._end()
        tell(f"starting {need.nodes} node{'' if need.nodes == 1 else 's'}")
        await self._begin(need)
        return True

    def beginning(self) -> ClusterView:
        """Nothing."""
        return ClusterView()

    async def _mended(self, show: Show, need: Need) -> bool:
        """Take back all that was done to it; False when it cannot be made as it was."""
        try:
            for _ in range(UNDO_MAX):
                if not show.can_undo():
                    break
                await show.undo()
        except LabError:
            return False
        if len(show.windows()) != need.nodes:
            return False
        return await show.lab.serving() and await show.lab.hints_home()

    async def _begin(self, need: Need) -> None:
        live = LiveSource()

        def noticed(fact: Fact) -> None:
            self._hear(fact)
            live.notice(fact)

        options = ShowOptions(
            nodes=need.nodes,
            seed=self.seed,
            answers_per_s=max(1.0, need.answers_per_s),
            architecture=need.architecture,
            rooms=need.rooms,
        )
        self._show = show = Show(options, noticed)
        self._need = need
        self._following = asyncio.create_task(live.run(self._hear), name="follow")
        try:
            await show.start()
        except LabError as error:
            await self._end()
            raise GroundError(str(error)) from None
        if not await show.lab.serving():
            raise GroundError("the nodes started, but do not agree on one ring: try N again")

    def _hear(self, fact: Fact) -> None:
        self._facts.append(fact)
        payload = fact.payload
        # A node that was stopped on purpose reports its whole pause as lag: not the machine's.
        if isinstance(payload, PulseReported) and payload.lag_us < 4 * LAG_WHOLE_US:
            self._lag_us = max(self._lag_us, float(payload.lag_us))

    async def _beat(self) -> None:
        """Measure how late this process is called, and forget old lag."""
        while True:
            before = monotonic_ns()
            await asyncio.sleep(TICK_S)
            late = (monotonic_ns() - before) / 1_000 - TICK_S * 1e6
            self._lag_us = max(self._lag_us * EASE ** (TICK_S / 0.25), late)

    # --- acts ------------------------------------------------------------------------------------

    async def perform(self, act: Act, tell: Tell) -> Done:
        """By the lab's hands."""
        if act.verb == "play":
            played = await self.players.play(act.args[0], tell)
            return Done(f"played {played.name} both ways", played)
        if self._show is None:
            raise GroundError("there is no cluster: the slide names none (`start` in a cue)")
        try:
            args = [await self._named(self._show, arg) for arg in act.args]
            return Done(await self._performed(self._show, replace(act, args=tuple(args))))
        except LabError as error:
            raise GroundError(str(error)) from None

    async def _named(self, show: Show, arg: str) -> str:
        if arg != MASTER:
            return arg
        self._master = self._master or await show.lab.master()
        if self._master is None:
            raise LabError("No node acts as master here: name one, as in n1.")
        return self._master

    async def _performed(self, show: Show, act: Act) -> str:
        match act.verb, [NodeId(arg) for arg in act.args]:
            case "kill", [name]:
                return await show.kill(name)
            case "start", [name]:
                return await show.restart(name)
            case "pause", [name]:
                return await show.lab.pause(name)
            case "resume", [name]:
                return await show.resume(name)
            case "cut", [a, b]:
                return await show.lab.links.cut(a, b)
            case "isolate", [name]:
                return await show.lab.links.isolate(name)
            case "wipe", [name]:
                return await show.lab.wipe(name)
            case "leave", [name]:
                return await show.leave(name)
            case _:
                return await self._done_to_all(show, act)

    async def _done_to_all(self, show: Show, act: Act) -> str:
        match act.verb, act.args:
            case "partition", (side,):
                return await show.partition(tuple(map(NodeId, side.split(","))))
            case "heal", ():
                return await show.heal()
            case "lose", (share,):
                return await show.lab.links.lose(percent_of(share))
            case "slow", (name, time):
                return await show.lab.links.slow(NodeId(name), late_ms_of(time))
            case "add", ():
                return await show.add()
            case "undo", ():
                return await show.undo()
            case "drain", (name,):
                return await self._drain(show, NodeId(name))
            case "put", (count,):
                before = show.workload.acknowledged
                await show.workload.answer(int(count))
                return f"{show.workload.acknowledged - before:,} answers acknowledged"
            case "audit", ():
                await show.lab.serving()
                await show.lab.hints_home()
                audit = await show.audit()
                await asyncio.sleep(COUNTED_S)  # its result is told with the next count
                return f"read {audit.asked:,} acknowledged answers back"
            case verb, (room, *how) if verb in ("fill", "count", "crash"):
                return await self._done_to_a_room(show, verb, room, *how)
            case verb, _:
                raise LabError(f"A live cluster cannot {verb}.")

    async def _done_to_a_room(self, show: Show, verb: str, room: str, keep: str = "") -> str:
        if verb == "fill":
            return await show.quiz(room, KEEPS[keep])
        if verb == "count":
            return await show.count(room)
        await show.players.crash(room)
        return f"made {room} crash"

    async def _drain(self, show: Show, name: NodeId) -> str:
        from cluster.api.operator import WindowClient, WindowError

        window = show.windows().get(name)
        if window is None:
            raise LabError(f"{name} is not running.")
        try:
            async with WindowClient(window) as operator:
                await operator.drain()
        except WindowError as error:
            raise LabError(str(error)) from None
        return f"{name} gives up its places."

    async def pass_time(self, us: int) -> None:
        """It passes by itself."""
        await asyncio.sleep(us / 1e6)

    # --- the end ---------------------------------------------------------------------------------

    async def _end(self) -> None:
        following, self._following = self._following, None
        if following is not None:
            following.cancel()
            await asyncio.wait([following])
        show, self._show = self._show, None
        self._need = None
        if show is not None:
            await show.stop()
        self._facts.clear()

    async def stop(self) -> None:
        """End every process."""
        pulse, self._pulse = self._pulse, None
        if pulse is not None:
            pulse.cancel()
        await self._end()
        await self.players.stop()
