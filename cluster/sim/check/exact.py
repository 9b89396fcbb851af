"""Counters and sets: what they show is what was done to them, no more and no less.

- A counter shows every acknowledged addition once, and any of those that nobody knows the end of.
- An element that was acknowledged is there, unless a removal may have seen it.
- Nothing is there that nobody added, nor what an acknowledged removal has seen. (Elements are
  unique: nobody adds one again.)

A removal has seen an addition if its context covers the addition's, as their acknowledgements told
it: a replica's change replaces what its record covered at that moment, and nothing else. Who was
not acknowledged may have seen anything. Additions that lost W of the disks that proved them are
excused, as `outcome` excuses a write: they become additions that nobody knows the end of.

While the load runs only what is impossible is judged; what is missing is judged in the end.
"""

from __future__ import annotations

from typing import Final

from cluster.model.values.typed import Shown, typed
from cluster.model.values.update import TYPE_OF, CounterAdd, SetAdd
from cluster.model.versions import Context, Versions
from cluster.protocol.messages import ReadResponse, WriteResponse
from cluster.sim.check.answers import LostSince
from cluster.sim.check.finding import BrokenPromiseError, covers, shown
from cluster.sim.load.history import UPDATES, History, Op

COUNTER: Final = TYPE_OF[CounterAdd]
SET: Final = TYPE_OF[SetAdd]


class Exact:
    """The judge of counters and sets (`cluster.sim.load.clients.Listener`)."""

    def __init__(self, history: History, write_quorum: int, lost_since: LostSince) -> None:
        self._history = history
        self._write_quorum = write_quorum
        self._lost_since = lost_since
        self._after: dict[int, Context] = {}
        """What the record had seen once an update was made, by the update's number."""
        self._found: dict[int, str] = {}
        """Additions to sets that were read, by number, and where."""
        self.checked = 0
        self.excused = 0
        """Acknowledged updates that lost W of their disks, once for each time they were judged."""

    # --- as answers are given ------------------------------------------------------------------

    def wrote(self, op: Op, response: WriteResponse) -> None:
        """An update was acknowledged."""
        if op.kind in UPDATES:
            self._after[op.number] = response.context

    def was_told(self, op: Op, response: ReadResponse) -> None:
        """A read was answered: it shows nothing that cannot be."""
        changes = self._history.changes(op.key)
        if not changes:
            return
        self.checked += 1
        where = f"read {op.number}"
        if changes[0].kind == "count":
            total = _total(op.key, response.versions, where)
            self._within(op.key, total, [c for c in changes if c.possible], [], where)
        else:
            self._only_added(op.key, _elements(op.key, response.versions, where), changes, where)

    # --- in the end ----------------------------------------------------------------------------

    def judge(self, key: bytes, final: Versions, where: str) -> None:
        """One key, as it is read in the end."""
        changes = self._history.changes(key)
        if not changes:
            return
        self.checked += 1
        certain = [op for op in changes if op.outcome == "ok" and not self._lost(op)]
        sure = {op.number for op in certain}
        unknown = [op for op in changes if op.possible and op.number not in sure]
        if changes[0].kind == "count":
            self._within(key, _total(key, final, where), unknown, certain, where)
            return
        present = _elements(key, final, where)
        self._only_added(key, present, changes, where)
        for number, seen_at in self._found.items():
            self._unwritten(self._history.ops[number - 1], seen_at)
        self._members(present, changes, sure, where)

    def _lost(self, op: Op) -> bool:
        lost = [n for n in op.proof if self._lost_since(n, op.invoked, op.key)]
        excused = len(lost) >= self._write_quorum
        self.excused += excused
        return excused

    # --- counters ------------------------------------------------------------------------------

    def _within(
        self, key: bytes, total: int, unknown: list[Op], certain: list[Op], where: str
    ) -> None:
        """Amounts may have either sign: those of unknown outcome widen both ends."""
        known = sum(op.amount for op in certain)
        low = known + sum(min(op.amount, 0) for op in unknown)
        high = known + sum(max(op.amount, 0) for op in unknown)
        if not low <= total <= high:
            raise BrokenPromiseError(
                "exact",
                f"{where} shows {total} in the counter {shown(key)}: {len(certain)} acknowledged "
                f"additions make {known}, with {len(unknown)} more that may have happened it is "
                f"from {low} to {high}",
            )

    # --- sets ----------------------------------------------------------------------------------

    def _only_added(
        self, key: bytes, present: frozenset[str], changes: list[Op], where: str
    ) -> None:
        """All that is there was put there by an addition that may have happened."""
        by = {e: op for op in changes if op.kind == "add" for e in op.elements}
        for element in sorted(present):
            op = by.get(element)
            if op is None:
                raise BrokenPromiseError(
                    "exact", f"{where} shows {element} in the set {shown(key)}: nobody added it"
                )
            self._found.setdefault(op.number, where)
            self._unwritten(op, where)

    def _unwritten(self, op: Op, where: str) -> None:
        if not op.possible:
            raise BrokenPromiseError(
                "exact",
                f'addition {op.number} to the set {shown(op.key)} was answered with "not '
                f'written", and {where} shows it',
            )

    def _members(
        self, present: frozenset[str], changes: list[Op], sure: set[int], where: str
    ) -> None:
        takers: dict[str, list[Op]] = {}
        for op in changes:
            if op.kind == "remove" and op.possible:
                takers.setdefault(op.elements[0], []).append(op)
        for op in changes:
            if op.kind != "add":
                continue
            for element in op.elements:
                if element in present:
                    self._stays(op, element, takers.get(element, []), sure, where)
                elif op.number in sure and not any(
                    self._may_have_seen(taker, op) for taker in takers.get(element, [])
                ):
                    raise BrokenPromiseError(
                        "exact",
                        f"addition {op.number} of {element} to the set {shown(op.key)} was "
                        f"acknowledged and is gone at {where}: no removal that may have happened "
                        f"had seen it",
                    )

    def _stays(self, op: Op, element: str, takers: list[Op], sure: set[int], where: str) -> None:
        for taker in takers:
            acknowledged = taker.number in sure and op.number in self._after
            if acknowledged and self._may_have_seen(taker, op):
                raise BrokenPromiseError(
                    "exact",
                    f"{element} is back in the set {shown(op.key)} at {where}: removal "
                    f"{taker.number}, which was acknowledged, had seen addition {op.number}",
                )

    def _may_have_seen(self, taker: Op, added: Op) -> bool:
        """Certain where both were acknowledged; else yes."""
        after, before = self._after.get(taker.number), self._after.get(added.number)
        return after is None or before is None or covers(after, before)


# --- what a read shows -----------------------------------------------------------------------------


def _total(key: bytes, versions: Versions, where: str) -> int:
    value = _value(key, versions, COUNTER, where)
    assert value is None or isinstance(value, int)
    return value or 0


def _elements(key: bytes, versions: Versions, where: str) -> frozenset[str]:
    value = _value(key, versions, SET, where)
    return frozenset(map(str, value)) if isinstance(value, list) else frozenset()


def _value(key: bytes, versions: Versions, wanted: str, where: str) -> Shown | None:
    found = typed(versions)
    if found is None and not any(s.value is not None for s in versions.siblings):
        return None
    if found is None or found[0] != wanted:
        kind = "values in conflict" if found is None else f"a {found[0]}"
        raise BrokenPromiseError(
            "exact", f"{where} shows {kind} in {shown(key)}, which was only ever used as a {wanted}"
        )
    return found[1]
