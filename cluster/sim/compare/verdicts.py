"""One sentence for a row: the worst that happened, with numbers, and what it was due to.

Everything in it is read from the row. Lost writes come first, then what was not answered; where
nothing was lost that is said, for it is what the price was paid for.
"""

from __future__ import annotations

from typing import Final

from cluster.config import MS, SECOND
from cluster.sim.compare.record import Asked, Row
from cluster.sim.compare.schedules import Plan

SHORT_US: Final = 50 * MS
"""Two masters for less than this are one that takes over from the other."""


def verdict(row: Row, plan: Plan) -> str:
    """What this architecture did under this plan."""
    said = [*_lost(row), _served(row, plan), *_odd(row), *_moved(row)]
    if not row.measures.lost_count and not row.measures.unread:
        said.append("lost nothing")
    if row.settled_us is None:
        said.append("and had not settled when it was read")
    text = ", ".join(said)
    return text[:1].upper() + text[1:] + "."


def _lost(row: Row) -> list[str]:
    measures = row.measures
    said: list[str] = []
    if measures.lost_count:
        lost = f"lost {measures.lost_count:,} of {_many(measures.acknowledged)}"
        why = _why(row)
        said.append(f"{lost}: {why}" if why else lost)
    elif measures.dual_master_us:
        said.append(f"had two masters for {seconds(measures.dual_master_us)}")
    if measures.unread:
        said.append(f"could not show {measures.unread:,} of {_many(measures.acknowledged)}")
    return said


def _why(row: Row) -> str:
    """What the masters themselves tell of it."""
    said: list[str] = []
    if row.measures.dual_master_us >= SHORT_US:
        said.append(f"two masters for {seconds(row.measures.dual_master_us)}")
    for node, master in sorted({(each.node, each.master) for each in row.discards if each.count}):
        count = sum(d.count for d in row.discards if (d.node, d.master) == (node, master))
        said.append(f"{node} threw away {count:,} records to copy {master}")
    return " and ".join(said)


def _many(acknowledged: int) -> str:
    return f"{acknowledged:,} acknowledged writes"


def _served(row: Row, plan: Plan) -> str:
    """How much was answered while it lasted, and where nothing was."""
    begun, ended = plan.hurt_us
    span = seconds(ended - begun)
    share = row.during.share
    if share is None:
        return "was asked nothing"
    if row.during.ok == 0:
        alive = sum(1 for each in row.asked if each.tried)
        return f"answered nothing for {span} with {alive} nodes alive"
    mute = [each.node for each in row.asked if each.tried and not each.ok]
    answered = f"answered {percent(share)} while it lasted ({span})"
    if mute:
        answered += f", nothing at {' '.join(mute)}"
    elif plan.name == "split-2-3" and writes_on_both_sides(row.asked, plan):
        answered += ", wrote on both sides"
    return answered


def writes_on_both_sides(asked: tuple[Asked, ...], plan: Plan) -> bool:
    """Whether nodes of either side of a split acknowledged writes while it lasted."""
    split = next(episode for episode in plan.episodes if episode.kind == "partition")
    small = {split.subject, *split.peers}
    written = {each.node for each in asked if each.written}
    return bool(written & small) and bool(written - small)


def _odd(row: Row) -> list[str]:
    said: list[str] = []
    if row.single.answer == "no":
        said.append(f"was not one register ({row.single.anomaly})")
    if row.measures.stale_count:
        said.append(f"{_reads(row.measures.stale_count)} missed an acknowledged write")
    if row.measures.nowhere_count:
        said.append(f"showed {row.measures.nowhere_count:,} values nobody wrote")
    if row.split_terms:
        said.append(f"broke its promise in {len(row.split_terms)} terms with two masters")
    return said


def _reads(count: int) -> str:
    return "1 read" if count == 1 else f"{count:,} reads"


def _moved(row: Row) -> list[str]:
    return [f"moved {percent(row.moved_share)} of all places"] if row.moved.places_moved else []


def percent(share: float) -> str:
    """A share for people: never 100 % or 0 % of what is not quite that."""
    value = 100 * share
    if 0 < value < 100:
        value = min(max(value, 0.1), 99.9)
    return f"{value:.1f} %" if 0 < value < 100 else f"{value:.0f} %"


def seconds(us: int) -> str:
    """A span for people: never 0 of what was not."""
    return f"{us / MS:.0f} ms" if MS <= us < SHORT_US else f"{us / SECOND:.1f} s"
