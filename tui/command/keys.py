"""The word for keys: `kv get|put|delete|update`."""

from __future__ import annotations

import argparse
import os
import re
import sys
from typing import Final

from tui.command.arguments import address, header_text
from tui.command.asking import ask
from tui.command.saying import FINE, NOT_FINE, WRONG_CALL, CommandError, say, warn
from tui.command.words import Parser, Words

VALUES: Final = """\
A value that is a whole number is a number, as in the JSON of the window; anything else is text.
Double quotes that reach the program make text of a number: --add '"5"'.
"""


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
    sub.epilog = VALUES
    types = ("counter", "set", "map", "register", "lww")
    sub.add_argument("--type", choices=types, required=True, help="what the key holds")
    sub.add_argument("--field", metavar="NAME", help="of a map: which of its fields")
    sub.add_argument(
        "--field-type",
        choices=("counter", "set", "register"),
        help="of a map: what the field holds (counter)",
    )
    what = sub.add_mutually_exclusive_group(required=True)
    what.add_argument("--add", nargs="+", metavar="X", help="a number, or elements of a set")
    what.add_argument("--remove", nargs="*", metavar="X", help="elements; without any: the field")
    what.add_argument("--set", metavar="X", help="what a register is to hold")


def plain(text: str) -> int | str:
    """A value as it was typed: a number if it is a whole one, else text; quotes make text of it."""
    import json

    if re.fullmatch(r"-?(0|[1-9]\d{0,15})", text, re.ASCII):
        return int(text)
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            return str(json.loads(text))
        except ValueError:
            return text
    return text


def change(args: argparse.Namespace) -> bytes:
    """The JSON of an update, as the window wants it; a CommandError when it makes no sense."""
    import json

    if args.type != "map":
        if args.field is not None or args.field_type is not None:
            sentence = f"only a map has fields; a {args.type} goes without --field and --field-type"
            raise CommandError(sentence, WRONG_CALL)
        return json.dumps(_change_of(args.type, f"a {args.type}", args)).encode()
    if not args.field:
        sentence = "which field of the map? Name it with --field; --field NAME --remove removes it"
        raise CommandError(sentence, WRONG_CALL)
    if args.remove == []:
        return json.dumps({"remove": args.field}).encode()
    kind = args.field_type or "counter"
    body = {"field": args.field, "type": kind}
    of = f"a field that holds a {kind} (--field-type)"
    return json.dumps({**body, **_change_of(kind, of, args)}).encode()


def _change_of(kind: str, called: str, args: argparse.Namespace) -> dict[str, object]:
    match kind:
        case "counter":
            amounts = [plain(text) for text in args.add or ()]
            if len(amounts) == 1 and isinstance(amounts[0], int):
                return {"add": amounts[0]}
            wanted = "--add and one whole number, like --add 5"
        case "set":
            if args.add or args.remove:
                verb, texts = ("add", args.add) if args.add else ("remove", args.remove)
                return {verb: [plain(text) for text in texts]}
            wanted = "--add or --remove and its elements, like --add a b"
        case _:
            if args.set is not None:
                return {"set": plain(args.set)}
            wanted = "--set and a value, like --set a"
    raise CommandError(f"{called} is changed by {wanted}", WRONG_CALL)


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
        body, path = change(args), f"{path}?type={args.type}"
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
