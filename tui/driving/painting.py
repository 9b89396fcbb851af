"""Which painter paints which screen; each is imported when its screen is first looked at, or before.

What a painter needs is read in up to a tenth of a second: too long between a key and its picture,
so once the first screen stands the others are read ahead, one in each idle moment. What takes long in
a picture of a screen that stands is worked out in the idle moment before it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Final, Literal

from tui.draw.frame import Frame
from tui.scene import Scene, ScreenName

TextScreen = Literal[
    "home", "matrix", "recovery", "events", "compare", "rooms", "plots", "node", "flow", "key"
]
"""All but the ring, which is kept and played upon."""
PAINTERS: Final[dict[TextScreen, str]] = {
    "home": "tui.screens.home",
    "matrix": "tui.screens.matrix",
    "flow": "tui.screens.flow",
    "recovery": "tui.screens.recovery",
    "events": "tui.screens.events",
    "rooms": "tui.screens.rooms",
    "plots": "tui.screens.plots",
    "node": "tui.screens.detail.node",
    "key": "tui.screens.detail.key",
    "compare": "tui.screens.compare",
}
"""The modules that `paint_screen` imports, likeliest first."""
LATE: Final = ("plotext",)
"""What a painter itself imports late: a third of a second on a busy machine."""


def read_ahead() -> bool:
    """Import one thing that no picture needed yet. False: there is nothing left."""
    unread = [module for module in (*PAINTERS.values(), *LATE) if module not in sys.modules]
    if unread:
        import_module(unread[0])
    return len(unread) > 1


def get_ahead(screen: ScreenName, scene: Scene, width: int, height: int) -> None:
    """Work out in an idle moment what the next picture would be late by. It is kept by its values."""
    if screen == "plots":
        from tui.screens.plots import ahead

        ahead(scene, width, height)


def paint_screen(screen: TextScreen, scene: Scene, width: int, height: int) -> Frame:
    """One screen's picture."""
    match screen:
        case "home":
            from tui.screens.home import paint
        case "matrix":
            from tui.screens.matrix import paint
        case "recovery":
            from tui.screens.recovery import paint
        case "events":
            from tui.screens.events import paint
        case "compare":
            from tui.screens.compare import paint
        case "rooms":
            from tui.screens.rooms import paint
        case "plots":
            from tui.screens.plots import paint
        case "flow":
            from tui.screens.flow import paint
        case "key":
            from tui.screens.detail.key import paint
        case "node":
            from tui.screens.detail.node import paint
    return paint(scene, width, height)
