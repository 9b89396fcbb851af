"""The command: which words there are, and how it ends whatever happens.

What each word means is in `tui/command/`, one module for each kind of word; a new word goes there,
and a new module into MODULES (the order of `--help`). Nothing is imported before it is needed, so
that `--help` and `--version` are immediate. Exit codes: 0 fine, 1 what was asked about is not
fine, 2 the call was wrong, 3 nothing answered there. An error is one sentence on stderr that says
what to do next.
"""

from __future__ import annotations

import sys

# First of all, and from C: imports take a moment, and a traceback from the middle of one helps nobody.
# Until there is something to clean up, Ctrl-C just ends the program (`calm`). An interrupt that whoever
# started us wanted ignored stays ignored.
_SIGNALS = __import__("_signal")
_STARTED = str(getattr(sys.modules["__main__"], "__file__", ""))
if _STARTED.endswith(("masterless.py", "/masterless")) and (
    _SIGNALS.getsignal(_SIGNALS.SIGINT) is _SIGNALS.default_int_handler
):
    _SIGNALS.signal(_SIGNALS.SIGINT, _SIGNALS.SIG_DFL)
if sys.flags.no_site:  # so demo.sh starts us: held back until here, and packages not looked for
    _SIGNALS.pthread_sigmask(_SIGNALS.SIG_UNBLOCK, (_SIGNALS.SIGINT,))
    __import__("site").main()

import argparse
import os

from talk.command import talking
from talk.live import command as films
from tui.command import calm, faults, keys, look, maelstrom, places, rooms, run
from tui.command.hosted import flow
from tui.command.recorded import words as recorded
from tui.command.saying import FINE, INTERRUPTED, NOT_FINE, CommandError
from tui.command.words import Parser, Words
from tui.command.worlds import compare, pairs, sim

VERSION = "0.1.0"
MODULES = (
    run,
    talking,
    look,
    recorded,
    places,
    keys,
    rooms,
    flow,
    faults,
    sim,
    compare,
    pairs,
    films,
    maelstrom,
)

DESCRIPTION = """\
See a masterless cluster think: real nodes on this machine, or a running cluster to look at.

  %(prog)s demo                      five nodes, a quiz show, and keys that hurt them
  %(prog)s up 3                      nodes without a dashboard
  %(prog)s inspect 127.0.0.1:7400    look at a running cluster through one node's window
"""


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    # Started with a closed output: whatever is said goes nowhere, and nothing breaks on it.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    words = sys.argv[1:] if argv is None else argv
    prog = os.environ.get("MASTERLESS_PROG") or "masterless"
    args = parser(words, prog).parse_args(words)
    try:
        calm.restore()
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
    finally:
        calm.over()


def parser(called: list[str], prog: str) -> Parser:
    """Every word of the command. `called`: only the word that is used needs what it imports."""
    top = Parser(
        prog=prog,
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.set_defaults(prog=prog)
    top.add_argument("--version", action="version", version=f"masterless {VERSION}")
    words = Words(top, called)
    for module in MODULES:
        module.add(words)
    return top


if __name__ == "__main__":
    raise SystemExit(main())
