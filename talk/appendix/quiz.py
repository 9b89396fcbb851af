"""One quiz room written three ways, side by side under one load: each one's heart, what waits where.

A pure painter of what `cluster.sim.pairs.ways` has computed. All three take their steps at one pace;
who is done stands still. The code is read from its own source, with `self.` and `-> Task` left away. Under them
stands what becomes of the same load with nothing between the players.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from inspect import getsource
from textwrap import dedent
from typing import Final

from msgspec import Struct

from cluster.config import SECOND
from cluster.sim.pairs.ways.actor import ActorRoom
from cluster.sim.pairs.ways.bare import BareRoom
from cluster.sim.pairs.ways.channels import ChannelRoom
from cluster.sim.pairs.ways.memory import MemoryRoom
from cluster.sim.pairs.ways.room import PLAYERS
from cluster.sim.pairs.ways.three_ways import WAYS, History, Moment, history
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS, Glyphs, GlyphSet, ascii_only

TAKES_US: Final = 15 * SECOND
"""How long the longest of them is shown; then all stand."""
HEARTS: Final[tuple[Callable[..., object], ...]] = (
    ActorRoom.heart,
    ChannelRoom.heart,
    MemoryRoom.heart,
)
CODE_MIN: Final = 36
"""Columns that a heart needs."""
HEAD: Final = 2
FIGURES: Final = 6
"""Rows of figures of each way."""
BRIEF: Final = 3
"""And where there is no room for them."""
CURVE_MAX: Final = 5
GAP: Final = 2


class Quiz(Struct, frozen=True):
    """All that is shown."""

    ways: tuple[History, ...]
    bare: History

    @property
    def length(self) -> int:
        """Steps of the longest way."""
        return max(len(way.moments) for way in self.ways)


@lru_cache(maxsize=2)
def played(seed: int) -> Quiz:
    """The four histories of a seed; some milliseconds."""
    return Quiz(tuple(history(make, seed) for make in WAYS), history(BareRoom, seed))


@lru_cache(maxsize=1)
def hearts() -> tuple[tuple[str, ...], ...]:
    """The code of each, as it runs: without its comment and `self`, indented by two."""
    return tuple(_heart(getsource(heart)) for heart in HEARTS)


def _heart(source: str) -> tuple[str, ...]:
    lines: list[str] = []
    for line in dedent(source).splitlines():
        bare = line.strip()
        if bare and not bare.startswith('"""'):
            depth = (len(line) - len(bare)) // 2
            shown = bare.replace("(self, ", "(").replace("(self)", "()").replace("self.", "")
            shown = shown.replace(" -> Task:", ":")
            lines.append(" " * depth + shown)
    return tuple(lines)


def paint_quiz(
    quiz: Quiz, shown_us: int, width: int, height: int, *, glyphs: GlyphSet = "braille"
) -> Frame:
    """As far as it has come when it has been on for so long."""
    frame = Frame(width, height)
    step = min(quiz.length, max(0, shown_us) * quiz.length // TAKES_US)
    first = quiz.ways[0]
    load = f"one room, one load: {PLAYERS} players give {first.answers} answers"
    end = frame.text(0, 0, load, "title", bold=True)
    more = f"an onlooker looks {first.looks} times"
    if end + 2 + len(more) + 12 <= width:
        frame.text(end, 0, f", {more}", "muted")
    if end + 12 <= width:
        frame.right(width, 0, f"step {step:,}", "muted")
    across = (width - GAP * (len(quiz.ways) - 1)) // len(quiz.ways)
    top = 2 if height > FIGURES + 4 else 1
    foot = height - 2 if height > FIGURES + 5 else height
    rows = max(map(len, hearts()))
    fits = across >= CODE_MIN and foot - top >= HEAD + rows + 1 + BRIEF
    code = hearts() if fits else ()
    for place, way in enumerate(quiz.ways):
        column = _Column(frame, place * (across + GAP), across, SETS[glyphs], quiz.length)
        y = column.title(way, top, step)
        if code:
            column.code(code[place], y)
            y += rows + 1
        column.figures(way, y, foot, step)
    if foot < height:
        _bare(frame, height - 1, quiz.bare, glyphs)
    if glyphs == "ascii":
        for chars in frame.chars:
            chars[:] = ascii_only("".join(chars))
    return frame


def _bare(frame: Frame, y: int, bare: History, glyphs: GlyphSet) -> None:
    """What comes of it otherwise."""
    x = frame.text(0, y, SETS[glyphs].no + " ", "bad", bold=True)
    points = f"{bare.lost} of {bare.given} points lost"
    said = f"{bare.title}: {points}, {bare.last.torn} of {bare.looks} looks were torn"
    if x + len(said) > frame.width:
        said = f"{bare.title}: {points}"
    frame.text(x, y, said, "bad")


class _Column:
    """One way's place."""

    def __init__(self, frame: Frame, x: int, width: int, signs: Glyphs, length: int) -> None:
        self.frame = frame
        self.x = x
        self.width = width
        self.signs = signs
        self.length = length
        """Steps that the whole width stands for."""

    def title(self, way: History, y: int, step: int) -> int:
        """Its name, and whether it has come out right."""
        done = step >= len(way.moments)
        name = way.title[: self.width - 2]
        end = self.frame.text(self.x, y, name, "accent", bold=True)
        if done:
            good = not way.lost and not way.last.torn
            mark, role = (self.signs.yes, "good") if good else (self.signs.no, "bad")
            self.frame.text(end + 1, y, mark, role, bold=True)
        self.frame.text(self.x, y + 1, self.signs.line * self.width, "rule")
        return y + 2

    def code(self, lines: tuple[str, ...], y: int) -> None:
        """Its heart."""
        for place, line in enumerate(lines):
            self.frame.text(self.x, y + place, line[: self.width], "plain" if place else "muted")

    def figures(self, way: History, y: int, end: int, step: int) -> None:
        """Points, what waits and where, what was done twice, and the curve of it."""
        now = way.moments[min(step, len(way.moments)) - 1] if step else _NOTHING
        share = self.width * now.board.total // way.given
        points = ("points", f"{now.board.total} of {way.given}", "")
        rows: list[tuple[str, str, str]]
        if end - y < FIGURES and self.width >= CODE_MIN:
            said = f"inside {now.held:>2}  door {now.blocked:>2}  again {now.retries:>2}"
            rows = [points, ("waits", said, "suspect")]
        else:
            rows = [
                points,
                ("waits inside", f"{now.held}", "suspect" if now.held else "muted"),
                ("at the door", f"{now.blocked}", "suspect" if now.blocked else "muted"),
                ("begun again", f"{now.retries}", "suspect" if now.retries else "muted"),
                ("torn looks", f"{now.torn}", "bad" if now.torn else "good"),
            ]
        for name, value, role in rows:
            if y >= end:
                return
            self.frame.text(self.x, y, name, "muted")
            self.frame.right(self.x + self.width, y, value, role, bold=name == "points")
            y += 1
            if name == "points" and y < end:
                self.frame.text(self.x, y, self.signs.bar * share, "alive")
                left = self.signs.ghost * (self.width - share)
                self.frame.text(self.x + share, y, left, "faint")
                y += 1
        rows_left = min(CURVE_MAX, end - y - 1)
        if rows_left > 0:
            self._curve(way, y + 1 + max(0, end - y - 1 - rows_left), rows_left, step)

    def _curve(self, way: History, y: int, rows: int, step: int) -> None:
        """What waited, or how often was begun again, over the steps of the longest way."""
        cost = [moment.held + moment.blocked for moment in way.moments]
        word = "waits"
        if not any(cost):
            cost = [moment.retries for moment in way.moments]
            word = "begun again"
        most = max(1, *cost)
        heights = self.signs.spark
        self.frame.text(self.x, y - 1, f"{word}, up to {most}", "faint")
        for column in range(self.width):
            place = column * self.length // self.width
            if place >= min(step, len(cost)):
                break
            eighths = -(-cost[place] * rows * len(heights) // most)
            for row in range(rows):
                part = min(len(heights), max(0, eighths - row * len(heights)))
                if part:
                    glyph = heights[part - 1]
                    self.frame.text(self.x + column, y + rows - 1 - row, glyph, "suspect")


_NOTHING: Final = Moment(board=BareRoom().board, held=0, blocked=0, retries=0, torn=0)
