"""The table of a node's peers: what it holds of each, what each holds of it, and the way between.

One row a peer, as many as there is room for; the rest are counted. Ages are by the node's own last
report. The round trip is that of its last probe which the peer answered itself; where none was told
(older nodes), the time stands there that traced messages took one way, with an arrow.
"""

from __future__ import annotations

from typing import Final

from cluster.model.member import MemberState, NodeId
from tui.draw.chrome import fit
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS
from tui.judge.agreement import is_live
from tui.judge.detail.portrait import Way, ways
from tui.judge.foreign.telling import tells
from tui.judge.wording import brief, millis
from tui.scene import Scene
from tui.screens.pieces.parts import age, name_role, state_glyph
from tui.view import Belief, NodeView

LATE_US: Final = 1_500_000
"""Not heard for longer than this is worth a look."""


def paint_peers(
    frame: Frame, scene: Scene, place: tuple[int, int], rows: int, name: NodeId
) -> None:
    """Draw the table at (x, y) in at most `rows` rows, its heading included."""
    x, y = place
    node = scene.view.nodes[name]
    wide = frame.width - x >= 50
    others = [other for other in scene.view.nodes if other != name]
    holds = "holds" if is_live(node, scene.now) else "held"
    head = f"peers   it {holds:<9} heard   round trip   of it" if wide else "peers   heard  of it"
    if wide and estimated(node):
        head = f"peers   it {holds:<5}  estimated round trip   of it"
    elif not wide and not tells(scene.view, "heard"):
        head = "peers     trip of it"
    if not _timed(scene, node):
        head = f"peers   it {holds}{'':26}of it" if wide else "peers          of it"
    frame.text(x, y, head, "muted")
    if not others:
        frame.text(x, y + 1, "none: it is alone", "faint")
    shown = others if len(others) < rows else others[: max(0, rows - 2)]
    roads = ways(scene.view, name, scene.now) if wide else {}
    for row, other in enumerate(shown, start=y + 1):
        if wide:
            _wide(frame, scene, (x, row), node, scene.view.nodes[other], roads.get(other))
        else:
            _brief(frame, scene, (x, row), node, scene.view.nodes[other])
        frame.hit(x, row, frame.width - x, 1, other)
    if len(shown) < len(others) and rows >= 2:
        frame.text(x, y + 1 + len(shown), f"… {len(others) - len(shown)} more", "muted")


def _timed(scene: Scene, node: NodeView) -> bool:
    """Whether anything is told of how its peers answer."""
    return estimated(node) or tells(scene.view, "heard") or tells(scene.view, "round trips")


def estimated(node: NodeView) -> bool:
    """Whether its round trips were worked out (from coordinates) and not measured."""
    return node.telling is not None and "round trips" in node.telling.estimates


def _brief(
    frame: Frame, scene: Scene, place: tuple[int, int], node: NodeView, peer: NodeView
) -> None:
    x, y = place
    held = node.beliefs.get(peer.name)
    glyph, role, _ = _held(scene, held)
    held_alive = held is not None and held.state is MemberState.ALIVE
    _name(frame, scene, place, peer.name, 3)
    frame.text(x + 4, y, glyph, role if is_live(node, scene.now) else "faint", bold=True)
    if tells(scene.view, "heard"):
        _heard(frame, scene, (x + 12, y), node, peer.name)
        _back(frame, scene, (x + 14, y), node, peer, brief=True)
        return
    if held_alive and peer.name in node.round_trips:
        about = "~" if estimated(node) else ""
        frame.right(x + 13, y, about + millis(node.round_trips[peer.name]))
    _back(frame, scene, (x + 15, y), node, peer, brief=True)


def _wide(
    frame: Frame,
    scene: Scene,
    place: tuple[int, int],
    node: NodeView,
    peer: NodeView,
    way: Way | None,
) -> None:
    x, y = place
    held = node.beliefs.get(peer.name)
    glyph, role, word = _held(scene, held)
    _name(frame, scene, place, peer.name, 7)
    frame.text(x + 8, y, f"{glyph} {word}", role if is_live(node, scene.now) else "faint")
    if not _timed(scene, node):
        _back(frame, scene, (x + 41, y), node, peer, brief=False)
        return
    if not estimated(node):
        _heard(frame, scene, (x + 26, y), node, peer.name)
    if way is not None and way.lost * 2 > way.sent:
        frame.right(x + 38, y, f"{way.lost} lost", "bad")
    elif held is None or held.state is not MemberState.ALIVE:
        frame.right(x + 38, y, "–", "faint")
    elif peer.name in node.round_trips:
        frame.right(x + 38, y, f"{node.round_trips[peer.name] / 1000:.1f} ms", "")
    elif way is not None and way.median_us >= 0:
        arrow = ">" if scene.glyphs == "ascii" else "→"
        frame.right(x + 38, y, f"{arrow} {way.median_us / 1000:.1f} ms", "")
    else:
        frame.right(x + 38, y, "–", "faint")
    _back(frame, scene, (x + 41, y), node, peer, brief=False)


def _name(frame: Frame, scene: Scene, place: tuple[int, int], name: NodeId, width: int) -> None:
    called = brief(scene.view.nodes, width).get(name, name) if len(name) > width else name
    frame.text(*place, fit(called, width), name_role(scene, name), bold=True)


def _heard(
    frame: Frame, scene: Scene, place: tuple[int, int], node: NodeView, peer: NodeId
) -> None:
    """How long ago it last heard the peer itself; `place` is where the text ends."""
    at = node.heard.get(peer, 0)
    late = bool(at) and scene.now - at > LATE_US
    frame.right(*place, age(scene.now - at) if at else "–", "warn" if late else "")


def _held(scene: Scene, belief: Belief | None) -> tuple[str, str, str]:
    glyphs = SETS[scene.glyphs]
    if belief is None:
        return glyphs.joining, "joining", "not met"
    glyph, role = state_glyph(glyphs, belief.state)
    return glyph, role, belief.state.word


def _back(
    frame: Frame,
    scene: Scene,
    place: tuple[int, int],
    node: NodeView,
    peer: NodeView,
    *,
    brief: bool,
) -> None:
    """What the peer holds of the node, if the peer is heard."""
    if not is_live(peer, scene.now):
        silent = SETS[scene.glyphs].silent
        frame.text(*place, silent if brief else f"{silent} not heard", "faint")
        return
    glyph, role, word = _held(scene, peer.beliefs.get(node.name))
    frame.text(*place, glyph if brief else f"{glyph} {word}", role)
