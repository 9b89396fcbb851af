"""How many know the latest news, as it was observed, beside what theory predicts of gossip alone.

Observed is when the nodes say that they learned it (`hearsay`); predicted is
`tui.judge.measured.epidemic`, with the fan-out and period of the profile the nodes run with.
Where no profile is known, nothing is predicted.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

from msgspec import Struct

from cluster.model.member import MemberState
from tui.draw.chrome import fit
from tui.draw.frame import Frame
from tui.draw.sparkline import Series, spark
from tui.judge.measured.epidemic import Spread, predicted
from tui.judge.wording import counted, millis
from tui.scene import Scene
from tui.screens.pieces.forecast import profile_of
from tui.screens.pieces.hearsay import Line, latest_news

ROWS: Final = 4
"""Of the picture: a heading, two curves, and of what it was computed."""
WIDTH_MIN: Final = 50
"""Columns that the picture needs; with fewer there is a line."""


class Known(Struct, frozen=True):
    """Both sides of the comparison."""

    observed_us: tuple[int, ...]
    """When each of those who know learned it, since the first did."""
    spread: Spread
    elapsed_us: int
    """How long ago the first learned it."""

    @property
    def all_know(self) -> bool:
        """Nobody is left to be told."""
        return len(self.observed_us) == self.spread.nodes

    @property
    def half_us(self) -> int:
        """When half of them knew; -1: not yet."""
        half = (self.spread.nodes + 1) // 2 - 1
        return self.observed_us[half] if half < len(self.observed_us) else -1


def known(scene: Scene) -> Known | None:
    """The latest news, counted; None when there is none or nothing can be predicted of it.

    Who is suspect is still told rumours, who is dead is not: a target more among whom to choose.
    """
    news, config = latest_news(scene), profile_of(scene)
    if news is None or config is None:
        return None
    times = sorted(belief.since for belief in news.holders.values())
    nodes = len(times) + len(news.unaware)
    state = next(iter(news.holders.values())).state
    others = nodes - 1 + (state <= MemberState.SUSPECT)
    spread = predicted(nodes, others, config.membership)
    if spread is None:
        return None
    return Known(tuple(t - times[0] for t in times), spread, max(0, scene.now - times[0]))


def parameters(spread: Spread) -> str:
    """Of what a prediction was computed."""
    return (
        f"{counted(spread.nodes, 'node')}, fan-out {spread.fanout} every {millis(spread.period_us)}"
    )


def briefly(scene: Scene, width: int) -> Line:
    """The comparison in a line; empty when there is nothing to compare."""
    found = known(scene)
    if found is None:
        return []
    spread = found.spread
    half = f"+{millis(found.half_us)}" if found.half_us >= 0 else "not yet"
    all_ = f"+{millis(found.observed_us[-1])}" if found.all_know else "not yet"
    said = (
        f"half {half}, all {all_}; predicted +{millis(spread.half_us)}, +{millis(spread.all_us)}"
        f" (fan-out {spread.fanout} / {millis(spread.period_us)})"
    )
    return [(fit(said, width), "muted")]


def paint_spread(frame: Frame, scene: Scene, x: int, y: int) -> bool:
    """The picture, `ROWS` high from (x, y) to the right edge; whether there was anything to draw."""
    found = known(scene)
    if found is None or frame.width - x < WIDTH_MIN:
        return False
    spread = found.spread
    heard = len(found.observed_us)
    seen = max(found.observed_us[-1], 0 if found.all_know else found.elapsed_us)
    until = max(spread.all_us, seen)
    width = min(32, frame.width - x - 36)
    frame.text(x, y, f"how many know, from +0 to +{millis(until)}", "muted")
    said = (
        f"all {heard} by +{millis(found.observed_us[-1])}"
        if found.all_know
        else f"{heard} of {spread.nodes} know"
    )
    rows = (
        ("observed", found.observed_us, said, "" if found.all_know else "warn"),
        (
            "predicted",
            spread.times_us,
            f"half +{millis(spread.half_us)}, all +{millis(spread.all_us)}",
            "muted",
        ),
    )
    for row, (heading, times, figure, role) in enumerate(rows, start=1):
        frame.text(x, y + row, heading, "muted")
        end = until if row > 1 or found.all_know else seen
        curve = spark(_curve(times, until, width, end), float(spread.nodes), scene.glyphs)
        frame.text(x + 10, y + row, curve, "accent" if row == 1 else "faint")
        frame.text(x + 11 + width, y + row, fit(figure, frame.width - x - 12 - width), role)
    said = f"for {parameters(spread)}, gossip alone"
    frame.text(x, y + 3, fit(said, frame.width - x - 1), "faint")
    return True


def _curve(times: tuple[int, ...], until: int, width: int, end: int) -> Series:
    """How many know at the end of each column; nothing is known of what comes after `end`."""
    ends = [until * (column + 1) // width for column in range(width)]
    step = until // width
    return [float(bisect_right(times, min(t, end))) if t - step <= end else None for t in ends]
