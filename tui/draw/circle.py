"""The big circle: the ring's three replica bands, nodes inside, messages flying between them.

Decides only geometry and looks; which messages fly is `tui.draw.flights`, what a node's state is called
is `tui.judge.standing`. Bands come from the ownership table that nodes report, partition 0 at the top
and clockwise: the outermost band is the first replica, the inner ones the second and third, faded.
An owner that does not serve is told by shape, not only colour: suspect or paused arcs are
hatched, dead ones dissolve into single pixels. Where there is no colour (NO_COLOR, ascii) the
bands are written as the owners' numbers, and ✕ or ◐ where the owner does not serve.

What does not move is drawn once per table and cached; only messages are drawn per frame.
"""

from __future__ import annotations

from functools import lru_cache
from math import atan2, ceil, cos, hypot, pi, sin
from typing import Final, Literal

from msgspec import Struct

from tui.draw.flights import Flight, Tally
from tui.draw.frame import Frame, Ink, ink_index
from tui.draw.glyphs import SETS, GlyphSet
from tui.draw.raster import DOTS_X, DOTS_Y, Dots, Pixels

Pattern = Literal["solid", "hatched", "sparse"]
BANDS: Final = ("", "b", "c")
STANDS_OUT: Final = 1.6
"""How many pixels the chosen node's arcs reach beyond the others."""
ROOMY: Final = 7.5
"""With seats nearer to the middle than so many pixels, badges are only names."""
CROWD: Final = 24
"""With more nodes than this only the chosen one and those in trouble have badges."""
TALLIES_MAX: Final = 24
"""Pairs of nodes whose messages are counted on the picture: those who say most."""
TALLY_AT: Final = 0.4
"""Where on the way a count stands: not halfway, where all ways cross."""
CROSS_AT: Final = 0.8
_GRAVITY: Final[dict[Pattern, int]] = {"solid": 0, "hatched": 1, "sparse": 2}
_DIGITS: Final = "123456789abcdefghijklmnopqrstuvwxyz"
_TURN: Final = 2 * pi


class Look(Struct, frozen=True):
    """How one node is drawn, everywhere on this screen."""

    name: str
    index: int
    """Its place among all nodes ever seen, which chooses its hue."""
    pattern: Pattern
    glyph: str
    """Its state's shape; empty when it serves."""
    role: str
    """Its state's role."""
    selected: bool = False
    crown: str = ""
    """Worn by one that believes to be master."""

    @property
    def hue(self) -> str:
        """The role of its colour."""
        return f"owner{self.index % 8}"


class Circle(Struct, frozen=True):
    """Where everything lies, in pixels (one cell is one wide and two high) from the top left."""

    width: int
    rows: int
    """Cells."""
    radius: float
    bands: tuple[tuple[float, float], ...]
    """(inner, outer) radius of each band, outermost first."""
    nodes: float
    """The radius that badges sit on."""

    @property
    def centre(self) -> tuple[float, float]:
        """The middle, in pixels."""
        return self.width / 2, float(self.rows)


@lru_cache(maxsize=16)
def circle(width: int, rows: int, bands: int) -> Circle:
    """The largest circle in so many cells."""
    radius = min(width / 2, rows) - STANDS_OUT
    gap = max(0.7, radius * 0.034)
    shares = (max(2.0, radius * 0.1), max(1.35, radius * 0.068), max(1.35, radius * 0.062))
    edge = radius
    rings: list[tuple[float, float]] = []
    for share in shares[:bands]:
        rings.append((edge - share, edge))
        edge -= share + gap
    return Circle(width, rows, radius, tuple(rings), max(2.0, edge - max(3.0, radius * 0.105)))


@lru_cache(maxsize=16)
def _pixels(shape: Circle) -> tuple[tuple[int, int, int, float], ...]:
    """Every pixel of every band as (x, y, band, turn); band -1 is where chosen arcs stand out."""
    found: list[tuple[int, int, int, float]] = []
    cx, cy = shape.centre
    for y in range(shape.rows * 2):
        for x in range(shape.width):
            dx, dy = x + 0.5 - cx, y + 0.5 - cy
            r = hypot(dx, dy)
            turn = (atan2(dx, -dy) / _TURN) % 1.0
            if shape.radius <= r < shape.radius + STANDS_OUT:
                found.append((x, y, -1, turn))
            for band, (inner, outer) in enumerate(shape.bands):
                if inner <= r < outer:
                    found.append((x, y, band, turn))
    return tuple(found)


def _kept(pattern: Pattern, x: int, y: int) -> bool:
    match pattern:
        case "solid":
            return True
        case "hatched":
            return (x + y) % 2 == 0
        case "sparse":
            return x % 2 == 0 and y % 2 == 0


@lru_cache(maxsize=12)
def bands(shape: Circle, owners: tuple[tuple[int, ...], ...], looks: tuple[Look, ...]) -> Frame:
    """The bands in colour. `owners` are indexes into `looks`, per partition, best first."""
    pixels = Pixels(shape.width, shape.rows * 2)
    count = len(owners)
    for x, y, band, turn in _pixels(shape):
        held = owners[min(count - 1, int(turn * count))]
        if band >= len(held):
            continue
        look = looks[held[max(0, band)]]
        if len(looks) > CROWD:
            look = _gravest(shape, owners, looks, turn, max(0, band)) or look
        if band < 0 and not look.selected:
            continue
        if not _kept(look.pattern, x, y):
            continue
        fade = "" if look.selected else BANDS[max(0, band)]
        if look.index >= 8 and x % 2 == 0:
            fade = BANDS[min(2, BANDS.index(fade) + 1)]
        pixels.put(x, y, look.hue + fade)
    frame = Frame(shape.width, shape.rows)
    pixels.onto(frame, 0, 0)
    return frame


def _gravest(
    shape: Circle,
    owners: tuple[tuple[int, ...], ...],
    looks: tuple[Look, ...],
    turn: float,
    band: int,
) -> Look | None:
    """Of all the partitions that share a pixel, the owner who is chosen or in the worst trouble."""
    count = len(owners)
    half = count / (_TURN * shape.radius) / 2
    first, last = int(turn * count - half), int(turn * count + half)
    found = [
        looks[held[band]]
        for place in range(first, last + 1)
        if band < len(held := owners[place % count])
    ]
    grave = [look for look in found if look.selected or look.pattern != "solid"]
    return max(grave, key=lambda look: (look.selected, _GRAVITY[look.pattern]), default=None)


@lru_cache(maxsize=12)
def numbered(shape: Circle, owners: tuple[tuple[int, ...], ...], looks: tuple[Look, ...]) -> Frame:
    """The bands without colour: each cell is the number of its owner, or its state's shape."""
    frame = Frame(shape.width, shape.rows)
    cx, cy = shape.centre
    count = len(owners)
    roles = ("title", "muted", "faint")
    for row in range(shape.rows):
        for x in range(shape.width):
            dx, dy = x + 0.5 - cx, row * 2 + 1.0 - cy
            r = hypot(dx, dy)
            held = owners[min(count - 1, int((atan2(dx, -dy) / _TURN) % 1.0 * count))]
            for band, (inner, outer) in enumerate(shape.bands):
                if inner <= r < outer and band < len(held):
                    look = looks[held[band]]
                    char = look.glyph or _DIGITS[look.index % len(_DIGITS)]
                    role = "title" if look.selected else roles[band]
                    frame.text(x, row, char, role, bold=look.selected or band == 0)
    return frame


def seat(shape: Circle, index: int, count: int) -> tuple[float, float]:
    """Where a node sits, in pixels: clockwise from the top."""
    cx, cy = shape.centre
    angle = _TURN * index / max(1, count) - pi / 2
    # A badge is wide and flat: sitting a little further out above and below looks round.
    return cx + shape.nodes * cos(angle), cy + shape.nodes * 1.04 * sin(angle)


@lru_cache(maxsize=12)
def still(
    shape: Circle,
    owners: tuple[tuple[int, ...], ...],
    looks: tuple[Look, ...],
    glyphs: GlyphSet,
    colour: bool,
) -> Frame:
    """Everything that does not move: bands, threads between the seats."""
    picture = (bands if colour and glyphs != "ascii" else numbered)(shape, owners, looks)
    frame = Frame(shape.width, shape.rows)
    dots = Dots(shape.width, shape.rows)
    thread = ink_index(Ink("thread"))
    count = len(looks)
    # Beyond nine, all the threads would be a mat: only the outline is drawn; of a crowd, nothing.
    for a in range(count if count <= CROWD else 0):
        for b in range(a + 1, count):
            if count <= 9 or b - a in (1, count - 1):
                dots.line(
                    _dots(seat(shape, a, count)),
                    _dots(seat(shape, b, count)),
                    thread,
                    every=max(5.0, shape.radius / 5),
                )
    dots.onto(frame, 0, 0, glyphs)
    for row in range(shape.rows):
        for x, char in enumerate(picture.chars[row]):
            if char != " ":
                frame.put(x, row, char, picture.inks[row][x])
    return frame


def _dots(pixel: tuple[float, float]) -> tuple[float, float]:
    return pixel[0] * DOTS_X, pixel[1] * DOTS_Y / 2


def paint_badges(
    frame: Frame, x0: int, y0: int, shape: Circle, looks: tuple[Look, ...], colour: bool
) -> None:
    """Each node's name on its hue; one that does not serve has its state's shape before it."""
    for place, look in enumerate(looks):
        if len(looks) > CROWD and not look.selected and look.pattern == "solid" and not look.crown:
            continue
        px, py = seat(shape, place, len(looks))
        shape_of = look.glyph + look.crown
        label = f"{shape_of} {look.name} " if shape_of else f" {look.name} "
        if shape.nodes < ROOMY:
            label = shape_of + look.name
        x = x0 + round(px - len(label) / 2)
        y = y0 + min(shape.rows - 1, int(py / 2))
        gone = look.pattern == "sparse"
        if not colour:
            shaded = "selection" if look.selected else ""
            frame.text(x - 1, y, f"[{label}]", "title", bg=shaded, bold=True)
        elif gone:
            frame.text(x, y, label, look.role, bg="hollow.bg", bold=True)
        else:
            boxed = look.selected and shape.nodes < ROOMY
            frame.text(x, y, label, "badge", bg="selection" if boxed else look.hue, bold=True)
        if look.selected and colour and shape.nodes >= ROOMY:
            frame.text(x - 1, y - 1, "▄" * (len(label) + 2), "selection")
            frame.text(x - 1, y + 1, "▀" * (len(label) + 2), "selection")
            frame.text(x - 1, y, "█", "selection")
            frame.text(x + len(label), y, "█", "selection")
        frame.hit(x - 1, y - 1, len(label) + 2, 3, look.name)


def paint_flights(
    frame: Frame,
    x0: int,
    y0: int,
    shape: Circle,
    looks: tuple[Look, ...],
    seen: list[Flight],
    glyphs: GlyphSet,
) -> None:
    """Messages as comets: a head in the sender's hue, a tail that fades behind it."""
    dots = Dots(shape.width, shape.rows)
    crosses: list[tuple[int, int]] = []
    count = len(looks)
    seats = {look.name: (look, _dots(seat(shape, i, count))) for i, look in enumerate(looks)}
    for flight in seen:
        sender, to = flight.message.id[0], flight.message.to
        if sender not in seats or to not in seats or sender == to:
            continue
        source, start = seats[sender]
        target, end = seats[to]
        path = _Path(start, end, _clear(shape, len(source.name)), _clear(shape, len(target.name)))
        if flight.lost:
            _dashed(dots, path, flight.progress)
            x, y = path.at(flight.progress)
            crosses.append((x0 + int(x) // DOTS_X, y0 + int(y) // DOTS_Y))
        else:
            _comet(dots, path, flight, source, shape.radius)
    dots.onto(frame, x0, y0, glyphs)
    for x, y in crosses:
        frame.text(x, y, SETS[glyphs].no, "bad", bold=True)


def paint_tallies(
    frame: Frame,
    x0: int,
    y0: int,
    shape: Circle,
    looks: tuple[Look, ...],
    said: list[Tally],
    glyphs: GlyphSet,
) -> None:
    """The same messages where nothing may move: a steady line, and on it how many there were."""
    dots = Dots(shape.width, shape.rows)
    labels: list[tuple[tuple[float, float], str, str]] = []
    ink = ink_index(Ink("muted"))
    seats = {look.name: _dots(seat(shape, i, len(looks))) for i, look in enumerate(looks)}
    for tally in said[:TALLIES_MAX]:
        if tally.one not in seats or tally.other not in seats:
            continue
        away = _clear(shape, max(len(tally.one), len(tally.other)))
        path = _Path(seats[tally.one], seats[tally.other], away, away)
        dots.line(path.at(0.0), path.at(1.0), ink, every=3.0)
        labels.append((path.at(TALLY_AT), str(tally.sent), ""))
        for to, lost in tally.lost:
            place = path.at(1 - CROSS_AT if to == tally.one else CROSS_AT)
            labels.append((place, f"{SETS[glyphs].no}{lost}", "bad"))
    dots.onto(frame, x0, y0, glyphs)
    for (x, y), text, role in labels:
        column = x0 + round(x / DOTS_X - len(text) / 2)
        frame.text(column, y0 + int(y) // DOTS_Y, text, role, bold=True)


def _clear(shape: Circle, letters: int) -> float:
    """How many dots a flight begins and ends away from a seat's middle: outside the badge."""
    return min(letters + 4.0, shape.nodes / 2)


class _Path:
    """The straight way from one badge's edge to another's, in dots, a little to its right.

    The offset keeps a question and its answer apart.
    """

    __slots__ = ("_dx", "_dy", "_x", "_y", "length")

    def __init__(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        from_start: float,
        from_end: float,
    ) -> None:
        dx, dy = end[0] - start[0], end[1] - start[1]
        whole = hypot(dx, dy) or 1.0
        ux, uy = dx / whole, dy / whole
        self.length = max(1.0, whole - from_start - from_end)
        self._x = start[0] + ux * from_start - uy * 1.6
        self._y = start[1] + uy * from_start + ux * 1.6
        self._dx, self._dy = ux * self.length, uy * self.length

    def at(self, progress: float) -> tuple[float, float]:
        """The point so far along."""
        return self._x + self._dx * progress, self._y + self._dy * progress


def _comet(dots: Dots, path: _Path, flight: Flight, source: Look, radius: float) -> None:
    bright = ink_index(Ink(source.hue, bold=True))
    faded = ink_index(Ink(source.hue + "b"))
    scale = max(0.6, radius / 30)
    tail, width = {
        "probe": (7 * scale, 1),
        "gossip": (12 * scale, 1),
        "data": (26 * scale, 2),
        "repair": (34 * scale, 3),
    }[flight.family]
    head = flight.progress * path.length
    steps = ceil(min(tail, head))
    for behind in range(steps + 1):
        if flight.family == "gossip" and behind % 3 == 2:
            continue
        x, y = path.at((head - behind) / path.length)
        near = behind <= tail * 0.45
        ink, rank = (bright, 3) if near else (faded, 2)
        if not near and behind % 2:
            continue
        dots.dot(x, y, ink, rank)
        if width > 1 and near and radius > 22:
            dots.dot(x + 1, y, ink, rank)
        if width > 2:
            dots.dot(x, y + 1, ink, rank)


def _dashed(dots: Dots, path: _Path, until: float) -> None:
    ink = ink_index(Ink("bad"))
    for step in range(ceil(until * path.length)):
        if step % 5 < 2:
            x, y = path.at(step / path.length)
            dots.dot(x, y, ink, 2)
