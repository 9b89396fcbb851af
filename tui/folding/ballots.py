"""What live observers hold of each member, counted: who dissents, who is accused, who is split off.

The same that `tui.judge.agreement` finds by going through the whole matrix, which after each fact of a
cluster of hundreds took seconds. A fact changes a cell or a row, so counts are brought up to date by what
changed: `Rows` notes which rows were written. Only a column that somebody lacks is judged itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from cluster.model.course.columns import altered
from cluster.model.member import MemberState, NodeId
from tui.judge.agreement import RECENT_US, cut_by, is_live, judge, together
from tui.view import Belief, NodeView

Value = tuple[int, MemberState]
"""The life and state that an observer holds, as far as it is compared."""
SUSPECT: Final = MemberState.SUSPECT
DEAD: Final = MemberState.DEAD
REMOVED: Final = MemberState.REMOVED
NOTHING: Final[Mapping[NodeId, Belief]] = {}


class Rows(dict[NodeId, NodeView]):
    """The rows of a batch, which notes which of them were written."""

    def __init__(self, rows: Mapping[NodeId, NodeView]) -> None:
        super().__init__(rows)
        self.written: set[NodeId] = set()

    def __setitem__(self, name: NodeId, row: NodeView) -> None:
        self.written.add(name)
        super().__setitem__(name, row)


class Ballots:
    """Those of one batch. Lives inside one call of `fold`; counts nothing before it is first asked."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._live: dict[NodeId, Mapping[NodeId, Belief]] = {}
        """The row of each live observer, as it is counted."""
        self._epochs: dict[NodeId, int] = {}
        """Of the live observers."""
        self._columns: dict[NodeId, Counter[Value]] = {}
        self._dissenting: set[NodeId] = set()
        self._accused: set[NodeId] = set()
        """Whom most who hold anything of it accuse."""
        self._partial: set[NodeId] = set()
        """Members of whom some live observers hold nothing, but not all."""
        self._judged: tuple[frozenset[NodeId], dict[NodeId, bool]] = frozenset(), {}
        """Who was an outcast, and then whether each of those few columns dissents."""
        self._dead: dict[NodeId, set[NodeId]] = {}
        """Whom each live observer holds dead, whether it is live or not."""
        self._mutual: set[tuple[NodeId, NodeId]] = set()
        """Live observers that hold each other so."""
        self._split: bool | None = False
        """None: not known any more."""
        self._silent_at = 0
        """From when on somebody may have been silent for too long."""

    def count(self, at: int) -> None:
        """Bring all up to date with the rows."""
        rows, stale = self._rows, self._rows.written
        if at > self._silent_at:
            everybody = set(rows)
            stale = everybody if not self._columns else stale | set(self._live)
        changed: set[NodeId] = set()
        for name in stale & rows.keys():
            row = rows[name]
            if is_live(row, at):
                self._come(name, row, changed)
            elif name in self._live:
                self._go(name, changed)
            if name not in self._columns:
                self._columns[name] = self._counted(name)
                changed.add(name)
        self._rows.written = set()
        if at > self._silent_at:
            last = min((rows[name].reported_at for name in self._live), default=at)
            self._silent_at = last + RECENT_US
        for name in changed:
            self._weigh(name)

    @property
    def outcasts(self) -> frozenset[NodeId]:
        """As `agreement.outcasts`."""
        accused = self._accused & self._live.keys()
        return frozenset(accused) if len(accused) < len(self._live) else frozenset()

    @property
    def dissent(self) -> bool:
        """Whether any live observer differs from the majority about anybody."""
        if self._dissenting:
            return True
        if not self._partial:
            return False
        out = self.outcasts
        if self._judged[0] != out:
            self._judged = out, {}
        known = self._judged[1]
        observers = tuple(name for name in self._rows if name in self._live)
        for name in self._partial:
            if name not in known:
                known[name] = judge(name, self._rows, observers, out).dissent > 0
            if known[name]:
                return True
        return False

    @property
    def split(self) -> bool:
        """As `agreement.divided`, whether there is more than one side."""
        if self._split is None:
            self._split = self._divided()
        return self._split

    def _divided(self) -> bool:
        rows = self._rows
        if not any(
            a in cut_by(rows, b, (a,)) and b in cut_by(rows, a, (b,)) for a, b in self._mutual
        ):
            return False
        live = [name for name, row in self._live.items() if row]
        cut = {name: cut_by(rows, name, self._dead[name] & self._live.keys()) for name in live}
        return len(together(cut)) > 1

    # --- rows ------------------------------------------------------------------------------------

    def _come(self, name: NodeId, row: NodeView, changed: set[NodeId]) -> None:
        """A live observer's row, new or not."""
        before = self._live.get(name)
        if before is row.beliefs and self._epochs[name] == row.epoch:
            return
        if before is None:
            changed.update(self._columns)  # there is one more who might know of each
            before = self._live[name] = NOTHING
            self._dead[name] = set()
            self._split = None
        if self._epochs.get(name) != row.epoch:
            self._epochs[name] = row.epoch
            self._split = None
        self._live[name] = row.beliefs
        self._cells(name, before, row.beliefs, changed)

    def _go(self, name: NodeId, changed: set[NodeId]) -> None:
        self._cells(name, self._live[name], NOTHING, changed)
        del self._live[name], self._dead[name], self._epochs[name]
        changed.update(self._columns)
        self._split = None

    def _cells(
        self,
        observer: NodeId,
        before: Mapping[NodeId, Belief],
        after: Mapping[NodeId, Belief],
        changed: set[NodeId],
    ) -> None:
        """What differs between two states of a row."""
        for name in altered(before, after):
            old, new = before.get(name), after.get(name)
            column = self._columns.get(name)
            if column is not None:
                if old is not None:
                    _take(column, (old.epoch, old.state))
                if new is not None:
                    column[new.epoch, new.state] += 1
                changed.add(name)
            dead = new is not None and DEAD <= new.state <= REMOVED
            if dead or (old is not None and DEAD <= old.state <= REMOVED):
                self._cut(observer, name, dead=dead)

    def _cut(self, observer: NodeId, subject: NodeId, *, dead: bool) -> None:
        """An observer holds somebody dead, or does so no more, or of another life."""
        pair = (observer, subject) if observer < subject else (subject, observer)
        if not dead:
            self._dead[observer].discard(subject)
            self._mutual.discard(pair)
            self._split = None if self._split else self._split
            return
        self._dead[observer].add(subject)
        if subject in self._live and observer in self._dead[subject]:
            self._mutual.add(pair)
        if self._mutual and not self._split:
            self._split = None

    # --- columns ---------------------------------------------------------------------------------

    def _counted(self, name: NodeId) -> Counter[Value]:
        """A column from nothing."""
        held = (row.get(name) for row in self._live.values())
        return Counter([(b.epoch, b.state) for b in held if b is not None])

    def _weigh(self, name: NodeId) -> None:
        """What a column comes to now."""
        column = self._columns[name]
        others = len(self._live) - (name in self._live)
        known = column.total()
        asked = known and others
        if known and known < others:
            self._partial.add(name)
            self._judged[1].pop(name, None)
            asked = known if max(column)[1] >= REMOVED else others
        else:
            self._partial.discard(name)
        dissents = known == others and len(column) > 1
        (self._dissenting.add if dissents else self._dissenting.discard)(name)
        accusers = sum(n for (_, state), n in column.items() if SUSPECT <= state <= REMOVED)
        (self._accused.add if 2 * accusers > asked else self._accused.discard)(name)


def _take(column: Counter[Value], value: Value) -> None:
    left = column[value] - 1
    if left:
        column[value] = left
    else:
        del column[value]
