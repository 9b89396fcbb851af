"""The bars of the five architectures over many seeds.

`python -m tests.bench.architectures [--seeds 1..1000] [--jobs 2] [--bar NAME ...] [--every]`
plays ranges of seeds (names are ARCHITECTURE/SCHEDULE; unless named, those of the five bars), so that a long sweep can be cut into pieces: each piece prints how many
seeds it saw and how many fell short, and those seeds with what they lacked. A bar that says
"in 95 of 100" is played with at most 100 seeds of the range, unless `--every`. Exits with 1 when a
bar is missed.
"""

from __future__ import annotations

import argparse
import sys
import time

from cluster.sim.compare.bars import BARS, KEPT, Bar, order
from cluster.sim.compare.crew import Crew
from tui.command.worlds.sim import jobs, seed_range

ENOUGH = 100
"""Seeds of a bar that need not hold in every one."""


def sweep(bar: Bar, seeds: list[int], crew: Crew) -> bool:
    """Play one bar; True when it is met."""
    began = time.monotonic()
    short: dict[int, list[str]] = {}
    lost = stale = unlike = done = 0
    for played, row in crew.play([order(bar, seed) for seed in seeds]):
        done += 1
        lost += row.measures.lost_count
        stale += row.measures.stale_count
        unlike += row.single.answer == "no"
        if lacks := bar.short(row):
            short[played.seed] = lacks
            print(f"  seed {played.seed}: {'; '.join(lacks)}", flush=True)
        if sys.stderr.isatty():
            line = f"\r{bar.name}: {done} of {len(seeds)}, {len(short)} short"
            print(line, end="", file=sys.stderr, flush=True)
    met = done - len(short) >= bar.least * done
    took = time.monotonic() - began
    print(
        f"{'met' if met else 'MISSED'}  {bar.name}: {bar.text}: {done - len(short)} of {done} "
        f"(at least {bar.least:.0%}); {lost:,} writes lost, {stale:,} stale reads, "
        f"{unlike} seeds no single register; {took:.1f} s",
        flush=True,
    )
    return met


def main() -> int:
    """Play what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.architectures")
    parser.add_argument("--seeds", type=seed_range, default=range(1, 1_001))
    parser.add_argument("--jobs", type=jobs, default=2)
    usual, names = ([bar.name for bar in bars] for bars in (BARS, (*BARS, *KEPT)))
    parser.add_argument("--bar", nargs="+", choices=names, default=usual, metavar="NAME")
    parser.add_argument("--every", action="store_true")
    args = parser.parse_args()
    fine = True
    with Crew(args.jobs) as crew:
        for bar in (each for each in (*BARS, *KEPT) if each.name in args.bar):
            seeds = list(args.seeds)
            if bar.least < 1 and not args.every:
                seeds = seeds[:ENOUGH]
            fine &= sweep(bar, seeds, crew)
    return 0 if fine else 1


if __name__ == "__main__":
    raise SystemExit(main())
