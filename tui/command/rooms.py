"""The words for rooms: `rooms`, who runs which, and `room`, to speak to one."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any, Final

from tui.command.arguments import address, room_name
from tui.command.asking import NO_NODE, ask
from tui.command.saying import FINE, NO_ANSWER, NOT_FINE, WRONG_CALL, CommandError, say, show, warn
from tui.command.words import Words, add_address

ROOMS_END: Final = """\
Exits with 1 when a name runs twice, when a room was given up after too many crashes, when a node
did not answer, when a room waits for disks that its node cannot reach, or when one that is believed dead could not be asked: cut off, it may run rooms too.
One that was removed is named, and counts no more.
"""

ROOM_ENDS: Final = """\
examples (rooms are quizzes, and messages are JSON):
  %(prog)s 7400 friday open '{"title": "Friday"}'
  %(prog)s 7400 friday call '{"join": {"player": "ada"}}'
  %(prog)s 7400 friday call '{"ask": {"number": 1, "question": "2+2?",
      "choices": ["3", "4"], "right": 1, "closes_ms": 60000}}'
  %(prog)s 7400 friday call '{"answer": {"player": "ada", "question": 1, "choice": 1}}' --again
  %(prog)s 7400 friday cast '{"cheer": {"player": "ada"}}'
  %(prog)s 7400 friday                      the scores
  %(prog)s 7400 friday call '{"crash": {}}' its supervisor starts it again
  %(prog)s 7400 friday close                its state is forgotten

Any node will do, wherever the room runs. The reply goes to stdout, who gave it to stderr. Exits with
1 when the room is not open, was given up after too many crashes, has crashed of it or could not be
reached (the sentence says whether it was done), with 2 when it does not understand the message, with
3 when no node answers.
"""

SCORES: Final = '{"scores": {}}'
PATIENCE_S: Final = 8.0
"""A node looks five seconds for a room that is just finding a new home."""
CLOSED: Final = (404, 409)
"""Nothing is wrong with the call: the room is not open, or was given up."""
AGAIN_S: Final = 0.5
"""What seems to run twice is asked about once more after this: it may have moved in between."""


def add(words: Words) -> None:
    """Add them."""
    word = words.add("rooms", rooms, "which rooms run where, and whether each runs once")
    add_address(word, json=True)
    word.add_argument("--node", default="", metavar="NODE", help="only the rooms of this node")
    word.epilog = ROOMS_END

    word = words.add("room", room, "speak to one room, wherever it runs")
    word.formatter_class = argparse.RawDescriptionHelpFormatter
    word.epilog = ROOM_ENDS
    word.add_argument("address", type=address, metavar="ADDRESS", help="any node's window")
    word.add_argument("name", type=room_name, metavar="NAME", help="the room")
    word.add_argument(
        "act", nargs="?", choices=("open", "call", "cast", "close"), help="what to do (call)"
    )
    word.add_argument(
        "message", nargs="?", metavar="MESSAGE", help="JSON; - reads standard input (scores)"
    )
    word.add_argument(
        "--keep",
        choices=("memory", "heir", "checkpoint"),
        help="open: what its state outlives: nothing, a crash, or the node (checkpoint)",
    )
    word.add_argument("--behaviour", metavar="KIND", help="open: what the room is to be (quiz)")
    word.add_argument("--again", action="store_true", help="call: doing it twice is as once")
    word.add_argument("--json", action="store_true", help="the answer and who gave it as JSON")


def rooms(args: argparse.Namespace) -> int:
    """1 when they are not fine (see ROOMS_END)."""
    import time

    from tui.text.rooms import rooms as judged
    from tui.text.rooms import rooms_text, stranger, twice
    from tui.text.status import to_json

    roll = _roll(args.address)
    doubled = twice(roll)
    if doubled:
        time.sleep(AGAIN_S)
        roll = _roll(args.address)
        before, doubled = doubled, twice(roll)
        doubled = [name for name in doubled if name in before]
    said = judged(roll, doubled=doubled, node=args.node)
    if args.node and (why := stranger(roll, args.node)):
        raise CommandError(why, WRONG_CALL if "no member" in why else NOT_FINE)
    show(to_json(said) if args.json else rooms_text(said))
    return FINE if said.fine else NOT_FINE


def _roll(at: str) -> Any:
    from tui.text.rooms import roll_from

    roll = roll_from(ask(at, "GET", "/rooms", patience_s=PATIENCE_S)[2])
    if roll is None:
        raise CommandError(NO_NODE.format(at), NO_ANSWER)
    return roll


def room(args: argparse.Namespace) -> int:
    """The reply on stdout, who gave it on stderr."""
    from urllib.parse import quote

    from tui.text.rooms import Spoken, spoken_json, spoken_note

    act, message = _meant(args)
    given = {"act": act, "keep": args.keep, "behaviour": args.behaviour}
    given["again"] = "1" if args.again else None
    query = "&".join(f"{name}={quote(value)}" for name, value in given.items() if value)
    path = f"/rooms/{args.name}?{query}"
    status, fields, body = ask(
        args.address, "POST", path, message, fine=(200, 201, 202, *CLOSED), patience_s=PATIENCE_S
    )
    node, token = (fields.get(f"X-Masterless-Room-{name}", "") for name in ("Node", "Token"))
    said = Spoken(args.name, act, status, node, token, body)
    if status in CLOSED and not node:
        return _closed(args, said)
    if args.json:
        say(spoken_json(said))
        return FINE
    if act == "call":
        sys.stdout.buffer.write(body.removesuffix(b"\n") + b"\n")
        sys.stdout.flush()
    warn(spoken_note(said))
    return FINE


def _meant(args: argparse.Namespace) -> tuple[str, bytes]:
    """What is to be done and said; a CommandError when it makes no sense."""
    act, message = args.act or "call", args.message
    if message is None and act == "cast":
        raise CommandError(
            """tell the room what? Like '{"cheer": {"player": "ada"}}'""", WRONG_CALL
        )
    if message is not None and act == "close":
        raise CommandError("close takes no message", WRONG_CALL)
    if act != "open" and (args.keep or args.behaviour):
        raise CommandError("--keep and --behaviour are said when a room is opened", WRONG_CALL)
    if message is None:
        return act, SCORES.encode() if act == "call" else b""
    return act, sys.stdin.buffer.read() if message == "-" else os.fsencode(message)


def _closed(args: argparse.Namespace, said: Any) -> int:
    """No node of ours, no such room, or one that was given up."""
    import json

    from tui.text.rooms import spoken_json

    try:
        problem = json.loads(said.body)
        sentence = f"{problem['error']}: {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        raise CommandError(NO_NODE.format(args.address), NO_ANSWER) from None
    if args.json:
        say(spoken_json(said))
    raise CommandError(sentence, NOT_FINE)
