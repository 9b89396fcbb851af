"""Availability, outages, masters, moves: small histories, each named for what it shows."""

from __future__ import annotations

from random import Random
from time import process_time

from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.config import SECOND
from cluster.model.judging.deeds import Deed, Evidence, Reign
from cluster.model.judging.measures import Measures, measure
from cluster.model.judging.moves import moved
from cluster.model.judging.reigns import Thrones, dual_master_us, shared_terms
from cluster.model.judging.running import Outage, Running
from cluster.model.member import NodeId
from tests.model.judging.telling import read, refused, story, write

N1, N2, N3 = NodeId("n1"), NodeId("n2"), NodeId("n3")


def judged(*deeds: Deed, within_us: int = 0, began: int = 0, until: int = 0) -> Measures:
    return measure(Evidence(story(*deeds), began=began, until=until), 100, within_us)


# --- availability ------------------------------------------------------------------------------


def test_operations_are_counted_in_the_span_in_which_they_began() -> None:
    made = judged(write("a", 10, 20), refused(write("b", 50, 60)), write("c", 90), read(210, 220))
    assert [(b.began - made.began, b.ok, b.failed, b.maybe) for b in made.buckets] == [
        (0, 1, 1, 1),
        (100, 0, 0, 0),
        (200, 1, 0, 0),
    ]
    assert made.availability == 2 / 4
    assert made.buckets[1].share is None


def test_of_nothing_no_share_is_claimed() -> None:
    assert judged().availability is None
    assert judged().longest_outage.us == 0


def test_an_answer_that_comes_too_late_is_no_service() -> None:
    made = judged(write("a", 10, 20), write("b", 30, 99), within_us=50)
    assert (made.total.ok, made.total.late) == (1, 1)
    assert judged(write("b", 30, 80), within_us=50).total.late == 0


def test_buckets_are_bounded_and_the_totals_are_not() -> None:
    running = Running(0, 10, buckets_max=3)
    for deed in story(*(write("a", at, at + 1) for at in (5, 15, 25, 35, 36, 95, 96))):
        running.add(deed)
        assert len(running.buckets()) <= 3
    assert [(b.began, b.ok) for b in running.buckets()] == [(70, 0), (80, 0), (90, 2)]
    running.add(story(write("a", 12, 97))[0])
    running.add(story(write("a", 10_004, 10_005))[0])
    assert [(b.began, b.ok) for b in running.buckets()] == [(9_980, 0), (9_990, 0), (10_000, 1)]
    assert running.total.ok == 9


# --- outages -----------------------------------------------------------------------------------


def test_an_outage_lasts_from_the_first_try_since_the_last_success_to_the_next_success() -> None:
    made = judged(
        write("a", 10, 20),
        refused(write("b", 50, 60)),
        write("c", 70),
        write("d", 150, 180),
    )
    assert made.longest_outage == Outage(50, 180)


def test_what_was_under_way_at_the_last_success_waits_from_then_on() -> None:
    made = judged(write("a", 5, 200), write("b", 10, 100))
    assert made.longest_outage == Outage(100, 200)


def test_a_time_in_which_nobody_asked_is_no_outage() -> None:
    assert judged(write("a", 10, 20), write("b", 900, 905)).longest_outage.us == 10


def test_an_outage_that_nothing_ends_lasts_until_the_end_of_the_run() -> None:
    made = judged(write("a", 10, 20), refused(write("b", 100, 110)), until=1_000)
    assert made.longest_outage == Outage(100, 1_000)


def test_an_operation_that_never_ended_waits_to_the_end() -> None:
    assert judged(write("a", 10, 20), write("b", 100), until=1_000).longest_outage.us == 900


def test_one_success_is_enough_to_end_an_outage() -> None:
    made = judged(refused(write("a", 1, 400)), read(150, 160), refused(read(220, 300)))
    assert made.longest_outage == Outage(160, 400)


def test_who_gives_up_after_service_is_back_waited_all_the_while() -> None:
    """A paused master: what it was asked fails seconds after its successor has taken over."""
    made = judged(write("a", 10, 20), refused(write("b", 100, 2_100)), write("c", 1_290, 1_300))
    assert made.longest_outage == Outage(100, 1_300)


def test_a_screen_sees_an_outage_grow_while_somebody_waits() -> None:
    running = Running(0)
    running.add(story(write("a", 0, 10))[0])
    assert running.outage(500).us == 0
    assert running.outage(500, waiting_since=100) == Outage(100, 500)
    running.add(story(refused(write("b", 50, 300)))[0])
    assert running.outage(500, waiting_since=100) == Outage(50, 500)
    assert running.longest_outage(700) == Outage(50, 700)


# --- masters -----------------------------------------------------------------------------------


def test_two_masters_count_only_while_both_reign() -> None:
    reigns = [Reign(N1, 0, 0, 100), Reign(N2, 0, 60, 140), Reign(N3, 0, 130)]
    assert dual_master_us(reigns, 150) == 40 + 10


def test_three_masters_at_once_are_not_counted_twice() -> None:
    reigns = [Reign(n, 0, 10, 20) for n in (N1, N2, N3)]
    assert dual_master_us(reigns, 99) == 10


def test_one_node_that_began_twice_is_one_master() -> None:
    assert dual_master_us([Reign(N1, 1, 0, 50), Reign(N1, 2, 40, 90)], 99) == 0


def test_a_term_with_two_masters_is_told_even_when_they_never_met() -> None:
    reigns = [Reign(N1, 3, 0, 10), Reign(N2, 3, 20, 30), Reign(N2, 4, 40), Reign(N1, 4, 1, 2)]
    assert shared_terms(reigns) == (3, 4)
    assert shared_terms([Reign(N1, 0, 0, 9), Reign(N2, 0, 0, 9), Reign(N1, 1, 0, 9)]) == ()


def test_a_paused_master_does_not_reign_and_does_again_when_it_goes_on() -> None:
    thrones = Thrones()
    thrones.began(N1, 0, 0)
    thrones.stopped(N1, 100)
    thrones.began(N2, 0, 150)
    assert (thrones.masters(), thrones.dual_us(200)) == ((N2,), 0)
    thrones.resumed(N1, 200)
    assert (thrones.masters(), thrones.dual_us(230)) == ((N1, N2), 30)
    thrones.ended(N1, 250)
    assert thrones.dual_us(400) == 50
    assert thrones.reigns() == (
        Reign(N1, 0, 0, 100),
        Reign(N1, 0, 200, 250),
        Reign(N2, 0, 150),
    )


def test_a_master_that_died_has_to_begin_anew() -> None:
    thrones = Thrones()
    thrones.began(N1, 1, 0)
    thrones.ended(N1, 10)
    thrones.resumed(N1, 20)
    assert thrones.masters() == ()


def test_the_reigns_kept_are_bounded_and_the_time_is_not() -> None:
    thrones = Thrones(reigns_max=3)
    thrones.began(N2, 0, 0)
    for at in range(0, 1_000, 10):
        thrones.began(N1, 0, at)
        thrones.ended(N1, at + 5)
    assert len(thrones.reigns()) == 4
    assert thrones.dual_us(1_000) == 500


turns = st.lists(
    st.tuples(
        st.sampled_from(["began", "ended", "stopped", "resumed"]),
        st.sampled_from([N1, N2, N3]),
        st.integers(0, 9),
    ),
    max_size=20,
)


@settings(derandomize=True, max_examples=200)
@given(turns)
def test_the_live_count_of_two_masters_is_that_of_the_reigns_it_tells(
    turns: list[tuple[str, NodeId, int]],
) -> None:
    thrones, now = Thrones(), 0
    for what, node, wait in turns:
        now += wait
        match what:
            case "began":
                thrones.began(node, 0, now)
            case "ended":
                thrones.ended(node, now)
            case "stopped":
                thrones.stopped(node, now)
            case _:
                thrones.resumed(node, now)
        assert thrones.dual_us(now) == dual_master_us(thrones.reigns(), now)


# --- moves -------------------------------------------------------------------------------------


def test_a_move_is_a_copy_at_a_node_that_had_none() -> None:
    before = {"a": (N1, N2), "b": (N1, N2), "c": (N1, N2), "gone": (N1,)}
    after = {"a": (N2, N1), "b": (N3, N2), "c": (N3, NodeId("n4")), "new": (N3,)}
    made = moved(before, after)
    assert (made.keys, made.places, made.keys_moved, made.places_moved) == (3, 6, 2, 3)
    assert made.needlessly == 0
    assert made.keys_share == 2 / 3


def test_a_copy_that_moves_between_old_members_moved_needlessly() -> None:
    made = moved({"a": (N1,), "b": (N2,)}, {"a": (N2,), "b": (N3,)})
    assert (made.places_moved, made.needlessly) == (2, 1)


def test_without_tables_nothing_moved() -> None:
    assert judged().moved.keys_share == 0.0


# --- the live figures are the final ones, and it is quick -----------------------------------------


def many(seed: int, deeds: int, keys: int) -> tuple[Deed, ...]:
    rng = Random(seed)
    told: dict[str, str] = {}
    made: list[Deed] = []
    for number in range(deeds):
        key, at = f"k{rng.randrange(keys)}", number * 1_000
        ended = at + rng.randrange(1, 5_000)
        if key not in told or rng.random() < 0.5:
            made.append(write(f"v{number}", at, ended if rng.random() < 0.95 else 0, key=key))
            told[key] = f"v{number}"
        else:
            made.append(read(at, ended, told[key], key=key))
    return story(*made)


def test_folding_one_by_one_gives_what_judging_the_whole_gives() -> None:
    seed = 5
    print(f"seed {seed}")
    deeds = many(seed, 2_000, 50)
    whole = measure(Evidence(deeds))
    running = Running(whole.began)
    for deed in sorted((d for d in deeds if d.ended), key=lambda d: d.ended):
        running.add(deed)
    for deed in (d for d in deeds if not d.ended):
        running.add(deed)
    assert running.total == whole.total
    assert running.buckets() == whole.buckets
    assert running.longest_outage(whole.until) == whole.longest_outage


def test_twenty_thousand_deeds_are_judged_in_a_moment() -> None:
    seed = 6
    print(f"seed {seed}")
    for siblings in (False, True):
        evidence = Evidence(many(seed, 20_000, 100), siblings=siblings, until=20 * SECOND)
        began = process_time()
        made = measure(evidence)
        took = process_time() - began
        print(f"{took:.3f} s, {made.stale_count} stale")
        assert made.total.tried == 20_000
        assert took < 1.0  # 0.2 s on an idle machine; the bar is 0.3
