"""Broadcasts in the view: their ways, whatever the order in which nodes told of them."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.model.facts import Fact, Payload, PulseReported, TopicDelivered, TopicPublished
from cluster.model.member import NodeId
from cluster.model.summary import Rates, TopicsTally
from tests.tui.story import START
from tui.fold import fold
from tui.seen.topics import BROADCASTS_MAX, TOPICS_SEEN_MAX
from tui.view import ClusterView

N1, N2, N3, N4 = map(NodeId, ("n1", "n2", "n3", "n4"))


class Telling:
    """Facts of several nodes, numbered as each of them would."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self._seqs: dict[NodeId, int] = {}

    def say(self, node: NodeId, payload: Payload, at: int = 0) -> None:
        seq = self._seqs[node] = self._seqs.get(node, 0) + 1
        self.facts.append(Fact(node, 7, seq, START + at, START + at, payload))

    def publish(self, number: int, topic: str = "show", at: int = 0) -> None:
        self.say(N1, TopicPublished(topic, number, 500, 60), at)

    def arrive(
        self,
        node: NodeId,
        number: int,
        came_from: NodeId = N1,
        hops: int = 1,
        *,
        at: int = 1_000,
        mended: bool = False,
    ) -> None:
        said = TopicDelivered("show", N1, 7, number, came_from, hops, 60, at, mended)
        self.say(node, said, at)

    def view(self) -> ClusterView:
        return fold(ClusterView(), self.facts)


def broadcast() -> Telling:
    telling = Telling()
    telling.publish(1)
    telling.arrive(N2, 1)
    telling.arrive(N3, 1, N2, 2, at=2_000)
    telling.arrive(N4, 1, N2, 2, at=900_000, mended=True)
    return telling


def test_the_way_of_a_broadcast_is_its_links_in_order_of_hops() -> None:
    (found,) = broadcast().view().broadcasts["show"]
    assert (found.origin, found.number, found.at, found.bytes) == (N1, 1, START, 500)
    assert [(leg.came_from, leg.node, leg.hops, leg.mended) for leg in found.legs] == [
        (N1, N2, 1, False),
        (N2, N3, 2, False),
        (N2, N4, 2, True),
    ]
    assert (found.wire, found.handed) == (3, 240)


def test_one_sent_apart_shows_how_many_messages_went_to_each_node() -> None:
    telling = Telling()
    telling.say(N1, TopicPublished("show", 0, 500, 60, {N2: 60, N3: 120}))
    telling.say(N1, TopicPublished("show", 0, 500, 60, {N2: 60}), at=5)
    view = telling.view()
    assert [(b.wire, b.handed) for b in view.broadcasts["show"]] == [(180, 240), (60, 120)]
    assert [line.text for line in view.events] == [
        "sends 240 subscribers of show one message each: 180 messages on the wire",
        "sends 120 subscribers of show one message each: 60 messages on the wire",
    ]


@settings(derandomize=True, max_examples=60)
@given(st.randoms(use_true_random=False))
def test_the_order_in_which_nodes_are_heard_does_not_matter(rng: Random) -> None:
    telling = broadcast()
    late = next(
        f for f in telling.facts if isinstance(f.payload, TopicDelivered) and f.payload.mended
    )
    others = [fact for fact in telling.facts if fact is not late]
    mixed = [*rng.sample(others, len(others)), late]
    view = ClusterView()
    while mixed:
        count = rng.randint(1, len(mixed))
        view = fold(view, mixed[:count])
        del mixed[:count]
    assert view.broadcasts == telling.view().broadcasts


def test_a_newcomer_that_is_told_of_old_messages_pushes_nothing_out() -> None:
    telling = broadcast()
    for number in range(100, 140):
        telling.arrive(N4, number, mended=True)
    assert [b.number for b in telling.view().broadcasts["show"]] == [1]


def test_only_the_last_of_each_topic_and_the_topics_that_spoke_last_are_kept() -> None:
    telling = Telling()
    telling.publish(1, "first")
    for number in range(2, 200):
        telling.publish(number, f"topic {number % (TOPICS_SEEN_MAX + 10)}", at=number)
    for number in range(200, 230):
        telling.publish(number, "show", at=number)
    known = telling.view().broadcasts
    assert len(known) == TOPICS_SEEN_MAX
    assert "first" not in known
    assert [b.number for b in known["show"]] == list(range(230 - BROADCASTS_MAX, 230))


def test_ordinary_broadcasts_have_no_line_and_mended_ones_only_one_at_a_time() -> None:
    telling = broadcast()
    telling.publish(2, at=5)
    telling.arrive(N4, 2, N2, 2, at=900_001, mended=True)
    assert [(line.node, line.text) for line in telling.view().events] == [
        (N4, "hears late of a message of n1 on show: n2 told it")
    ]


def test_a_nodes_row_has_what_its_last_pulse_said_of_topics() -> None:
    tally = TopicsTally(2, 61, 5, 3)
    pulse = PulseReported(
        250_000, 0, Rates(), {}, {}, {}, 0, 0, 0, 0, 0, (), {}, "", "", 0, 0, topics=tally
    )
    telling = Telling()
    telling.say(N2, pulse)
    assert telling.view().nodes[N2].topics == tally
