"""The plots screen: four pictures of one minute, one idea each, on marks that all share.

How long writes and reads take, how much is answered and refused, what the network carries, and how
long each change took until every node knew of it. Wide frames show all four; a chosen one, and
narrow frames, show one large with the others as a line each. Everything is read from the view, so
it is the same live, frozen, replayed and simulated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tui.draw.chrome import FOOT, TOP, fit, paint_chrome
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS
from tui.draw.plots.axis import decades, from_zero
from tui.draw.plots.pane import Box, Line, Pane, columns, paint_pane
from tui.draw.sparkline import spark, top_of
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


def paint(scene: Scene, width: int, height: int) -> Frame:
    """The whole screen."""
    frame = Frame(width, height)
    chosen = scene.plot
    paint_chrome(frame, scene, "plots", chosen or "")
    y = TOP + (1 if height >= 22 else 0)
    rows = height - FOOT - y
    if rows < 3 or width < 20:
        return frame
    if not chosen and width >= WIDE and rows >= TALL:
        _all(frame, scene, y, rows)
        return frame
    shown: Plot = chosen or PLOTS[0]
    brief = len(PLOTS) if rows >= 12 else 0
    room = rows - brief - (1 if brief else 0)
    if shown == "latency" and width >= WIDE:
        _both(frame, scene, y, room)
    else:
        box = Box(2, y, width - 3, room)
        paint_pane(frame, scene, _MAKERS[shown](scene, columns(box.width)), box)
    for place, name in enumerate(PLOTS[:brief]):
        _brief(frame, scene, y + room + 1 + place, name, chosen=name == shown)
    return frame


def _all(frame: Frame, scene: Scene, y: int, rows: int) -> None:
    half = (frame.width - 3 - GAP) // 2
    upper = rows // 2
    for place, name in enumerate(PLOTS):
        x = 2 + (place % 2) * (half + GAP)
        low = place // 2
        top = y + low * (rows - upper)
        box = Box(x, top, half, upper)
        paint_pane(frame, scene, _MAKERS[name](scene, columns(half)), box)
        frame.hit(x, top, half, upper, HIT + name)


def _both(frame: Frame, scene: Scene, y: int, rows: int) -> None:
    """Writes and reads beside each other, on one scale."""
    half = (frame.width - 3 - GAP) // 2
    across = columns(half)
    puts = latencies(scene.view, scene.now, across, "put")
    gets = latencies(scene.view, scene.now, across, "get")
    for place, (what, curves) in enumerate((("writes", puts), ("reads", gets))):
        heading = (f"latency of {what}", "the slowest node's")
        pane = _latency_pane(scene, across, curves, heading, [*puts, *gets])
        paint_pane(frame, scene, pane, Box(2 + place * (half + GAP), y, half, rows))


def _brief(frame: Frame, scene: Scene, y: int, name: Plot, *, chosen: bool) -> None:
    """One plot in one row: its first curve, and its figures."""
    pane = _MAKERS[name](scene, BRIEF)
    frame.text(2, y, SETS[scene.glyphs].here if chosen else " ", "selection", bold=True)
    frame.text(4, y, name, "title" if chosen else "", bold=chosen)
    if pane.lines:
        line = pane.lines[0]
        row = [None if v is None else pane.axis.height(v) for v in line.values]
        frame.text(15, y, spark(row, top_of([row], 1.0), scene.glyphs), line.role)
    x = 15 + BRIEF + 2
    frame.text(x, y, fit(pane.brief or pane.empty, frame.width - x - 1), "muted")
    frame.hit(0, y, frame.width, 1, HIT + name)


# --- what each shows -----------------------------------------------------------------------------


def _ms(value: float) -> str:
    if value >= 1_000:
        return f"{value / 1_000:g} s"
    return f"{value:g} ms" if value < 10 else f"{value:.0f} ms"


def _latest(curve: Curve, say: Callable[[float], str]) -> str:
    value = curve.latest
    return "" if value is None else say(value)


def _line(curve: Curve, say: Callable[[float], str]) -> Line:
    return Line(curve.word, curve.values, curve.role, _latest(curve, say))


def _short_ms(value: float) -> str:
    if value >= 995:
        return f"{value / 1_000:.1f} s"
    return f"{value:.1f} ms" if value < 9.95 else f"{value:.0f} ms"


def _latency(scene: Scene, across: int) -> Pane:
    puts = latencies(scene.view, scene.now, across, "put")
    gets = [c for c in latencies(scene.view, scene.now, across, "get") if c.word == "p99"]
    reads = [Curve("reads", curve.values, "owner2") for curve in gets]
    curves = [*puts, *reads]
    said = "slowest node's writes, and p99 of reads" if reads else "slowest node's writes"
    return _latency_pane(scene, across, curves, ("latency", said), curves)


def _latency_pane(
    scene: Scene, across: int, curves: list[Curve], heading: tuple[str, str], scaled: list[Curve]
) -> Pane:
    lines = tuple(_line(curve, _short_ms) for curve in curves)
    figures = ", ".join(f"{line.word} {line.figure}" for line in lines if line.figure)
    return Pane(
        title=heading[0],
        said=heading[1] if curves else "",
        brief=figures,
        lines=lines,
        axis=decades(v for curve in scaled for v in curve.values),
        number=_ms,
        end=edge(scene.now, across),
        span_us=SPAN_US,
        empty="No client has asked anything of these nodes.",
    )


def _throughput(scene: Scene, across: int) -> Pane:
    curves = throughput(scene.view, scene.now, across)
    whose = "as the clients were told" if scene.view.load is not None else "as the nodes told"
    lines = tuple(_line(curve, number) for curve in curves)
    return Pane(
        title="answers a second",
        said=whose if curves else "",
        brief=", ".join(f"{line.figure or 'unknown'} {line.word}" for line in lines),
        lines=lines,
        axis=from_zero((v for curve in curves for v in curve.values), 10.0),
        number=number,
        end=edge(scene.now, across),
        span_us=SPAN_US,
        empty="No client has asked anything yet.",
    )


def _weight(value: float) -> str:
    if value >= 999_500:
        return f"{value / 1e6:.1f} MB"
    if value >= 9_950:
        return f"{value / 1e3:.0f} kB"
    return f"{value / 1e3:.1f} kB" if value >= 100 else f"{value:.0f} B"


def _traffic(scene: Scene, across: int) -> Pane:
    curves = traffic(scene.view, scene.now, across)
    heavy = weighed(scene.view) == "bytes"
    say = _weight if heavy else number
    total = say(sum(curve.latest or 0.0 for curve in curves))
    said = f"{total}, each one counted" if heavy else f"{total}; how heavy they are is not told"
    heaviest = f": {', '.join(curve.word for curve in curves[:3])}"
    return Pane(
        title="bytes sent a second" if heavy else "messages a second",
        said=said if curves else "",
        brief=f"{total} a second{heaviest}" if curves else "",
        lines=tuple(_line(curve, say) for curve in curves),
        axis=from_zero((v for curve in curves for v in curve.values), 10.0),
        number=say,
        end=edge(scene.now, across),
        span_us=SPAN_US,
        empty="No node has told what it sends.",
    )


def _agreement(scene: Scene, across: int) -> Pane:
    found = convergence.changes(scene.view, scene.now)
    span = convergence.span_of(found, scene.now)
    rows = convergence.slots(found, scene.now, span, across)
    roles = (("known", "good"), ("spreading", "warn"))
    said = convergence.told(found)
    return Pane(
        title="until all knew",
        said=said,
        brief=said,
        lines=tuple(Line(w, tuple(row), role) for (w, role), row in zip(roles, rows, strict=True)),
        axis=from_zero((v for row in rows for v in row), 0.2),
        number=lambda value: f"{value:g} s",
        end=scene.now,
        span_us=span,
        empty="For 15 minutes no two nodes heard have differed.",
        kind="stem",
    )


_MAKERS: Final[dict[Plot, Callable[[Scene, int], Pane]]] = {
    "latency": _latency,
    "answers": _throughput,
    "traffic": _traffic,
    "agreement": _agreement,
}
