"""The word for keys: `kv get|put|delete|update`."""

from __future__ import annotations

import argparse
import os
import sys

from tui.command.arguments import address, header_text
from tui.command.asking import ask
from tui.command.saying import FINE, NOT_FINE, say, warn
from tui.command.words import Parser, Words


def add(words: Words) -> None:
    """Add it."""
    word = words.add("kv", None, "read and write keys")
    verbs = word.add_subparsers(metavar="get|put|delete|update", required=True, parser_class=Parser)
    for verb in ("get", "put", "delete", "update"):
        sub = verbs.add_parser(verb, help=f"{verb} one key")
        sub.add_argument("key", metavar="KEY")
        if verb == "put":
            sub.add_argument("value", metavar="VALUE", help="the value; - reads standard input")
            sub.add_argument(
                "--type",
                type=header_text,
                default="text/plain",
                help="its content type (text/plain)",
            )
        if verb == "update":
            _add_change(sub)
        sub.add_argument("--at", type=address, required=True, metavar="ADDRESS", help="any node")
        if verb in ("put", "delete"):
            sub.add_argument(
                "--context",
                type=header_text,
                default="",
                help="what a read gave: replaces what it saw",
            )
        sub.add_argument("--json", action="store_true", help="the answer and its proof as JSON")
        sub.set_defaults(run=kv, verb=verb)


def _add_change(sub: argparse.ArgumentParser) -> None:
    types = ("counter", "set", "map", "register", "lww")
    sub.add_argument("--type", choices=types, required=True, help="what the key holds")
    sub.add_argument("--field", help="of a map: which of its fields")
    sub.add_argument(
        "--field-type",
        choices=("counter", "set", "register"),
        default="counter",
        help="of a map: what the field holds (counter)",
    )
    what = sub.add_mutually_exclusive_group(required=True)
    what.add_argument("--add", nargs="+", metavar="X", help="a number, or elements of a set")
    what.add_argument("--remove", nargs="*", metavar="X", help="elements; without any: the field")
    what.add_argument("--set", metavar="X", help="what a register is to hold")


def _change(args: argparse.Namespace) -> bytes:
    """The JSON of an update, as the window wants it."""
    import json

    kind = args.field_type if args.type == "map" else args.type
    body: dict[str, object] = {}
    if args.type == "map" and args.remove == []:
        return json.dumps({"remove": args.field}).encode()
    if args.type == "map":
        body = {"field": args.field, "type": kind}
    if args.set is not None:
        body["set"] = args.set
    elif args.remove is not None:
        body["remove"] = args.remove
    elif kind == "counter" and len(args.add) == 1 and args.add[0].lstrip("-").isdigit():
        body["add"] = int(args.add[0])
    else:
        body["add"] = args.add
    return json.dumps(body).encode()


def kv(args: argparse.Namespace) -> int:
    """The value on stdout, its proof on stderr."""
    from urllib.parse import quote

    from tui.text.answers import Answer, kv_json, kv_notes, kv_value

    path = "/kv/" + quote(os.fsencode(args.key), safe="")
    headers = {"X-Masterless-Context": args.context} if getattr(args, "context", "") else {}
    body = b""
    if args.verb == "put":
        body = sys.stdin.buffer.read() if args.value == "-" else os.fsencode(args.value)
        headers["Content-Type"] = args.type
    if args.verb == "update":
        body, path = _change(args), f"{path}?type={args.type}"
    verb = {"get": "GET", "put": "PUT", "delete": "DELETE", "update": "POST"}[args.verb]
    status, fields, answer = ask(args.at, verb, path, body, headers, fine=(200, 201, 300, 404))
    proof, context = (fields.get(f"X-Masterless-{name}", "") for name in ("Proof", "Context"))
    said = Answer(args.verb, status, proof, context, answer)
    if args.json:
        say(kv_json(said))
    else:
        sys.stdout.buffer.write(kv_value(said, for_eyes=sys.stdout.isatty()))
        sys.stdout.flush()
        warn("\n".join(kv_notes(said)))
    if status == 404:
        warn(f"{args.prog}: {args.key} is absent")
    return NOT_FINE if status == 404 else FINE
