"""What the facts about pipelines change: each stage's row as its node last measured it.

A pipeline whose stages have all ended keeps its last figures until one of that name begins anew.
"""

from __future__ import annotations

from msgspec.structs import replace

from cluster.model.facts import Fact, FlowMeasured, FlowStarted, FlowStopped
from cluster.model.flow.pipeline import StageRow
from tui.view import FLOW_HISTORY_MAX, FLOWS_MAX, FlowDepth, FlowStage, FlowView

Flowing = FlowStarted | FlowStopped | FlowMeasured
Flows = dict[str, FlowView]


def flowing(flows: Flows, fact: Fact, payload: Flowing) -> Flows:
    """The pipelines after a fact."""
    old = flows.get(payload.flow)
    match payload:
        case FlowStarted(flow, way):
            begun = FlowView(flow, way)
            new = replace(old, way=way) if old is not None and old.running else begun
        case FlowStopped(flow, rows):
            new = old or FlowView(flow)
            stages = {row.index: _stage(new, fact, row, ended=True) for row in rows}
            new = replace(new, stages=_in_order(new.stages | stages))
        case FlowMeasured(flow, way, _, rows):
            new = old if old is not None and old.running else FlowView(flow, way)
            stages = {row.index: _stage(new, fact, row, ended=False) for row in rows}
            new = replace(new, way=way, stages=_in_order(new.stages | stages))
    flows = flows | {payload.flow: replace(new, at=max(new.at, fact.at))}
    if len(flows) > FLOWS_MAX:
        oldest = min(flows.values(), key=lambda f: (f.running, f.at, f.name))
        flows = {name: flow for name, flow in flows.items() if name != oldest.name}
    return {name: flows[name] for name in sorted(flows)}


def _in_order(stages: dict[int, FlowStage]) -> dict[int, FlowStage]:
    return {index: stages[index] for index in sorted(stages)}


def _stage(flow: FlowView, fact: Fact, row: StageRow, *, ended: bool) -> FlowStage:
    before = flow.stages.get(row.index)
    depth = FlowDepth(fact.at, row.queue, row.waiting)
    if before is None or (before.node, before.epoch) != (fact.node, fact.epoch):
        return FlowStage(fact.node, fact.epoch, row, fact.at, ended, history=(depth,))
    span = fact.at - before.at
    entered, left = row.entered - before.row.entered, row.left - before.row.left
    refused = row.refused - before.row.refused
    if span <= 0 or min(entered, left, refused) < 0:
        return replace(before, row=row, at=fact.at, ended=ended)
    return FlowStage(
        node=fact.node,
        epoch=fact.epoch,
        row=row,
        at=fact.at,
        ended=ended,
        entered_per_s=entered * 1e6 / span,
        left_per_s=left * 1e6 / span,
        refused_per_s=refused * 1e6 / span,
        history=(*before.history, depth)[-FLOW_HISTORY_MAX:],
    )
