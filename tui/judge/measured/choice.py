"""Which plots there are, and what a key makes of the choice of one."""

from __future__ import annotations

from typing import Final, Literal

Plot = Literal["latency", "answers", "traffic", "agreement"]
PLOTS: Final[tuple[Plot, ...]] = ("latency", "answers", "traffic", "agreement")
HIT: Final = "plot/"
"""Before a plot's name in what a click chooses: no node is called so."""


def next_plot(chosen: Plot | None, step: int) -> Plot | None:
    """The plot beside the chosen one; all of them (None) stand before the first."""
    order: tuple[Plot | None, ...] = (None, *PLOTS)
    return order[(order.index(chosen) + step) % len(order)]


def plot_at(target: str) -> Plot | None:
    """The plot that a click chose, if it did."""
    name = target.removeprefix(HIT)
    return next((plot for plot in PLOTS if target.startswith(HIT) and plot == name), None)
