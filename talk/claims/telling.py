"""A claim in words: its mark, its sentence, what was measured and of how many."""

from __future__ import annotations

from typing import Any, Final

from talk.claims.judging import Judgement, State
from talk.deck.deck import ALL

MARKS: Final[dict[State, str]] = {"held": "✓", "pending": "·", "broken": "✕", "unknown": "?"}
ASCII_MARKS: Final[dict[State, str]] = {"held": "+", "pending": ".", "broken": "X", "unknown": "?"}
ROLES: Final[dict[State, str]] = {
    "held": "alive",
    "pending": "muted",
    "broken": "dead",
    "unknown": "suspect",
}


def number(value: float) -> str:
    """Thousands apart, at most two decimals, none that are 0."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def found(judgement: Judgement, now: int = 0) -> str:
    """What was measured, with its denominator, or how long it has been waited for."""
    if judgement.state == "pending" and judgement.since and now and judgement.deadline:
        waited = max(0, now - judgement.since) / 1e6
        return f"{waited:.1f} s so far, of {_allowed(judgement)}"
    measured = judgement.measured
    if measured is None or measured.value is None or not measured.of:
        return "not yet known" if judgement.state != "unknown" else "nobody could know"
    said = number(measured.value)
    if judgement.unit:
        said += judgement.unit if judgement.unit in ("%", "x") else f" {judgement.unit}"
    if judgement.state == "pending":
        return f"{said} so far"
    if measured.of_what and not (measured.of == 1 and not judgement.pair):
        between = " in " if measured.of_what == "facts" else ", " if judgement.unit else " of "
        said += f"{between}{measured.of:,} {measured.of_what}"
    if judgement.state == "held" and judgement.claim.when == "within" and judgement.since:
        said += f", after {(judgement.at - judgement.since) / 1e6:.2f} s"
    if judgement.state == "broken" and judgement.deadline:
        said += f", after {_allowed(judgement)}"
    return said


def _allowed(judgement: Judgement) -> str:
    """The bound in time, and by how much this machine stretched it."""
    said = f"{number(judgement.claim.within_us / 1e6)} s"
    return said if judgement.stretch < 1.05 else f"{said} × {judgement.stretch:.1f} on this machine"


def bound(judgement: Judgement) -> str:
    """What it had to be."""
    if judgement.pair is not None:
        unit = f" {judgement.pair.unit}" if judgement.pair.unit else ""
        return f"{judgement.pair.relation} {number(judgement.pair.bound)}{unit}"
    predicate = judgement.claim.predicate
    if predicate is None:
        return ""
    most = "all" if predicate.bound == ALL else number(predicate.bound)
    if judgement.unit and predicate.bound != ALL:
        most += judgement.unit if judgement.unit in ("%", "x") else f" {judgement.unit}"
    return f"{predicate.measure} {' '.join(predicate.args)} {predicate.relation} {most}".replace(
        "  ", " "
    )


def line(judgement: Judgement, now: int = 0) -> str:
    """All of it in one line."""
    return f"{MARKS[judgement.state]} {judgement.text}  {found(judgement, now)}"


def document(judgement: Judgement) -> dict[str, Any]:
    """For programs. Times in seconds."""
    measured = judgement.measured
    fact = measured.fact if measured is not None else None
    return {
        "claim": judgement.text,
        "state": judgement.state,
        "measured": measured.value if measured is not None else None,
        "unit": judgement.unit,
        "of": measured.of if measured is not None else 0,
        "of_what": measured.of_what if measured is not None else "",
        "bound": bound(judgement),
        "when": judgement.claim.when,
        "within_s": judgement.claim.within_us / 1e6,
        "took_s": (judgement.at - judgement.since) / 1e6
        if judgement.at and judgement.since
        else None,
        "stretch": round(judgement.stretch, 2),
        "looks": judgement.looks,
        "line": judgement.claim.line,
        "fact": [fact.node, fact.epoch, fact.seq] if fact is not None else None,
    }
