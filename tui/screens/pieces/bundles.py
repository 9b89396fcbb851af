"""The matrix of a large cluster: columns of several nodes, rows of those who are watched.

A cell shows the worst that any observer of its row believes of any node of its column, and ▐ where
one of these beliefs differs from its majority: nothing bad is ever averaged away. What stands
together is said in the header; the chosen node is marked in its column.
"""

from __future__ import annotations

from msgspec import Struct

from cluster.model.member import MemberState, NodeId
from tui.draw.chrome import fit
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS
from tui.judge.agreement import Agreement, Held
from tui.judge.wording import listed
from tui.scene import Scene
from tui.screens.pieces.parts import age, state_glyph

SINGLE_MAX = 40
"""Up to so many nodes each has a row and a column of its own."""


class Bundles(Struct, frozen=True):
    """What stands together."""

    columns: tuple[tuple[NodeId, ...], ...]
    rows: tuple[tuple[NodeId, ...], ...]


def bundles(names: list[NodeId], observers: list[NodeId], columns: int, rows: int) -> Bundles:
    """So many columns and rows at most, each of as many neighbours as the others (but the last)."""
    return Bundles(_cut(names, columns), _cut(observers, rows))


def _cut(names: list[NodeId], room: int) -> tuple[tuple[NodeId, ...], ...]:
    size = max(1, -(-len(names) // max(1, room)))
    if size > 1:  # round sizes are read at a glance
        size = next(s for s in (2, 5, 10, 20, 25, 50, 100, 250, 500, 1_000) if s >= size)
    return tuple(tuple(names[i : i + size]) for i in range(0, len(names), size))


def paint_bundles(frame: Frame, scene: Scene, y: int, bottom: int, judged: Agreement) -> int:
    """Draw the matrix; returns the row after it."""
    names = list(scene.view.nodes)
    observers = list(judged.observers)
    label = 14 if frame.width >= 100 else 10
    right = 20 if frame.width >= 100 else 9
    cut = bundles(names, observers, frame.width - label - right, max(1, bottom - y - 4))
    each, together = len(cut.columns[0]), len(cut.rows[0]) if cut.rows else 1
    said = f"a column is {each} nodes" if each > 1 else "a column is one node"
    said += f", a row {together} observers" if together > 1 else ", a row one observer"
    said += ": the worst of what they believe" if frame.width >= 100 else ": the worst"
    sample = scene.view.sample
    if sample is not None:
        said += f"; {len(sample.watched)} of {sample.nodes:,} are watched"
    frame.text(2, y, fit(said, frame.width - 4), "muted")
    y += 1
    for column in range(0, len(cut.columns), 10):
        frame.text(label + column, y, cut.columns[column][0], "faint")
    frame.text(label + len(cut.columns) + 2, y, "agree", "muted")
    if frame.width >= 100:
        frame.text(label + len(cut.columns) + 10, y, "stale", "muted")
    y += 1
    for row in cut.rows:
        _row(frame, scene, (label, y), row, cut, judged)
        y += 1
    chosen = scene.selected
    for column, held in enumerate(cut.columns):
        if chosen in held:
            frame.text(label + column, y, "▴" if scene.glyphs != "ascii" else "^", "selection")
            frame.text(2, y, fit(chosen or "", label - 3), "selection", bold=True)
    return y + 1


def _row(
    frame: Frame,
    scene: Scene,
    at: tuple[int, int],
    row: tuple[NodeId, ...],
    cut: Bundles,
    judged: Agreement,
) -> None:
    x, y = at
    glyphs = SETS[scene.glyphs]
    name = " ".join(row) if len(row) <= 2 else f"{row[0]} … {row[-1]}"
    if len(row) > 2 and len(name) > x - 3:
        name = f"{row[0]}…"
    frame.text(2, y, fit(name, x - 3), "title" if scene.selected in row else "", bold=True)
    differing = {other for observer in row for other in judged.differing.get(observer, ())}
    for column, held in enumerate(cut.columns):
        worst = _worst(scene, row, held)
        if worst is None:
            frame.text(x + column, y, glyphs.joining, "joining")
            continue
        glyph, role = state_glyph(glyphs, worst)
        odd = not differing.isdisjoint(held)
        if odd and worst is MemberState.ALIVE:
            frame.text(x + column, y, glyphs.differs, "warn", bold=True)
        else:
            frame.text(x + column, y, glyph, role, bold=odd)
    right = x + len(cut.columns) + 2
    agree = sum(1 for observer in row if not judged.differing.get(observer))
    word = f"{agree}/{len(row)}" if len(row) > 1 else "yes" if agree else "no"
    frame.text(right, y, word, "" if agree == len(row) else "warn", bold=agree < len(row))
    if frame.width >= 100:
        since = min((s for o in row if (s := judged.stale_since(o))), default=0)
        frame.text(right + 8, y, age(scene.now - since) if since else "0.0s",
                   "warn" if since else "muted")  # fmt: skip
    if len(row) == 1:
        frame.hit(0, y, x, 1, row[0])


_GRAVITY = (
    MemberState.SUSPECT,
    MemberState.DEAD,
    MemberState.REMOVED,
    MemberState.LEFT,
    MemberState.ALIVE,
)
"""What is shown first. A suspicion is news; who left is no trouble."""


def _worst(scene: Scene, row: tuple[NodeId, ...], held: tuple[NodeId, ...]) -> MemberState | None:
    """The gravest belief of these observers about these nodes; None: some are not known at all."""
    found: set[MemberState] = set()
    for observer in row:
        beliefs = scene.view.nodes[observer].beliefs
        for name in held:
            belief = beliefs.get(name)
            if belief is not None:
                found.add(belief.state)
            elif name != observer:
                return None
    return next((state for state in _GRAVITY if state in found), MemberState.ALIVE)


def odd_ones(judged: Agreement, width: int) -> list[tuple[str, str]]:
    """In words: who is not simply alive, as most believe. The columns are too small to say it."""
    by_state: dict[str, list[NodeId]] = {}
    for name, subject in judged.subjects.items():
        held: Held | None = subject.majority
        if held is not None and held.state is not MemberState.ALIVE:
            by_state.setdefault(held.state.name.lower(), []).append(name)
    parts = [f"{listed(names)} {word}" for word, names in by_state.items()]
    said = "; ".join(parts) if parts else "everybody is held alive"
    return [(fit(said, width), "warn" if parts else "muted")]
