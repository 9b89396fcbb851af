"""Which time to show: the wall's for a live cluster, the facts' own for recorded ones."""

from __future__ import annotations

from collections.abc import Callable
from time import time_ns

from tui.view import ClusterView

Now = Callable[[ClusterView], int]
"""The time to show."""


def wall(view: ClusterView) -> int:
    """Now, for a live cluster: the wall's time, or the facts' if they are ahead of it."""
    return max(time_ns() // 1_000, view.at)


def recorded(view: ClusterView) -> int:
    """Now, for facts that were recorded: the moment of the last one."""
    return view.at
