"""The quiz: one seed, one sequence; a bounded number of keys."""

from __future__ import annotations

from random import Random

from cluster.lab.quiz.ledger import Audit, Ledger
from cluster.lab.quiz.script import Quiz


def test_the_same_seed_asks_the_same_questions() -> None:
    one, two = Quiz(Random(7), 400), Quiz(Random(7), 400)
    assert [one.next() for _ in range(900)] == [two.next() for _ in range(900)]


def test_every_key_is_new_until_the_show_begins_again() -> None:
    quiz = Quiz(Random(1), 400)
    first = [quiz.next() for _ in range(400)]
    assert len({answer.key for answer in first}) == 400
    assert not any(answer.again for answer in first)
    second = [quiz.next() for _ in range(400)]
    assert {answer.key for answer in second} == {answer.key for answer in first}
    assert all(answer.again for answer in second)


def test_an_answer_of_unknown_outcome_may_be_there_and_an_acknowledged_one_must() -> None:
    ledger = Ledger()
    ledger.attempted("k", b"A")
    ledger.acknowledged("k", b"A")
    assert ledger.right("k") == {b"A"}
    ledger.attempted("k", b"B")
    assert ledger.right("k") == {b"A", b"B"}
    ledger.attempted("k", b"C")
    ledger.acknowledged("k", b"C")
    assert ledger.right("k") == {b"B", b"C"}
    ledger.refused("k", b"B")
    assert ledger.right("k") == {b"C"}
    assert ledger.keys() == ["k"]


def test_an_audit_names_what_is_unreadable() -> None:
    assert str(Audit(3, (), ())) == "all 3 acknowledged answers asked for are readable"
    assert str(Audit(3, ("a",), ("b",))) == "2 of 3 are unreadable: a, b"
