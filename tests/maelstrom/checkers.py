"""What a history proves: our own checkers for Maelstrom's workloads.

Written from what Jepsen's `set-full`, `unique-ids` and Maelstrom's counter checkers are documented
to decide. Each takes a history and returns a verdict; none knows how the history was made.
"""

from __future__ import annotations

from collections import Counter
from typing import cast

from msgspec import Struct, field

from cluster.model.export.history import Op, pairs


class Verdict(Struct):
    """What a checker found."""

    valid: bool
    notes: dict[str, object] = field(default_factory=dict[str, object])


class Element(Struct):
    """What `set-full` knows of one element."""

    known: Op | None = None
    """When it first was known to exist: its add was acknowledged, or a read showed it."""
    last_present: Op | None = None
    """The latest invocation of a read that showed it."""
    last_absent: Op | None = None


def quantiles(values: list[int]) -> dict[str, int]:
    """Least, middle, 95 %, 99 %, most."""
    ranked = sorted(values)
    marks = {"0": 0.0, "0.5": 0.5, "0.95": 0.95, "0.99": 0.99, "1": 1.0}
    return {
        name: ranked[min(len(ranked) - 1, int(len(ranked) * mark))]
        for name, mark in marks.items()
        if ranked
    }


def frozen(value: object) -> object:
    """A JSON value that can be put into a set."""
    return tuple(map(frozen, cast("list[object]", value))) if isinstance(value, list) else value


def set_full(history: list[Op], add: str = "add") -> Verdict:
    """Which elements became visible everywhere, which were lost, and how long it took.

    An element is *stable* once every later read shows it, *lost* if a read that began after it was
    known does not show it and no later one does, *stale* if it took any time to become stable. The
    stable latency is the time from when it was known to the last read that missed it.
    """
    elements: dict[object, Element] = {}
    duplicated: Counter[object] = Counter()
    unexpected: set[object] = set()
    for begun, ended in sorted(pairs(history), key=lambda pair: _end(pair[1])):
        if begun.f == add:
            element = elements.setdefault(frozen(begun.value), Element())
            if ended is not None and ended.kind == "ok" and element.known is None:
                element.known = ended
        elif begun.f == "read" and ended is not None and ended.kind == "ok":
            shown = Counter(map(frozen, cast("list[object]", ended.value)))
            duplicated.update({value: n for value, n in shown.items() if n > 1})
            attempted = {frozen(op.value) for op in history[: ended.index] if op.f == add}
            unexpected.update(set(shown) - attempted)
            for value in attempted:
                element = elements.setdefault(value, Element())
                if value in shown:
                    element.known = element.known or ended
                    element.last_present = _later(element.last_present, begun)
                else:
                    element.last_absent = _later(element.last_absent, begun)
    return _judged(elements, duplicated, unexpected)


def _end(ended: Op | None) -> float:
    return ended.index if ended is not None else float("inf")


def _later(a: Op | None, b: Op) -> Op:
    return b if a is None or b.index > a.index else a


def _judged(
    elements: dict[object, Element], duplicated: Counter[object], unexpected: set[object]
) -> Verdict:
    lost: list[object] = []
    never_read: list[object] = []
    stale = 0
    latencies: list[int] = []
    for value, element in elements.items():
        known, present, absent = element.known, element.last_present, element.last_absent
        present_at = present.index if present else -1
        absent_at = absent.index if absent else -1
        if present and absent_at < present_at:
            missed = absent.at if absent else 0
            latency = max(0, missed + 1 - known.at) if known and absent else 0
            latencies.append(latency // 1_000)
            stale += latency >= 1_000
        elif known and absent and present_at < absent_at and known.index < absent_at:
            lost.append(value)
        else:
            never_read.append(value)
    return Verdict(
        not lost and not duplicated and not unexpected and bool(latencies),
        {
            "attempt-count": len(elements),
            "stable-count": len(latencies),
            "stale-count": stale,
            "never-read-count": len(never_read),
            "lost-count": len(lost),
            "lost": lost[:20],
            "duplicated-count": len(duplicated),
            "unexpected-count": len(unexpected),
            "stable-latencies": quantiles(latencies),
        },
    )


def everywhere(history: list[Op], add: str = "add") -> Verdict:
    """Every acknowledged element is in every final read (stricter than `set_full` needs to be)."""
    done = {frozen(b.value) for b, e in pairs(history) if b.f == add and e and e.kind == "ok"}
    reads = [op for op in history if op.f == "read" and op.final and op.kind == "ok"]
    missing = {
        op.process: sorted(map(str, done - set(map(frozen, cast("list[object]", op.value)))))
        for op in reads
    }
    short = {process: values[:20] for process, values in missing.items() if values}
    return Verdict(bool(reads) and not short, {"final-reads": len(reads), "missing": short})


def unique_ids(history: list[Op]) -> Verdict:
    """No id was given twice."""
    given = Counter(frozen(op.value) for op in history if op.f == "generate" and op.kind == "ok")
    twice = [value for value, count in given.items() if count > 1]
    return Verdict(
        bool(given) and not twice, {"acknowledged-count": len(given), "duplicated": twice[:20]}
    )


def echo(history: list[Op]) -> Verdict:
    """Everybody got back what they sent."""
    wrong = [
        (begun.value, ended.value)
        for begun, ended in pairs(history)
        if begun.f == "echo" and ended and ended.kind == "ok" and begun.value != ended.value
    ]
    done = sum(1 for op in history if op.f == "echo" and op.kind == "ok")
    return Verdict(done > 0 and not wrong, {"ok-count": done, "errors": wrong[:20]})


def counter(history: list[Op]) -> Verdict:
    """Final reads are the sum of all acknowledged adds, and of any of those nobody knows about.

    Reads before the end may lack any adds, but show none that nobody had asked for yet.
    """
    known = sum(cast("int", op.value) for op in history if op.f == "add" and op.kind == "ok")
    acceptable = {known}
    errors: list[object] = []
    low = high = 0
    for begun, ended in pairs(history):
        if begun.f == "add" and (ended is None or ended.kind == "info"):
            acceptable |= {total + cast("int", begun.value) for total in acceptable}
    for op in history:
        if op.f == "add" and op.kind == "invoke":
            low += min(0, cast("int", op.value))
            high += max(0, cast("int", op.value))
        elif op.f == "read" and op.kind == "ok":
            value = cast("int", op.value)
            if op.final and value not in acceptable:
                errors.append({"process": op.process, "value": value})
            elif not low <= value <= high:
                errors.append({"process": op.process, "value": value, "bounds": (low, high)})
    finals = sum(1 for op in history if op.f == "read" and op.final and op.kind == "ok")
    notes: dict[str, object] = {
        "acceptable": [min(acceptable), max(acceptable)],
        "final-reads": finals,
        "errors": errors[:20],
    }
    return Verdict(finals > 0 and not errors, notes)


def availability(history: list[Op]) -> Verdict:
    """Total availability: every operation on a running node succeeded."""
    ends = Counter(ended.kind if ended else "open" for _, ended in pairs(history))
    failed = [
        (op.f, op.kind, op.value) for op in history if op.kind in ("fail", "info") and not op.final
    ]
    total = sum(ends.values())
    return Verdict(
        total > 0 and ends["ok"] == total,
        {"ok-fraction": ends["ok"] / total if total else 0.0, "failed": failed[:10]},
    )
