"""Who acted as master when, one row a node on one time axis: two masters are two bars at once.

Stands on the home screen where the ring would say nothing: when every node holds everything, or
one does. Bars are the nodes' own words (`view.court`); where two overlap both are drawn full.
"""

from __future__ import annotations

from typing import Final

from cluster.model.judging.reigns import dual_master_us
from cluster.model.member import NodeId
from tui.draw.chrome import fit
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS
from tui.judge.court.crowns import architecture_of, followers, leaders
from tui.judge.wording import counted, listed, seconds
from tui.scene import Scene, hue
from tui.screens.pieces.roster import crown

SPAN_US: Final = 60_000_000
ROWS_MAX: Final = 8
"""A larger cluster shows only who has reigned."""


def draws_reigns(scene: Scene) -> bool:
    """Whether reigns say more here than the ring: all of it is everywhere, or at one node."""
    return architecture_of(scene.view) in ("single", "failover", "majority")


def reigns_rows(scene: Scene) -> int:
    """How many rows are needed: a heading and one a node."""
    return 1 + len(_shown(scene))


def _shown(scene: Scene) -> list[NodeId]:
    names = list(scene.view.nodes)
    if len(names) <= ROWS_MAX:
        return names
    reigned = {r.node for r in scene.view.court.reigns if (r.ended or scene.now) > _since(scene)}
    return [name for name in names if name in reigned][:ROWS_MAX]


def _since(scene: Scene) -> int:
    return scene.now - SPAN_US


def paint_reigns(frame: Frame, scene: Scene, y: int) -> int:
    """Draw them from row y; return the row after them."""
    wide = frame.width >= 100
    names = _shown(scene)
    x = max(8, *(len(name) + 5 for name in names)) if names else 8
    end = frame.width - 44 if wide else frame.width - 2
    room = max(1, end - x)
    frame.text(2, y, "reigns: who acted as master, last 60 s", "muted")
    spans = {name: _columns(scene, name, room) for name in names}
    glyphs = SETS[scene.glyphs]
    full = "#" if scene.glyphs == "ascii" else "█"
    for row, name in enumerate(names, start=y + 1):
        crown(frame, scene, 2, row, scene.view.nodes[name])
        chosen = name == scene.selected
        colour = f"owner{hue(scene.view, name)}"
        frame.text(4, row, name, colour, bold=chosen)
        for column in range(room):
            if column not in spans[name]:
                frame.text(x + column, row, "·" if not column % 10 else " ", "rule")
                continue
            shared = any(column in spans[other] for other in names if other != name)
            shape, role = (full, "bad") if shared else (glyphs.bar, colour)
            frame.text(x + column, row, shape, role, bold=True)
        frame.hit(0, row, end, 1, name)
    if wide:
        for row, (text, role) in enumerate(_notes(scene)[: len(names)], start=y + 1):
            frame.text(end + 3, row, fit(text, frame.width - end - 4), role)
    return y + 1 + len(names)


def _columns(scene: Scene, name: NodeId, room: int) -> set[int]:
    """The columns in which a node reigned, however short."""
    since = _since(scene)
    found: set[int] = set()
    for reign in scene.view.court.reigns:
        over = reign.ended or scene.now
        if reign.node != name or over <= since:
            continue
        first = max(0, reign.began - since) * room // SPAN_US
        last = min(SPAN_US - 1, over - since) * room // SPAN_US
        found.update(range(first, last + 1))
    return found


def _notes(scene: Scene) -> list[tuple[str, str]]:
    """Who leads whom now, and what reigns have cost so far."""
    view, now = scene.view, scene.now
    crowned = leaders(view, now)
    notes: list[tuple[str, str]] = []
    for master in crowned:
        flock = followers(view, now, master)
        notes.append((f"{master} leads {listed(flock) if flock else 'nobody'}", ""))
    if not crowned:
        notes.append(("nobody is master", "bad"))
    reigns = view.court.reigns
    both = dual_master_us(reigns, now)
    if both:
        notes.append((f"two masters for {seconds(both)} in all", "bad"))
    elif reigns and architecture_of(view) != "single":
        count = len({reign.term for reign in reigns})
        notes.append((f"never two at once, {counted(count, 'term')} seen", "muted"))
    thrown = sum(discard.count for discard in view.court.discards)
    if thrown:
        what = "acknowledged write" if architecture_of(view) == "failover" else "unproven write"
        notes.append((f"{counted(thrown, what)} thrown away", "bad"))
    return notes
