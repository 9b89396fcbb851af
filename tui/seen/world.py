"""What the time of a simulated world is doing, for painters.

Only a simulated world has such a time: a real cluster's is nobody's to stop.
"""

from __future__ import annotations

from msgspec import Struct


class Simulated(Struct, frozen=True):
    """How the world goes now."""

    seed: int
    speed: float
    """Virtual seconds a second, as asked for."""
    reached: float
    """As it really goes: less than `speed` when the world is too much work."""
    paused: bool = False
    back: float = -1.0
    """While it goes back: how much of the way is played again, 0 to 1. -1: it does not."""
    ours: bool = True
    """Whether who looks may turn its time. Else his keys turn his own time line only."""

    @property
    def word(self) -> str:
        """For the title line: it never looks like a live cluster."""
        if self.back >= 0:
            return f"SIMULATED, going back {self.back:.0%}"
        if self.paused:
            return "SIMULATED, paused"
        if 0 < self.reached < 0.8 * self.speed:
            return f"SIMULATED x{self.speed:g}, reaches x{self.reached:.2g}"
        return f"SIMULATED x{self.speed:g}"
