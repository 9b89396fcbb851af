"""The presenter's view as cells: what to say, what is on stage, cues, claims, pace, the way out. Pure.

Decides what has a place at which size. From 100 columns and 30 rows on there are two columns and
everything; below that what to say, what happens and the claims come first, and the rest has a line.
What does not fit is told to be more, and notes can be scrolled; nothing is left out silently.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Final

from msgspec import Struct

from talk.claims.telling import ASCII_MARKS, MARKS, ROLES
from talk.notes.sheet import ClaimLine, Desk, Line, LineState, Programme
from talk.notes.twin.wording import around, behind, clipped, minutes, name_of, rounded
from talk.stage.lettering import Line as Runs
from tui.draw.frame import Frame
from tui.draw.glyphs import GlyphSet

WIDE: Final = (100, 30)
"""Columns and rows from which there are two columns."""
SMALL: Final = (40, 12)
"""Below these only the slide, the clock and the key are said."""
CUE_MARKS: Final[dict[LineState, str]] = {
    "done": "✓",
    "now": "▶",
    "late": "!",
    "failed": "✕",
    "skipped": "–",
    "next": "·",
    "then": "·",
}
CUE_ASCII: Final[dict[LineState, str]] = {
    "done": "+",
    "now": ">",
    "late": "!",
    "failed": "X",
    "skipped": "-",
    "next": ".",
    "then": ".",
}
CUE_ROLES: Final[dict[LineState, str]] = {
    "done": "alive",
    "now": "title",
    "late": "suspect",
    "failed": "dead",
    "skipped": "muted",
    "next": "",
    "then": "muted",
}
KEYS: Final = (
    ("space", "next"),
    ("←", "back"),
    ("g", "slide"),
    ("R", "recording"),
    ("N", "anew"),
    ("S", "still"),
    ("B", "black"),
    ("q", "quit"),
    ("↑↓", "notes"),
)


class Looks(Struct, frozen=True):
    """What this terminal adds to what the stage tells."""

    time: str = ""
    """Of the wall."""
    scroll: int = 0
    """Lines of notes that were scrolled past."""
    typed: str | None = None
    """Digits of a slide to go to; None: nobody types."""
    broken: str = ""
    """Why nothing is heard; empty: it is."""
    glyphs: GlyphSet = "braille"


class Page:
    """One picture being painted."""

    def __init__(
        self, programme: Programme, desk: Desk, looks: Looks, width: int, height: int
    ) -> None:
        self.programme, self.desk, self.looks = programme, desk, looks
        self.frame = Frame(width, height)
        self.ascii = looks.glyphs == "ascii"

    # --- pieces ----------------------------------------------------------------------------------

    def rule(self, y: int) -> None:
        """A line across."""
        self.frame.text(1, y, ("-" if self.ascii else "─") * (self.frame.width - 2), "rule")

    def lines(self, x: int, y: int, end: int, lines: Sequence[Runs], *, more: str = "") -> int:
        """Lines until `end`; the last row says how many more there are. The next row."""
        room = end - y
        shown = list(lines[:room])
        if len(lines) > room > 0:
            left = len(lines) - room + 1
            shown[-1] = [(f"… {left} more{more}", "muted")]
        for line in shown:
            self.frame.runs(x, y, line)
            y += 1
        return y

    def head(self) -> None:
        """Where we are, and the clocks."""
        desk, width = self.desk, self.frame.width
        clock = desk.clocks
        wide = width >= WIDE[0]
        parts: list[tuple[str, str]] = []
        if wide and self.looks.time:
            parts.append((self.looks.time, "muted"))
        if clock.running:
            total = f" of {minutes(clock.total_s)}" if clock.total_s else ""
            parts.append((minutes(clock.elapsed_s) + total, "title"))
            left = clock.total_s - clock.elapsed_s
            if wide and clock.total_s:
                said = f"{minutes(left)} left" if left >= 0 else f"{minutes(-left)} over"
                parts.append((said, "" if left >= 0 else "bad"))
        else:
            parts.append(("the timer begins with slide 2", "muted"))
        text, role = behind(clock, long=wide)
        if text:
            parts.append((text, role))
        x = width - 1 - sum(len(text) for text, _ in parts) - 3 * (len(parts) - 1)
        number = f" {desk.number} / {len(self.programme.cards)}  "
        after = self.frame.text(0, 0, number, "accent")
        self.frame.text(
            after, 0, clipped(desk.title or "(no title)", x - after - 2), "title", bold=True
        )
        for text, role in parts:
            x = self.frame.text(x, 0, text, role) + 3

    def notes(self, width: int) -> list[Runs]:
        """What to say, wrapped."""
        if not self.desk.notes:
            return [[("no notes for this slide", "muted")]]
        told: list[Runs] = []
        for paragraph in self.desk.notes:
            if told:
                told.append([])
            told += [[(text, "title")] for text in wrap(paragraph, width)]
        return told[min(self.looks.scroll, max(0, len(told) - 1)) :]

    def cues(self, width: int, rows: int) -> list[Runs]:
        """The cues' steps, around the one that is on."""
        cues = self.desk.cues
        on = next((n for n, line in enumerate(cues) if line.state in ("now", "late", "next")), 0)
        first = max(0, min(on - rows // 2, len(cues) - rows))
        last = min(len(cues), first + rows)
        told = [self._cue(line, width) for line in cues[first:last]]
        if first:
            told[0] = [(f"… {first + 1} before", "muted")]
        if last < len(cues):
            told[-1] = [(f"… {len(cues) - last + 1} more", "muted")]
        return told

    def _cue(self, line: Line, width: int) -> Runs:
        mark = (CUE_ASCII if self.ascii else CUE_MARKS)[line.state]
        role = CUE_ROLES[line.state]
        when = minutes(int(line.at_s)) if line.at_s >= 0 else line.state
        when = when if line.at_s >= 0 or line.state in ("next", "then") else ""
        said = clipped(line.said, width // 2)
        room = width - 9 - len(said) - (2 if said else 0)
        text = clipped(line.text, room)
        lead = "" if line.state in ("done", "next") else role
        pad = " " * max(1, width - 9 - len(text) - len(said))
        return [(f"{mark} ", role), (f"{when:<7}", "muted"), (text + pad, lead), (said, role)]

    def claims(self, width: int, *, usual: bool = True) -> list[Runs]:
        """Each claim with what was measured. `usual`: and what it took in rehearsals."""
        told: list[Runs] = []
        for claim in self.desk.claims:
            told += self._claim(claim, width, usual=usual)
        return told

    def _claim(self, claim: ClaimLine, width: int, *, usual: bool) -> list[Runs]:
        mark = (ASCII_MARKS if self.ascii else MARKS)[claim.state]
        role = ROLES[claim.state]
        room = width - 2
        if len(claim.text) + len(claim.found) + 2 <= room:
            gap = " " * (room - len(claim.text) - len(claim.found))
            told: list[Runs] = [[(f"{mark} ", role), (claim.text + gap, ""), (claim.found, role)]]
        else:
            told = [
                [(f"{mark} ", role), (clipped(claim.text, room), "")],
                [("  " + clipped(claim.found, room).rjust(room), role)],
            ]
        if usual and claim.usual_s:
            took = " ".join(f"{seconds:.2f}" for seconds in claim.usual_s)
            told.append(
                [(clipped(f"  last {len(claim.usual_s)} rehearsals  {took} s", width), "muted")]
            )
        return told

    def words(self, width: int) -> list[Runs]:
        """What the audience reads, and what waits."""
        told: list[Runs] = []
        for said in self.desk.words:
            text = said.text if said.shown else f"{said.text} (waits)"
            told += [[(line, "" if said.shown else "faint")] for line in wrap(text, width)]
        if self.desk.caption:
            told += [[(text, "accent")] for text in wrap(f"“{self.desk.caption}”", width)]
        live = f"live: {self.desk.live}" if self.desk.live else ""
        if live or self.desk.states:
            states = ", ".join(self.desk.states)
            told.append(
                [(live, "muted"), (", " if live and states else "", "muted"), (states, "suspect")]
            )
        return told

    def following(self, width: int) -> list[Runs]:
        """The next slide."""
        ahead = self.desk.following
        if ahead is None:
            return [[("this is the last slide", "muted")]]
        told: list[Runs] = [[(clipped(ahead.title or "(no title)", width), "title")]]
        if ahead.live or ahead.begins:
            live = f"live: {ahead.live}" if ahead.live else ""
            begins = f"at once: {ahead.begins}" if ahead.begins else ""
            told.append([(clipped("; ".join(filter(None, (live, begins))), width), "muted")])
        for text in ahead.words:
            told += [[(line, "muted")] for line in wrap(text, width)]
        return told

    def space(self, y: int) -> None:
        """What the one key does now, or why it does not."""
        desk, width = self.desk, self.frame.width
        said, role = f"space: {desk.space}", "accent"
        if self.looks.typed is not None:
            said, role = f"go to slide {self.looks.typed}_   enter goes, esc does not", "title"
        elif self.looks.broken:
            said, role = f"not connected: {self.looks.broken}; trying again", "bad"
        elif desk.preparing or desk.notice:
            said, role = desk.preparing or desk.notice, "suspect"
        self.frame.text(1, y, clipped(said, width - 2), role)

    def strip(self, y: int) -> None:
        """Slides and their minutes, as many around this one as fit."""
        cards = [card for card in self.programme.cards if card.kind != "still"]
        here = next((n for n, card in enumerate(cards) if card.number == self.desk.number), 0)
        cells = [max(len(name_of(card)), len(rounded(card))) + 1 for card in cards]
        first, last = around(cells, here, self.frame.width - 24)
        x = 10
        self.frame.text(1, y, "slides", "muted")
        self.frame.text(1, y + 1, "minutes", "muted")
        if first:
            x = self.frame.text(x, y, "… ", "muted")
        for place in range(first, last):
            card = cards[place]
            spent = (
                self.desk.spent_s[card.number - 1] if card.number <= len(self.desk.spent_s) else 0
            )
            on = place == here
            text = f"{name_of(card):>{cells[place] - 1}}"
            role = "title" if on else "alive" if spent else "accent" if card.live else ""
            self.frame.text(x, y, text, role, bold=on)
            if on:
                self.frame.text(x - 1, y, "[" if self.ascii else "▐", "accent")
                self.frame.text(x + len(text), y, "]" if self.ascii else "▌", "accent")
            self.frame.text(x, y + 1, f"{rounded(card):>{cells[place] - 1}}", "muted")
            x += cells[place]
        if last < len(cards):
            self.frame.text(x, y, "…", "muted")

    def pace(self, y: int) -> None:
        """Where the plan is, and where we are."""
        clock = self.desk.clocks
        if not clock.total_s:
            return
        width = min(self.frame.width - 24, 60)
        for row, (name, share, end) in enumerate(
            (("plan", clock.due, minutes(clock.total_s)), ("you", clock.here, ""))
        ):
            self.frame.text(1, y + row, name, "muted")
            at = round(share * (width - 1))
            line = "-" if self.ascii else "─"
            dot = "o" if self.ascii else "●"
            full = width if row == 0 else at
            self.frame.text(10, y + row, line * full, "rule")
            self.frame.text(10 + at, y + row, dot, "accent")
            self.frame.text(12 + width, y + row, end, "muted")
        text, role = behind(clock, long=False)
        self.frame.text(12 + width, y + 1, text, role)

    def foot(self) -> None:
        """The keys, and who is connected."""
        y, width = self.frame.height - 1, self.frame.width
        views = "view" if self.desk.viewers == 1 else "views"
        connected = " connected" if width >= WIDE[0] else ""
        views = f"{self.desk.viewers} {views}{connected}"
        said = "not connected" if self.looks.broken else views
        x = 1
        for key, does in KEYS:
            if x + len(key) + len(does) + 4 > width - len(said):
                break
            name = {"←": "left", "↑↓": "up/down"}.get(key, key) if self.ascii else key
            x = self.frame.text(x, y, name, "key")
            x = self.frame.text(x + 1, y, does, "muted") + 2
        self.frame.right(width - 1, y, said, "bad" if self.looks.broken else "muted")


# --- the two layouts -----------------------------------------------------------------------------


def paint(programme: Programme, desk: Desk, looks: Looks, width: int, height: int) -> Frame:
    """The whole view."""
    page = Page(programme, desk, looks, width, height)
    page.head()
    if width < SMALL[0] or height < SMALL[1]:
        page.space(height - 1)
    elif width >= WIDE[0] and height >= WIDE[1]:
        _wide(page)
    else:
        _narrow(page)
    return page.frame


def _wide(page: Page) -> None:
    frame, desk = page.frame, page.desk
    width, height = frame.width, frame.height
    left, middle = 3, width * 55 // 100
    column, side = middle - left - 3, width - middle - 4
    claims = page.claims(side)
    rows = min(max(3, len(desk.cues), len(claims)), max(5, (height - 24) // 2 + 2))
    bottom = height - 9 - 7  # ways out and cluster; strip, pace, space, keys
    cues = bottom - rows - 2
    page.rule(1)
    frame.text(1, 2, "SAY", "muted")
    page.lines(left, 3, cues, page.notes(column), more=", ↓ scrolls" if not page.ascii else "")
    step = f", step {desk.step} of {desk.steps}" if desk.steps else ""
    frame.text(middle, 2, f"ON STAGE NOW{step}", "muted")
    following = page.following(side)
    words = page.words(side)
    half = max(4, min(3 + len(words), cues - 2 - len(following)))
    y = page.lines(middle + 2, 3, min(half, cues - 3), words) + 1
    ahead = f", slide {desk.following.number}" if desk.following is not None else ""
    frame.text(middle, y, f"NEXT{ahead}", "muted")
    page.lines(middle + 2, y + 1, cues, following)
    page.rule(cues)
    frame.text(1, cues + 1, "CUES", "muted")
    none: list[Runs] = [[("none on this slide", "muted")]]
    page.lines(left, cues + 2, bottom, page.cues(column, rows) or none)
    frame.text(middle, cues + 1, "CLAIMS ON THIS SLIDE", "muted")
    page.lines(middle + 2, cues + 2, bottom, claims or none)
    page.rule(bottom)
    _cluster(page, bottom + 1)
    frame.text(1, bottom + 2, "IF IT GOES WRONG", "muted")
    for row, way in enumerate(desk.ways):
        frame.text(left, bottom + 3 + row, way.key, "key" if way.can else "faint")
        text = clipped(way.text, width - 10)
        frame.text(left + 4, bottom + 3 + row, text, "" if way.can else "faint")
    page.strip(height - 8)
    page.pace(height - 5)
    page.space(height - 2)
    page.foot()


def _narrow(page: Page) -> None:
    frame, desk = page.frame, page.desk
    width, height = frame.width, frame.height
    claims = page.claims(width - 5, usual=False)
    notes = page.notes(width - 6)
    short = height < 20
    below = 3 if short else 7  # next, ways out, pace, space, keys
    room = height - 4 - below
    shown = min(len(claims), max(1, room // 4))
    cues = max(1, min(len(desk.cues), max(2, room - shown - min(len(notes), room // 2))))
    claims_at = height - below - shown - 1
    cues_at = claims_at - cues - 1
    page.lines(3, 2, cues_at, notes, more=", ↓ scrolls" if not page.ascii else "")
    page.rule(cues_at)
    none: list[Runs] = [[("no cues on this slide", "muted")]]
    page.lines(3, cues_at + 1, claims_at, page.cues(width - 5, cues) or none)
    page.rule(claims_at)
    page.lines(3, claims_at + 1, height - below, claims)
    if short:
        page.space(height - 2)
        page.foot()
        return
    ahead = desk.following
    if ahead is not None:
        live = f" (live: {ahead.live})" if ahead.live else ""
        after = frame.text(3, height - 7, f"next  {ahead.number}  ", "muted")
        frame.text(after, height - 7, clipped(ahead.title + live, width - after - 2))
    if desk.states:
        frame.right(width - 2, height - 7, ", ".join(desk.states), "suspect")
    page.pace(height - 5)
    page.space(height - 2)
    page.foot()


def _cluster(page: Page, y: int) -> None:
    desk = page.desk
    x = page.frame.text(1, y, "CLUSTER", "muted") + 3
    said = ", ".join(filter(None, (desk.cluster, desk.machine)))
    x = page.frame.text(x, y, clipped(said, page.frame.width - x - 1)) + 3
    room = page.frame.width - x - 1
    if desk.verdict and room > 24:
        role = {"good": "good", "warn": "warn", "bad": "bad"}.get(desk.tone, "muted")
        page.frame.text(x, y, clipped(desk.verdict, room), role)
