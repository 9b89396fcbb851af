"""Event lines about pipelines: what begins and ends, what has no room, what is lost.

Part of `tui.judge.phrases`, which says when a line deserves to be one.
"""

from __future__ import annotations

from typing import Final

from cluster.model.facts import FlowLost, FlowOverflowed, FlowStarted, FlowStopped
from cluster.model.flow.pipeline import Way
from tui.judge.wording import Phrase, counted

WAYS: Final[dict[Way, str]] = {
    "unbounded": "queues without a bound",
    "shed": "full queues refuse",
    "demand": "stages ask",
}
"""Each way in words."""


def of_flows(
    payload: FlowStarted | FlowStopped | FlowOverflowed | FlowLost,
) -> Phrase | None:
    """Pipelines and their stages."""
    match payload:
        case FlowStarted():
            ours = ", ".join(payload.stages)
            return Phrase(f"runs {ours} of flow {payload.flow} ({WAYS[payload.way]})", "good")
        case FlowStopped():
            held = sum(row.queue for row in payload.rows)
            gone = f", {counted(held, 'item')} that waited are gone" if held else ""
            return Phrase(f"stops flow {payload.flow}{gone}", "warn" if held else "plain")
        case FlowOverflowed():
            full = f"{payload.stage} of flow {payload.flow} is full ({payload.limit:,})"
            return Phrase(f"{full}: refuses what has no room", "warn")
        case FlowLost():
            what = f"of flow {payload.flow} that {payload.stage} sent to {payload.to}"
            if payload.count < 0:
                return Phrase(f"{counted(-payload.count, 'item')} {what} are not lost after all")
            return Phrase(f"lost {counted(payload.count, 'item')} {what}", "bad")
