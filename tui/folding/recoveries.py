"""How the rooms of nodes that died come back: one record a death, counted room by room.

Begun by the lab's word of a kill, an observed end of a process, or the first node that believes it;
whichever comes first is what it is timed from. Whose rooms they are is `tui.folding.rooms`' business.
"""

from __future__ import annotations

from bisect import insort

from msgspec.structs import replace

from cluster.model.facts import Fact
from cluster.model.member import NodeId
from tui.seen.rooms import RECOVERIES_MAX, Place, Recovery


class Recoveries:
    """Those in the making. Lives inside one call of `fold`."""

    def __init__(self, known: tuple[Recovery, ...]) -> None:
        self._known = known
        self._times: dict[int, list[int]] = {}
        """By place in `_known`: the times in the making."""

    def done(self) -> tuple[Recovery, ...]:
        """All of them; the given tuple when nothing has changed."""
        if not self._times:
            return self._known
        recoveries = list(self._known)
        for index, times in self._times.items():
            recoveries[index] = replace(recoveries[index], times=tuple(times))
        return tuple(recoveries)

    def knows(self, node: NodeId, epoch: int) -> bool:
        """Whether this death was told before."""
        return any(r.node == node and r.epoch == epoch for r in self._known)

    def begin(self, recovery: Recovery) -> None:
        """A node's rooms need a new home."""
        surplus = max(0, len(self._known) + 1 - RECOVERIES_MAX)
        self._known = (*self._known[surplus:], recovery)
        self._times = {i - surplus: times for i, times in self._times.items() if i >= surplus}

    def rose(self, node: NodeId, epoch: int, at: int) -> None:
        """A node is alive after all: what it still runs needs no new home."""
        for index, recovery in enumerate(self._known):
            if recovery.node == node and recovery.epoch == epoch and not recovery.ended:
                self._put(index, replace(recovery, ended=at))

    def open(self, place: Place) -> bool:
        """Whether a place's node died, and not all of its rooms serve again."""
        return self._index(place) >= 0

    def served(self, place: Place, fact: Fact) -> bool:
        """A room that was at `place` serves again at the fact's node; whether that counts."""
        index = self._index(place)
        if index < 0:
            return False
        recovery = self._known[index]
        times = self._times.get(index)
        if times is None:
            times = self._times[index] = list(recovery.times)
        insort(times, max(0, fact.at - recovery.began))
        if fact.node not in recovery.nodes:
            recovery = replace(recovery, nodes=(*recovery.nodes, fact.node))
        if len(times) >= recovery.rooms:
            recovery = replace(recovery, ended=fact.at)
        self._put(index, recovery)
        return True

    def _index(self, place: Place) -> int:
        for index in range(len(self._known) - 1, -1, -1):
            recovery = self._known[index]
            if recovery.node == place.node and recovery.epoch == place.epoch:
                return -1 if recovery.ended else index
        return -1

    def _put(self, index: int, recovery: Recovery) -> None:
        self._known = (*self._known[:index], recovery, *self._known[index + 1 :])
