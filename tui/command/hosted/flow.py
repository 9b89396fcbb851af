"""The word for pipelines: `flow` shows them, stage by stage, starts one, stops one."""

from __future__ import annotations

import argparse
import json
from typing import Any, Final

from tui.command.asking import NO_NODE, ask, patient
from tui.command.saying import (
    FINE,
    NO_ANSWER,
    NOT_FINE,
    WRONG_CALL,
    CommandError,
    say,
    show,
    wait_a_second,
)
from tui.command.words import Words, add_address

WAYS: Final = ("unbounded", "shed", "demand")
ENDS: Final = """\
`flow ADDRESS start quiz --on n1 n2 n3` declares a pipeline: a source of 1,000 items a second at n1,
a stage at n2 that takes 5 ms for each, and a quick one at n3. More nodes are more stages in between.
Anything else can be POSTed to /flows as JSON. Exits with 1 when a running pipeline is stalled: the
node of one of its stages does not answer.
"""


def add(words: Words) -> None:
    """Add it."""
    word = words.add("flow", flow, "pipelines: what waits at each stage; starts and stops them")
    word.epilog = ENDS
    add_address(word, json=True)
    word.add_argument("act", nargs="?", choices=("start", "stop"), help="a pipeline")
    word.add_argument("name", nargs="?", metavar="NAME", help="which one")
    word.add_argument("--watch", action="store_true", help="again every second")
    start = word.add_argument_group("start")
    start.add_argument("--way", choices=WAYS, default="demand", help="what happens to too much")
    start.add_argument("--on", nargs="+", metavar="NODE", help="where its stages run, in order")
    for option, default, text in (
        ("--rate", 1_000, "items that arrive at the source a second (1000)"),
        ("--cost-ms", 5, "how long a stage in the middle takes for one (5)"),
        ("--limit", 0, "items a second that these begin at most (0: no limit)"),
        ("--max-demand", 1_000, "items a stage keeps asked for or queued (1000)"),
        ("--queue-max", 1_000, "items a stage that sheds holds (1000)"),
        ("--lasting-s", 0, "how long items arrive (0: until it is stopped)"),
    ):
        start.add_argument(option, type=int, default=default, metavar="N", help=text)
    start.add_argument("--worker", default="", help="share the stages in the middle by this name")


def flow(args: argparse.Namespace) -> int:
    """Show, start or stop; 1 when one that is shown is stalled."""
    if args.act:
        return _ordered(args)
    from time import time_ns

    from tui.text.hosted.flow import Looks, stalled
    from tui.text.status import to_json

    looks = Looks()
    while True:
        found = _found(args.address)
        show(to_json(found) if args.json else looks.text(found, time_ns() // 1_000))
        if not args.watch:
            return NOT_FINE if stalled(found) else FINE
        wait_a_second()
        if not args.json:
            say("")


def _ordered(args: argparse.Namespace) -> int:
    from urllib.parse import quote

    if not args.name:
        raise CommandError(f"{args.act} which pipeline? Give its name", WRONG_CALL)
    if args.act == "stop":
        from tui.judge.wording import counted
        from tui.text.hosted.flow import held

        gone = held(_found(args.address), args.name)
        ask(args.address, "DELETE", "/flows/" + quote(args.name, safe=""))
        with_it = f"; {counted(gone, 'item')} waited in its stages just before, now gone"
        say(f"{args.name} is stopped{with_it if gone else ''}")
        return FINE
    if not args.on or len(args.on) < 2:
        raise CommandError("where shall its stages run? Name two nodes or more: --on", WRONG_CALL)
    ask(args.address, "POST", "/flows", json.dumps(declared(args)).encode())
    say(f"{args.name} is declared; `flow {args.address} --watch` shows how it does")
    return FINE


def declared(args: argparse.Namespace) -> dict[str, object]:
    """The pipeline that was asked for, as the window wants it."""
    first, *inner, last = args.on
    cost = {"cost_us": args.cost_ms * 1_000, "limit_per_s": args.limit, "worker": args.worker}
    relays = [
        {"name": f"work{number}", "kind": "relay", "node": node, **cost}
        for number, node in enumerate(inner, 1)
    ]
    end: dict[str, object] = {"name": "sink", "kind": "consumer", "node": last}
    return {
        "name": args.name,
        "way": args.way,
        "stages": [
            {"name": "source", "kind": "producer", "node": first, "rate_per_s": args.rate},
            *relays,
            end if relays else {**end, **cost},
        ],
        "max_demand": args.max_demand,
        "queue_max": args.queue_max,
        "lasting_us": args.lasting_s * 1_000_000,
    }


def _found(address: str) -> dict[str, Any]:
    from tui.text.hosted.flow import flows
    from tui.text.look import each_window

    def one(asked: Any, at: str) -> dict[str, Any]:
        return json.loads(asked(at, "GET", "/flows", b"", {})[2])

    answers = each_window(one, patient(address), address, CommandError)
    if not answers:
        raise CommandError(NO_NODE.format(address), NO_ANSWER)
    return flows({str(name): answer for name, answer in answers.items()})
