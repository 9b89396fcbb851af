"""Every number of a verdict leads somewhere."""

from __future__ import annotations

import re

import pytest

from tests.tui.story import DEAD, KILLED, QUIET, SUSPECTED, view_at
from tui.driving.explaining import about, explained
from tui.judge.verdict import verdict

MOMENTS = [QUIET, KILLED + 500_000, SUSPECTED, DEAD, DEAD + 4_000_000, DEAD + 12_000_000]
ALONE = re.compile(r"(?<![\w.-])\d")
"""Where a number begins that is not part of a name."""


@pytest.mark.parametrize("at", MOMENTS)
def test_no_number_of_a_verdict_is_without_what_explains_it(at: int) -> None:
    view = view_at(at)
    said = verdict(view, at)
    for sentence in (said.text, said.short):
        spans = explained(sentence, view, at)
        for number in ALONE.finditer(sentence):
            assert any(start <= number.start() < end for start, end, _ in spans), sentence
        for start, end, jump in spans:
            assert sentence[start:end].strip() == sentence[start:end]
            assert jump.node is None or jump.node in view.nodes


def led(sentence: str) -> list[tuple[str, str, str]]:
    spans = explained(sentence, view_at(DEAD), DEAD)
    return [(sentence[start:end], jump.screen, jump.node or "") for start, end, jump in spans]


def test_a_clause_says_what_its_figures_are_about() -> None:
    assert led("n4 has been silent 3.2 s. 3 of 4 peers suspect it, n2 has not heard.") == [
        ("n4", "node", "n4"),
        ("3.2 s", "recovery", "n4"),
        ("3 of 4", "matrix", ""),
        ("n2", "node", "n2"),
    ]
    assert led("Every key still has 2 of 3 owners.") == [("2 of 3", "ring", "")]
    assert led("12,304 hints wait · 40 rooms on n1") == [
        ("12,304", "recovery", ""),
        ("40", "rooms", "n1"),
        ("n1", "node", "n1"),
    ]


def test_on_the_home_screen_nothing_leads_home() -> None:
    view = view_at(DEAD)
    for sentence in ("acknowledged answers lost", "no node owns more than 14% of the ring", "x"):
        assert about(sentence, view, DEAD).screen != "home"
