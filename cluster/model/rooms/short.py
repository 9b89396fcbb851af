"""One short round of a quiz, as messages: one question, an answer of each player, a count.

For whoever wants to know what a room still has after something befell it: the talk's rooms with and
without an heir, on real nodes and in a world. Decides the words; who says them, and again when nobody
answers, is the caller's. All of them may be said twice. Pure.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

PLAYERS: Final = 20
NUMBER: Final = 1
"""Of the question."""

ASK: Final = b'{"ask": {"number": 1, "question": "What outlives a crash?", "choices": ["yes", "no"], "right": 0}}'
COUNT: Final = b'{"scores": {}}'


class _Judged(Struct, frozen=True):
    right: bool


class _Scores(Struct, frozen=True):
    answers: int


_judged: Final = msgspec.json.Decoder(_Judged)
_scores: Final = msgspec.json.Decoder(_Scores)


def answer(player: int) -> bytes:
    """What one player says."""
    return b'{"answer": {"player": "player %d", "question": %d, "choice": 0}}' % (player, NUMBER)


def counted(reply: bytes) -> bool:
    """Whether an answer was acknowledged: it came in time and counts."""
    try:
        _judged.decode(reply)
    except msgspec.MsgspecError:
        return False
    return True


def held(reply: bytes) -> int:
    """How many answers a room says it has; -1: it says no such thing."""
    try:
        return _scores.decode(reply).answers
    except msgspec.MsgspecError:
        return -1
