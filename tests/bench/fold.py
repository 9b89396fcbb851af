"""How many facts a second the fold takes, in the batches that a 30 fps screen drains.

    python -m tests.bench.fold        budget: 100,000 facts/s (DESIGN 9)

Measured in processor time, so that a busy machine does not show, on 25 s of five nodes that trace
all they may (1,000 facts/s): one is killed, given up, started again and given its hints back.
"""

from __future__ import annotations

from time import process_time

from msgspec.structs import replace

from cluster.model.facts import Fact, RoomCheckpointed
from tests.tui.rooms.tale import settled
from tests.tui.story import KILLED, SECOND, busy_death
from tui.fold import fold
from tui.view import ClusterView

BUDGET = 100_000
BATCH = 33
"""1,000 facts/s at 30 frames/s."""


def rate(
    facts: tuple[Fact, ...], batch: int, rounds: int = 5, view: ClusterView | None = None
) -> float:
    """Facts per second of processor time, the best of `rounds`."""
    best = 0.0
    for _ in range(rounds):
        folded = view if view is not None else ClusterView()
        began = process_time()
        for start in range(0, len(facts), batch):
            folded = fold(folded, facts[start : start + batch])
        best = max(best, len(facts) / (process_time() - began))
    return best


def measure() -> dict[int, float]:
    """Facts per second by the size of the batch."""
    told = busy_death()
    before = fold(ClusterView(), [fact for fact in told if fact.at < KILLED - 5 * SECOND])
    facts = tuple(fact for fact in told if fact.at >= KILLED - 5 * SECOND)
    return {batch: rate(facts, batch, view=before) for batch in (1, BATCH, 500)}


def rooms(count: int, batch: int) -> float:
    """Facts about rooms a second, when there are so many: checkpoints, handoffs and starts."""
    landlord = settled(count)
    before = fold(ClusterView(), landlord.sorted())
    landlord.facts.clear()
    for step, room in enumerate(landlord.rooms):
        at = KILLED + SECOND + step * 1_000
        node, token = landlord.rooms[room]
        for more in range(4):
            landlord.say(node, at, RoomCheckpointed(room, token, 100 + more, 3))
        landlord.hand(room, landlord.names[step % 5], at)
    facts = tuple(replace(f, seq=f.seq + 1_000_000) for f in landlord.facts)
    return rate(facts, batch, view=before)


def main() -> None:
    """Print the figures."""
    for count in (40, 1_000, 10_000):
        for batch in (BATCH, 500):
            figure = rooms(count, batch)
            print(f"fold, {count:6,} rooms, batches of {batch:3}: {figure:10,.0f} facts/s")
    for batch, figure in measure().items():
        print(f"fold, batches of {batch:3}: {figure:10,.0f} facts/s (budget {BUDGET:,})")


if __name__ == "__main__":
    main()
