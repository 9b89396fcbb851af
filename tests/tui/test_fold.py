"""The fold: every fact has a place, and order, repetition and batches do not matter."""

from __future__ import annotations

from random import Random
from typing import get_args

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cluster.model.facts import (
    Fact,
    FactsLost,
    HealthChanged,
    MemberChanged,
    MemberFlapped,
    MessageDropped,
    MessageReceived,
    MessageSent,
    NodeStarted,
    Payload,
    StallNoticed,
    SuspicionRaised,
    WindowClosed,
)
from cluster.model.member import MemberState, NodeId
from tests.tui.every import CLAIM, EVERY
from tests.tui.story import (
    BACK,
    DEAD,
    END,
    KILLED,
    N4,
    QUIET,
    RECOVERED,
    SECOND,
    START,
    Teller,
    removed_story,
    story,
    view_at,
)
from tui.fold import fold
from tui.view import EVENTS_MAX, LAB, MESSAGES_MAX, OBSERVER, SAMPLES_US, ClusterView

N1, N2 = NodeId("n1"), NodeId("n2")
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)
"""A smaller seed is no simpler an order."""


def fact(seq: int, payload: Payload, node: NodeId = N1, epoch: int = 7, at: int = START) -> Fact:
    return Fact(node, epoch, seq, at + seq, at + seq, payload)


def told(*payloads: Payload, node: NodeId = N1) -> ClusterView:
    """The view after one node has said these."""
    return fold(ClusterView(), [fact(seq, p, node) for seq, p in enumerate(payloads, 1)])


def test_every_kind_of_fact_is_in_the_list_below() -> None:
    assert {type(payload) for payload in EVERY} == set(get_args(Payload))


@pytest.mark.parametrize("payload", EVERY, ids=lambda p: type(p).__name__)
def test_any_fact_can_be_the_first_one(payload: Payload) -> None:
    view = told(payload)
    assert view.facts == 1
    assert view.at == START + 1
    fold(view, [fact(seq, p) for seq, p in enumerate(EVERY, 2)])


def test_the_view_given_is_not_changed() -> None:
    before = view_at(DEAD)
    kept = (dict(before.nodes), dict(before.messages), before.events, dict(before.heads))
    fold(before, [f for f in story() if DEAD < f.at <= BACK])
    assert (before.nodes, before.messages, before.events, before.heads) == kept


def test_a_row_is_what_its_node_reported() -> None:
    node = view_at(QUIET).nodes[N1]
    assert node.profile == "demo"
    assert node.process == "running"
    assert node.connected
    assert set(node.beliefs) == {"n2", "n3", "n4", "n5"}
    assert node.ring is not None
    assert len(node.ring.members) == 5
    assert node.samples[-1].rates.puts > 0
    assert QUIET - node.reported_at < SECOND


def test_nodes_stand_in_natural_order() -> None:
    claims = [replace(CLAIM, name=NodeId(f"n{i}")) for i in (10, 9, 2)]
    view = told(*(MemberChanged(c, None, "gossip", N1) for c in claims))
    assert list(view.nodes) == ["n1", "n2", "n9", "n10"]


# --- order, repetition, batches --------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 7, 5_000])
def test_batches_do_not_matter(batch: int) -> None:
    assert view_at(RECOVERED, story, batch) == view_at(RECOVERED, story, 40)


@settings(max_examples=8, deadline=None, phases=UNSHRUNK)
@given(seed=st.integers(0, 2**32), again=st.floats(0.0, 0.3))
def test_facts_that_come_again_change_nothing(seed: int, again: float) -> None:
    """After a resume a node may repeat its latest facts, in their order."""
    random = Random(seed)
    start = view_at(KILLED - SECOND)
    facts = [f for f in story() if start.at < f.at <= DEAD]
    view = start
    said: dict[NodeId, list[Fact]] = {}
    for new in facts:
        view = fold(view, [new])
        said.setdefault(new.node, []).append(new)
        if random.random() < again:  # pyright: ignore[reportUnnecessaryComparison]
            view = fold(view, said[new.node][-random.randrange(1, 9) :])
    assert view == fold(start, facts)


@settings(max_examples=12, deadline=None, phases=UNSHRUNK)
@given(seed=st.integers(0, 2**32), jitter_ms=st.integers(1, 80))
def test_facts_of_different_nodes_may_come_slightly_mixed(seed: int, jitter_ms: int) -> None:
    """Each node's facts keep their order; between nodes, any delay up to `jitter_ms`."""
    start = view_at(KILLED - SECOND)
    facts = [f for f in story() if start.at < f.at <= RECOVERED]
    mixed = shuffled(facts, Random(seed), jitter_ms * 1_000)
    view, other = fold(start, facts), fold(start, mixed)
    assert other.nodes == view.nodes
    assert other.messages == view.messages
    assert set(other.events) == set(view.events)
    assert [(m.kind, m.label) for m in other.marks] == [(m.kind, m.label) for m in view.marks]
    ours, theirs = view.incidents[0], other.incidents[0]
    for mine, its in zip(ours.stages, theirs.stages, strict=True):
        assert (mine.name, mine.skipped, mine.count) == (its.name, its.skipped, its.count)
        assert abs(mine.began - its.began) <= 2 * jitter_ms * 1_000 + 250_000
        assert abs(mine.ended - its.ended) <= 2 * jitter_ms * 1_000 + 250_000


def shuffled(facts: list[Fact], random: Random, jitter_us: int) -> list[Fact]:
    """The facts as several connections might deliver them. What we see comes with its subject's."""
    lag: dict[NodeId, int] = {}
    arrival: list[tuple[int, int, Fact]] = []
    for index, f in enumerate(facts):
        stream = f.payload.subject if isinstance(f.payload, WindowClosed) else f.node
        due = max(lag.get(stream, 0), f.at + random.randrange(jitter_us))
        lag[stream] = due
        arrival.append((due, index, f))
    return [f for _, _, f in sorted(arrival, key=lambda a: a[:2])]


def test_a_snapshot_carries_the_number_of_the_fact_before_it_and_counts_all_the_same() -> None:
    view = told(NodeStarted("demo", 1, 0), EVERY[2])
    again = replace(fact(2, EVERY[2]), payload=replace(EVERY[2], keys=99))  # pyright: ignore[reportCallIssue, reportArgumentType]
    assert fold(view, [again]).nodes[N1].keys == 99
    assert fold(view, [again]).facts == view.facts


def test_what_an_earlier_life_said_is_ignored() -> None:
    view = fold(ClusterView(), [fact(1, NodeStarted("demo", 5, 0), epoch=9)])
    late = fact(800, MemberChanged(CLAIM, None, "gossip", N2), epoch=8)
    assert fold(view, [late]).nodes[N1].beliefs == {}


def test_a_new_life_believes_nothing_yet_and_keeps_its_history() -> None:
    view = view_at(DEAD)
    born = fold(view, [fact(1, NodeStarted("demo", 9, 0), N1, epoch=DEAD, at=DEAD)])
    assert born.nodes[N1].beliefs == {}
    assert born.nodes[N1].hints == ()
    assert born.nodes[N1].samples == view.nodes[N1].samples


# --- messages --------------------------------------------------------------------------------------


def test_the_two_ends_of_a_message_are_joined_in_either_order() -> None:
    near = fact(5, MessageSent(3, N2, "ping", 0, "k"))
    far = Fact(N2, 4, 1, START + 900, 0, MessageReceived(N1, 7, 3, "ping"))
    for facts in ([near, far], [far, near]):
        view = ClusterView()
        for one in facts:
            view = fold(view, [one])
        (message,) = view.messages.values()
        assert (message.to, message.sent_at, message.received_at) == (N2, START + 5, START + 900)
        assert view.arrivals == {}


def test_a_message_that_nobody_received_stays_open() -> None:
    view = told(MessageSent(3, N2, "ping", 0))
    assert next(iter(view.messages.values())).received_at == 0


def test_a_received_message_is_a_sign_of_life() -> None:
    view = told(MessageReceived(N2, 4, 3, "ping"))
    assert view.nodes[N1].heard == {N2: START + 1}


def test_everything_kept_is_bounded() -> None:
    many = [fact(i, MessageSent(i, N2, "ping", 0)) for i in range(1, 2 * MESSAGES_MAX)]
    assert len(fold(ClusterView(), many).messages) == MESSAGES_MAX
    lonely = [fact(i, MessageReceived(N2, 4, i, "ping")) for i in range(1, 2 * MESSAGES_MAX)]
    assert len(fold(ClusterView(), lonely).arrivals) <= MESSAGES_MAX
    lines = [fact(i, StallNoticed(i * SECOND)) for i in range(1, 2 * EVENTS_MAX)]
    assert len(fold(ClusterView(), lines).events) == EVENTS_MAX
    end = view_at(END)
    assert len(end.nodes[N1].samples) == SAMPLES_US // 250_000 + 1
    assert all(s.at >= end.nodes[N1].samples[-1].at - SAMPLES_US for s in end.nodes[N1].samples)


# --- beliefs ---------------------------------------------------------------------------------------


def test_a_suspicion_has_its_deadline_whichever_fact_comes_first() -> None:
    changed = MemberChanged(CLAIM, MemberState.ALIVE, "probe", N1)
    raised = SuspicionRaised(N2, 7, 1, N1, "silent", START + SECOND)
    for order in ([changed, raised], [raised, changed]):
        belief = told(*order).nodes[N1].beliefs[N2]
        assert belief.state is MemberState.SUSPECT
        assert belief.deadline == START + SECOND


def test_a_belief_keeps_the_time_it_began_when_only_the_incarnation_rises() -> None:
    first = told(MemberChanged(CLAIM, None, "probe", N1))
    again = MemberChanged(replace(CLAIM, incarnation=2), MemberState.SUSPECT, "gossip", N2)
    belief = fold(first, [fact(9, again)]).nodes[N1].beliefs[N2]
    assert (belief.since, belief.incarnation) == (START + 1, 2)


# --- what others see -------------------------------------------------------------------------------


def test_the_lab_sees_the_process_and_not_the_beliefs() -> None:
    view = view_at(KILLED + 20_000)
    assert view.nodes[N4].process == "gone"
    assert not view.nodes[N4].connected
    assert all(
        n.beliefs[N4].state is MemberState.ALIVE for n in view.nodes.values() if n.name != N4
    )


def test_neither_the_lab_nor_the_observer_is_a_node() -> None:
    assert LAB not in view_at(END).nodes
    assert OBSERVER not in view_at(END).nodes


def test_a_node_that_doubts_itself_says_so_once_and_says_when_it_is_over() -> None:
    view = told(
        HealthChanged(0, 1, "late"), HealthChanged(1, 3, "unheard"), HealthChanged(3, 2, "answered")
    )
    assert view.nodes[N1].health == 2
    assert [e.text for e in view.events] == ["doubts itself: its event loop runs late"]
    view = told(HealthChanged(0, 1, "late"), HealthChanged(1, 0, "answered"))
    assert view.nodes[N1].health == 0
    assert view.events[-1].text == "trusts its own probes again"


def test_a_member_that_keeps_coming_back_is_a_line() -> None:
    assert told(MemberFlapped(N2, 3, 30 * SECOND)).events[-1].text == (
        "n2 flaps: back 3 times within 30.0 s"
    )


def test_a_closed_window_opens_with_the_next_word() -> None:
    view = told(NodeStarted("demo", 1, 0))
    closed = fold(view, [Fact(OBSERVER, 1, 1, START + 50, 0, WindowClosed(N1))])
    assert not closed.nodes[N1].connected
    assert fold(closed, [fact(2, StallNoticed(1))]).nodes[N1].connected


def test_lost_facts_are_counted_and_said() -> None:
    view = told(FactsLost(12))
    assert view.lost == 12
    assert "12" in view.events[-1].text
    assert told(FactsLost(0)).events == ()


def test_an_audit_that_found_everything_is_a_line() -> None:
    lines = [e.text for e in view_at(END).events if e.node == LAB]
    assert any("all there" in line for line in lines)


def test_junk_is_said_once_and_not_a_hundred_times() -> None:
    junk = [fact(i, MessageDropped("malformed", "h:9", "?")) for i in range(1, 100)]
    assert len(fold(ClusterView(), junk).events) == 1


# --- the long view ---------------------------------------------------------------------------------


def test_moments_count_the_owners_that_serve() -> None:
    served = {m.at: m.served for m in view_at(END).history}
    assert served[QUIET] == (0, 0, 0, 64)
    lost = served[DEAD // 250_000 * 250_000]
    assert lost[2] > 0
    assert lost[:2] == (0, 0)


def test_a_disagreement_ends_when_the_last_has_heard() -> None:
    news = {d.text: d.ended - d.began for d in view_at(END).disagreements}
    assert news["n4 is suspect"] == 151_000
    assert news["n4 is dead"] == 122_000


def test_marks_name_the_moments_of_a_failure() -> None:
    labels = [mark.label for mark in view_at(END).marks]
    assert labels == ["n4 killed", "n4 suspected", "n4 dead", "n4 started again", "n4 back"]


def test_places_are_filled_one_by_one() -> None:
    off = KILLED + 9 * SECOND + 700_000
    node = view_at(off, removed_story).nodes[N1]
    assert 0 < node.filling < 9
    assert node.ring is not None
    assert "n4" not in node.ring.members


def test_a_teller_numbers_its_facts_without_gaps() -> None:
    seen: dict[tuple[NodeId, int], int] = {}
    for f in story():
        assert f.seq == seen.get((f.node, f.epoch), 0) + 1
        seen[f.node, f.epoch] = f.seq
    assert Teller().names == ["n1", "n2", "n3", "n4", "n5"]
