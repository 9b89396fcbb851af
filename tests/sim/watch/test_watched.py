"""A watched world is a function of its setup and its acts, however its time was cut and stepped."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.config import MS, SECOND
from cluster.model.facts import (
    Fact,
    FaultHealed,
    FaultInjected,
    MessageReceived,
    MessageSent,
    PulseReported,
    ReignBegan,
    WorkloadCounted,
)
from cluster.model.member import NodeId
from cluster.sim.watch.orders import Act, Answer, Play, Rewind, Setup, Step
from cluster.sim.watch.worker import Theatre
from cluster.sim.world import START

LONG_US = 10_000_000
"""Real time that no order of these tests needs."""


def play(theatre: Theatre, until: int, thin: int = 1) -> list[Fact]:
    """Everything told until a moment."""
    facts: list[Fact] = []
    while True:
        answer = theatre.answer(Play(until, LONG_US, thin))
        facts += answer.facts
        if not answer.behind:
            assert answer.now >= until
            return facts


def digest(theatre: Theatre) -> str:
    """What the world came to."""
    return theatre.watched.world.digest()


def do(theatre: Theatre, verb: str, name: str = "") -> Answer:
    """An act that is not refused."""
    answer = theatre.answer(Act(verb, name))  # pyright: ignore[reportArgumentType]
    assert not answer.refused, answer.refused
    return answer


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 900 * MS), max_size=12), st.lists(st.booleans(), max_size=8))
def test_how_the_time_is_cut_into_orders_does_not_matter(
    cuts: list[int], steps: list[bool]
) -> None:
    whole = play(straight := Theatre(Setup(11, 4, "kills", 30 * SECOND)), START + 9 * SECOND)
    cut: list[Fact] = []
    theatre = Theatre(Setup(11, 4, "kills", 30 * SECOND))
    for each in cuts:
        now = theatre.watched.world.now
        cut += play(theatre, min(START + 9 * SECOND, now + each))
    for event in steps:
        if theatre.watched.world.now < START + 8 * SECOND:
            cut += theatre.answer(Step("event" if event else "fact", LONG_US)).facts
    cut += play(theatre, START + 9 * SECOND)
    assert cut == whole
    assert digest(theatre) == digest(straight)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_going_back_by_the_seed_finds_the_very_same_world(seed: int) -> None:
    rng = Random(seed)
    theatre = Theatre(Setup(seed, 5, "hell", 30 * SECOND))
    facts = play(theatre, START + 6 * SECOND)
    for verb, name in (("kill", "n2"), ("isolate", "n4"), ("add", "")):
        answer = theatre.answer(Act(verb, name))  # pyright: ignore[reportArgumentType]
        facts += answer.facts
        facts += play(theatre, theatre.watched.world.now + rng.randrange(1, 2 * SECOND))
    then, past = theatre.watched.world.now, digest(theatre)
    play(theatre, then + 4 * SECOND)
    assert digest(theatre) != past

    first = theatre.answer(Rewind(then))
    assert first.again
    assert first.facts + play(theatre, then) == facts
    assert digest(theatre) == past, f"seed {seed}"


def test_what_is_done_after_going_back_makes_another_future() -> None:
    theatre = Theatre(Setup(5, 5))
    play(theatre, START + 8 * SECOND)
    do(theatre, "kill", "n3")
    play(theatre, START + 12 * SECOND)
    killed = digest(theatre)

    theatre.answer(Rewind(START + 7 * SECOND))
    play(theatre, START + 12 * SECOND)
    assert theatre.watched.world.host("n3").running, "nobody has killed it in this past"
    assert digest(theatre) != killed


def test_while_the_past_is_played_again_nothing_can_be_done() -> None:
    theatre = Theatre(Setup(5, 4))
    play(theatre, START + 5 * SECOND)
    do(theatre, "kill", "n2")
    play(theatre, START + 6 * SECOND)
    theatre.answer(Rewind(START + 6 * SECOND))
    assert "wait" in theatre.answer(Act("kill", "n3")).refused


def test_nor_where_nothing_was_done_that_must_be_done_again() -> None:
    theatre = Theatre(Setup(5, 4))
    play(theatre, START + 6 * SECOND)
    theatre.answer(Rewind(START + 5 * SECOND))
    play(theatre, START + 4 * SECOND)
    before = theatre.watched.world.now
    assert "wait" in theatre.answer(Act("add")).refused
    assert "wait" in theatre.answer(Step("event", LONG_US)).refused
    assert theatre.watched.world.now == before, "it is on its way, and nobody turns it"
    play(theatre, START + 5 * SECOND)
    do(theatre, "add")


def test_every_act_has_its_inverse() -> None:
    theatre = Theatre(Setup(2, 5))
    world = theatre.watched.world
    play(theatre, START + 5 * SECOND)
    assert do(theatre, "kill", "n2").said == "killed n2"
    assert world.host("n2").node is None
    assert theatre.answer(Act("kill", "n2")).refused
    assert do(theatre, "start", "n2").said == "started n2 again"
    assert world.host("n2").running
    do(theatre, "pause", "n3")
    assert world.host("n3").paused
    do(theatre, "pause", "n3")
    assert not world.host("n3").paused
    do(theatre, "isolate", "n4")
    assert world.network.is_cut(world.host("n4").name, world.host("n1").name)
    do(theatre, "undo")
    assert not world.network.is_cut(world.host("n4").name, world.host("n1").name)
    assert do(theatre, "add").said == "added n6"
    play(theatre, world.now + 5 * SECOND)
    assert world.host("n6").running
    do(theatre, "undo")
    play(theatre, world.now + 20 * SECOND)
    assert world.host("n6").node is None
    assert theatre.answer(Act("undo")).refused == "nothing to take back"
    assert theatre.answer(Act("kill", "n99")).refused


def test_a_schedule_shows_as_it_hits() -> None:
    theatre = Theatre(Setup(3, 5, "hell", 60 * SECOND))
    facts = play(theatre, START + 30 * SECOND)
    kinds = {f.payload.kind for f in facts if isinstance(f.payload, FaultInjected)}
    assert len(kinds) >= 3
    assert any(isinstance(f.payload, FaultHealed) for f in facts)


def test_a_step_tells_one_fact_and_an_event_is_less() -> None:
    theatre = Theatre(Setup(4, 5))
    play(theatre, START + 6 * SECOND)
    before = theatre.watched.world.handled
    answer = theatre.answer(Step("event", LONG_US))
    assert answer.events - before <= 1
    answer = theatre.answer(Step("fact", LONG_US))
    assert answer.facts


def test_of_thinned_messages_both_ends_are_told_or_neither() -> None:
    theatre = Theatre(Setup(4, 5))
    facts = play(theatre, START + 8 * SECOND, thin=7)
    sent = {
        (f.node, f.epoch, f.payload.number) for f in facts if isinstance(f.payload, MessageSent)
    }
    arrived = {
        (f.payload.sender, f.payload.sender_epoch, f.payload.number)
        for f in facts
        if isinstance(f.payload, MessageReceived)
    }
    assert sent
    assert len(arrived - sent) == 0
    assert len(sent - arrived) <= 5, "only what still flies, or went to who was not there"
    assert any(isinstance(f.payload, PulseReported) for f in facts)


def test_in_a_calm_world_every_acknowledged_answer_is_read_back() -> None:
    theatre = Theatre(Setup(6, 5))
    facts = play(theatre, START + 40 * SECOND)
    last = [f.payload for f in facts if isinstance(f.payload, WorkloadCounted)][-1]
    assert last.acknowledged > 800
    assert last.failed == last.maybe == 0
    assert (last.unreadable, last.audited >= 200) == (0, True)


@pytest.mark.parametrize("seed", [1, 2])
def test_after_all_faults_nothing_acknowledged_is_missing(seed: int) -> None:
    theatre = Theatre(Setup(seed, 5, "kills", 20 * SECOND))
    facts = play(theatre, START + 80 * SECOND)
    last = [f.payload for f in facts if isinstance(f.payload, WorkloadCounted)][-1]
    assert last.unreadable == 0, f"seed {seed}: {last}"
    assert last.audited


def test_links_between_some_are_cut_and_mended_by_hand() -> None:
    theatre = Theatre(Setup(4, 5))
    play(theatre, START + 6 * SECOND)
    assert theatre.answer(Act("cut", "n1,n2")).said == "cut the link between n1 and n2"
    assert theatre.answer(Act("partition", "n1,n9")).refused == "there is no node 'n9'"
    assert "both sides" in theatre.answer(Act("partition", "n1,n2,n3,n4,n5")).refused
    assert theatre.answer(Act("partition", "n1,n2")).said
    network = theatre.watched.world.network
    assert network.is_cut(NodeId("n1"), NodeId("n3"))
    assert not network.is_cut(NodeId("n3"), NodeId("n4"))
    assert theatre.answer(Act("heal")).said == "mended every link"
    assert not network.is_cut(NodeId("n1"), NodeId("n2"))
    assert theatre.answer(Act("heal")).refused == "no link is cut"


def test_a_watched_world_can_be_of_any_architecture() -> None:
    theatre = Theatre(Setup(4, 3, architecture="majority"))
    facts = play(theatre, START + 8 * SECOND)
    assert any(isinstance(fact.payload, ReignBegan) for fact in facts)
    assert theatre.watched.players.acknowledged > 20
    assert theatre.answer(Act("leave", "n3")).said == "sent n3 away"


def test_who_asks_for_no_load_gets_none() -> None:
    theatre = Theatre(Setup(4, 3, answers_per_s=0))
    play(theatre, START + 8 * SECOND)
    assert not theatre.watched.players.acknowledged
    for _ in range(20):
        theatre.watched.players.turn()
    play(theatre, START + 9 * SECOND)
    assert theatre.watched.players.acknowledged


def test_a_lossy_network_loses_as_much_as_was_said_for_newcomers_too_until_it_is_taken_back() -> (
    None
):
    theatre = Theatre(Setup(5, 3, answers_per_s=0))
    play(theatre, START + 3 * SECOND)
    network = theatre.watched.world.network

    def lost(a: str, b: str) -> float:
        sent = [network.datagram(NodeId(a), NodeId(b), 0) for _ in range(4_000)]
        return sent.count(()) / len(sent)

    assert lost("n1", "n2") == 0
    assert do(theatre, "lose", "20").said == "20 % of all packets are lost"
    do(theatre, "add")
    for a, b in (("n1", "n2"), ("n2", "n1"), ("n3", "n4"), ("n4", "n3")):
        assert lost(a, b) == pytest.approx(0.2, abs=0.03)
    do(theatre, "lose", "50")
    assert lost("n1", "n2") == pytest.approx(0.5, abs=0.04)
    assert do(theatre, "undo").said == "took back: loss"
    assert lost("n1", "n4") == 0
    refused = theatre.answer(Act("lose", "0")).refused
    assert refused == "no packet is lost on purpose"
    assert "between 0 and 90 %" in theatre.answer(Act("lose", "91")).refused
