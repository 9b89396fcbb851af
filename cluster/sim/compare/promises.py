"""What must hold whatever the schedule does: `majority` and `masterless` lose nothing they have
acknowledged. The others promise no such thing, and their losses are the lesson.

A promise is broken by what was found, never by what was refused: not to answer is allowed.
"""

from __future__ import annotations

from typing import Final

from cluster.config import ArchitectureName
from cluster.sim.compare.record import Comparison, Row

PROMISING: Final[frozenset[ArchitectureName]] = frozenset({"majority", "masterless"})


def broken(comparison: Comparison) -> list[str]:
    """Every broken promise, a sentence each."""
    return [
        f"{comparison.schedule}, seed {comparison.seed}: {row.architecture} {sentence}"
        for row in comparison.rows
        if row.architecture in PROMISING
        for sentence in broken_by(row)
    ]


def broken_by(row: Row) -> list[str]:
    """Of one row that promises something."""
    measures = row.measures
    found: list[str] = []
    if measures.lost_count:
        first = measures.lost[0].write
        found.append(
            f"lost {measures.lost_count} of {measures.acknowledged} acknowledged writes, "
            f"the first {first.value!r} in {first.key!r}"
        )
    if measures.unread:
        found.append(f"could not show {measures.unread} acknowledged writes in the end")
    if measures.nowhere_count:
        found.append(f"showed {measures.nowhere_count} values that nobody had written")
    if row.split_terms:
        terms = ", ".join(map(str, row.split_terms))
        found.append(f"had writes acknowledged by two masters in term {terms}")
    if row.settled_us is None:
        found.append("did not settle after everything was healed")
    if row.architecture == "majority" and row.single.answer == "no":
        found.append(f"was no single register: {row.single.anomaly}, {row.single.sentence}")
    return found
