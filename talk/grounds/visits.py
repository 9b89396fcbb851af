"""What the marks of a rehearsal say: when each slide was on, what was done there, on which cluster. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from talk.rehearsal import KIND, LEFT, RENEWED
from tui.timeline.cutter import Note

_CLUSTER: Final = re.compile(rf"{RENEWED}, (\d+) later: (.*)", re.DOTALL)
_SLIDE: Final = re.compile(r"slide \d+: (.*)", re.DOTALL)


class Deed(Struct):
    """Something that was done on a slide, and when. Times and places are the file's."""

    label: str
    t: int
    seq: int
    done_t: int = 0
    """0: it was not seen to end."""


class Visit(Struct):
    """One time that a slide was on. Times and places are the file's."""

    name: str
    t: int
    seq: int
    later: int = 0
    """How much later than the cluster's clock the file's time is."""
    label: str = ""
    """What the cluster was."""
    deeds: list[Deed] = []
    stretches: list[tuple[int, float]] = []
    """From when on the machine was how slow."""
    end_t: int = 0
    """0: it was on when the recording ended."""
    end_seq: int = 0


class _Log:
    """Goes through the marks."""

    def __init__(self) -> None:
        self.found: list[Visit] = []
        self._later = 0
        self._label = ""
        self._stretch = 1.0

    @property
    def _here(self) -> Visit | None:
        return self.found[-1] if self.found and not self.found[-1].end_t else None

    def read(self, note: Note) -> None:
        """One mark."""
        if match := _CLUSTER.fullmatch(note.label):
            self._later, self._label = int(match[1]), match[2]
        elif match := _SLIDE.fullmatch(note.label):
            self._leave(note)
            stretches = [(note.t, self._stretch)]
            self.found.append(
                Visit(match[1], note.t, note.seq, self._later, self._label, [], stretches)
            )
        elif note.label == LEFT:
            self._leave(note)
        else:
            self._happened(note)

    def _leave(self, note: Note) -> None:
        if (here := self._here) is not None:
            here.end_t, here.end_seq = note.t, note.seq

    def _happened(self, note: Note) -> None:
        word, _, rest = note.label.partition(" ")
        here = self._here
        if word == "stretch":
            self._stretch = _number(rest)
        if here is None:
            return
        match word:
            case "stretch":
                here.stretches.append((note.t, self._stretch))
            case "act":
                here.deeds.append(Deed(rest, note.t, note.seq))
            case "did":
                for deed in here.deeds:
                    if deed.label == rest and not deed.done_t:
                        deed.done_t = note.t
                        return
            case _:
                pass


def visits(notes: Iterable[Note]) -> list[Visit]:
    """All visits, in their order. The last one has no end if the recording was cut off."""
    log = _Log()
    for note in notes:
        if note.kind == KIND:
            log.read(note)
    return log.found


def _number(text: str) -> float:
    try:
        return max(1.0, float(text))
    except ValueError:
        return 1.0
