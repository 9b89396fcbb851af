"""The command line at work: takes the keys while a line is typed, and does what was entered.

Parsing is `tui.driving.commands`'s business, editing `tui.driving.line`'s; here a meaning turns the
desk, the time line, the cluster or the looks of the dashboard.
"""

from __future__ import annotations

from typing import Literal, Protocol

from msgspec.structs import replace

from tui.acts import Acts
from tui.desk import Desk
from tui.driving.commands import (
    At,
    CutLink,
    Heal,
    Marked,
    Meaning,
    NotUnderstoodError,
    OnKey,
    OnNode,
    OnRoom,
    Press,
    Sift,
    Speed,
    Split,
    completions,
    moment_before,
    understand,
)
from tui.driving.console import Console
from tui.driving.dress import Dress
from tui.driving.line import Line
from tui.driving.options import Options
from tui.inspecting.asker import Asker
from tui.keys import FAULTS, OF_STORIES, Action
from tui.scene import Scene
from tui.sources.clockwork import Clockwork
from tui.timeline.deck import Deck
from tui.view import ClusterView


class Driven(Protocol):
    """The dashboard, as far as commands turn it."""

    options: Options
    desk: Desk
    deck: Deck
    view: ClusterView
    acts: Acts
    clockwork: Clockwork | None
    asker: Asker

    def do(self, action: Action) -> None:
        """The same as its key."""
        ...

    def dress(self, dress: Dress) -> None:
        """Other colours, shapes or motion."""
        ...

    def say(self, notice: str) -> None:
        """One line for a few seconds."""
        ...

    def seen(self) -> Scene:
        """What is on the screen."""
        ...

    def present(self) -> int:
        """The live moment."""
        ...


class Wheel:
    """One for a dashboard."""

    def __init__(self, driven: Driven) -> None:
        self._driven = driven
        self.console = Console(self._offer)
        self._marking: int | None = None
        """The moment at which `m` was pressed, while its word is typed."""
        self._answer = ""
        """What stood there after the last command."""

    @property
    def line(self) -> Line | None:
        """What is being typed."""
        return self.console.line

    @property
    def sieve(self) -> str:
        """The filter: while one is typed, already that."""
        line = self.line
        return line.text if line is not None and line.kind == "/" else self._driven.desk.sieve

    def open(self, action: Action) -> None:
        """`:`, `/` or `m` was pressed; a filter that is set is changed, not begun anew."""
        self._marking = None
        if action == "command":
            self.console.open(":")
        elif action == "mark":
            self._marking = self._driven.seen().now
            self.console.open(":", "mark ")
        else:
            self.console.open("/", self._driven.desk.sieve)

    def key(self, key: str, character: str | None) -> None:
        """A key while a line is typed."""
        before = self.line
        entered = self.console.key(key, character)
        if entered is not None and entered.kind == ":":
            self.obey(entered.text)
        elif entered is not None:
            self._sift(entered.text.strip())
        elif self.line is None and before is not None and before.kind == "/":
            self._sift("")

    def obey(self, line: str) -> None:
        """Do what a command line says, or say why not."""
        if not line.strip():
            return
        driven = self._driven
        acting = driven.acts.busy or driven.acts.asking
        if self._answer and not acting and driven.seen().notice == self._answer:
            driven.say("")  # what was said of the last command is no answer to this one
        try:
            self._carry_out(understand(line, driven.seen().view))
        except NotUnderstoodError as error:
            driven.say(str(error))
        self._answer = driven.seen().notice

    def _offer(self, line: str) -> tuple[str, ...]:
        own = self._driven.acts.hands is not None
        return completions(line, self._driven.seen().view, own=own)

    def _sift(self, text: str) -> None:
        self._driven.desk = replace(self._driven.desk, sieve=text)

    def _carry_out(self, meaning: Meaning) -> None:
        driven, desk = self._driven, self._driven.desk
        match meaning:
            case Press("page"):
                driven.say(driven.options.pages)
            case Press(action):
                if action in OF_STORIES and desk.screen != "flow":
                    driven.desk = replace(desk, screen="flow", help=False)
                driven.do(action)
            case OnNode() | CutLink() | Split() | Heal():
                self._on_nodes(meaning)
            case OnRoom(room):
                driven.desk = replace(desk, screen="rooms", room=room, help=False)
            case OnKey(key):
                self._closer("key")
                driven.asker.look_at(key)
            case At(second):
                self._seek(second)
            case Speed(times):
                self._pace(times)
            case Sift(text):
                self._sift(text)
            case Marked(word):
                at = self._marking if self._marking is not None else driven.seen().now
                driven.say(driven.deck.note(at, word))
            case Dress():
                driven.dress(meaning)

    def _on_nodes(self, meaning: OnNode | CutLink | Split | Heal) -> None:
        driven = self._driven
        match meaning:
            case OnNode(action, node) if action in FAULTS:
                driven.acts.do(action, driven.view, node)
            case OnNode(_, node):
                self._closer("node")
                driven.desk = replace(driven.desk, selected=node)
            case CutLink(a, b):
                driven.acts.cut(a, b)
            case Split(side):
                driven.acts.partition(side)
            case Heal():
                driven.acts.heal()

    def _closer(self, screen: Literal["node", "key"]) -> None:
        desk = self._driven.desk
        under = desk.under if desk.screen in ("node", "key") else desk.screen
        self._driven.desk = replace(desk, screen=screen, under=under, help=False)

    def _seek(self, second: float) -> None:
        driven = self._driven
        now = driven.present()
        said = driven.deck.seek(moment_before(second, now, driven.seen().zone_us), now)
        if said:
            driven.say(said)

    def _pace(self, times: float) -> None:
        driven = self._driven
        if driven.clockwork is not None and driven.deck.following:
            driven.say(driven.clockwork.turn(times))
        else:
            driven.say(driven.deck.pace(times, driven.present()))
