"""What the players did and were told, in the words of the judge (`cluster.model.judging`).

Kept only when asked, and bounded: past `deeds_max` the operations that ended first are forgotten, and
the history says that it is incomplete. The live figures need no history: `running` folds every
operation as it ends, whether it is kept or not.
"""

from __future__ import annotations

from collections import deque

from msgspec.structs import replace

from cluster.model.judging.deeds import Deed, Evidence, Kind, Outcome, Reign
from cluster.model.judging.running import Running
from cluster.model.member import NodeId


class Chronicle:
    """The operations of one load. Times are microseconds of its witness."""

    def __init__(self, began: int, deeds_max: int) -> None:
        self.running = Running(began)
        self.writing = Running(began)
        """Writes alone: reads are answered also where nothing can be written."""
        self.final: dict[str, tuple[str, ...]] = {}
        """What the last audit found, key by key; those it could not read are missing."""
        self._deeds_max = deeds_max
        self._ended: deque[Deed] = deque()
        self._open: dict[int, Deed] = {}
        self._writes: dict[tuple[str, str], int] = {}
        """(key, value) of what is kept: the number of its write."""
        self._last = 0
        self._complete = True

    def began(
        self, kind: Kind, key: str, at: int, value: bytes = b"", read: tuple[bytes, ...] = ()
    ) -> int:
        """An operation begins; `read`: the values whose context its client writes with. Its number."""
        self._last += 1
        text = text_of(value)
        seen = (self._writes.get((key, text_of(other))) for other in read)
        saw = tuple(number for number in seen if number is not None)
        # Players are many and each waits for its own answer: none of them does two things at once.
        deed = Deed(self._last, self._last, kind, key, at, value=text, saw=saw)
        self._open[self._last] = deed
        if kind == "write" and self._deeds_max:
            self._writes[key, text] = self._last
        return self._last

    def asks(self, number: int, node: NodeId) -> None:
        """It tries a node."""
        self._open[number] = replace(self._open[number], node=node)

    def ended(
        self,
        number: int,
        outcome: Outcome,
        at: int,
        told: tuple[bytes, ...] = (),
        *,
        again: bool = False,
    ) -> None:
        """It ended: `told` is what a read showed, `again` whether an earlier try may still happen."""
        deed = replace(
            self._open.pop(number),
            outcome=outcome,
            ended=at,
            told=tuple(text_of(value) for value in told),
            again=again,
        )
        self.running.add(deed, self.waiting_since())
        if deed.kind == "write":
            self.writing.add(deed, self.waiting_to_write())
        self._ended.append(deed)
        while len(self._ended) > self._deeds_max:
            gone = self._ended.popleft()
            self._writes.pop((gone.key, gone.value), None)
            self._complete = False

    def waiting_since(self) -> int | None:
        """When the oldest operation began that is still under way."""
        return next((deed.invoked for deed in self._open.values()), None)

    def waiting_to_write(self) -> int | None:
        """The same of writes."""
        waiting = (deed.invoked for deed in self._open.values() if deed.kind == "write")
        return next(waiting, None)

    def deeds(self) -> tuple[Deed, ...]:
        """All that is kept, by number; what is still under way may have happened."""
        return tuple(sorted((*self._ended, *self._open.values()), key=lambda deed: deed.number))

    def evidence(self, reigns: tuple[Reign, ...] = (), *, siblings: bool, until: int) -> Evidence:
        """For the judge. The load has been paused and audited, or nothing is known to be lost."""
        return Evidence(
            self.deeds(),
            reigns,
            final=dict(self.final),
            siblings=siblings,
            complete=self._complete,
            until=until,
        )


def text_of(blob: bytes) -> str:
    """A value as the judge has it: bytes that are no text become escapes."""
    return blob.decode("utf-8", "backslashreplace")
