"""`incidents`: the incident record of a running cluster, as one document or as text.

Derived by the one pure function that the dashboard and the simulator use, from what the nodes
remember (`GET /record`). Newest last. The names of the document are a promise to scripts; the text
is for people and may change. Nobody told the nodes of a kill or a pause, so a record here begins
with the last sign of life, where a dashboard that did it knows the moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from cluster.model.casebook import Casebook, advance
from cluster.model.facts import FactId
from cluster.model.incident import Incident, MilestoneName, Stage, StageName
from cluster.model.member import NodeId
from tui.judge.recap import counted, summary, took, what_happened
from tui.judge.wording import counted as numbered
from tui.text.look import Records
from tui.text.plain import clock
from tui.text.status import table

State = Literal["pending", "open", "done", "overtaken", "skipped"]
"""overtaken: it ended because the story went on, not because what it waited for came."""
CAUSES_SHOWN = 2


class StageTold(Struct, frozen=True):
    """One stage. Times are microseconds since 1970; 0 is not yet."""

    name: StageName
    state: State
    began: int
    ended: int
    took_us: int
    """So far, while it is open."""
    witness: NodeId
    causes: tuple[FactId, ...]
    """(node, epoch, seq) of the facts that began or ended it."""
    waiting_on: str
    due: int
    count: int


class MilestoneTold(Struct, frozen=True):
    """One moment; `at` 0 when it did not come."""

    name: MilestoneName
    at: int
    witness: NodeId
    causes: tuple[FactId, ...]
    count: int


class IncidentTold(Struct, frozen=True):
    """One failure of one life of a member."""

    subject: NodeId
    epoch: int
    fault: str
    open: bool
    summary: str
    began: int
    ended: int
    took_us: int
    false_alarm: bool
    interrupted: bool
    """It had come back, and failed again before all was whole: that is the next record."""
    confirmed: bool
    stages: list[StageTold]
    milestones: list[MilestoneTold]


class IncidentsTold(Struct, frozen=True):
    """The whole answer."""

    at: int
    open: int
    """How many are not over."""
    reporting: list[NodeId]
    silent: list[NodeId]
    forgotten: dict[NodeId, int]
    """Facts that a node had to forget: of what happened before, its record knows nothing."""
    incidents: list[IncidentTold]


def incidents(records: Records, now: int) -> IncidentsTold:
    """Everything `incidents --json` says."""
    book = Casebook()
    for fact in records.facts:
        book = advance(book, fact)
    told = [_incident(each, now) for each in sorted(book.incidents, key=lambda i: i.began)]
    return IncidentsTold(
        at=now,
        open=sum(1 for each in told if each.open),
        reporting=records.reporting,
        silent=records.silent,
        forgotten=records.forgotten,
        incidents=told,
    )


def _incident(incident: Incident, now: int) -> IncidentTold:
    return IncidentTold(
        subject=incident.subject,
        epoch=incident.epoch,
        fault=incident.fault,
        open=not incident.ended,
        summary=f"{incident.subject} {what_happened(incident)}: {summary(incident, now)}",
        began=incident.began,
        ended=incident.ended,
        took_us=(incident.ended or max(now, incident.began)) - incident.began,
        false_alarm=incident.false_alarm,
        interrupted=incident.interrupted,
        confirmed=incident.confirmed,
        stages=[_stage(stage, now) for stage in incident.stages],
        milestones=[
            MilestoneTold(m.name, m.at, m.witness, m.causes, m.count) for m in incident.milestones
        ],
    )


def _stage(stage: Stage, now: int) -> StageTold:
    return StageTold(
        name=stage.name,
        state=_state(stage),
        began=stage.began,
        ended=stage.ended,
        took_us=(stage.ended or max(now, stage.began)) - stage.began if stage.began else 0,
        witness=stage.witness,
        causes=stage.causes,
        waiting_on=stage.waiting_on,
        due=stage.due,
        count=stage.count,
    )


def _state(stage: Stage) -> State:
    if stage.skipped:
        return "skipped"
    if stage.ended:
        return "overtaken" if stage.overtaken else "done"
    return "open" if stage.began else "pending"


# --- as text -------------------------------------------------------------------------------------


def incidents_text(said: IncidentsTold) -> list[str]:
    """Each failure with its stages, newest last, and what the answer does not know."""
    lines: list[str] = []
    for each in said.incidents:
        lines += [f"{clock(each.began)}  {each.summary}", *_rows(each), ""]
    if not said.incidents:
        lines.append("No failure is on record.")
    elif said.open:
        lines.append(f"Not over: {said.open} of {numbered(len(said.incidents), 'failure')}.")
    else:
        lines.append(f"{numbered(len(said.incidents), 'failure')} on record, over.")
    lines += [f"{name} does not answer; what it remembers is missing." for name in said.silent]
    lines += [
        f"{name} had to forget {count:,} older facts; what it saw then is missing."
        for name, count in said.forgotten.items()
    ]
    return lines


def _rows(each: IncidentTold) -> list[str]:
    """Stages and milestones in the order of time; what has not begun comes last."""
    past = [(m.at, _moment(each, m)) for m in each.milestones if m.at]
    past += [(s.began, _row(each, s)) for s in each.stages if s.began]
    past.sort(key=lambda row: row[0])
    return table([
        ["", "stage", "began", "took", "witness", "because of"],
        *(row for _, row in past),
        *(_row(each, s) for s in each.stages if not s.began and s.state != "skipped"),
    ])  # fmt: skip


def _moment(each: IncidentTold, moment: MilestoneTold) -> list[str]:
    counts = f", {moment.count} in all" if moment.count > 1 else ""
    because = _facts(moment.causes) + counts
    return ["", f"· {moment.name}", _since(each, moment.at), "", moment.witness, because]


def _since(each: IncidentTold, at: int) -> str:
    return f"+{(at - each.began) / 1e6:.3f} s" if at else ""


def _row(each: IncidentTold, stage: StageTold) -> list[str]:
    return [
        "",
        stage.name,
        _since(each, stage.began),
        took(stage.took_us) if stage.began else "",
        stage.witness,
        _because(stage),
    ]


def _because(stage: StageTold) -> str:
    """The facts that caused it, or what it waits for."""
    if stage.state in ("open", "pending"):
        waits = f"waits for {stage.waiting_on}" if stage.waiting_on else "waits"
        return waits if stage.state == "open" or stage.waiting_on else ""
    parts = [_facts(stage.causes)]
    if stage.count:
        parts.append(counted(Stage(stage.name, count=stage.count)))
    if stage.state == "overtaken":
        parts.append("overtaken")
    return ", ".join(part for part in parts if part)


def _facts(causes: Sequence[FactId]) -> str:
    return " ".join(f"{node}#{seq}" for node, _, seq in causes[:CAUSES_SHOWN])
