"""The checkers find what they are for: each is fed a history with one thing wrong in it."""

from __future__ import annotations

from typing import Any, cast

from cluster.model.export.history import Op, pairs
from tests.maelstrom import checkers
from tests.maelstrom.checkers import Verdict


def history(*rows: tuple[Any, ...]) -> list[Op]:
    """Rows of process, kind, f, value, ms[, final]."""
    return [
        Op(i, row[0], row[1], row[2], row[3], row[4] * 1_000, final=len(row) > 5)
        for i, row in enumerate(rows)
    ]


def added(value: object, at: int, process: int = 0) -> list[tuple[Any, ...]]:
    return [(process, "invoke", "add", value, at), (process, "ok", "add", value, at)]


def read(value: object, at: int, process: int = 1, *final: bool) -> list[tuple[Any, ...]]:
    rows = [(process, "invoke", "read", None, at), (process, "ok", "read", value, at)]
    return [(*row, *final) for row in rows]


def note(verdict: Verdict, name: str) -> Any:
    return cast("Any", verdict.notes[name])


def test_an_operation_is_paired_with_its_end_and_the_unended_with_none() -> None:
    told = history((0, "invoke", "read", None, 0), (1, "invoke", "read", None, 1))
    told += [Op(2, 0, "ok", "read", [], 2_000)]
    assert pairs(told) == [(told[0], told[2]), (told[1], None)]


def test_an_element_seen_by_every_later_read_is_stable_at_once() -> None:
    verdict = checkers.set_full(history(*added(1, 0), *read([1], 5), *read([1], 9)))
    assert verdict.valid
    assert note(verdict, "stale-count") == 0
    assert note(verdict, "stable-latencies")["1"] == 0


def test_an_element_missed_for_a_while_is_stale_for_that_long() -> None:
    verdict = checkers.set_full(history(*added(1, 10), *read([], 35), *read([1], 60)))
    assert verdict.valid
    assert note(verdict, "stale-count") == 1
    assert note(verdict, "stable-latencies")["1"] == 25


def test_an_element_that_disappears_is_lost() -> None:
    verdict = checkers.set_full(history(*added(1, 0), *read([1], 5), *read([], 9)))
    assert not verdict.valid
    assert note(verdict, "lost") == [1]


def test_an_acknowledged_element_never_seen_is_lost() -> None:
    verdict = checkers.set_full(history(*added(1, 0), *added(2, 0), *read([2], 9)))
    assert note(verdict, "lost") == [1]


def test_an_element_nobody_acknowledged_may_be_missing() -> None:
    rows = [(0, "invoke", "add", 1, 0), (0, "info", "add", 1, 1), *added(2, 1, 5), *read([2], 9)]
    verdict = checkers.set_full(history(*rows))
    assert verdict.valid
    assert note(verdict, "never-read-count") == 1


def test_duplicates_and_inventions_are_found() -> None:
    twice = checkers.set_full(history(*added(1, 0), *read([1, 1], 9)))
    invented = checkers.set_full(history(*added(1, 0), *read([1, 8], 9)))
    assert note(twice, "duplicated-count") == 1
    assert note(invented, "unexpected-count") == 1
    assert not twice.valid
    assert not invented.valid


def test_elements_may_be_any_json() -> None:
    assert checkers.set_full(history(*added([1, [2]], 0), *read([[1, [2]]], 9))).valid


def test_a_final_read_that_lacks_an_element_is_found() -> None:
    rows = [*added(1, 0), *read([1], 20, 1, True), *read([], 21, 2, True)]
    verdict = checkers.everywhere(history(*rows))
    assert not verdict.valid
    assert note(verdict, "missing") == {2: ["1"]}


def test_an_id_given_twice_is_found() -> None:
    rows = [(p, kind, "generate", "a", p) for p in (0, 1) for kind in ("invoke", "ok")]
    assert not checkers.unique_ids(history(*rows)).valid
    assert checkers.unique_ids(history(*rows[:2])).valid


def test_a_wrong_echo_is_found() -> None:
    rows = [(0, "invoke", "echo", "a", 0), (0, "ok", "echo", "b", 1)]
    assert not checkers.echo(history(*rows)).valid


def test_a_final_count_is_the_acknowledged_sum_and_any_of_the_unknown() -> None:
    unknown = [(5, "invoke", "add", 10, 1), (5, "info", "add", "timeout", 2)]
    for value, valid in ((3, True), (13, True), (10, False), (4, False)):
        rows = [*added(3, 0), *unknown, *read(value, 9, 1, True)]
        assert checkers.counter(history(*rows)).valid is valid


def test_a_failed_add_must_not_count() -> None:
    failed = [(5, "invoke", "add", 10, 1), (5, "fail", "add", "11: no", 2)]
    rows = [*added(3, 0), *failed, *read(13, 9, 1, True)]
    assert not checkers.counter(history(*rows)).valid


def test_an_early_count_shows_nothing_that_nobody_asked_for() -> None:
    rows = [*read(3, 0), *added(3, 1), *read(3, 9, 1, True)]
    assert not checkers.counter(history(*rows)).valid
    rows = [*added(3, 1), *read(0, 2), *read(3, 9, 1, True)]
    assert checkers.counter(history(*rows)).valid


def test_one_refusal_is_not_total_availability() -> None:
    rows = [*added(1, 0), (0, "invoke", "add", 2, 1), (0, "fail", "add", "11: no", 2)]
    assert not checkers.availability(history(*rows)).valid
    assert checkers.availability(history(*rows[:2])).valid
