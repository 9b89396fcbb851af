"""What became of the writes, judged when the world has been healed.

- An acknowledged write survives while fewer than W of the disks that proved it were lost: its
  value is readable, or a write that may have happened had seen it (told by the clients' own reads,
  not by the nodes' contexts: a context that covers too much is the bug to find).
- Nothing that an acknowledged write or delete had seen comes back: no tombstone is outlived.

Both are sentences about one key's final siblings. Ignores how they came to be.
"""

from __future__ import annotations

from cluster.model.versions import Versions
from cluster.sim.check.answers import LostSince
from cluster.sim.check.finding import BrokenPromiseError, shown
from cluster.sim.load.history import History, Op


class Outcome:
    """The judge of final values."""

    def __init__(self, history: History, write_quorum: int, lost_since: LostSince) -> None:
        self._history = history
        self._write_quorum = write_quorum
        self._lost_since = lost_since
        self.checked = 0
        self.excused = 0
        """Acknowledged writes that lost W of their disks: the schedule broke the premise."""

    def judge(self, key: bytes, final: Versions, where: str) -> None:
        """One key, as it is read in the end."""
        writes = self._history.writes.get(key, [])
        present = {s.value for s in final.siblings if s.value is not None}
        superseded = 0
        for op in writes:
            if op.possible:
                superseded |= op.saw
        for place, op in enumerate(writes):
            if op.outcome != "ok":
                continue
            self.checked += 1
            if op.kind == "put" and op.value not in present and not superseded >> place & 1:
                self._missing(op, where)
            self._outlived(op, final, where)

    def _missing(self, op: Op, where: str) -> None:
        lost = [n for n in op.proof if self._lost_since(n, op.invoked, op.key)]
        if len(lost) >= self._write_quorum:
            self.excused += 1
            return
        disks = f"it was proved by {' '.join(op.proof)}"
        disks += f", of whom only {' '.join(lost)} lost a disk" if lost else ", who lost no disk"
        raise BrokenPromiseError(
            "survival",
            f"write {op.number} of {shown(op.key)} was acknowledged and is gone at {where}: "
            f"nobody who could have replaced it had seen it; {disks}",
        )

    def _outlived(self, op: Op, final: Versions, where: str) -> None:
        for sibling in final.siblings:
            if op.context.get(sibling.actor, 0) >= sibling.counter:
                what = "a tombstone" if sibling.value is None else shown(sibling.value)
                verb = "deleted" if op.kind == "delete" else "replaced"
                raise BrokenPromiseError(
                    "resurrection",
                    f"{what} of {shown(op.key)} was {verb} by acknowledged write {op.number}, "
                    f"whose client had read it, and is back at {where}",
                )
