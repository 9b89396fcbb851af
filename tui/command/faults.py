"""The word that hurts: `fault cut|loss|delay|heal`, on the links of one node."""

from __future__ import annotations

import argparse
from typing import Any

from tui.command.arguments import address
from tui.command.asking import ask
from tui.command.saying import WRONG_CALL, CommandError, show
from tui.command.words import Parser, Words


def add(words: Words) -> None:
    """Add it."""
    word = words.add("fault", None, "hurt one node's links (started with --allow-faults)")
    verbs = word.add_subparsers(metavar="cut|loss|delay|heal", required=True, parser_class=Parser)
    for verb in ("cut", "loss", "delay", "heal"):
        sub = verbs.add_parser(verb, help=f"{verb} links")
        sub.add_argument("peers", nargs="*", metavar="NODE", help="to whom (none: everyone)")
        sub.add_argument("--at", type=address, required=True, metavar="ADDRESS", help="whose links")
        if verb == "cut":
            sub.add_argument("--direction", choices=("both", "in", "out"), default="both")
        if verb == "loss":
            sub.add_argument("--fraction", type=float, required=True, metavar="0..1")
        if verb == "delay":
            sub.add_argument("--ms", type=int, required=True, metavar="MS")
        sub.set_defaults(run=fault, verb=verb)


def fault(args: argparse.Namespace) -> int:
    """Prints what is in force now."""
    import json

    from tui.text.look import objection

    if args.verb != "heal" and (why := objection(ask, args.at, args.peers)):
        raise CommandError(why, WRONG_CALL)
    order: dict[str, Any] = {"kind": args.verb, "peers": args.peers}
    if args.verb == "cut":
        order["direction"] = args.direction
    elif args.verb == "loss":
        order["fraction"] = args.fraction
    elif args.verb == "delay":
        order["delay_ms"] = args.ms
    _, _, answer = ask(args.at, "POST", "/fault", json.dumps(order).encode())
    return show(json.loads(answer)["in_force"] or ["no fault is in force"])
