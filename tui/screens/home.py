"""The home screen: the verdict, one row a node, the ring unrolled, what is measured and due.

Sections have an order of importance; a small terminal loses the last ones whole rather than a
little of each, a large one gives its room to the log.
"""

from __future__ import annotations

from collections.abc import Callable
from textwrap import wrap
from typing import Final

from cluster.model.summary import Telling
from tui.draw.chrome import FOOT, TOP, fit, paint_chrome
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS
from tui.draw.sparkline import (
    Series,
    mean,
    of_moments,
    of_node,
    per_second,
    recent,
    spark,
    top_of,
)
from tui.driving.explaining import about, explained
from tui.judge.agreement import is_live
from tui.judge.court.crowns import architecture_of
from tui.judge.foreign.telling import sampling, telling, untold
from tui.scene import Scene
from tui.screens.pieces.forecast import Claim, claims, forecasts
from tui.screens.pieces.parts import events, number, rule
from tui.screens.pieces.reigns import draws_reigns, paint_reigns, reigns_rows
from tui.screens.pieces.roster import paint_roster
from tui.screens.pieces.strip import paint_strip, strip_rows
from tui.view import Moment, Sample


def _kinds(*kinds: str) -> Callable[[Sample], float]:
    """Messages a second of some kinds."""

    def rate(sample: Sample) -> float:
        return per_second(sample, sum(sample.sent.get(kind, 0) for kind in kinds))

    return rate


KINDS: Final = (
    ("probe", _kinds("ping", "ack", "pingreq")),
    ("gossip", _kinds("gossip", "pushpull", "hello")),
    ("write", _kinds("replicawrite", "replicawritten")),
    ("read", _kinds("replicaread", "replicavalue")),
    ("forward", _kinds("forward", "forwarded")),
    ("rebuild", _kinds("fetch", "fetchpage", "leafrecords", "leafpush")),
)
"""The rows of the message table, and the kinds of messages that each counts."""
_RELAY: Final = ("relay", _kinds("relay", "relayed"))
_WORK: Final = ("write", _kinds("forward", "forwarded", "replicawrite", "replicawritten"))
FIXED: Final = (*KINDS[:2], _RELAY, _WORK, KINDS[3], KINDS[5])
ELECTED: Final = (
    *KINDS[:2],
    _RELAY,
    ("copy", _kinds("accept", "accepted", "survey", "surveypage")),
    ("herald", _kinds("herald", "heed")),
    ("vote", _kinds("solicit", "vote")),
)
"""The same for clusters with a fixed master, and with one that changes. As many rows."""
EVENTS_LEAST: Final = 3


def paint(scene: Scene, width: int, height: int) -> Frame:
    """The whole screen."""
    frame = Frame(width, height)
    paint_chrome(frame, scene, "home")
    bottom = height - FOOT
    if height < 8 or not scene.view.nodes:
        return frame
    wide = width >= 100
    y = TOP + (1 if height >= 22 else 0)
    reigns = draws_reigns(scene)
    strip = reigns_rows(scene) if reigns else strip_rows(scene)
    room = bottom - y
    roster = min(len(scene.view.nodes) + 1, room)
    room -= roster
    has_strip = bool(strip) and room >= strip + 1
    room -= strip + 1 if has_strip else 0
    middle = _middle_rows(scene, wide)
    has_middle = room >= middle + 1 + EVENTS_LEAST
    y = paint_roster(frame, scene, y, roster)
    if has_strip:
        y = (paint_reigns if reigns else paint_strip)(frame, scene, y + 1)
    if has_middle:
        y = _middle(frame, scene, y + 1, wide)
    if wide:
        _foot_wide(frame, scene, y, bottom)
    else:
        _foot_narrow(frame, scene, y, bottom)
    return frame


def _middle_rows(scene: Scene, wide: bool) -> int:
    told = telling(scene.view)
    if told is not None and not (wide and "messages" in told.tells):
        count = len(claims(scene))
        return max(3, 1 + count) if wide else 2 + min(2, (count + 1) // 2)
    if wide:
        return 2 + len(KINDS)
    return min(2, (len(claims(scene)) + 1) // 2)


def _middle(frame: Frame, scene: Scene, y: int, wide: bool) -> int:
    rows = _middle_rows(scene, wide)
    told = telling(scene.view)
    if told is not None and not wide:
        _foreign(frame, told, y, frame.width - 2)
        y, rows = y + 2, rows - 2
    if not wide:
        for index, claim in enumerate(claims(scene)[: 2 * rows]):
            x = 2 + (index % 2) * (frame.width // 2)
            _claim(frame, scene, (x, y + index // 2), claim, frame.width // 2 - 3, brief=True)
        return y + rows
    x = _right_half(frame)
    if told is None or "messages" in told.tells:
        _messages(frame, scene, y, x - 4)
    else:
        _foreign(frame, told, y, x - 4)
    frame.text(x, y, "claims, checked on what was reported", "muted")
    for row, claim in enumerate(claims(scene)[: len(KINDS)], start=1):
        _claim(frame, scene, (x, y + row), claim, min(64, frame.width - x - 2))
    return y + rows


def _claim(
    frame: Frame,
    scene: Scene,
    at: tuple[int, int],
    claim: Claim,
    width: int,
    *,
    brief: bool = False,
) -> None:
    x, y = at
    glyphs = SETS[scene.glyphs]
    glyph, role = {
        "yes": (glyphs.yes, "good"),
        "no": (glyphs.no, "bad"),
        "open": (glyphs.suspect, "warn"),
        "pending": (glyphs.joining, "muted"),
    }[claim.mark]
    frame.text(x, y, glyph, role, bold=True)
    jump = about(claim.text, scene.view, scene.now)
    if brief:
        said = fit(claim.brief, width - 2)
        frame.text(x + 2, y, said, "" if claim.mark != "no" else "bad")
        frame.hit(x, y, len(said) + 2, 1, jump)
        return
    frame.hit(x, y, width, 1, jump)
    frame.text(x + 2, y, fit(claim.text, width - 4 - len(claim.figure)))
    frame.right(
        x + width, y, claim.figure, "" if claim.mark in ("yes", "pending") else role, bold=True
    )


def _messages(frame: Frame, scene: Scene, y: int, right: int) -> None:
    """Messages a second by kind, all nodes together, each row on its own scale."""
    kind = architecture_of(scene.view)
    hinted = kind == "masterless"
    what = "messages per second" + (", and hints held" if hinted else "")
    # The claims stand beside: in a narrow frame the heading keeps to what the rows are.
    brief = what.replace(" and", "")
    frame.text(2, y, f"{what}; last 60 s, own scales" if frame.width >= 116 else brief, "muted")
    width = right - 13 - 8
    kinds = KINDS if hinted else FIXED if kind in ("single", "primary") else ELECTED
    for row, (word, rate) in enumerate(kinds, start=1):
        series, latest = _all_nodes(scene, rate, width)
        _level(frame, scene, (y + row, right), word, series, latest)
    if not hinted:
        return
    history = scene.view.history
    series = of_moments(history, scene.now, width, 60_000_000, _hints)
    latest = float(history[-1].hints) if history else 0.0
    _level(frame, scene, (y + 1 + len(KINDS), right), "hints held", series, latest)


def _foreign(frame: Frame, told: Telling, y: int, right: int) -> None:
    """Of a cluster of another maker: how exact its times are, and what it does not tell."""
    frame.text(2, y, f"{told.engine} is {sampling(told)}", "muted")
    for row, part in enumerate(wrap(untold(told), right - 2)[:2], start=y + 1):
        frame.text(2, row, part, "muted")


def _level(
    frame: Frame, scene: Scene, at: tuple[int, int], word: str, series: Series, latest: float
) -> None:
    y, right = at
    frame.text(2, y, word, "")
    frame.text(13, y, spark(series, top_of([series], 1.0), scene.glyphs), "faint")
    frame.right(right, y, number(latest), "" if latest >= 0.05 else "faint")


def _hints(moment: Moment) -> float:
    return float(moment.hints)


def _all_nodes(scene: Scene, rate: Callable[[Sample], float], width: int) -> tuple[Series, float]:
    """All nodes' figure together, and its rate over the last second."""
    total: Series = [None] * width
    latest = 0.0
    for node in scene.view.nodes.values():
        for column, value in enumerate(of_node(node, scene.now, width, rate)):
            if value is not None:
                total[column] = (total[column] or 0.0) + value
        if is_live(node, scene.now):
            latest += mean([rate(sample) for sample in recent(node, scene.now)])
    return total, latest


def _right_half(frame: Frame) -> int:
    """Where the right column of the lower sections begins."""
    return frame.width // 2 + 2


def _foot_wide(frame: Frame, scene: Scene, y: int, bottom: int) -> None:
    """The log on the left, what is due on the right."""
    if bottom - y < 2:
        return
    rule(frame, y, scene)
    rows = bottom - y - 1
    due = forecasts(scene)[:rows]
    split, brief = _right_half(frame), frame.width < 140
    beside = (len(due), split - 4)
    events(frame, scene, 2, y + 1, frame.width - 4, rows, brief=brief, beside=beside)
    for row, text in enumerate(due):
        frame.text(split, y + 1 + row, "next" if not row else "then", "muted")
        said = fit(text, frame.width - split - 7)
        frame.text(split + 6, y + 1 + row, said)
        _due(frame, scene, split + 6, y + 1 + row, said)


def _foot_narrow(frame: Frame, scene: Scene, y: int, bottom: int) -> None:
    rows = bottom - y - 1
    if rows < 1:
        return
    due = forecasts(scene)[: 1 if rows >= 2 else 0]
    events(frame, scene, 2, y + 1, frame.width - 3, rows - len(due), brief=True)
    for text in due:
        frame.text(2, bottom - 1, "next", "muted")
        said = fit(text, frame.width - 9)
        frame.text(8, bottom - 1, said)
        _due(frame, scene, 8, bottom - 1, said)


def _due(frame: Frame, scene: Scene, x: int, y: int, said: str) -> None:
    for start, end, jump in explained(said, scene.view, scene.now):
        frame.hit(x + start, y, end - start, 1, jump)
