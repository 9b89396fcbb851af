"""A broadcast through a thousand simulated peers, as far as it has come: rings of hops, and words.

A pure painter, as those of the screens: a part of a picture, by roles. Where there is width the words
stand beside the rings, else under them. What is simulated says so.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from msgspec import Struct

from cluster.bounds.overlay import SECOND
from cluster.sim.overlay.wave import NEVER, NOBODY, Wave
from talk.live.rings import places
from talk.live.showing import slowed
from tui.draw.frame import Frame, Ink, ink_index
from tui.draw.glyphs import SETS, GlyphSet
from tui.draw.raster import DOTS_X, DOTS_Y, Dots, Point, Stroke, along, stroke

FRESH: Final = 16
"""Who has had it for no longer than this part of the wave's time is its front."""
WORDS: Final = 34
"""Columns of words beside the picture."""
SPAN: Final = 28
"""Of them, what rows of figures, the bar and the curve take."""
BESIDE: Final = 72
"""From this width on they stand beside it."""
UNDER: Final = 5
"""Rows of words under it."""
LARGE: Final = 50
"""From this radius in dots on, a peer is more than a dot."""
CURVE: Final = 8
"""Rows of the curve, where there is room."""
BODY: Final = ((0, 0), (1, 0), (0, 1))
FRONT: Final = "title"
ROLES: Final = ("rule", "faint", "owner0", "owner0b", "alive", "notice", "dead", "title")


def paint_wave(
    wave: Wave,
    at_us: int,
    width: int,
    height: int,
    *,
    glyphs: GlyphSet = "braille",
    colour: bool = True,
) -> Frame:
    """The wave at a time since it was published."""
    frame = Frame(width, height)
    if width >= BESIDE:
        across = min(width - WORDS - 2, 2 * height)
        _picture(frame, 0, 0, across, height, wave, at_us, glyphs, colour)
        _words(frame, across + 2, wave, at_us, glyphs)
    else:
        rows = max(1, height - UNDER)
        across = min(width, 2 * rows)
        _picture(frame, (width - across) // 2, 0, across, rows, wave, at_us, glyphs, colour)
        _brief(frame, rows, wave, at_us, glyphs)
    return frame


# --- the picture ----------------------------------------------------------------------------------


class Sketch(Struct, frozen=True):
    """A wave's peers and links in a raster of one size, traced once."""

    spots: tuple[Point, ...]
    peers: tuple[Stroke, ...]
    waiting: tuple[Stroke, ...]
    """The tree's link to each peer, while nothing has come over it."""
    taken: tuple[Stroke, ...]
    """The link that it came over."""


@lru_cache(maxsize=8)
def _sketch(
    tree: tuple[int, ...], parent: tuple[int, ...], source: int, width: int, height: int
) -> Sketch:
    radius = min(width * DOTS_X, height * DOTS_Y) / 2 - 2
    cx, cy = width * DOTS_X / 2, height * DOTS_Y / 2
    spots = tuple((cx + radius * px, cy + radius * py) for px, py in places(tree, source))
    body = BODY if radius >= LARGE else ((0, 0),)

    def link(above: int, peer: int, every: float) -> Stroke:
        if above == NOBODY:
            return ()
        return stroke(width, height, along(spots[above], spots[peer], every))

    return Sketch(
        spots,
        tuple(stroke(width, height, ((x + dx, y + dy) for dx, dy in body)) for x, y in spots),
        tuple(link(above, peer, 2.0) for peer, above in enumerate(tree)),
        tuple(link(above, peer, 1.0) for peer, above in enumerate(parent)),
    )


def _picture(
    frame: Frame,
    x: int,
    y: int,
    width: int,
    height: int,
    wave: Wave,
    at_us: int,
    glyphs: GlyphSet,
    colour: bool,
) -> None:
    sketch = _sketch(wave.tree, wave.parent, wave.source, width, height)
    dots = Dots(width, height, merging=True)
    ink = {role: ink_index(Ink(role, bold=role == FRONT)) for role in ROLES}
    odd = frozenset(wave.mended)
    crowds: dict[int, dict[str, int]] = {}
    for peer, role in enumerate(_roles(wave, at_us)):
        if role == "faint":
            dots.stamp(sketch.waiting[peer], ink["rule"], 0)
        elif role == FRONT:
            dots.stamp(sketch.taken[peer], ink["notice" if peer in odd else "owner0"], 1)
        elif role == "alive":
            dots.stamp(sketch.taken[peer], ink["owner0b"], 1)
        for cell, bits in sketch.peers[peer]:
            crowd = crowds.setdefault(cell, {})
            crowd[role] = crowd.get(role, 0) + bits.bit_count()
    # A cell has one colour: that of the wave's front if it is there, else of most who stand in it.
    chosen = {
        cell: FRONT if FRONT in crowd else max(crowd, key=lambda role: (crowd[role], role))
        for cell, crowd in crowds.items()
    }
    for traced in sketch.peers:
        for cell, bits in traced:
            dots.stamp(((cell, bits),), ink[chosen[cell]], 2)
    dots.onto(frame, x, y, glyphs)
    signs = SETS[glyphs]
    marks = [(peer, signs.dead, "dead") for peer in wave.dead if not colour or glyphs == "ascii"]
    for peer, sign, role in (*marks, (wave.source, signs.alive, "crown")):
        px, py = sketch.spots[peer]
        frame.put(x + int(px) // DOTS_X, y + int(py) // DOTS_Y, sign, ink_index(Ink(role)))


def _roles(wave: Wave, at_us: int) -> list[str]:
    """How each peer is drawn."""
    dead, odd = frozenset(wave.dead), frozenset(wave.mended)
    fresh_us = wave.lasts_us // FRESH
    roles: list[str] = []
    for peer, reached in enumerate(wave.reached):
        if peer in dead:
            roles.append("dead")
        elif reached == NEVER or reached > at_us:
            roles.append("faint")
        elif at_us - reached <= fresh_us:
            roles.append(FRONT)
        else:
            roles.append("notice" if peer in odd else "alive")
    return roles


# --- the words ------------------------------------------------------------------------------------


def _words(frame: Frame, x: int, wave: Wave, at_us: int, glyphs: GlyphSet) -> None:
    """Beside the picture: with room, then without blank lines, then as many as there are rows for."""
    had, living, wasted = wave.had_by(at_us), wave.living, wave.copies_by(at_us)
    peers = len(wave.reached)
    mended = sum(0 <= wave.reached[peer] <= at_us for peer in wave.mended)
    rows: list[tuple[str, str, str] | None] = [
        (f"simulated: {peers:,} peers", "", "notice"),
        None,
        (f"{at_us / SECOND:.2f} s", f"{slowed(wave)} times slower", "muted"),
        (f"{had:,} of {living:,} reached", "", "title"),
        None,
        ("hops so far", f"{_hops(wave, at_us)}", ""),
        ("copies for nothing", f"{wasted:,}", "bad" if wasted > living else ""),
        ("busiest peer sent", f"{wave.most_sent:,}", ""),
    ]
    if wave.dead:
        rows.append(("dead", f"{len(wave.dead):,}", "dead"))
        rows.append(("over mended links", f"{mended:,}", "notice"))
    mesh = wave.among * (wave.among - 1) // 2
    rows += [None, ("links", f"{wave.links:,}", "good"), ("a full mesh has", f"{mesh:,}", "bad")]
    if len(rows) + 3 > frame.height:
        rows = [row for row in rows if row is not None]
    frame.text(x, 0, wave.title, "title", bold=True)
    y = 1
    for row in rows:
        if row is not None:
            name, value, role = row
            frame.text(x, y, name, "muted" if value else role, bold=role == "title")
            frame.right(x + SPAN, y, value, role)
            if role == "title":
                y += 1
                _bar(frame, x, y, SPAN, had, living, glyphs)
        y += 1
    if y + 4 <= frame.height:
        _curve(frame, x, frame.height - 3, y + 1, wave, at_us, glyphs)


def _brief(frame: Frame, y: int, wave: Wave, at_us: int, glyphs: GlyphSet) -> None:
    """Under the picture: what it is, how far, at what price."""
    frame.text(0, y, wave.title, "title", bold=True)
    reached = f"{wave.had_by(at_us):,} of {wave.living:,} reached in {at_us / SECOND:.2f} s"
    frame.text(0, y + 1, reached, "title", bold=True)
    _bar(frame, 0, y + 2, min(frame.width, 40), wave.had_by(at_us), wave.living, glyphs)
    parts = [f"{wave.copies_by(at_us):,} copies for nothing", f"{wave.links:,} links"]
    if wave.dead:
        parts.insert(0, f"{len(wave.dead):,} dead")
    frame.text(0, y + 3, ", ".join(parts), "muted")
    simulated = f"simulated: {len(wave.reached):,} peers, {slowed(wave)} times slower"
    frame.text(0, y + 4, simulated, "notice")


def _hops(wave: Wave, at_us: int) -> int:
    """How far out it has come."""
    hops = wave.hops()
    return max((hops[p] for p, at in enumerate(wave.reached) if 0 <= at <= at_us), default=0)


def _bar(frame: Frame, x: int, y: int, width: int, part: int, whole: int, glyphs: GlyphSet) -> None:
    drawn = SETS[glyphs]
    full = width * part // max(1, whole)
    frame.text(x, y, drawn.bar * full, "alive")
    frame.text(x + full, y, drawn.ghost * (width - full), "faint")


def _curve(
    frame: Frame, x: int, y: int, top: int, wave: Wave, at_us: int, glyphs: GlyphSet
) -> None:
    """What came in each slice of its time: first copies, and on them those for nothing."""
    first, more = [0] * SPAN, [0] * SPAN
    last = max(1, wave.ends_us)
    for at in wave.reached:
        if at > 0:
            first[min(SPAN - 1, at * SPAN // last)] += 1
    for at in wave.again:
        more[min(SPAN - 1, at * SPAN // last)] += 1
    heights = SETS[glyphs].spark
    rows = max(1, min(CURVE, y - top + 1))
    most = max(1, *(a + b for a, b in zip(first, more, strict=True)))
    scale = rows * len(heights)
    for column in range(SPAN):
        here, above = (-(-count * scale // most) for count in (first[column], more[column]))
        come = column * last // SPAN <= at_us
        for row in range(rows):
            base = row * len(heights)
            green = min(len(heights), max(0, here - base))
            both = min(len(heights), max(0, here + above - base))
            if both:
                _cell(frame, x + column, y - row, green, both, heights, come=come)
    frame.text(x, y + 1, SETS[glyphs].line * SPAN, "rule")
    end = frame.text(x, y + 2, "new", "alive")
    if wave.again:
        frame.text(end, y + 2, ", for nothing", "bad")
    frame.right(x + SPAN, y + 2, f"{last / SECOND:.2f} s", "muted")


def _cell(frame: Frame, x: int, y: int, green: int, both: int, heights: str, *, come: bool) -> None:
    """One cell of a stack of two."""
    if not come:
        ink = Ink("faint")
    elif not green:
        ink = Ink("bad")
    elif green < both == len(heights):
        ink, both = Ink("alive", "bad"), green
    else:
        ink = Ink("alive")
    frame.put(x, y, heights[both - 1], ink_index(ink))
