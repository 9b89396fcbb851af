"""Two processes of one quiz that ran side by side become one, in whatever order they meet.

Histories are played on three processes that merge with each other now and then, as splits and
moves do; what should come out is counted beside them, from the answers alone.
"""

from __future__ import annotations

import json
from functools import reduce
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from cluster.model.rooms.behaviour import Moment
from cluster.model.rooms.game import REMEMBERED, Game
from cluster.model.rooms.quiz import QuizBehaviour

QUIZ = QuizBehaviour()
SIDES = 3
CHOICES = ["yes", "no", "perhaps"]

sides = st.integers(0, SIDES - 1)
names = st.sampled_from(["ada", "bob", "cleo", "dan"])
numbers = st.integers(1, 6)
deeds = st.one_of(
    st.tuples(sides, st.just("join"), names),
    st.tuples(sides, st.just("ask"), numbers),
    st.tuples(sides, st.just("answer"), st.tuples(names, numbers, st.integers(0, 2))),
    st.tuples(sides, st.just("cheer"), names),
    st.tuples(sides, st.just("close"), st.none()),
    st.tuples(sides, st.just("meet"), sides),
    st.tuples(sides, st.just("restart"), st.none()),
)
histories = st.lists(deeds, max_size=40)


class Played(Struct):
    """Three processes after a history, and what an honest observer counted meanwhile."""

    states: list[Game]
    points: dict[str, int]
    answers: int
    cheers: int


def moment(actor: str) -> Moment:
    return Moment(0, "room-7", actor)


def told(step_reply: bytes) -> dict[str, object]:
    return json.loads(step_reply)


def play(history: list[tuple[int, str, object]]) -> Played:
    """Each side counts under its own actor; a restarted one gets a new one and all it knew."""
    played = Played([Game()] * SIDES, {}, 0, 0)
    lives = [0] * SIDES
    for side, deed, detail in history:
        at = moment(f"{lives[side]}.n{side}")
        state = played.states[side]
        match deed, detail:
            case "join", str(name):
                message = {"join": {"player": name}}
                state = QUIZ.handle_call(state, json.dumps(message).encode(), at).state
            case "ask", int(number):
                text = f"{number} by {at.actor}?"
                ask = {"number": number, "question": text, "choices": CHOICES, "right": 0}
                state = QUIZ.handle_call(state, json.dumps({"ask": ask}).encode(), at).state
            case "answer", (str(name), int(number), int(choice)):
                answer = {"player": name, "question": number, "choice": choice}
                step = QUIZ.handle_call(state, json.dumps({"answer": answer}).encode(), at)
                state = step.state
                reply = told(step.reply)
                if reply.get("again") is False:
                    played.answers += 1
                    if reply["right"]:
                        played.points[name] = played.points.get(name, 0) + 10
            case "cheer", str(name):
                state = QUIZ.handle_cast(state, b'{"cheer": {"player": "%s"}}' % name.encode(), at)
                state = state.state
                played.cheers += 1
            case "close", None:
                state = QUIZ.handle_info(state, "close", at).state
            case "meet", int(other):
                state = QUIZ.merge(state, played.states[other])
            case _:
                lives[side] += 1
                state = QUIZ.restored(QUIZ.checkpoint(state))
        played.states[side] = state
    return played


@settings(derandomize=True, max_examples=300)
@given(histories)
def test_merging_diverged_quizzes_is_commutative_associative_and_idempotent(
    history: list[tuple[int, str, object]],
) -> None:
    states = play(history).states
    outcomes = [reduce(QUIZ.merge, order) for order in permutations(states)]
    a, b, c = states
    outcomes.append(QUIZ.merge(a, QUIZ.merge(b, c)))
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert len({QUIZ.checkpoint(outcome) for outcome in outcomes}) == 1
    for state in states:
        assert QUIZ.merge(state, state) == state
        assert QUIZ.merge(outcomes[0], state) == outcomes[0]


@settings(derandomize=True, max_examples=300)
@given(histories)
def test_after_all_have_met_every_counted_answer_point_and_cheer_is_there_once(
    history: list[tuple[int, str, object]],
) -> None:
    played = play(history)
    whole = reduce(QUIZ.merge, played.states)
    assert whole.scores() == played.points
    assert whole.answers() == played.answers
    assert whole.cheers() == played.cheers
    assert sum(played.points.values()) == 10 * whole.right()


@settings(derandomize=True, max_examples=300)
@given(histories)
def test_a_quiz_comes_back_from_its_bytes_as_it_was(
    history: list[tuple[int, str, object]],
) -> None:
    for state in play(history).states:
        assert QUIZ.restored(QUIZ.checkpoint(state)) == state
        assert len(state.given) <= REMEMBERED


@settings(derandomize=True, max_examples=200)
@given(histories)
def test_of_two_current_questions_the_higher_wins_and_closed_beats_open(
    history: list[tuple[int, str, object]],
) -> None:
    a, b, _ = play(history).states
    asked = [game.question for game in (a, b) if game.question is not None]
    won = QUIZ.merge(a, b).question
    if won is None:
        assert not asked
        return
    best = max((question.number, question.actor) for question in asked)
    assert (won.number, won.actor) == best
    assert won.closed == any(q.closed for q in asked if (q.number, q.actor) == best)


def test_the_score_after_a_split_is_the_sum_of_both_sides() -> None:
    def ask(state: Game, number: int, actor: str) -> Game:
        body = {"number": number, "question": "?", "choices": CHOICES, "right": 0}
        return QUIZ.handle_call(state, json.dumps({"ask": body}).encode(), moment(actor)).state

    def answer(state: Game, player: str, number: int, actor: str) -> Game:
        body = {"answer": {"player": player, "question": number, "choice": 0}}
        return QUIZ.handle_call(state, json.dumps(body).encode(), moment(actor)).state

    before = answer(ask(Game(), 1, "1.n1"), "ada", 1, "1.n1")
    left = answer(ask(before, 2, "2.n2"), "ada", 2, "2.n2")
    right = answer(answer(ask(before, 3, "2.n4"), "ada", 3, "2.n4"), "bob", 3, "2.n4")
    whole = QUIZ.merge(left, right)
    assert whole.scores() == {"ada": 30, "bob": 10}
    assert whole.answers() == before.answers() + 1 + 2
    assert whole.question is not None
    assert whole.question.number == 3


def test_an_answer_given_on_the_other_side_of_a_split_is_known_after_it() -> None:
    body = {"number": 1, "question": "?", "choices": CHOICES, "right": 0}
    start = QUIZ.handle_call(Game(), json.dumps({"ask": body}).encode(), moment("1.n1")).state
    message = b'{"answer": {"player": "ada", "question": 1, "choice": 0}}'
    left = QUIZ.handle_call(start, message, moment("2.n2")).state
    whole = QUIZ.merge(start, left)
    again = QUIZ.handle_call(whole, message, moment("3.n1"))
    assert told(again.reply) == {"right": True, "score": 10, "again": True}
    assert again.state is whole
