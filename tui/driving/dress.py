"""How everything looks: colours, shapes, and whether anything moves. Pure.

A `Dress` is a wish: of the shell's command line, or of `:theme`, `:glyphs`, `:motion`. What is worn
(`Worn`) is the wish as far as the terminal can show it: never more colours than it has, never
colours where NO_COLOR asks for none, no motion where TEXTUAL_ANIMATIONS is `none`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from tui.draw.glyphs import SETS, GlyphSet
from tui.draw.theme import PALETTES, Depth, Palette, Theme, depth_of

GLYPHS: Final[dict[str, GlyphSet]] = {**{name: name for name in SETS}, "unicode": "braille"}
THEMES: Final[dict[str, Palette]] = {name: name for name in PALETTES}
MOTION: Final[dict[str, bool]] = {"full": True, "reduced": False}
CALM_US: Final = 125_000
"""While nothing flies, a picture whose facts changed is repainted this often."""
LARGE_US: Final = 400_000
"""Where a thousand nodes are judged for every picture, one costs a tenth of a second."""
IDLE_US: Final = 500_000
"""When nothing was heard, ages and the clock still go on this often."""
STILL_US: Final = 1_000_000
"""With reduced motion figures change this often, whatever was heard."""


class Dress(Struct, frozen=True):
    """Other colours, other shapes, or another way to move; None: as it is."""

    palette: Palette | None = None
    glyphs: GlyphSet | None = None
    motion: bool | None = None


class Worn(Struct, frozen=True):
    """How it looks now."""

    able: Depth
    """How many colours the terminal shows."""
    palette: Palette = "dark"
    glyphs: GlyphSet = "braille"
    motion: bool = True

    @property
    def theme(self) -> Theme:
        """The styles."""
        return Theme(self.able, self.palette)

    @property
    def depth(self) -> Depth:
        """How many colours are used."""
        return "none" if self.palette == "mono" else self.able

    def stands_us(self, *, news: bool, large: bool) -> int:
        """How long a picture stands. `large`: of very many nodes."""
        if not self.motion:
            return STILL_US
        return LARGE_US if news and large else CALM_US if news else IDLE_US


def dressed(dress: Dress, environ: Mapping[str, str]) -> Worn:
    """What is worn at the start."""
    worn = Worn(depth_of(environ), motion=environ.get("TEXTUAL_ANIMATIONS") != "none")
    if environ.get("TERM") == "linux":
        worn = replace(worn, glyphs="block")  # a console's font has no braille
    return changed(worn, dress)


def changed(worn: Worn, dress: Dress) -> Worn:
    """What is worn after a wish."""
    motion = worn.motion if dress.motion is None else dress.motion
    palette, glyphs = dress.palette or worn.palette, dress.glyphs or worn.glyphs
    return replace(worn, palette=palette, glyphs=glyphs, motion=motion)
