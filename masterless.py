"""The command: what each word means, what it prints, how it ends.

Nothing is imported before it is needed, so that `--help` and `--version` are immediate. Exit
codes: 0 fine, 1 what was asked about is not fine, 2 the call was wrong, 3 nothing answered there.
An error is one sentence on stderr that says what to do next.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any, Never

from tui.text.arguments import address, header_text, node_count

VERSION = "0.1.0"
FINE, NOT_FINE, WRONG_CALL, NO_ANSWER, INTERRUPTED = 0, 1, 2, 3, 130

NO_NODE = "something answers at {} that is no node's window; look for it in what `up` printed"
DESCRIPTION = """\
See a masterless cluster think: real nodes on this machine, or a running cluster to look at.

  %(prog)s demo                      five nodes, a quiz show, and keys that hurt them
  %(prog)s up 3                      nodes without a dashboard
  %(prog)s inspect 127.0.0.1:7400    look at a running cluster through one node's window
"""
STATUS_ENDS = """\
Exits with 0 when all is well. Exits with 1 when the nodes disagree, when a member is suspect, dead
or removed (and has not left), or when some keys have too few live owners to be read or written.
"""


class CommandError(Exception):
    """One sentence, and the exit code that goes with it."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without a page of usage."""

    def error(self, message: str) -> Never:
        """A wrong call."""
        print(f"{self.prog}: {message} (see {self.prog} --help)", file=sys.stderr)
        raise SystemExit(WRONG_CALL)


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    # Started with a closed output: whatever is said goes nowhere, and nothing breaks on it.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    words = sys.argv[1:] if argv is None else argv
    prog = os.environ.get("MASTERLESS_PROG") or "masterless"
    args = parser(words, prog).parse_args(words)
    try:
        return args.run(args)
    except CommandError as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read us has gone (`| head`): there is nobody to tell, also not at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    except OSError as error:
        print(f"{prog}: {error.strerror or error}; where does the output go?", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_FINE


# --- arguments -----------------------------------------------------------------------------------


def seconds(text: str) -> float:
    """A positive duration; a trailing s is allowed."""
    try:
        value = float(text.removesuffix("s"))
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return value


def parser(called: list[str], prog: str) -> Parser:
    """Every word of the command. `called`: only the word that is used needs what it imports."""
    top = Parser(
        prog=prog,
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.set_defaults(prog=prog)
    top.add_argument("--version", action="version", version=f"masterless {VERSION}")
    commands = top.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)

    def word(name: str, run: Callable[[argparse.Namespace], int], text: str) -> Parser:
        sub = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        sub.set_defaults(run=run)
        return sub

    sub = word("demo", run_demo, "five real nodes, a quiz show, a dashboard and keys to hurt them")
    sub.add_argument("--nodes", type=node_count, default=5, metavar="N", help="how many (5)")
    sub.add_argument("--profile", choices=("demo", "lan"), default="demo", help="timing (demo)")
    sub.add_argument("--seed", type=int, metavar="S", help="choose the quiz's answers")
    sub.add_argument("--plain", action="store_true", help="lines of text instead of a dashboard")
    sub.add_argument("--for", type=seconds, dest="lasting", metavar="SECONDS", help="then stop")

    sub = word("up", run_up, "nodes without a dashboard, until Ctrl-C")
    sub.add_argument(
        "nodes", nargs="?", type=node_count, default=5, metavar="N", help="how many (5)"
    )
    sub.add_argument("--data", default="", metavar="DIR", help="keep the disks there")
    sub.add_argument("--profile", choices=("demo", "lan"), default="demo", help="timing (demo)")
    sub.add_argument("--cluster", default="", metavar="NAME", help="the cluster's name")
    sub.add_argument("--seed", type=int, metavar="S", help="the nodes' dice")
    sub.add_argument("--json", action="store_true", help="one JSON line a node")
    sub.add_argument("--allow-faults", action="store_true", help="obey the fault command")
    sub.add_argument("--stdin-guard", action="store_true", help="stop when standard input ends")

    sub = word("node", run_one_node, "one node, for a real host")
    if called[:1] == ["node"]:
        from cluster.__main__ import add_arguments

        add_arguments(sub)

    sub = word("inspect", run_inspect, "the dashboard on a running cluster, looking only")
    sub.add_argument("address", type=address, metavar="ADDRESS", help="a node's window")
    sub.add_argument("--plain", action="store_true", help="lines of text instead of a dashboard")

    for name, run, text in (
        ("status", run_status, "the verdict, the nodes, who disagrees"),
        ("members", run_members, "who believes what about whom"),
        ("ring", run_ring, "who owns which partitions"),
        ("transfers", run_transfers, "what is being filled, and what it waits for"),
    ):
        sub = word(name, run, text)
        sub.add_argument("address", type=address, metavar="ADDRESS", help="a node's window")
        sub.add_argument("--json", action="store_true", help="one document with stable names")
        if name == "status":
            sub.add_argument("--watch", action="store_true", help="again when the verdict changes")
            sub.epilog = STATUS_ENDS

    add_kv(commands)
    add_fault(commands)
    return top


def add_kv(commands: Any) -> None:
    """`kv get|put|delete`."""
    kv = commands.add_parser("kv", help="read and write keys", description="Read and write keys.")
    verbs = kv.add_subparsers(metavar="get|put|delete", required=True, parser_class=Parser)
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
        sub.set_defaults(run=run_kv, verb=verb)


def add_fault(commands: Any) -> None:
    """`fault cut|loss|delay|heal`."""
    text = "hurt one node's links (started with --allow-faults)"
    fault = commands.add_parser("fault", help=text, description=text)
    verbs = fault.add_subparsers(metavar="cut|loss|delay|heal", required=True, parser_class=Parser)
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
        sub.set_defaults(run=run_fault, verb=verb)


# --- a demonstration, nodes ----------------------------------------------------------------------


def run_demo(args: argparse.Namespace) -> int:
    """`demo`: the dashboard, or lines of text when asked or when nobody could see a dashboard."""
    from cluster.lab.show import LabError, ShowOptions

    seed = args.seed if args.seed is not None else fresh_seed()
    options = ShowOptions(nodes=args.nodes, profile=args.profile, seed=seed)
    try:
        if args.plain or not sys.stdout.isatty():
            from tui.text.live import follow_demo

            return run_async(follow_demo(options, say, args.lasting))
        from tui.app import run_demo as run_dashboard

        return run_dashboard(options, lasting=args.lasting)
    except LabError as error:
        raise CommandError(str(error), NOT_FINE) from None


def fresh_seed() -> int:
    """Different in every run; printed, so that the run can be repeated."""

    return int.from_bytes(os.urandom(3), "big")


def run_up(args: argparse.Namespace) -> int:
    """`up`: nodes until told to stop."""
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
    )
    try:
        return run_async(Up(options, say, warn).run())
    except LabError as error:
        raise CommandError(str(error), NOT_FINE) from None


def run_one_node(args: argparse.Namespace) -> int:
    """`node`: exactly what `python -m cluster` does."""
    from cluster.__main__ import options_from, run_node

    return run_node(options_from(args))


# --- looking -------------------------------------------------------------------------------------


def run_inspect(args: argparse.Namespace) -> int:
    """`inspect`: the dashboard on a cluster that is not ours."""
    ask(args.address, "GET", "/healthz")  # a dead address is a sentence, not an empty dashboard
    if args.plain or not sys.stdout.isatty():
        from tui.text.live import follow

        return run_async(follow(args.address, say))
    from tui.app import run_inspect as run_dashboard

    return run_dashboard(args.address)


def run_status(args: argparse.Namespace) -> int:
    """`status`: 0 when all is well, 1 when it is not (see STATUS_ENDS)."""
    from tui.text.status import Watch, status, status_text, to_json

    watch = Watch()
    while True:
        view, now = look(args.address)
        said = status(view, now)
        if not args.watch:
            show(to_json(said) if args.json else status_text(said))
            return FINE if said.fine else NOT_FINE
        if watch.is_news(said):
            show(to_json(said) if args.json else watch.block(said, now))
        wait_a_second()


def run_members(args: argparse.Namespace) -> int:
    """`members`: the matrix."""
    from tui.text.status import members, members_text, to_json

    view, now = look(args.address)
    matrix = members(view, now)
    return show(to_json(matrix) if args.json else members_text(matrix, list(view.nodes)))


def run_ring(args: argparse.Namespace) -> int:
    """`ring`: the owners of every partition."""
    from tui.text.status import ring, ring_text, to_json

    found = ring(*look(args.address))
    return show(to_json(found) if args.json else ring_text(found))


def run_transfers(args: argparse.Namespace) -> int:
    """`transfers`: who is being filled or keeps hints."""
    from tui.text.status import to_json, transfers, transfers_text

    found = transfers(*look(args.address))
    return show(to_json(found) if args.json else transfers_text(found))


def look(address: str) -> Any:
    """(view, now) of the cluster that a node knows, from every node's own snapshot."""
    from tui.text.look import look_around

    def patient(at: str, *request: Any) -> tuple[int, dict[str, str], bytes]:
        return ask(at, *request, patience_s=5 if at == address else 1)

    view, now = look_around(patient, address, CommandError)
    if not view.nodes:
        raise CommandError(NO_NODE.format(address), NO_ANSWER)
    return view, now


# --- keys and faults -----------------------------------------------------------------------------


def run_kv(args: argparse.Namespace) -> int:
    """`kv get|put|delete`: the value on stdout, its proof on stderr."""
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


def run_fault(args: argparse.Namespace) -> int:
    """`fault cut|loss|delay|heal`: prints what is in force now."""
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


# --- saying and asking ---------------------------------------------------------------------------


def say(line: str) -> None:
    """One line on stdout, at once."""
    print(line, flush=True)


def warn(line: str) -> None:
    """One line on stderr."""
    if line:
        print(line, file=sys.stderr, flush=True)


def show(lines: list[str] | str) -> int:
    """Print an answer."""
    say(lines if isinstance(lines, str) else "\n".join(lines))
    return FINE


def wait_a_second() -> None:
    """Between two looks."""
    import time

    time.sleep(1)


def run_async(coroutine: Coroutine[Any, Any, int]) -> int:
    """On an event loop, to the end."""
    import asyncio

    return asyncio.run(coroutine)


def ask(
    at: str,
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    fine: tuple[int, ...] = (200,),
    patience_s: float = 5,
) -> tuple[int, dict[str, str], bytes]:
    """One HTTP request to a node's window, or a CommandError that says what to do."""
    import json
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection(at, timeout=patience_s)
    try:
        connection.request(method, path, body or None, headers or {})
        answer = connection.getresponse()
        status, fields, said = answer.status, dict(answer.getheaders()), answer.read()
    except (OSError, HTTPException) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        sentence = f"no node answers at {at} ({why}); is it the window's address, and is it up?"
        raise CommandError(sentence, NO_ANSWER) from None
    finally:
        connection.close()
    if status in fine:
        return status, fields, said
    try:
        problem = json.loads(said)
        sentence = f"{at} refused: {problem['error']}: {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        raise CommandError(NO_NODE.format(at), NO_ANSWER) from None
    raise CommandError(sentence, WRONG_CALL if status < 500 else NOT_FINE)


if __name__ == "__main__":
    raise SystemExit(main())
