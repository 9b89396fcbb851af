"""A viewer's end of a dashboard: its facts, and as much of its hands and its clock as was granted.

Who only looks has no hands, and a simulated world's clock that cannot be turned; his own time line
is his own. Who may act asks, and what he reads is what the dashboard's own screen says too.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final

from cluster.lab.witness import LabError
from cluster.model.member import NodeId
from tui.keys import Action
from tui.seen.world import Simulated
from tui.sources.source import Take
from tui.timeline.reel import read_view
from tui.view import ClusterView
from tui.web.feed import (
    TOLD_BYTES_MAX,
    Act,
    ActVerb,
    Answered,
    Down,
    Opening,
    Pace,
    Said,
    Told,
    Turn,
    Up,
    down,
    framed,
)
from tui.web.order import ONLY_LOOKS

ANSWERS_WITHIN_S: Final = 30.0
OURS: Final[tuple[Action, ...]] = (
    "freeze",
    "live",
    "slower",
    "faster",
    "step_on",
    "step_event",
    "rewind",
)
"""Keys that turn a simulated world's time and nothing of the viewer's own."""


class Spectator:
    """A source of facts, and the clock of the world that they are of."""

    def __init__(self, end: socket.socket, *, acts: bool) -> None:
        self._end = end
        self._acts = acts
        self._writer: asyncio.StreamWriter | None = None
        self._number = 0
        self._waiting: dict[int, asyncio.Future[str]] = {}
        self._simulated = Simulated(0, 1.0, 1.0, ours=acts)
        self.now = 0
        self.on_again: Callable[[ClusterView], None] = lambda _view: None
        """Called with the view that everything begins with, again or for the first time."""
        self.say: Callable[[str], None] = lambda _text: None
        self.ended: Callable[[], None] = lambda: None
        """Called when the dashboard has hung up."""

    # --- a source --------------------------------------------------------------------------------

    async def run(self, take: Take) -> None:
        """Until the dashboard hangs up."""
        reader, self._writer = await asyncio.open_unix_connection(sock=self._end)
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(4), "big")
                if size > TOLD_BYTES_MAX:
                    return
                self._hear(await reader.readexactly(size), take)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writer.close()
            for future in self._waiting.values():
                future.cancel()
            self.ended()

    def _hear(self, body: bytes, take: Take) -> None:
        message: Down = down.decode(body)
        match message:
            case Opening(blob, now, simulated):
                self._tell_time(now, simulated)
                self.on_again(read_view(blob))
            case Told(facts, now, simulated):
                self._tell_time(now, simulated)
                for fact in facts:
                    take(fact)
            case Answered(number, said, refused):
                future = self._waiting.pop(number, None)
                if future is not None and not future.done():
                    if refused:
                        future.set_exception(LabError(said))
                    else:
                        future.set_result(said)
            case Said(text):
                self.say(text)

    def _tell_time(self, now: int, simulated: Simulated | None) -> None:
        self.now = now
        if simulated is not None:
            self._simulated = Simulated(
                simulated.seed,
                simulated.speed,
                simulated.reached,
                simulated.paused,
                simulated.back,
                ours=self._acts,
            )

    # --- a clock ---------------------------------------------------------------------------------

    def state(self) -> Simulated:
        """How the world goes."""
        return self._simulated

    def turn(self, times: float) -> str:
        """Ask for a speed. What to say."""
        if not self._acts:
            return ONLY_LOOKS
        self._ask(Pace(times))
        return f"{times:g} virtual seconds a second?"

    def press(self, action: Action, shown: int) -> str | None:
        """A key that may turn the world's time."""
        if not self._acts:
            return ONLY_LOOKS if action in ("step_event", "rewind") else None
        if action in ("step_back", "previous_mark"):
            self._ask(Turn(action, shown))
            return None
        if action in OURS:
            self._ask(Turn(action, shown))
            return ""
        return None

    # --- hands -----------------------------------------------------------------------------------

    async def act(self, verb: ActVerb, node: str = "") -> str:
        """What was done. Raises LabError with why it was not."""
        self._number += 1
        number = self._number
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._ask(Act(number, verb, node))
        try:
            async with asyncio.timeout(ANSWERS_WITHIN_S):
                return await future
        except TimeoutError:
            raise LabError("the dashboard did not say what came of it") from None
        finally:
            self._waiting.pop(number, None)

    def _ask(self, what: Up) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(framed(what))


class AskingHands:
    """The keys that hurt nodes, asked of the dashboard (`tui.acts.Hands`)."""

    def __init__(self, spectator: Spectator) -> None:
        self._ask = spectator.act

    async def kill(self, name: NodeId) -> str:
        """End a process."""
        return await self._ask("kill", name)

    async def restart(self, name: NodeId) -> str:
        """Start a gone node again."""
        return await self._ask("start", name)

    async def pause(self, name: NodeId) -> str:
        """Stop a process, or let it go on."""
        return await self._ask("pause", name)

    async def isolate(self, name: NodeId) -> str:
        """Cut its links, or mend them."""
        return await self._ask("isolate", name)

    async def cut(self, a: NodeId, b: NodeId) -> str:
        """Cut one link, both ways."""
        return await self._ask("cut", f"{a},{b}")

    async def partition(self, side: tuple[NodeId, ...]) -> str:
        """Cut every link between a side and the rest."""
        return await self._ask("partition", ",".join(side))

    async def heal(self) -> str:
        """Mend all cut links."""
        return await self._ask("heal")

    async def add(self) -> str:
        """One more node."""
        return await self._ask("add")

    async def undo(self) -> str:
        """Take back the latest act, whoever did it."""
        return await self._ask("undo")

    async def stop(self) -> None:
        """A viewer who leaves ends nothing but his view."""
