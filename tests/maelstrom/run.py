"""Our own small Maelstrom as a command.

    python -m tests.maelstrom.run --workload broadcast --nodes 25 --rate 100 --latency 100 --for 20

Virtual time unless `--real`. Exit code 0 if everything is valid, 1 if not.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from pathlib import Path
from typing import cast, get_args

from msgspec.structs import replace

from cluster.maelstrom.adapter import Workload
from cluster.model.export.elle import exports
from cluster.model.export.history import Op
from cluster.model.export.shiviz import shiviz_log
from cluster.model.facts import Fact
from tests.maelstrom.processes import run_real
from tests.maelstrom.report import judge, lines
from tests.maelstrom.runner import Options
from tests.maelstrom.topologies import KINDS
from tests.maelstrom.virtual import run
from tui.command.arguments import milliseconds, new_file, new_folder


def main(argv: list[str] | None = None) -> int:
    args = arguments().parse_args(argv)
    given = args.topology != "own"
    options = Options(
        workload=args.workload,
        nodes=args.nodes,
        rate=args.rate,
        latency_ms=args.latency,
        distribution=args.distribution,
        seconds=args.seconds,
        partition=args.partition,
        interval_s=args.interval,
        topology=args.topology if given else "grid",
        seed=args.seed,
    )
    began = time.monotonic()
    workload = cast("Workload", args.workload)
    facts: list[Fact] = []
    if args.real:
        runner = asyncio.run(run_real(options, workload, flush_ms=args.flush, given=given))
    else:
        runner = run(options, workload, flush_ms=args.flush, given=given, facts=facts)
    if args.elle:
        Path(args.elle).mkdir(parents=True, exist_ok=True)
        for export in exports([elle_words(op, args.workload) for op in runner.history]):
            path = Path(args.elle) / export.name
            path.write_text(export.text)
            print(f"{path}: {export.operations} operations, for elle-cli --model {export.model}")
    if args.shiviz:
        Path(args.shiviz).write_text(shiviz_log(facts))
    result = judge(runner, args.workload)
    print("\n".join(lines(runner, result, options, given)))
    print(f"({'real' if args.real else 'virtual'} time, {time.monotonic() - began:.1f} s)")
    return 0 if result.valid else 1


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Run a workload of Maelstrom's and check it.")
    add = parser.add_argument
    add("--workload", choices=get_args(Workload), default="broadcast")
    add("--nodes", type=int, default=5)
    add("--rate", type=float, default=10.0, help="operations per second")
    add("--latency", type=int, default=0, metavar="MS", help="between nodes")
    add("--distribution", choices=("constant", "exponential"), default="constant")
    add("--for", type=float, default=10.0, dest="seconds", metavar="SECONDS")
    add("--partition", action="store_true", help="partitions come and go")
    add("--interval", type=float, default=10.0, metavar="SECONDS", help="between them")
    add("--topology", choices=("own", *KINDS), default="own", help="along which broadcasts go")
    add(
        "--flush",
        type=milliseconds,
        default=20,
        metavar="MS",
        help="a link carries a batch this often",
    )
    add("--seed", type=int, default=1)
    add("--real", action="store_true", help="real processes instead of virtual time")
    add(
        "--elle",
        type=new_folder,
        metavar="DIR",
        help="write the history there, as elle-cli reads it",
    )
    add(
        "--shiviz",
        type=new_file,
        metavar="FILE",
        help="write the traced messages, as ShiViz reads them",
    )
    return parser


def elle_words(op: Op, workload: str) -> Op:
    """An operation as exports know it: a broadcast adds to a set, a counter counts."""
    if op.f == "broadcast":
        return replace(op, f="add")
    return replace(op, f="count") if op.f == "add" and "counter" in workload else op


if __name__ == "__main__":
    sys.exit(main())
