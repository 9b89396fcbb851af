"""How a dashboard is shown: what the command line of the shell decides before it starts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from tui.driving.dress import Dress
from tui.scene import ScreenName
from tui.view import ClusterView


def untroubled() -> str:
    """Nothing is known to be wrong."""
    return ""


class Options(Struct, frozen=True):
    """How a dashboard is shown."""

    title: str = "demo"
    screen: ScreenName = "home"
    dress: Dress = Dress()
    expected: int = 0
    """How many nodes are being started; 0: none, we look at what is there."""
    greeting: str = ""
    """The first notice."""
    foreign: bool = False
    """The cluster is not ours, and may be hurt all the same: links only, and each act is asked."""
    remote: bool = False
    """For a viewer in a browser: nothing is played or written here for him."""
    pages: str = "no page is served: start with --serve PORT"
    """Where viewers find this, for who asks here."""
    stage: str = "waiting for the first word of the cluster…"
    trouble: Callable[[], str] = untroubled
    """Why nobody there can be read now, in one sentence; empty while nothing is wrong."""


DEFAULT: Final = Options()


def stage_of(options: Options, view: ClusterView) -> str:
    """What is waited for, before there is a ring to show."""
    expected = options.expected
    running = sum(1 for node in view.nodes.values() if node.process == "running")
    if not expected:
        why = options.trouble()
        return f"{why}; trying again…" if why else options.stage
    if running < expected:
        return f"starting n{running + 1} of {expected}…"
    return f"{expected} of {expected} processes run, waiting for their first word…"
