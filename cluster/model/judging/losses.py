"""What became of the writes of one key: which acknowledged ones are gone, which reads missed one.

Two kinds of clusters make two kinds of promises, and each is held to its own.

**Registers** (the last write wins). A write *may follow* another unless it was acknowledged before
the other began; one whose end nobody knows may follow anything. What a reader finds accounts for a
write if it is that write or may follow it. Absence is found because of a delete, or because nothing
was written.

- An acknowledged write or delete is **lost** if nothing found in the end accounts for it. One that a
  later acknowledged one surely replaced is not counted again: the later one is either there or lost.
- A read is **stale** if a write or delete was acknowledged before the read began, and nothing the
  read showed accounts for it.

So nothing is called lost or stale that any order allowed by the clients could explain. Linearizable
is more than that: it asks for one order that explains everything at once (`linear`).

**Siblings** (a write replaces what its client had read, and nothing else). What a reader finds
accounts for a write if it is that write or its client had seen it, directly or through what that had
seen; so does any delete that may have happened and had seen it. Lost and stale are as above, with
this meaning. That nothing deleted comes back is not judged here: values do not tell two tries of one
write apart, which the cluster may rightly keep as two; the simulator's judges see the dots.

A value is **from nowhere** if nobody wrote it, or its writes were refused or began later.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from msgspec import Struct

from cluster.model.judging.deeds import NEVER, Deed


class Loss(Struct, frozen=True):
    """An acknowledged write that nothing found in the end accounts for."""

    write: Deed
    found: tuple[str, ...]
    """What was there instead."""


class Stale(Struct, frozen=True):
    """A read that missed an acknowledged write."""

    read: Deed
    missed: Deed
    """The write (or delete) it should have shown, or something newer."""


class Nowhere(Struct, frozen=True):
    """A value that was found and should not exist."""

    key: str
    value: str
    read: Deed | None
    """None: it was found in the end."""
    why: str
    """"nobody wrote it", "its write was refused", "its write began later"."""


class KeyBook:
    """The deeds of one register key."""

    def __init__(self, deeds: Iterable[Deed], *, siblings: bool, complete: bool) -> None:
        ordered = sorted(deeds, key=lambda deed: (deed.invoked, deed.number))
        self.key = ordered[0].key if ordered else ""
        self.writes = [deed for deed in ordered if deed.changes]
        self.reads = [deed for deed in ordered if deed.kind == "read" and deed.outcome == "ok"]
        self.acknowledged = [deed for deed in self.writes if deed.outcome == "ok"]
        self._complete = complete
        self._places: dict[str, list[int]] = {}
        """Of each value: its writes, by place in the order in which they began."""
        for place, deed in enumerate(self.writes):
            if deed.kind == "write":
                self._places.setdefault(deed.value, []).append(place)
        deletes = [deed for deed in self.writes if deed.kind == "delete" and deed.possible]
        self._deletes_at = [deed.invoked for deed in deletes]
        self._account = _Seen(self.writes, deletes) if siblings else _Order(deletes)

    def lost(self, found: Sequence[str]) -> list[Loss]:
        """Which acknowledged writes nothing accounts for, when `found` is all there is."""
        horizon = self._horizon(found, NEVER)
        lost = self._account.lost(self.acknowledged, horizon)
        return [Loss(deed, tuple(found)) for deed in lost]

    def stale(self) -> list[Stale]:
        """Which reads missed an acknowledged write."""
        acknowledged = sorted(self.acknowledged, key=lambda deed: deed.ended)
        found: list[Stale] = []
        done = 0
        self._account.begin()
        for read in self.reads:
            while done < len(acknowledged) and acknowledged[done].ended < read.invoked:
                self._account.promised(acknowledged[done])
                done += 1
            missed = self._account.missed(self._horizon(read.told, read.ended))
            if missed is not None:
                found.append(Stale(read, missed))
        return found

    def nowhere(self, found: Sequence[str] | None) -> list[Nowhere]:
        """Values that should not exist, in reads and in what was `found` in the end."""
        strange = [
            Nowhere(read.key, value, read, why)
            for read in self.reads
            for value in read.told
            if (why := self._strange(value, read.ended))
        ]
        strange += [
            Nowhere(self.key, value, None, why)
            for value in found or ()
            if (why := self._strange(value, NEVER))
        ]
        return strange

    def _strange(self, value: str, seen_by: int) -> str:
        places = self._places.get(value)
        if places is None:
            return "nobody wrote it" if self._complete else ""
        writes = [self.writes[place] for place in places]
        if not any(deed.possible for deed in writes):
            return "its write was refused"
        if not any(deed.possible and deed.invoked <= seen_by for deed in writes):
            return "its write began later"
        return ""

    def _horizon(self, found: Sequence[str], seen_by: int) -> int:
        """All that these values account for, in the terms of `_Order` or `_Seen`."""
        account = self._account
        deletes = bisect_right(self._deletes_at, seen_by)
        horizon = account.absent(deletes, shown=bool(found))
        for value in found:
            places = self._places.get(value)
            if places is None:
                horizon = account.join(horizon, account.nothing if self._complete else account.all)
                continue
            for place in places:
                horizon = account.join(horizon, account.of(place, self.writes[place]))
        return horizon


class _Order:
    """Last write wins: an account is the latest moment by which what was found was surely there. It
    is for every write that began no later."""

    nothing = -1
    all = NEVER

    def __init__(self, deletes: list[Deed]) -> None:
        self._deletes = [-1]
        """The account of the first so many deletes."""
        for deed in deletes:
            self._deletes.append(max(self._deletes[-1], deed.surely_over))
        self._latest: Deed | None = None

    def absent(self, deletes: int, *, shown: bool) -> int:
        return self.nothing if shown else self._deletes[deletes]

    def of(self, place: int, write: Deed) -> int:  # noqa: ARG002
        return write.surely_over

    def join(self, a: int, b: int) -> int:
        return max(a, b)

    def lost(self, acknowledged: list[Deed], horizon: int) -> list[Deed]:
        replaced = max((deed.invoked for deed in acknowledged), default=-1)
        return [deed for deed in acknowledged if deed.invoked > horizon and deed.ended >= replaced]

    def begin(self) -> None:
        self._latest = None

    def promised(self, write: Deed) -> None:
        if self._latest is None or write.invoked > self._latest.invoked:
            self._latest = write

    def missed(self, horizon: int) -> Deed | None:
        latest = self._latest
        return latest if latest is not None and latest.invoked > horizon else None


class _Seen:
    """Siblings: an account is the writes that were found or had been seen by what was, as the bits
    of a number, one for each write in the order in which they began."""

    nothing = 0

    def __init__(self, writes: list[Deed], deletes: list[Deed]) -> None:
        self.all = (1 << len(writes)) - 1
        self._writes = writes
        self._places = {deed.number: place for place, deed in enumerate(writes)}
        self._closed: list[int] = []
        for deed in writes:
            seen = 0
            for number in deed.saw:
                place = self._places.get(number)
                if place is not None and place < len(self._closed):
                    seen |= self._closed[place]
            self._closed.append(seen | 1 << len(self._closed))
        self._deletes = [0]
        for deed in deletes:
            self._deletes.append(self._deletes[-1] | self._closed[self._places[deed.number]])
        self._promised = 0

    def absent(self, deletes: int, *, shown: bool) -> int:  # noqa: ARG002
        return self._deletes[deletes]

    def of(self, place: int, write: Deed) -> int:  # noqa: ARG002
        return self._closed[place]

    def join(self, a: int, b: int) -> int:
        return a | b

    def lost(self, acknowledged: list[Deed], horizon: int) -> list[Deed]:
        replaced = 0
        for deed in acknowledged:
            place = self._places[deed.number]
            replaced |= self._closed[place] & ~(1 << place)
        gone = ~horizon & ~replaced
        return [
            deed
            for deed in acknowledged
            if deed.kind == "write" and gone >> self._places[deed.number] & 1
        ]

    def begin(self) -> None:
        self._promised = 0

    def promised(self, write: Deed) -> None:
        if write.kind == "write":
            self._promised |= 1 << self._places[write.number]

    def missed(self, horizon: int) -> Deed | None:
        missing = self._promised & ~horizon
        return self._writes[missing.bit_length() - 1] if missing else None


def counts_missing(deeds: Iterable[Deed], total: int) -> int:
    """By how much a counter that shows `total` is below the least that its acknowledged counts and
    any of the unknown ones allow."""
    least = 0
    for deed in deeds:
        if deed.kind == "count" and deed.possible:
            amount = int(deed.value)
            least += amount if deed.outcome == "ok" else min(0, amount)
    return max(0, least - total)
