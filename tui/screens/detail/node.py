"""The node screen: one node's last minute, its peers, what it owns, owes and did.

Every figure is its own report, on one axis of time; what was not reported is blank. The first line
under the title is about this node and not about the cluster.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cluster.model.member import NodeId
from cluster.model.summary import Told
from tui.draw.chrome import FOOT, TOP, fit, paint_chrome
from tui.draw.frame import Frame
from tui.draw.sparkline import of_node, spark, top_of
from tui.judge.agreement import agreement, is_live
from tui.judge.detail import portrait as figures
from tui.judge.detail.portrait import kept_for, pace, places_of, portrait, ranges, rooms_of
from tui.judge.foreign.telling import telling, tells, without
from tui.judge.wording import counted, listed, seconds
from tui.scene import Scene
from tui.screens.detail.peers import paint_peers
from tui.screens.pieces.forecast import profile_of
from tui.screens.pieces.parts import age, event, name_role, number, speaker
from tui.view import EventLine, NodeView, Sample

Row = tuple[str, Callable[[Sample], float], bool, Told]
"""Heading, figure, whether it is a level (the worst of a column, the last word) and not a rate, and what
a cluster has to tell for it."""
ROWS: Final[tuple[Row, ...]] = (
    ("puts/s", figures.puts, False, "operations"),
    ("gets/s", figures.gets, False, "operations"),
    ("p50 ms", figures.median_ms, False, "latencies"),
    ("p99 ms", figures.slowest_ms, False, "latencies"),
    ("hints kept", figures.hints, True, "hints"),
    ("messages/s", figures.messages, False, "messages"),
    ("network kB/s", figures.network_kb, False, "network"),
    ("disk kB/s", figures.disk_kb, False, "disk"),
    ("loop lag ms", figures.lag_ms, True, "lag"),
    ("memory MB", figures.memory_mb, True, "memory"),
)
OF_MACHINES: Final[tuple[Told, ...]] = ("disk", "lag", "memory")
DID_LEAST: Final = 3


def paint(scene: Scene, width: int, height: int) -> Frame:
    """The whole screen, of the chosen node or else the first."""
    frame = Frame(width, height)
    name = subject(scene)
    if name is None:
        paint_chrome(frame, scene, "node", "no node has been heard of")
        return frame
    said = portrait(scene.view, name, scene.now)
    paint_chrome(frame, scene, "node", _title(scene, scene.view.nodes[name]), said)
    y = TOP + (1 if height >= 22 else 0)
    bottom = height - FOOT
    if bottom - y < 3:
        return frame
    wide = width >= 100
    told = _rows(scene, scene.view.nodes[name])
    rows = min(_depth(scene, name, told), bottom - y)
    peers = width - (52 if wide else 20)
    _history(frame, scene, y, told[:rows], name, peers - (4 if wide else 2))
    _extras(frame, scene, y + len(told), rows - len(told), name, peers - (4 if wide else 2))
    if width >= 60:
        paint_peers(frame, scene, (peers, y), rows, name)
    y += rows + 1
    if wide and bottom - y >= 12:
        y = _holdings(frame, scene, y, name)
        beside = _settings(frame, scene, y + 1, bottom, peers)
        _did(frame, scene, y + 1, bottom, name, width - 3, (beside, peers - 4))
    elif bottom - y >= 1:
        y = _brief(frame, scene, y, name)
        _did(frame, scene, y + 1, bottom, name, width - 3)
    return frame


def subject(scene: Scene) -> NodeId | None:
    """Whom the screen is about."""
    if scene.selected in scene.view.nodes:
        return scene.selected
    return next(iter(scene.view.nodes), None)


def _title(scene: Scene, node: NodeView) -> str:
    parts = [node.name, node.gossip or "address unknown"]
    if node.started_at and is_live(node, scene.now) and tells(scene.view, "uptime"):
        parts.append(f"up {age(scene.now - node.started_at)}")
    if node.telling is None:
        parts.append(f"incarnation {node.incarnation}")
    elif node.incarnation:
        parts.append(f"came back {node.incarnation}×")
    if node.flaps:
        parts.append(f"flapped {node.flaps}×")
    if node.health:
        parts.append(f"self-doubt {node.health}")
    return "   ".join(parts)


# --- its last minute -----------------------------------------------------------------------------


def _rows(scene: Scene, node: NodeView) -> list[Row]:
    """The figures that such a cluster tells. What a machine would tell is not told where there is
    none: no process takes no memory, so one of ours that says it does is simulated."""
    wanted: dict[str, Row] = {row[0]: row for row in ROWS if tells(scene.view, row[3])}
    if telling(scene.view) is not None and wanted.pop("puts/s", None):
        # Of another engine operations are counted together.
        wanted["gets/s"] = ("operations/s", figures.gets, False, "operations")
    if node.telling is None and node.samples and not any(map(figures.memory_mb, node.samples)):
        rows = wanted.values()
        return [r for r in rows if r[3] not in OF_MACHINES or any(map(r[1], node.samples))]
    return list(wanted.values())


def _depth(scene: Scene, name: NodeId, told: list[Row]) -> int:
    """How many rows the upper part takes: the figures and what only its engine has, or its peers."""
    extras = len(scene.view.nodes[name].extras)
    return max(len(told) + extras, min(len(ROWS), len(scene.view.nodes)))


def _extras(frame: Frame, scene: Scene, y: int, rows: int, name: NodeId, right: int) -> None:
    """What only its engine has, as it last said it."""
    for row, (what, figure) in enumerate(scene.view.nodes[name].extras[: max(0, rows)]):
        frame.text(2, y + row, fit(what, right - 4))
        frame.right(right, y + row, fit(figure, right - 4 - len(what)))


def _history(frame: Frame, scene: Scene, y: int, rows: list[Row], name: NodeId, right: int) -> None:
    """One row a figure, each on its own scale; beside it the mean of now, or the last level."""
    node = scene.view.nodes[name]
    columns = max(0, right - 15 - 8)
    live = is_live(node, scene.now)
    for row, (heading, value, level, _) in enumerate(rows):
        frame.text(2, y + row, heading, "")
        series = of_node(node, scene.now, columns, value, worst=level)
        role = name_role(scene, name) + "b"
        frame.text(15, y + row, spark(series, top_of([series], 1.0), scene.glyphs), role)
        latest = -1.0
        if live and node.samples:
            latest = value(node.samples[-1]) if level else pace(node, scene.now, value).now
        frame.right(right, y + row, number(latest) if latest >= 0 else "–",
                    "" if latest >= 0.05 else "faint")  # fmt: skip


# --- what it owns and owes -----------------------------------------------------------------------


def _holdings(frame: Frame, scene: Scene, y: int, name: NodeId) -> int:
    """Wide: places and partitions on the left, debts on the right. Returns the row after both."""
    split = frame.width - 52
    left = _places(scene, name)
    right = _debts(scene, name)
    for row, parts in enumerate(left):
        _line(frame, (2, y + row), parts, split - 4)
    for row, parts in enumerate(right):
        _line(frame, (split, y + row), parts, frame.width - split - 2)
    return y + max(len(left), len(right))


def _line(frame: Frame, place: tuple[int, int], parts: list[tuple[str, str]], width: int) -> None:
    x, y = place
    end = x + width
    for text, role in parts:
        x = frame.text(x, y, fit(text, max(0, end - x)), role)


_WHICH: Final = ("first", "second", "third")
Parts = list[tuple[str, str]]


def _places(scene: Scene, name: NodeId) -> list[Parts]:
    node = scene.view.nodes[name]
    held = places_of(scene.view, name, scene.now)
    if node.ring is None:
        return [[(without(scene.view, "ring") or "it has not told of its ring", "muted")]]
    total = node.ring.partitions * node.ring.replicas
    owns = sum(map(len, held))
    if not owns:
        return [[(f"owns none of {total} places", "muted")]]
    lines: list[Parts] = [
        [(f"owns {owns} of {total} places", "muted"), (f", {node.keys:,} keys", "muted")]
    ]
    for copy, partitions in enumerate(held):
        word = _WHICH[copy] if copy < len(_WHICH) else f"{copy + 1}th"
        lines.append([(f"{word:<7} ", ""), (ranges(partitions) or "–", "")])
    if node.filling:
        waits = f", waits for {node.waiting_on}" if node.waiting_on else ""
        lines.append(
            [("fills   ", "joining"), (f"{counted(node.filling, 'place')}{waits}", "joining")]
        )
    return lines


def _debts(scene: Scene, name: NodeId) -> list[Parts]:
    """What it keeps for others and others for it, how its copies compare, the rooms it runs."""
    view, now = scene.view, scene.now
    node = view.nodes[name]
    judged = agreement(view, now)
    lines: list[Parts] = []
    for depth in node.hints[:3]:
        text = f"{counted(depth.count, 'write')}, oldest {seconds(now - depth.oldest_at)}"
        lines.append([(f"keeps for {depth.target}  ", "warn"), (text, "")])
    if not node.hints and node.telling is None:
        lines.append([("keeps no writes for others", "muted")])
    kept = kept_for(view, name, judged)
    if kept:
        where = ", ".join(f"{count:,} at {other}" for other, count in kept.items())
        lines.append([("kept for it  ", "warn"), (where, "")])
    if node.telling is None:
        lines.append(_trees(scene, node))
    for row in list(node.transfers.values())[:2]:
        source = f" from {row.source}" if row.source else ""
        what = row.waiting_on or f"{row.keys:,} keys, {row.size / 1e6:.1f} MB{source}"
        lines.append([(f"fills partition {row.partition}  ", "joining"), (what, "")])
    if node.drain is not None:
        left = f"{counted(node.drain.partitions, 'partition')} to hand over"
        lines.append([("gives up its places  ", "warn"), (node.drain.waiting_on or left, "")])
    if node.faults:
        lines.append([("its links  ", "bad"), (", ".join(node.faults), "")])
    count, rooms = rooms_of(view, name)
    if count:
        more = f" …{count - len(rooms)} more" if count > len(rooms) else ""
        lines.append([(f"{counted(count, 'room')}  ", "muted"), (" ".join(rooms) + more, "")])
    return lines


def _trees(scene: Scene, node: NodeView) -> Parts:
    compared = [like for like in node.trees if like.at]
    if not compared:
        return [("its copies have not been compared yet", "muted")]
    latest = max(compared, key=lambda like: like.at)
    differing = [like for like in compared if not like.clean]
    ago = f"{age(scene.now - latest.at)} ago"
    if not differing:
        return [("copies equal to ", "muted"), (f"{listed([c.peer for c in compared])}, {ago}", "")]
    worst = max(differing, key=lambda like: (like.differing + like.unready, like.peer))
    count = worst.differing + worst.unready
    text = f"{count} of {worst.shared} partitions with {worst.peer}, {ago}"
    return [("copies differ  ", "warn"), (text, "")]


def _brief(frame: Frame, scene: Scene, y: int, name: NodeId) -> int:
    """Narrow: two lines of the same."""
    node = scene.view.nodes[name]
    held = sum(map(len, places_of(scene.view, name, scene.now)))
    total = node.ring.partitions * node.ring.replicas if node.ring is not None else 0
    said = without(scene.view, "ring")
    parts = [said or f"owns {held} of {total} places, {node.keys:,} keys"]
    parts += [
        f"keeps {depth.count:,} for {depth.target}, oldest {seconds(scene.now - depth.oldest_at)}"
        for depth in node.hints[:1]
    ]
    kept = kept_for(scene.view, name, agreement(scene.view, scene.now))
    if kept:
        parts.append(f"{sum(kept.values()):,} kept for it at {listed(list(kept))}")
    count, _ = rooms_of(scene.view, name)
    if count:
        parts.append(counted(count, "room"))
    frame.text(2, y, fit(" · ".join(parts), frame.width - 3))
    return y + 1


# --- what it did ---------------------------------------------------------------------------------


def did(scene: Scene, name: NodeId) -> list[EventLine]:
    """Its own lines of the log, and what was done to it, oldest first."""
    fate = (f"declares {name} dead", f"goes on without {name}:")
    return [
        line
        for line in scene.view.events
        if line.at <= scene.now
        and (
            line.node == name
            or line.text.replace(",", " ").replace("'", " ").split()[0] == name
            or line.text.startswith(fate)
        )
    ]


def _did(
    frame: Frame,
    scene: Scene,
    y: int,
    bottom: int,
    name: NodeId,
    width: int,
    beside: tuple[int, int] = (0, 0),
) -> None:
    """`beside`: so many rows have something to their right, and are only so wide."""
    rows = bottom - y - 1
    if rows < 1:
        return
    lines = did(scene, name)[-rows:]
    frame.text(2, y, f"what {name} did and what was said of it, newest last", "muted")
    if not lines:
        frame.text(2, y + 1, "nothing worth a line", "faint")
    longest = max((len(speaker(line.node)) for line in lines), default=0)
    for row, line in enumerate(lines, start=y + 1):
        room = beside[1] if row < y + beside[0] else width
        event(frame, scene, (2, row), room - 2, line, min(8, longest), brief=True)


def _settings(frame: Frame, scene: Scene, y: int, bottom: int, x: int) -> int:
    """The few settings that explain what is seen here. Returns how many rows they take."""
    config = profile_of(scene)
    if config is None:
        return 0
    member, gossip = config.membership, config.membership.gossip_period_us
    lines = [
        ("probes", f"one peer every {seconds(member.probe_period_us)}"),
        ("asks others after", f"{seconds(member.probe_timeout_us)} without an answer"),
        ("dead after", f"{seconds(member.crash_suspicion_us)} refused, "
                       f"{seconds(member.suspicion_min_us)} silent"),
        ("off the ring after", f"{seconds(member.evict_after_us)} dead"),
        ("gossip", f"{member.gossip_fanout} peers every {seconds(gossip)}"),
    ]  # fmt: skip
    frame.text(x, y, f"settings that matter here (profile {config.profile})", "muted")
    for row, (what, text) in enumerate(lines[: max(0, bottom - y - 1)], start=y + 1):
        frame.text(x, row, what, "")
        frame.text(x + 20, row, fit(text, frame.width - x - 21), "")
    return 1 + len(lines)
