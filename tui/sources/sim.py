"""Facts of a simulated cluster: a process that plays the world, and the clock that it is played by.

Decides how fast virtual time goes (paused, stepped, 0.1 to 100 times), performs faults by key, and
goes back by playing the seed and the recorded acts again. Asks for a slice of world thirty times a
second and for the next one only when that has come: a world that cannot keep up is slower than
asked for and says so, it never piles up. Everything heavy is imported late.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Coroutine
from pathlib import Path
from time import perf_counter_ns
from typing import TYPE_CHECKING, Final

import msgspec

from cluster.lab.witness import LabError
from cluster.model.facts import Fact
from cluster.model.member import NodeId
from tui.keys import OF_THE_PRESENT, Action
from tui.seen.world import Simulated

if TYPE_CHECKING:
    from cluster.sim.watch.orders import Answer, Order, Setup, Verb

ROOT: Final = Path(__file__).resolve().parents[2]
SPEEDS: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
SLICE_S: Final = 1 / 30
WITHIN_US: Final = 30_000
"""Real time that one order may take: longer answers would make frames jerk."""
THIN_FROM: Final = 2.0
"""Above this speed only some of the traced messages are told, so many fewer as it is faster."""
BACK_US: Final = 5_000_000
"""How far one key goes back."""
NICE: Final = 5
"""How far behind the dashboard the world stands in the queue for a processor."""

Take = Callable[[Fact], None]


class SimError(Exception):
    """The process that plays the world ended. One sentence."""


class SimSource:
    """One simulated world: a source of facts, hands to hurt it, and a clock to be turned."""

    def __init__(self, setup: Setup, speed: float = 1.0) -> None:
        self.setup = setup
        self.speed = speed
        self.paused = False
        self.now = 0
        """World time, as far as it was played; 0 before the world began."""
        self.began = 0
        """When the world began, in its own time."""
        self.events = 0
        self.reached = speed
        """How fast the world really goes, over about the last second."""
        self.rewinding_to = 0
        """The moment it goes back to; 0: it does not."""
        self._turns_back = False
        """The world's process has not been told of that moment yet."""
        self.on_again: Callable[[], None] = lambda: None
        """Called when all that was told is void, because the world begins again."""
        self._process: Process | None = None
        self._turn = asyncio.Lock()
        self._take: Take = lambda _fact: None
        self._target = 0.0
        self._pace_at = (0, 0)
        self._tasks: set[asyncio.Task[None]] = set()

    # --- a source --------------------------------------------------------------------------------

    async def run(self, take: Take) -> None:
        """Play until cancelled. Raises SimError when the world's process dies."""
        from cluster.sim.watch.orders import Play

        self._take = take
        try:
            await self._open()
            await self._ask(self.setup)
            self._target = self.now
            last = perf_counter_ns()
            while True:
                await asyncio.sleep(SLICE_S)
                now = perf_counter_ns()
                passed, last = now - last, now
                if self.rewinding_to:
                    await self._back()
                    last = perf_counter_ns()
                    continue
                if self.paused:
                    continue
                self._target += passed / 1_000 * self.speed
                thin = max(1, round(self.speed / THIN_FROM))
                answer = await self._ask(Play(int(self._target), WITHIN_US, thin))
                if answer.behind:
                    self._target = answer.now
                self._measure(now)
        finally:
            await self.stop()

    async def _back(self) -> None:
        """One order of the way back. Only here, so that no slice of time comes before the first."""
        from cluster.sim.watch.orders import Play, Rewind

        first, self._turns_back = self._turns_back, False
        to = self.rewinding_to
        answer = await self._ask(Rewind(to) if first else Play(to, WITHIN_US, 1))
        self._target = answer.now
        if answer.now >= self.rewinding_to:
            self.rewinding_to = 0

    def _measure(self, now: int) -> None:
        began, world = self._pace_at
        if now - began >= 1_000_000_000:
            if world:
                self.reached = (self.now - world) * 1_000 / (now - began)
            self._pace_at = (now, self.now)

    async def _open(self) -> None:
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "cluster.sim.watch.worker"),
            stdin=PIPE,
            stdout=PIPE,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C is for us
        )
        try:
            os.setpriority(os.PRIO_PROCESS, self._process.pid, NICE)
        except OSError:
            pass  # it plays as quickly as it may, then

    async def _ask(self, order: Order) -> Answer:
        from cluster.sim.watch.orders import Answer

        async with self._turn:
            process = self._process
            if process is None or process.stdin is None or process.stdout is None:
                raise SimError("the simulated world is not playing")
            body = msgspec.msgpack.encode(order)
            process.stdin.write(len(body).to_bytes(4, "big") + body)
            try:
                size = int.from_bytes(await process.stdout.readexactly(4), "big")
                frame = await process.stdout.readexactly(size)
            except (asyncio.IncompleteReadError, ConnectionError):
                raise SimError("the process that plays the world died") from None
            answer = msgspec.msgpack.decode(frame, type=Answer)
            self.now, self.events = answer.now, answer.events
            self.began = self.began or answer.now
            if answer.again:
                self.on_again()
            for fact in answer.facts:
                self._take(fact)
            return answer

    # --- the clock -------------------------------------------------------------------------------

    def state(self) -> Simulated:
        """How the world goes."""
        back = -1.0
        if self.rewinding_to:
            whole = max(1, self.rewinding_to - self.began)
            again = 0 if self._turns_back else max(0, self.now - self.began)
            back = min(1.0, again / whole)
        return Simulated(self.setup.seed, self.speed, self.reached, self.paused, back)

    def press(self, action: Action, shown: int) -> str | None:
        """What a key does to the world's time."""
        from cluster.sim.watch.orders import PAST

        if self.rewinding_to and action in OF_THE_PRESENT:
            return PAST
        match action:
            case "freeze":
                self.paused = not self.paused
                return "the world stands still" if self.paused else "the world goes on"
            case "live":
                self.paused = False
                return "the world goes on"
            case "step_back" | "previous_mark":
                self.paused = True  # who looks back wants to find nothing gone when he is done
                return None
            case "slower" | "faster":
                self._faster(1 if action == "faster" else -1)
                return f"{self.speed:g} virtual seconds a second"
            case "step_on" | "step_event":
                return self._stepped(event=action == "step_event")
            case "rewind":
                return self.rewind(shown if shown < self.now else self.now - BACK_US)
            case _:
                return None

    def turn(self, times: float) -> str:
        """As fast as asked, between the slowest and the fastest."""
        self.speed = max(SPEEDS[0], min(SPEEDS[-1], times))
        self.reached, self._pace_at = self.speed, (0, 0)
        return f"{self.speed:g} virtual seconds a second"

    def _faster(self, step: int) -> None:
        place = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - self.speed))
        self.speed = SPEEDS[max(0, min(len(SPEEDS) - 1, place + step))]
        self.reached, self._pace_at = self.speed, (0, 0)

    def _stepped(self, *, event: bool) -> str:
        from cluster.sim.watch.orders import Step

        self.paused = True
        self._begin(self._step(Step("event" if event else "fact", WITHIN_US)))
        return f"one {'event' if event else 'fact'} on; {self.events:,} events so far"

    async def _step(self, order: Order) -> None:
        self._target = (await self._ask(order)).now

    def rewind(self, to: int) -> str:
        """Go back to a moment of world time: from there on it can be lived otherwise."""
        from cluster.sim.watch.orders import PAST

        if self.rewinding_to or not self.began:
            return PAST
        self.rewinding_to = max(self.began + 1, min(to, self.now))
        self.paused = self._turns_back = True
        back = (self.now - self.rewinding_to) / 1e6
        return f"{back:.1f} s back, by seed {self.setup.seed} and what was done until then"

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- what is done to the world ---------------------------------------------------------------

    async def act(self, verb: Verb, name: str = "") -> str:
        """A fault by hand, or its end; what was done. Raises LabError with why it was not."""
        from cluster.sim.watch.orders import Act

        answer = await self._ask(Act(verb, name))
        if answer.refused:
            raise LabError(answer.refused)
        return f"{answer.said} (simulated)"

    async def stop(self) -> None:
        """End the process. May be called twice."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        if process.returncode is None:
            try:
                process.kill()
            except ProcessLookupError:
                pass  # it has ended this moment
        await process.wait()


class SimHands:
    """The keys that hurt real nodes, done to a simulated world (`tui.acts.Hands`)."""

    def __init__(self, source: SimSource) -> None:
        self._source = source

    async def kill(self, name: NodeId) -> str:
        """End a process."""
        return await self._source.act("kill", name)

    async def restart(self, name: NodeId) -> str:
        """Start a gone node again."""
        return await self._source.act("start", name)

    async def pause(self, name: NodeId) -> str:
        """Stop a process, or let it go on."""
        return await self._source.act("pause", name)

    async def isolate(self, name: NodeId) -> str:
        """Cut its links, or mend them."""
        return await self._source.act("isolate", name)

    async def cut(self, a: NodeId, b: NodeId) -> str:
        """Cut one link, both ways."""
        return await self._source.act("cut", f"{a},{b}")

    async def partition(self, side: tuple[NodeId, ...]) -> str:
        """Cut every link between a side and the rest."""
        return await self._source.act("partition", ",".join(side))

    async def heal(self) -> str:
        """Mend all cut links."""
        return await self._source.act("heal")

    async def add(self) -> str:
        """One more node."""
        return await self._source.act("add")

    async def undo(self) -> str:
        """Take back the latest act."""
        return await self._source.act("undo")

    async def stop(self) -> None:
        """End the world."""
        await self._source.stop()
