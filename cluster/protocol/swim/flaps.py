"""Members that keep coming back: how often each was given up or doubted and was alive after all.

One return is an accident; two within `flap_window_us` are a flap, and are told with their number
(Serf counts the same, ringpop damps it: users ask who flaps). Ignores why; changes no belief.
"""

from __future__ import annotations

from collections import deque

from cluster.config import FLAPS_COUNTED_MAX, MembershipConfig
from cluster.model.facts import MemberFlapped
from cluster.model.member import NodeId
from cluster.protocol.outbox import Outbox


class Flaps:
    """The returns one node has seen lately."""

    def __init__(self, out: Outbox, config: MembershipConfig) -> None:
        self._out = out
        self._window_us = config.flap_window_us
        self._returns: dict[NodeId, deque[int]] = {}

    def returned(self, name: NodeId) -> None:
        """A member believed suspect, dead or removed is alive."""
        times = self._returns.get(name)
        if times is None:
            times = self._returns[name] = deque(maxlen=FLAPS_COUNTED_MAX)
        times.append(self._out.now)
        while times[0] < self._out.now - self._window_us:
            times.popleft()
        if len(times) > 1:
            self._out.emit(MemberFlapped(name, len(times), self._window_us))
