"""Moments worth jumping to: which they are, and which fact made each.

Decides what of an incident is a mark. Ignores where marks are kept (`tui.timeline`) and how the
echo of a fault is told from the fault (`tui.folding.draft`).
"""

from __future__ import annotations

from collections.abc import Sequence

from cluster.model.casebook import Casebook, advance
from cluster.model.facts import Fact, FaultHealed, FaultInjected
from cluster.model.incident import Incident
from tui.judge.phrases import done
from tui.view import Mark


def stage_marks(incident: Incident) -> list[Mark]:
    """The moments of an incident worth jumping to."""
    marks: list[Mark] = []
    name = incident.subject
    if incident.stage("suspected").began:
        marks.append(Mark(incident.stage("suspected").began, f"{name} suspected", "suspect"))
    if incident.stage("dead").began:
        marks.append(Mark(incident.stage("dead").began, f"{name} dead", "dead"))
    if incident.returned:
        marks.append(Mark(incident.stage("back").ended, f"{name} back", "back"))
    return marks


def makers(
    wanted: set[tuple[int, str]], book: Casebook, facts: Sequence[Fact]
) -> dict[tuple[int, str], int]:
    """The place among `facts` of the fact that made each wanted mark, by (moment, label).

    `book`: what was known before them. Only what marks follow from is gone through again: folding
    the batch anew to see when each mark appears took 10 to 40 ms of one frame.
    """
    found: dict[tuple[int, str], int] = {}
    for place, fact in enumerate(facts):
        payload = fact.payload
        if isinstance(payload, FaultInjected | FaultHealed):
            found.setdefault((fact.at, done(payload)), place)
        before, book = book.incidents, advance(book, fact)
        if book.incidents is before:
            continue
        for incident in book.incidents:
            if incident in before:
                continue
            for mark in stage_marks(incident):
                found.setdefault((mark.at, mark.label), place)
    return {name: place for name, place in found.items() if name in wanted}
