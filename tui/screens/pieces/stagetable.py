"""One incident as rows of a time axis: each stage's bar, how long it took, its bound, its wait.

A bar that is still growing ends in a lighter shape at now. Bounds follow from the profile the
nodes run with; where no setting bounds a stage there is none. Times count from the failure. Beside
them, or in the row below where there is one, stands how long it took in earlier failures of the
same kind.
"""

from __future__ import annotations

from math import ceil, log
from typing import Final

from msgspec import Struct

from cluster.config import Config
from cluster.model.incident import LED, STAGES, Incident, Stage, StageName
from cluster.model.member import NodeId
from cluster.model.summary import Telling, Told
from tui.draw.chrome import fit
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS
from tui.driving.targets import Jump
from tui.judge.agreement import DEAD, REMOVED, agreement
from tui.judge.foreign.telling import telling
from tui.judge.measured.lastruns import Before, before, last_runs
from tui.judge.recap import counted, took
from tui.judge.wording import listed
from tui.scene import Scene
from tui.screens.pieces.parts import axis_label, axis_step

SPANS_S: Final = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 180, 240, 300)
BESIDE: Final = 25
"""Columns for what earlier failures took, where it has no row of its own."""
HEADING_MAX: Final = 27
AXIS_MIN: Final = 16
"""With fewer columns of time left, earlier failures give way."""
_ROLE: Final[dict[StageName, str]] = {
    "silent": "muted",
    "suspected": "suspect",
    "dead": "dead",
    "promoted": "accent",
    "covered": "joining",
    "hints": "warn",
    "rebuilt": "accent",
    "back": "joining",
    "returned": "joining",
    "trees clean": "joining",
    "one view": "alive",
}


UNTOLD: Final[dict[StageName, Told]] = {
    "hints": "hints",
    "rebuilt": "ring",
    "returned": "hints",
    "trees clean": "copies",
}
"""Stages that only they can have who tell of these."""
FAILOVER: Final[dict[StageName, tuple[str, str]]] = {
    "suspected": ("PFAIL, until most say so", "PFAIL"),
    "dead": ("FAIL, until all know", "FAIL for all"),
}
"""Two stages by the names that operators know them by, where partitions have masters (Redis, Valkey)."""


class Axis(Struct, frozen=True):
    """A stretch of time across columns x to x + width."""

    x: int
    width: int
    began: int
    span_us: int

    def column(self, at: int) -> int:
        """Where a moment is, from 0 to width - 1."""
        return min(self.width - 1, max(0, (at - self.began) * self.width // self.span_us))


def axis_of(incident: Incident, now: int, x: int, width: int) -> Axis:
    """An axis that holds the incident and grows with it."""
    end = incident.ended or now
    elapsed = max(1, end - incident.began)
    if not incident.ended:
        elapsed = elapsed * 21 // 20
    span = next((s for s in SPANS_S if s * 1_000_000 >= elapsed), 0) * 1_000_000
    return Axis(x, max(1, width), incident.began, span or ceil(elapsed / 60e6) * 60_000_000)


SUBJECT_MAX: Final = 8
"""A name that is longer does not fit into a heading."""


def label(name: StageName, incident: Incident, *, short: bool, led: bool) -> str:
    """A stage as a row's heading; `led`: partitions have masters."""
    if led and name in FAILOVER:
        return FAILOVER[name][short]
    subject = incident.subject if len(incident.subject) <= SUBJECT_MAX else "it"
    long_: dict[StageName, str] = {
        "silent": "silent, unnoticed",
        "suspected": "suspect, being asked about",
        "dead": "dead, until all know",
        "promoted": "a replica is promoted",
        "covered": "every view follows it",
        "hints": "hints collect",
        "rebuilt": "copies rebuilt elsewhere",
        "back": f"{subject} is back, until all know",
        "returned": "hints and places return",
        "trees clean": "copies compared and equal",
        "one view": "one view again",
    }
    brief: dict[StageName, str] = {
        "silent": "silent",
        "suspected": "suspected",
        "dead": "dead for all",
        "promoted": "promoted",
        "covered": "all follow it",
        "hints": "hints collect",
        "rebuilt": "rebuilt",
        "back": f"{subject} back"[:14] if subject == incident.subject else "is back",
        "returned": "hints return",
        "trees clean": "trees clean",
        "one view": "one view",
    }
    # A longer name would run into the axis; before there is any, nothing stands there.
    if not short and incident.stages and len(long_[name]) > HEADING_MAX:
        return long_[name].replace(" is back", " back")
    return (brief if short else long_)[name]


def bounds(config: Config | None, nodes: int, fault: str) -> dict[StageName, int]:
    """How long each stage may take by the nodes' settings, in microseconds.

    Silence: somebody's next probe and its two timeouts. Suspicion: the patience for a refused
    connection after a kill, else the longest patience. Spreading: as many gossip rounds as it
    takes to reach everybody, and one. Return: the next reconnection, then spreading. Trees: the next
    comparison, and its patience.
    """
    if config is None:
        return {}
    m = config.membership
    rounds = ceil(log(max(2, nodes)) / log(m.gossip_fanout + 1)) + 2
    spread = rounds * m.gossip_period_us
    patience = m.crash_suspicion_us if fault == "kill" else m.suspicion_max_us
    return {
        "silent": m.probe_period_us + 2 * m.probe_timeout_us,
        "suspected": patience + m.gossip_period_us,
        "dead": spread,
        "back": m.reconnect_period_us + spread,
        "trees clean": config.repair.exchange_period_us + config.repair.exchange_timeout_us,
        "one view": m.push_pull_period_us,
    }


def rows_of(scene: Scene, incident: Incident | None) -> tuple[StageName, ...]:
    """The stages that a failure can have here; what its engine tells nothing of will not happen."""
    led = any(node.ring is not None and node.ring.led for node in scene.view.nodes.values())
    shown = incident.rows if incident is not None else LED if led else STAGES
    told = telling(scene.view)
    if told is None:
        return shown
    stages = incident.stages if incident is not None else ()
    begun = {stage.name for stage in stages if stage.began}
    return tuple(
        name
        for name in shown
        if (name in begun or name not in UNTOLD or UNTOLD[name] in told.tells)
        and (told.suspects or name != "suspected")
    )


def paint_stages(
    frame: Frame, scene: Scene, y: int, incident: Incident | None, config: Config | None, gap: int
) -> tuple[int, Axis | None]:
    """The table from row y, `gap` rows a stage; returns the row after it, and its axis."""
    wide = frame.width >= 100
    labels = 32 if wide else 19
    notes = min(48, 33 + max(0, frame.width - 120) // 4) if wide else 0
    runs = before(last_runs(scene.view.incidents, incident)) if incident is not None else {}
    below = gap > 1 and bool(notes)
    beside = BESIDE if runs and not below else 0
    if beside and notes:
        notes -= 10
        if frame.width - labels - 19 - beside - notes < AXIS_MIN:
            runs, beside, notes = {}, 0, notes + 10
    axis_width = frame.width - labels - 17 - beside - notes - (2 if wide else 0)
    limit = bounds(config, len(scene.view.nodes), incident.fault if incident else "kill")
    axis = axis_of(incident, scene.now, labels, axis_width) if incident else None
    told = telling(scene.view)
    after = labels + axis_width
    frame.text(2, y, "stage", "muted")
    frame.right(after + 8, y, "took", "muted")
    frame.right(after + 16, y, "bound", "muted")
    said = after + 18 + beside
    if notes:
        frame.text(
            said, y, fit("who saw it, or what it waits for", frame.width - said - 1), "muted"
        )
    if beside:
        frame.right(after + 16 + beside, y, "before: median, range", "muted")
    if axis is not None:
        _ticks(frame, y, axis)
    shown = rows_of(scene, incident)
    for row, name in enumerate(shown):
        line = y + gap + row * gap
        stage = incident.stage(name) if incident is not None else Stage(name)
        whose = incident or Incident(NodeId("a node"), 0, 0, "", ())
        heading = label(name, whose, short=not wide, led="promoted" in shown)
        _heading(frame, line, row, heading, stage)
        if axis is not None:
            _bar(frame, scene, line, axis, stage)
        apart = cut_off_with(scene, incident, stage) if incident is not None else ""
        bound = 0 if apart else limit.get(name, 0)  # no news crosses a cut
        _figures(frame, scene, (after, line), stage, bound, told)
        if name in runs:
            _earlier(frame, (after, line), runs[name], below=below)
        if incident is not None and stage.began and not stage.skipped:
            _explains(frame, (after, line), stage, incident)
        if notes and incident is not None:
            text, role = (apart, "muted") if apart else _note(stage, incident)
            if _over(scene, stage, bound):
                longer = f"{text}{', ' if text else ''}over its bound"
                text = longer if len(longer) <= frame.width - said - 1 else f"late: {text}"
            frame.text(said, line, fit(text, frame.width - said - 1), role)
    return y + len(shown) * gap + 1, axis


def _earlier(frame: Frame, at: tuple[int, int], known: Before, *, below: bool) -> None:
    """Earlier failures' median and range, and how many of them had the stage."""
    x, y = at
    median = took(known.median_us)
    least, most = (took(us) for us in (known.least_us, known.most_us))
    if least.split()[-1] == most.split()[-1]:
        least = least.split()[0]
    ranged = f"{least}–{most}"
    if below:
        frame.right(x + 8, y + 1, median, "faint")
        said = (
            f"median of {known.count} before, {ranged}" if known.count > 1 else "in the one before"
        )
        frame.text(x + 10, y + 1, said, "faint")
        return
    frame.right(x + 16 + BESIDE, y, f"{median} {ranged:>13} ×{known.count}", "faint")


def _explains(frame: Frame, at: tuple[int, int], stage: Stage, incident: Incident) -> None:
    """A stage is explained by the messages of its moments: of its beginning, and of its end."""
    x, y = at
    frame.hit(2, y, frame.width - 2, 1, incident.subject)
    frame.hit(2, y, 17, 1, Jump("flow", incident.subject, at=stage.began))
    if stage.ended:
        frame.hit(x + 2, y, 6, 1, Jump("flow", incident.subject, at=stage.ended))


def _heading(frame: Frame, y: int, row: int, heading: str, stage: Stage) -> None:
    active = stage.open
    role = "faint" if stage.skipped else "" if stage.began else "muted"
    frame.text(2, y, str(row + 1), "faint")
    frame.text(4, y, heading, role, bold=active)


def _ticks(frame: Frame, y: int, axis: Axis) -> None:
    step = axis_step(axis.span_us, max(2, axis.width // 8))
    for at in range(0, axis.span_us, step):
        x = axis.x + axis.column(axis.began + at)
        text = axis_label(at) + (" s" if not at else "")
        frame.text(x, y, text, "muted")


def tick_columns(axis: Axis) -> list[int]:
    """Where the axis has its ticks."""
    step = axis_step(axis.span_us, max(2, axis.width // 8))
    return [axis.column(axis.began + at) for at in range(0, axis.span_us, step)]


def _bar(frame: Frame, scene: Scene, y: int, axis: Axis, stage: Stage) -> None:
    for column in tick_columns(axis):
        frame.text(axis.x + column, y, "·", "rule")
    if not stage.began or stage.skipped:
        return
    glyphs = SETS[scene.glyphs]
    role = _ROLE[stage.name]
    first = axis.column(stage.began)
    last = axis.column(stage.ended or scene.now)
    full = "█" if scene.glyphs != "ascii" else "#"
    growing = "▒" if scene.glyphs != "ascii" else "+"
    for column in range(first, last + 1):
        frame.text(axis.x + column, y, full if stage.ended else growing, role)
    if not stage.ended:
        frame.text(axis.x + last, y, glyphs.here, role, bold=True)


def _figures(
    frame: Frame,
    scene: Scene,
    at: tuple[int, int],
    stage: Stage,
    limit: int,
    told: Telling | None,
) -> None:
    x, y = at
    if limit:
        frame.right(x + 16, y, f"{limit / 1e6:.1f} s", "muted")
    if stage.skipped or not stage.began:
        frame.right(x + 8, y, "–" if stage.skipped else "", "faint")
        return
    over = _over(scene, stage, limit)
    length = (stage.ended or scene.now) - stage.began
    said = took(length)
    if told is not None and stage.ended and length < told.every_us:
        said = f"< {took(told.every_us)}"  # between two looks, nobody knows when
    frame.right(x + 8, y, said, "warn" if over else "", bold=stage.open or over)


def _over(scene: Scene, stage: Stage, limit: int) -> bool:
    """Whether a stage takes or took longer than the settings allow."""
    if not limit or not stage.began or stage.skipped:
        return False
    return (stage.ended or scene.now) - stage.began > limit


def cut_off_with(scene: Scene, incident: Incident, stage: Stage) -> str:
    """Why its death will not be known to all while the cluster is split: some are on its own side.

    Empty while it is still to be known on the other sides.
    """
    if stage.name != "dead" or not stage.open:
        return ""
    judged, subject = agreement(scene.view, scene.now), incident.subject
    own = next((side for side in judged.sides if subject in side), ())
    with_it = [name for name in own if name != subject]
    others = [name for name in judged.observers if name not in own]
    held = [scene.view.nodes[name].beliefs.get(subject) for name in others]
    known = all(b is not None and DEAD <= b.state <= REMOVED for b in held)
    if not with_it or not known:
        return ""
    verb = "is" if len(with_it) == 1 else "are"
    return f"{listed(with_it)} {verb} cut off with it; {listed(others)} know"


def _moment(stage: Stage, incident: Incident) -> str:
    """The milestone that belongs to a stage, in a few words."""
    missed, confirmed = incident.milestone("missed probe"), incident.milestone("confirmed")
    if stage.name == "silent" and missed.at:
        return f"no answer at {took(missed.at - incident.began)}"
    if stage.name == "suspected" and confirmed.count:
        return f"confirmed by {confirmed.count}"
    return ""


def _note(stage: Stage, incident: Incident) -> tuple[str, str]:
    if stage.skipped:
        return "not needed", "faint"
    if stage.open:
        return stage.waiting_on or counted(stage), "warn"
    if stage.ended and stage.overtaken:
        cut_short = incident.interrupted and stage.ended == incident.ended
        parts = [counted(stage), "until it failed again" if cut_short else "until it came back"]
        return ", ".join(part for part in parts if part), "muted"
    if stage.ended and stage.name == "promoted":
        return f"{stage.witness} is master now", "muted"
    if stage.ended:
        seen = f"seen by {stage.witness}" if stage.witness else ""
        parts = [counted(stage) or _moment(stage, incident), seen]
        return ", ".join(part for part in parts if part), "muted"
    return (f"waits for {stage.waiting_on}" if stage.waiting_on else ""), "faint"
