"""Who turns the time of a simulated world. A real cluster has none."""

from __future__ import annotations

from typing import Protocol

from tui.keys import Action
from tui.seen.world import Simulated


class Clockwork(Protocol):
    """Turns the time of a simulated world."""

    @property
    def now(self) -> int:
        """World time, microseconds."""
        ...

    def state(self) -> Simulated:
        """For the screens."""
        ...

    def turn(self, times: float) -> str:
        """Go so fast, or as nearly as it can. What to say."""
        ...

    def press(self, action: Action, shown: int) -> str | None:
        """A key, while the moment `shown` is on the screen. What to say; None: none of its own."""
        ...
