"""What the window needs of whoever runs a node, and nothing more.

The real driver has these methods; tests bring their own.
"""

from __future__ import annotations

from typing import Literal, Protocol

from cluster.config import Config
from cluster.model.facts import Fact
from cluster.model.fault import FaultKind
from cluster.model.member import NodeId
from cluster.protocol.effects import Response
from cluster.protocol.inputs import Request
from cluster.protocol.messages import Item, Refusal

Direction = Literal["both", "in", "out"]


class Facts(Protocol):
    """One observer's way through a node's facts."""

    async def read(self, facts_max: int) -> list[Fact]:
        """The next facts, at least one; none when the node has ended."""
        ...


class Listener(Protocol):
    """One who listens to a topic."""

    async def read(self) -> tuple[int, list[Item]]:
        """How many messages were dropped because nobody read them in time, and the next ones, at
        least one; none when the node has ended."""
        ...

    def close(self) -> None:
        """Listen no more."""
        ...


class Backend(Protocol):
    """One node."""

    @property
    def name(self) -> NodeId:
        """Its name."""
        ...

    @property
    def epoch(self) -> int:
        """Its present life."""
        ...

    @property
    def config(self) -> Config:
        """What it was told before it started."""
        ...

    async def request(self, request: Request, /) -> Response:
        """Ask it something. Cancelling means that nobody waits any more."""
        ...

    def observe(self, since: tuple[int, int] | None, /) -> Facts:
        """Observe from now on (a snapshot comes first), or after fact `since` (epoch, seq)."""
        ...

    async def listen(self, topic: str, /) -> Listener | Refusal:
        """Listen to a topic from now on, until the listener is closed."""
        ...

    def record(self) -> list[Fact]:
        """What it remembers for the incident record, oldest first; a `FactsLost` before it
        when some was forgotten."""
        ...

    def fault(
        self,
        kind: FaultKind,
        peers: tuple[NodeId, ...],
        direction: Direction,
        fraction: float,
        delay_ms: int,
    ) -> tuple[str, ...]:
        """Hurt or heal its transport; says what is in force now. ValueError: it makes no sense."""
        ...
