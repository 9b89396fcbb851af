"""Comparisons as a table for people who read it from a wall, and as one document for programs.

One table a schedule: above it what was done and when, in it a strip of availability for each
architecture on one time axis, beside it the figures, below it a sentence each.
"""

from __future__ import annotations

from textwrap import wrap
from typing import Any, Final

import msgspec

from cluster.config import SECOND
from cluster.model.judging.running import Bucket
from cluster.sim.compare.promises import broken
from cluster.sim.compare.record import Comparison, Row
from cluster.sim.compare.verdicts import percent, seconds

STRIP: Final = (16, 72)
"""Cells of a strip, fewest and most."""
LEVELS: Final = "▁▂▃▄▅▆▇█"
"""From hardly anything to everything that was tried."""
NOTHING: Final = "×"
"""Something was tried and nothing was answered."""
UNTRIED: Final = "·"
INDENT: Final = 2
NAME: Final = 11
HEAD: Final = ("answered", "meanwhile", "outage", "lost", "stale", "2 masters", "moved", "register")
"""In all; while the fault was in force; the longest time in which nobody was served; acknowledged
writes lost; reads that missed one; for how long two reigned; places moved; whether hot keys behaved
like one register."""
LEGEND: Final = (
    f"{LEVELS[-1]} all answered  {LEVELS[3]} half  {NOTHING} nothing  "
    "meanwhile: while it lasted  lost: of acknowledged writes"
)


def legend(width: int) -> str:
    """What the signs and words of the tables mean."""
    return "\n".join(_folded("  ", LEGEND, width))


def told(comparison: Comparison, width: int) -> list[str]:
    """One comparison, to be projected. Under 80 columns lines grow longer than the width."""
    rows = [_figures(row) for row in comparison.rows]
    columns = [max(len(r[i]) for r in (HEAD, *rows)) for i in range(len(HEAD))]
    room = width - INDENT - NAME - sum(columns) - 2 * len(columns)
    beside = room >= STRIP[0]
    cells = min(room if beside else width - INDENT - NAME, STRIP[1])
    table = [("", _axis(comparison, cells), _line(HEAD, columns, beside=beside))]
    table += [
        (
            row.architecture,
            strip(row.strip, comparison.lasting_us, cells),
            _line(figures, columns, beside=beside),
        )
        for row, figures in zip(comparison.rows, rows, strict=True)
    ]
    lines = [
        *_folded("", f"{comparison.schedule}: {comparison.about}", width),
        f"  seed {comparison.seed}, {comparison.rate_per_s:g} operations a second, "
        + ("real processes" if comparison.real else "simulated"),
        "",
        *(f"  {mark.at_us / SECOND:6.1f} s  {mark.text}" for mark in comparison.marks),
        "",
    ]
    if beside:
        lines += [f"  {name:<{NAME}}{drawn}{figures}" for name, drawn, figures in table]
    else:
        lines += [f"  {name:<{NAME}}{drawn}" for name, drawn, _ in table]
        lines += ["", *(f"  {name:<{NAME}}{figures}" for name, _, figures in table)]
    lines.append("")
    for row in comparison.rows:
        lines += _folded(f"  {row.architecture:<{NAME}}", row.verdict, width)
        if row.master not in ("", "n1"):
            note = f"({row.master} was the master there, and is hurt in n1's place.)"
            lines += _folded(f"  {'':{NAME}}", note, width)
    return [line.rstrip() for line in lines]


def _folded(head: str, text: str, width: int) -> list[str]:
    return wrap(text, max(width, 40), initial_indent=head, subsequent_indent=" " * len(head))


def _line(cells: tuple[str, ...], columns: list[int], *, beside: bool) -> str:
    gap = "  " if beside else " "
    line = gap.join(f"{cell:>{wide}}" for cell, wide in zip(cells, columns, strict=True))
    return gap + line if beside else line


def _figures(row: Row) -> tuple[str, ...]:
    measures = row.measures
    lost = f"{measures.lost_count:,}/{measures.acknowledged:,}"
    if measures.unread:
        lost += f" +{measures.unread:,}?"
    return (
        share(measures.total),
        share(row.during),
        seconds(measures.longest_outage.us),
        lost,
        f"{measures.stale_count:,}",
        seconds(measures.dual_master_us) if row.reigns else "-",
        percent(row.moved_share),
        row.single.answer,
    )


def share(bucket: Bucket) -> str:
    """Of what was tried, what was answered."""
    return "-" if bucket.share is None else percent(bucket.share)


def strip(buckets: tuple[Bucket, ...], lasting_us: int, cells: int) -> str:
    """Availability over time, a cell for each equal part of it."""
    tried, ok = [0] * cells, [0] * cells
    for bucket in buckets:
        cell = min(max(bucket.began * cells // lasting_us, 0), cells - 1)
        tried[cell] += bucket.tried
        ok[cell] += bucket.ok
    return "".join(map(_cell, tried, ok))


def _cell(tried: int, ok: int) -> str:
    if not tried:
        return UNTRIED
    if not ok:
        return NOTHING
    # The full block is for everything: one refusal in a hundred is to be seen.
    return LEVELS[-1] if ok == tried else LEVELS[min(ok * len(LEVELS) // tried, len(LEVELS) - 2)]


def _axis(comparison: Comparison, cells: int) -> str:
    """Where in time something was done: ▼ begins, ▲ ends, numbered by nothing but their order."""
    found = [" "] * cells
    for mark in comparison.marks:
        cell = min(mark.at_us * cells // comparison.lasting_us, cells - 1)
        found[cell] = "▼" if mark.harm else "▲"
    return "".join(found)


# --- for programs --------------------------------------------------------------------------------


def document(comparisons: list[Comparison]) -> dict[str, Any]:
    """All that was compared, with stable names. Times are seconds since the clients began."""
    sentences = [sentence for comparison in comparisons for sentence in broken(comparison)]
    return {
        "fine": not sentences,
        "broken": sentences,
        "schedules": [_comparison(comparison) for comparison in comparisons],
    }


def _comparison(found: Comparison) -> dict[str, Any]:
    return {
        "schedule": found.schedule,
        "about": found.about,
        "seed": found.seed,
        "real": found.real,
        "lasting_s": found.lasting_us / SECOND,
        "operations_per_s": found.rate_per_s,
        "bucket_s": found.bucket_us / SECOND,
        "fault_s": [at / SECOND for at in found.hurt_us],
        "marks": [
            {"at_s": mark.at_us / SECOND, "text": mark.text, "begins": mark.harm}
            for mark in found.marks
        ],
        "architectures": [_row(row) for row in found.rows],
    }


def _row(row: Row) -> dict[str, Any]:
    measures = row.measures
    outage = measures.longest_outage
    return {
        "architecture": row.architecture,
        "master": row.master,
        "verdict": row.verdict,
        "answered": _counts(measures.total),
        "answered_meanwhile": _counts(row.during),
        "longest_outage_s": outage.us / SECOND,
        "longest_outage_began_s": outage.began / SECOND,
        "writes_acknowledged": measures.acknowledged,
        "writes_lost": measures.lost_count,
        "writes_unreadable": measures.unread,
        "reads": measures.reads,
        "stale_reads": measures.stale_count,
        "values_from_nowhere": measures.nowhere_count,
        "dual_master_s": measures.dual_master_us / SECOND,
        "reigns": [
            {"node": r.node, "term": r.term, "from_s": r.began / SECOND, "to_s": r.ended / SECOND}
            for r in row.reigns
        ],
        "discarded": [
            {"at_s": d.at_us / SECOND, "node": d.node, "count": d.count, "master": d.master}
            for d in row.discards
        ],
        "terms_with_writes": row.commit_terms,
        "terms_with_two_masters": list(row.split_terms),
        "places_moved": row.moved.places_moved,
        "places": row.moved.places,
        "places_moved_share": round(row.moved_share, 4),
        "one_register": {
            "answer": row.single.answer,
            "keys": row.single.keys,
            "operations": row.single.operations,
            "anomaly": row.single.anomaly,
            "sentence": row.single.sentence,
        },
        "asked_meanwhile": msgspec.to_builtins(row.asked),
        "settled_s": None if row.settled_us is None else row.settled_us / SECOND,
        "messages": row.messages,
        "availability": [
            None if bucket.share is None else round(bucket.share, 4) for bucket in row.strip
        ],
    }


def _counts(bucket: Bucket) -> dict[str, Any]:
    found = bucket.share
    return {
        "tried": bucket.tried,
        "ok": bucket.ok,
        "failed": bucket.failed,
        "maybe": bucket.maybe,
        "share": None if found is None else round(found, 4),
    }
