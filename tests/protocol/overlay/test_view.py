"""HyParView's laws: links known at both ends, bounds kept, the dead replaced from the reserve."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.bounds.overlay import ViewConfig
from cluster.protocol.overlay.messages import (
    Accept,
    Disconnect,
    Join,
    Linked,
    Neighbour,
    PeerId,
    Refuse,
    Shuffle,
    ShuffleReply,
    Tell,
    Unlinked,
)
from cluster.protocol.overlay.view import PROMOTE, SHUFFLE, PartialView
from tests.protocol.overlay.wire import Table

SMALL = ViewConfig(active_max=3, active_min=2, passive_max=5)
A, B, C, D, E = (PeerId(name) for name in "abcde")


def alone(config: ViewConfig = SMALL, seed: int = 1) -> PartialView:
    view = PartialView(A, config, Random(seed))
    view.start((), 0)
    return view


def linked(view: PartialView, *peers: PeerId) -> PartialView:
    for peer in peers:
        view.hear(Neighbour(1, must=True), peer, 0)
    return view


def told(effects: list[object]) -> list[tuple[PeerId, object]]:
    return [(effect.to, effect.message) for effect in effects if isinstance(effect, Tell)]


@settings(deadline=None, max_examples=150, derandomize=True)
@given(
    st.integers(0, 2**32),
    st.integers(2, 12),
    st.lists(
        st.tuples(st.integers(0, 11), st.sampled_from(["talk", "shuffle", "promote", "kill"]))
    ),
)
def test_when_nothing_is_on_its_way_every_link_is_known_at_both_ends(
    seed: int, count: int, deeds: list[tuple[int, str]]
) -> None:
    table = Table(count, SMALL, Random(seed))
    for number, deed in deeds:
        name = table.names[number % count]
        if deed == "talk":
            for _ in range(number):
                table.deliver_one()
        elif deed == "kill":
            table.kill(name)
        else:
            table.wake(name, SHUFFLE if deed == "shuffle" else PROMOTE)
        for view in table.views.values():
            assert len(view.active) <= SMALL.active_max
            assert len(view.passive) <= SMALL.passive_max
            assert view.name not in view.active
            assert view.name not in view.passive
            assert not view.active.keys() & view.passive.keys()
    table.settle()
    assert table.one_sided() == []


def test_a_join_is_always_accepted_and_announced_to_the_others() -> None:
    view = linked(alone(), B, C)
    effects = view.hear(Join(7), D, 0)
    assert (D, Accept(7)) in told([*effects])
    assert {to for to, message in told([*effects]) if type(message).__name__ == "ForwardJoin"} == {
        B,
        C,
    }
    assert D in view.active


def test_a_full_view_lets_one_go_for_who_insists_and_refuses_who_does_not() -> None:
    view = linked(alone(), B, C, D)
    assert told([*view.hear(Neighbour(4, must=False), E, 0)]) == [(E, Refuse(4))]
    effects = view.hear(Neighbour(5, must=True), E, 0)
    (gone,) = [effect.peer for effect in effects if isinstance(effect, Unlinked)]
    assert told([*effects]) == [(gone, Disconnect()), (E, Accept(5))]
    assert Linked(E) in effects
    assert gone in view.passive


def test_a_dead_neighbour_is_replaced_from_the_reserve_at_once() -> None:
    view = linked(alone(), B, C)
    view.hear(Shuffle(D, 0, (D, E)), B, 0)
    assert sorted(view.passive) == [D, E]
    ((asked, request),) = told([*view.lost(B, 1)])
    assert asked in (D, E)
    assert request == Neighbour(1, must=False)
    assert told([*view.hear(Refuse(1), asked, 2)]) == [
        (D if asked == E else E, Neighbour(2, must=False))
    ]


def test_only_who_has_nobody_insists() -> None:
    view = linked(alone(), B)
    view.hear(Shuffle(D, 0, (D,)), B, 0)
    assert told([*view.lost(B, 1)]) == [(D, Neighbour(1, must=True))]


def test_who_lost_everybody_joins_again_through_its_contacts_and_not_without_end() -> None:
    view = PartialView(A, SMALL, Random(1))
    view.start((B, C), 0)
    assert told([*view.lost(B, 1)]) == []
    ((contact, message),) = told([*view.wake(PROMOTE, 2)])
    assert contact in (B, C)
    assert isinstance(message, Join)


def test_an_acceptance_of_a_request_given_up_is_taken_back() -> None:
    view = alone()
    assert told([*view.hear(Accept(9), B, 0)]) == [(B, Disconnect())]
    assert B not in view.active


def test_an_old_acceptance_does_not_end_the_link_that_a_newer_request_makes() -> None:
    """A asks B, is linked by B's own request, lets it go, asks again; only then the first answer."""
    view = alone(ViewConfig(active_max=1, active_min=1))
    linked(view, C)
    view.hear(Shuffle(B, 0, (B,)), C, 0)
    assert told([*view.lost(C, 1)]) == [(B, Neighbour(1, must=True))]
    view.hear(Neighbour(1, must=True), B, 2)
    effects = view.hear(Neighbour(1, must=True), D, 3)
    assert (B, Disconnect()) in told([*effects])
    assert (B, Neighbour(2, must=True)) in told([*view.lost(D, 4)])
    assert told([*view.hear(Accept(1), B, 5)]) == []
    view.hear(Accept(2), B, 6)
    assert list(view.active) == [B]


def test_a_walk_of_shuffled_names_ends_with_an_exchange_and_bounded_reserves() -> None:
    view = linked(alone(), B)
    names = tuple(PeerId(f"x{number}") for number in range(50))
    ((to, reply),) = told([*view.hear(Shuffle(C, 0, names), B, 0)])
    assert to == C
    assert isinstance(reply, ShuffleReply)
    assert len(view.passive) <= SMALL.passive_max
