"""The plots screen: four pictures of one minute, one idea each, on marks that all share.

How long writes and reads take, how much is answered and refused, what the network carries, and how
long each change took until every node knew of it. Wide frames show all four; a chosen one, and
narrow frames, show one large with the others as a line each. Everything is read from the view, so
it is the same live, frozen, replayed and simulated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from tui.draw.chrome import FOOT, TOP, fit, paint_chrome
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS
from tui.draw.plots.axis import decades, from_zero
from tui.draw.plots.pane import Box, Line, Pane, columns, drawn, paint_pane
from tui.draw.sparkline import spark, top_of
from tui.judge.foreign.telling import without
from tui.judge.measured import changes as convergence
from tui.judge.measured.choice import HIT, PLOTS, Plot
from tui.judge.measured.curves import (
    SPAN_US,
    Curve,
    edge,
    latencies,
    throughput,
    traffic,
    weighed,
)
from tui.scene import Scene
from tui.screens.pieces.parts import number

WIDE: Final = 100
TALL: Final = 20
"""Columns and rows from which all four fit beside each other."""
GAP: Final = 3
BRIEF: Final = 24
"""Columns of the curve of a plot that has one row."""
NOBODY_ASKED: Final = "No client has asked anything yet."
Lines = tuple[Line, ...]


def paint(scene: Scene, width: int, height: int) -> Frame:
    """The whole screen."""
    frame = Frame(width, height)
    chosen = scene.plot
    paint_chrome(frame, scene, "plots", chosen or "")
    y, rows = _room(height)
    if rows < 3 or width < 20:
        return frame
    if not chosen and width >= WIDE and rows >= TALL:
        _all(frame, scene, y, rows)
        return frame
    shown: Plot = chosen or PLOTS[0]
    brief = len(PLOTS) if rows >= 12 else 0
    room = rows - brief - (1 if brief else 0)
    halves = shown == "latency" and width >= WIDE
    across = columns(_half(frame.width) if halves else width - 3)
    if halves:
        _both(frame, scene, y, room)
    else:
        paint_pane(frame, scene, _MAKERS[shown](scene, across, 0), Box(2, y, width - 3, room))
    for place, name in enumerate(PLOTS[:brief]):
        _brief(frame, scene, y + room + 1 + place, name, across, chosen=name == shown)
    return frame


def _half(width: int) -> int:
    return (width - 3 - GAP) // 2


def ahead(scene: Scene, width: int, height: int) -> None:
    """Draw the curves of all four: those that did not move on are kept, and cost next to nothing.

    A pane drawn anew costs more than all the rest of a picture.
    """
    y, rows = _room(height)
    if scene.plot or width < WIDE or rows < TALL:
        return
    for name, place, box in _boxes(width, y, rows):
        drawn(_MAKERS[name](scene, columns(box.width), place), scene.glyphs, box)


def _room(height: int) -> tuple[int, int]:
    """The first row of the plots, and how many they have."""
    y = TOP + (1 if height >= 22 else 0)
    return y, height - FOOT - y


def _boxes(width: int, y: int, rows: int) -> Iterator[tuple[Plot, int, Box]]:
    """The four, each with its place."""
    half = _half(width)
    upper = rows // 2
    for place, name in enumerate(PLOTS):
        x = 2 + (place % 2) * (half + GAP)
        top = y + place // 2 * (rows - upper)
        yield name, place, Box(x, top, half, upper)


def _all(frame: Frame, scene: Scene, y: int, rows: int) -> None:
    for name, place, box in _boxes(frame.width, y, rows):
        paint_pane(frame, scene, _MAKERS[name](scene, columns(box.width), place), box)
        frame.hit(box.x, box.y, box.width, box.height, HIT + name)


def _both(frame: Frame, scene: Scene, y: int, rows: int) -> None:
    """Writes and reads beside each other, on one scale."""
    half = _half(frame.width)
    across = columns(half)
    drawn: list[Lines] = []
    for what in ("put", "get"):
        curves = latencies(scene.view, scene.now, across, what, len(drawn))
        drawn.append(_lines(curves, _short_ms))
    scaled = (*drawn[0], *drawn[1])
    for place, what in enumerate(("writes", "reads")):
        end, heading = edge(scene.now, across, place), (f"latency of {what}", "")
        pane = _latency_pane(scene, drawn[place], heading, end, scaled)
        paint_pane(frame, scene, pane, Box(2 + place * (half + GAP), y, half, rows))


def _brief(frame: Frame, scene: Scene, y: int, name: Plot, across: int, *, chosen: bool) -> None:
    """One plot in one row: its first curve, and its figures as the large one (of `across` slots) has them."""
    pane = _MAKERS[name](scene, BRIEF, 0)
    frame.text(2, y, SETS[scene.glyphs].here if chosen else " ", "selection", bold=True)
    frame.text(4, y, name, "title" if chosen else "", bold=chosen)
    if pane.lines:
        line = pane.lines[0]
        row = [None if v is None else pane.axis.height(v) for v in line.values]
        frame.text(15, y, spark(row, top_of([row], 1.0), scene.glyphs), line.role)
    x = 15 + BRIEF + 2
    frame.text(
        x, y, fit(_MAKERS[name](scene, across, 0).brief or pane.empty, frame.width - x - 1), "muted"
    )
    frame.hit(0, y, frame.width, 1, HIT + name)


# --- what each shows -----------------------------------------------------------------------------


def _ms(value: float) -> str:
    if value >= 1_000:
        return f"{value / 1_000:g} s"
    return f"{value:g} ms" if value < 10 else f"{value:.0f} ms"


def _short_ms(value: float) -> str:
    if value >= 995:
        return f"{value / 1_000:.1f} s"
    return f"{value:.1f} ms" if value < 9.95 else f"{value:.0f} ms"


def _lines(curves: list[Curve], say: Callable[[float], str]) -> Lines:
    """Curves, each with its last value in words."""
    return tuple(
        Line(
            curve.word, curve.values, curve.role, "" if curve.latest is None else say(curve.latest)
        )
        for curve in curves
    )


def _latencies(scene: Scene, across: int, place: int) -> list[Curve]:
    """Writes, and the slowest reads beside them."""
    gets = latencies(scene.view, scene.now, across, "get", place)[:1]
    reads = [Curve("reads", curve.values, "owner2") for curve in gets]
    return [*latencies(scene.view, scene.now, across, "put", place), *reads]


def _latency(scene: Scene, across: int, place: int) -> Pane:
    curves = _latencies(scene, across, place)
    heading = ("latency", "of writes, and p99 of reads" if curves else "")
    return _latency_pane(scene, _lines(curves, _short_ms), heading, edge(scene.now, across, place))


def _latency_pane(
    scene: Scene,
    lines: Lines,
    heading: tuple[str, str],
    end: int,
    scaled: Lines = (),
) -> Pane:
    asked = any(n.samples and n.samples[-1].rates.puts for n in scene.view.nodes.values())
    return Pane(
        title=heading[0],
        said=heading[1],
        brief=", ".join(f"{line.word} {line.figure}" for line in lines if line.figure),
        lines=lines,
        axis=decades(v for line in scaled or lines for v in line.values),
        number=_ms,
        end=end,
        span_us=SPAN_US,
        empty=without(scene.view, "latencies")
        or ("These nodes do not tell how long each took." if asked else NOBODY_ASKED),
    )


def _throughput(scene: Scene, across: int, place: int) -> Pane:
    view, now = scene.view, scene.now
    lines = _lines(throughput(view, now, across, place), number)
    whose = "as the clients were told" if view.load is not None else "as the nodes told"
    return Pane(
        title="answers a second",
        said=whose if lines else "",
        brief=", ".join(f"{line.figure or 'unknown'} {line.word}" for line in lines),
        lines=lines,
        axis=from_zero((v for line in lines for v in line.values), 10.0),
        number=number,
        end=edge(now, across, place),
        span_us=SPAN_US,
        empty=without(view, "operations") or NOBODY_ASKED,
    )


def _weight(value: float) -> str:
    if value >= 999_500:
        return f"{value / 1e6:.1f} MB"
    if value >= 9_950:
        return f"{value / 1e3:.0f} kB"
    return f"{value / 1e3:.1f} kB" if value >= 100 else f"{value:.0f} B"


def _traffic(scene: Scene, across: int, place: int) -> Pane:
    curves = traffic(scene.view, scene.now, across, place)
    heavy = weighed(scene.view) == "bytes"
    say = _weight if heavy else number
    total = say(sum(curve.latest or 0.0 for curve in curves))
    said = f"{total}, each one counted" if heavy else f"{total}; how heavy they are is not told"
    heaviest = f": {', '.join(curve.word for curve in curves[:3])}"
    return Pane(
        title="bytes sent a second" if heavy else "messages a second",
        said=said if curves else "",
        brief=f"{total} a second{heaviest}" if curves else "",
        lines=_lines(curves, say),
        axis=from_zero((v for curve in curves for v in curve.values), 10.0),
        number=say,
        end=edge(scene.now, across, place),
        span_us=SPAN_US,
        empty=without(scene.view, "messages") or "No node has told what it sends.",
    )


def _agreement(scene: Scene, across: int, _place: int) -> Pane:
    found = convergence.changes(scene.view, scene.now)
    span = convergence.span_of(found, scene.now)
    end = convergence.edge(scene.now, span, across)
    rows = convergence.slots(found, end, span, across)
    roles = (("known", "good"), ("spreading", "warn"))
    said = convergence.told(found)
    return Pane(
        title="until all knew",
        said=said,
        brief=said,
        lines=tuple(Line(w, tuple(row), role) for (w, role), row in zip(roles, rows, strict=True)),
        axis=from_zero((v for row in rows for v in row), 0.2),
        number=lambda value: f"{value:g} s",
        end=end,
        span_us=span,
        empty="For 15 minutes no two nodes heard have differed.",
        kind="stem",
    )


_MAKERS: Final[dict[Plot, Callable[[Scene, int, int], Pane]]] = {
    "latency": _latency,
    "answers": _throughput,
    "traffic": _traffic,
    "agreement": _agreement,
}
