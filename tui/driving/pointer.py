"""What can be pointed at: the mouse, and tab for those who have none; and the way back.

Both go by the regions that the painters filled in (`tui.driving.targets`). Following a jump keeps
where one stood (screen, choice, moment) on a trail, at most `TRAIL_MAX` long; backspace or escape
returns, also to the live picture if that is what was left.
"""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

from msgspec.structs import replace

from tui.desk import Desk, choose
from tui.draw.frame import Frame, Hit
from tui.driving.targets import Along, Button, Jump
from tui.inspecting.asker import Asker
from tui.judge.stories.story import Topic
from tui.keys import Action
from tui.scene import ScreenName
from tui.timeline.deck import Deck
from tui.timeline.player import Player
from tui.view import ClusterView

TRAIL_MAX: Final = 32
WHEEL_ROWS: Final = 3
PAGE_ROWS: Final = 10
WHEEL_SHARE: Final = 60
"""A notch over the time line goes a sixtieth of it."""


class Place(NamedTuple):
    """Where somebody stood."""

    desk: Desk
    player: Player
    landed: ScreenName
    """Where the jump led."""


class Driven(Protocol):
    """The dashboard, as far as pointing turns it."""

    desk: Desk
    deck: Deck
    view: ClusterView
    asker: Asker

    def do(self, action: Action) -> None:
        """The same as a key."""
        ...

    def press_schedule(self, name: str) -> bool:
        """Choose what is compared, if that is its name."""
        ...

    def say(self, notice: str) -> None:
        """One line for a few seconds."""
        ...

    def present(self) -> int:
        """The live moment."""
        ...


class Pointer:
    """One for a dashboard."""

    def __init__(self, driven: Driven) -> None:
        self._driven = driven
        self._focus: Jump | None = None
        self._order = 0
        """Which of the jumps it was, should it be gone."""
        self._trail: list[Place] = []
        self._frame = Frame(0, 0)

    @property
    def focus(self) -> Jump | None:
        """What enter follows now."""
        return self._focus

    def paint(self, frame: Frame) -> Frame:
        """Remember what is shown, and mark what can be followed while somebody walks through it."""
        self._frame = frame
        if self._focus is not None:
            for hit in frame.jumps():
                frame.mark(hit, "focus" if hit.target == self._focus else "link")
        return frame

    def takes(self, action: Action) -> bool:
        """A key; whether it was for walking, following or going back."""
        match action:
            case "next_jump" | "previous_jump":
                self._walk(1 if action == "next_jump" else -1)
            case "return":
                self._return()
            case "node" | "run" if self._focus is not None:
                self.follow(self._focus)
            case "only" if self._driven.desk.screen == "key":
                self._stories()
            case "back" if self._focus is not None:
                self._focus = None
            case "back" if self._still_there():
                self._return()
            case "next_node" | "previous_node" | "older" | "newer" if self._driven.desk.help:
                rows = PAGE_ROWS if action in ("older", "newer") else 1
                self._scroll(-rows if action in ("older", "previous_node") else rows)
            case "older" | "newer" if self._driven.desk.screen == "events":
                self._scroll(-PAGE_ROWS if action == "older" else PAGE_ROWS)
            case _:
                self._focus = None
                return False
        return True

    def forget(self) -> None:
        """What was followed was of another world."""
        self._focus = None
        self._trail = []

    def _still_there(self) -> bool:
        """Whether escape returns: nothing lies on top, and the viewer went nowhere else."""
        desk = self._driven.desk
        closed = not desk.help and not desk.sieve
        return closed and bool(self._trail) and self._trail[-1].landed == desk.screen

    def follow(self, jump: Jump) -> None:
        """Go where something is explained."""
        driven = self._driven
        self._focus = None
        self._trail = [*self._trail, Place(driven.desk, driven.deck.player, jump.screen)][
            -TRAIL_MAX:
        ]
        desk = driven.desk
        under = desk.screen if desk.screen not in ("node", "key") else desk.under
        driven.desk = replace(
            desk,
            screen=jump.screen,
            under=under,
            selected=jump.node or desk.selected,
            room=jump.room or desk.room,
            help=False,
            scroll=0,
        )
        said = driven.deck.seek(jump.at, driven.present()) if jump.at else ""
        driven.say(said or f"{jump.said}; backspace returns")

    def click(self, hit: Hit, x: int) -> None:
        """The mouse."""
        driven, target = self._driven, hit.target
        match target:
            case Button(action):
                driven.do(action)
            case Along():
                self._seek(target.at(x - hit.x, hit.width))
            case Jump():
                self.follow(target)
            case str():
                if not driven.press_schedule(target):
                    view, _ = driven.deck.moment(driven.view, driven.present())
                    driven.desk = choose(driven.desk, target, view)

    def turn(self, hit: Hit | None, step: int) -> None:
        """The wheel: time over the time line, rows where there are more of them, else the choice."""
        if hit is not None and isinstance(hit.target, Along):
            deck, now = self._driven.deck, self._driven.present()
            _, here = deck.moment(self._driven.view, now)
            line = deck.line(now)
            self._seek(here + step * max(1, (line.end - line.begin) // WHEEL_SHARE))
        elif self._frame.scroll_max or self._driven.desk.scroll:
            self._scroll(step * WHEEL_ROWS)
        elif not self._driven.desk.help:
            self._driven.do("next_node" if step > 0 else "previous_node")

    def _seek(self, t: int) -> None:
        deck, now = self._driven.deck, self._driven.present()
        if not deck.reel.count:
            return
        if deck.reel.growing and t >= now:
            self._driven.do("live")
            return
        said = deck.seek(t, now)
        if said:
            self._driven.say(said)

    def _scroll(self, rows: int) -> None:
        """A log is scrolled from its end, so up is more; a sheet from its beginning."""
        desk = self._driven.desk
        by = rows if desk.help else -rows
        scroll = min(max(0, desk.scroll + by), self._frame.scroll_max)
        self._driven.desk = replace(desk, scroll=scroll)

    def _walk(self, step: int) -> None:
        jumps = [hit.target for hit in self._frame.jumps() if isinstance(hit.target, Jump)]
        if not jumps:
            self._focus = None
            self._driven.say("nothing on this screen leads further")
            return
        if self._focus in jumps:
            place = (jumps.index(self._focus) + step) % len(jumps)
        elif self._focus is None:
            place = 0 if step > 0 else len(jumps) - 1
        else:  # what was chosen is not said any more: go on about where it was
            place = min(self._order, len(jumps) - 1)
        self._focus, self._order = jumps[place], place
        self._driven.say(f"enter: {self._focus.said}; tab goes on, esc lets go")

    def _stories(self) -> None:
        """From the key that is looked at to the stories of what was done to it."""
        key = self._driven.asker.seen.key
        if not key:
            self._driven.say("which key? type its name, then f shows its messages")
            return
        desk = self._driven.desk
        look = replace(desk.look, story=None, step=None, only=Topic("operation", key))
        self._trail = [*self._trail, Place(desk, self._driven.deck.player, "flow")][-TRAIL_MAX:]
        self._driven.desk = replace(desk, screen="flow", look=look, help=False)

    def _return(self) -> None:
        if not self._trail:
            self._driven.say("nothing was followed: tab chooses a figure, enter follows it")
            return
        place = self._trail.pop()
        driven = self._driven
        driven.desk = replace(place.desk, sieve=driven.desk.sieve)
        driven.deck.go_back(place.player)
