"""The word that makes this program a node under Maelstrom: `maelstrom`."""

from __future__ import annotations

import argparse

from tui.command.arguments import milliseconds
from tui.command.words import Words

WORKLOADS = ("echo", "unique-ids", "broadcast", "g-set", "g-counter", "pn-counter")


def add(words: Words) -> None:
    """Add it."""
    word = words.add("maelstrom", maelstrom, "a node that speaks Maelstrom's protocol")
    word.add_argument("workload", choices=WORKLOADS, help="what `read` and `add` mean")
    word.add_argument(
        "--flush",
        type=milliseconds,
        default=20,
        metavar="MS",
        help="a link carries broadcasts at most this often (20)",
    )
    word.add_argument(
        "--topology",
        choices=("own", "given"),
        default="own",
        help="broadcast along our own tree, or along the links that Maelstrom gives (own)",
    )


def maelstrom(args: argparse.Namespace) -> int:
    """Lines of JSON on standard input and output until the input ends."""
    from cluster.maelstrom.stdio import serve

    return serve(args.workload, flush_ms=args.flush, follow_topology=args.topology == "given")
