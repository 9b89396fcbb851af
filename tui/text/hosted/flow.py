"""`flow`: each pipeline stage by stage: what waits there, what was refused, what waits at the source.

Read from every node's window at once, because each node knows the queues of its own stages only. A
look by itself knows no rates: two looks a second apart do.
"""

from __future__ import annotations

from typing import Any, Final

from cluster.model.member import NodeId
from tui.draw.sparkline import spark
from tui.judge.flows import WAYS
from tui.judge.wording import counted, joined, seconds

HISTORY_MAX: Final = 30
"""Looks remembered for a queue's sparkline."""

FIGURES: Final = (
    "queue", "longest", "limit", "entered", "left", "refused", "lost", "waiting", "waited_us",
    "asked", "granted", "p50_us", "p99_us",
)  # fmt: skip


def flows(answers: dict[str, dict[str, Any] | None]) -> dict[str, Any]:
    """What all nodes' windows say, together; None is one that is silent. The names are a promise."""
    latest: dict[str, dict[str, Any]] = {}
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for node, answer in answers.items():
        if answer is None:
            continue
        for flow in answer["flows"]:
            known = latest.get(flow["name"])
            order = (flow["version"], flow["by"])
            if known is None or order > (known["version"], known["by"]):
                latest[flow["name"]] = flow
        for row in answer["stages"]:
            rows[row["flow"], row["stage"], node] = row
    return {
        "flows": [_flow(latest[name], rows, answers) for name in sorted(latest)],
        "silent": [node for node, answer in answers.items() if answer is None],
    }


def stalled(found: dict[str, Any]) -> list[str]:
    """Running pipelines in which a stage's node does not answer."""
    return [flow["name"] for flow in found["flows"] if flow["stalled_at"]]


def held(found: dict[str, Any], name: str) -> int:
    """Items that wait or are in work in a pipeline's stages, as far as their nodes answer."""
    mine = [flow for flow in found["flows"] if flow["name"] == name]
    return sum(s["now"]["queue"] for flow in mine for s in flow["stages"] if s["now"])


def _flow(
    flow: dict[str, Any],
    rows: dict[tuple[str, str, str], dict[str, Any]],
    answers: dict[str, dict[str, Any] | None],
) -> dict[str, Any]:
    stages: list[dict[str, Any]] = []
    for spec in flow["stages"]:
        row = rows.get((flow["name"], spec["name"], spec["node"]))
        told = {name: row[name] for name in FIGURES} if row is not None else None
        stages.append(
            {"name": spec["name"], "kind": spec["kind"], "node": spec["node"], "now": told}
        )
    kept = ("name", "way", "by", "stopped", "max_demand", "min_demand", "queue_max", "lasting_us")
    missing = {s["node"]: None for s in stages if answers.get(s["node"]) is None}
    return {
        **{name: flow[name] for name in kept},
        "stalled_at": [] if flow["stopped"] else list(missing),
        "ended": None if flow["stopped"] else _ended(flow, [s["now"] for s in stages]),
        "stages": stages,
    }


def _ended(flow: dict[str, Any], rows: list[dict[str, Any] | None]) -> dict[str, int] | None:
    """What came of all items, when the last has arrived and none is left; None until then.

    Totals are of the present lives of the stages' nodes.
    """
    known = [row for row in rows if row is not None]
    if not flow["lasting_us"] or len(known) < len(rows):
        return None
    total = flow["lasting_us"] * flow["stages"][0]["rate_per_s"] // 1_000_000
    arrived = known[0]["entered"] + known[0]["refused"]
    if arrived < total or any(row["queue"] or row["waiting"] for row in known):
        return None
    refused, lost = (sum(row[name] for row in known) for name in ("refused", "lost"))
    return {"arrived": arrived, "done": known[-1]["left"], "refused": refused, "lost": lost}


class Looks:
    """Looks one after another: each queue's lengths, and rates between the last two."""

    def __init__(self) -> None:
        self._queues: dict[tuple[str, str], list[float | None]] = {}
        self._left: dict[tuple[str, str], int] = {}
        self._at = 0

    def text(self, found: dict[str, Any], now: int) -> list[str]:
        """What a person reads of this look; `now` in microseconds."""
        span, self._at = (now - self._at if self._at else 0), now
        running = [flow for flow in found["flows"] if not flow["stopped"]]
        if not running:
            return [*self._silent(found), "No pipeline runs. `flow ADDRESS start NAME` begins one."]
        lines: list[str] = []
        for flow in running:
            lines.append(f"{flow['name']}  {flow['way']}: {WAYS[flow['way']]}{_verdict(flow)}")
            lines += [self._stage(flow, stage, span) for stage in flow["stages"]]
        return [*self._silent(found), *lines]

    def _silent(self, found: dict[str, Any]) -> list[str]:
        return [f"{node} does not answer." for node in found["silent"]]

    def _stage(self, flow: dict[str, Any], stage: dict[str, Any], span: int) -> str:
        row, key = stage["now"], (flow["name"], stage["name"])
        queues = self._queues.setdefault(key, [])
        queues.append(None if row is None else row["queue"])
        del queues[:-HISTORY_MAX]
        head = f"  {stage['name']:<12} {stage['kind']:<8} {stage['node']:<6}"
        if row is None:
            self._left.pop(key, None)
            gone = stage["node"] in flow["stalled_at"]
            return f"{head} {'does not answer' if gone else 'has not heard of it yet'}"
        limit = f"of {row['limit']:,}"
        parts = [f"{head} queue {row['queue']:>7,} {limit:<10}"]
        before = self._left.get(key)
        if before is not None and span > 0 and row["left"] >= before:
            parts.append(f"{(row['left'] - before) * 1e6 / span:,.0f}/s")
        self._left[key] = row["left"]
        parts += _trouble(row)
        if row["p99_us"]:
            parts.append(f"p99 {seconds(row['p99_us'])}")
        if len(queues) > 1:
            top = max([queue for queue in queues if queue is not None], default=0.0)
            parts.append(spark(queues, top or 1.0, "block"))
        return "  ".join(parts)


def _verdict(flow: dict[str, Any]) -> str:
    """What is to be said of the whole."""
    ended = flow["ended"]
    if flow["stalled_at"]:
        where = joined([NodeId(node) for node in flow["stalled_at"]])
        answers = "does not answer" if len(flow["stalled_at"]) == 1 else "do not answer"
        return f"  STALLED: {where} {answers}, so nothing gets past"
    if ended is None:
        return ""
    rest = [f"{ended[what]:,} {what}" for what in ("refused", "lost") if ended[what]]
    said = [f"{ended['done']:,} of {counted(ended['arrived'], 'item')} done", *rest]
    return f"  ENDED: {', '.join(said)}"


def _trouble(row: dict[str, Any]) -> list[str]:
    parts: list[str] = []
    if row["waiting"]:
        waits = seconds(row["waited_us"])
        parts.append(f"{counted(row['waiting'], 'item')} at the source, for {waits}")
    if row["refused"]:
        parts.append(f"{row['refused']:,} refused")
    if row["lost"]:
        parts.append(f"{row['lost']:,} lost")
    return parts
