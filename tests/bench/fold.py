"""How many facts a second the fold takes, in the batches a 30 fps screen drains.

    python -m tests.bench.fold        budget: 100,000 facts/s (DESIGN 9)

Prints the figure for the story as it is (one death) and for a flood of messages.
"""

from __future__ import annotations

from time import perf_counter

from cluster.model.facts import Fact
from tests.tui.story import busy_story, story
from tui.fold import fold
from tui.view import ClusterView

BUDGET = 100_000
BATCH = 33
"""1,000 facts/s at 30 frames/s."""


def rate(facts: tuple[Fact, ...], batch: int, rounds: int = 5) -> float:
    """Facts per second, the best of `rounds`."""
    best = 0.0
    for _ in range(rounds):
        view = ClusterView()
        began = perf_counter()
        for start in range(0, len(facts), batch):
            view = fold(view, facts[start : start + batch])
        best = max(best, len(facts) / (perf_counter() - began))
    return best


def main() -> None:
    """Print the figures."""
    for word, facts in (("1,000 facts/s", busy_story()), ("one death", story())):
        for batch in (1, BATCH, 500):
            figure = rate(facts, batch)
            print(
                f"fold, {word}, batches of {batch:3}: {figure:10,.0f} facts/s (budget {BUDGET:,})"
            )


if __name__ == "__main__":
    main()
