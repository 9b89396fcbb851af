"""What of a slide does not fit the stage: found by painting it, so that it cannot differ from what is seen.

Decides which words the audience would miss at a size, and when a picture gets too few rows. Each slide
is painted with everything revealed, beside each of its pictures and under each of its captions, without
a cluster: what is missing of its words is complained of. Ignores how long the sentences of a pair are,
which are known only once it was played.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from cluster.config import SECOND
from talk.claims.judging import Judgement
from talk.deck.deck import Block, Deck, Live, Say, Slide
from talk.deck.lint import Complaint, said, shown
from talk.stage.painting import Sheet, paint
from talk.stage.pictures import TOO_SMALL
from tui.scene import Scene
from tui.view import ClusterView

SIZES: Final = ((80, 24), (120, 36))
"""Columns and rows that every slide must fit: a projector forces large type."""
QUOTES: Final = "“”"
WAITED_US: Final = 10 * SECOND
"""Claims are painted as if they had been waited for so long: that is their longest usual text."""
Part = tuple[int, str, list[str]]
"""A line of the deck, what stands there, its words."""


def overflowing(deck: Deck) -> list[Complaint]:
    """What does not fit, by slide."""
    return [found for slide in deck.slides for found in _of_slide(slide)]


def _of_slide(slide: Slide) -> Iterator[Complaint]:
    told: set[tuple[int, str]] = set()
    for width, height in SIZES:
        for live, caption in _moments(slide):
            lines = _painted(slide, live, caption, width, height)
            for line, what in _missing(slide, live, caption, lines):
                sentence = f"{what} at {width}x{height}"
                if (line, sentence) not in told:
                    told.add((line, sentence))
                    yield Complaint(line, sentence, "overflow", slide.path)


def _moments(slide: Slide) -> Iterator[tuple[Live | None, Say | None]]:
    """Each picture with each caption: more than there are, never fewer."""
    captions = [step for cue in slide.cues for step in cue.steps if isinstance(step, Say)]
    for live in shown(slide) or (None,):
        for caption in captions or (None,):
            yield live, caption


def _painted(
    slide: Slide, live: Live | None, caption: Say | None, width: int, height: int
) -> list[str]:
    scene = Scene(view=ClusterView(), now=WAITED_US)
    judgements = tuple(
        Judgement(claim, text=claim.text, since=1, deadline=WAITED_US)
        for claim in slide.claims
        if not claim.pair
    )
    sheet = Sheet(
        slide=slide,
        step=slide.steps,
        total=slide.number,
        scene=scene,
        live=live,
        caption=caption.text if caption else "",
        judgements=judgements,
        lettered=False,  # drawn letters cannot be read back, and take only what is left
    )
    return paint(sheet, width, height).lines()


def _missing(
    slide: Slide, live: Live | None, caption: Say | None, lines: list[str]
) -> Iterator[tuple[int, str]]:
    have = Counter(_words(lines))
    parts = list(_parts(slide, live, caption))
    wanted: Counter[str] = Counter()
    for _, _, words in parts:
        wanted.update(words)
    missing = wanted - have
    # The last part that has a missing word is the one that lost it: a slide is cut from its end.
    for line, what, words in reversed(parts):
        lost = [word for word in words if word in missing]
        if lost:
            missing -= Counter(lost)
            yield line, f"{what} is cut, from “{lost[0]}” on,"
    if live is not None and any(TOO_SMALL in line for line in lines):
        yield live.line, f"{live.kind} has too few rows to show anything"


def _parts(slide: Slide, live: Live | None, caption: Say | None) -> Iterator[Part]:
    yield slide.line, "the title", slide.title.split()
    yield slide.line, "the subtitle", slide.subtitle.split()
    for block in slide.blocks if live is None or live.place != "whole" else ():
        yield block.line, _named(block), list(_words(_texts(block)))
    for claim in slide.claims:
        yield claim.line, "this claim", list(_words([claim.text]))
    if caption is not None:
        yield caption.line, "this caption", list(_words([caption.text]))


def _named(block: Block) -> str:
    return {"text": "this text", "item": "this item", "number": "this item"}.get(
        block.kind, f"this {block.kind}"
    )


def _texts(block: Block) -> list[str]:
    return [*map(said, block.lines), *(cell for row in block.rows for cell in row)]


def _words(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for word in text.split():
            yield word.strip(QUOTES)
