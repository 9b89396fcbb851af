"""The four lines that every screen shares: where am I, the verdict, time, and the keys.

    row 0            demo / ring   5 nodes   64 partitions × 3 copies          ● LIVE 14:22:07.4
    row 1            the verdict: one sentence with numbers
    row height - 2   a notice on the last key, else the time line with its marks
    row height - 1   the keys valid here

Painters own the rows from `TOP` to `height - FOOT - 1`.
"""

from __future__ import annotations

from typing import Final

from tui.draw.frame import Frame
from tui.draw.glyphs import SETS, spelled
from tui.draw.prompt import paint_typing
from tui.draw.timeline import paint_line
from tui.driving.explaining import explained
from tui.driving.targets import Along, Button
from tui.judge.agreement import agreement
from tui.judge.court.crowns import architecture_of
from tui.judge.standing import has_left
from tui.judge.verdict import Verdict, verdict
from tui.keys import footer
from tui.scene import Scene, ScreenName, clock

TOP: Final = 2
FOOT: Final = 2
TIMELINE_US: Final = 120_000_000
_MARKS: Final = {
    "fault": ("dead", "dead"),
    "suspect": ("suspect", "suspect"),
    "dead": ("dead", "dead"),
    "heal": ("joining", "joining"),
    "back": ("alive", "alive"),
}


def paint_chrome(
    frame: Frame,
    scene: Scene,
    screen: ScreenName,
    detail: str = "",
    said: Verdict | None = None,
) -> None:
    """Write the first two rows and the last two. `detail` follows the cluster's shape; a screen of
    one thing has its own sentence to say instead of the cluster's.
    """
    _title(frame, scene, screen, detail)
    if frame.height > 1:
        said = said or verdict(scene.view, scene.now)
        sentence = said.within(frame.width - 2)
        frame.text(1, 1, sentence, said.tone, bold=True)
        for start, end, jump in explained(sentence, scene.view, scene.now):
            frame.hit(1 + start, 1, end - start, 1, jump)
    if scene.typing is not None and frame.height >= 4:
        paint_typing(frame, scene.typing, scene)
        return
    if frame.height >= 8:
        _time(frame, scene, frame.height - 2)
    if frame.height >= 4:
        x = 0
        for text, role, action in footer(scene, screen, frame.width):
            end = frame.text(x, frame.height - 1, text, role)
            if action is not None:
                frame.hit(x, frame.height - 1, end - x, 1, Button(action))
            x = end


def fit(text: str, width: int) -> str:
    """The text, or as much of it as fits with an ellipsis."""
    return text if len(text) <= width else text[: max(0, width - 1)].rstrip() + "…"


def _title(frame: Frame, scene: Scene, screen: ScreenName, detail: str) -> None:
    view = scene.view
    tables = [node.ring for node in view.nodes.values() if node.ring is not None]
    judged = agreement(view, scene.now)
    members = sum(1 for node in view.nodes.values() if not has_left(node, judged))
    shape = f"{members} node{'' if members == 1 else 's'}"
    least = ""
    if view.sample is not None:
        shape = f"{members:,} nodes, {len(view.sample.watched)} of them watched"
        least = f"{members:,} nodes, {len(view.sample.watched)} watched"
    if tables:
        slots = tables[0].slots
        shape += f"   {slots:,} slots × " if slots else f"   {tables[0].partitions} partitions × "
        shape += "1 copy" if tables[0].replicas == 1 else f"{tables[0].replicas} copies"
    first, *others = scene.source.split(",")
    source = f"{first} and {len(others)} more" if others else first
    x = frame.text(1, 0, fit(source, max(8, frame.width - 38)), "title", bold=True)
    frame.hit(1, 0, x - 1, 1, Button("home"))
    x0 = frame.text(x, 0, " / ", "faint")
    x = frame.text(x0, 0, screen, "accent", bold=True)
    frame.hit(x0, 0, x - x0, 1, Button("next_screen"))
    if scene.sieve:
        sieve = fit(scene.sieve, max(8, frame.width // 5))
        frame.hit(x + 1, 0, len(sieve) + 3, 1, Button("filter"))
        x = frame.text(x + 1, 0, f" /{sieve} ", "frozen", bg="frozen.bg", bold=True)
    if scene.frozen and scene.line is not None and scene.line.playing:
        mark, role = f" REPLAY {spelled(scene.line.pace, scene.glyphs)} ", "frozen"
    elif scene.frozen:
        mark, role = " FROZEN ", "frozen"
    elif scene.simulated is not None:
        mark, role = scene.simulated.word, "notice"
    elif scene.live:
        mark, role = f"{SETS[scene.glyphs].alive} LIVE", "good"
    else:
        mark, role = f"{SETS[scene.glyphs].silent} NOT LIVE", "warn"
    moment = clock(scene, scene.now, 1 if frame.width >= 100 else 0) if scene.now else ""
    end = frame.width - 1 - len(moment)
    frame.text(end, 0, moment, "" if scene.live and not scene.frozen else "warn")
    start = end - len(mark) - 1
    frame.text(start, 0, mark, role, bg="frozen.bg" if scene.frozen else "", bold=True)
    frame.hit(start, 0, len(mark), 1, Button("live" if scene.frozen else "freeze"))
    kind = architecture_of(view)
    if kind != "masterless":
        x = frame.text(x + 3, 0, kind, "crown", bold=True)
    room = start - 2 - (x + 3)
    for text in (f"{shape}   {detail}" if detail else shape, least or detail or shape, shape):
        if len(text) <= room:
            frame.text(x + 3, 0, text, "muted")
            return


def _time(frame: Frame, scene: Scene, y: int) -> None:
    if scene.notice:
        notice = f"{SETS[scene.glyphs].here} {spelled(scene.notice, scene.glyphs)}"
        frame.text(1, y, fit(notice, frame.width - 2), "notice")
        return
    if not scene.now:
        return
    if scene.line is not None:
        paint_line(frame, scene, scene.line, y)
        return
    glyphs = SETS[scene.glyphs]
    left = clock(scene, scene.now - TIMELINE_US, 0)
    x0 = frame.text(1, y, left, "faint") + 1
    right = "now" if scene.live and not scene.frozen else "then"
    x1 = frame.width - 2 - len(right)
    frame.text(x1 + 1, y, right, "faint")
    span = x1 - 1 - x0
    if span < 10:
        return
    frame.text(x0, y, glyphs.line * span, "rule")
    frame.hit(x0, y, span, 1, Along(scene.now - TIMELINE_US, scene.now))
    for minute in (1,):
        frame.text(x0 + span - span * minute * 60_000_000 // TIMELINE_US, y, glyphs.tick, "rule")
    for mark in scene.view.marks:
        back = scene.now - mark.at
        if 0 <= back < TIMELINE_US:
            shape, role = _MARKS[mark.kind]
            glyph = {
                "dead": glyphs.dead,
                "suspect": glyphs.suspect,
                "joining": glyphs.joining,
                "alive": glyphs.alive,
            }[shape]
            frame.text(x0 + span - 1 - span * back // TIMELINE_US, y, glyph, role, bold=True)
