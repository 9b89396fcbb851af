"""Linearizability: what is called so, what is not and by which name, against the definition."""

from __future__ import annotations

from random import Random
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cluster.model.judging.conflicts import contradiction, shrunk
from cluster.model.judging.deeds import Deed
from cluster.model.judging.linear import Verdict, judge_key, linearity, with_final_reads
from cluster.model.judging.order import find_order, steps_of
from tests.model.judging.brute import has_an_order
from tests.model.judging.telling import count, delete, read, refused, story, twice, write


def judged(*deeds: Deed, complete: bool = True) -> Verdict:
    return judge_key("k", list(story(*deeds)), complete=complete)


def anomaly(*deeds: Deed) -> tuple[str, list[int]]:
    """The name of what is wrong, and the numbers of the operations that show it."""
    verdict = judged(*deeds)
    assert verdict.linearizable == "no"
    assert verdict.anomaly is not None
    print(verdict.anomaly.sentence)
    return verdict.anomaly.name, [deed.number for deed in verdict.anomaly.deeds]


def fine(*deeds: Deed) -> bool:
    verdict = judged(*deeds)
    assert (verdict.linearizable == "no") == (verdict.anomaly is not None)
    return verdict.linearizable == "yes"


# --- what one register could have done -----------------------------------------------------------


def test_writes_and_reads_one_after_the_other() -> None:
    assert fine(read(1, 2), write("a", 3, 4), read(5, 6, "a"), write("b", 7, 8), read(9, 10, "b"))


def test_a_read_beside_a_write_may_show_either_value() -> None:
    assert fine(write("a", 0, 1), write("b", 10, 20), read(12, 18, "a"))
    assert fine(write("a", 0, 1), write("b", 10, 20), read(12, 18, "b"))


def test_two_reads_beside_a_write_may_see_it_come() -> None:
    assert fine(write("a", 0, 1), write("b", 10, 40), read(12, 18, "a"), read(20, 30, "b"))


def test_a_maybe_may_have_happened_late_or_never() -> None:
    assert fine(write("a", 0, 1), write("m", 2), read(10, 11, "a"), read(50, 51, "m"))
    assert fine(write("a", 0, 1), write("m", 2), read(10, 11, "a"), read(50, 51, "a"))


def test_a_delete_makes_it_absent_and_a_maybe_delete_may() -> None:
    assert fine(write("a", 0, 1), delete(2, 3), read(4, 5), write("b", 6, 7), read(8, 9, "b"))
    assert fine(write("a", 0, 1), delete(2), read(4, 5, "a"), read(6, 7))


def test_a_write_that_was_tried_twice_may_happen_twice() -> None:
    ops = write("a", 0, 10), write("b", 20, 30), read(40, 50, "a")
    assert not fine(*ops)
    assert fine(twice(ops[0]), *ops[1:])


def test_what_was_refused_did_not_happen_and_a_failed_read_says_nothing() -> None:
    assert fine(refused(write("x", 0, 1)), refused(read(2, 3)), read(4, 5))


# --- what it could not, by name ------------------------------------------------------------------


def test_a_read_that_was_told_two_siblings_is_two_values_at_once() -> None:
    ops = write("a", 0, 10), write("b", 0, 10), read(20, 30, "a", "b")
    assert anomaly(*ops) == ("two values at once", [3])


def test_a_value_that_nobody_wrote_is_from_nowhere() -> None:
    assert anomaly(write("a", 0, 10), read(20, 30, "x")) == ("value from nowhere", [2])


def test_a_value_that_was_refused_is_from_nowhere() -> None:
    ops = refused(write("a", 0, 10)), read(20, 30, "a")
    assert anomaly(*ops) == ("value from nowhere", [1, 2])


def test_a_value_that_is_read_before_it_is_written_is_from_nowhere() -> None:
    assert anomaly(read(0, 10, "a"), write("a", 20, 30)) == ("value from nowhere", [1, 2])


def test_an_acknowledged_write_that_nobody_ever_reads_is_lost() -> None:
    ops = write("a", 0, 10), write("b", 20, 30), read(40, 50, "a"), read(60, 70, "a")
    assert anomaly(*ops) == ("lost write", [1, 2, 3])
    assert anomaly(write("a", 1, 10), read(20, 30)) == ("lost write", [1, 2])


def test_a_read_of_something_older_than_what_others_read_is_stale() -> None:
    ops = write("a", 0, 10), write("b", 20, 30), read(40, 50, "a"), read(60, 70, "b")
    assert anomaly(*ops) == ("stale read", [1, 2, 3])


def test_a_missed_write_that_something_newer_replaced_is_only_a_stale_read() -> None:
    ops = write("a", 0, 10), write("b", 20, 30), read(40, 50, "a")
    assert anomaly(*ops, write("c", 60, 70), read(80, 90, "c")) == ("stale read", [1, 2, 3])


def test_a_deleted_value_that_is_read_again_came_back() -> None:
    ops = write("a", 0, 10), delete(20, 30), read(40, 50, "a")
    assert anomaly(*ops) == ("deleted value came back", [1, 2, 3])


def test_of_two_reads_beside_one_write_the_second_may_not_show_less() -> None:
    ops = write("a", 0, 10), write("b", 20, 90), read(30, 40, "b"), read(50, 60, "a")
    assert anomaly(*ops) == ("read went back in time", [1, 2, 3, 4])


def test_a_maybe_that_was_seen_may_not_be_unseen() -> None:
    ops = write("a", 0, 10), write("m", 20), read(30, 40, "m"), read(50, 60, "a")
    assert anomaly(*ops) == ("read went back in time", [1, 2, 3, 4])


def test_a_value_that_comes_again_without_being_written_again_went_back_in_time() -> None:
    ops = write("a", 0, 10), write("b", 0, 10)
    assert fine(*ops, read(20, 30, "a"))
    assert fine(*ops, read(20, 30, "b"))
    name, shown = anomaly(*ops, read(20, 30, "a"), read(40, 50, "b"), read(60, 70, "a"))
    assert name == "read went back in time"
    assert {1, 2} <= set(shown)


def test_readers_at_the_same_time_may_disagree() -> None:
    ops = write("a", 0, 10), write("b", 0, 10), read(20, 30, "a"), read(20, 30, "b")
    assert anomaly(*ops) == ("readers disagree", [1, 2, 3, 4])


def test_nothing_read_where_only_earlier_deletes_could_explain_it() -> None:
    ops = delete(1, 5), write("a", 10, 20), delete(12, 18), read(30, 40, "a"), read(50, 60)
    name, shown = anomaly(*ops)
    assert name == "read went back in time"
    assert {4, 5} <= set(shown)


def test_among_many_operations_only_those_that_show_it_are_named() -> None:
    before = [write(f"v{n}", 10 * n + 1, 10 * n + 5) for n in range(50)]
    reads = [read(10 * n + 6, 10 * n + 9, f"v{n}") for n in range(50)]
    ops = *before, *reads, delete(1_000, 1_100), read(1_010, 1_020), read(1_030, 1_040, "v49")
    name, shown = anomaly(*ops)
    assert (name, shown) == ("read went back in time", [50, 101, 102, 103])


# --- bounds, keys, counters, incomplete histories -------------------------------------------------


def test_past_its_bound_the_search_is_undecided_and_never_passes() -> None:
    deeds = steps_of(story(*(write(f"v{n}", n, 1_000) for n in range(9)), read(1, 2_000, "v3")))
    assert find_order(deeds, 100).answer == "yes"
    assert find_order(deeds, 0).answer == "undecided"
    ops = [write(f"v{n}", 0, 1_000 + n) for n in range(6)] + [delete(0, 1_000)]
    ops += [read(2_000, 2_001, "v1"), read(2_002, 2_003)]
    verdict = judge_key("k", list(story(*ops)), states_max=3)
    assert verdict.linearizable == "undecided"
    assert verdict.anomaly is None
    assert judge_key("k", list(story(*ops))).linearizable == "no"


def test_keys_are_judged_apart_and_counters_are_left_out() -> None:
    deeds = story(
        write("a", 0, 10),
        read(20, 30, "a"),
        write("a", 1, 10, key="j"),
        read(20, 30, key="j"),
        count(3, 0, 10),
        read(20, 30, "3", key="c"),
    )
    made = linearity(deeds)
    assert [(v.key, v.linearizable) for v in made.verdicts] == [("k", "yes"), ("j", "no")]
    assert (made.answer, made.left_out) == ("no", 1)
    assert [a.name for a in made.anomalies] == ["lost write"]
    assert linearity(deeds[:2]).answer == "yes"


def test_an_incomplete_history_is_undecided_where_a_value_has_no_origin() -> None:
    ops = write("a", 0, 10), read(20, 30, "x")
    assert judged(*ops, complete=False).linearizable == "undecided"
    assert judged(*ops).linearizable == "no"


def test_what_is_there_in_the_end_is_part_of_the_judgement() -> None:
    deeds = story(write("a", 0, 10), write("b", 20, 30))
    assert linearity(deeds).answer == "yes"
    made = linearity(with_final_reads(deeds, {"k": ("a",)}, 100))
    assert [a.name for a in made.anomalies] == ["lost write"]
    assert linearity(with_final_reads(deeds, {"k": ("b",)}, 100)).answer == "yes"


# --- properties --------------------------------------------------------------------------------


def sequential(
    rng: Random,
    operations: int,
    clients: int,
    deletes: float = 0.1,
    *,
    sure_deletes: bool = False,
) -> tuple[Deed, ...]:
    """What clients of one register would tell: each operation happens at one moment between its
    invocation and its end; some are never acknowledged, whether they happened or not."""
    free = [0] * clients
    planned: list[tuple[int, int, int, int]] = []
    for _ in range(operations):
        client = min(range(clients), key=lambda c: free[c])
        invoked = free[client] + rng.randrange(1, 30)
        ended = invoked + rng.randrange(2, 60)
        planned.append((rng.randrange(invoked, ended + 1), client, invoked, ended))
        free[client] = ended + 1
    held: tuple[str, ...] = ()
    made: list[Deed] = []
    for number, (_, client, invoked, ended) in enumerate(sorted(planned), 1):
        chance = rng.random()
        sure = sure_deletes and 0.5 <= chance < 0.5 + deletes
        known = 0 if rng.random() < 0.1 and not sure else ended
        if chance < 0.5:
            made.append(replace(read(invoked, ended, *held), number=number, client=client))
            continue
        happens = known or rng.random() < 0.5
        change = (
            delete(invoked, known)
            if chance < 0.5 + deletes
            else write(f"v{number}", invoked, known)
        )
        made.append(replace(change, number=number, client=client))
        if happens:
            held = (change.value,) if change.kind == "write" else ()
    return tuple(sorted(made, key=lambda deed: deed.invoked))


@pytest.mark.parametrize("deletes", [0.0, 0.1])
def test_what_one_register_did_is_always_linearizable(deletes: float) -> None:
    for seed in range(60):
        print(f"seed {seed}")
        deeds = sequential(Random(seed), 120, 5, deletes)
        verdict = judge_key("k", list(deeds))
        assert verdict.linearizable == "yes", verdict
        assert not contradiction(deeds)


def test_one_read_changed_to_what_was_surely_replaced_is_found() -> None:
    found = 0
    for seed in range(60):
        print(f"seed {seed}")
        deeds = list(sequential(Random(seed), 120, 5))
        written = [d for d in deeds if d.kind == "write" and d.outcome == "ok"]
        late = [
            (place, read_, old)
            for place, read_ in enumerate(deeds)
            if read_.kind == "read"
            for old in written
            if any(old.ended < w.invoked and w.ended < read_.invoked for w in written)
        ]
        if not late:
            continue
        place, read_, old = Random(seed).choice(late)
        deeds[place] = replace(read_, told=(old.value,))
        verdict = judge_key("k", deeds)
        assert verdict.linearizable == "no"
        assert verdict.anomaly is not None
        assert not has_an_order(verdict.anomaly.deeds)
        found += 1
    assert found > 50


moments = st.integers(0, 14)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Deed, ...]:
    """Anything at all, of up to six operations; values may be written more than once."""
    deeds: list[Deed] = []
    for _ in range(draw(st.integers(1, 6))):
        began = draw(moments)
        ended = draw(st.one_of(st.just(0), st.integers(began + 1, 16)))
        value = draw(st.sampled_from(["a", "b", "c"]))
        made = draw(
            st.sampled_from(
                [
                    write(value, began, ended),
                    write(value, began, ended),
                    delete(began, ended),
                    read(began, ended or 16, value),
                    read(began, ended or 16, value),
                    read(began, ended or 16),
                ]
            )
        )
        deeds.append(
            twice(made) if made.changes and ended and draw(st.integers(0, 9)) == 0 else made
        )
    return story(*deeds)


@settings(derandomize=True, max_examples=1_000, deadline=None)
@given(histories())
def test_the_verdict_is_that_of_trying_every_order(deeds: tuple[Deed, ...]) -> None:
    truth = has_an_order(deeds)
    verdict = judge_key("k", list(deeds))
    assert verdict.linearizable == ("yes" if truth else "no")
    assert find_order(steps_of(deeds), 10_000).answer == verdict.linearizable
    if contradiction(deeds):
        assert not truth
    if verdict.anomaly is not None:
        assert not has_an_order(verdict.anomaly.deeds)


@st.composite
def unique(draw: st.DrawFn) -> tuple[Deed, ...]:
    """Each value is written once, nothing is deleted, reads show what had begun to be written."""
    deeds: list[Deed] = []
    for number in range(draw(st.integers(2, 4))):
        began = draw(moments)
        deeds.append(
            write(f"v{number}", began, draw(st.one_of(st.just(0), st.integers(began + 1, 16))))
        )
    for _ in range(draw(st.integers(1, 5))):
        began = draw(moments)
        ended = draw(st.integers(began + 1, 16))
        shown = [(d.value,) for d in deeds if d.kind == "write" and d.invoked <= ended]
        deeds.append(read(began, ended, *draw(st.sampled_from([(), *shown]))))
    return story(*deeds)


@settings(derandomize=True, max_examples=600, deadline=None)
@given(unique())
def test_with_unique_values_two_clusters_contradict_each_other_exactly_if_there_is_no_order(
    deeds: tuple[Deed, ...],
) -> None:
    core = contradiction(deeds)
    answer = find_order(steps_of(deeds), 10_000).answer
    assert answer == ("no" if core else "yes")
    if core:
        assert len(core) <= 6
        assert find_order(steps_of(core), 10_000).answer == "no"
        less = shrunk(deeds, 10_000, 100)
        assert find_order(steps_of(less), 10_000).answer == "no"
        assert len(less) <= len(deeds)


# --- cost --------------------------------------------------------------------------------------


@pytest.mark.parametrize("deletes", [0.0, 0.1])
def test_two_thousand_operations_of_eight_clients_are_judged_quickly(deletes: float) -> None:
    seed = 3
    print(f"seed {seed}")
    deeds = list(sequential(Random(seed), 2_000, 8, deletes))
    began = process_time()
    verdict = judge_key("k", deeds)
    took = process_time() - began
    print(f"{took:.3f} s, {verdict.states} states")
    assert verdict.linearizable == "yes"
    assert took < 4.0  # 0.1 s on an idle machine; the bar is 2 s


def test_mistakes_late_in_a_long_history_are_found_quickly() -> None:
    seed = 4
    print(f"seed {seed}")
    deeds = list(sequential(Random(seed), 2_000, 8, sure_deletes=True))
    reads = [place for place, deed in enumerate(deeds) if deed.kind == "read" and deed.told]
    names: list[str] = []
    for place in reads[-30::3]:
        # Nothing there: to rule that out takes a search, for it may be any delete's doing.
        wrong = [*deeds[:place], replace(deeds[place], told=()), *deeds[place + 1 :]]
        began = process_time()
        verdict = judge_key("k", wrong)
        took = process_time() - began
        assert took < 4.0  # 0.2 s on an idle machine; the bar is 2 s
        if verdict.anomaly is not None:
            print(f"{took:.3f} s, {verdict.states} states, {verdict.anomaly.sentence}")
            assert len(verdict.anomaly.deeds) < 12
            assert find_order(steps_of(verdict.anomaly.deeds), 10_000).answer == "no"
            names.append(verdict.anomaly.name)
    assert len(names) > 3
