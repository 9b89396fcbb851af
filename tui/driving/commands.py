"""The one table of commands that `:` understands; help, completion and parsing all read it. Pure.

A command line becomes a *meaning* (a value) or one sentence about what is wrong with it. What a
meaning does is `tui.driving.obey`'s business. Names of nodes and rooms are those of the view that is
looked at, so what is completed exists.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from msgspec import Struct

from cluster.model.member import NodeId
from tui.draw.glyphs import SETS
from tui.draw.theme import PALETTES
from tui.driving.dress import GLYPHS, MOTION, THEMES, Dress
from tui.keys import KEYS, SCREENS, Action
from tui.view import ClusterView

Takes = Literal[
    "nothing", "node", "pair", "side", "room", "moment", "speed", "key", "text", "theme",
    "glyphs", "motion",
]  # fmt: skip
"""What stands after the command's own name."""
COMPLETIONS_MAX: Final = 40
"""Offered at once: of a thousand rooms the rest is left to further letters."""
_DAY_S: Final = 86_400


class Press(Struct, frozen=True):
    """The same as a key."""

    action: Action


class OnNode(Struct, frozen=True):
    """The same as a key with that node chosen."""

    action: Action
    node: NodeId


class OnRoom(Struct, frozen=True):
    """Look at one room."""

    room: str


class OnKey(Struct, frozen=True):
    """Look at one key of the store."""

    key: str


class At(Struct, frozen=True):
    """Look at a moment."""

    second: float
    """Since midnight on the clock that the screen shows."""


class Speed(Struct, frozen=True):
    """How much time of the cluster goes by in a second of the viewer's."""

    times: float


class Sift(Struct, frozen=True):
    """Show only what contains this; empty: all."""

    text: str


class CutLink(Struct, frozen=True):
    """Cut the link between two nodes."""

    a: NodeId
    b: NodeId


class Split(Struct, frozen=True):
    """Cut a side off from all the others."""

    side: tuple[NodeId, ...]


class Heal(Struct, frozen=True):
    """Mend every cut link."""


class Marked(Struct, frozen=True):
    """Mark this moment."""

    word: str


Meaning = (
    Press | OnNode | OnRoom | OnKey | At | Speed | Sift | CutLink | Split | Heal | Marked | Dress
)


class NotUnderstoodError(Exception):
    """A command line that means nothing. One sentence that says what would."""


class Command(Struct, frozen=True):
    """One command."""

    name: str
    takes: Takes
    help: str
    """The help's sentence."""
    action: Action | None = None
    """The key that does the same."""
    fault: bool = False
    """Does something to the cluster."""

    @property
    def written(self) -> str:
        """The command as help writes it: `kill NODE`."""
        what = {
            "nothing": "",
            "pair": " NODE NODE",
            "side": " NODE,…",
            "moment": " 14:07:45",
            "speed": " 0.5",
        }
        return self.name + what.get(self.takes, f" {self.takes.upper()}")


def _like(name: str, action: Action, takes: Takes = "nothing", text: str = "") -> Command:
    """A command for what a key does, explained as the key is."""
    key = next(key for key in KEYS if key.action == action)
    return Command(name, takes, text or key.help, action, key.fault)


COMMANDS: Final[tuple[Command, ...]] = (
    *(_like(screen, screen) for screen in SCREENS),
    _like("node", "node", "node", "look at one node alone"),
    Command("room", "room", "look at one room"),
    Command("key", "key", "look at one key: who holds which version of it"),
    Command("filter", "text", "show only what contains this (also /TEXT; esc shows all)"),
    _like("kill", "kill", "node", "kill -9 its process"),
    _like("start", "start", "node", "start it again"),
    _like("pause", "pause", "node", "stop its process, or let it go on"),
    _like("isolate", "isolate", "node", "cut its links, or heal them"),
    Command("cut", "pair", "cut the link between two nodes, both ways", fault=True),
    Command("partition", "side", "cut these off from all others (or: A,B | C,D,E)", fault=True),
    Command("heal", "nothing", "mend every cut link", fault=True),
    _like("add", "add"),
    _like("undo", "undo"),
    Command("mark", "text", "mark this moment, with a word if you like (also m)"),
    Command("at", "moment", "look at that moment of today or yesterday"),
    _like("only", "only", text="flow: only what is about this key or node; again: all"),
    _like("gossip", "gossip", text="flow: draw the gossip of that time too"),
    _like("turn", "turn", text="flow: time down, or to the right"),
    _like("zoom", "zoom", text="flow: look closer at the chosen step; at last: all"),
    _like("freeze", "freeze"),
    _like("live", "live"),
    _like("rewind", "rewind"),
    Command("speed", "speed", "play at so many times the speed (of a simulated world: its own)"),
    _like("play", "run", text="play the chosen schedule of the compare screen"),
    Command("theme", "theme", f"colours: {', '.join(PALETTES)}"),
    Command("glyphs", "glyphs", f"shapes: {', '.join(SETS)}"),
    Command("motion", "motion", "full, or reduced: nothing flies, figures change once a second"),
    _like("picture", "picture"),
    Command("page", "nothing", "say where this is shown in a browser", "page"),
    _like("help", "help", text="the keys of this screen"),
    _like("quit", "quit"),
)
BY_NAME: Final[dict[str, Command]] = {command.name: command for command in COMMANDS}
_SHORT: Final[dict[str, str]] = {"q": "quit", "h": "help", "f": "filter"}


def understand(line: str, view: ClusterView) -> Meaning:
    """What a command line means. Raises NotUnderstoodError."""
    name, _, rest = line.strip().partition(" ")
    command = _named(name)
    rest = rest.strip()
    if command.takes == "nothing" and rest:
        raise NotUnderstoodError(f"{command.name} stands alone: {rest!r} means nothing after it")
    if not rest and command.takes not in ("nothing", "text"):
        raise NotUnderstoodError(
            f"{command.name} wants {_wanted(command.takes)}: {command.written}"
        )
    return _meaning(command, rest, view)


def _named(name: str) -> Command:
    name = _SHORT.get(name, name)
    if name in BY_NAME:
        return BY_NAME[name]
    begun = [known for known in BY_NAME if name and known.startswith(name)]
    if len(begun) == 1:
        return BY_NAME[begun[0]]
    if begun:
        raise NotUnderstoodError(f"{name!r} may be {' or '.join(begun)}")
    raise NotUnderstoodError(f"there is no command {name!r}: tab shows all, ? the keys")


def _meaning(command: Command, rest: str, view: ClusterView) -> Meaning:
    match command.takes:
        case "nothing":
            return Heal() if command.action is None else Press(command.action)
        case "pair":
            return CutLink(*_pair(rest, view))
        case "side":
            return Split(_side(rest, view))
        case "node":
            assert command.action is not None
            return OnNode(command.action, _node(rest, view))
        case "room":
            if rest not in view.rooms.by_name:
                raise NotUnderstoodError(f"no node has told of a room {rest!r}")
            return OnRoom(rest)
        case "moment":
            return At(_moment(rest))
        case "key":
            return OnKey(rest)
        case "speed":
            return Speed(_times(rest))
        case "text":
            return Marked(rest) if command.name == "mark" else Sift(rest)
        case "theme" | "glyphs" | "motion":
            return _dress(command.takes, rest)


def _dress(takes: Literal["theme", "glyphs", "motion"], rest: str) -> Dress:
    match takes:
        case "theme" if rest in THEMES:
            return Dress(palette=THEMES[rest])
        case "theme":
            raise NotUnderstoodError(f"there is no theme {rest!r}: {', '.join(PALETTES)}")
        case "glyphs" if rest in GLYPHS:
            return Dress(glyphs=GLYPHS[rest])
        case "glyphs":
            raise NotUnderstoodError(f"there are no glyphs {rest!r}: {', '.join(GLYPHS)}")
        case "motion" if rest in MOTION:
            return Dress(motion=MOTION[rest])
        case "motion":
            raise NotUnderstoodError(f"there is no motion {rest!r}: {' or '.join(MOTION)}")


def _node(text: str, view: ClusterView) -> NodeId:
    name = NodeId(text)
    if name not in view.nodes:
        known = list(view.nodes)
        some = ", ".join(known[:8]) + ("…" if len(known) > 8 else "")
        raise NotUnderstoodError(f"there is no node {text!r}: {some}")
    return name


def _pair(text: str, view: ClusterView) -> tuple[NodeId, NodeId]:
    pair = _several(text, view)
    if len(pair) != 2:
        raise NotUnderstoodError("a link has two ends: cut n1 n2")
    return pair[0], pair[1]


def _side(text: str, view: ClusterView) -> tuple[NodeId, ...]:
    """The nodes before the bar; those behind it, if it is there, must be all the others."""
    written, bar, rest = text.partition("|")
    side, others = _several(written, view), _several(rest, view)
    missing = [name for name in view.nodes if name not in side and name not in others]
    if any(name in side for name in others):
        raise NotUnderstoodError("a node cannot be on both sides")
    if not side or len(side) >= len(view.nodes) or (bar and not others):
        raise NotUnderstoodError("a partition needs nodes on both sides: partition n1,n2")
    if others and missing:
        raise NotUnderstoodError(f"{missing[0]} is on neither side: name all, or only one side")
    return side


def _several(text: str, view: ClusterView) -> tuple[NodeId, ...]:
    words = text.replace(",", " ").split()
    return tuple(dict.fromkeys(_node(word, view) for word in words))


def _moment(text: str) -> float:
    found = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}(?:\.[0-9]{1,6})?))?", text)
    if found is not None:
        hour, minute, second = int(found[1]), int(found[2]), float(found[3] or 0)
        if hour < 24 and minute < 60 and second < 60:
            return hour * 3_600 + minute * 60 + second
    raise NotUnderstoodError(f"{text!r} is not a moment: write 14:07 or 14:07:45.2")


def _times(text: str) -> float:
    found = re.fullmatch(r"([0-9]{1,4}(?:\.[0-9]{1,4})?)(?:/([1-9][0-9]?))?x?", text)
    times = float(found[1]) / int(found[2] or 1) if found is not None else 0.0
    if times <= 0:
        raise NotUnderstoodError(f"{text!r} is not a speed: write 4, 0.5 or 1/4")
    return times


def _wanted(takes: Takes) -> str:
    return {
        "node": "a node's name",
        "pair": "two nodes' names",
        "side": "nodes' names",
        "room": "a room's name",
        "key": "a key's name",
        "moment": "a moment",
        "speed": "a number",
        "theme": "a name",
        "glyphs": "a name",
        "motion": " or ".join(MOTION),
    }.get(takes, "something")


def moment_before(second: float, now: int, zone_us: int) -> int:
    """The latest moment not after `now` at which the shown clock read that second of a day."""
    day = _DAY_S * 1_000_000
    midnight = (now + zone_us) // day * day - zone_us
    at = midnight + round(second * 1_000_000)
    # A clock shows whole seconds: the one that is just passing is meant, not yesterday's.
    return at if at <= now + 1_000_000 else at - day


def completions(line: str, view: ClusterView, *, own: bool) -> tuple[str, ...]:
    """Whole lines that this one may become. `own`: faults may be done here."""
    name, space, rest = line.partition(" ")
    if not space:
        names = [c.name for c in COMMANDS if own or not c.fault]
        found = [known for known in names if known.startswith(name)]
    else:
        command = BY_NAME.get(_SHORT.get(name, name))
        values = _values(command, view, rest) if command is not None else []
        found = [f"{name} {value}" for value in values if value.startswith(rest)]
    return tuple(found[:COMPLETIONS_MAX])


def _values(command: Command, view: ClusterView, rest: str) -> list[str]:
    match command.takes:
        case "node":
            return list(view.nodes)
        case "pair":
            first, space, _ = rest.partition(" ")
            lead = f"{first} " if space else ""
            return [lead + name for name in view.nodes if name != first or not space]
        case "side":
            lead = rest[: max(rest.rfind(mark) for mark in ",| ") + 1]
            named = lead.replace(",", " ").replace("|", " ").split()
            return [lead + name for name in view.nodes if name not in named]
        case "room":
            return sorted(view.rooms.by_name)
        case "theme":
            return list(PALETTES)
        case "glyphs":
            return list(SETS)
        case "motion":
            return list(MOTION)
        case "speed":
            return ["0.25", "0.5", "1", "2", "4", "8", "16"]
        case "key" | "moment" | "text" | "nothing":
            return []
