"""The key screen: where one key lives, who holds which version, its forks, what a read returns now.

Asked of the nodes, not folded from facts: each row is one node's own answer. Where nobody can be
asked (a recording, a simulated cluster, the past) it says so and shows only where the key belongs.
The history alone adds what the trace still tells of the key.
"""

from __future__ import annotations

from typing import Final

from cluster.model.member import NodeId
from cluster.model.rooms.naming import room_of
from tui.draw.chrome import FOOT, TOP, fit, paint_chrome
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS
from tui.judge.detail.copies import home_of, relation, sentence, vector, worth
from tui.judge.detail.history import Happening, history, replaced, some_key
from tui.judge.exposure import common_ring
from tui.judge.foreign.telling import without
from tui.judge.standing import standing
from tui.judge.verdict import Verdict
from tui.judge.wording import counted, listed, millis
from tui.scene import Scene, clock
from tui.screens.pieces.parts import age, name_role
from tui.seen.inspection import Copy, Reading, Relation

_WORD: Final[dict[Relation, tuple[str, str]]] = {
    "newest": ("newest", "good"),
    "behind": ("behind", "warn"),
    "apart": ("apart", "bad"),
    "nothing": ("nothing", "muted"),
    "unknown": ("no answer", "faint"),
}


def paint(scene: Scene, width: int, height: int) -> Frame:
    """The whole screen."""
    frame = Frame(width, height)
    seen = scene.inspection
    ring = common_ring(scene.view.nodes, scene.now)
    spot, partition, owners = home_of(seen.key, ring) if seen.key else (0, -1, ())
    detail = f"{seen.key}   0x{spot:08x}   partition {partition}" if seen.key else "no key chosen"
    untold = without(scene.view, "copies")
    said = Verdict(untold, "muted") if untold else sentence(seen, owners)
    paint_chrome(frame, scene, "key", detail, said)
    y = TOP + (1 if height >= 22 else 0)
    bottom = height - FOOT
    if seen.typing is not None:
        y = _prompt(frame, scene, y, bottom)
    if untold or not seen.key:
        return frame
    for part in (_home, _copies, _history, _readings):
        if y < bottom:
            y = part(frame, scene, y, bottom, owners) + 1
    return frame


def _prompt(frame: Frame, scene: Scene, y: int, bottom: int) -> int:
    x = frame.text(2, y, "key ", "accent", bold=True)
    x = frame.text(x, y, fit(scene.inspection.typing or "", frame.width - 24), "")
    x = frame.text(x, y, "▏" if scene.glyphs != "ascii" else "_", "accent")
    frame.text(x + 2, y, "enter asks, esc gives up", "faint")
    known = some_key(scene.view.trace)
    if known and y + 1 < bottom:
        frame.text(2, y + 1, fit(f"for example  {known}", frame.width - 3), "muted")
        return y + 3
    return y + 2


Owners = tuple[NodeId, ...]


def _home(frame: Frame, scene: Scene, y: int, bottom: int, owners: Owners) -> int:
    """The walk around the ring: who owns it, who stands in."""
    key = fit(scene.inspection.key, max(8, frame.width - 48))
    x = frame.text(2, y, key, "accent", bold=True)
    x = frame.text(x, y, "  lives at  ", "muted")
    for place, name in enumerate(owners):
        held = standing(scene.view, name, scene.now) if name in scene.view.nodes else None
        x = frame.text(x, y, name, name_role(scene, name), bold=True)
        if held is not None:
            x = frame.text(x + 1, y, held.glyph(scene.glyphs), held.role)
        x = frame.text(x, y, "  " if place + 1 < len(owners) else "", "rule")
    answering = [c.node for c in scene.inspection.copies if c.node in owners and c.held is not None]
    if answering:
        frame.text(x + 2, y, fit(f"answering: {listed(answering)}", frame.width - x - 3), "muted")
    room = room_of(scene.inspection.key.encode())
    if room is not None and y + 1 < bottom:
        frame.text(
            2,
            y + 1,
            fit(f"the record of room {room}: who holds its name, and its state", frame.width - 3),
            "muted",
        )
        return y + 2
    return y + 1


def _copies(frame: Frame, scene: Scene, y: int, bottom: int, owners: Owners) -> int:
    """One row per node that is an owner, holds something, or did not answer."""
    seen = scene.inspection
    wide = frame.width >= 100
    frame.text(2, y, "where", "muted")
    frame.text(14, y, "holds", "muted")
    frame.text(25, y, "version vector", "muted")
    frame.text(50 if wide else 44, y, "value", "muted")
    shown = [c for c in seen.copies
             if c.node in owners or (c.held is not None and c.held.siblings)]  # fmt: skip
    shown.sort(key=lambda c: owners.index(c.node) if c.node in owners else len(owners))
    for copy in shown:
        y += 1
        if y >= bottom:
            return y
        _copy(frame, scene, y, copy, owner=copy.node in owners)
    return y + 1


def _copy(frame: Frame, scene: Scene, y: int, copy: Copy, *, owner: bool) -> None:
    wide = frame.width >= 100
    stands = relation(copy, scene.inspection.copies)
    word, role = _WORD[stands]
    known = copy.node in scene.view.nodes
    held = standing(scene.view, copy.node, scene.now) if known else None
    frame.text(2, y, fit(copy.node, 5), name_role(scene, copy.node), bold=True)
    if held is not None:
        frame.text(8, y, held.glyph(scene.glyphs), held.role)
    frame.text(10, y, "" if owner else "◦" if scene.glyphs != "ascii" else "*", "muted")
    frame.text(14, y, word, role, bold=stands in ("newest", "apart"))
    frame.hit(0, y, 13, 1, copy.node)
    if copy.held is None:
        frame.text(25, y, fit(copy.trouble or "not asked yet", frame.width - 26), "faint")
        return
    x = 50 if wide else 44
    frame.text(25, y, fit(vector(copy.held.context), x - 26), "")
    siblings = copy.held.siblings
    values = " | ".join(worth(s) for s in siblings) or "–"
    # Of the asking: how old the value is, the history tells.
    when = f"  asked {age(scene.now - copy.at)} ago" if wide and copy.at else ""
    frame.text(
        x, y, fit(values, frame.width - x - 1 - len(when)), "warn" if len(siblings) > 1 else ""
    )
    frame.right(frame.width - 1, y, when, "faint")


def _history(frame: Frame, scene: Scene, y: int, bottom: int, owners: Owners) -> int:
    """What was written, kept apart and mended, where, newest last; several values are a fork."""
    del owners
    seen = scene.inspection
    lines = history(seen.copies, scene.view.trace, seen.key, scene.now)
    gone = replaced(seen.copies)
    if not lines:
        return y - 1
    forked = max((len(c.held.siblings) for c in seen.copies if c.held), default=0) > 1
    x = frame.text(2, y, "history, newest last; of operations only traced ones", "muted")
    if forked:
        fork = "forked: values that do not know of each other, not merged yet"
        fork = fork if len(fork) <= frame.width - x - 4 else "forked: not merged yet"
        frame.text(x + 3, y, fit(fork, frame.width - x - 4), "warn")
    readings = len(seen.readings) + 2 if seen.readings else 0
    room = bottom - y - 1 - readings
    room = room if room > 1 else bottom - y - 1
    if room < 1:
        return y + 1
    cut = max(0, len(lines) + bool(gone) - room)
    if cut or gone:
        cut += 1 if cut and not gone else 0
        before = [counted(cut, "earlier line")] if cut else []
        if gone:
            before.append(
                f"{counted(gone, 'older value')} replaced since, held by none that answers"
            )
        y += 1
        frame.text(4, y, fit(f"… {', '.join(before)}", frame.width - 5), "faint")
    for line in lines[cut:]:
        y += 1
        _happening(frame, scene, y, line)
    return y + 1


def _happening(frame: Frame, scene: Scene, y: int, line: Happening) -> None:
    mark = SETS[scene.glyphs].alive if line.dot else " "
    frame.text(4, y, mark, "")
    x = frame.text(6, y, fit(line.dot or line.node, 10), name_role(scene, line.node), bold=True)
    x = frame.text(max(x, 12) + 1, y, clock(scene, line.at, 3), "faint")
    role = {"plain": "", "muted": "muted", "warn": "warn", "good": "good", "bad": "bad"}[line.tone]
    frame.text(x + 2, y, fit(line.text, frame.width - x - 3), role)


def _readings(frame: Frame, scene: Scene, y: int, bottom: int, owners: Owners) -> int:
    """What clients get now."""
    del owners
    readings = scene.inspection.readings
    if not readings:
        return y - 1
    frame.text(2, y, "if you read it now", "muted")
    for reading in readings[: max(0, bottom - y - 1)]:
        y += 1
        frame.text(4, y, fit(_read(reading), frame.width - 5),
                   "" if reading.status in (200, 404) else "warn")  # fmt: skip
    return y + 1


def _read(reading: Reading) -> str:
    how = f"R={reading.r}" if reading.r else "as configured"
    through = f"{how} through {reading.through}"
    match reading.status:
        case 200:
            said = f"a value, from {listed(reading.replicas)}, {millis(reading.took_us)}"
        case 300:
            said = f"several values and the context that resolves them, {millis(reading.took_us)}"
        case 404:
            said = f"absent ({reading.detail or 'nothing there'}), {millis(reading.took_us)}"
        case 0:
            said = "no answer"
        case status:
            said = f"{status}: {reading.detail}"
    return f"{through:<24} {said}"
