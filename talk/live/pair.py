"""A do and don't as a picture: its two sentences, what is done, both ways' numbers, the claims.

A pure painter. Decides what stands where: with width, steps are left and bars right; else the bars
come first and the steps have what is left. The wrong way has a cross and the right way a check, so
that no colour is needed. A broken claim stands first and says so. Ignores how a pair is played.
"""

from __future__ import annotations

from textwrap import wrap
from typing import Final

from msgspec import Struct

from cluster.config import SECOND
from cluster.sim.pairs.record import Checked, Figure, Played, Way
from cluster.sim.pairs.registry import Pair
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS, GlyphSet, ascii_only
from tui.text.pairs import BOUNDS, number

WIDE: Final = 92
"""From this width on steps and bars stand side by side."""
NAME: Final = 25
"""Columns of a figure's name, which has two rows."""
BAR_MIN: Final = 8
BODY_MIN: Final = 5
"""Rows that claims leave for what is above them."""
AGREED: Final = "all agree"
"""How the first step of every world ends."""
ROLE: Final[dict[Way, str]] = {"wrong": "bad", "right": "good"}
FINE: Final = "▏▎▍▌▋▊▉█"
"""Eighths of a cell, so that small numbers differ too."""
Row = list[tuple[str, str]]


class Both(Struct, frozen=True):
    """One question and both ways' answers."""

    name: str
    wrong: Figure
    right: Figure


def paint_pair(
    pair: Pair,
    width: int,
    height: int,
    *,
    record: Played | None = None,
    said: tuple[str, ...] = (),
    claimed: bool = False,
    glyphs: GlyphSet = "braille",
) -> Frame:
    """What is known of it so far. `claimed`: its claims are shown elsewhere."""
    frame = Frame(width, height)
    painter = _Painter(frame, glyphs)
    y = painter.sentences(pair)
    if record is None:
        painter.playing(y, said)
        return frame
    claims = [] if claimed else _ordered(record.claims)
    if width >= WIDE:
        painter.wide(y, record, claims)
    else:
        painter.narrow(y, record, claims)
    return frame


def shared(record: Played) -> list[Both]:
    """What both ways have counted, in the record's order."""
    right = {figure.name: figure for figure in record.right}
    return [Both(f.name, f, right[f.name]) for f in record.wrong if f.name in right]


def alone(record: Played) -> list[tuple[Way, Figure]]:
    """What only one of them has."""
    both = {both.name for both in shared(record)}
    ways: tuple[tuple[Way, tuple[Figure, ...]], ...] = (
        ("wrong", record.wrong),
        ("right", record.right),
    )
    return [(way, f) for way, figures in ways for f in figures if f.name not in both]


def _ordered(claims: tuple[Checked, ...]) -> list[Checked]:
    """The broken ones first."""
    return sorted(claims, key=lambda claim: claim.held)


def _valued(figure: Figure) -> str:
    return f"{number(figure.value)} {figure.unit}".rstrip()


class _Painter:
    def __init__(self, frame: Frame, glyphs: GlyphSet) -> None:
        self.frame = frame
        self.ascii = glyphs == "ascii"
        self.signs = SETS[glyphs]
        self.mark: dict[Way, str] = {"wrong": self.signs.no, "right": self.signs.yes}

    def text(self, x: int, y: int, text: str, role: str = "", *, bold: bool = False) -> int:
        """As the frame's, in the letters at hand."""
        return self.frame.text(x, y, ascii_only(text) if self.ascii else text, role, bold=bold)

    # --- the head ---------------------------------------------------------------------------------

    def sentences(self, pair: Pair) -> int:
        """Both, whole; where what follows may begin."""
        y = 0
        ways: tuple[tuple[Way, str], ...] = (("wrong", pair.dont), ("right", pair.do))
        for way, sentence in ways:
            for place, line in enumerate(wrap(sentence, max(8, self.frame.width - 2))):
                if place == 0:
                    self.text(0, y, self.mark[way], ROLE[way], bold=True)
                self.text(2, y, line, ROLE[way], bold=True)
                y += 1
        return y + (1 if self.frame.height - y > BODY_MIN else 0)

    def playing(self, y: int, said: tuple[str, ...]) -> None:
        """What was told so far, the newest last."""
        rows = [row for word in said for row in self._told(word)]
        room = self.frame.height - y - 2
        for row in rows[-room:] if room > 0 else []:
            self._row(0, y, row)
            y += 1
        self.text(2, y, "both ways are played, in simulated worlds…", "muted")

    def _told(self, word: str) -> list[Row]:
        way, colon, rest = word.partition(" way: ")
        if colon and (way == "wrong" or way == "right"):
            return self._step(way, "", rest, self.frame.width)
        return [[("  " + word, "muted")]]

    # --- the body ---------------------------------------------------------------------------------

    def wide(self, y: int, record: Played, claims: list[Checked]) -> None:
        """Steps left, bars right, claims under both."""
        foot = self._foot(y, record, claims)
        left = (self.frame.width - 4) * 9 // 20
        self._steps(record, y, foot, left)
        self._figures(left + 4, y, foot, record)

    def narrow(self, y: int, record: Played, claims: list[Checked]) -> None:
        """Bars, and under them what was done, as far as there is room."""
        foot = self._foot(y, record, claims)
        y = self._figures(0, y, foot, record) + 1
        if foot - y >= BODY_MIN:
            self._steps(record, y, foot, self.frame.width)

    def _foot(self, y: int, record: Played, claims: list[Checked]) -> int:
        """Claims and the verdict, or what others say, at the foot; the row they begin at."""
        height = self.frame.height
        if height - y < BODY_MIN:
            return height
        rows = [row for claim in claims for row in self._claim(claim)]
        room = height - y - 2 - 2 * min(3, len(shared(record)))
        if not record.fine:  # what is broken is shown before anything else
            room = max(room, min(height - y - 1, 1 + 2 * sum(not claim.held for claim in claims)))
        rows = rows if len(rows) <= room else rows[: max(0, room - 1)]
        last: Row = []
        if claims:
            way: Way = "right" if record.fine else "wrong"
            kept = sum(claim.held for claim in record.claims)
            verdict = f"{self.mark[way]} {kept} of {len(record.claims)} claims held"
            last = [(verdict, ROLE[way])]
        for quoted in record.quoted[:1]:
            said = f"not counted here: {quoted.name}: {quoted.value}"
            if sum(len(text) for text, _ in last) + 3 + len(said) <= self.frame.width:
                last += [("   " if last else "", ""), (said, "muted")]
        rows += [last] if last else []
        top = height - len(rows)
        for place, row in enumerate(rows):
            self._row(0, top + place, row)
        return top - 1 if rows else top

    # --- figures ----------------------------------------------------------------------------------

    def _figures(self, x: int, y: int, end: int, record: Played) -> int:
        """Two rows each, apart where there is room; where they end."""
        both = shared(record)
        other = alone(record)
        if not both and not other:
            return y
        apart = y + 3 * len(both) - 1 + (len(other) and len(other) + 1) <= end
        values = max([len(_valued(f)) for b in both for f in (b.wrong, b.right)], default=0)
        room = self.frame.width - x
        name = self._names([b.name for b in both], room - values - BAR_MIN - 5)
        bar = max(BAR_MIN, room - name - values - 5)
        for one in both:
            if y + 2 > end:
                break
            for place, line in enumerate(wrap(one.name, name)[:2]):
                self.text(x, y + place, line)
            most = max(one.wrong.value, one.right.value)
            self._bar(x + name + 1, y, "wrong", one.wrong, most, bar)
            self._bar(x + name + 1, y + 1, "right", one.right, most, bar)
            y += 3 if apart else 2
        else:
            y = self._others(x, y, end, other)
        return y

    def _names(self, names: list[str], room: int) -> int:
        """The fewest columns in which all have their two rows."""
        least = min(NAME, max(map(len, names), default=0))
        fits = (w for w in range(max(1, least), room) if all(len(wrap(n, w)) <= 2 for n in names))
        return next(fits, max(1, room))

    def _others(self, x: int, y: int, end: int, other: list[tuple[Way, Figure]]) -> int:
        for way, figure in other:
            if y >= end:
                break
            self.text(x, y, self.mark[way], ROLE[way])
            value = f": {_valued(figure)}"
            room = self.frame.width - x - 2 - len(value)
            name = figure.name if len(figure.name) <= room else figure.name[: room - 1] + "…"
            self.text(x + 2, y, name + value, "muted")
            y += 1
        return y

    def _bar(self, x: int, y: int, way: Way, figure: Figure, most: float, room: int) -> None:
        self.text(x, y, self.mark[way], ROLE[way], bold=True)
        share = max(0.0, figure.value) / most if most > 0 else 0.0
        eighths = round(8 * room * share)
        if figure.value > 0:
            eighths = max(1, eighths)
        if self.ascii:
            drawn = "#" * -(-eighths // 8)
        else:
            drawn = FINE[-1] * (eighths // 8) + (FINE[eighths % 8 - 1] if eighths % 8 else "")
        end = self.text(x + 2, y, drawn, ROLE[way])
        self.text(end + (1 if drawn else 0), y, _valued(figure), bold=True)

    # --- steps and claims -------------------------------------------------------------------------

    def _steps(self, record: Played, y: int, end: int, width: int) -> None:
        """What was done; shortened from the first on until there is room, then the last of it."""
        blocks: list[list[Row]] = []
        agreed: set[tuple[Way, str]] = set()
        for step in record.steps:
            if (step.way, step.text) in agreed:
                continue  # each world of a way begins so
            if step.text.endswith(AGREED):
                agreed.add((step.way, step.text))
            blocks.append(self._step(step.way, f"{step.at_us / SECOND:6.2f} s  ", step.text, width))
        over = sum(map(len, blocks)) - (end - y)
        for place, block in enumerate(blocks):
            if over > 0 and len(block) > 1:
                over -= len(block) - 1
                blocks[place] = [_shortened(block, width)]
        if over > 0:
            blocks = [[[("…", "muted")]], *blocks[len(blocks) - max(0, end - y - 1) :]]
        for row in (row for block in blocks for row in block):
            if y < end:
                self._row(0, y, row)
            y += 1

    def _step(self, way: Way, at: str, text: str, width: int) -> list[Row]:
        lines = wrap(text, max(8, width - 2 - len(at))) or [""]
        first: Row = [(self.mark[way] + " ", ROLE[way]), (at, "muted"), (lines[0], "")]
        return [first, *([(" " * (2 + len(at)) + line, "")] for line in lines[1:])]

    def _claim(self, claim: Checked) -> list[Row]:
        """One line where it fits, else two."""
        way: Way = "right" if claim.held else "wrong"
        role, room = ROLE[way], self.frame.width - 2
        text = claim.text if claim.held else f"BROKEN: {claim.text}"
        seen = f"{number(claim.measured)} {claim.unit}".rstrip()
        bound = f"{BOUNDS[claim.relation]} {number(claim.bound)}"
        of = f"{claim.of:,} {claim.of_what}"
        mark = (self.mark[way] + " ", role)
        for measured in (f"{seen}  ({bound}; {of})", f"{seen}  ({of})"):
            gap = room - len(text) - len(measured)
            if gap >= 2:
                return [[mark, (text + " " * gap, ""), (measured, role)]]
        measured = f"{seen}  ({bound}; {of})"
        if len(text) > room:
            text = text[: room - 1] + "…"
        return [[mark, (text, "")], [("  " + measured[:room].rjust(room), role)]]

    def _row(self, x: int, y: int, row: Row) -> None:
        for text, role in row:
            x = self.text(x, y, text, role)


def _shortened(block: list[Row], width: int) -> Row:
    """A step in one row."""
    if len(block) == 1:
        return block[0]
    *front, (text, role) = block[0]
    room = width - sum(len(part) for part, _ in front) - 1
    whole = " ".join([text, *(row[0][0].strip() for row in block[1:])])
    return [*front, (whole[:room].rstrip() + "…", role)]
