"""Which painter paints which screen; each is imported when its screen is first looked at."""

from __future__ import annotations

from typing import Literal

from tui.draw.frame import Frame
from tui.scene import Scene

TextScreen = Literal[
    "home", "matrix", "recovery", "events", "compare", "rooms", "plots", "node", "flow", "key"
]
"""All but the ring, which is kept and played upon."""


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
