"""Somebody who presses, clicks, turns and drags at random: any dashboard must bear it.

All that is done is drawn from one `Random`; after each thing done the picture is painted and looked
at. What ends a test is an exception anywhere in the app, or a row that is not as wide as the screen.
"""

from __future__ import annotations

import asyncio
from random import Random
from typing import Final

from textual.events import Click, Key, MouseScrollDown, MouseScrollUp, Paste
from textual.pilot import Pilot

from tui.dashboard import MasterlessApp
from tui.keys import KEYS, Action
from tui.widgets.frameview import FrameView

TURNS: Final = 1_000
BREATH: Final = 40
"""Things between two moments in which everything that was begun may end."""
SMALLEST: Final = (20, 5)
LARGEST: Final = (200, 60)
LETTERS: Final = "abcdefghijklmnoprstuvwxyz0123456789 ,|./!:é"
WORDS: Final = (
    "at 12:15:04", "at 3:00", "room r", "key a", "speed 4", "speed 1/8", "theme mono",
    "theme default", "glyphs ascii", "glyphs braille", "glyphs block", "filter n2", "node n3", "mark here",
    "matrix", "undo", "kill n4", "start n4", "isolate n1", "partition n1,n2", "cut n1 n2", "heal", "rewind",
    "nonsense", "live", "freeze", "help", "home", "flow", "compare",
)  # fmt: skip
PRESSED: Final = tuple(key for row in KEYS for key in row.keys if row.action != "quit")


class Kept(MasterlessApp):
    """Does everything but leave, and play comparisons, which are processes of their own."""

    def leave(self) -> None:
        """Not now."""

    def do(self, action: Action) -> None:
        """All but what would end it, or cost the machine something."""
        if action == "run" and self.desk.screen == "compare":
            return
        super().do(action)


async def play(pilot: Pilot[int], rng: Random, times: int, said: str) -> None:
    """So many random things. `said` is printed with what was done last when something breaks."""
    app = pilot.app
    assert isinstance(app, Kept)
    done: list[str] = []
    try:
        for _ in range(times):
            done.append(await _once(pilot, app, rng))
            _check(app)
            if len(done) % BREATH == 0:
                await pilot.pause()
        await pilot.pause()
    except BaseException:
        print(f"{said}, after {len(done)} things; the last: {', '.join(done[-12:])}")
        print(f"then on {app.desk.screen}, over {app.desk.under}, at {app.size}")
        raise


async def _once(pilot: Pilot[int], app: Kept, rng: Random) -> str:
    view = app.query_one(FrameView)
    kind = rng.choices(["key", "letter", "click", "wheel", "resize", "line", "paste"],
                       [50, 10, 22, 8, 3, 6, 1])[0]  # fmt: skip
    width, height = view.size
    x, y = rng.randrange(max(1, width)), rng.randrange(max(1, height))
    if kind == "key":
        done = rng.choice(PRESSED)
        _press(app, done)
    if kind == "letter":
        letter = rng.choice(LETTERS)
        app.post_message(Key(rng.choice(["backspace", "enter", "tab", letter, letter]), letter))
        done = f"letter {letter!r}"
    elif kind == "click":
        if rng.random() < 0.7 and (hits := app.frame(app.seen(), width, height).hits):
            hit = rng.choice(hits)
            x, y = hit.x + rng.randrange(max(1, hit.width)), hit.y
        view.post_message(Click(view, x, y, 0, 0, 1, False, False, False, x, y))
        done = f"click {x},{y}"
    elif kind == "wheel":
        turned = rng.choice([MouseScrollDown, MouseScrollUp])
        view.post_message(turned(view, x, y, 0, 0, 0, False, False, False, x, y))
        done = f"{turned.__name__} {x},{y}"
    elif kind == "resize":
        size = tuple(rng.randint(*ends) for ends in zip(SMALLEST, LARGEST, strict=True))
        await pilot.resize_terminal(*size)
        return f"resize {size}"
    elif kind == "paste":
        app.post_message(Paste("room/7\nand more\x1b[31m"))
        done = "paste"
    else:
        words = rng.choice(WORDS)
        _press(app, "escape", rng.choice(["colon", "colon", "slash"]))
        await _settled(app, view)
        app.post_message(Paste(words))
        _press(app, *rng.choice([["enter"], ["tab", "enter"], ["enter"], ["escape"]]))
        done = f"typed {words!r}"
    await _settled(app, view)
    return done


def _press(app: Kept, *keys: str) -> None:
    """As a terminal would tell of it, without `Pilot.press`'s waits."""
    for key in keys:
        app.post_message(Key(key, key if len(key) == 1 else None))


async def _settled(app: Kept, view: FrameView) -> None:
    """Until everything posted was taken."""
    for _ in range(TURNS):
        await asyncio.sleep(0)
        if not app.message_queue_size and not view.message_queue_size:
            return


def _check(app: Kept) -> None:
    """What is shown is as large as the screen, and every row as wide as it says."""
    app.paint(app.present())
    view = app.query_one(FrameView)
    for y in range(view.size.height):
        strip = view.render_line(y)
        assert strip.cell_length == view.size.width, (y, strip.text)
        assert len(strip.text) == view.size.width
