"""The nodes in large: one band each, its word, whom it follows, what it serves, what the others hold.

For an audience: three rows a node where there is room, one where there is not. Bars of one picture
share their scale. What a node has not reported is left blank.
"""

from __future__ import annotations

from typing import Final

from cluster.model.member import NodeId
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS
from tui.judge.agreement import agreement, is_live
from tui.judge.court.crowns import architecture_of, crown_of, following
from tui.judge.exposure import common_ring, places
from tui.judge.standing import stand
from tui.scene import Scene, hue
from tui.view import NodeView

RECENT: Final = 8
"""Pulses over which a rate is averaged."""
BAR: Final = 24
_STATE: Final = {
    "alive": "alive",
    "refusing": "suspect",
    "suspect": "suspect",
    "dead": "dead",
    "removed": "dead",
}


def paint_nodes(scene: Scene, width: int, height: int) -> Frame:
    """All nodes, in the view's order."""
    frame = Frame(width, height)
    view = scene.view
    nodes = list(view.nodes.values())
    if not nodes:
        return frame
    each = max(1, min(4, (height - 1) // len(nodes)))
    rates = {node.name: _rate(node) if is_live(node, scene.now) else 0.0 for node in nodes}
    most = max([1.0, *rates.values()])
    y = max(0, (height - each * len(nodes)) // 2)
    for node in nodes:
        if y >= height:
            break
        _band(frame, scene, node, y, each, rates[node.name], most)
        y += each
    return frame


def _band(
    frame: Frame, scene: Scene, node: NodeView, y: int, rows: int, rate: float, most: float
) -> None:
    view, now = scene.view, scene.now
    judged = agreement(view, now)
    standing = stand(node, judged, now)
    role = _STATE.get(standing.word, "muted")
    owner = f"owner{hue(view, node.name)}"
    crowned = architecture_of(view) != "masterless"
    if crown_of(view, node, now) == "worn":
        frame.text(0, y, "*" if scene.glyphs == "ascii" else "♛", "suspect", bold=True)
    x = frame.text(2, y, f"{node.name:<5}", owner, bold=True)
    x = frame.text(x, y, f"{standing.glyph(scene.glyphs)} {standing.word:<10}", role)
    if crowned and is_live(node, now):
        word = following(node)
        x = frame.text(x, y, f"{word:<13}", "suspect" if node.rule.leads else "muted")
    elif not crowned:
        x = frame.text(x, y, f"{_share(scene, node.name):<13}", "muted")
    if frame.width >= 52 and rate:
        frame.right(frame.width - 1, y, f"{rate:,.0f} answers/s", "muted")
    if rows >= 3:
        _second(frame, scene, node, y + 1, rate, most, owner)


def _second(
    frame: Frame, scene: Scene, node: NodeView, y: int, rate: float, most: float, owner: str
) -> None:
    """What it serves as a bar; what waits for it, or what the others hold of it."""
    full = "=" if scene.glyphs == "ascii" else "━"
    length = min(BAR, frame.width - 30)
    done = round(length * rate / most)
    frame.text(8, y, full * done, owner)
    frame.text(8 + done, y, ("." if scene.glyphs == "ascii" else "┄") * (length - done), "faint")
    x = 8 + length + 2
    if node.queue:
        frame.text(x, y, f"{node.queue:,} wait", "dead" if node.queue > 32 else "suspect")
        return
    kept = sum(depth.count for depth in node.hints)
    if kept and is_live(node, scene.now):
        frame.text(x, y, f"keeps {kept:,} hints", "suspect")
        return
    running = scene.view.rooms.held.get(node.name, 0)
    if running and is_live(node, scene.now):
        frame.text(x, y, f"{running} room{'' if running == 1 else 's'}", "muted")
    elif node.keys and is_live(node, scene.now):
        frame.text(x, y, f"{node.keys:,} keys", "muted")
    elif not is_live(node, scene.now):
        frame.text(x, y, SETS[scene.glyphs].silent, "dead")


def _rate(node: NodeView) -> float:
    """Operations a second that it took for clients, over the last pulses."""
    samples = node.samples[-RECENT:]
    span = sum(sample.interval_us for sample in samples)
    done = sum(sample.rates.puts + sample.rates.gets for sample in samples)
    return done * 1e6 / span if span else 0.0


def _share(scene: Scene, name: NodeId) -> str:
    ring = common_ring(scene.view.nodes, scene.now)
    held = places(ring) if ring is not None else {}
    whole = sum(held.values())
    return f"{100 * held.get(name, 0) / whole:.0f}% of places" if whole else ""
