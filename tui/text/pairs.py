"""A pair's record as text for people who read it from a wall, and as one document for programs."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from cluster.config import SECOND
from cluster.sim.pairs.record import Checked, Figure, Played, Quoted, Relation
from cluster.sim.pairs.registry import Pair

BAR: Final = 32
"""Cells of the longest bar."""
WORDS: Final = {"wrong": "don't", "right": "do"}
BOUNDS: Final[dict[Relation, str]] = {
    ">": "must be more than",
    ">=": "must be at least",
    "<=": "may be at most",
    "<": "must be less than",
    "==": "must be",
}


def listed(pairs: list[Pair]) -> list[str]:
    """All of them, two lines each."""
    lines: list[str] = []
    for pair in pairs:
        lines += [f"{pair.name:<18}{pair.dont}", f"{'':<18}{pair.do}"]
    return lines


def told(record: Played) -> list[str]:
    """One record, to be projected."""
    kept = sum(claim.held for claim in record.claims)
    verdict = "every claim held" if record.fine else f"{kept} of {len(record.claims)} claims held"
    return [
        f"{record.name} · pair {record.number} · seed {record.seed}",
        "",
        f"  {record.dont}",
        f"  {record.do}",
        "",
        *(
            f"  {WORDS[step.way]:<5} {step.at_us / SECOND:7.2f} s  {step.text}"
            for step in record.steps
        ),
        "",
        *_figures(record),
        *(line for row in record.quoted for line in _quoted(row)),
        "",
        *(line for claim in record.claims for line in _claim(claim)),
        "",
        f"  {verdict}",
    ]


def _figures(record: Played) -> list[str]:
    """Both ways' answers under one question; what only one of them has, after that."""
    right = {figure.name: figure for figure in record.right}
    lines: list[str] = []
    shared: set[str] = set()
    for figure in record.wrong:
        other = right.get(figure.name)
        if other is not None:
            shared.add(figure.name)
            most = max(figure.value, other.value)
            lines += [f"  {figure.name}", _bar("wrong", figure, most), _bar("right", other, most)]
    for way, figures in (("wrong", record.wrong), ("right", record.right)):
        lines += [
            f"  {WORDS[way]:<5}  {figure.name}: {number(figure.value)} {figure.unit}".rstrip()
            for figure in figures
            if figure.name not in shared
        ]
    return lines


def _bar(way: str, figure: Figure, most: float) -> str:
    cells = round(BAR * figure.value / most) if most > 0 else 0
    if figure.value > 0:
        cells = max(1, cells)
    return (
        f"    {WORDS[way]:<5}  {'█' * cells:<{BAR}}  {number(figure.value)} {figure.unit}".rstrip()
    )


def _claim(claim: Checked) -> list[str]:
    sign = "✓" if claim.held else "✗ BROKEN:"
    bound = f"{BOUNDS[claim.relation]} {number(claim.bound)}"
    seen = f"{number(claim.measured)} {claim.unit}".rstrip()
    return [f"  {sign} {claim.text}", f"      {seen} ({bound}; {claim.of:,} {claim.of_what})"]


def _quoted(row: Quoted) -> list[str]:
    return [f"  not counted here: {row.name}: {row.value}", f"      after {row.source}"]


def number(value: float) -> str:
    """A number as it is read: thousands apart, no zeros at the end."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def document(records: list[Played]) -> dict[str, Any]:
    """All that was played, for programs."""
    rows = [{**msgspec.to_builtins(record), "fine": record.fine} for record in records]
    return {"fine": all(record.fine for record in records), "pairs": rows}
