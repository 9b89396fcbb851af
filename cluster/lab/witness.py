"""Who says what the lab saw and did: numbers and stamps the facts of the node "lab".

A kill has no other witness than the one who sent it, so the lab speaks in the same vocabulary as
the nodes and is folded like any of them. Ignores who listens.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic_ns, time_ns
from typing import Final

from cluster.model.facts import Fact, Payload
from cluster.model.member import NodeId

LAB: Final = NodeId("lab")

_ANCHOR_NS: Final = time_ns() - monotonic_ns()

OnFact = Callable[[Fact], None]


class LabError(Exception):
    """Something the lab was asked for cannot be done. One sentence that says what to do next."""


class Witness:
    """Makes the lab's facts. `now` is the lab's clock."""

    def __init__(self, on_fact: OnFact) -> None:
        self._on_fact = on_fact
        self._epoch = self.now()
        self._seq = 0
        self._hlc = 0

    def now(self) -> int:
        """Microseconds since 1970: the wall's, once, then the monotonic clock's, as nodes do."""
        return (_ANCHOR_NS + monotonic_ns()) // 1_000

    def say(self, payload: Payload) -> None:
        """Tell the listener, numbered without gaps."""
        at = self.now()
        self._seq += 1
        self._hlc = max(at, self._hlc + 1)
        self._on_fact(Fact(LAB, self._epoch, self._seq, at, self._hlc, payload))
