"""What a painter is given: one moment of one cluster, and how the person looks at it.

Every screen is a pure function `paint(scene, width, height) -> Frame`. A painter reads no clock
(`scene.now` is the time shown), keeps no state and imports no Textual. It starts with
`tui.draw.chrome.paint_chrome(frame, scene, "home")`, which writes the first two rows (where am I, the
verdict) and the last two (time or notice, keys); the rows between are its own:
`chrome.TOP <= y < height - chrome.FOOT`. Rows or badges a mouse may choose: `frame.hit(...)`.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from cluster.model.member import NodeId
from tui.contest import Contest
from tui.draw.glyphs import GlyphSet
from tui.driving.line import Line
from tui.judge.measured.choice import Plot
from tui.judge.stories.walk import NOTHING, Look
from tui.seen.inspection import NOT_LOOKING, Inspection
from tui.seen.world import Simulated
from tui.timeline.line import TimeLine
from tui.view import ClusterView

ScreenName = Literal[
    "home",
    "ring",
    "matrix",
    "recovery",
    "events",
    "compare",
    "rooms",
    "plots",
    "node",
    "flow",
    "key",
]

ON_STAGE: Final = "talk"
"""The source of a picture that an audience sees: it is told no keys."""


class Scene(Struct, frozen=True):
    """One moment to draw."""

    view: ClusterView
    now: int
    """Microseconds since 1970: the moment shown. Ages are `now - at`."""
    selected: NodeId | None = None
    room: str = ""
    """The chosen room, on the screen of rooms; empty: none."""
    own: bool = False
    """The cluster was started by us, so faults may be done to it and keys for them are offered."""
    guest: bool = False
    """Looked at on a page in a browser: who leaves it ends nothing, and nothing is written."""
    foreign: bool = False
    """What may be hurt is not ours: only its links, and no process of it."""
    frozen: bool = False
    """The picture is not that of the end: it stands still, or shows what was; the cluster goes on."""
    live: bool = True
    """False for a recording, or when nothing answers any more."""
    notice: str = ""
    """One line of feedback on the last key, shown for a few seconds; empty is none."""
    motion: bool = True
    """False: nothing may move between two reports (TEXTUAL_ANIMATIONS=none)."""
    glyphs: GlyphSet = "braille"
    colour: bool = True
    """False (NO_COLOR): whatever a picture tells by hue must be told by characters instead."""
    zone_us: int = 0
    """Local time minus UTC, so that clocks on the screen are the wall's."""
    source: str = "demo"
    """Where the facts come from, in a word or an address: the first thing on the title line."""
    simulated: Simulated | None = None
    """How the time of a simulated world goes; None: the cluster is real."""
    inspection: Inspection = NOT_LOOKING
    """What the nodes answered about the key that the key screen is about."""
    look: Look = NOTHING
    """Which story, and which step of it, the flow screen shows."""
    contest: Contest = Contest()
    """The comparison of architectures, which is of simulated clusters."""
    line: TimeLine | None = None
    """Where on the time line this moment is; None: there is none."""
    plot: Plot | None = None
    """Which plot is shown large; None: all, where there is room."""
    sieve: str = ""
    """Only lines, nodes and rooms that contain this are shown; empty: all."""
    scroll: int = 0
    """How many rows a log is scrolled back, or a sheet on."""
    typing: Line | None = None
    """The command or filter that is being typed."""


def hue(view: ClusterView, name: NodeId) -> int:
    """The number of a node's colour, 0 to 7: role `owner{hue}`. More than eight nodes share."""
    return list(view.nodes).index(name) % 8 if name in view.nodes else 7


def clock(scene: Scene, at: int, digits: int = 1) -> str:
    """A moment as the screens write it: 14:22:07.4."""
    second, fraction = divmod(at + scene.zone_us, 1_000_000)
    minute, s = divmod(second, 60)
    hour, m = divmod(minute, 60)
    text = f"{hour % 24:02}:{m:02}:{s:02}"
    return f"{text}.{fraction:06}"[: len(text) + 1 + digits] if digits else text
