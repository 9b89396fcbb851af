"""Histories of the whole cluster as curves: latency, answers, messages by family. From pulses alone.

One value a slot of time. Slots end on multiples of their width, and the one that is still being
filled is left out, so that a picture changes once a slot and does not shimmer. Percentiles are of what all
nodes were asked in a slot, from their histograms: a mean or a maximum of the nodes' own would be of
nothing. What was not told is a hole, never a zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from msgspec import Struct

from cluster.model.summary import Times, percentile_of
from tui.draw.sparkline import Series, bridged, bucketed, of_node, per_second
from tui.judge.memo import Memo
from tui.seen.traffic import FAMILIES, weigh
from tui.view import ClusterView, NodeView, Sample

SPAN_US: Final = 60_000_000
"""How far back nodes' own reports are kept."""
LATE_US: Final = 300_000
"""Pulses of a slot may come in for this long after it ended."""

Figure = Callable[[Sample], float]
Weighed = Literal["bytes", "messages"]


class Curve(Struct, frozen=True):
    """One line of a plot."""

    word: str
    values: tuple[float | None, ...]
    """One a slot, oldest first."""
    role: str

    @property
    def latest(self) -> float | None:
        """The last value that is known of the last few slots."""
        return next((v for v in reversed(self.values[-3:]) if v is not None), None)


def edge(now: int, columns: int) -> int:
    """The end of the last slot that is whole: where the plots' axis of time ends."""
    slot = max(1, SPAN_US // max(1, columns))
    return (now - LATE_US) // slot * slot


# --- latency -------------------------------------------------------------------------------------

Asked = Literal["put", "get"]
_PERCENTILES: Final = ((99, "p99", "owner1"), (95, "p95", "owner4"), (50, "p50", "owner0"))
_SLOTS: Final = Memo[list[Times]]()


def latencies(view: ClusterView, now: int, columns: int, what: Asked) -> list[Curve]:
    """Milliseconds at each percentile of all that was asked of any node; holes where nothing was."""
    merged: list[Times] = [{} for _ in range(columns)]
    end = edge(now, columns)
    for node in view.nodes.values():
        for into, times in zip(merged, _slots(node, end, columns, what), strict=True):
            for bucket, count in times.items():
                into[bucket] = into.get(bucket, 0) + count
    if not any(merged):
        return []
    rows = [
        (word, role, [percentile_of(t, percent) / 1_000 if t else None for t in merged])
        for percent, word, role in _PERCENTILES
    ]
    return [Curve(word, tuple(bridged(values)), role) for word, role, values in rows]


def _slots(node: NodeView, end: int, columns: int, what: Asked) -> list[Times]:
    """How long what one node was asked took, per slot."""

    def make() -> list[Times]:
        slots: list[Times] = [{} for _ in range(columns)]
        width = max(1, SPAN_US // columns)
        last = (end - 1) // width
        for sample in node.samples:
            column = columns - 1 - (last - sample.at // width)
            if 0 <= column < columns:
                times = sample.rates.put_times if what == "put" else sample.rates.get_times
                into = slots[column]
                for bucket, count in times.items():
                    into[bucket] = into.get(bucket, 0) + count
        return slots

    return _SLOTS.get(node.samples, (end, columns, what), make)


# --- answers -------------------------------------------------------------------------------------


def _answered(sample: Sample) -> float:
    rates = sample.rates
    return per_second(sample, max(0, rates.puts + rates.gets - rates.failed))


def _failed(sample: Sample) -> float:
    return per_second(sample, sample.rates.failed)


def throughput(view: ClusterView, now: int, columns: int) -> list[Curve]:
    """Answers a second, and what was refused or got none: by the clients' word where there are
    clients of ours, else by the nodes' that were asked.
    """
    end = edge(now, columns)
    load = view.load
    if load is not None and load.interval_us:
        told = [m for m in view.history if m.answers_per_s >= 0]
        well = bucketed(((m.at, m.answers_per_s) for m in told), end - 1, SPAN_US, columns)
        scale = 1e6 / load.interval_us
        ill = bucketed(((m.at, m.failed * scale) for m in told), end - 1, SPAN_US, columns)
        well, ill = bridged(well), bridged(ill)
    else:
        well = _all(view, end, columns, _answered)
        ill = _all(view, end, columns, _failed)
    if not any(value for value in (*well, *ill)):
        return []
    return [Curve("answered", tuple(well), "good"), Curve("refused", tuple(ill), "bad")]


# --- messages ------------------------------------------------------------------------------------

_ROLES: Final = ("owner0", "owner1", "owner2", "owner3", "owner4", "owner7")


def _bytes_of(place: int) -> Figure:
    def rate(sample: Sample) -> float:
        return per_second(sample, sample.weights[place]) if sample.weights else 0.0

    return rate


def _count_of(place: int) -> Figure:
    def rate(sample: Sample) -> float:
        sums = weigh(sample.sent)
        return per_second(sample, sums[place]) if sums else 0.0

    return rate


_BYTES: Final = tuple(_bytes_of(place) for place in range(len(FAMILIES)))
_COUNTS: Final = tuple(_count_of(place) for place in range(len(FAMILIES)))


def weighed(view: ClusterView) -> Weighed:
    """Whether the nodes said how many bytes each kind of message took, or only how many there were."""
    told = any(n.samples and n.samples[-1].weights for n in view.nodes.values())
    return "bytes" if told else "messages"


def traffic(view: ClusterView, now: int, columns: int) -> list[Curve]:
    """Bytes (or messages) sent a second by family, all nodes together; silent families are left out."""
    end = edge(now, columns)
    figures = _BYTES if weighed(view) == "bytes" else _COUNTS
    curves: list[Curve] = []
    for (word, _), figure, role in zip(FAMILIES, figures, _ROLES, strict=True):
        values = _all(view, end, columns, figure)
        if any(value for value in values):
            curves.append(Curve(word, tuple(values), role))
    curves.sort(key=lambda curve: -sum(value or 0.0 for value in curve.values))
    return curves


# --- slots ---------------------------------------------------------------------------------------


def _all(view: ClusterView, end: int, columns: int, figure: Figure) -> Series:
    """All nodes' figure together; a slot in which nobody reported is a hole."""
    total: Series = [None] * columns
    for node in view.nodes.values():
        for column, value in enumerate(of_node(node, end - 1, columns, figure)):
            if value is not None:
                total[column] = (total[column] or 0.0) + value
    return total
