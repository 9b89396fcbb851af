"""The judges of rooms find what is planted: each bug is patched in for the length of one test."""

from __future__ import annotations

import pytest

from cluster.config import SECOND
from cluster.model.rooms.game import Game, packed
from cluster.model.rooms.naming import Token
from cluster.model.rooms.quiz import QuizBehaviour
from cluster.protocol.rooms.claims import Claims
from cluster.protocol.rooms.desk import Desk
from cluster.protocol.rooms.process import Process
from cluster.protocol.rooms.rooms import Rooms
from cluster.sim.faults.options import FaultsName, draw
from cluster.sim.trial.trial import run_trial

ROOMS = 12
SEEDS = range(1, 9)


def first_broken(faults: FaultsName) -> str:
    """The judge that finds something, in the first of some seeds in which one does."""
    for seed in SEEDS:
        broken = run_trial(draw(seed, faults, 14 * SECOND, rooms=ROOMS)).broken
        if broken is not None:
            print(seed, broken.sentence)
            return broken.judge
    return "none"


def test_a_merge_that_keeps_one_side_loses_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    def coin(_self: QuizBehaviour, a: Game, b: Game) -> Game:
        return max(a, b, key=packed)

    monkeypatch.setattr(QuizBehaviour, "merge", coin)
    assert first_broken("twins") == "scores"


def test_answers_that_rest_on_no_checkpoint_are_found_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def carefree(self: Process) -> bool:
        return not self.stored

    monkeypatch.setattr(Process, "dirty", property(carefree))
    assert first_broken("kills") == "scores"


def test_a_token_given_twice_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def same(self: Claims, name: str, over: Token) -> Token:
        out = getattr(self, "_out")  # noqa: B009
        return Token(7, out.name, out.epoch)

    monkeypatch.setattr(Claims, "_token", same)
    assert first_broken("churn") == "tokens"


def test_names_that_nobody_starts_again_are_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(_self: Rooms) -> None:
        return None

    monkeypatch.setattr(Rooms, "_review", blind)
    assert first_broken("kills") in ("names", "liveness")


def test_a_fence_that_nobody_minds_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(_self: Desk, _room: str, _token: Token) -> None:
        return None

    monkeypatch.setattr(Desk, "_remember", forgetful)
    assert first_broken("vanish") == "fences"
