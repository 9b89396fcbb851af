"""Is there one order of operations that a single register could have gone through?

The search of Wing and Gong ("Testing and Verifying Concurrent Objects", 1993), with the memory of
Lowe ("Testing for linearizability", 2017): an operation may come next if nothing that is still to be
placed had ended before it began; a state (which are placed, what the register then holds) that led
nowhere once is never tried again.

What is known of registers keeps the search small, and changes no verdict:

- A read of what the register holds is placed as soon as it may be: that closes no way.
- While a read is left that wants what the register holds, and nothing left writes that again, no
  write may come next.
- When no read wants what the register holds, a write whose value no read wants is placed at once:
  wherever an order has it, it could as well be here.
- Of several writes of one value (deletes, mostly) whose end nobody knows, the one that began first
  may stand for whichever of them happened first.
- A write whose end nobody knows and whose value nobody reads is left out: without it an order is
  still an order. If it is the only one of a value that somebody reads, it happened, and before the
  first such read ended.

Ignores what to call a failure (`anomalies`), and more than one key: a history is linearizable if
and only if each of its objects' is (Herlihy and Wing, "Linearizability", 1990: locality).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from msgspec import Struct

from cluster.model.judging.deeds import NEVER, Deed

Answer = Literal["yes", "no", "undecided"]
ABSENT: Final = ""
"""What a register holds that was never written, or was deleted. No key holds a value like it:
`steps_of` marks values."""
_UNWANTED: Final = "?"
"""Instead of a value that no read wants any more: which one it is makes no difference."""


class Step(Struct, frozen=True):
    """One operation, as the search sees it."""

    value: str
    """What it writes, or what it read."""
    reads: bool
    invoked: int
    ended: int
    """`NEVER`: it may happen at any later time, or not at all."""


class Found(Struct, frozen=True):
    """What a search came to."""

    answer: Answer
    states: int
    """How many it visited."""


def steps_of(deeds: Sequence[Deed]) -> list[Step]:
    """What deeds on one register ask of an order. Reads show at most one value; what failed, and
    reads whose answer nobody had, ask nothing."""
    steps: list[Step] = []
    for deed in deeds:
        if deed.kind == "read":
            if deed.outcome == "ok":
                value = _marked(deed.told[0]) if deed.told else ABSENT
                steps.append(Step(value, True, deed.invoked, deed.ended))
        elif deed.possible:
            value = _marked(deed.value) if deed.kind == "write" else ABSENT
            ended = deed.ended if deed.outcome == "ok" else NEVER
            steps.append(Step(value, False, deed.invoked, ended))
            if deed.again:
                steps.append(Step(value, False, deed.invoked, NEVER))
    return steps


def _marked(value: str) -> str:
    return "=" + value


def find_order(steps: Sequence[Step], states_max: int) -> Found:
    """Search for an order. Past `states_max` states the answer is "undecided", never "yes"."""
    search = _Search(_essential(steps))
    visited: set[_State] = set()
    ways: list[Iterator[_State]] = [iter([search.forced(0, ABSENT)])]
    while ways:
        state = next(ways[-1], None)
        if state is None:
            ways.pop()
        elif search.complete(state):
            return Found("yes", len(visited) + 1)
        elif state not in visited:
            if len(visited) >= states_max:
                return Found("undecided", len(visited))
            visited.add(state)
            ways.append(search.next(state))
    return Found("no", len(visited))


_State = tuple[int, str]
"""Which steps are placed, as the bits of a number, and what the register then holds."""


class _Search:
    """The steps of one register, by when they began. A set of steps is the bits of a number."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = sorted(steps, key=lambda step: step.invoked)
        self._all = (1 << len(steps)) - 1
        self._due = 0
        """Those that certainly happened."""
        self._reads: dict[str, int] = {}
        self._writes: dict[str, int] = {}
        for place, step in enumerate(self._steps):
            bit = 1 << place
            if step.ended != NEVER:
                self._due |= bit
            kind = self._reads if step.reads else self._writes
            kind[step.value] = kind.get(step.value, 0) | bit

    def complete(self, state: _State) -> bool:
        """Whether an order has been found."""
        return not self._due & ~state[0]

    def forced(self, placed: int, value: str) -> _State:
        """The state after everything that leaves no choice."""
        while True:
            may_come = self._may_come(placed)
            shown = [p for p in may_come if self._steps[p].reads and self._steps[p].value == value]
            for place in shown:
                placed |= 1 << place
            if shown:
                continue
            if self._wanted(value, placed):
                return placed, value
            idle = next((p for p in may_come if self._is_idle(p, placed)), None)
            if idle is None:
                return placed, _UNWANTED
            placed |= 1 << idle
            value = self._steps[idle].value

    def next(self, state: _State) -> Iterator[_State]:
        """The states that one write leads to; what had to end first is tried first."""
        placed, value = state
        if self._wanted(value, placed) and not self._writes.get(value, 0) & ~placed:
            return
        may_come = [p for p in self._may_come(placed) if not self._steps[p].reads]
        tried: set[str] = set()
        for place in sorted(may_come, key=lambda p: self._steps[p].ended):
            step = self._steps[place]
            if step.ended == NEVER:
                if step.value in tried or not self._wanted(step.value, placed):
                    continue
                tried.add(step.value)
            yield self.forced(placed | 1 << place, step.value)

    def _may_come(self, placed: int) -> list[int]:
        """The places of the steps that nothing left precedes, by when they began."""
        left = self._all & ~placed
        limit = NEVER
        found: list[int] = []
        while left:
            bit = left & -left
            place = bit.bit_length() - 1
            step = self._steps[place]
            if step.invoked > limit:
                break
            found.append(place)
            limit = min(limit, step.ended)
            left ^= bit
        return [place for place in found if self._steps[place].invoked <= limit]

    def _wanted(self, value: str, placed: int) -> int:
        """The reads left that show this value."""
        return self._reads.get(value, 0) & ~placed

    def _is_idle(self, place: int, placed: int) -> bool:
        step = self._steps[place]
        return not (step.reads or step.ended == NEVER or self._wanted(step.value, placed))


def _essential(steps: Sequence[Step]) -> list[Step]:
    """The steps without maybes that nobody read; what a value's only write and its reads say of each
    other's time is made explicit."""
    read_by: dict[str, int] = {}
    written: dict[str, list[Step]] = {}
    for step in steps:
        if step.reads:
            read_by[step.value] = min(read_by.get(step.value, NEVER), step.ended)
        else:
            written.setdefault(step.value, []).append(step)
    found: list[Step] = []
    for step in steps:
        only = step.value != ABSENT and len(written.get(step.value, ())) == 1
        if step.reads:
            begun = written[step.value][0].invoked if only else step.invoked
            found.append(Step(step.value, True, max(step.invoked, begun), step.ended))
        elif step.value in read_by:
            seen = read_by[step.value] if only else NEVER
            found.append(Step(step.value, False, step.invoked, min(step.ended, seen)))
        elif step.ended != NEVER:
            found.append(step)
    return found
