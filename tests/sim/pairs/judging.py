"""Asks an outcome whether its claims held, and shows it when they did not."""

from __future__ import annotations

from cluster.sim.pairs.record import Outcome


def judged(outcome: Outcome, seed: int) -> Outcome:
    print(f"seed {seed}", *outcome.wrong, *outcome.right, *outcome.claims, sep="\n")
    assert outcome.claims
    assert [claim.text for claim in outcome.claims if not claim.held] == []
    return outcome


def values(outcome: Outcome, name: str) -> tuple[float, float]:
    wrong = next(figure.value for figure in outcome.wrong if figure.name == name)
    return wrong, next(figure.value for figure in outcome.right if figure.name == name)
