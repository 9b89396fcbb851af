"""The `?` sheet: every key valid on this screen, and what the shapes mean.

Printed from the same table that the app binds from, over the screen it explains.
"""

from __future__ import annotations

from typing import Final

from tui.draw.frame import Frame
from tui.draw.glyphs import SETS, Glyphs
from tui.driving.commands import COMMANDS
from tui.judge.wording import counted
from tui.keys import KEYS, NOT_REMOTE, OF_PROCESSES, SCREENS, Key, cap, explained, plainly, valid
from tui.scene import Scene, ScreenName

_COMET: Final = "a comet is a real message, slowed to be seen; ✕ one that got lost"
_TALLY: Final = "on a line: messages traced in the last second; ✕ how many got lost"
"""Where nothing may move."""
_ABOUT: Final[dict[ScreenName, tuple[str, ...]]] = {
    "home": ("one row per node; the last column is what each other node believes of it",),
    "ring": (
        "outer band: who holds the first copy; inner bands: second and third",
        "hatched arcs: the owner is suspect or paused; dissolved: it is gone",
        _COMET,
        "dots inside: rooms, in the hue of who runs them; a square on a chord: one moves",
    ),
    "matrix": ("each row is what one node believes; a bar marks what differs from most",),
    "recovery": ("each stage with its time, and what an open one waits for",),
    "events": ("what the nodes and the lab reported, newest last",),
    "compare": (
        "↑ ↓ choose a schedule; enter plays it, again with the next seed",
        "five simulated clusters, same faults and clients; height: share answered",
    ),
    "key": (
        "every row is one node's own answer; behind: it lacks what another knows",
        "apart: it knows what no other copy does; two values at one node are a fork",
    ),
    "flow": (
        "a lane per node; a slope is a message, dashed and crossed if it was lost",
        "left alone it tells what matters most; a chosen step holds its story",
    ),
    "node": (
        "its own reports of the last minute, each figure on its own scale",
        "it holds: what it believes of a peer; of it: what the peer believes of it",
    ),
    "rooms": (
        "a row per node; its rooms in the order of the ring, one mark a room",
        "an arrow: it just went that way; 2: it runs twice; ○: its node died",
    ),
    "plots": (
        "←→ show one large; upright lines are faults and what ended them",
        "percentiles are of all that was asked in a slot; bytes are counted, not sampled",
    ),
}


Written = list[tuple[str, str]]
"""A line, as (text, role) parts."""
COMMAND: Final = 26
"""Columns for a command as it is written."""
IN_WORLDS: Final = ("step_event", "rewind")
"""Keys that only a simulated world has."""


def paint_help(frame: Frame, scene: Scene, screen: ScreenName) -> None:
    """Draw the sheet in the middle of a frame, with air where there is room for it. What does not
    fit is reached with the wheel, or with the arrows."""
    room = frame.height - 3
    lines = _lines(scene, screen, room)
    frame.scroll_max = max(0, len(lines) - room)
    start = min(scene.scroll, frame.scroll_max)
    width = min(frame.width, max(len("".join(text for text, _ in line)) for line in lines) + 4)
    shown = lines[start : start + room]
    height = min(frame.height - 1, len(shown) + 2)  # the keys on the last row stay to be seen
    x0 = (frame.width - width) // 2
    y0 = max(0, (frame.height - height) // 2)
    frame.cover(0, frame.height - 1)
    for y in range(y0, y0 + height):
        frame.text(x0, y, " " * width, bg="sheet.bg")
    for row, parts in enumerate(shown):
        x = x0 + 2
        for text, role in parts:
            end = x0 + width - 1
            x = frame.text(x, y0 + 1 + row, text[: max(0, end - x)], role, bg="sheet.bg")
    more = len(lines) - start - len(shown)
    if more or start:
        said = f" {counted(more, 'more line')} below: ↓ " if more else " ↑ "
        said = said if scene.glyphs != "ascii" else said.replace("↓", "down").replace("↑", "up")
        frame.text(x0 + 2, y0 + height - 1, said[: width - 4], "notice", bg="sheet.bg", bold=True)


def _lines(scene: Scene, screen: ScreenName, room: int) -> list[Written]:
    said = [key for key in KEYS if key.help and valid(key, screen)]
    if scene.simulated is None or not scene.simulated.ours:
        said = [key for key in said if key.action not in IN_WORLDS]
    if scene.guest:
        said = [key for key in said if key.action not in NOT_REMOTE]
    views = [key for key in said if key.action in SCREENS]
    title: Written = [("keys on this screen: ", "muted"), (screen, "title")]
    still = {} if scene.motion else {_COMET: _TALLY}
    about: list[Written] = [[(still.get(text, text), "muted")] for text in _ABOUT[screen]]
    looking = [_line(key, scene, screen) for key in said if not key.fault and key not in views]
    looking.append([(_cap(f"{views[0].cap} to {views[-1].cap}"), "key"), (_views(views), "")])
    hurts = [key for key in said if key.fault]
    if scene.foreign:
        hurts = [key for key in hurts if key.action not in OF_PROCESSES]
    acting = [_line(key, scene, screen) for key in hurts] if scene.own else []
    shapes: list[Written] = [_shapes(SETS[scene.glyphs])]
    sections = [section for section in ([title], about, looking, acting, shapes) if section]
    airy: list[Written] = [line for section in sections for line in [*section, []]][:-1]
    dense = [line for section in sections for line in section]
    first = airy if len(airy) <= room else dense if len(dense) <= room else [
        title, *looking, *acting, *shapes,
    ]  # fmt: skip
    return [*first, [], *_commands(scene)]


def _commands(scene: Scene) -> list[Written]:
    """What can be typed after `:`, from the table that it is read by."""
    lines: list[Written] = [[("commands, typed after ", "muted"), (":", "title")]]
    lines.append([(f"{' '.join(SCREENS)}", "key")])
    lines.append([(f"{'':<{COMMAND}} ", ""), ("that screen", "")])
    lines.extend(
        [(f"{command.written:<{COMMAND}} ", "key"), (command.help, "")]
        for command in COMMANDS
        if command.name not in SCREENS and (scene.own or not command.fault)
    )
    return lines


def _views(views: list[Key]) -> str:
    return "  ".join(f"{key.cap} {key.action}" for key in views)


def _cap(text: str) -> str:
    return f"{text:<11} "


def _line(key: Key, scene: Scene, screen: ScreenName) -> list[tuple[str, str]]:
    return [(_cap(plainly(cap(key, screen), scene)), "key"), (explained(key, scene, screen), "")]


def _shapes(glyphs: Glyphs) -> list[tuple[str, str]]:
    return [
        (f"{glyphs.alive} alive  ", "alive"),
        (f"{glyphs.suspect} suspect  ", "suspect"),
        (f"{glyphs.dead} dead  ", "dead"),
        (f"{glyphs.silent} no answer  ", "muted"),
        (f"{glyphs.joining} joining, being filled  ", "joining"),
        (f"{glyphs.left} left, or itself", "muted"),
    ]
