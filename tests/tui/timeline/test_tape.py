"""The live buffer: any moment of it, by seeking, is what folding everything would have shown."""

from __future__ import annotations

from functools import lru_cache

from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.model.facts import Fact, FactId
from tests.tui.every import EVERY
from tests.tui.story import DEAD, END, KILLED, SECOND, START, busy_death, story
from tests.tui.timeline.band import STEP_US, told
from tui.fold import fold
from tui.timeline.cutter import CHUNK_FACTS
from tui.timeline.pack import pack, unpack
from tui.timeline.tape import Tape
from tui.view import ClusterView


@lru_cache(maxsize=1)
def tape() -> Tape:
    return told(story())


def from_zero(facts: list[Fact]) -> ClusterView:
    return fold(ClusterView(), facts)


def test_a_chunk_comes_back_as_it_was() -> None:
    facts = [Fact(f.node, 7, n, START + n, START + 3 * n, f.payload, (FactId(f.node, 1, 2),), "polled")
             for n, f in enumerate(story()[:300])]  # fmt: skip
    facts += [Fact(facts[0].node, 9, n, START - n, START, p) for n, p in enumerate(EVERY, 400)]
    seen = [START + 10 * n for n in range(len(facts))]
    span = unpack(pack(facts, seen))
    assert span.facts == facts
    assert span.seen == seen
    assert span.strange == 0


@settings(max_examples=25, deadline=None, derandomize=True)
@given(t=st.integers(START - SECOND, END + SECOND))
def test_a_moment_by_seeking_is_the_moment_by_replay_from_zero(t: int) -> None:
    kept = tape()
    known = [fact for fact in kept_facts(kept) if fact[1] <= t]
    assert kept.view_at(t) == from_zero([fact for fact, _ in known])
    assert kept.place_at(t) == len(known)


@lru_cache(maxsize=4)
def kept_facts(kept: Tape) -> list[tuple[Fact, int]]:
    return [kept.fact(seq) for seq in range(1, kept.count + 1)]


def test_a_fact_is_seen_when_it_was_made_and_never_before_an_earlier_one() -> None:
    times = [seen for _, seen in kept_facts(tape())]
    assert times == sorted(times)
    late = [(f, seen) for f, seen in kept_facts(tape()) if not f.at <= seen <= f.at + STEP_US]
    assert len(late) == 0


def test_every_place_can_be_stepped_to_from_both_sides() -> None:
    kept = tape()
    middle = kept.place_at(KILLED)
    views = {seq: kept.view(seq) for seq in range(middle, middle + 40)}
    for seq in reversed(range(middle, middle + 40)):
        assert kept.view(seq) == views[seq]
        assert kept.view(seq).facts <= seq


def test_what_is_too_old_falls_out_and_the_rest_stays_right() -> None:
    kept = told(busy_death(), us=20 * SECOND)
    assert kept.first > 1_000
    assert END - 26 * SECOND < kept.begin_us <= END - 20 * SECOND
    assert kept.starts[0] == kept.first
    for t in (kept.begin_us, DEAD, END):
        place = kept.place_at(t)
        assert kept.view(place) == from_zero(list(busy_death()[:place]))
    assert kept.view(0) == kept.view(kept.first)


def test_a_buffer_that_grows_too_large_forgets_before_its_time() -> None:
    kept = told(busy_death(), bytes_max=300_000)
    assert kept.bytes_held <= 300_000
    assert kept.count == len(busy_death())
    assert kept.view(kept.count) == from_zero(list(busy_death()))


def test_marks_lie_in_order_and_say_what_happened() -> None:
    labels = [mark.label for mark in tape().marks]
    assert labels == ["n4 killed", "n4 suspected", "n4 dead", "n4 started again", "n4 back"]


def test_the_last_facts_can_be_seen_before_their_chunk_is_full() -> None:
    kept = told(story()[: CHUNK_FACTS + 7])
    assert kept.view(kept.count) == from_zero(list(story()[: CHUNK_FACTS + 7]))
    assert kept.fact(kept.count)[0] == story()[CHUNK_FACTS + 6]
