"""Which acknowledged writes are lost and which reads are stale: one small history a rule."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.model.judging.deeds import Deed, Evidence
from cluster.model.judging.losses import KeyBook, counts_missing
from cluster.model.judging.measures import measure
from tests.model.judging.telling import count, delete, read, refused, story, twice, write


def book(*deeds: Deed, siblings: bool = False, complete: bool = True) -> KeyBook:
    return KeyBook(story(*deeds), siblings=siblings, complete=complete)


def lost(*deeds: Deed, found: tuple[str, ...], siblings: bool = False) -> list[str]:
    losses = book(*deeds, siblings=siblings).lost(found)
    return [loss.write.value or "delete" for loss in losses]


def stale(*deeds: Deed, siblings: bool = False) -> list[tuple[int, str]]:
    return [
        (s.read.number, s.missed.value or "delete") for s in book(*deeds, siblings=siblings).stale()
    ]


def test_a_key_of_which_nobody_ever_got_an_answer_shows_values_from_nowhere_all_the_same() -> None:
    asked = book(read(0, 0, key="mute"))
    assert asked.nowhere(()) == []
    assert [(each.key, each.value) for each in asked.nowhere(("x",))] == [("mute", "x")]


# --- lost, the last write wins -----------------------------------------------------------------


def test_a_write_that_is_there_is_not_lost() -> None:
    assert lost(write("a", 0, 10), found=("a",)) == []


def test_an_acknowledged_write_of_which_nothing_is_left_is_lost() -> None:
    assert lost(write("a", 0, 10), found=()) == ["a"]


def test_a_write_that_was_rolled_back_to_the_one_before_is_lost() -> None:
    assert lost(write("a", 0, 10), write("b", 20, 30), found=("a",)) == ["b"]


def test_a_write_that_a_later_one_replaced_is_not_lost() -> None:
    assert lost(write("a", 0, 10), write("b", 20, 30), found=("b",)) == []


def test_of_two_concurrent_writes_either_may_have_been_the_last() -> None:
    assert lost(write("a", 0, 10), write("b", 5, 15), found=("a",)) == []
    assert lost(write("a", 0, 10), write("b", 5, 15), found=("b",)) == []


def test_both_of_two_concurrent_writes_are_lost_when_neither_is_there() -> None:
    assert lost(write("a", 1, 10), write("b", 5, 15), found=()) == ["a", "b"]


def test_a_lost_write_that_was_itself_replaced_is_not_counted_again() -> None:
    ops = write("a", 0, 10), write("b", 20, 30), write("c", 40, 50)
    assert lost(*ops, found=("a",)) == ["c"]


def test_a_maybe_that_is_found_accounts_for_whatever_was_there() -> None:
    assert lost(write("m", 0), write("a", 20, 30), found=("m",)) == []


def test_a_maybe_that_is_not_found_excuses_nothing() -> None:
    assert lost(write("a", 0, 10), write("m", 20), found=()) == ["a"]


def test_a_write_that_was_refused_or_never_acknowledged_cannot_be_lost() -> None:
    assert lost(refused(write("a", 0, 10)), write("m", 20), found=()) == []


def test_absence_is_accounted_for_by_a_delete_that_may_have_come_later() -> None:
    assert lost(write("a", 1, 10), delete(5, 8), found=()) == []
    assert lost(write("a", 20, 30), delete(5), found=()) == []
    assert lost(write("a", 20, 30), delete(5, 8), found=()) == ["a"]


def test_a_delete_after_which_an_older_value_is_back_is_lost() -> None:
    assert lost(write("a", 0, 10), delete(20, 30), found=("a",)) == ["delete"]


def test_a_write_that_was_tried_twice_may_happen_again_later() -> None:
    assert lost(twice(write("a", 0, 10)), write("b", 20, 30), found=("a",)) == []


def test_touching_moments_claim_no_order() -> None:
    assert lost(write("a", 0, 10), write("b", 10, 20), found=("a",)) == []
    assert lost(write("a", 0, 10), write("b", 11, 20), found=("a",)) == ["b"]


# --- lost, siblings ----------------------------------------------------------------------------


def test_with_siblings_a_write_nobody_had_seen_must_still_be_there() -> None:
    ops = write("a", 0, 10), write("b", 20, 30)
    assert lost(*ops, found=("b",)) == []
    assert lost(*ops, found=("b",), siblings=True) == ["a"]
    assert lost(*ops, found=("a", "b"), siblings=True) == []


def test_with_siblings_what_a_later_writer_had_seen_is_replaced_even_at_second_hand() -> None:
    ops = write("a", 0, 10), write("b", 20, 30, saw=(1,)), write("c", 40, 50, saw=(2,))
    assert lost(*ops, found=("c",), siblings=True) == []


def test_with_siblings_a_delete_that_had_seen_a_write_accounts_for_it() -> None:
    assert lost(write("a", 0, 10), delete(20, 30, saw=(1,)), found=(), siblings=True) == []
    assert lost(write("a", 0, 10), delete(20, 30), found=(), siblings=True) == ["a"]


def test_with_siblings_only_the_last_of_a_lost_chain_is_counted() -> None:
    ops = write("a", 0, 10), write("b", 20, 30, saw=(1,))
    assert lost(*ops, found=(), siblings=True) == ["b"]


# --- stale reads -------------------------------------------------------------------------------


def test_a_read_that_misses_what_was_acknowledged_before_it_is_stale() -> None:
    assert stale(write("a", 0, 10), write("b", 20, 30), read(40, 50, "a")) == [(3, "b")]
    assert stale(write("a", 0, 10), read(20, 30)) == [(2, "a")]


def test_a_read_beside_a_write_may_show_either() -> None:
    ops = write("a", 0, 10), write("b", 20, 30)
    assert stale(*ops, read(25, 50, "a")) == []
    assert stale(*ops, read(25, 50, "b")) == []


def test_a_read_that_shows_something_newer_is_not_stale() -> None:
    assert stale(write("a", 0, 10), write("b", 20), read(40, 50, "b")) == []


def test_a_read_before_anything_was_acknowledged_owes_nothing() -> None:
    assert stale(write("a", 10, 20), read(0, 15)) == []


def test_a_read_of_nothing_is_explained_by_a_delete_that_had_begun() -> None:
    assert stale(write("a", 0, 10), delete(20), read(30, 40)) == []
    assert stale(write("a", 0, 10), read(30, 40), delete(50, 60)) == [(2, "a")]


def test_a_read_of_what_was_deleted_is_stale() -> None:
    assert stale(write("a", 0, 10), delete(20, 30), read(40, 50, "a")) == [(3, "delete")]


def test_with_several_siblings_one_that_is_new_enough_is_enough() -> None:
    ops = write("a", 0, 10), write("b", 20, 30)
    assert stale(*ops, read(40, 50, "a", "b")) == []


def test_with_siblings_a_read_must_show_every_write_that_nobody_had_seen() -> None:
    ops = write("a", 0, 10), write("b", 20, 30)
    assert stale(*ops, read(40, 50, "b"), siblings=True) == [(3, "a")]
    seen = write("a", 0, 10), write("b", 20, 30, saw=(1,))
    assert stale(*seen, read(40, 50, "b"), siblings=True) == []
    assert stale(*seen, read(40, 50, "a"), siblings=True) == [(3, "b")]


def test_a_read_that_failed_is_not_judged() -> None:
    assert stale(write("a", 0, 10), refused(read(20, 30))) == []


# --- values from nowhere, counters, incomplete histories -----------------------------------------


def test_a_value_that_nobody_wrote_or_that_was_refused_is_from_nowhere() -> None:
    made = book(refused(write("a", 0, 10)), read(20, 30, "a"), read(20, 30, "x"))
    assert [(n.value, n.why) for n in made.nowhere(("y",))] == [
        ("a", "its write was refused"),
        ("x", "nobody wrote it"),
        ("y", "nobody wrote it"),
    ]


def test_a_value_that_is_read_before_its_write_begins_is_from_nowhere() -> None:
    made = book(read(0, 10, "a"), write("a", 20, 30))
    assert [n.why for n in made.nowhere(None)] == ["its write began later"]


def test_an_incomplete_history_accuses_nobody_for_what_it_did_not_hear() -> None:
    ops = write("a", 0, 10), read(20, 30, "older")
    assert not book(*ops, complete=False).nowhere(("older",))
    assert not book(*ops, complete=False).stale()
    assert not book(*ops, complete=False).lost(("older",))
    assert book(*ops).stale()


def test_a_counter_lacks_only_what_no_unknown_count_explains() -> None:
    counts = count(5, 0, 10), count(3, 20, 30), count(-2, 40), refused(count(9, 60, 70))
    assert counts_missing(counts, 8) == 0
    assert counts_missing(counts, 6) == 0
    assert counts_missing(counts, 4) == 2


def test_a_key_that_nobody_could_read_is_unread_and_not_lost() -> None:
    made = measure(Evidence(story(write("a", 0, 10), write("b", 0, 10, key="j")), final={"j": ()}))
    assert (made.acknowledged, made.unread, made.lost_count) == (2, 1, 1)
    assert made.lost[0].write.key == "j"


def test_a_key_of_which_nobody_could_learn_anything_accuses_nobody() -> None:
    made = measure(Evidence(story(refused(read(0, 10))), final={"k": ()}))
    assert (made.acknowledged, made.reads, made.nowhere_count) == (0, 0, 0)


def test_counters_and_sets_are_not_judged_as_registers() -> None:
    made = measure(
        Evidence(
            story(count(5, 0, 10), read(20, 30, "5", key="c")), totals={"c": 2}, final={"c": ()}
        )
    )
    assert (made.counts_missing, made.lost_count, made.nowhere_count) == (3, 0, 0)


# --- properties --------------------------------------------------------------------------------

moments = st.integers(0, 30)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Deed, ...]:
    deeds: list[Deed] = []
    for number in range(draw(st.integers(1, 7))):
        began = draw(moments)
        ended = draw(st.one_of(st.just(0), st.integers(began + 1, 40)))
        deeds.append(
            draw(
                st.sampled_from(
                    [write(f"v{number}", began, ended), delete(began, ended)]
                    + [read(began, ended or 40, value) for value in ("v0", "v1", "v2")]
                )
            )
        )
    return story(*deeds)


def precedes(a: Deed, b: Deed) -> bool:
    return a.surely_over < b.invoked


@settings(derandomize=True, max_examples=400)
@given(histories(), st.sampled_from([(), ("v0",), ("v1",), ("v2", "v3")]))
def test_lost_and_stale_agree_with_the_definition_looked_up_pair_by_pair(
    deeds: tuple[Deed, ...], found: tuple[str, ...]
) -> None:
    writes = [d for d in deeds if d.changes]
    acknowledged = [d for d in writes if d.outcome == "ok"]

    def accounts(shown: tuple[str, ...], write_: Deed, by: int) -> bool:
        if not shown:
            return any(
                d.kind == "delete" and d.invoked <= by and not precedes(d, write_) for d in writes
            )
        return any(
            d.kind == "write" and d.value in shown and not precedes(d, write_) for d in writes
        )

    missing = [
        d
        for d in acknowledged
        if not accounts(found, d, 99) and not any(precedes(d, later) for later in acknowledged)
    ]
    made = KeyBook(deeds, siblings=False, complete=True)
    assert sorted(loss.write.number for loss in made.lost(found)) == sorted(
        d.number for d in missing
    )
    stale_reads = [
        r.number
        for r in deeds
        if r.kind == "read"
        and r.outcome == "ok"
        and any(w.ended < r.invoked and not accounts(r.told, w, r.ended) for w in acknowledged)
    ]
    assert sorted(s.read.number for s in made.stale()) == sorted(stale_reads)
