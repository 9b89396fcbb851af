"""A simulated ground that lives at the pace of the wall's clock, for a stage that shows it."""

from __future__ import annotations

from time import monotonic_ns

from cluster.model.facts import Fact
from talk.deck.deck import Act, Need
from talk.grounds.ground import Done, Tell
from talk.grounds.simulated import SimGround
from tui.view import ClusterView

BEHIND_US: int = 250_000
"""The world is never played for longer than this at once: it would hold up the picture."""


class PacedGround:
    """Plays so much of the world as has gone by since it was last asked for facts."""

    simulated = True
    makes = True
    stands = None

    def __init__(self, world: SimGround) -> None:
        self._world = world
        self._last = monotonic_ns()

    def label(self) -> str:
        """Simulated, as it is."""
        return self._world.label()

    @property
    def now(self) -> int:
        """Virtual time."""
        return self._world.now

    @property
    def stretch(self) -> float:
        """As the world's."""
        return self._world.stretch

    def take(self) -> list[Fact]:
        """Go on by what went by, and tell."""
        now = monotonic_ns()
        went, self._last = (now - self._last) // 1_000, now
        self._world.play(min(went, BEHIND_US))
        return self._world.take()

    async def prepare(self, need: Need, *, fresh: bool, tell: Tell, slide: int = 0) -> bool:
        """Another world."""
        made = await self._world.prepare(need, fresh=fresh, tell=tell, slide=slide)
        self._last = monotonic_ns()
        return made

    def beginning(self) -> ClusterView:
        """As the world says."""
        return self._world.beginning()

    async def perform(self, act: Act, tell: Tell) -> Done:
        """As the world does."""
        done = await self._world.perform(act, tell)
        self._last = monotonic_ns()
        return done

    async def pass_time(self, us: int) -> None:
        """Time passes by itself."""
        await self._world.pass_time(us)

    async def stop(self) -> None:
        """End it."""
        await self._world.stop()
