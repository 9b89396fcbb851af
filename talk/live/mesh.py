"""A full mesh of a thousand, drawn honestly: one peer's links, one after another, until no dot is left.

Peers stand on the rim. A terminal has fewer dots than one of them has links: when all links of the
first are drawn the circle is full, and 999 others have as many. Counted, not played: a mesh needs no
simulation to be seen.
"""

from __future__ import annotations

from functools import lru_cache
from math import cos, pi, sin
from typing import Final

from cluster.bounds.overlay import SECOND
from tui.draw.frame import Frame, Ink, ink_index
from tui.draw.glyphs import SETS, GlyphSet
from tui.draw.raster import DOTS_X, DOTS_Y, Dots, Point, Stroke, along, stroke

DRAWN_US: Final = 6 * SECOND
"""How long the links of one peer take."""
TICK_S: Final = 15
"""Erlang's default: a silent link is ticked this often (net_ticktime 60 s, intensity 4)."""
BUNDLE: Final = 50
"""Links that are stamped as one."""
BESIDE: Final = 72
WORDS: Final = 34
SPAN: Final = 30
UNDER: Final = 4


def links_drawn(peers: int, shown_us: int) -> int:
    """Of the first peer's."""
    return min(peers - 1, max(0, shown_us) * (peers - 1) // DRAWN_US)


def paint_mesh(
    peers: int, shown_us: int, width: int, height: int, *, glyphs: GlyphSet = "braille"
) -> Frame:
    """The mesh when the picture has been on for so long."""
    frame = Frame(width, height)
    drawn = links_drawn(peers, shown_us)
    beside = width >= BESIDE
    rows = height if beside else max(1, height - UNDER)
    across = min(width - WORDS - 2 if beside else width, 2 * rows)
    left = 0 if beside else (width - across) // 2
    rim, links, bundles = _sketch(peers, across, rows)
    dots = Dots(across, rows, merging=True)
    dim, bright = ink_index(Ink("bad")), ink_index(Ink("title", bold=True))
    bundled = drawn // BUNDLE
    for traced in (*bundles[:bundled], *links[bundled * BUNDLE : drawn]):
        dots.stamp(traced, dim, 1)
    for newest in links[max(0, drawn - 8) : drawn] if drawn < peers - 1 else ():
        dots.stamp(newest, bright, 2)
    dots.stamp(rim, ink_index(Ink("alive")), 3)
    dots.onto(frame, left, 0, glyphs)
    frame.put(left + across // 2, 0, SETS[glyphs].alive, ink_index(Ink("crown", bold=True)))
    whole = peers * (peers - 1) // 2
    if beside:
        _words(frame, across + 2, peers, drawn, whole)
    else:
        frame.text(0, rows, "Full mesh", "title", bold=True)
        frame.text(0, rows + 1, f"{drawn:,} links of one peer", "title", bold=True)
        frame.text(0, rows + 2, f"{whole:,} links of {peers:,} peers", "bad")
        frame.text(0, rows + 3, "counted, not played", "notice")
    return frame


def _words(frame: Frame, x: int, peers: int, drawn: int, whole: int) -> None:
    frame.text(x, 0, "Full mesh", "title", bold=True)
    frame.text(x, 1, f"counted, not played: {peers:,} peers", "notice")
    frame.text(x, 3, f"{drawn:,} links of one peer", "title", bold=True)
    rows = (
        ("links of all", f"{whole:,}", "bad"),
        ("copies its author sends", f"{peers - 1:,}", "bad"),
        ("ticks a second, each peer", f"{(peers - 1) / TICK_S:.1f}", ""),
    )
    for row, (name, value, role) in enumerate(rows):
        frame.text(x, 5 + row, name, "muted")
        frame.right(x + SPAN, 5 + row, value, role)
    frame.text(x, 8, f"(Erlang's default: one in {TICK_S} s)", "muted")


@lru_cache(maxsize=4)
def _sketch(
    peers: int, width: int, height: int
) -> tuple[Stroke, tuple[Stroke, ...], tuple[Stroke, ...]]:
    """The rim, the first peer's links in order around it, and these in bundles."""
    radius = min(width * DOTS_X, height * DOTS_Y) / 2 - 2
    cx, cy = width * DOTS_X / 2, height * DOTS_Y / 2
    spots: list[Point] = [
        (cx + radius * cos(angle), cy + radius * sin(angle))
        for angle in (2 * pi * peer / peers - pi / 2 for peer in range(peers))
    ]
    links = tuple(stroke(width, height, along(spots[0], spot)) for spot in spots[1:])
    bundles: list[Stroke] = []
    for start in range(0, len(links), BUNDLE):
        cells: dict[int, int] = {}
        for traced in links[start : start + BUNDLE]:
            for cell, bits in traced:
                cells[cell] = cells.get(cell, 0) | bits
        bundles.append(tuple(cells.items()))
    return stroke(width, height, iter(spots)), links, tuple(bundles)
