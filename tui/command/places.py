"""The words about places: `transfers` (and to cancel one), `plan`, `drain`."""

from __future__ import annotations

import argparse
import json

from tui.command.asking import ask, look
from tui.command.saying import FINE, NOT_FINE, WRONG_CALL, CommandError, say, show
from tui.command.words import Words, add_address


def add(words: Words) -> None:
    """Add them."""
    word = words.add("transfers", transfers, "what is being filled, and what it waits for")
    add_address(word, json=True)
    word.add_argument("act", nargs="?", choices=("cancel", "resume"), help="one of that node's")
    word.add_argument("partition", nargs="?", type=int, metavar="PARTITION", help="which one")

    word = words.add("plan", plan, "what joins and drains would move, before they do")
    add_address(word, json=True)
    for name, text in (("--join", "a node that would come"), ("--drain", "one that would go")):
        word.add_argument(name, action="append", default=[], metavar="NODE", help=text)

    word = words.add("drain", drain, "have one node give up its places and stay")
    add_address(word)
    word.add_argument("--undo", action="store_true", help="it takes places again")


def transfers(args: argparse.Namespace) -> int:
    """Who is being filled or keeps hints; or cancels or resumes one transfer of one node."""
    from tui.text.status import to_json
    from tui.text.transfers import transfers as pending
    from tui.text.transfers import transfers_text

    if args.act:
        if args.partition is None:
            raise CommandError(f"{args.act} which partition? See `transfers`", WRONG_CALL)
        _order(args.address, {"command": "transfer", "partition": args.partition, "do": args.act})
        done = "is cancelled" if args.act == "cancel" else "goes on"
        say(f"the transfer of partition {args.partition} {done}")
        return FINE
    found = pending(*look(args.address))
    return show(to_json(found) if args.json else transfers_text(found))


def plan(args: argparse.Namespace) -> int:
    """1 when a partition would have fewer than N owners."""
    from cluster.model.member import NodeId
    from cluster.model.plan import PlanError
    from tui.text.plan import plan_document, plan_text, planned
    from tui.text.status import to_json

    if not args.join and not args.drain:
        raise CommandError("say what would change: --join NODE, --drain NODE", WRONG_CALL)
    view, now = look(args.address)
    try:
        joins, drains = (tuple(map(NodeId, dict.fromkeys(n))) for n in (args.join, args.drain))
        found = planned(view, now, joins, drains)
    except PlanError as error:
        raise CommandError(str(error), WRONG_CALL) from None
    show(to_json(plan_document(found)) if args.json else plan_text(found))
    return NOT_FINE if found.short_after > found.short_before else FINE


def drain(args: argparse.Namespace) -> int:
    """Begins; `transfers` says how far it is."""
    _order(args.address, {"command": "undrain" if args.undo else "drain"})
    say("it takes places again" if args.undo else "it drains; `transfers` says how far it is")
    return FINE


def _order(address: str, order: dict[str, object]) -> None:
    ask(address, "POST", "/command", json.dumps(order).encode())
