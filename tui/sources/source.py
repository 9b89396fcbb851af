"""What a dashboard wants of whoever gives it facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from cluster.model.facts import Fact

Take = Callable[[Fact], None]


class Source(Protocol):
    """Where facts come from."""

    async def run(self, take: Take) -> None:
        """Give each fact to `take` until cancelled, or until there are no more."""
        ...


class Recorded:
    """A source of facts that are there already."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._facts = facts

    async def run(self, take: Take) -> None:
        """All of them at once; the dashboard folds them at its own pace."""
        for fact in self._facts:
            take(fact)
