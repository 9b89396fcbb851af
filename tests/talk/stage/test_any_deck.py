"""Whatever the deck and whatever happens: never an exception, never stuck, no fault without a key."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cluster.config import MS, SECOND
from talk.deck.deck import (
    Act,
    Cue,
    Deck,
    Freeze,
    Hold,
    Live,
    Need,
    Say,
    Show,
    Sleep,
    Slide,
    Step,
    Trigger,
    Wait,
)
from talk.stage.director import INSIST_US
from tests.talk.stage.boards import Board, so

NAMES = ("a", "b", "c")
TIMES = st.integers(0, 10_000).map(lambda ms: ms * MS)
PREDICATES = st.sampled_from(NAMES).map(so)
STEPS: st.SearchStrategy[Step] = st.one_of(
    st.sampled_from(["kill n1", "heal", "put 9", "play modulo", "start n1"]).map(
        lambda words: Act(words.split()[0], tuple(words.split()[1:]))
    ),
    st.builds(Wait, PREDICATES, TIMES, st.booleans()),
    st.just(Hold()),
    st.builds(Say, st.sampled_from(NAMES)),
    st.just(Show(Live("ring"))),
    st.builds(Freeze, st.booleans()),
    st.builds(Sleep, TIMES),
)
TRIGGERS = st.one_of(
    st.just(Trigger("enter")),
    st.just(Trigger("key")),
    st.builds(Trigger, st.just("after"), TIMES),
    st.builds(Trigger, st.just("at"), st.just(0), PREDICATES),
)
CUES = st.builds(Cue, TRIGGERS, st.lists(STEPS, max_size=6).map(tuple), st.sampled_from(("", "x")))
NEEDS = st.none() | st.builds(Need, nodes=st.integers(1, 3), fresh=st.booleans())
SLIDES = st.builds(
    Slide,
    st.just(0),
    steps=st.integers(0, 3),
    cues=st.lists(CUES, max_size=3).map(tuple),
    lives=st.sampled_from(((), (Live("matrix"),))),
    need=NEEDS,
    question=st.sampled_from((0, 0, 0, 1)),
    appendix=st.sampled_from((False, False, True)),
    still=st.sampled_from((False, False, False, True)),
)
DECKS = st.lists(SLIDES, min_size=1, max_size=6).map(
    lambda slides: Deck("", tuple(replace(s, number=n) for n, s in enumerate(slides, 1)))
)
INPUTS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "space",
                "back",
                "again",
                "prepared",
                "no cluster",
                "did",
                "did not",
                "tick",
                "flip a",
                "flip b",
            ]
        ),
        st.integers(0, 7).map(lambda place: f"go {place}"),
        st.integers(0, 20_000).map(lambda ms: f"pass {ms}"),
    ),
    max_size=40,
)


def presses(deck: Deck) -> int:
    """How many keys are enough: every step, every hold and cue, two for what is insisted on."""
    return sum(2 + s.steps + sum(4 + 3 * len(cue.steps) for cue in s.cues) for s in deck.slides)


def at_the_end(board: Board) -> bool:
    return board.director.waits_for() == "end" or board.director.notice == "this was the last slide"


def walk(board: Board) -> set[int]:
    """Press space, and answer orders, until the end; the numbers of all slides on the way."""
    most = presses(board.director.deck)
    seen = {board.director.slide.number}
    for _ in range(most):
        board.obey()
        if at_the_end(board):
            return seen
        board.space()
        board.passes(INSIST_US // 4)
        seen.add(board.director.slide.number)
    raise AssertionError(f"not at the end after {most} keys")


@settings(derandomize=True, max_examples=150, deadline=None)
@given(DECKS, st.sets(st.sampled_from(NAMES)))
def test_space_walks_every_slide_of_the_way_to_the_end(deck: Deck, true: set[str]) -> None:
    way = {s.number for s in deck.slides if not (s.still or s.question or s.appendix)}
    board = Board(deck)
    board.true = true
    board.go()
    assert walk(board) >= (way if deck.slides[0].number in way else set())


@settings(derandomize=True, max_examples=200, deadline=None)
@given(DECKS, INPUTS)
def test_nothing_that_happens_raises_or_leaves_it_stuck(deck: Deck, inputs: list[str]) -> None:
    board = Board(deck)
    board.go()
    for word in inputs:
        happens(board, word)
        assert 0 <= board.director.place < len(deck.slides)
        assert 0 <= board.director.step <= board.director.slide.steps
        assert len(board.director.runs) == len(board.director.slide.cues)
    walk(board)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(DECKS, st.integers(0, 5), st.integers(1, 20))
def test_coming_back_to_a_slide_does_nothing_until_a_key(
    deck: Deck, place: int, looks: int
) -> None:
    board = Board(deck)
    board.true = set(NAMES)
    board.take(board.director.go(place, board.moment, back=True))
    for _ in range(looks):
        if board.director.preparing:
            board.prepared()
        board.passes(2 * SECOND)
    assert not board.acts


@settings(derandomize=True, max_examples=100, deadline=None)
@given(DECKS, INPUTS)
def test_the_same_inputs_give_the_same_orders(deck: Deck, inputs: list[str]) -> None:
    one, two = Board(deck), Board(deck)
    for board in (one, two):
        board.go()
        for word in inputs:
            happens(board, word)
    assert one.orders == two.orders


def happens(board: Board, word: str) -> None:
    """One input."""
    match word.split():
        case ["space"]:
            board.space()
        case ["back"]:
            board.back()
        case ["again"]:
            board.again()
        case ["prepared"] if board.director.preparing:
            board.prepared()
        case ["no", "cluster"] if board.director.preparing:
            board.prepared("none")
        case ["did", *no] if any(
            run.state == "running" and isinstance(run.step, Act) for run in board.director.runs
        ):
            board.did(done=not no)
        case ["go", place]:
            board.go(int(place))
        case ["pass", ms]:
            board.passes(int(ms) * MS)
        case ["flip", name]:
            board.true ^= {name}
        case _:
            board.passes()
