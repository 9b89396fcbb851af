"""Histories of the whole cluster as curves: latency, answers, messages by family. From pulses alone.

One value a slot of time. Slots end on multiples of their width, and the one that is still being
filled is left out, so that a picture changes once a slot and does not shimmer. Percentiles are of what all
nodes were asked in a slot, from their histograms: a mean or a maximum of the nodes' own would be of
nothing. What was not told is a hole, never a zero.

Drawing a picture anew costs some milliseconds, so pictures that stand together take their new slots
one after another (`place`), not all in one frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from msgspec import Struct

from cluster.model.summary import Times, percentile_of
from tui.draw.sparkline import Series, bridged, per_second
from tui.judge.measured.slots import in_slots
from tui.judge.memo import Memo
from tui.seen.traffic import FAMILIES, weigh
from tui.view import ClusterView, Moment, Sample

SPAN_US: Final = 60_000_000
"""How far back nodes' own reports are drawn."""
LATE_US: Final = 300_000
"""Pulses of a slot may come in for this long after it ended."""
APART_US: Final = 150_000
"""So much later each further picture takes its new slot: longer than a picture stands (`CALM_US`)."""

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


def edge(now: int, columns: int, place: int = 0) -> int:
    """The end of the last slot that is whole: where the axis of time of this place's plot ends."""
    slot = _slot(columns)
    return (now - LATE_US - place * APART_US) // slot * slot


def _slot(columns: int) -> int:
    return max(1, SPAN_US // max(1, columns))


# --- latency -------------------------------------------------------------------------------------

Asked = Literal["put", "get"]
_PERCENTILES: Final = ((99, "p99", "owner1"), (95, "p95", "owner4"), (50, "p50", "owner0"))
_CURVES: Final = Memo[list[Curve]](64)
"""The pictures of a few frames."""


def latencies(
    view: ClusterView, now: int, columns: int, what: Asked, place: int = 0
) -> list[Curve]:
    """Milliseconds at each percentile of all that was asked of any node; holes where nothing was."""
    span = (edge(now, columns, place), columns, _slot(columns))
    make = _puts if what == "put" else _gets
    rows = [in_slots(n.samples, span, what, make) for n in view.nodes.values() if n.samples]
    return _CURVES.of(rows, what, lambda: _percentiles(rows, columns))


def _percentiles(rows: list[Sequence[Times | None]], columns: int) -> list[Curve]:
    merged: list[Times] = [{} for _ in range(columns)]
    for row in rows:
        for into, times in zip(merged, row, strict=True):
            _add(into, times or {})
    if not any(merged):
        return []
    curves: list[Curve] = []
    for percent, word, role in _PERCENTILES:
        values = [percentile_of(t, percent) / 1_000 if t else None for t in merged]
        curves.append(Curve(word, tuple(bridged(values)), role))
    return curves


def _puts(slot: Sequence[Sample]) -> Times:
    return _sum(sample.rates.put_times for sample in slot)


def _gets(slot: Sequence[Sample]) -> Times:
    return _sum(sample.rates.get_times for sample in slot)


def _sum(every: Iterable[Times]) -> Times:
    """How long what one node was asked in a slot took."""
    into: Times = {}
    for times in every:
        _add(into, times)
    return into


def _add(into: Times, times: Times) -> None:
    for bucket, count in times.items():
        into[bucket] = into.get(bucket, 0) + count


# --- answers -------------------------------------------------------------------------------------


Pair = tuple[float, float]
"""Answered, and refused or unanswered, a second."""


def throughput(view: ClusterView, now: int, columns: int, place: int = 0) -> list[Curve]:
    """Answers a second, and what was refused or got none: by the clients' word where there are
    clients of ours, else by the nodes' that were asked.
    """
    span = (edge(now, columns, place), columns, _slot(columns))
    load = view.load
    if load is not None and load.interval_us:
        scale = 1e6 / load.interval_us

        def told(slot: Sequence[Moment]) -> Sequence[float] | None:
            heard = [m for m in slot if m.answers_per_s >= 0]
            return _mean([(m.answers_per_s, m.failed * scale) for m in heard]) if heard else None

        rows: list[Sequence[Sequence[float] | None]]
        rows = [in_slots(view.history, span, ("told", scale), told)]
    else:
        rows = [
            in_slots(n.samples, span, "answered", _answered)
            for n in view.nodes.values()
            if n.samples
        ]
    return _CURVES.of(rows, "answers", lambda: _answers(rows, columns))


def _answers(rows: list[Sequence[Sequence[float] | None]], columns: int) -> list[Curve]:
    well, ill = _all(rows, 0, columns), _all(rows, 1, columns)
    if not any(value for value in (*well, *ill)):
        return []
    return [Curve("answered", tuple(well), "good"), Curve("refused", tuple(ill), "bad")]


def _answered(slot: Sequence[Sample]) -> Sequence[float]:
    return _mean([_rate_of(sample) for sample in slot])


def _rate_of(sample: Sample) -> Pair:
    rates = sample.rates
    well = max(0, rates.puts + rates.gets - rates.failed)
    return per_second(sample, well), per_second(sample, rates.failed)


# --- messages ------------------------------------------------------------------------------------

_ROLES: Final = ("owner0", "owner1", "owner2", "owner3", "owner4", "owner7")


def weighed(view: ClusterView) -> Weighed:
    """Whether the nodes said how many bytes each kind of message took, or only how many there were."""
    told = any(n.samples and n.samples[-1].weights for n in view.nodes.values())
    return "bytes" if told else "messages"


def traffic(view: ClusterView, now: int, columns: int, place: int = 0) -> list[Curve]:
    """Bytes (or messages) sent a second by family, all nodes together; silent families are left out."""
    span = (edge(now, columns, place), columns, _slot(columns))
    what = weighed(view)
    make = _bytes if what == "bytes" else _counts
    rows = [in_slots(n.samples, span, what, make) for n in view.nodes.values() if n.samples]
    return _CURVES.of(rows, what, lambda: _families(rows, columns))


def _families(rows: list[Sequence[Sequence[float] | None]], columns: int) -> list[Curve]:
    curves: list[Curve] = []
    for place, ((word, _), role) in enumerate(zip(FAMILIES, _ROLES, strict=True)):
        values = _all(rows, place, columns)
        if any(value for value in values):
            curves.append(Curve(word, tuple(values), role))
    curves.sort(key=lambda curve: -sum(value or 0.0 for value in curve.values))
    return curves


_NONE: Final = (0,) * len(FAMILIES)


def _bytes(slot: Sequence[Sample]) -> Sequence[float]:
    return _mean([[per_second(s, sums) for sums in s.weights or _NONE] for s in slot])


def _counts(slot: Sequence[Sample]) -> Sequence[float]:
    return _mean([[per_second(s, sums) for sums in weigh(s.sent) or _NONE] for s in slot])


# --- slots ---------------------------------------------------------------------------------------


def _mean(figures: Sequence[Sequence[float]]) -> Sequence[float]:
    """Of each place of some rows that are equally long."""
    return tuple(sum(column) / len(figures) for column in zip(*figures, strict=True))


def _all(rows: list[Sequence[Sequence[float] | None]], place: int, columns: int) -> Series:
    """All nodes' figure together; a slot in which nobody reported is a hole."""
    total: Series = [None] * columns
    for row in rows:
        series = bridged([None if slot is None else slot[place] for slot in row])
        for column, value in enumerate(series):
            if value is not None:
                total[column] = (total[column] or 0.0) + value
    return total
