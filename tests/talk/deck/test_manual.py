"""The guide's examples are decks, and the lists hold all there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cluster.sim.pairs.registry import PAIRS
from talk.claims.measures import MEASURES
from talk.deck import manual as tables
from talk.deck import reading
from talk.deck.grammar.comments import COMMANDS, TALK
from talk.deck.grammar.cues import OTHERS
from talk.deck.lint import lint
from talk.deck.manual import manual
from talk.deck.presenterm import refused
from talk.deck.reading import from_disk, read_deck
from talk.deck.words import LIVES, VERBS
from talk.stage.overflow import overflowing

GUIDE = str(Path(reading.__file__).with_name("WRITING.md"))
EXAMPLES = re.findall(r"^````markdown\n(.*?)^````$", from_disk(GUIDE), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_of_the_guide_is_a_deck_that_presenterm_opens(text: str) -> None:
    assert read_deck(text, "guide.md", measures=MEASURES, pairs=frozenset(PAIRS)).slides
    assert refused(text, "guide.md") == []


def test_nothing_is_poor_about_the_guides_whole_deck() -> None:
    deck = read_deck(EXAMPLES[0], "guide.md", measures=MEASURES, pairs=frozenset(PAIRS))
    assert lint(deck) == []
    assert overflowing(deck) == []
    assert len(EXAMPLES) > 3


def test_the_lists_hold_every_word_and_every_word_is_one_that_is_known() -> None:
    listed = "\n".join(manual(MEASURES, {name: pair.do for name, pair in PAIRS.items()}))
    names = (*VERBS, *LIVES, *MEASURES, *PAIRS, *OTHERS, *COMMANDS, *TALK)
    assert [name for name in names if name not in listed] == []
    examples = [left for left, _ in tables.COMMENTS]
    assert sorted(re.findall(r"<!-- (\w+)", " ".join(examples))) == sorted(COMMANDS)
    assert sorted(left.split(":")[0] for left, _ in tables.SETTINGS) == sorted(TALK)
    columns = "<!-- column_layout: [1, 1] -->\n"
    for example in examples:
        if "include" not in example:
            read_deck(f"{columns if 'column:' in example else ''}{example}\n", "x.md")
