"""Where on the time line the viewer is: following its end, standing still, or playing on. Pure.

Standing still is a place (how many facts have come), so that facts of one moment can be stepped
through; playing is a moment that goes on by itself. Over a live buffer, whoever plays past the end
follows it again; over a recording, the picture stands at the end. What keys say about the cluster
is no business of this file.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from tui.timeline.cutter import Note
from tui.timeline.reel import Reel

Move = Literal[
    "freeze", "live", "step_on", "step_back", "next_mark", "previous_mark", "faster", "slower"
]
PACES: Final = ((1, 8), (1, 4), (1, 2), (1, 1), (2, 1), (4, 1), (8, 1), (16, 1))
"""How much time of the cluster goes by in a moment of the viewer's, as fractions."""
REAL: Final = 3
"""The place of 1 in `PACES`."""
_WORDS: Final = ("⅛×", "¼×", "½×", "1×", "2×", "4×", "8×", "16×")
LAST: Final = "this is the last fact of the recording"
BEFORE_US: Final = 500_000
"""`[` from within this after a mark goes to the one before: while playing, one is always after."""


class Spot(Struct, frozen=True):
    """A place, and a moment there."""

    seq: int
    t: int


class Player(Struct, frozen=True):
    """How the viewer moves through time."""

    spot: Spot | None = None
    """None: at the end, wherever that is."""
    playing: bool = False
    pace: int = REAL
    """Place in `PACES`."""
    stepped: bool = False
    """The last move was a step: the fact that it went over is to be shown."""
    carry: int = 0
    """What the fractions of a pace left over."""

    @property
    def pace_word(self) -> str:
        """¼×, 1×, 16×."""
        return _WORDS[self.pace]


def press(player: Player, move: Move, reel: Reel, now: int) -> tuple[Player, str]:
    """The player after a key, and what there is to say about it (mostly nothing)."""
    match move:
        case "freeze":
            return _freeze(player, reel, now), ""
        case "live":
            return _end(reel), ""
        case "step_on" | "step_back":
            return _step(player, 1 if move == "step_on" else -1, reel, now)
        case "next_mark":
            return _next_mark(player, reel)
        case "previous_mark":
            return _previous_mark(player, reel, now)
        case "faster" | "slower":
            return _pace(player, 1 if move == "faster" else -1, reel, now)


def advance(player: Player, reel: Reel, us: int, now: int) -> Player:
    """The player after so much of the viewer's time. `now`: the live moment."""
    spot = player.spot
    if spot is None or not player.playing:
        return player
    times, by = PACES[player.pace]
    on, carry = divmod(us * times + player.carry, by)
    t = spot.t + on
    end = now if reel.growing else reel.end_us
    if t >= end:
        return _end(reel)
    return replace(player, spot=Spot(reel.place_at(t), t), carry=carry, stepped=False)


def seek(player: Player, t: int, reel: Reel, now: int) -> tuple[Player, str]:
    """The player standing at a moment, or at the nearest that is kept; what there is to say."""
    end = now if reel.growing else reel.end_us
    said = ""
    if t > end:
        said = "this is the latest moment there is"
    t = min(t, end)
    spot = Spot(reel.place_at(t), t)
    first = earliest(reel)
    if spot.seq < first.seq or t < first.t:
        spot, said = first, "this is the earliest moment kept"
    return replace(player, spot=spot, playing=False, stepped=False, carry=0), said


def paced(player: Player, times: float, reel: Reel, now: int) -> tuple[Player, str]:
    """The player at the nearest pace there is, playing on from where it stands."""
    pace = min(range(len(PACES)), key=lambda i: abs(PACES[i][0] / PACES[i][1] - times))
    if player.spot is None and pace >= REAL:
        return player, "this is now: nothing goes faster than that"
    spot = _spot(player, reel, now)
    return replace(player, spot=spot, pace=pace, playing=True, carry=0), f"at {_WORDS[pace]}"


def _spot(player: Player, reel: Reel, now: int) -> Spot:
    """Where it is, the live end included. What has fallen out of the buffer is no place."""
    spot = player.spot or Spot(reel.count, now if reel.growing else reel.end_us)
    return spot if spot.seq >= reel.first else Spot(reel.first, reel.begin_us)


def earliest(reel: Reel) -> Spot:
    """The first place with something to see: before it, nobody had spoken yet."""
    seq = reel.opening()
    return Spot(seq, reel.fact(seq)[1] if seq > reel.first else reel.begin_us)


def _end(reel: Reel) -> Player:
    """At the end: following it, or standing there when it does not move."""
    return Player() if reel.growing else Player(Spot(reel.count, reel.end_us))


def _freeze(player: Player, reel: Reel, now: int) -> Player:
    spot = _spot(player, reel, now)
    playing = player.spot is not None and not player.playing
    if playing and not reel.growing and spot.seq >= reel.count:
        spot = earliest(reel)  # a recording that has ended begins again
    return replace(player, spot=spot, playing=playing, stepped=False)


def _step(player: Player, by: int, reel: Reel, now: int) -> tuple[Player, str]:
    spot = _spot(player, reel, now)
    seq = spot.seq + by
    held = replace(player, spot=spot, playing=False)
    if seq > reel.count:
        return held, "this is the latest fact; L follows again" if reel.growing else LAST
    if seq < reel.first or (by < 0 and seq < reel.opening()):
        return held, "this is the earliest fact kept"
    t = reel.fact(seq)[1] if seq > reel.first else reel.begin_us
    return replace(held, spot=Spot(seq, t), stepped=seq > reel.first), ""


def _to(player: Player, note: Note, reel: Reel) -> tuple[Player, str]:
    spot = Spot(reel.place_at(note.t), note.t)
    return replace(player, spot=spot, stepped=False, carry=0), note.label


def _next_mark(player: Player, reel: Reel) -> tuple[Player, str]:
    if player.spot is None:
        return player, "this is now: [ goes back to the last mark"
    place = bisect_right(reel.marks, player.spot.t, key=lambda mark: mark.t)
    if place < len(reel.marks):
        return _to(player, reel.marks[place], reel)
    if reel.growing:
        return player, "no later mark: L goes back to the live picture"
    return player, "no later mark"


def _previous_mark(player: Player, reel: Reel, now: int) -> tuple[Player, str]:
    spot = _spot(player, reel, now)
    before = spot.t - (BEFORE_US if player.playing else 0)
    place = bisect_left(reel.marks, before, key=lambda mark: mark.t) - 1
    if place < 0 or reel.marks[place].t < reel.begin_us:
        return player, "no earlier mark: marks are faults, suspicions, deaths and returns"
    return _to(player, reel.marks[place], reel)


def _pace(player: Player, by: int, reel: Reel, now: int) -> tuple[Player, str]:
    if player.spot is None and by > 0:
        return player, "this is now: nothing goes faster than that"
    pace = min(max(player.pace + by, 0), len(PACES) - 1)
    spot = _spot(player, reel, now)
    # From the live picture, slower means: on from here, in slow motion.
    playing = player.playing or player.spot is None
    said = "" if playing else f"{_WORDS[pace]} from here, once space plays on"
    return replace(player, spot=spot, pace=pace, playing=playing, carry=0), said
