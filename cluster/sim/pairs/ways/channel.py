"""A channel of processes that communicate: a value passes when one gives and another takes, and both
wait for that moment; nothing is kept between them (Hoare 1978, Communicating Sequential Processes).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from typing import Generic, TypeVar

from cluster.sim.pairs.ways.steps import Ready, Task

T = TypeVar("T")


class Channel(Generic[T]):
    """Where givers stand until a taker comes."""

    def __init__(self) -> None:
        self.offers: deque[T] = deque()
        self.passed = 0
        """How many values have been taken."""
        self.givers = 0
        """Who waits for that."""

    def give(self, value: T) -> Task:
        """Stand there until it was taken."""
        self.offers.append(value)
        turn = self.passed + len(self.offers)
        self.givers += 1
        yield lambda: self.passed >= turn
        self.givers -= 1

    def take(self) -> Generator[Ready, None, T]:
        """The first who stands there."""
        yield self.offered
        self.passed += 1
        return self.offers.popleft()

    def offered(self) -> bool:
        """Whether anybody does."""
        return bool(self.offers)
