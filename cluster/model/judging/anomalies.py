"""What to call a history that no single register could have had, and how to say it.

The names, from the plainest to the subtlest:

- **two values at once**: one read was told several values.
- **value from nowhere**: a read showed what nobody had written, what was refused, or what was only
  written later.
- **lost write**: a write was acknowledged, nobody ever read it, and the last who read after it found
  something older.
- **deleted value came back**: a read showed what an acknowledged delete had removed before.
- **stale read**: a read showed something older than a write that had been acknowledged before it
  began (and that others read, or that something newer replaced later).
- **read went back in time**: of two reads one after the other, the second showed what must have been
  before what the first showed.
- **readers disagree**: reads at the same time cannot all have been right.
- **no order**: none of these, and still no order explains the operations shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

from cluster.model.judging.deeds import NEVER, Deed
from cluster.model.judging.losses import KeyBook

Name = Literal[
    "two values at once",
    "value from nowhere",
    "lost write",
    "deleted value came back",
    "stale read",
    "read went back in time",
    "readers disagree",
    "no order",
]
_VALUE_MAX: Final = 24
"""Characters of a value or key in a sentence."""


class Anomaly(Struct, frozen=True):
    """Something that one register could not have done."""

    name: Name
    sentence: str
    deeds: tuple[Deed, ...]
    """The operations that show it, by when they began. No order of these alone exists, or one of
    them is impossible by itself; what lies between them does not matter."""

    @property
    def shown_at(self) -> int:
        """When the last of them had ended that ever did: from then on it was certain."""
        return max(deed.ended for deed in self.deeds)


def plain(book: KeyBook) -> Anomaly | None:
    """The first read that is impossible by itself, or by what it shows."""
    found: list[Anomaly] = []
    many = min(
        (read for read in book.reads if len(read.told) > 1), key=lambda r: r.ended, default=None
    )
    if many is not None:
        values = " and ".join(_shown(value) for value in many.told)
        sentence = f"a read of {_shown(many.key)} was told {values} at once"
        found.append(Anomaly("two values at once", sentence, (many,)))
    strange = book.nowhere(None)
    if strange:
        first = min(strange, key=lambda n: n.read.ended if n.read is not None else NEVER)
        assert first.read is not None, "only reads were asked about"
        writes = [w for w in book.writes if w.kind == "write" and w.value == first.value]
        sentence = f"a read of {_shown(first.key)} showed {_shown(first.value)}, but {first.why}"
        found.append(Anomaly("value from nowhere", sentence, _by_time(first.read, *writes)))
    return min(found, key=lambda anomaly: anomaly.shown_at) if found else None


def named(core: Sequence[Deed], history: Sequence[Deed]) -> Anomaly:
    """Name what these few operations show, which no order explains. `history`: all on their key."""
    book = KeyBook(core, siblings=False, complete=True)
    stale = book.stale()
    if stale:
        worst = min(stale, key=lambda s: s.read.ended)
        return _missed(worst.read, worst.missed, core, history)
    reads = sorted(book.reads, key=lambda read: read.ended)
    for earlier in reads:
        for later in reads:
            if earlier.ended < later.invoked and earlier.told != later.told:
                sentence = (
                    f"a read of {_shown(later.key)} showed {_told(later)} after an earlier one had"
                    f" shown {_told(earlier)}, which cannot have come first"
                )
                return Anomaly("read went back in time", sentence, _by_time(*core))
    if len({read.told for read in reads}) > 1:
        values = " and ".join(sorted({_told(read) for read in reads}))
        sentence = f"reads of {_shown(core[0].key)} showed {values}, and not all can be right"
        return Anomaly("readers disagree", sentence, _by_time(*core))
    sentence = f"no order explains these {len(core)} operations on {_shown(core[0].key)}"
    return Anomaly("no order", sentence, _by_time(*core))


def _missed(read: Deed, missed: Deed, core: Sequence[Deed], history: Sequence[Deed]) -> Anomaly:
    shown = [
        deed
        for deed in core
        if deed.kind == "write" and deed.possible and deed.value in read.told[:1]
    ]
    deeds = _by_time(read, missed, *shown)
    key, told = _shown(read.key), _told(read)
    if missed.kind == "delete":
        sentence = f"a read of {key} showed {told} after its delete was acknowledged"
        return Anomaly("deleted value came back", sentence, deeds)
    value = _shown(missed.value)
    if _was_lost(missed, history):
        sentence = f"{value} in {key} was acknowledged and never read; later reads showed {told}"
        return Anomaly("lost write", sentence, deeds)
    sentence = f"a read of {key} showed {told} after {value} was acknowledged"
    return Anomaly("stale read", sentence, deeds)


def _was_lost(write: Deed, history: Sequence[Deed]) -> bool:
    """Whether nobody ever read it, and the last who read after it found something older."""
    reads = [deed for deed in history if deed.kind == "read" and deed.outcome == "ok"]
    if any(write.value in read.told for read in reads):
        return False
    last = max(reads, key=lambda read: (read.invoked, read.number))
    book = KeyBook(
        [write, last, *(d for d in history if d.changes and d is not write and _shows(last, d))],
        siblings=False,
        complete=True,
    )
    return bool(book.stale())


def _shows(read: Deed, write: Deed) -> bool:
    """Whether a read's answer may be this write's doing."""
    return write.value in read.told if write.kind == "write" else not read.told


def _by_time(*deeds: Deed) -> tuple[Deed, ...]:
    unique = {deed.number: deed for deed in deeds}
    return tuple(sorted(unique.values(), key=lambda deed: (deed.invoked, deed.number)))


def _told(read: Deed) -> str:
    return _shown(read.told[0]) if read.told else "nothing"


def _shown(text: str) -> str:
    return repr(text if len(text) <= _VALUE_MAX else text[: _VALUE_MAX - 1] + "…")
