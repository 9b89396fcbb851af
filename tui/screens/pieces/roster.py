"""The home screen's table: one row a node, its words, its last minute, and what the others hold.

The last column is the matrix, turned: what each observer, in the order of the rows, believes of
the row's node. Sparklines of one column share their scale. What a node has not reported is blank.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from cluster.config import ArchitectureName
from cluster.model.member import NodeId
from cluster.model.summary import Telling, Told
from tui.draw.chrome import fit
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS
from tui.draw.sparkline import (
    Series,
    mean,
    of_node,
    operations,
    recent,
    slowest_us,
    spark,
    top_of,
)
from tui.driving.sieve import hidden, kept_nodes
from tui.driving.targets import Jump
from tui.judge.agreement import Agreement, agreement, is_live, watched
from tui.judge.court.crowns import architecture_of, crown_of, following
from tui.judge.exposure import common_ring, places
from tui.judge.foreign.telling import telling
from tui.judge.standing import Standing, has_left, stand
from tui.judge.wording import brief
from tui.scene import Scene, hue
from tui.screens.pieces.parts import age, band, number, state_glyph
from tui.view import NodeView, Sample

NAME_MAX: Final = 12
"""Columns of a name."""


WORDS: Final = 22
"""Columns of what an engine says of a node, before curves are given any."""


class Columns(Struct, frozen=True):
    """Where each column begins, and how wide the sparklines are. A place of 0: not shown.

    With masters a crown stands before the name and whom a node follows in the place of its share;
    then only `primary` has a queue, in the place of hints.
    """

    name: int
    state: int
    share: int
    keys: int
    ops: int
    ops_spark: int
    p99: int
    p99_spark: int
    hints: int
    heard: int
    seen: int
    seen_as_count: bool
    follows: int = 0
    crowned: bool = False
    extras: int = 0
    """What only its engine has, in words: where figures would stand that it does not tell."""
    extras_end: int = 0


def columns(
    width: int,
    names: list[NodeId],
    kind: ArchitectureName = "masterless",
    told: Telling | None = None,
) -> Columns:
    """Spend the width: words first, then sparklines of about equal length. No place is given to what an
    engine does not tell; the words it has of its own stand there.
    """

    def has(what: Told) -> bool:
        return told is None or what in told.tells

    ruled = kind != "masterless"
    name = max([4, *map(len, names)]) if width >= 60 else 4
    narrow = width < 100
    x = 2 + min(NAME_MAX, name) + 1 + (2 if ruled else 0)
    state, x = x, x + 10
    share = follows = keys = hints = heard = 0
    if width >= 40 and ruled:
        follows, x = x, x + (9 if narrow else 11)
    elif width >= 60 and has("ring"):
        share, x = x, x + 6
    if not narrow and has("keys"):
        keys, x = x, x + 9
    as_count = len(names) > (20 if narrow else 40) or width < 60
    seen_width = 5 if as_count else max(len(names), 7 if narrow else 11)
    right = width - 1 - seen_width
    seen = right
    if width >= 66:
        heard = right - 7 if has("heard") else 0
        right = heard or right
        hints = right - 7 if kind in ("masterless", "primary") and has("hints") else 0
        right = hints or right
    # Two columns never touch. Hints and ages are shorter than their columns; what is seen is not.
    beside = 0 if not narrow or hints or heard else 1
    room = right - x - (2 if narrow else 4) - 12 - beside
    ops_spark = max(0, min(60, room * (3 if narrow else 1) // (5 if narrow else 2)))
    p99_spark = max(0, min(60, room - ops_spark))
    if narrow and not has("latencies"):  # its own words stand there: no curve takes their room
        ops_spark = max(0, right - x - 10 - WORDS)
    ops = x + 1
    p99 = ops + ops_spark + 6 + (1 if narrow else 2)
    extras = 0
    if room < 0 and has("latencies"):  # one of the two is left out, rather than both be read as one
        p99 = p99_spark = 0
        ops_spark = right - beside - ops - 6
        if ops_spark < 0:
            ops = ops_spark = 0
    if not has("latencies"):
        extras, p99, p99_spark = p99 if has("operations") else ops, 0, 0
    if not has("operations"):
        ops = ops_spark = 0
    return Columns(
        2, state, share, keys, ops, ops_spark, p99, p99_spark, hints, heard, seen, as_count,
        follows, ruled, extras, right - 2,
    )  # fmt: skip


def paint_roster(frame: Frame, scene: Scene, y: int, rows: int) -> int:
    """Draw the table from row y in at most `rows` rows; return the row after it."""
    view = scene.view
    names = list(view.nodes)
    told = telling(view)
    place = columns(frame.width, names, architecture_of(view), told)
    _header(frame, place, y, names)
    if told is not None:
        _extras(frame, place, y, None, f"what {told.engine} says of it")
    judged = agreement(view, scene.now)
    ring = common_ring(view.nodes, scene.now)
    held = places(ring) if ring is not None else {}
    total = sum(held.values())
    kept = [node.name for node in kept_nodes(scene)]
    shown = _window(kept, scene.selected, rows - 1)
    ops = {n: _series(scene, n, place.ops_spark, operations) for n in names}
    slow = {n: _series(scene, n, place.p99_spark, slowest_us, worst=True) for n in names}
    tops = top_of(ops.values()), top_of(slow.values())
    for row, name in enumerate(shown, start=y + 1):
        node = view.nodes[name]
        chosen = name == scene.selected
        standing = stand(node, judged, scene.now)
        _words(frame, scene, place, row, node, standing)
        if place.follows:
            _follows(frame, scene, place, row, node)
        if total and place.share:
            text = f"{100 * held[name] / total:.1f}%" if name in held else "–"
            frame.right(place.share + 6, row, text, bold=chosen)
            frame.hit(place.share + 6 - len(text), row, len(text), 1, Jump("ring", name))
        if place.keys and watched(view, name) and (told is None or node.reported_at):
            said = f"{node.keys:,}" if node.keys < 100_000 else number(node.keys)
            frame.right(place.keys + 7, row, said, bold=chosen)
        live = is_live(node, scene.now)
        _pace(frame, scene, place, row, node, (ops[name], slow[name]), tops)
        _depths(frame, scene, place, row, node, judged)
        _extras(frame, place, row, node if live else None)
        _seen(frame, scene, place, row, node, judged)
        seen = 5 if place.seen_as_count else len(names)
        frame.hit(place.seen, row, seen, 1, Jump("matrix", name))
        if chosen:
            band(frame, row)
        frame.hit(0, row, frame.width, 1, name)
    if len(shown) < len(names):
        gone, more = hidden(len(kept), len(names)), len(kept) - len(shown)
        below = f"nodes: {gone}" if gone else f"… {more} more nodes"
        frame.text(place.state, y + 1 + len(shown), below, "notice" if gone else "muted")
        return y + 2 + len(shown)
    return y + 1 + len(shown)


def _extras(frame: Frame, place: Columns, y: int, node: NodeView | None, said: str = "") -> None:
    """As much of what only its engine has as there is room for, whole figures only; or the heading."""
    if not place.extras:
        return
    width = place.extras_end - place.extras
    if node is None:
        frame.text(place.extras, y, said[:width], "muted")
        return
    for what, figure in node.extras:
        longer = f"{said}   {what} {figure}" if said else f"{what} {figure}"
        said = longer if len(longer) <= width else said
    frame.text(place.extras, y, said)


def _window(names: list[NodeId], selected: NodeId | None, rows: int) -> list[NodeId]:
    """The rows that fit, always with the chosen one."""
    if len(names) <= rows:
        return names
    size = max(1, rows - 1)
    at = names.index(selected) if selected is not None and selected in names else 0
    start = min(max(0, at - size + 1), len(names) - size)
    return names[start : start + size]


def _header(frame: Frame, place: Columns, y: int, names: list[NodeId]) -> None:
    wide = frame.width >= 100
    frame.text(place.name + (2 if place.crowned else 0), y, "node", "muted")
    frame.text(place.state, y, "state", "muted")
    if place.follows:
        frame.text(place.follows, y, "follows", "muted")
    if place.share:
        frame.right(place.share + 6, y, "share", "muted")
    if place.keys:
        frame.right(place.keys + 7, y, "keys", "muted")
    span = ", last 60 s" if wide else " 60 s"
    if place.ops_spark >= 8:
        frame.text(place.ops, y, f"ops/s{span}"[: place.ops_spark + 5], "muted")
    if place.p99_spark >= 6:
        frame.text(place.p99, y, f"p99 ms{span if wide else ''}"[: place.p99_spark + 5], "muted")
    if place.hints:
        frame.right(place.hints + 6, y, "queue" if place.crowned else "hints", "muted")
    if place.heard:
        frame.right(place.heard + 6, y, "heard", "muted")
    text = "seen" if place.seen_as_count else "seen by"
    if not place.seen_as_count and wide and len(names) > 1:
        first, last = names[0], names[-1]
        prefix = first.rstrip("0123456789")
        numbered = last.startswith(prefix) and len(first) > len(prefix)
        full = f"seen by {first[len(prefix) :]}–{last[len(prefix) :]}"
        text = full if numbered and place.seen + len(full) < frame.width else text
    frame.text(place.seen, y, text, "muted")


def _series(
    scene: Scene,
    name: NodeId,
    width: int,
    value: Callable[[Sample], float],
    *,
    worst: bool = False,
) -> Series:
    return of_node(scene.view.nodes[name], scene.now, width, value, worst=worst)


def _words(
    frame: Frame, scene: Scene, place: Columns, y: int, node: NodeView, standing: Standing
) -> None:
    chosen = node.name == scene.selected
    if chosen:
        frame.text(0, y, SETS[scene.glyphs].here, "selection", bold=True)
    role = f"owner{hue(scene.view, node.name)}"
    if place.crowned:
        crown(frame, scene, place.name, y, node)
    called: str = node.name
    most = place.state - place.name - (3 if place.crowned else 1)
    if len(called) > most:
        called = fit(brief(scene.view.nodes, most).get(called, called), most)
    frame.text(place.name + (2 if place.crowned else 0), y, called, role, bold=True)
    frame.text(place.state, y, standing.glyph(scene.glyphs), standing.role, bold=True)
    well = standing.word == "alive"
    frame.text(
        place.state + 2, y, standing.word, "" if well else standing.role, bold=chosen or not well
    )


def _pace(
    frame: Frame,
    scene: Scene,
    place: Columns,
    y: int,
    node: NodeView,
    lines: tuple[Series, Series],
    tops: tuple[float, float],
) -> None:
    """Operations a second, and how long the slowest took: curves, and the last second's figures."""
    if not watched(scene.view, node.name):
        frame.text(place.ops, y, "not watched", "faint")
        return
    shade = f"owner{hue(scene.view, node.name)}b"
    fresh = recent(node, scene.now) if is_live(node, scene.now) else []
    if place.ops:
        said = number(mean([operations(s) for s in fresh])) if fresh else "–"
        _spark(frame, scene, (place.ops, y), (lines[0], shade), tops[0], said)
    if place.p99:
        slowest = max((slowest_us(s) for s in fresh), default=0)
        ms = slowest / 1000
        said = f"{ms:.1f}" if 0 < slowest < 99_950 else f"{ms:.0f}" if slowest else "–"
        _spark(frame, scene, (place.p99, y), (lines[1], shade), tops[1], said)


def _spark(
    frame: Frame, scene: Scene, at: tuple[int, int], line: tuple[Series, str], top: float, last: str
) -> None:
    (x, y), (series, role) = at, line
    frame.text(x, y, spark(series, top, scene.glyphs), role)
    frame.right(x + len(series) + 6, y, last, "muted" if last in ("–", "0") else "")


def _depths(
    frame: Frame, scene: Scene, place: Columns, y: int, node: NodeView, judged: Agreement
) -> None:
    if place.hints:
        held = node.queue if place.crowned else sum(depth.count for depth in node.hints)
        kept = held if is_live(node, scene.now) else 0
        said = f"{kept:,}" if kept < 10_000 else number(kept)
        frame.right(place.hints + 6, y, said if kept else "·", "warn" if kept else "faint")
        if kept:
            frame.hit(place.hints + 6 - len(said), y, len(said), 1, Jump("node", node.name))
    if not place.heard:
        return
    signs = [scene.view.nodes[n].heard.get(node.name, 0) for n in judged.observers]
    last = max(signs, default=0)
    if len(scene.view.nodes) == 1:
        last = node.reported_at
    old = last and scene.now - last > 1_500_000
    text = age(scene.now - last) if last else "–"
    frame.right(place.heard + 6, y, text, "warn" if old else "")


def crown(frame: Frame, scene: Scene, x: int, y: int, node: NodeView) -> None:
    """The crown of a node that believes to be master, or its shadow."""
    glyphs = SETS[scene.glyphs]
    worn = crown_of(scene.view, node, scene.now)
    if worn:
        shape = glyphs.crown if worn == "worn" else glyphs.shadow
        frame.text(x, y, shape, "crown" if worn == "worn" else "muted", bold=True)


def followed(scene: Scene, node: NodeView) -> tuple[str, str]:
    """Whom it takes for the master, in which term, and the role; its last word when unheard."""
    text = following(node)
    if not is_live(node, scene.now):
        return "–" if node.process == "gone" else text, "faint"
    return text, "crown" if node.rule.leads else "" if node.rule.master else "bad"


def _follows(frame: Frame, scene: Scene, place: Columns, y: int, node: NodeView) -> None:
    text, role = followed(scene, node)
    room = 8 if frame.width < 100 else 10
    frame.text(place.follows, y, text[:room], role, bold=role in ("crown", "bad"))


def _seen(
    frame: Frame, scene: Scene, place: Columns, y: int, node: NodeView, judged: Agreement
) -> None:
    """What each observer believes of this node."""
    if place.seen_as_count:
        subject = judged.subjects[node.name]
        if subject.observers:
            trust = subject.observers - subject.accusers
            frame.text(place.seen, y, f"{trust}/{subject.observers}",
                       "" if not subject.accusers else "suspect")  # fmt: skip
        return
    glyphs = SETS[scene.glyphs]
    for index, (name, observer) in enumerate(scene.view.nodes.items()):
        x = place.seen + index
        belief = observer.beliefs.get(node.name)
        if name == node.name:
            frame.text(x, y, "·", "faint")
        elif has_left(observer, judged):
            frame.text(x, y, glyphs.left, "faint")
        elif name not in judged.observers:
            frame.text(x, y, glyphs.silent, "faint")
        elif belief is None:
            frame.text(x, y, glyphs.joining, "joining")
        else:
            glyph, role = state_glyph(glyphs, belief.state)
            frame.text(x, y, glyph, role)
