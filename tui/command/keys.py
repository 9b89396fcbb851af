"""The word for keys: `kv get|put|delete`."""

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
    verbs = word.add_subparsers(metavar="get|put|delete", required=True, parser_class=Parser)
    for verb in ("get", "put", "delete"):
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
        sub.add_argument("--at", type=address, required=True, metavar="ADDRESS", help="any node")
        if verb != "get":
            sub.add_argument(
                "--context",
                type=header_text,
                default="",
                help="what a read gave: replaces what it saw",
            )
        sub.add_argument("--json", action="store_true", help="the answer and its proof as JSON")
        sub.set_defaults(run=kv, verb=verb)


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
    verb = {"get": "GET", "put": "PUT", "delete": "DELETE"}[args.verb]
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
