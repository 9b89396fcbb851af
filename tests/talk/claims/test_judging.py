"""The laws of claims: what is broken stays so, nothing is held about nothing, bounds only lengthen."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.config import MS, SECOND
from cluster.model.facts import Fact, Payload
from cluster.model.happenings.data import HintStored
from cluster.model.happenings.rooms import RoomExited
from cluster.model.member import NodeId
from cluster.model.rooms.naming import Token
from cluster.sim.pairs.record import Checked, Played
from talk.claims.evidence import Measured, Since
from talk.claims.judging import Docket, Judgement, is_met
from talk.claims.telling import document, found, line
from talk.deck.deck import ALL, Claim, Predicate, Relation, Slide, When
from tui.view import ClusterView

BEGAN = 1_000 * SECOND
N1 = NodeId("n1")
VIEW = ClusterView()


def fact(seq: int, at: int, payload: Payload | None = None) -> Fact:
    """A room that crashed, or something else."""
    return Fact(N1, 1, seq, at, at, payload or RoomExited("room-1", Token(1, N1, 1), "crashed"))


def claim(
    relation: Relation, bound: float, when: When, within_us: int = 0, alias: str = ""
) -> Claim:
    """So many crashes."""
    predicate = Predicate("crashes", (), relation, bound, f"crashes {relation} {bound}")
    return Claim("rooms crash", predicate, when, alias, within_us)


def docket(*claims: Claim) -> Docket:
    return Docket(Slide(1, claims=claims), VIEW, BEGAN)


# A beat: how long after the one before, how many rooms crashed in it, how slow the machine was.
BEATS = st.lists(
    st.tuples(st.integers(1, 3_000), st.integers(0, 3), st.sampled_from((1.0, 1.0, 2.5))),
    max_size=20,
)


def told(docket: Docket, beats: list[tuple[int, int, float]]) -> list[Judgement]:
    """The judgement of the first claim after each beat."""
    now, seq = BEGAN, 0
    judged: list[Judgement] = []
    for ms, crashes, stretch in beats:
        now += ms * MS
        facts = [fact(seq + n, now) for n in range(crashes)]
        seq += crashes
        docket.hear(facts, VIEW, now, stretch)
        judged.append(docket.judgements[0])
    return judged


@settings(derandomize=True, max_examples=150, deadline=None)
@given(BEATS, st.integers(0, 6), st.sampled_from(("always", "within")))
def test_broken_is_for_ever_and_so_is_a_wait_that_was_held(
    beats: list[tuple[int, int, float]], bound: int, when: When
) -> None:
    relation: Relation = "<=" if when == "always" else ">="
    states = [j.state for j in told(docket(claim(relation, bound, when, 4 * SECOND)), beats)]
    if "broken" in states:
        assert set(states[states.index("broken") :]) == {"broken"}
    if when == "within" and "held" in states:
        assert set(states[states.index("held") :]) == {"held"}


@settings(derandomize=True, max_examples=150, deadline=None)
@given(BEATS, st.integers(0, 6))
def test_always_is_what_every_moment_says_and_within_what_any_says(
    beats: list[tuple[int, int, float]], bound: int
) -> None:
    counts: list[int] = []
    total = 0
    for _, crashes, _ in beats:
        total += crashes
        counts.append(total)
    known = [count for count in counts if count]  # before the first fact nobody can know
    always = told(docket(claim("<=", bound, "always")), beats)
    if known:
        assert always[-1].state == ("held" if all(c <= bound for c in known) else "broken")
    elif beats:
        assert always[-1].state == "pending"
    within = told(docket(claim(">=", max(1, bound), "within", 10**9 * SECOND)), beats)
    if beats:
        assert within[-1].state == ("held" if total >= max(1, bound) else "pending")


@settings(derandomize=True, max_examples=150, deadline=None)
@given(BEATS)
def test_a_bound_is_stretched_by_a_slow_machine_and_never_shrinks(
    beats: list[tuple[int, int, float]],
) -> None:
    judged = told(docket(claim(">=", 1_000, "within", 5 * SECOND)), beats)
    deadlines = [j.deadline for j in judged if j.deadline]
    assert deadlines == sorted(deadlines)
    assert all(deadline >= BEGAN + 5 * SECOND for deadline in deadlines)
    for judgement in judged:
        if judgement.state == "broken":
            assert judgement.at > judgement.deadline
            assert ("on this machine" in found(judgement)) == (judgement.stretch > 1)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.permutations(range(6)), st.integers(0, 6))
def test_the_order_of_batches_does_not_matter_to_what_is_counted(
    order: list[int], cut: int
) -> None:
    facts = [
        *(fact(n, BEGAN + n) for n in range(3)),
        *(fact(3 + n, BEGAN + n, HintStored(N1, "k", 1)) for n in range(2)),
        fact(5, BEGAN + 9, RoomExited("room-2", Token(1, N1, 1), "closed")),
    ]
    there, back = Since(VIEW, BEGAN), Since(VIEW, BEGAN)
    there.hear(facts)
    shuffled = [facts[place] for place in order]
    back.hear(shuffled[:cut])
    back.hear(shuffled[cut:])
    assert there.counts == back.counts
    assert there.facts == back.facts == 6


def test_what_happened_before_the_moment_that_counts_does_not_count() -> None:
    since = Since(VIEW, BEGAN)
    since.hear([fact(1, BEGAN - SECOND), fact(2, BEGAN - 100 * MS), fact(3, BEGAN)])
    assert since.facts == 2, "a clock may be a little behind, not a second"


def test_a_claim_about_nothing_is_unknown_not_held() -> None:
    assert is_met(Predicate("x", (), "=", 0.0), Measured(None)) is None
    assert is_met(Predicate("x", (), "=", 0.0), Measured(0.0, 0, "answers")) is None
    assert is_met(Predicate("x", (), "=", 0.0), Measured(0.0, 1, "answers")) is True
    quiet = docket(
        claim("=", 0, "always"),
        Claim("at the end", Predicate("crashes", (), "=", 0.0), "at", "end"),
        Claim("nobody audits", Predicate("lost", (), "=", 0.0), "always"),
    )
    for second in range(1, 5):
        quiet.hear([], VIEW, BEGAN + second * SECOND, 1.0)
    quiet.close(VIEW, BEGAN + 9 * SECOND)
    assert [j.state for j in quiet.judgements] == ["unknown"] * 3
    assert all("nobody could know" in line(j) for j in quiet.judgements)


def test_all_is_the_measures_own_denominator() -> None:
    every = Predicate("x", (), "=", ALL)
    assert is_met(every, Measured(5.0, 5, "rooms")) is True
    assert is_met(every, Measured(4.0, 5, "rooms")) is False


def test_a_claim_counts_from_the_cue_it_names() -> None:
    waits = docket(claim(">=", 1, "within", 2 * SECOND, alias="die"))
    waits.hear([fact(1, BEGAN + SECOND)], VIEW, BEGAN + SECOND, 1.0)
    assert waits.judgements[0].state == "pending"
    assert waits.judgements[0].since == 0, "its moment has not come"
    waits.finished("die", VIEW, BEGAN + 5 * SECOND)
    waits.hear([], VIEW, BEGAN + 6 * SECOND, 1.0)
    assert waits.judgements[0].state == "pending", "a crash before it does not count"
    assert waits.judgements[0].deadline == BEGAN + 7 * SECOND
    waits.hear([fact(2, BEGAN + 6 * SECOND)], VIEW, BEGAN + 6 * SECOND, 1.0)
    assert waits.judgements[0].state == "held"
    assert "after 1 s" in found(waits.judgements[0]).replace("1.00", "1")


def test_a_cue_that_never_was_leaves_its_claims_unknown() -> None:
    never = docket(claim(">=", 1, "within", SECOND, alias="die"), claim("=", 0, "at", alias="die"))
    never.hear([fact(1, BEGAN)], VIEW, BEGAN + 9 * SECOND, 1.0)
    never.close(VIEW, BEGAN + 9 * SECOND)
    assert [j.state for j in never.judgements] == ["unknown", "unknown"]


def test_at_is_judged_once() -> None:
    once = docket(claim("<=", 1, "at"))
    once.hear([fact(1, BEGAN)], VIEW, BEGAN, 1.0)
    once.hear([fact(2, BEGAN), fact(3, BEGAN)], VIEW, BEGAN + SECOND, 1.0)
    assert once.judgements[0].state == "held"
    assert once.judgements[0].looks == 1


def test_what_broke_it_is_kept_with_its_fact() -> None:
    broken = docket(claim("=", 0, "always"))
    pulse = fact(1, BEGAN, HintStored(N1, "k", 1))
    broken.hear([pulse], VIEW, BEGAN, 1.0)
    assert broken.judgements[0].state == "held"
    crash = fact(2, BEGAN + SECOND)
    broken.hear([crash], VIEW, BEGAN + SECOND, 1.0)
    broken.hear([fact(3, BEGAN + 2 * SECOND)], VIEW, BEGAN + 2 * SECOND, 1.0)
    judged = broken.judgements[0]
    assert judged.state == "broken"
    assert judged.at == BEGAN + SECOND
    assert judged.measured is not None
    assert judged.measured.fact == crash
    assert document(judged)["fact"] == ["n1", 1, 2]
    assert line(judged).startswith("✕ rooms crash  1 in 2 facts")


def test_a_pair_brings_its_claims_once_and_a_claim_about_nothing_is_not_held() -> None:
    checked = (
        Checked("moved few", True, 17.0, "<=", 19.0, "%", 10_000, "keys"),
        Checked("moved many", False, 17.0, ">=", 80.0, "%", 10_000, "keys"),
        Checked("of nothing", False, 0.0, "==", 0.0, "", 0, "keys"),
    )
    record = Played("modulo", 7, "", "", 1, (), (), (), checked)
    slide = Docket(Slide(1, claims=(Claim("", None, pair="modulo"),)), VIEW, BEGAN)
    assert slide.expected == ["modulo"]
    slide.played(record)
    slide.played(record)
    assert [j.state for j in slide.judgements] == ["held", "broken", "unknown"]
    assert slide.expected == []
    slide.hear([], VIEW, BEGAN + SECOND, 1.0)
    slide.close(VIEW, BEGAN + SECOND)
    assert [j.state for j in slide.judgements] == ["held", "broken", "unknown"]
