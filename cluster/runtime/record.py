"""What a node remembers for the incident record: fewer kinds of facts than the log, for longer.

A busy node's log of everything reaches back a minute or two; an operator asks about the failure of
half an hour ago. So the facts from which incidents are derived (`cluster.model.lives.REMEMBERED`)
are kept apart, encoded, because thousands of small values cost ten times their bytes. Bounded;
what was forgotten is counted, and whoever reads is told of it first.
"""

from __future__ import annotations

from collections import deque

import msgspec

from cluster.model.facts import Fact, FactsLost
from cluster.model.lives import REMEMBERED

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Fact).decode


class Record:
    """The last facts that matter to incidents."""

    def __init__(self, facts_max: int) -> None:
        self._facts_max = facts_max
        self._kept: deque[bytes] = deque()
        self._lost = 0
        self._last_lost: bytes | None = None

    def append(self, fact: Fact) -> None:
        """Keep a fact, if it matters."""
        if type(fact.payload) not in REMEMBERED:
            return
        if len(self._kept) >= self._facts_max:
            self._last_lost = self._kept.popleft()
            self._lost += 1
        self._kept.append(_encode(fact))

    def read(self) -> list[Fact]:
        """All that is kept, oldest first; how many were forgotten comes before it."""
        facts = [_decode(each) for each in self._kept]
        if self._last_lost is not None:
            last = _decode(self._last_lost)
            lost = FactsLost(self._lost)
            facts.insert(0, Fact(last.node, last.epoch, last.seq, last.at, last.hlc, lost))
        return facts
