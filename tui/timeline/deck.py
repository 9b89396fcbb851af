"""What the dashboard shows of time: a reel, the place on it, and the view there.

The cluster is folded on whatever is looked at: `hear` is given every batch, `moment` answers with
the picture's own view and clock. Over a recording nothing is heard. Reads no clock: the dashboard
says how much time of the viewer's went by.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence

from msgspec.structs import replace

from cluster.model.facts import Fact
from tui.timeline.cutter import MARKS_KEPT, Note
from tui.timeline.line import TimeLine
from tui.timeline.player import Move, Player, Spot, advance, earliest, paced, press, seek
from tui.timeline.reel import Reel
from tui.timeline.tape import Tape
from tui.view import ClusterView


class Deck:
    """A live buffer (without a `reel`), or a recording that plays from its beginning."""

    def __init__(
        self,
        reel: Reel | None = None,
        before: ClusterView | None = None,
        kept: Sequence[Note] = (),
    ) -> None:
        self.tape = Tape(before=before) if reel is None else None
        self.reel: Reel = reel or self.tape or Tape()
        self.reel.marks.extend(kept)
        self.player = Player()
        if reel is not None:
            self.player = Player(earliest(reel), playing=True)
        self._label = ""
        self._place = -1
        self._view = ClusterView()

    @property
    def following(self) -> bool:
        """Whether the picture is that of the end."""
        return self.player.spot is None

    @property
    def at_end(self) -> bool:
        """Whether it stands at the latest fact: there is nothing later to step on to."""
        return self.player.spot is not None and self.player.spot.seq >= self.reel.count

    def hear(self, facts: Sequence[Fact], view: ClusterView, now: int) -> None:
        """Facts were folded."""
        if self.tape is not None:
            self.tape.add(facts, view, now)

    def rest(self) -> None:
        """Do a part of the work that can wait for a moment between two pictures, if there is any."""
        if self.tape is not None:
            self.tape.rest()

    def press(self, move: Move, now: int) -> str:
        """A key. Answers with what there is to say, mostly nothing."""
        self.player, said = press(self.player, move, self.reel, now)
        spot = self.player.spot
        jumped = spot is not None and any(
            note.t == spot.t and note.label == said for note in self.reel.marks
        )
        self._label = said if jumped else ""
        return "" if jumped else said

    def go_back(self, player: Player) -> None:
        """Stand, or play on, as somebody did before."""
        self.player = player
        self._label = ""

    def note(self, t: int, word: str) -> str:
        """Mark a moment. Answers with what became of it."""
        marks = self.reel.marks
        if not self.reel.count:
            return "nothing was heard yet that could be marked"
        if len(marks) >= MARKS_KEPT:
            return f"there are {MARKS_KEPT:,} marks already"
        insort(marks, Note(t, word or "marked by hand", "user", self.reel.count), key=_when)
        if self.tape is None:
            return "marked: [ ] come back to it; the file itself stays as it is"
        return "marked: [ ] come back to it, R saves it with the rest"

    def own_notes(self) -> list[Note]:
        """What was marked by hand: it is kept when all that was told is told anew."""
        return [note for note in self.reel.marks if note.kind == "user"]

    def seek(self, t: int, now: int) -> str:
        """Stand still at a moment. Answers with what there is to say, mostly nothing."""
        self.player, said = seek(self.player, t, self.reel, now)
        self._label = ""
        return said

    def pace(self, times: float, now: int) -> str:
        """Play as nearly so fast as there is a pace; the live picture only goes slower."""
        self.player, said = paced(self.player, times, self.reel, now)
        return said

    def advance(self, us: int, now: int) -> None:
        """So much of the viewer's time went by."""
        if self.player.playing:
            self._label = ""
            self.player = advance(self.player, self.reel, us, now)

    def moment(self, view: ClusterView, now: int) -> tuple[ClusterView, int]:
        """The view and the clock of the picture. `view`, `now`: the live ones."""
        spot = self.player.spot
        if spot is None:
            return view, now
        if spot.seq < self.reel.first:  # it fell out of the buffer meanwhile
            spot = Spot(self.reel.first, self.reel.begin_us)
            self.player = replace(self.player, spot=spot, stepped=False)
        if spot.seq != self._place:
            self._place, self._view = spot.seq, self.reel.view(spot.seq)
        return self._view, max(spot.t, self._view.at)

    def line(self, now: int) -> TimeLine:
        """What the screens are told of time."""
        reel, player = self.reel, self.player
        spot = player.spot
        end = max(now, reel.end_us) if reel.growing else reel.end_us
        stepped = spot is not None and player.stepped and spot.seq > reel.first
        return TimeLine(
            begin=reel.begin_us or end,
            end=end,
            live=reel.growing,
            following=spot is None,
            playing=player.playing,
            pace=player.pace_word,
            marks=tuple(reel.marks),
            fact=reel.fact(spot.seq)[0] if spot is not None and stepped else None,
            label=self._label,
        )


def _when(note: Note) -> int:
    return note.t
