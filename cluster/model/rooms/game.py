"""The state of a quiz room, and how two states of one quiz become one.

Everything that counts is kept in ledgers, one for each process that ever counted (`Moment.actor`),
and a ledger only grows: merging takes the higher of every entry, and what people see is the sum
over the ledgers (the G-Counter of Shapiro et al., "A comprehensive study of Convergent and
Commutative Replicated Data Types", 2011, 3.1.1). So the scores after a split are the sum of both
sides. The price is a ledger for each process that counted something, for as long as the room lives.

Ignores what may be asked of a quiz and when (`quiz.py`). The limits there are those of one process:
a merge of two full rooms may pass them, and refuses nothing.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct, structs

REMEMBERED: Final = 2
"""Questions whose given answers are kept, to tell a repeated answer: the current one and the one
before, because who retries does so within a question's time. Each costs about 4 bytes a player."""

Tally = Annotated[int, Meta(ge=0, le=2**62)]
Place = Annotated[int, Meta(ge=0)]


class Question(Struct, frozen=True, array_like=True, order=True):
    """What is (or was last) asked. Two of them compare by who wins a merge."""

    number: Annotated[int, Meta(ge=1)]
    actor: str
    """The process that asked it: two sides of a split may both ask a number 4."""
    closed: bool
    """Behind number and actor, before all else: of one question, closed beats open."""
    text: str
    choices: tuple[str, ...]
    right: int
    points: Tally
    closes_at: int = -1
    """Microseconds since 1970 by the clock of the node that took it; -1: nothing closes it."""


class Ledger(Struct, frozen=True):
    """What one process has counted. No entry ever falls."""

    answers: int = 0
    right: int = 0
    cheers: int = 0
    scores: dict[str, int] = {}
    """Points by player; who has none is not there."""


class Game(Struct, frozen=True):
    """All that a quiz room knows. Never changed in place."""

    title: str = ""
    players: frozenset[str] = frozenset()
    question: Question | None = None
    ledgers: dict[str, Ledger] = {}
    """By actor."""
    given: dict[int, dict[str, bool]] = {}
    """By number of question, the `REMEMBERED` highest: who answered, and whether it was right."""

    def score(self, player: str) -> int:
        """The points of one player, over all processes."""
        return sum(ledger.scores.get(player, 0) for ledger in self.ledgers.values())

    def scores(self) -> dict[str, int]:
        """Everybody's points, the most first, then by name. Who has none is not there."""
        total: dict[str, int] = {}
        for ledger in self.ledgers.values():
            for player, points in ledger.scores.items():
                total[player] = total.get(player, 0) + points
        return dict(sorted(total.items(), key=lambda entry: (-entry[1], entry[0])))

    def answers(self) -> int:
        """Answers counted, over all processes."""
        return sum(ledger.answers for ledger in self.ledgers.values())

    def right(self) -> int:
        """Right answers counted, over all processes."""
        return sum(ledger.right for ledger in self.ledgers.values())

    def cheers(self) -> int:
        """Cheers counted, over all processes."""
        return sum(ledger.cheers for ledger in self.ledgers.values())


def joined(game: Game, player: str) -> Game:
    """The game with one more player."""
    return structs.replace(game, players=game.players | {player})


def asked(game: Game, question: Question) -> Game:
    """The game with a new current question."""
    given = _latest({**game.given, question.number: game.given.get(question.number, {})})
    return structs.replace(game, question=question, given=given)


def answered(game: Game, actor: str, player: str, question: Question, right: bool) -> Game:
    """The game with one more answer, counted by `actor`. The player is in it from now on."""
    ledger = game.ledgers.get(actor, Ledger())
    scores = ledger.scores
    if right:
        scores = {**scores, player: scores.get(player, 0) + question.points}
    ledger = Ledger(ledger.answers + 1, ledger.right + right, ledger.cheers, scores)
    told = {**game.given.get(question.number, {}), player: right}
    return structs.replace(
        joined(game, player) if player not in game.players else game,
        ledgers={**game.ledgers, actor: ledger},
        given={**game.given, question.number: told},
    )


def cheered(game: Game, actor: str) -> Game:
    """The game with one more cheer, counted by `actor`."""
    ledger = game.ledgers.get(actor, Ledger())
    ledger = structs.replace(ledger, cheers=ledger.cheers + 1)
    return structs.replace(game, ledgers={**game.ledgers, actor: ledger})


def merged(a: Game, b: Game) -> Game:
    """What both know together. Commutative, associative, idempotent.

    A player who answered one question on both sides of a split is counted on both, and remembered
    as right if either was.
    """
    ledgers = {
        actor: _higher(a.ledgers.get(actor, Ledger()), b.ledgers.get(actor, Ledger()))
        for actor in sorted({*a.ledgers, *b.ledgers})
    }
    given = {number: dict(told) for number, told in a.given.items()}
    for number, told in b.given.items():
        both = given.setdefault(number, {})
        for player, right in told.items():
            both[player] = both.get(player, False) or right
    return Game(
        title=max(a.title, b.title),
        players=a.players | b.players,
        question=_later(a.question, b.question),
        ledgers=ledgers,
        given=_latest(given),
    )


def _later(a: Question | None, b: Question | None) -> Question | None:
    if a is None or b is None:
        return b if a is None else a
    return max(a, b)


def _higher(a: Ledger, b: Ledger) -> Ledger:
    scores = {
        player: max(a.scores.get(player, 0), b.scores.get(player, 0))
        for player in sorted({*a.scores, *b.scores})
    }
    return Ledger(max(a.answers, b.answers), max(a.right, b.right), max(a.cheers, b.cheers), scores)


def _latest(given: dict[int, dict[str, bool]]) -> dict[int, dict[str, bool]]:
    """Keep the highest numbers. Which these are depends on the union alone, so merges commute."""
    return {number: given[number] for number in sorted(given)[-REMEMBERED:]}


class _PackedLedger(Struct, frozen=True, array_like=True):
    answers: Tally
    right: Tally
    cheers: Tally
    scores: tuple[tuple[Place, Tally], ...]


class _Packed(Struct, frozen=True, array_like=True):
    """A game as it is kept: each name is written once, and meant by its place from then on."""

    title: str
    names: tuple[str, ...]
    question: Question | None
    ledgers: dict[str, _PackedLedger]
    given: dict[int, tuple[tuple[Place, ...], tuple[Place, ...]]]
    """By number: who was wrong, who was right."""


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(_Packed)


def packed(game: Game) -> bytes:
    """A game as bytes: equal games give equal bytes. About its names, and 5 bytes for each score."""
    names = tuple(sorted(game.players))
    place = {name: index for index, name in enumerate(names)}
    ledgers = {
        actor: _PackedLedger(
            ledger.answers,
            ledger.right,
            ledger.cheers,
            tuple(sorted((place[name], points) for name, points in ledger.scores.items())),
        )
        for actor, ledger in sorted(game.ledgers.items())
    }
    given = {
        number: (_places(told, place, False), _places(told, place, True))
        for number, told in sorted(game.given.items())
    }
    return _encoder.encode(_Packed(game.title, names, game.question, ledgers, given))


def _places(told: dict[str, bool], place: dict[str, int], right: bool) -> tuple[int, ...]:
    return tuple(sorted(place[name] for name, was in told.items() if was == right))


def unpacked(blob: bytes) -> Game:
    """The game again. Raises `ValueError` for bytes that are none."""
    try:
        kept = _decoder.decode(blob)
        names = kept.names
        return Game(
            title=kept.title,
            players=frozenset(names),
            question=kept.question,
            ledgers={
                actor: Ledger(
                    ledger.answers,
                    ledger.right,
                    ledger.cheers,
                    {names[place]: points for place, points in ledger.scores},
                )
                for actor, ledger in kept.ledgers.items()
            },
            given={
                number: {names[place]: bool(right) for right in (0, 1) for place in told[right]}
                for number, told in kept.given.items()
            },
        )
    except (msgspec.MsgspecError, IndexError) as error:
        raise ValueError(f"these bytes are no quiz: {error}") from error
