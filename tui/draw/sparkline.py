"""Histories in one row: a node's samples as equal columns of time, and columns as eighths.

A column without a sample is a blank, not a zero: what was not reported is not drawn. All
sparklines that stand above each other share one scale, so that they can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from tui.draw.glyphs import SETS, GlyphSet
from tui.judge.measured.slots import in_slots
from tui.judge.memo import Memo
from tui.view import ClusterView, Moment, NodeView, Sample

Series = list[float | None]
_SERIES: Final = Memo[Series]()


def bucketed(
    points: Iterable[tuple[int, float]], now: int, span_us: int, columns: int, worst: bool = False
) -> Series:
    """Points (time, value) as the mean (or the worst) of each of `columns` equal slots.

    The last column ends now. Slots end on multiples of their width, so that a picture does not
    shimmer while time passes.
    """
    if columns <= 0:
        return []
    width = max(1, span_us // columns)
    last = now // width
    sums = [0.0] * columns
    counts = [0] * columns
    for at, value in points:
        column = columns - 1 - (last - at // width)
        if 0 <= column < columns:
            sums[column] = max(sums[column], value) if worst else sums[column] + value
            counts[column] += 1
    if worst:
        return [s if n else None for s, n in zip(sums, counts, strict=True)]
    return [s / n if n else None for s, n in zip(sums, counts, strict=True)]


def bridged(series: Sequence[float | None]) -> Series:
    """Holes of one column between two values filled: slots and pulses need not be in step."""
    out = list(series)
    for i in range(1, len(out) - 1):
        if out[i] is None and series[i - 1] is not None and series[i + 1] is not None:
            out[i] = series[i - 1]
    if len(out) > 1 and out[-1] is None:
        out[-1] = series[-2]
    return out


def spark(series: Series, top: float, glyphs: GlyphSet = "braille", floor: float = 0.0) -> str:
    """One character a column, from `floor` (lowest) to `top`; blank where unknown.

    The full block is never used: rows under each other would run into one slab.
    """
    steps = SETS[glyphs].spark[:-1]
    span = top - floor
    text = ""
    for value in series:
        if value is None:
            text += " "
        elif span <= 0:
            text += steps[0]
        else:
            level = round((value - floor) / span * (len(steps) - 1))
            text += steps[min(len(steps) - 1, max(0, level))]
    return text


def top_of(rows: Iterable[Series], least: float = 0.0) -> float:
    """A common scale: the greatest value of all rows."""
    return max((v for row in rows for v in row if v is not None), default=least) or least


def per_second(sample: Sample, count: int) -> float:
    """A pulse's count as a rate."""
    return count * 1_000_000 / sample.interval_us if sample.interval_us else 0.0


def operations(sample: Sample) -> float:
    """Client operations a second."""
    return per_second(sample, sample.rates.puts + sample.rates.gets)


def slowest_us(sample: Sample) -> int:
    """The slower of the two p99s, 0 when nothing was asked."""
    return max(sample.rates.put_p99_us, sample.rates.get_p99_us)


def of_node(
    node: NodeView,
    now: int,
    columns: int,
    value: Callable[[Sample], float],
    span_us: int = 60_000_000,
    *,
    worst: bool = False,
) -> Series:
    """A node's last minute of one figure. `value` must be a plain function of the sample."""
    if columns <= 0:
        return []

    slot_us = max(1, span_us // columns)
    span = (now // slot_us + 1) * slot_us, columns, slot_us

    def make(slot: Sequence[Sample]) -> float:
        values = [value(sample) for sample in slot]
        return max(0.0, *values) if worst else sum(values) / len(values)

    row = in_slots(node.samples, span, (value, worst), make)
    return _SERIES.get(row, "", lambda: bridged(row))


def of_moments(
    history: Sequence[Moment],
    now: int,
    columns: int,
    span_us: int,
    value: Callable[[Moment], float],
) -> Series:
    """The cluster's history of one figure, the worst of each column."""
    return bucketed(((m.at, value(m)) for m in history), now, span_us, columns, worst=True)


def recent(node: NodeView, now: int, span_us: int = 1_000_000) -> list[Sample]:
    """The samples of the last moments."""
    out: list[Sample] = []
    for sample in reversed(node.samples):
        if sample.at <= now - span_us:
            break
        out.append(sample)
    return out


def mean(values: Sequence[float]) -> float:
    """Zero for none."""
    return sum(values) / len(values) if values else 0.0


def slowest_now_us(view: ClusterView, now: int) -> int:
    """The slowest node's p99 of the last second; 0 when nobody was asked anything."""
    return max(
        (slowest_us(s) for node in view.nodes.values() for s in recent(node, now)), default=0
    )
