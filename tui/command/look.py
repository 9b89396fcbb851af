"""The words that look at a running cluster: `inspect`, `status` and the parts of what it says."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Final

from tui.command.asking import foreign_looks, look, records, there
from tui.command.hosted.serving import add_serve, page_of, served
from tui.command.saying import (
    FINE,
    NOT_FINE,
    WRONG_CALL,
    CommandError,
    run_async,
    say,
    show,
    wait_a_second,
)
from tui.command.words import Words, add_address, add_cookie, add_looks, looks_of

if TYPE_CHECKING:
    from tui.view import ClusterView

STATUS_ENDS: Final = """\
Exits with 0 when all is well. Exits with 1 when the nodes disagree, when a member is suspect, dead
or removed (and has not left), or when some keys have too few live owners to be read or written.
"""


INCIDENTS_END: Final = "Exits with 1 while a failure is not over."


def add(words: Words) -> None:
    """Add them."""
    word = words.add("inspect", inspect, "the dashboard on a running cluster")
    add_address(word, engines=True)
    add_cookie(word)
    word.add_argument(
        "--faults",
        action="store_true",
        help="let links be cut where nodes allow it, each after a question (else: looking only)",
    )
    add_looks(word)
    word.add_argument("--plain", action="store_true", help="lines of text instead of a dashboard")
    add_serve(word)

    word = words.add("status", status, "the verdict, the nodes, who disagrees")
    add_address(word, json=True, engines=True)
    add_cookie(word)
    word.add_argument("--watch", action="store_true", help="again when the verdict changes")
    word.epilog = STATUS_ENDS

    word = words.add("members", members, "who believes what about whom")
    add_address(word, json=True, engines=True)
    add_cookie(word)
    word = words.add("ring", ring, "who owns which partitions")
    add_address(word, json=True)
    word = words.add("incidents", incidents, "each failure stage by stage, newest last")
    add_address(word, json=True)
    word.epilog = INCIDENTS_END


def inspect(args: argparse.Namespace) -> int:
    """The dashboard on a cluster that is not ours."""
    from tui.sources.foreign.watching import shown

    if args.faults and "://" in args.address:
        why = "nothing is ever done to a cluster of another engine: look at it without --faults"
        raise CommandError(why, WRONG_CALL)
    page = page_of(args, shown(args.address))
    also = there(args.address)  # a dead address is a sentence, not an empty dashboard
    if page is None and (args.plain or not sys.stdout.isatty()):
        from tui.text.live import follow

        return run_async(follow(args.address, say))
    from tui.app import run_inspect as run_dashboard

    with served():
        return run_dashboard(
            args.address, page=page, dress=looks_of(args), faults=args.faults, also=also
        )


def status(args: argparse.Namespace) -> int:
    """0 when all is well, 1 when it is not (see STATUS_ENDS)."""
    from tui.text.status import Watch, status_text, to_json
    from tui.text.status import status as judged

    watch = Watch()

    def news(view: ClusterView, now: int) -> None:
        said = judged(view, now)
        if watch.is_news(said):
            show(to_json(said) if args.json else watch.block(said, now))

    if not args.watch:
        said = judged(*look(args.address))
        show(to_json(said) if args.json else status_text(said))
        return FINE if said.fine else NOT_FINE
    if "://" in args.address:  # one who looks on remembers whom he saw
        return run_async(foreign_looks(args.address, news))
    while True:
        news(*look(args.address))
        wait_a_second()


def members(args: argparse.Namespace) -> int:
    """The matrix."""
    from tui.text.status import members as believed
    from tui.text.status import members_text, to_json

    view, now = look(args.address)
    matrix = believed(view, now)
    return show(to_json(matrix) if args.json else members_text(matrix, list(view.nodes)))


def ring(args: argparse.Namespace) -> int:
    """The owners of every partition."""
    from tui.text.status import ring as placed
    from tui.text.status import ring_text, to_json

    found = placed(*look(args.address))
    return show(to_json(found) if args.json else ring_text(found))


def incidents(args: argparse.Namespace) -> int:
    """The incident record; 1 while a failure is not over."""
    from tui.text.incidents import incidents as recorded
    from tui.text.incidents import incidents_text
    from tui.text.status import to_json

    said = recorded(*records(args.address))
    show(to_json(said) if args.json else incidents_text(said))
    return NOT_FINE if said.open else FINE
