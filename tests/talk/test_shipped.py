"""The rehearsal that ships with the project tells the whole talk where no cluster can run."""

from __future__ import annotations

from pathlib import Path

from cluster.sim.pairs.registry import PAIRS
from talk.checking import check
from talk.claims.measures import MEASURES
from talk.deck.reading import open_deck
from talk.grounds.recorded import open_recording

SLIDES = Path(__file__).resolve().parents[2] / "talk" / "slides"


async def test_every_claim_holds_in_the_recording_that_ships() -> None:
    deck = open_deck(str(SLIDES / "road.md"), measures=MEASURES, pairs=frozenset(PAIRS))
    assert deck.fallback == "road.rec"
    ground = open_recording(SLIDES / deck.fallback, deck, real=False)
    assert ground.trouble == "", "it has every slide and every pair"
    report = await check(deck, ground, lambda _slide: None)
    broken = [judgement.text for judgement in report.claims if judgement.state != "held"]
    assert not broken, "record it anew: talk --check --real --rehearse FILE.rec"
    assert len(report.claims) > 150
    assert not [slide.slide.number for slide in report.slides if slide.stuck]
