"""How the person looks at the cluster: which screen, which node. Pure.

`press` is what each key does to that; what keys do to the *cluster* is the app's business, and which
moment is looked at is `tui.timeline.player`'s.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from cluster.model.member import NodeId
from tui.driving.targets import ROOM
from tui.judge.measured.choice import Plot, next_plot, plot_at
from tui.judge.rooms.lanes import next_room
from tui.judge.stories.walk import (
    NOTHING,
    Look,
    along,
    closer,
    let_go,
    narrowed,
    step_beside,
    story_beside,
)
from tui.keys import SCREENS, Action
from tui.scene import ScreenName
from tui.view import ClusterView


class Desk(Struct, frozen=True):
    """Everything that is the viewer's and not the cluster's."""

    screen: ScreenName = "home"
    under: ScreenName = "home"
    """Where a screen of one thing goes back to."""
    selected: NodeId | None = None
    room: str = ""
    look: Look = NOTHING
    """Which story is held, and which step of it."""
    plot: Plot | None = None
    """Which plot is shown large."""
    help: bool = False
    sieve: str = ""
    """The filter: only what contains it is shown."""
    scroll: int = 0
    """How many rows a log or a sheet is scrolled."""


def press(desk: Desk, action: Action, view: ClusterView, now: int) -> Desk:
    """The desk after a key. Keys that act on the cluster leave it as it is."""
    walked = _walked(desk, action, view, now) if desk.screen == "flow" else None
    if walked is not None:
        return replace(desk, look=walked)
    match action:
        case (
            "home"
            | "ring"
            | "matrix"
            | "flow"
            | "recovery"
            | "events"
            | "compare"
            | "rooms"
            | "plots"
        ):
            return replace(desk, screen=action, help=False, scroll=0)
        case "next_screen" | "previous_screen":
            step = 1 if action == "next_screen" else -1
            here = desk.screen if desk.screen in SCREENS else desk.under
            place = (SCREENS.index(here) + step) % len(SCREENS)
            return replace(desk, screen=SCREENS[place], help=False, scroll=0)
        case "next_node" | "previous_node":
            beside = _beside(desk, view, 1 if action == "next_node" else -1)
            return replace(desk, selected=beside, room="")
        case "right" | "left":
            return _sideways(desk, view, now, 1 if action == "right" else -1)
        case "node" | "key":
            return _closer(desk, view, action)
        case "help":
            return replace(desk, help=not desk.help, scroll=0)
        case "back":
            return _back(desk)
        case (
            "kill" | "start" | "pause" | "isolate" | "add" | "undo" | "quit" | "run"
            | "command" | "filter" | "mark" | "next_jump" | "previous_jump" | "return" | "page"
            | "only" | "gossip" | "turn" | "zoom"
            | "picture" | "save" | "freeze" | "live" | "step_on" | "step_back" | "step_event" | "rewind"
            | "next_mark" | "previous_mark" | "faster" | "slower" | "older" | "newer"
        ):  # fmt: skip
            return desk


def choose(desk: Desk, target: str, view: ClusterView) -> Desk:
    """The desk after a click on a node, which a second click opens; or on a room, which it lets go."""
    if target.startswith(ROOM):
        room = target.removeprefix(ROOM)
        return replace(desk, room="" if room == desk.room else room)
    plot = plot_at(target)
    if plot is not None:
        return replace(desk, plot=None if plot == desk.plot else plot)
    name = NodeId(target)
    if name not in view.nodes:
        return desk
    if name == desk.selected:
        return _closer(desk, view, "node")
    return replace(desk, selected=name)


def _beside(desk: Desk, view: ClusterView, step: int) -> NodeId | None:
    names = list(view.nodes)
    if not names:
        return None
    if desk.selected is None or desk.selected not in names:
        return names[0 if step > 0 else -1]
    return names[(names.index(desk.selected) + step) % len(names)]


def _sideways(desk: Desk, view: ClusterView, now: int, step: int) -> Desk:
    """The next plot, or the next room."""
    if desk.screen == "plots":
        return replace(desk, plot=next_plot(desk.plot, step))
    return replace(desk, room=next_room(view, now, desk.selected, desk.room, step))


def _walked(desk: Desk, action: Action, view: ClusterView, now: int) -> Look | None:
    """Where a key of the flow screen leads in a story; None: it is no such key."""
    match action:
        case "next_node" | "previous_node":
            return step_beside(view, now, desk.look, 1 if action == "next_node" else -1)
        case "right" | "left":
            return along(view, now, desk.look, 1 if action == "right" else -1)
        case "older" | "newer":
            return story_beside(view, now, desk.look, 1 if action == "newer" else -1)
        case "only":
            return narrowed(view, now, desk.look)
        case "zoom":
            return closer(view, now, desk.look)
        case "gossip":
            return replace(desk.look, gossip=not desk.look.gossip)
        case "turn":
            return replace(desk.look, turned=not desk.look.turned)
        case "back" if not desk.help and not desk.sieve:
            return let_go(desk.look)
        case _:
            return None


def _closer(desk: Desk, view: ClusterView, screen: Literal["node", "key"]) -> Desk:
    """A screen of one thing: of a key, or of the chosen node, or else of the first."""
    under = desk.under if desk.screen in ("node", "key") else desk.screen
    if screen == "key":
        return replace(desk, screen="key", under=under, help=False)
    if desk.screen == "node" or not view.nodes:
        return desk
    chosen = desk.selected if desk.selected in view.nodes else next(iter(view.nodes))
    return replace(desk, screen="node", under=under, selected=chosen, help=False)


def _back(desk: Desk) -> Desk:
    """Closes what lies on top: the sheet, then the choice, then the screen."""
    if desk.help:
        return replace(desk, help=False, scroll=0)
    if desk.sieve:
        return replace(desk, sieve="")
    if desk.screen in ("node", "key"):
        return replace(desk, screen=desk.under)
    if desk.screen == "rooms" and desk.room:
        return replace(desk, room="")
    if desk.screen == "plots" and desk.plot is not None:
        return replace(desk, plot=None)
    if desk.selected is not None:
        return replace(desk, selected=None)
    return replace(desk, screen="home")
