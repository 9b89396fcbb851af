"""What a test found, as Maelstrom prints it, beside the published figures where there are any."""

from __future__ import annotations

from collections import Counter
from typing import cast

from msgspec import Struct

from cluster.model.export.history import pairs
from tests.maelstrom import checkers
from tests.maelstrom.checkers import Verdict
from tests.maelstrom.runner import Options, Runner

GUIDE = {
    ("grid", 100, "constant"): (27.81, 452, 748, 791),
    ("grid", 100, "exponential"): (None, 229, 520, 630),
    ("tree4", 100, "constant"): (11.99, 386, 498, 505),
    ("total", 100, "constant"): (290.56, 77, 96, 97),
    ("line", 10, "constant"): (12.01, 86, 193, 224),
    ("grid", 10, "constant"): (None, 11, 56, 72),
}
"""Maelstrom's guide, 25 nodes and 100 operations/s: messages/op, then p50, p99 and most in ms."""

BARS = ((30.0, 400, 600), (20.0, 1_000, 2_000))
"""Fly.io's Gossip Glomers 3d and 3e: below so many messages/op, median and most in ms."""


class Result(Struct):
    """One test, judged."""

    valid: bool
    operations: int
    messages_per_op: float
    verdicts: dict[str, Verdict]

    def latency(self, quantile: str) -> int:
        """A stable latency in ms."""
        found = self.verdicts["set-full"].notes["stable-latencies"]
        return cast("dict[str, int]", found)[quantile]


def judge(runner: Runner, workload: str) -> Result:
    """Every checker that a workload has."""
    history = runner.history
    verdicts: dict[str, Verdict] = {"availability": checkers.availability(history)}
    match workload:
        case "echo":
            verdicts["echo"] = checkers.echo(history)
        case "unique-ids":
            verdicts["unique-ids"] = checkers.unique_ids(history)
        case "broadcast" | "g-set":
            add = "broadcast" if workload == "broadcast" else "add"
            verdicts["set-full"] = checkers.set_full(history, add)
            verdicts["everywhere"] = checkers.everywhere(history, add)
        case _:
            verdicts["counter"] = checkers.counter(history)
    operations = sum(1 for op in history if op.kind == "invoke")
    valid = all(verdict.valid for verdict in verdicts.values())
    return Result(valid, operations, runner.server_messages / max(1, operations), verdicts)


def lines(runner: Runner, result: Result, options: Options, given: bool) -> list[str]:
    """The report."""
    told = [f"seed {options.seed}: {options.nodes} nodes, {options.rate:g} operations/s"]
    told[0] += f" for {options.seconds:g} s, {options.latency_ms} ms {options.distribution}"
    told[0] += f", {runner.partitions} partitions" if options.partition else ""
    by = Counter((b.f, e.kind if e else "open") for b, e in pairs(runner.history))
    told += [f"  {f:<10} {kind:<5} {count:>6,}" for (f, kind), count in sorted(by.items())]
    told.append(
        f"  messages between nodes {runner.server_messages:,}"
        f" ({result.messages_per_op:.2f} per operation, {runner.dropped:,} lost),"
        f" with clients {runner.client_messages:,}"
    )
    for name, verdict in result.verdicts.items():
        told.append(f"  {name}: {'valid' if verdict.valid else 'NOT VALID'}")
        told += [f"    {key} {value}" for key, value in verdict.notes.items()]
    if "set-full" in result.verdicts and options.workload == "broadcast":
        told += _beside(result, options, given)
    return [*told, "Everything looks good." if result.valid else "Something is wrong."]


def _beside(result: Result, options: Options, given: bool) -> list[str]:
    """Our figures and the published ones, for the same nodes and load."""
    if (options.nodes, options.rate) != (25, 100.0) or options.partition:
        return []
    ours = (result.messages_per_op, *(result.latency(q) for q in ("0.5", "0.99", "1")))
    told = ["                                msgs/op   p50 ms   p99 ms   max ms"]
    told.append(_row("this run", *ours))
    theirs = GUIDE.get((options.topology, options.latency_ms, options.distribution))
    if given and theirs:
        told.append(_row(f"Maelstrom's guide, {options.topology}", *theirs))
    if options.latency_ms == 100 and options.distribution == "constant":
        for name, (messages, median, most) in zip(("3d", "3e"), BARS, strict=True):
            met = ours[0] < messages and ours[1] < median and ours[3] < most
            row = _row(f"Gossip Glomers {name}, below", messages, median, None, most)
            told.append(row + ("   met" if met else "   not met"))
    return told


def _row(name: str, messages: float | None, *latencies: int | None) -> str:
    shown = f"{messages:9.2f}" if messages is not None else "        -"
    return f"  {name:<28}" + shown + "".join(f"{'-' if ms is None else ms:>9}" for ms in latencies)
