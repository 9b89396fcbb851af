"""The membership matrix: a row is what one node believes of each of the others.

Nobody else shows this: "the cluster is healthy" and every node listing other members is the same
moment (SCREENS 1). A cell is a state and an incarnation; ▐ marks one that differs from its
column's majority, in a split from that of its side. Below: who learned the latest news from whom,
when so many knew beside what theory predicts of gossip, and how long each disagreement lasted.
"""

from __future__ import annotations

from msgspec import Struct

from cluster.model.member import NodeId
from tui.draw.chrome import FOOT, TOP, fit, paint_chrome
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS
from tui.draw.sparkline import bridged, bucketed, spark
from tui.driving.targets import Jump
from tui.judge.agreement import Agreement, agreement, differs, sides
from tui.judge.court.crowns import architecture_of
from tui.judge.foreign.telling import telling
from tui.judge.recap import took
from tui.judge.standing import has_left
from tui.judge.wording import brief, listed
from tui.scene import Scene, clock, hue
from tui.screens.pieces.bundles import SINGLE_MAX, odd_ones, paint_bundles
from tui.screens.pieces.hearsay import hearsay
from tui.screens.pieces.parts import age, band, state_glyph
from tui.screens.pieces.roster import crown, followed
from tui.screens.pieces.spreading import ROWS, WIDTH_MIN, briefly, paint_spread
from tui.view import NodeView


class Grid(Struct, frozen=True):
    """Where the columns are."""

    x: int
    cell: int
    names: tuple[NodeId, ...]
    """Those that fit, in order."""
    agrees: int
    stale: int
    heard: int
    behind: int
    behind_width: int
    digits: bool
    follows: int = 0
    """0: there are no masters."""
    name: int = 2


def _grid(frame: Frame, names: list[NodeId], *, ruled: bool = False, counted: bool = True) -> Grid:
    wide = frame.width >= 100
    label = max(8, *(len(n) for n in names)) + 4 if wide else 6
    label += 2 if ruled else 0
    spent = (11 if wide else 9) if ruled else 0
    right = (36 if wide else 26) + spent
    room = frame.width - label - right
    cell = max(2, min(8 if wide else 5, room // max(1, len(names))))
    shown = tuple(names[: max(1, room // cell)])
    follows = label + len(shown) * cell + 1
    agrees = label + len(shown) * cell + (3 if wide else 2) + spent
    stale = agrees + (9 if wide else 7)
    heard = stale + 8 if wide else 0
    beside = max(12, min(22, max(map(len, names)) + 8))
    behind = (heard + beside) if wide else stale + 7
    width = max(0, min(48, frame.width - behind - 1))
    return Grid(
        label, cell, shown, agrees, stale, heard, behind if width >= 8 else 0, width,
        cell >= 4 and counted, follows if ruled else 0, 4 if ruled else 2,
    )  # fmt: skip


def paint(scene: Scene, width: int, height: int) -> Frame:
    """The whole screen."""
    frame = Frame(width, height)
    paint_chrome(frame, scene, "matrix", "a row is what one node believes")
    names = list(scene.view.nodes)
    bottom = height - FOOT
    if not names or height < 8:
        return frame
    y = TOP + (1 if height >= 22 else 0)
    judged = agreement(scene.view, scene.now)
    if len(names) > SINGLE_MAX and judged.observers:
        y = paint_bundles(frame, scene, y, bottom - 2, judged)
        if bottom - y >= 1:
            frame.runs(2, y, odd_ones(judged, width - 4))
            y += 1
        if bottom - y >= 1:
            _legend(frame, scene, y, 1)
        return frame
    ruled = architecture_of(scene.view) != "masterless"
    # Members of other engines have no incarnations: what is counted is how often we saw them return.
    grid = _grid(frame, names, ruled=ruled, counted=telling(scene.view) is None)
    rows = min(len(names), bottom - y - 2)
    airy = bottom - y >= 2 * len(names) + 18
    step = 2 if airy else 1
    _header(frame, scene, grid, y)
    y += step
    for row, name in enumerate(names[:rows]):
        _row(frame, scene, grid, y + row * step, scene.view.nodes[name], judged)
    y += rows * step
    if len(names) > rows or len(names) > len(grid.names):
        more = [f"… {len(names) - rows} more rows"] if len(names) > rows else []
        if len(names) > len(grid.names):
            more.append(f"columns: the first {len(grid.names)} of {len(names)} nodes")
        frame.text(2, y, fit("   ".join(more), width - 3), "muted")
        y += 1
    elif bottom - y >= 2:
        y = _known(frame, grid, y + (1 if height >= 30 and not airy else 0), judged)
    if bottom - y >= 3:
        y = _legend(frame, scene, y + 1, 2 if bottom - y >= 8 else 1)
    if bottom - y >= 4:
        _below(frame, scene, y + 1, bottom)
    return frame


def _header(frame: Frame, scene: Scene, grid: Grid, y: int) -> None:
    wide = frame.width >= 100
    frame.text(grid.name, y, "believes" if wide else "row", "muted")
    if grid.follows:
        frame.text(grid.follows, y, "follows", "muted")
    room = grid.cell - 1
    cut = brief(scene.view.nodes, room)
    for column, name in enumerate(grid.names):
        role = f"owner{hue(scene.view, name)}"
        x = grid.x + column * grid.cell
        # Where a name does not fit, its end tells more: of n1 to n32 all begin alike.
        frame.text(
            x, y, name if len(name) <= room else cut.get(name, name[-room:]), role, bold=True
        )
    frame.text(grid.agrees, y, "agrees", "muted")
    frame.text(grid.stale, y, "stale", "muted")
    if grid.heard:
        frame.text(grid.heard, y, "last heard", "muted")
    if grid.behind:
        text = "behind, last 60 s" if wide else "behind 60 s"
        frame.text(grid.behind, y, text[: grid.behind_width], "muted")


def _row(frame: Frame, scene: Scene, grid: Grid, y: int, node: NodeView, judged: Agreement) -> None:
    glyphs = SETS[scene.glyphs]
    chosen = node.name == scene.selected
    if chosen:
        frame.text(0, y, glyphs.here, "selection", bold=True)
    role = f"owner{hue(scene.view, node.name)}"
    room = grid.x - grid.name - 1
    called = node.name
    if len(called) > room:
        called = brief(scene.view.nodes, room).get(called, called[:room])
    frame.text(grid.name, y, called, role, bold=True)
    if grid.follows:
        crown(frame, scene, 2, y, node)
        said, follows_role = followed(scene, node)
        frame.text(grid.follows, y, said[:9], follows_role, bold=follows_role in ("crown", "bad"))
    live = node.name in judged.observers
    left = has_left(node, judged)
    if not live and grid.x >= 10 and len(node.name) <= 3:
        word = {"gone": "gone", "paused": "paused"}.get(node.process, "silent")
        word = "left" if left else word
        frame.text(grid.name + 1 + len(node.name), y, word[: grid.x - grid.name - 3], "muted")
    for column, other in enumerate(grid.names):
        x = grid.x + column * grid.cell
        if other == node.name:
            frame.text(x, y, "self" if grid.cell >= 5 else "·", "faint")
        elif not live:
            frame.text(x, y, glyphs.left if left else glyphs.silent, "faint")
        else:
            _cell(frame, scene, grid, (x, y), node, other, judged)
    if live:
        _judgement(frame, scene, grid, y, node, judged)
    else:
        frame.right(grid.agrees + 6, y, "–", "faint")
        frame.right(grid.stale + 5, y, age(scene.now - node.reported_at) if node.reported_at else
                    "–", "warn")  # fmt: skip
        if grid.heard:
            frame.text(grid.heard, y, "none", "faint")
    if grid.behind:
        points = [(m.at, float(m.behind[node.name])) for m in scene.view.history
                  if node.name in m.behind]  # fmt: skip
        series = bridged(bucketed(points, scene.now, 60_000_000, grid.behind_width, worst=True))
        top = max(2.0, *(v for v in series if v is not None), 0.0)
        frame.text(grid.behind, y, spark(series, top, scene.glyphs), f"{role}b")
    if chosen:
        band(frame, y)
    frame.hit(0, y, frame.width, 1, node.name)


def _cell(
    frame: Frame,
    scene: Scene,
    grid: Grid,
    at: tuple[int, int],
    node: NodeView,
    other: NodeId,
    judged: Agreement,
) -> None:
    x, y = at
    glyphs = SETS[scene.glyphs]
    belief = node.beliefs.get(other)
    odd = differs(node, judged.seen_by(node.name)[other])
    chosen = scene.selected in (node.name, other)
    if odd:
        frame.text(x - 1, y, glyphs.differs, "warn", bold=True)
    if belief is None:
        frame.text(x, y, glyphs.joining, "joining")
        return
    glyph, role = state_glyph(glyphs, belief.state)
    frame.text(x, y, glyph, role, bold=odd or chosen)
    if grid.digits:
        frame.text(x + 1, y, str(belief.incarnation)[: grid.cell - 2], "" if odd else "faint")


def _judgement(
    frame: Frame, scene: Scene, grid: Grid, y: int, node: NodeView, judged: Agreement
) -> None:
    known = sum(1 for name in grid.names if name != node.name)
    columns = judged.seen_by(node.name)
    odd = sum(1 for name in grid.names if differs(node, columns[name]))
    text = f"{known - odd}/{known}"
    frame.right(grid.agrees + 6, y, text, "warn" if odd else "", bold=bool(odd))
    since = judged.stale_since(node.name)
    frame.right(grid.stale + 5, y, age(scene.now - since) if since else "0.0s",
                "warn" if since else "muted", bold=bool(since))  # fmt: skip
    if grid.heard:
        last = max(((at, n) for n, at in node.heard.items()), default=(0, NodeId("")))
        said = f"{last[1]}, {age(scene.now - last[0])}" if last[0] else "–"
        frame.text(grid.heard, y, fit(said, (grid.behind or frame.width) - grid.heard - 1), "")


def _known(frame: Frame, grid: Grid, y: int, judged: Agreement) -> int:
    """Under each column: how many hold the majority's belief; in a split, its own side's."""
    fitted = False
    for column, name in enumerate(grid.names):
        subject = judged.subjects[name]
        if not subject.observers:
            continue
        holders = judged.seen_by(name)[name].holders
        text = f"{holders}/{subject.observers}"
        if len(text) >= grid.cell:
            text = str(holders)
        if len(text) >= grid.cell:
            continue  # side by side, two numbers would be one
        fitted = True
        x = grid.x + column * grid.cell
        frame.text(x, y, text, "muted" if subject.agreed else "warn", bold=not subject.agreed)
    if fitted:
        frame.text(2, y, "known by" if grid.x >= 10 else "by", "muted")
    return y + fitted


def _legend(frame: Frame, scene: Scene, y: int, rows: int) -> int:
    """What the marks mean, in one row or two; what does not fit whole is left away. Where to go on."""
    glyphs = SETS[scene.glyphs]
    split = sides(scene.view, scene.now)
    named = " | ".join(listed(list(side), 4) for side in split)
    most = f"its own side: {named}" if split else "the majority"
    parts: list[tuple[str, str]] = [
        (glyphs.alive, "alive"), (" alive", "muted"),
        (glyphs.suspect, "suspect"), (" suspect", "muted"),
        (glyphs.dead, "dead"), (" dead", "muted"),
        (glyphs.silent, "faint"), (" no answer", "muted"),
        (glyphs.joining, "joining"), (" joining", "muted"),
        (glyphs.left, "faint"), (" left, itself", "muted"),
        (glyphs.differs, "warn"), (f" differs from {most}", "muted"),
    ]  # fmt: skip
    if frame.width >= 100 and telling(scene.view) is not None:
        pass
    elif frame.width >= 100:
        parts += [("", ""), ("digit = incarnation", "muted")]
    else:
        parts[-1] = (" differs", "muted")
    x, last = 2, y + rows - 1
    for mark, word in zip(parts[::2], parts[1::2], strict=True):
        length = len(mark[0]) + len(word[0])
        if x + length > frame.width - 1 and y < last and x > 2:
            x, y = 2, y + 1
        if x + length <= frame.width - 1:
            x = frame.runs(x, y, [mark, word]) + 2
    return y + 1


def _below(frame: Frame, scene: Scene, y: int, bottom: int) -> None:
    """Who told whom, and how long disagreements last."""
    past = _disagreements(scene, frame.width - 4)
    rows = bottom - y
    y = _spread(frame, scene, y, max(2, rows - (3 if past else 0)))
    y += 1
    room = bottom - y
    shown = scene.view.disagreements[-(room - 1) :] if room >= 2 else ()
    if room >= 2 and past:
        head = "disagreements, and how long until all live views were the same"
        frame.text(2, y, fit(head, frame.width - 4), "muted")
        for row, line in enumerate(past[-(room - 1) :], start=1):
            frame.runs(2, y + row, line)
            at = shown[row - 1].began
            frame.hit(2, y + row, len(line[0][0]) - 2, 1, Jump("matrix", at=at))


def _spread(frame: Frame, scene: Scene, y: int, rows: int) -> int:
    """The tree of tellers, and theory: beside it where there is room, else in a line below."""
    tree = hearsay(scene, frame.width - 4, rows)
    x = max((2 + sum(len(text) for text, _ in line) + 3 for line in tree), default=0)
    beside = bool(tree) and rows >= ROWS and frame.width - x >= WIDTH_MIN
    line = [] if beside or not tree or rows < ROWS else briefly(scene, frame.width - 4)
    if line:
        tree = [*hearsay(scene, frame.width - 4, rows - 1), line]
    for row, said in enumerate(tree):
        frame.runs(2, y + row, said)
        _told(frame, scene, y + row, said)
    if beside and paint_spread(frame, scene, max(x, frame.width * 4 // 7), y):
        return y + max(len(tree), ROWS)
    return y + len(tree)


def _told(frame: Frame, scene: Scene, y: int, line: list[tuple[str, str]]) -> None:
    """Nodes named in the tree lead to what they did."""
    x = 2
    for text, _ in line:
        if text in scene.view.nodes:
            frame.hit(x, y, len(text), 1, Jump("node", NodeId(text)))
        x += len(text)


def _disagreements(scene: Scene, width: int) -> list[list[tuple[str, str]]]:
    now = scene.now
    known = scene.view.disagreements
    spans = [(d, (d.ended or now) - d.began) for d in known]
    longest = max((span for _, span in spans), default=0)
    bar_width = max(8, width - 60) if width >= 96 else max(0, width - 46)
    bar = SETS[scene.glyphs].bar
    told = telling(scene.view)
    exact = told.every_us if told is not None else 0  # of what is polled nothing shorter is known
    lines: list[list[tuple[str, str]]] = []
    for d, span in spans:
        lasted = took(span) if span >= exact else f"< {took(exact)}"
        length = max(1, round(span / longest * bar_width)) if longest else 1
        what = d.text or "views differ"
        tail = "" if d.ended else " so far"
        lines.append([
            (f"{clock(scene, d.began, 1)}  ", "faint"),
            (f"{fit(what, 30 if width >= 96 else 20):{30 if width >= 96 else 20}}  ", ""),
            (bar * length, "muted" if d.ended else "warn"),
            (f"  {lasted}{tail}", "" if d.ended else "warn"),
        ])  # fmt: skip
    return lines
