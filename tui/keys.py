"""The one table of keys: what each does, where it is valid and what the screens say about it.

The app binds from it, the footer and the `?` sheet print from it, so help cannot lie. `offered`
decides what is valid now. Faults are offered only on a cluster we started.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from tui.scene import Scene, ScreenName

Action = Literal[
    "home",
    "ring",
    "matrix",
    "recovery",
    "events",
    "compare",
    "rooms",
    "plots",
    "next_screen",
    "previous_screen",
    "next_jump",
    "previous_jump",
    "return",
    "mark",
    "next_node",
    "previous_node",
    "right",
    "left",
    "node",
    "flow",
    "key",
    "older",
    "newer",
    "kill",
    "start",
    "pause",
    "isolate",
    "add",
    "undo",
    "freeze",
    "live",
    "step_back",
    "step_on",
    "previous_mark",
    "next_mark",
    "slower",
    "faster",
    "save",
    "picture",
    "command",
    "filter",
    "help",
    "back",
    "quit",
    "run",
    "step_event",
    "rewind",
    "page",
    "only",
    "gossip",
    "turn",
    "zoom",
]


class Key(Struct, frozen=True):
    """One action and its keys."""

    action: Action
    keys: tuple[str, ...]
    """Textual's names of the keys. None: it shares another's key, see `meant`."""
    cap: str
    """How the keys are written."""
    word: str
    """What the footer says; empty: only in the help."""
    help: str
    """The help's sentence."""
    fault: bool = False
    """Does something to the cluster: only on one we started."""
    rank: int = 5
    """The footer drops the highest ranks first when it is too narrow."""
    only: ScreenName | None = None
    """The one screen on which it does something."""
    simulated: bool = False
    """Turns the time of a simulated world: there is none elsewhere."""


SCREENS: Final[tuple[ScreenName, ...]] = (
    "home",
    "ring",
    "matrix",
    "flow",
    "recovery",
    "events",
    "compare",
    "rooms",
    "plots",
)

KEYS: Final[tuple[Key, ...]] = (
    Key("home", ("1",), "1", "", "home: the verdict, a row per node, the last events"),
    Key("ring", ("2",), "2", "", "ring: who owns what, and the messages now"),
    Key("matrix", ("3",), "3", "", "matrix: who believes what about whom"),
    Key("flow", ("4",), "4", "", "flow: one story, message by message"),
    Key("recovery", ("5",), "5", "", "recovery: the last failure, stage by stage"),
    Key("events", ("6",), "6", "", "events: what happened, newest last"),
    Key("compare", ("7",), "7", "", "compare: five architectures under the same faults"),
    Key("rooms", ("8",), "8", "", "rooms: which node runs which, and where they go"),
    Key("plots", ("0",), "0", "", "plots: latency, answers, bytes and agreement over time"),
    Key("next_screen", ("right_parenthesis",), ") (", "", "the next screen, or the one before"),
    Key("previous_screen", ("left_parenthesis",), "", "", ""),
    Key("next_jump", ("tab",), "tab", "", "the next figure that is explained: enter goes there"),
    Key("previous_jump", ("shift+tab",), "", "", ""),
    Key("return", ("backspace",), "bksp", "", "back to where the last of these was followed"),
    Key("next_node", ("down", "n"), "↓ → n", "", "choose the next node (or click one)"),
    Key("previous_node", ("up", "N"), "↑ ← N", "", "choose the node before"),
    Key("right", ("right",), "→", "", "choose the next room (or click one)"),
    Key("left", ("left",), "←", "", "choose the room before"),
    Key("older", ("pageup",), "PgUp", "", "the story before (any choice holds it)"),
    Key("newer", ("pagedown",), "PgDn", "", "the story after it"),
    Key("only", ("f",), "f", "this", "only what is about this key or node; again: all", rank=1),
    Key("gossip", ("g",), "g", "gossip", "gossip of that time too", rank=1, only="flow"),
    Key("turn", ("t",), "t", "turn", "time down, a row a moment; or right", rank=1, only="flow"),
    Key("zoom", ("z",), "z", "zoom", "closer to the chosen step, at last all", rank=1, only="flow"),
    Key("kill", ("k",), "k", "kill", "kill -9 the chosen node's process", fault=True, rank=1),
    Key("start", ("s",), "s", "start", "start the chosen node again", fault=True, rank=1),
    Key("pause", ("p",), "p", "pause", "stop its process, or let it go on", fault=True, rank=2),
    Key("isolate", ("i",), "i", "isolate", "cut its links, or heal them", fault=True, rank=2),
    Key("add", ("a",), "a", "add", "start one more node", fault=True, rank=3),
    Key("undo", ("u",), "u", "undo", "take back the last of these", fault=True, rank=2),
    Key("run", ("enter",), "enter", "play", "play the chosen schedule", rank=0, only="compare"),
    Key("node", (), "enter", "node", "look at the chosen node alone (esc: back)", rank=4),
    Key("key", ("9", "K"), "9 K", "", "look at one key: who holds which version of it", rank=4),
    Key("freeze", ("space",), "space", "freeze", "freeze the picture, play on from there", rank=4),
    Key("live", ("L",), "L", "live", "back to the live picture (a recording: to its end)"),
    Key("step_back", ("comma",), ", .", "step", "step back or on, fact by fact", rank=6),
    Key("step_on", ("full_stop",), "", "", ""),
    Key("previous_mark", ("left_square_bracket",), "[ ]", "marks", "the mark before or after"),
    Key("next_mark", ("right_square_bracket",), "", "", ""),
    Key("slower", ("left_curly_bracket",), "{ }", "speed", "play slower or faster", rank=6),
    Key("faster", ("right_curly_bracket",), "", "", ""),
    Key("mark", ("m",), "m", "", "mark this moment, with a word if you like: [ ] come back to it"),
    Key("save", ("R",), "R", "", "save what can be rewound to a .rec file, for masterless replay"),
    Key("picture", ("S",), "S", "", "save this picture as an SVG file"),
    Key(
        "step_event",
        ("greater_than_sign",),
        ">",
        "",
        "let one single event happen in the world",
        simulated=True,
    ),
    Key(
        "rewind",
        ("r",),
        "r",
        "back",
        "let the world go on from here by its seed (live: 5 s back)",
        simulated=True,
        rank=1,
    ),
    Key(
        "command",
        ("colon",),
        ":",
        "command",
        "a command (tab completes, ↑ ↓ what was entered)",
        rank=6,
    ),
    Key(
        "filter",
        ("slash",),
        "/",
        "filter",
        "show only what contains this (!word: what does not)",
        rank=6,
    ),
    Key("help", ("question_mark",), "?", "keys", "this sheet", rank=0),
    Key("back", ("escape",), "esc", "", "close this sheet, let go of filter and node, go home"),
    Key("quit", ("q", "ctrl+c"), "q", "quit", "leave; the nodes are stopped", rank=0),
)


SIDEWAYS: Final[tuple[ScreenName, ...]] = ("rooms", "flow", "plots")
"""Where right and left are not what up and down are."""
BOUND: Final[dict[str, Action]] = {name: key.action for key in KEYS for name in key.keys}
FAULTS: Final = frozenset(key.action for key in KEYS if key.fault)
OF_STORIES: Final[tuple[Action, ...]] = ("only", "gossip", "turn", "zoom")
"""How the flow screen is looked at."""
OF_PROCESSES: Final[tuple[Action, ...]] = ("kill", "start", "pause", "add")
"""Faults that only whoever started the processes can do."""
OF_THE_PRESENT: Final[frozenset[Action]] = frozenset(
    ("freeze", "live", "step_on", "step_event", "rewind")
)
"""What turns a world's time, and cannot while it goes back: its present is not there yet."""
NOT_REMOTE: Final[frozenset[Action]] = frozenset(("picture", "save", "run"))
"""What no viewer in a browser can do: write files, play worlds at our cost."""


def valid(key: Key, screen: ScreenName) -> bool:
    """Whether a key means anything on a screen: where no node can be chosen, none can be hurt."""
    if key.action in ("right", "left"):
        return screen in SIDEWAYS
    if key.action == "node":
        return screen not in ("compare", "node")
    if key.action == "only":
        return screen in ("flow", "key")
    if key.action in ("older", "newer"):
        return screen in ("flow", "events")
    return key.only in (None, screen) and not (key.fault and screen == "compare")


def offered(key: Key, scene: Scene) -> bool:
    """Whether pressing this does something now."""
    if scene.foreign and key.action in OF_PROCESSES:
        return False
    if key.fault and (scene.frozen or not scene.own or _goes_back(scene)):
        return False
    if key.action in OF_THE_PRESENT and _goes_back(scene) and not scene.frozen:
        return False
    if key.simulated and not _turns_a_world(scene):
        return False
    if scene.guest and key.action in NOT_REMOTE:
        return False
    node = scene.view.nodes.get(scene.selected) if scene.selected else None
    gone = node is not None and node.process == "gone"
    match key.action:
        case "kill":
            return node is not None and not gone
        case "pause" | "isolate":
            return node is not None and not gone
        case "start":
            return gone
        case "node":
            return node is not None
        case "live" | "step_back" | "previous_mark" | "slower":
            return scene.frozen
        case _:
            return True


def _turns_a_world(scene: Scene) -> bool:
    return scene.simulated is not None and scene.simulated.ours


def _goes_back(scene: Scene) -> bool:
    return scene.simulated is not None and scene.simulated.back >= 0


def word(key: Key, scene: Scene) -> str:
    """The footer's word, which for a toggle is what it would do now."""
    node = scene.view.nodes.get(scene.selected) if scene.selected else None
    if key.action == "pause" and node is not None and node.process == "paused":
        return "resume"
    if key.action == "isolate" and node is not None and node.faults:
        return "heal"
    world = scene.simulated
    if key.action == "freeze" and world is not None and world.ours and not scene.frozen:
        return "go on" if world.paused else "stop"
    if key.action == "freeze" and scene.frozen:
        return "freeze" if scene.line is not None and scene.line.playing else "play"
    return key.word


def meant(action: Action, screen: ScreenName) -> Action:
    """What a key is for on this screen: right and left choose what up and down do, but for rooms
    and stories; enter looks at a node, but plays where schedules are chosen."""
    if action == "run" and screen != "compare":
        return "node"
    if action == "right" and screen not in SIDEWAYS:
        return "next_node"
    return "previous_node" if action == "left" and screen not in SIDEWAYS else action


_ARROWS: Final = (("↓ → n", "down right n"), ("↑ ← N", "up left N"), ("↑↓", "up down"),
                  ("←→", "left right"), ("→", "right"), ("←", "left"),
                  ("↓", "down"), ("↑", "up"))  # fmt: skip
"""How arrows are written where only ASCII is: > is a key of its own."""


def plainly(cap: str, scene: Scene) -> str:
    """How keys are written with the glyphs at hand."""
    if scene.glyphs == "ascii":
        for arrow, said in _ARROWS:
            cap = cap.replace(arrow, said)
    return cap


def cap(key: Key, screen: ScreenName) -> str:
    """How its keys are written: right and left choose a node, except where they are for more."""
    if screen in SIDEWAYS and key.action in ("next_node", "previous_node"):
        return key.cap.replace("→ ", "").replace("← ", "")
    return key.cap


_IN_A_WORLD: Final[dict[Action, str]] = {
    "freeze": "stop the world, or let it go on",
    "quit": "leave; the world ends",
}
"""What keys do where the cluster is simulated and differ in it."""


_ROWS: Final[dict[Action, str]] = {"older": "earlier lines (or the wheel)", "newer": "later lines"}
_STORIES: Final = "only the stories of this key, message by message"
_STEPS: Final[dict[Action, str]] = {
    "next_node": "choose the next step, which holds the story (a click on a lane: its node)",
    "previous_node": "choose the step before",
    "right": "go to what the chosen step led to",
    "left": "go to what led to it",
    "back": "close this sheet, let go of filter, story and node, go home",
}


def explained(key: Key, scene: Scene, screen: ScreenName) -> str:
    """The help's sentence, true of this cluster and screen."""
    if screen == "compare" and key.action in ("next_node", "previous_node"):
        return key.help.replace("node (or click one)", "schedule").replace("node", "schedule")
    if screen == "key" and key.action == "only":
        return _STORIES
    if screen == "events" and key.action in _ROWS:
        return _ROWS[key.action]
    if key.action == "quit" and scene.guest:
        return "leave this page's view; all else goes on"
    if _turns_a_world(scene) and key.action in _IN_A_WORLD:
        return _IN_A_WORLD[key.action]
    if screen == "flow" and key.action in _STEPS:
        return _STEPS[key.action]
    ours = scene.own and not scene.foreign
    return "leave; the cluster goes on" if key.action == "quit" and not ours else key.help


def _short(key: Key, screen: ScreenName) -> str:
    return "messages" if key.action == "only" and screen == "key" else ""


def _rank(key: Key, scene: Scene) -> int:
    """The way back from a frozen picture is never dropped, nor the way to stop a world."""
    stops = scene.frozen or (key.action == "freeze" and _turns_a_world(scene))
    return 0 if key.action in ("freeze", "live") and stops else key.rank


Part = tuple[str, str, Action | None]
"""Of the footer: text, role, what a click on it does."""


def footer(scene: Scene, screen: ScreenName, width: int) -> list[Part]:
    """The last line: the keys valid here, as many as fit, best first."""
    views = [key for key in KEYS if key.action in SCREENS]
    parts: list[tuple[int, str, str, str, tuple[Action, ...]]] = []
    tight = scene.frozen or _turns_a_world(scene)  # then there is more that must not be dropped
    needed = 160 if screen == "flow" else 100
    needed = max(needed, (124 if screen == "compare" else 116) if tight else 0)
    named = len(views) if width >= needed else 0  # the first so many stand close together
    if named:
        for key in views:
            here = key.action == screen
            parts.append((0, key.cap, key.action, "accent" if here else "muted", (key.action,)))
    else:
        all_views: tuple[Action, ...] = tuple(key.action for key in views)
        parts.append((1, " ".join(key.cap for key in views), "views", "muted", all_views))
    comparing = screen == "compare"
    if scene.view.nodes or comparing:
        # Who has chosen a node knows how; until then nothing can be done without it.
        rank = 4 if scene.selected and not comparing else 1
        what = "schedule" if comparing else "step" if screen == "flow" else "node"
        parts.append((rank, "↑↓", what, "muted", ("previous_node", "next_node")))
    if screen == "flow":
        parts.append(
            (2, "←→", "cause" if width < 100 else "cause, effect", "muted", ("left", "right"))
        )
        parts.append((3, "PgUp PgDn", "story", "muted", ("older", "newer")))
    if screen == "rooms":
        parts.append((2, "←→", "room", "muted", ("left", "right")))
    if screen == "plots":
        parts.append((1, "←→", "plot", "muted", ("left", "right")))
    parts.extend(
        (
            _rank(key, scene),
            key.cap,
            _short(key, screen) or word(key, scene),
            "muted",
            _sharing(key),
        )
        for key in KEYS
        if key.word and valid(key, screen) and offered(key, scene)
    )
    parts = [(rank, plainly(c, scene), said, role, acts) for rank, c, said, role, acts in parts]
    room = width - 1
    chosen: set[int] = set()
    for index, (_, cap, said, _, _) in sorted(enumerate(parts), key=lambda part: part[1][0]):
        spent = len(cap) + len(said) + (2 if index < named else 3)
        if spent <= room + (1 if named else 2):
            room -= spent
            chosen.add(index)
    line: list[Part] = []
    for index, (_, cap, said, role, actions) in enumerate(parts):
        if index in chosen:
            line.append(("  " if line and index >= named else " ", "", None))
            line.extend(_caps(cap, actions))
            line.append((f" {said}", role, actions[0] if len(actions) == 1 else None))
    return line


def _sharing(key: Key) -> tuple[Action, ...]:
    """A key's action and those of the keys written with it: `[ ]` are two."""
    actions: list[Action] = [key.action]
    for after in KEYS[KEYS.index(key) + 1 :]:
        if after.cap:
            break
        actions.append(after.action)
    return tuple(actions)


def _caps(cap: str, actions: tuple[Action, ...]) -> list[Part]:
    """How keys are written, cut where one ends and the next begins."""
    if len(actions) == 1:
        return [(cap, "key", actions[0])]
    tokens = cap.split(" ")
    if len(tokens) != len(actions):
        return [(char, "key", action) for char, action in zip(cap, actions, strict=True)]
    spaced: list[Part] = []
    for token, action in zip(tokens, actions, strict=True):
        if spaced:
            spaced.append((" ", "key", None))
        spaced.append((token, "key", action))
    return spaced
