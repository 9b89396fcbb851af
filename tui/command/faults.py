"""The word that hurts: `fault cut|loss|delay|heal`, on the links of one node, or a partition of all.

`partition` and `heal --everywhere` find every node through one window and tell each its part.
"""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from tui.command.arguments import address
from tui.command.asking import ask, look
from tui.command.saying import WRONG_CALL, CommandError, run_async, show
from tui.command.words import Parser, Words

if TYPE_CHECKING:
    from tui.inspecting.surgeon import Surgeon
    from tui.view import ClusterView


def add(words: Words) -> None:
    """Add it."""
    word = words.add("fault", None, "hurt one node's links (started with --allow-faults)")
    verbs = word.add_subparsers(
        metavar="cut|loss|delay|partition|heal", required=True, parser_class=Parser
    )
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
        if verb == "heal":
            sub.add_argument("--everywhere", action="store_true", help="at every node")
        sub.set_defaults(run=fault, verb=verb)
    sub = verbs.add_parser("partition", help="cut these nodes off from all others")
    sub.add_argument("side", metavar="NODE,NODE…", help="one side; the other is everybody else")
    sub.add_argument("--at", type=address, required=True, metavar="ADDRESS", help="any window")
    sub.set_defaults(run=partition)


def fault(args: argparse.Namespace) -> int:
    """Prints what is in force now."""
    import json

    from tui.text.look import objection

    if args.verb == "heal" and args.everywhere:
        return _by_hand(args, lambda hand, _: hand.heal())
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


def partition(args: argparse.Namespace) -> int:
    """Prints who is cut off from whom, and what mends it."""
    from tui.driving.commands import NotUnderstoodError, Split, understand

    def split(hand: Surgeon, view: ClusterView) -> Awaitable[str]:
        try:
            meant = understand(f"partition {args.side}", view)
        except NotUnderstoodError as wrong:
            raise CommandError(f"{wrong}.", WRONG_CALL) from None
        assert isinstance(meant, Split)
        return hand.partition(meant.side)

    return _by_hand(args, split)


def _by_hand(args: argparse.Namespace, do: Callable[[Surgeon, ClusterView], Awaitable[str]]) -> int:
    """Look around once, then act on all nodes there are. Refused: 2."""
    from cluster.lab.witness import LabError
    from tui.inspecting.surgeon import Surgeon

    at, prog = args.at, args.prog
    view, _ = look(at)

    async def act() -> int:
        said = await do(Surgeon(lambda: view), view)
        heal = f"{prog} fault heal --everywhere --at {at} mends it"
        return show([said.replace("u takes it back", heal)])

    try:
        return run_async(act())
    except LabError as refused:
        raise CommandError(f"{refused}.", WRONG_CALL) from None
