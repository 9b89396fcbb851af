"""The bundled behaviour: a quiz room that players join, a host asks, and everybody answers.

Decides what may be said to a quiz (JSON objects with one key), what is refused, and what is told to
whoever watches. What is counted and how two halves of a split merge is `game.py`'s.

Everything is safe to say twice: a player who has joined has joined, a question is asked once by its
number, a player's answer to a question is counted once (`again`). That is what lets a client whose
answer was lost on the way simply ask again, and why the number of a question has to grow.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, structs

from cluster.model.rooms.behaviour import CrashError, Moment, Step, UnknownMessageError, Wake
from cluster.model.rooms.game import (
    Game,
    Question,
    answered,
    asked,
    cheered,
    joined,
    merged,
    packed,
    unpacked,
)

PLAYERS_MAX: Final = 2_000
"""Players of one room. The whole state is written at every counted answer: with names of 16 letters
this many make about 60 kB of the 262 kB that a node takes (`RoomsConfig.state_bytes_max`)."""
PLAYER_CHARS_MAX: Final = 32
"""Of a player's name, so that full rooms stay below that bound, and tables on a screen narrow."""
TEXT_CHARS_MAX: Final = 500
"""Of a title or a question: what a phone shows without scrolling."""
CHOICE_CHARS_MAX: Final = 200
CHOICES_MAX: Final = 8
POINTS_MAX: Final = 1_000
NUMBER_MAX: Final = 2**31
CLOSES_MS_MAX: Final = 86_400_000
"""A day: who wants a question open for longer sets no timer."""
TOP: Final = 5
"""Players told with a closed question. Watchers who want all of them ask for the scores."""
CLOSE: Final = "close"
"""The word of the timer that closes a question."""

# \Z, because $ also takes a newline at the end.
_Player = Annotated[str, Meta(pattern=rf"^[^\x00-\x1f\x7f]{{1,{PLAYER_CHARS_MAX}}}\Z")]
_Text = Annotated[str, Meta(min_length=1, max_length=TEXT_CHARS_MAX)]
_Choice = Annotated[str, Meta(min_length=1, max_length=CHOICE_CHARS_MAX)]
_Number = Annotated[int, Meta(ge=1, le=NUMBER_MAX)]
_Index = Annotated[int, Meta(ge=0, lt=CHOICES_MAX)]


class Opening(Struct, frozen=True, forbid_unknown_fields=True):
    """What a quiz is opened with."""

    title: Annotated[str, Meta(max_length=TEXT_CHARS_MAX)] = ""


class Join(Struct, frozen=True, forbid_unknown_fields=True):
    """A player takes part. Answered with how many do."""

    player: _Player


class Ask(Struct, frozen=True, forbid_unknown_fields=True):
    """The host asks. Replaces the current question if the number is above its number."""

    number: _Number
    question: _Text
    choices: Annotated[tuple[_Choice, ...], Meta(min_length=2, max_length=CHOICES_MAX)]
    right: _Index
    points: Annotated[int, Meta(ge=1, le=POINTS_MAX)] = 10
    closes_ms: Annotated[int, Meta(ge=1, le=CLOSES_MS_MAX)] | None = None


class Answer(Struct, frozen=True, forbid_unknown_fields=True):
    """A player answers, and is thereby joined. Counted once for a player and a question."""

    player: _Player
    question: _Number
    choice: _Index


class Scores(Struct, frozen=True, forbid_unknown_fields=True):
    """How things stand. Changes nothing."""


class Crash(Struct, frozen=True, forbid_unknown_fields=True):
    """Raise: the talk's way to show what a supervisor is for."""


class Cheer(Struct, frozen=True, forbid_unknown_fields=True):
    """A player claps. Nobody waits for it, and it may be lost."""

    player: _Player


class _Call(Struct, frozen=True, forbid_unknown_fields=True):
    join: Join | UnsetType = UNSET
    ask: Ask | UnsetType = UNSET
    answer: Answer | UnsetType = UNSET
    scores: Scores | UnsetType = UNSET
    crash: Crash | UnsetType = UNSET


class _Cast(Struct, frozen=True, forbid_unknown_fields=True):
    cheer: Cheer


class _QuestionShown(Struct, frozen=True):
    """A question as people see it: without the right choice."""

    number: int
    question: str
    choices: tuple[str, ...]
    open: bool


class CrashAskedError(CrashError):
    """Somebody asked this quiz to crash, and it did."""


T = TypeVar("T")
_encode: Final = msgspec.json.Encoder().encode
_openings: Final = msgspec.json.Decoder(Opening)
_calls: Final = msgspec.json.Decoder(_Call)
_casts: Final = msgspec.json.Decoder(_Cast)


class QuizBehaviour:
    """Behaviour "quiz"."""

    name: str = "quiz"

    def init(self, argument: bytes, moment: Moment) -> Step[Game]:
        """A quiz without players."""
        del moment
        return Step(Game(title=_read(_openings, argument or b"{}", "is opened with").title))

    def awake(self, state: Game, moment: Moment) -> Step[Game]:
        """Set the timer of the open question, or none if nothing is to be closed."""
        return Step(state, wakes=(_timer(state.question, moment),))

    def handle_call(self, state: Game, message: bytes, moment: Moment) -> Step[Game]:
        """Join, ask, answer, scores or crash."""
        match _only(_read(_calls, message, "is asked")):
            case Join(player):
                return _join(state, player)
            case Ask() as ask:
                return _ask(state, ask, moment)
            case Answer() as answer:
                return _answer(state, answer, moment)
            case Scores():
                return Step(state, _encode(_shown(state)))
            case Crash():
                raise CrashAskedError(f"{moment.room} was asked to crash")

    def handle_cast(self, state: Game, message: bytes, moment: Moment) -> Step[Game]:
        """A cheer."""
        _read(_casts, message, "is told")
        return Step(cheered(state, moment.actor))

    def handle_info(self, state: Game, word: str, moment: Moment) -> Step[Game]:
        """The timer closes the question."""
        del moment
        question = state.question
        if word != CLOSE or question is None or question.closed:
            return Step(state)
        closed = structs.replace(state, question=structs.replace(question, closed=True))
        top = dict(list(state.scores().items())[:TOP])
        told = {"closed": {"number": question.number, "right": question.right, "scores": top}}
        return Step(closed, publish=(_encode(told),))

    def merge(self, a: Game, b: Game) -> Game:
        """The sum of both sides of a split."""
        return merged(a, b)

    def checkpoint(self, state: Game) -> bytes:
        """The state as bytes; equal states give equal bytes."""
        return packed(state)

    def restored(self, blob: bytes) -> Game:
        """The state again. Raises `ValueError` for bytes that are none."""
        return unpacked(blob)


def _read(decoder: msgspec.json.Decoder[T], message: bytes, does: str) -> T:
    try:
        return decoder.decode(message)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnknownMessageError(f"this is not what a quiz {does}: {error}") from error


def _only(call: _Call) -> Join | Ask | Answer | Scores | Crash:
    said = [
        part
        for part in (call.join, call.ask, call.answer, call.scores, call.crash)
        if not isinstance(part, UnsetType)
    ]
    if len(said) != 1:
        raise UnknownMessageError(
            f"a quiz is asked one thing at a time, of join, ask, answer, scores: not {len(said)}"
        )
    return said[0]


def _timer(question: Question | None, moment: Moment) -> Wake:
    if question is None or question.closed or question.closes_at < 0:
        return Wake(CLOSE, -1)
    return Wake(CLOSE, max(question.closes_at - moment.now, 0))


def _full(state: Game, player: str) -> bool:
    return player not in state.players and len(state.players) >= PLAYERS_MAX


def _refused(state: Game) -> Step[Game]:
    why = f"this room has {len(state.players)} players, and no place for more than {PLAYERS_MAX}"
    return Step(state, _encode({"full": why}))


def _join(state: Game, player: str) -> Step[Game]:
    if _full(state, player):
        return _refused(state)
    after = state if player in state.players else joined(state, player)
    return Step(after, _encode({"players": len(after.players)}))


def _ask(state: Game, ask: Ask, moment: Moment) -> Step[Game]:
    if ask.right >= len(ask.choices):
        raise UnknownMessageError(
            f"choice {ask.right} cannot be right: choices count from 0 and there are "
            f"{len(ask.choices)}"
        )
    current = state.question
    if current is not None and ask.number <= current.number:
        return Step(state, _encode({"question": current.number}))
    question = Question(
        number=ask.number,
        actor=moment.actor,
        closed=False,
        text=ask.question,
        choices=ask.choices,
        right=ask.right,
        points=ask.points,
        closes_at=-1 if ask.closes_ms is None else moment.now + ask.closes_ms * 1_000,
    )
    return Step(
        asked(state, question),
        _encode({"question": ask.number}),
        wakes=(_timer(question, moment),),
        publish=(_encode({"asked": _show(question)}),),
    )


def _answer(state: Game, answer: Answer, moment: Moment) -> Step[Game]:
    player = answer.player
    before = state.given.get(answer.question, {}).get(player)
    if before is not None:
        return Step(state, _judged(before, state.score(player), again=True))
    question = state.question
    if question is None or question.closed or question.number != answer.question:
        return Step(state, _encode({"late": True}))
    if answer.choice >= len(question.choices):
        raise UnknownMessageError(
            f"question {question.number} has no choice {answer.choice}: they count from 0 and "
            f"there are {len(question.choices)}"
        )
    if _full(state, player):
        return _refused(state)
    right = answer.choice == question.right
    after = answered(state, moment.actor, player, question, right)
    told = {"answered": {"player": player, "answers": after.answers()}}
    return Step(after, _judged(right, after.score(player), again=False), publish=(_encode(told),))


def _judged(right: bool, score: int, *, again: bool) -> bytes:
    return _encode({"right": right, "score": score, "again": again})


def _show(question: Question) -> _QuestionShown:
    return _QuestionShown(
        question.number, question.text, question.choices, open=not question.closed
    )


def _shown(state: Game) -> dict[str, object]:
    return {
        "scores": state.scores(),
        "answers": state.answers(),
        "right": state.right(),
        "players": len(state.players),
        "cheers": state.cheers(),
        "question": None if state.question is None else _show(state.question),
    }
