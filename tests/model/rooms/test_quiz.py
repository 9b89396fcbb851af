"""What a quiz says to whoever speaks to it, and that saying something twice changes nothing."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.config import RoomsConfig
from cluster.model.rooms.behaviour import Behaviour, Moment, Step, UnknownMessageError, Wake
from cluster.model.rooms.game import Game
from cluster.model.rooms.kinds import BEHAVIOURS
from cluster.model.rooms.quiz import PLAYER_CHARS_MAX, PLAYERS_MAX, CrashAskedError, QuizBehaviour

QUIZ = QuizBehaviour()
NOW = 1_700_000_000_000_000
ADA = {"player": "ada"}
QUESTION = {"number": 4, "question": "two?", "choices": ["1", "2", "3"], "right": 1}


def moment(actor: str = "1.n1.a", now: int = NOW) -> Moment:
    return Moment(now, "room-7", actor)


def call(state: Game, what: str, body: object, at: Moment | None = None) -> Step[Game]:
    return QUIZ.handle_call(state, json.dumps({what: body}).encode(), at or moment())


def reply(step: Step[Game]) -> Any:
    return json.loads(step.reply)


def published(step: Step[Game]) -> list[Any]:
    return [json.loads(told) for told in step.publish]


def opened(argument: bytes = b"") -> Game:
    return QUIZ.init(argument, moment()).state


def with_question(**changes: object) -> Game:
    return call(opened(), "ask", {**QUESTION, **changes}).state


def answer(player: str, choice: int, question: int = 4) -> dict[str, object]:
    return {"player": player, "question": question, "choice": choice}


def test_every_kind_is_known_by_the_name_it_gives_itself() -> None:
    assert all(kind.name == name for name, kind in BEHAVIOURS.items())
    quiz: Behaviour[Game] = QUIZ
    assert BEHAVIOURS["quiz"].name == quiz.name


def test_a_quiz_opens_with_nothing_or_with_a_title() -> None:
    assert opened() == opened(b"{}") == Game()
    assert opened(b'{"title": "Friday"}').title == "Friday"


@pytest.mark.parametrize("argument", [b"[]", b'{"titel": "x"}', b'{"title": 3}', b"\xff", b"nope"])
def test_a_quiz_does_not_open_with_what_makes_no_sense(argument: bytes) -> None:
    with pytest.raises(UnknownMessageError, match="opened with"):
        opened(argument)


def test_joining_twice_is_the_same_as_once() -> None:
    once = call(opened(), "join", ADA)
    twice = call(once.state, "join", ADA)
    assert reply(once) == reply(twice) == {"players": 1}
    assert twice.state is once.state


def test_a_full_room_refuses_with_a_sentence_and_keeps_who_is_in() -> None:
    full = Game(players=frozenset(f"p{i}" for i in range(PLAYERS_MAX)))
    refused = call(full, "join", ADA)
    assert "2000 players" in reply(refused)["full"]
    assert refused.state is full
    assert reply(call(full, "join", {"player": "p7"})) == {"players": PLAYERS_MAX}


def test_who_has_no_place_in_a_full_room_cannot_answer_either() -> None:
    full = Game(players=frozenset(f"p{i}" for i in range(PLAYERS_MAX)))
    full = call(full, "ask", QUESTION).state
    refused = call(full, "answer", answer("ada", 1))
    assert "full" in reply(refused)
    assert refused.state is full


def test_a_question_is_told_to_watchers_without_its_answer() -> None:
    step = call(opened(), "ask", QUESTION)
    assert reply(step) == {"question": 4}
    assert published(step) == [
        {
            "asked": {
                "number": 4,
                "question": "two?",
                "choices": ["1", "2", "3"],
                "open": True,
            }
        }
    ]


def test_a_question_not_above_the_current_one_changes_nothing() -> None:
    state = with_question()
    for number in (4, 3):
        again = call(state, "ask", {**QUESTION, "number": number, "question": "another?"})
        assert again.state is state
        assert reply(again) == {"question": 4}
        assert again.publish == again.wakes == ()


def test_an_answer_joins_and_counts_once() -> None:
    state = with_question(points=30)
    first = call(state, "answer", answer("ada", 1))
    second = call(first.state, "answer", answer("ada", 0))
    assert reply(first) == {"right": True, "score": 30, "again": False}
    assert reply(second) == {"right": True, "score": 30, "again": True}
    assert second.state is first.state
    assert second.publish == ()
    assert published(first) == [{"answered": {"player": "ada", "answers": 1}}]
    assert first.state.players == frozenset({"ada"})


def test_a_wrong_answer_counts_and_scores_nothing() -> None:
    step = call(with_question(), "answer", answer("ada", 0))
    assert reply(step) == {"right": False, "score": 0, "again": False}
    scores = reply(call(step.state, "scores", {}))
    assert (scores["answers"], scores["right"], scores["scores"]) == (1, 0, {})


def test_a_repeated_answer_is_known_after_the_next_question_and_late_after_two() -> None:
    state = call(with_question(), "answer", answer("ada", 1)).state
    state = call(state, "ask", {**QUESTION, "number": 5}).state
    assert reply(call(state, "answer", answer("ada", 1)))["again"] is True
    assert reply(call(state, "answer", answer("bob", 1))) == {"late": True}
    state = call(state, "ask", {**QUESTION, "number": 9}).state
    late = call(state, "answer", answer("ada", 1))
    assert reply(late) == {"late": True}
    assert late.state is state


def test_nobody_can_answer_before_the_first_question() -> None:
    assert reply(call(opened(), "answer", answer("ada", 1))) == {"late": True}


def test_a_question_with_a_time_is_closed_by_its_timer_and_told_with_the_best_five() -> None:
    asked = call(opened(), "ask", {**QUESTION, "closes_ms": 15_000})
    assert asked.wakes == (Wake("close", 15_000_000),)
    state = asked.state
    for index, player in enumerate("gfedcba"):
        state = call(state, "answer", answer(player, 1 if index else 0)).state
    closed = QUIZ.handle_info(state, "close", moment())
    assert published(closed) == [
        {"closed": {"number": 4, "right": 1, "scores": dict.fromkeys("abcde", 10)}}
    ]
    assert reply(call(closed.state, "answer", answer("zoe", 1))) == {"late": True}
    assert reply(call(closed.state, "answer", answer("ada", 1))) == {"late": True}
    assert reply(call(closed.state, "scores", {}))["question"]["open"] is False
    twice = QUIZ.handle_info(closed.state, "close", moment())
    assert twice.state is closed.state
    assert twice.publish == ()


def test_a_question_without_a_time_ends_the_timer_of_the_one_before() -> None:
    state = with_question(closes_ms=15_000)
    assert call(state, "ask", {**QUESTION, "number": 5}).wakes == (Wake("close", -1),)


@pytest.mark.parametrize(("passed_s", "left_s"), [(0, 15), (10, 5), (60, 0)])
def test_a_room_that_found_a_new_home_closes_its_question_when_it_would_have(
    passed_s: int, left_s: int
) -> None:
    state = with_question(closes_ms=15_000)
    awake = QUIZ.awake(state, moment("2.n2.b", NOW + passed_s * 1_000_000))
    assert awake.wakes == (Wake("close", left_s * 1_000_000),)
    assert awake.state is state


def test_a_room_without_an_open_question_wakes_without_a_timer() -> None:
    closed = QUIZ.handle_info(with_question(closes_ms=5), "close", moment()).state
    for state in (opened(), with_question(), closed):
        assert QUIZ.awake(state, moment()).wakes == (Wake("close", -1),)


def test_scores_tell_all_and_change_nothing() -> None:
    state = with_question()
    for player, choice in (("bob", 0), ("ada", 1), ("cleo", 1)):
        state = call(state, "answer", answer(player, choice)).state
    state = QUIZ.handle_cast(state, b'{"cheer": {"player": "ada"}}', moment()).state
    step = call(state, "scores", {})
    assert step.state is state
    assert reply(step) == {
        "scores": {"ada": 10, "cleo": 10},
        "answers": 3,
        "right": 2,
        "players": 3,
        "cheers": 1,
        "question": {
            "number": 4,
            "question": "two?",
            "choices": ["1", "2", "3"],
            "open": True,
        },
    }


def test_scores_before_the_first_question_show_none() -> None:
    assert reply(call(opened(), "scores", {}))["question"] is None


def test_a_quiz_asked_to_crash_crashes() -> None:
    with pytest.raises(CrashAskedError, match="room-7"):
        call(opened(), "crash", {})


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"dance": {}}',
        b'{"scores": {}, "crash": {}}',
        b'{"scores": {"of": "ada"}}',
        b'{"join": {}}',
        b'{"join": {"player": ""}}',
        b'{"join": {"player": "a\\nb"}}',
        b'{"join": {"player": "ada\\n"}}',
        b'{"join": {"player": "' + b"x" * (PLAYER_CHARS_MAX + 1) + b'"}}',
        b'{"answer": {"player": "ada", "question": 4, "choice": 3}}',
        b'{"answer": {"player": "ada", "question": 4, "choice": -1}}',
        b'{"answer": {"player": "ada", "question": 0, "choice": 1}}',
        b'{"ask": {"number": 5, "question": "q", "choices": ["a"], "right": 0}}',
        b'{"ask": {"number": 5, "question": "q", "choices": ["a", "b"], "right": 2}}',
        b'{"ask": {"number": 5, "question": "q", "choices": ["a", "b"], "right": 0, "points": 0}}',
        b'{"ask": {"number": 5, "question": "", "choices": ["a", "b"], "right": 0}}',
        b'{"cheer": {"player": "ada"}}',
        b"[" * 100_000,
    ],
)
def test_a_call_that_makes_no_sense_is_refused_with_a_sentence(message: bytes) -> None:
    with pytest.raises(UnknownMessageError, match=r"quiz|choice"):
        QUIZ.handle_call(with_question(), message, moment())


@pytest.mark.parametrize("message", [b"", b"{}", b'{"join": {"player": "ada"}}', b'{"cheer": {}}'])
def test_a_cast_that_makes_no_sense_is_refused_with_a_sentence(message: bytes) -> None:
    with pytest.raises(UnknownMessageError, match="is told"):
        QUIZ.handle_cast(opened(), message, moment())


def test_a_timer_of_another_word_means_nothing() -> None:
    state = with_question(closes_ms=5)
    assert QUIZ.handle_info(state, "dance", moment()) == Step(state)


@settings(derandomize=True, max_examples=300)
@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode()))
def test_no_bytes_from_anybody_crash_a_quiz(message: bytes) -> None:
    # Hypothesis also tries texts that it finds in our sources: some of them are good messages.
    for handle in (QUIZ.handle_call, QUIZ.handle_cast):
        with suppress(UnknownMessageError):
            handle(with_question(), message, moment())


@settings(derandomize=True, max_examples=300)
@given(st.binary(max_size=200), st.integers(0, 400), st.binary(min_size=1, max_size=4))
def test_bytes_that_are_no_quiz_are_refused_or_give_one(junk: bytes, at: int, patch: bytes) -> None:
    state = call(with_question(), "answer", answer("ada", 1)).state
    whole = QUIZ.checkpoint(state)
    at %= len(whole)
    for blob in (junk, whole[:at], whole[:at] + patch + whole[at + len(patch) :]):
        try:
            restored = QUIZ.restored(blob)
        except ValueError:
            continue
        assert QUIZ.restored(QUIZ.checkpoint(restored)) == restored


def test_a_full_room_after_ten_moves_fits_what_a_node_takes_for_a_state() -> None:
    state = opened()
    players = [f"player-{i:04}".ljust(16, "x") for i in range(PLAYERS_MAX)]
    for number in range(1, 11):
        home = moment(f"{number}.node-{number}.{NOW:x}")
        state = call(state, "ask", {**QUESTION, "number": number}, home).state
        # Two hundred score under each process; writing 20,000 answers one by one takes seconds.
        for player in players[(number - 1) * 200 : number * 200]:
            state = call(state, "answer", answer(player, 1, number), home).state
    assert len(state.players) == PLAYERS_MAX
    assert len(QUIZ.checkpoint(state)) < RoomsConfig().state_bytes_max / 2
