"""The bundled deck: what it must have, that it fits, and that every claim of it holds.

The check plays the whole talk on simulated nodes, as `./demo.sh talk --check` does.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from cluster.sim.pairs.registry import PAIRS
from talk.checking import Report, check, pairs_of
from talk.claims.measures import MEASURES
from talk.claims.telling import line
from talk.command.talking import BUNDLED
from talk.command.writing import complaints
from talk.deck.deck import Deck
from talk.deck.lint import shown, walked
from talk.deck.reading import open_deck
from talk.grounds.playing import Players
from talk.grounds.simulated import SimGround

SEED = 7
CLAIMS_MIN = 45
PAIRS_NUMBERED = 15
PLAN_MAX_S = 45 * 60
PICTURES = {"three-queues": "queues", "three-ways": "quiz"}
"""Pairs that have a picture of their own."""


def road() -> Deck:
    """It, read as the stage reads it."""
    return open_deck(str(BUNDLED), measures=MEASURES, pairs=frozenset(PAIRS))


def test_it_has_seven_stages_in_order_under_the_names_of_the_talk() -> None:
    stages = [(slide.stage, slide.title) for slide in road().slides if slide.stage]
    assert [number for number, _ in stages] == [1, 2, 3, 4, 5, 6, 7]
    for (_, title), name in zip(
        stages,
        [
            "Basis of the talk",
            "The starting line",
            "Challenges",
            "Challenges",
            "How the architecture evolved in light of the lessons learnt",
            "Where we are at the moment",
            "Where we're headed",
        ],
        strict=True,
    ):
        assert title.startswith(name)


def test_the_walk_ends_with_questions() -> None:
    walk = [slide for slide in road().slides if walked(slide)]
    assert walk[-1].title == "Q & A"


def test_it_fits_three_quarters_of_an_hour_by_its_own_plan() -> None:
    deck = road()
    walk = [slide for slide in deck.slides if walked(slide)]
    assert all(slide.seconds for slide in walk)
    assert sum(slide.seconds for slide in walk) <= PLAN_MAX_S == deck.seconds


def test_every_slide_says_what_to_say() -> None:
    assert [s.title for s in road().slides if s.number > 1 and not s.notes] == []


def test_each_question_is_answered_once_on_a_fresh_cluster() -> None:
    asked = [slide for slide in road().slides if slide.question]
    assert [slide.question for slide in asked] == list(range(1, 13))
    assert all(slide.need is not None and slide.need.fresh for slide in asked)
    assert all(slide.claims and shown(slide) for slide in asked)


def test_every_pair_is_played_shown_and_claimed_on_a_slide_of_its_own() -> None:
    deck = road()
    numbered = {name: pair.number for name, pair in PAIRS.items()}
    assert len(set(numbered.values())) >= PAIRS_NUMBERED
    for name in PAIRS:
        slides = [s for s in deck.slides if any(claim.pair == name for claim in s.claims)]
        mine = [slide for slide in slides if not slide.question]
        assert len(mine) == 1, name
        assert [live.subject or live.kind for live in mine[0].lives] == [PICTURES.get(name, name)]
        assert name in pairs_of(deck)


def test_the_lint_has_nothing_to_say_but_that_a_recording_would_be_good() -> None:
    said = [str(c) for c in complaints(road()) if c.kind != "fallback"]
    assert said == []


def test_no_line_of_the_slides_names_a_file_that_is_not_there() -> None:
    parts = sorted(path.name for path in Path(BUNDLED).parent.glob("*.md"))
    included = {Path(slide.path).name for slide in road().slides}
    assert set(parts) == included


def test_every_claim_of_the_talk_holds_on_simulated_nodes() -> None:
    report = asyncio.run(_told(SEED))
    print(f"seed {SEED}")
    wrong = [
        f"{slide.slide.number} {slide.slide.title}: {text}"
        for slide in report.slides
        for text in (
            *(line(judgement) for judgement in slide.broken),
            *(f"{run.state} {run.said} (line {run.cue.line})" for run in slide.late),
            *filter(None, [slide.stuck]),
        )
    ]
    assert wrong == []
    assert len(report.claims) >= CLAIMS_MIN
    assert report.code == 0


async def _told(seed: int) -> Report:
    deck = road()
    players = Players(seed)
    players.ahead(pairs_of(deck))
    ground = SimGround(seed, players)
    try:
        return await check(deck, ground, lambda _report: None)
    finally:
        await ground.stop()
