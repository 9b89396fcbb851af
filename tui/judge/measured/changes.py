"""How long each change took until every node that is heard knew of it: the cluster's convergence.

A change is one time during which the live nodes did not all believe the same (`Disagreement`): it
begins with the first node that knows and ends when none differs any more. Ignores changes of keys.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from tui.judge.wording import counted, seconds
from tui.view import ClusterView

SPAN_US_MAX: Final = 900_000_000
SPANS_US: Final = (60_000_000, 180_000_000, 300_000_000, 600_000_000, SPAN_US_MAX)
"""The axis is the shortest of these that shows every change of the last fifteen minutes."""


class Change(Struct, frozen=True):
    """One change."""

    began: int
    took_us: int
    """So far, if it is still on its way."""
    text: str
    """The news, e.g. "n4 is suspect"."""
    open: bool = False


def changes(view: ClusterView, now: int) -> list[Change]:
    """Those of the last fifteen minutes, oldest first."""
    found: list[Change] = []
    for each in view.disagreements:
        if now - SPAN_US_MAX < each.began <= now:
            over = bool(each.ended) and each.ended <= now
            took = (each.ended if over else now) - each.began
            found.append(Change(each.began, max(0, took), each.text, not over))
    return found


def span_of(found: list[Change], now: int) -> int:
    """How much time the axis shows."""
    oldest = now - found[0].began if found else 0
    return next((span for span in SPANS_US if oldest < span * 19 // 20), SPAN_US_MAX)


def edge(now: int, span_us: int, columns: int) -> int:
    """The end of the slot that is being filled: all changes move on together, and a new one is seen."""
    slot = span_us // columns
    return (now // slot + 1) * slot


def slots(found: list[Change], end: int, span_us: int, columns: int) -> list[list[float | None]]:
    """Seconds per column: of changes that everybody knows, and of one that not all know yet.

    Of two that fall on one column the longer is shown.
    """
    known: list[float | None] = [None] * columns
    spreading: list[float | None] = [None] * columns
    for change in found:
        column = columns - 1 - (end - change.began) * columns // span_us
        row = spreading if change.open else known
        if 0 <= column < columns:
            row[column] = max(row[column] or 0.0, change.took_us / 1e6)
    return [known, spreading]


def told(found: list[Change]) -> str:
    """In a sentence."""
    if not found:
        return ""
    times = sorted(change.took_us for change in found)
    worst = max(found, key=lambda change: change.took_us)
    if worst.open:
        news = f": {worst.text}" if worst.text else ""
        return f"still spreading after {seconds(worst.took_us)}{news}"
    said = f"{counted(len(found), 'change')}, worst {seconds(worst.took_us)}"
    news = f" ({worst.text})" if worst.text else ""
    return f"{said}{news}, median {seconds(times[len(times) // 2])}"
