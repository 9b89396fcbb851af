"""The words that start nodes: `demo`, `up`, `node`."""

from __future__ import annotations

import argparse
import os
import sys

from tui.command.arguments import ARCHITECTURES, node_count, seconds
from tui.command.hosted.serving import add_serve, page_of, served
from tui.command.saying import NOT_FINE, CommandError, run_async, say, warn
from tui.command.words import Parser, Words, add_looks, looks_of


def add(words: Words) -> None:
    """Add them."""
    word = words.add(
        "demo", demo, "five real nodes, a quiz show, a dashboard and keys to hurt them"
    )
    word.add_argument("--nodes", type=node_count, default=5, metavar="N", help="how many (5)")
    _add_profile(word)
    _add_architecture(word)
    word.add_argument("--seed", type=int, metavar="S", help="choose the quiz's answers")
    add_serve(word)
    add_looks(word)
    word.add_argument("--plain", action="store_true", help="lines of text instead of a dashboard")
    word.add_argument("--for", type=seconds, dest="lasting", metavar="SECONDS", help="then stop")

    word = words.add("up", up, "nodes without a dashboard, until Ctrl-C")
    word.add_argument(
        "nodes", nargs="?", type=node_count, default=5, metavar="N", help="how many (5)"
    )
    word.add_argument("--data", default="", metavar="DIR", help="keep the disks there")
    _add_profile(word)
    _add_architecture(word)
    word.add_argument("--cluster", default="", metavar="NAME", help="the cluster's name")
    word.add_argument("--seed", type=int, metavar="S", help="the nodes' dice")
    word.add_argument("--json", action="store_true", help="one JSON line a node")
    word.add_argument("--allow-faults", action="store_true", help="obey the fault command")
    word.add_argument("--stdin-guard", action="store_true", help="stop when standard input ends")

    word = words.add("node", node, "one node, for a real host")
    if words.called[:1] == ["node"]:  # its arguments need the cluster's defaults
        from cluster.__main__ import add_arguments

        add_arguments(word)


def _add_profile(word: Parser) -> None:
    word.add_argument("--profile", choices=("demo", "lan"), default="demo", help="timing (demo)")


def _add_architecture(word: Parser) -> None:
    text = f"who decides: {', '.join(ARCHITECTURES)} (masterless)"
    word.add_argument(
        "--architecture", choices=ARCHITECTURES, default="masterless", metavar="NAME", help=text
    )


def demo(args: argparse.Namespace) -> int:
    """The dashboard, or lines of text when asked or when nobody could see a dashboard."""
    from cluster.lab.show import LabError, ShowOptions

    seed = args.seed if args.seed is not None else fresh_seed()
    options = ShowOptions(
        nodes=args.nodes, profile=args.profile, seed=seed, architecture=args.architecture
    )
    try:
        page = page_of(args, "demo", acts=True)
        if page is None and (args.plain or not sys.stdout.isatty()):
            from tui.text.live import follow_demo

            return run_async(follow_demo(options, say, args.lasting))
        from tui.app import run_demo as run_dashboard

        with served():
            return run_dashboard(options, args.lasting, page, looks_of(args))
    except LabError as error:
        raise CommandError(str(error), NOT_FINE) from None


def fresh_seed() -> int:
    """Different in every run; printed, so that the run can be repeated."""
    return int.from_bytes(os.urandom(3), "big")


def up(args: argparse.Namespace) -> int:
    """Nodes until told to stop."""
    from cluster.lab.up import Up, UpOptions
    from cluster.lab.witness import LabError

    options = UpOptions(
        nodes=args.nodes,
        profile=args.profile,
        data=args.data,
        cluster=args.cluster,
        allow_faults=args.allow_faults,
        stdin_guard=args.stdin_guard,
        json=args.json,
        seed=args.seed,
        architecture=args.architecture,
    )
    try:
        return run_async(Up(options, say, warn).run())
    except LabError as error:
        raise CommandError(str(error), NOT_FINE) from None


def node(args: argparse.Namespace) -> int:
    """Exactly what `python -m cluster` does."""
    from cluster.__main__ import options_from, run_node

    return run_node(options_from(args))
