"""Published figures of Serf, SWIM and Lifeguard, ours beside theirs, on real nodes in virtual time.

`python -m tests.bench.swim_figures [--quick] [serf|swim|load|lifeguard ...]`. Nothing here is
typed in but the papers' own numbers; those that were not read in the paper itself are marked †.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from math import e
from statistics import mean, median

from msgspec.structs import replace

from cluster.config import LAN, MS, SECOND
from tests.bench.swim_worlds import (
    STARVED,
    VARIANTS,
    Stress,
    Variant,
    accusations,
    lifeguard,
    load,
    periods_to_suspicion,
    serf_formula_s,
    serf_share,
    spread_s,
)


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], note: str = "") -> None:
    """Print a table as wide as its widest cells."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    print(f"\n{title}")
    for row in (head, ["-" * w for w in widths], *rows):
        print("  " + "  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)))
    if note:
        print(f"  {note}")
    sys.stdout.flush()


def share(part: int, whole: int) -> str:
    """A share in per cent; of nothing there is none."""
    return f"{part / whole:.1%}" if whole else "-"


def serf(quick: bool) -> None:
    """Serf's convergence simulator."""
    config = LAN.membership
    shares = (0.5, 0.9, 0.99, 0.9999)
    rows: list[list[str]] = []
    for members, seeds in ((30, 10), (100, 5), (1000, 1)):
        if quick and members > 100:
            continue
        runs = [r for s in range(2 if quick else seeds) for r in spread_s(members, s, shares, 5)]
        for index, share in enumerate(shares):
            ours = [run[index] for run in runs]
            rows.append(
                [
                    f"{members}" if not index else "",
                    f"{share:.2%}",
                    f"{serf_formula_s(members, share, config):.1f}",
                    f"{median(ours):.2f}",
                    f"{min(ours):.2f} - {max(ours):.2f}",
                    f"{serf_share(members, median(ours), config):.2%}",
                    f"{len(ours)}",
                ]
            )
    table(
        "Serf's convergence formula: seconds until a share of N members knows one piece of news",
        ("N", "share", "formula s", "ours s", "least - most", "formula then", "runs"),
        rows,
        "LAN: gossip each 0.2 s to 3 members, no loss. The formula is in whole rounds. Serf's page "
        "says 1.8, 2.0, 2.2 s for 99.99 % of 30, 100, 1000. Each member tells news only so often "
        "(retransmit_mult); who was missed hears it by push/pull: that is a long worst case.",
    )


def swim(quick: bool) -> None:
    """SWIM's expected time to first detection."""
    rows: list[list[str]] = []
    for members, seeds, victims in ((8, 40, 1), (32, 12, 4), (128, 4, 10), (512, 1, 15)):
        if quick and members > 32:
            continue
        waits: list[float] = []
        for seed in range(seeds // 4 if quick else seeds):
            waits += periods_to_suspicion(members, seed, victims)
        paper = 1 / (1 - (1 - 1 / (members - 1)) ** (members - 1))
        rows.append(
            [
                f"{members}",
                f"{paper:.2f}",
                f"{mean(waits):.2f}",
                f"{max(waits):.2f}",
                f"{len(waits)}",
            ]
        )
    table(
        "SWIM's first detection: probe periods from a death to the first verdict",
        ("N", "expected", "ours mean", "ours worst", "deaths"),
        rows,
        f"Expected under random choice: 1/(1-(1-1/(N-1))^(N-1)), towards e/(e-1) = {e / (e - 1):.2f}"
        "†. Ours goes round in shuffled order, so the worst case is bounded too.",
    )


def flat_load(quick: bool) -> None:
    """SWIM's constant load per member."""
    rows: list[list[str]] = []
    for members in (8, 32, 128) if quick else (8, 32, 128, 512, 1024):
        seconds = 20
        began = time.process_time()
        found = load(members, 1, seconds)
        spent = time.process_time() - began
        rows.append(
            [
                f"{members}",
                f"{found.datagrams:.2f}",
                f"{found.busiest:.2f}",
                f"{LAN.membership.push_pull_us(members) // SECOND}",
                f"{spent * 1000 / members / seconds:.2f}",
            ]
        )
    table(
        "SWIM's constant load: what one member of a healthy cluster sends in a second",
        ("N", "datagrams", "busiest", "push/pull each s", "CPU ms"),
        rows,
        "One ping and one ack a period, whatever N; push/pulls come on top. CPU is one core's for one member and virtual "
        "second, the start of the world included: below 1 ms, 1,000 members outrun real time.",
    )


def lifeguards(quick: bool) -> None:
    """Lifeguard's five configurations."""
    cases = [replace(STARVED, stressed=24)]
    if quick:
        cases = [Stress(32, 12, 16_384 * MS, 1 * MS, 120)]
    else:
        cases.append(STARVED)
    seeds = range(1 if quick else 2)
    rows: list[list[str]] = []
    totals: dict[Variant, tuple[int, int, int]] = dict.fromkeys(VARIANTS, (0, 0, 0))
    for variant in VARIANTS:
        for case in cases:
            for seed in seeds:
                found = accusations(case, lifeguard(variant), seed)
                a, h, s = totals[variant]
                totals[variant] = (a + found.all, h + found.healthy, s + found.sent)
    theirs = {"SWIM": ("100 %", "100 %"), "Lifeguard": ("about 1.5 %†", "about 1.9 %")}
    base = totals["SWIM"]
    for variant in VARIANTS:
        a, h, s = totals[variant]
        paper = theirs.get(variant, ("", ""))
        rows.append(
            [
                variant,
                f"{a}",
                share(a, base[0]),
                paper[0],
                f"{h}",
                share(h, base[1]),
                paper[1],
                share(s, base[2]),
            ]
        )
    what = "; ".join(
        f"{c.stressed} of {c.members} {c.way} for {c.paused_us / 1e6:.1f} s each "
        f"{(c.paused_us + c.awake_us) / 1e6:.3f} s, for {c.seconds} s"
        for c in cases
    )
    table(
        "Lifeguard: healthy members declared dead, all observers and healthy observers",
        ("", "all", "of SWIM", "paper", "healthy", "of SWIM", "paper", "messages"),
        rows,
        f"{what}; {len(seeds)} seeds each. Paper: reduced 50 to 100 times over its whole grid of "
        "stresses, +11 % messages†; ours is a few points of that grid.",
    )


PARTS = {"serf": serf, "swim": swim, "load": flat_load, "lifeguard": lifeguards}


def main() -> None:
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller clusters, fewer seeds")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which tables; all if none")
    asked = parser.parse_args()
    for name in asked.parts or PARTS:
        PARTS[name](asked.quick)


if __name__ == "__main__":
    main()
