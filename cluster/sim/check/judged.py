"""The one judge's word on a healed world: the same figures that are shown live and compared.

Siblings are kept, so every acknowledged write of a plain key must still be there, or have been seen
by what is there or was deleted (`cluster.model.judging.losses`); and nobody found a value from
nowhere. Losses are excused as in `outcome`: where W of the disks that proved the write were lost.

Stale reads are counted and no promise: sloppy quorums need not meet.
"""

from __future__ import annotations

from cluster.model.judging.deeds import Evidence
from cluster.model.judging.measures import Measures, measure
from cluster.model.versions import Versions
from cluster.sim.check.answers import LostSince
from cluster.sim.check.finding import BrokenPromiseError, shown
from cluster.sim.load.deeds import deeds_of, final_of
from cluster.sim.load.history import History


class Judged:
    """The judge of the whole history."""

    def __init__(self, history: History, write_quorum: int, lost_since: LostSince) -> None:
        self._history = history
        self._write_quorum = write_quorum
        self._lost_since = lost_since
        self.checked = 0
        self.excused = 0
        self.measures: Measures | None = None
        """What it found; None: it has not judged yet."""

    def judge(self, final: dict[bytes, Versions]) -> None:
        """All operations, and what every key holds in the end."""
        deeds = deeds_of(self._history, typed_too=False)
        found = measure(Evidence(deeds, final=final_of(final.items()), siblings=True))
        self.measures = found
        self.checked += found.acknowledged + found.reads
        for loss in found.lost:
            op = self._history.ops[loss.write.number - 1]
            lost = [n for n in op.proof if self._lost_since(n, op.invoked, op.key)]
            if len(lost) < self._write_quorum:
                raise BrokenPromiseError(
                    "judged",
                    f"write {op.number} of {shown(op.key)} was acknowledged and is lost: what is "
                    f"there, {list(loss.found)}, does not come from anybody who had seen it",
                )
            self.excused += 1
        if found.nowhere:
            first = found.nowhere[0]
            raise BrokenPromiseError(
                "judged", f"{first.value!r} was found in {first.key!r}, but {first.why}"
            )
