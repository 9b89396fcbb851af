"""The word `talk`: present it, check it, or ask what a deck can say."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from talk.command import noting, walling
from tui.command.saying import FINE, WRONG_CALL, CommandError, run_async, say
from tui.command.words import Words, add_looks, looks_of

if TYPE_CHECKING:
    from talk.checking import SlideReport
    from talk.deck.deck import Deck
    from talk.stage.performance import Listener

BUNDLED: Final = Path(__file__).resolve().parents[1] / "slides" / "road.md"
SIZE: Final = (120, 36)
"""Columns and rows of exported pictures, and of a stage without a terminal."""
STAGE_UNSEEN: Final = "the stage needs a terminal; --check does without, and so do --serve PORT and --notes PORT together"
ENDS: Final = """\
Space goes on: it shows what comes next, or waits for what the slide shows. Left goes back. N gives
the slide a new cluster, B is black, S leaves the live part away, q ends the talk and its cluster.

--check exits with 0 when every claim held, with 1 when one did not, with 2 when a cue came late, and
with 3 when the deck has a mistake (said with its line). It also says what is poor about the deck;
--lint says only that, or all mistakes, and exits with 1 when there is anything poor. talk/deck/WRITING.md shows how to
write a deck.
"""


def add(words: Words) -> None:
    """Add it."""
    word = words.add("talk", talk, "the talk: slides beside a real cluster, every claim checked")
    word.add_argument("deck", type=Path, nargs="?", metavar="DECK.md", help="your own deck")
    word.add_argument("--check", action="store_true", help="tell it to nobody, judge every claim")
    word.add_argument("--real", action="store_true", help="check on real processes")
    word.add_argument("--junit", type=Path, metavar="FILE", help="what --check found, as JUnit XML")
    word.add_argument("--json", type=Path, metavar="FILE", help="what --check found, as JSON")
    word.add_argument(
        "--export", type=Path, metavar="FILE.html", help="check, and make one page of it"
    )
    word.add_argument("--with-notes", action="store_true", help="the page has the speaker's notes")
    word.add_argument("--lint", action="store_true", help="only say what is poor about the deck")
    word.add_argument("--words", action="store_true", help="every word that a deck may use")
    word.add_argument("--stage", type=int, metavar="N", help="begin with this part of the talk")
    word.add_argument("--slide", type=int, metavar="N", help="begin with this slide")
    word.add_argument("--seed", type=int, default=1, metavar="N", help="of simulated worlds (1)")
    word.add_argument("--simulated", action="store_true", help="on a simulated cluster")
    word.add_argument("--rehearse", type=Path, metavar="FILE.rec", help="record it on the way")
    word.add_argument(
        "--from", type=Path, dest="recorded", metavar="FILE.rec", help="tell it out of a rehearsal"
    )
    noting.add(word)
    walling.add(word)
    add_looks(word)
    word.epilog = ENDS
    word.formatter_class = argparse.RawDescriptionHelpFormatter


def talk(args: argparse.Namespace) -> int:
    """Present, check, or explain."""
    from talk.command import files, writing

    if args.words:
        return writing.words()
    if args.lint:
        return writing.lint(args.deck or BUNDLED)
    _sensible(args)
    if noting.looks(args):
        return noting.look(args)
    deck = _read(args.deck or BUNDLED)
    files.tried(args, deck)
    if args.check or args.export is not None:
        return run_async(_check(deck, args))
    return run_async(_present(deck, args))


def _read(path: Path) -> Deck:
    from cluster.sim.pairs.registry import PAIRS
    from talk.claims.measures import MEASURES
    from talk.command.writing import DECK_WRONG
    from talk.deck.deck import DeckError
    from talk.deck.reading import mistakes, open_deck

    pairs = frozenset(PAIRS)
    try:
        return open_deck(str(path), measures=MEASURES, pairs=pairs)
    except DeckError as error:
        more = len(mistakes(str(path), measures=MEASURES, pairs=pairs)) - 1
        hint = f" ({more} more: --lint says all)" if more > 0 else ""
        raise CommandError(f"{error}{hint}", DECK_WRONG) from None


def _sensible(args: argparse.Namespace) -> None:
    """Raises CommandError for options that would be passed over in silence."""
    if args.real and args.simulated:
        raise CommandError("--real and --simulated exclude each other", WRONG_CALL)
    if args.check and args.stage is not None:
        raise CommandError("--check takes --slide N, or the whole deck", WRONG_CALL)
    checked = args.check or args.export is not None
    if checked and (args.serve is not None or args.serve_host is not None):
        raise CommandError("--serve is for the stage: nobody looks on at a check", WRONG_CALL)
    if args.serve_host is not None and args.serve is None:
        raise CommandError("--serve-host says for whom the page is: add --serve PORT", WRONG_CALL)
    if args.notes_host is not None and (args.notes is None or noting.looks(args)):
        raise CommandError(
            "--notes-host says for whom the presenter's view is: add --notes PORT", WRONG_CALL
        )
    if args.with_notes and args.export is None:
        raise CommandError(
            "--with-notes puts the notes on the exported page: add --export FILE.html", WRONG_CALL
        )
    if args.check and args.notes is not None:
        raise CommandError("--notes is for the stage: nobody presents a check", WRONG_CALL)
    if args.recorded is not None and args.rehearse is not None:
        raise CommandError("--from tells a recording: there is nothing to rehearse", WRONG_CALL)
    if not (args.check or args.export) and (args.json or args.junit):
        raise CommandError("--json and --junit say what --check found: add --check", WRONG_CALL)


def _start(deck: Deck, args: argparse.Namespace) -> int:
    """The place to begin with."""
    if args.slide is not None:
        if not 1 <= args.slide <= len(deck.slides):
            raise CommandError(f"there are slides 1 to {len(deck.slides)}", WRONG_CALL)
        return args.slide - 1
    if args.stage is not None:
        stages = {slide.stage: place for place, slide in enumerate(deck.slides) if slide.stage}
        if args.stage not in stages:
            known = ", ".join(map(str, sorted(stages))) or "none"
            raise CommandError(f"the stages of this deck are: {known}", WRONG_CALL)
        return stages[args.stage]
    return 0


async def _present(deck: Deck, args: argparse.Namespace) -> int:

    from talk.command import rehearsing
    from talk.grounds.live import LiveGround
    from talk.grounds.pacing import PacedGround
    from talk.grounds.simulated import SimGround
    from talk.stage.app import Manner, StageApp
    from talk.stage.performance import Performance
    from tui.app import leave_when_told, stay_left
    from tui.driving.collector import calm_collector

    start = _start(deck, args)
    seen = sys.stdout.isatty()
    if not seen and (args.serve is None or args.notes is None):
        raise CommandError(STAGE_UNSEEN, WRONG_CALL)
    if args.recorded is not None:
        ground = rehearsing.recorded(deck, args.recorded, real=True)
    else:
        ground = PacedGround(SimGround(args.seed)) if args.simulated else LiveGround(args.seed)
    performance = Performance(deck, ground)
    rehearsing.fallback(deck, performance)
    app = StageApp(performance, Manner(looks_of(args), start, args.seed))
    leave_when_told(app.leave)
    notes = await noting.serve(app, args)
    wall = None
    with ExitStack() as ending:
        try:
            wall = await walling.serve(app, args)
            if notes is not None or wall is not None:
                await noting.enter()
            calm_collector()
            if args.rehearse is not None:
                rehearsal = rehearsing.rehearsed(deck, args.rehearse, paced=True)
                performance.listeners.append(ending.enter_context(rehearsal))
            code = await app.run_async(headless=not seen, size=None if seen else SIZE)
        finally:
            stay_left()
            for page in (notes, wall):
                if page is not None:
                    await page.stop()
            await app.screening.stop()  # however the stage was left
            await performance.stop()
    if app.failure is not None:
        raise app.failure
    return code or FINE


async def _check(deck: Deck, args: argparse.Namespace) -> int:
    from talk import report as reporting
    from talk.checking import check, pairs_of
    from talk.command import files, rehearsing, writing
    from talk.command.exporting import Export
    from talk.grounds.live import LiveGround
    from talk.grounds.playing import Players
    from talk.grounds.simulated import SimGround

    only = None if args.slide is None else _start(deck, args)
    players = Players(args.seed)
    if args.recorded is None:
        players.ahead(pairs_of(deck, only))
    where = "real processes" if args.real else "simulated nodes"
    if args.recorded is not None:
        ground, where = rehearsing.recorded(deck, args.recorded, real=False), str(args.recorded)
    else:
        ground = LiveGround(args.seed, players) if args.real else SimGround(args.seed, players)

    def told(slide: SlideReport) -> None:
        say(reporting.slide_line(slide))

    say(f"{deck.title}, on {where}, seed {args.seed}")
    with ExitStack() as ending:
        listeners: list[Listener] = []
        if args.rehearse is not None:
            rehearsal = rehearsing.rehearsed(deck, args.rehearse, paced=False)
            listeners.append(ending.enter_context(rehearsal))
        export = Export(deck, args)
        try:
            report = await check(
                deck, ground, told, only=only, looking=export.camera, listeners=listeners
            )
            await export.ready()
        finally:
            await export.stop()
    for line in reporting.troubles(report, _again(args)):
        say(line)
    for complaint in writing.complaints(deck):
        say(str(complaint))
    say(reporting.total(report))
    export.save(report, seed=args.seed, notes=args.with_notes)
    if args.junit is not None:
        files.save(args.junit, reporting.as_junit(report))
    if args.json is not None:
        files.save(args.json, json.dumps(reporting.as_json(report, args.seed), indent=1) + "\n")
    return report.code


def _again(args: argparse.Namespace) -> str:
    """The command that tells one slide again."""
    deck = [] if args.deck is None else [str(args.deck)]
    real = ["--real"] if args.real else []
    real += ["--from", str(args.recorded)] if args.recorded is not None else []
    return " ".join([args.prog, "talk", *deck, "--check", *real, "--seed", str(args.seed)])
