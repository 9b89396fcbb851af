"""The cluster's rows of the budget table, run one after the other; peers' figures beside ours.

    python -m tests.bench.table [--quick] [--only joins,kills] [--skeleton PATH] [--peers DIR]

Runs the other benchmarks as programs and gathers their figures; prints one line a row: ours
(median, and worst), the budget, whether it is kept, and theirs. DIR holds drivers for Serf and
etcd (serf_bench.py, etcd_bench.py, each printing one JSON line); they run only where those
programs are installed. PATH is the bare quorum store that bounds what Python can do. Run it on a
machine that does nothing else: several minutes, and --quick proves only that it works.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import msgspec

PATIENCE_S = 1_800


class Row(msgspec.Struct):
    """One line of the table."""

    name: str
    ours: str
    budget: str = ""
    kept: bool = True
    theirs: str = ""


PARTS: dict[str, tuple[list[str], list[str]]] = {
    # name: (arguments, arguments when quick)
    "joins": (["detection", "--only", "joins", "--repeats", "20"], ["--repeats", "2"]),
    "kills": (["detection", "--only", "kills", "--repeats", "10"], ["--repeats", "1"]),
    "kills30": (
        ["detection", "--only", "kills", "--repeats", "4", "--nodes", "30"],
        ["--repeats", "1", "--nodes", "8"],
    ),
    "hangs": (["detection", "--only", "hangs", "--repeats", "10"], ["--repeats", "1"]),
    "pauses": (["detection", "--only", "pauses", "--pauses", "20"], ["--pauses", "1"]),
    "cost": (["node_cost"], ["--starts", "2", "--idle", "3"]),
}


def program(command: list[str], cwd: Path | None = None) -> list[dict[str, Any]]:
    """Its JSON lines. What it says on standard error goes to ours."""
    done = subprocess.run(
        command, cwd=cwd, stdout=subprocess.PIPE, timeout=PATIENCE_S, check=False, text=True
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return [json.loads(line) for line in lines]


def ours(part: str, *, quick: bool) -> list[Row]:
    """The rows of one benchmark."""
    arguments, fewer = PARTS[part]
    module, *rest = arguments
    found = program(
        [sys.executable, "-m", f"tests.bench.{module}", *rest, *(fewer if quick else [])]
    )
    if not found:
        return [Row(part, "it said nothing", kept=False)]
    of = "30 nodes, " if part == "kills30" else ""
    rows: list[Row] = []
    for each in found:
        if not each["n"]:
            rows.append(Row(of + each["figure"], "not measured", kept=False))
            continue
        unit, budget = each["unit"], each["budget"]
        limit = "" if budget is None else f"{each['judged']} <= {budget} {unit}"
        said = f"{each['median']} {unit}, worst {each['max']} of {each['n']}"
        rows.append(Row(of + each["figure"], said, limit, each["ok"]))
    return rows


def rates(skeleton: str, *, quick: bool) -> list[Row]:
    """Durable puts and quorum reads, beside the bare store's in the same minute."""
    seconds = "1" if quick else "4"
    command = [sys.executable, "-m", "tests.bench.quorum", "--seconds", seconds]
    found = program([*command, "--skeleton", skeleton] if skeleton else command)
    if not found:
        return [Row("quorum", "it said nothing", kept=False)]
    rows: list[Row] = []
    for kind, name, least in (("put", "durable put, W=2", 0.4), ("get", "get, R=2", 0.3)):
        said = f"{found[0][kind]['per_s']}/s, p99 {found[0][kind]['p99_ms']} ms"
        if not skeleton:
            rows.append(Row(name, said))
            continue
        ratio = found[0][f"{kind}_ratio"]
        rows.append(Row(name, f"{said}, {ratio} of the bare store", f">= {least}", ratio >= least))
    return rows


def beside(rows: list[Row], name: str, theirs: str) -> None:
    """Put a peer's figure beside ours; a line of its own where we measured nothing like it."""
    matching = [row for row in rows if name in row.name and not row.name.startswith("30 nodes")]
    if matching:
        matching[0].theirs = f"{matching[0].theirs}; {theirs}".removeprefix("; ")
    else:
        rows.append(Row(name, "", theirs=theirs))


def peers(rows: list[Row], drivers: Path, *, quick: bool) -> None:
    """Serf's and etcd's figures, where they are installed."""
    repeats = "1" if quick else "3"
    if shutil.which("serf"):
        phases = "kill" if quick else "idle,kill"
        for each in program(
            [sys.executable, "serf_bench.py", "5", "lan", repeats, phases], cwd=drivers
        ):
            _compare(rows, each, "Serf lan", "s", [
                ("kill -9: first suspicion", ["kill9_first_s"]),
                ("kill -9: dead in every view", ["kill9_last_s"]),
                ("restarted: alive in every view", ["rejoin_seen_by_all_s"]),
            ])  # fmt: skip
    else:
        print("serf is not installed", file=sys.stderr)
    if shutil.which("etcd"):
        phase = ["kill"] if quick else []
        for each in program([sys.executable, "etcd_bench.py", repeats, *phase], cwd=drivers):
            outage = ["leader_kill", "no_ack_from_anyone_s"]
            _compare(rows, each, "etcd, leader", "s", [("without an acknowledged write", outage)])
            _compare(rows, each, "etcd", "/s", [
                ("durable put, W=2", ["wrk.put.leader.c32"]),
                ("get, R=2", ["wrk.get_linearizable.c32"]),
            ])  # fmt: skip
    else:
        print("etcd is not installed", file=sys.stderr)


def _compare(
    rows: list[Row], said: dict[str, Any], who: str, unit: str, pairs: list[tuple[str, list[str]]]
) -> None:
    for name, path in pairs:
        value: Any = said
        for key in path:
            value = _under(value, key)
        value = _under(value, "per_s") or value
        if _under(value, "median") is not None:
            beside(rows, name, f"{who} {value['median']} {unit}, worst {value['max']}")


def _under(value: Any, key: str) -> Any:
    return cast("dict[str, Any]", value).get(key) if isinstance(value, dict) else None


def show(rows: list[Row]) -> None:
    """The table."""
    head = Row("what", "ours", "budget", theirs="theirs")
    width = [
        max(len(str(getattr(r, f))) for r in [head, *rows]) for f in ("name", "ours", "budget")
    ]
    for row in [head, *rows]:
        mark = " " if row is head or not row.budget else "y" if row.kept else "x"
        cells = zip((row.name, row.ours, row.budget), width, strict=True)
        print("  ".join([mark, *(cell.ljust(w) for cell, w in cells), row.theirs]).rstrip())


def main() -> int:
    """Measure, print, and say by the exit code whether every budget was kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="as few trials as can be")
    parser.add_argument("--only", default=",".join([*PARTS, "rates"]), metavar="PARTS")
    parser.add_argument("--skeleton", default="", metavar="PATH")
    parser.add_argument("--peers", default="", metavar="DIR")
    args = parser.parse_args()
    rows: list[Row] = []
    for part in args.only.split(","):
        rows += rates(args.skeleton, quick=args.quick) if part == "rates" else ours(
            part, quick=args.quick
        )  # fmt: skip
    if args.peers:
        peers(rows, Path(args.peers), quick=args.quick)
    show(rows)
    return 0 if all(row.kept for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
