"""`transfers`: who is being filled, who gives up places, who keeps hints, and what each waits for."""

from __future__ import annotations

from typing import Any

from cluster.model.summary import DrainRow, TransferRow
from tui.judge.wording import counted
from tui.view import ClusterView


def transfers(view: ClusterView, now: int) -> list[dict[str, Any]]:
    """Nodes that fill partitions, give up places or keep hints. The names are a promise."""
    del now
    return [
        {
            "node": node.name,
            "filling": node.filling,
            "partitions": list(node.filling_partitions),
            "waiting_on": node.waiting_on,
            "hints": {depth.target: depth.count for depth in node.hints},
            "transfers": [_row(node.transfers[p]) for p in sorted(node.transfers)],
            "drain": _drain(node.drain),
        }
        for node in view.nodes.values()
        if node.filling or node.hints or node.transfers or node.drain
    ]


def _row(row: TransferRow) -> dict[str, Any]:
    return {
        "partition": row.partition,
        "state": row.state,
        "source": row.source,
        "merged": list(row.merged),
        "needed": row.needed,
        "keys": row.keys,
        "bytes": row.size,
        "bytes_per_s": row.rate,
        "eta_s": None if row.eta_us is None else row.eta_us / 1e6,
        "waiting_on": row.waiting_on,
    }


def _drain(row: DrainRow | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "leaving": row.leaving,
        "done": row.done,
        "partitions": row.partitions,
        "hints": row.hints,
        "waiting_on": row.waiting_on,
    }


def transfers_text(found: list[dict[str, Any]]) -> list[str]:
    """One line per node and one per transfer that runs or waits, or that there is nothing."""
    if not found:
        return ["Nothing is being filled and no hint waits."]
    lines: list[str] = []
    for each in found:
        parts: list[str] = []
        if each["filling"]:
            waits = f", waits for {each['waiting_on']}" if each["waiting_on"] else ""
            parts.append(f"fills {counted(each['filling'], 'partition')}{waits}")
        if each["drain"]:
            parts.append(_drain_text(each["drain"]))
        parts += [
            f"keeps {counted(count, 'hint')} for {target}"
            for target, count in each["hints"].items()
        ]
        if not parts:
            parts.append("takes what members without places hold")
        lines.append(f"{each['node']}  {'; '.join(parts)}")
        lines += [
            f"      {_row_text(row)}" for row in each["transfers"] if row["state"] != "queued"
        ]
        if queued := sum(row["state"] == "queued" for row in each["transfers"]):
            lines.append(f"      {counted(queued, 'partition')} in the queue for a free slot")
    return lines


def _row_text(row: dict[str, Any]) -> str:
    said = f"partition {row['partition']}: "
    if row["state"] == "cancelled":
        return said + row["waiting_on"]
    if row["state"] == "waiting":
        return f"{said}waits for {row['waiting_on']}"
    said += f"from {row['source']}, {counted(row['keys'], 'key')}, {row['bytes']:,} bytes"
    if row["bytes_per_s"]:
        said += f", {row['bytes_per_s']:,} bytes/s"
    if row["eta_s"] is not None:
        said += f", {row['eta_s']:.1f} s left"
    return said


def _drain_text(drain: dict[str, Any]) -> str:
    if drain["done"]:
        return "has given up its places"
    said = "gives up its places"
    if drain["partitions"]:
        said += f", {counted(drain['partitions'], 'partition')} to hand on"
    return said + (f", waits for {drain['waiting_on']}" if drain["waiting_on"] else "")
