"""Plumtree's laws: duplicates prune, gaps graft, and everything kept has a bound."""

from __future__ import annotations

import msgspec
import pytest

from cluster.bounds.overlay import TreeConfig
from cluster.protocol.overlay.flood import Flood
from cluster.protocol.overlay.messages import (
    Accept,
    Copy,
    Deliver,
    Dot,
    Duplicate,
    ForwardJoin,
    Gossip,
    Graft,
    IHave,
    Letter,
    Message,
    PeerId,
    Prune,
    Shuffle,
    Tell,
    Wake,
)
from cluster.protocol.overlay.tree import LAZY, MISSING, BroadcastTree

ME, A, B, C = (PeerId(name) for name in ("me", "a", "b", "c"))
FIRST = Letter(Dot(A, 1), (), b"first")
CONFIG = TreeConfig()


def tree(*neighbours: PeerId, config: TreeConfig = CONFIG) -> BroadcastTree:
    made = BroadcastTree(ME, config)
    for peer in neighbours:
        assert made.linked(peer, 0) == []
    return made


def test_a_letter_is_handed_over_pushed_on_and_announced_later() -> None:
    mine = tree(A, B, C)
    effects = mine.hear(Gossip(FIRST, 3), A, 5)
    assert effects == [
        Tell(B, Gossip(FIRST, 4)),
        Tell(C, Gossip(FIRST, 4)),
        Deliver(FIRST, A, 3),
    ]
    mine.hear(Prune(), C, 6)
    second = Letter(Dot(A, 2))
    assert mine.hear(Gossip(second, 1), A, 7) == [
        Tell(B, Gossip(second, 2)),
        Deliver(second, A, 1),
        Wake(LAZY, 7 + CONFIG.lazy_period_us),
    ]


def test_a_duplicate_prunes_its_link_at_both_ends() -> None:
    mine = tree(A, B)
    mine.hear(Gossip(FIRST, 1), A, 0)
    assert mine.hear(Gossip(FIRST, 1), B, 1) == [Duplicate(FIRST.dot, B), Tell(B, Prune())]
    assert (list(mine.eager), list(mine.lazy)) == ([A], [B])
    other = tree(A, B)
    other.hear(Prune(), B, 0)
    assert (list(other.eager), list(other.lazy)) == ([A], [B])


def test_lazy_links_are_told_what_was_had_but_not_by_whom_they_gave_it() -> None:
    mine = tree(A, B)
    mine.hear(Prune(), B, 0)
    mine.hear(Gossip(FIRST, 1), A, 0)
    assert mine.wake(LAZY, CONFIG.lazy_period_us) == [Tell(B, IHave((FIRST.dot,)))]
    given = tree(A, B)
    given.hear(Gossip(FIRST, 1), A, 0)
    given.hear(Prune(), A, 0)
    assert given.wake(LAZY, CONFIG.lazy_period_us) == []


def test_a_link_that_becomes_eager_before_the_announcement_is_told_what_it_was_not_pushed() -> None:
    """Seed 2 of pair 15: told to whoever was lazy in the end, one letter was lost in 25,200."""
    mine = tree(A, B)
    mine.hear(Prune(), B, 0)
    mine.hear(Gossip(FIRST, 1), A, 1)
    mine.hear(Graft(Dot(A, 99)), B, 2)
    assert B in mine.eager
    assert mine.wake(LAZY, 1 + CONFIG.lazy_period_us) == [Tell(B, IHave((FIRST.dot,)))]


def test_what_was_announced_and_does_not_come_is_asked_of_one_announcer_after_another() -> None:
    mine = tree(A, B, C)
    mine.hear(Prune(), B, 0)
    dot = FIRST.dot
    assert mine.hear(IHave((dot,)), B, 0) == [Wake((MISSING, dot), CONFIG.graft_after_us)]
    assert mine.hear(IHave((dot,)), C, 1) == []
    at = CONFIG.graft_after_us
    again = Wake((MISSING, dot), at + CONFIG.graft_again_us)
    assert mine.wake((MISSING, dot), at) == [Tell(B, Graft(dot)), again]
    assert B in mine.eager
    assert mine.wake((MISSING, dot), again.at)[0] == Tell(C, Graft(dot))
    assert mine.wake((MISSING, dot), again.at * 2) == []
    # Once nobody is left to ask, a new announcement begins a new wait.
    assert mine.hear(IHave((dot,)), C, again.at * 3) != []


def test_what_came_in_time_is_not_asked_for() -> None:
    mine = tree(A, B)
    mine.hear(IHave((FIRST.dot,)), B, 0)
    mine.hear(Gossip(FIRST, 1), A, 1)
    assert mine.wake((MISSING, FIRST.dot), CONFIG.graft_after_us) == []
    assert mine.hear(IHave((FIRST.dot,)), B, CONFIG.graft_after_us) == []


def test_a_graft_makes_the_link_eager_and_brings_the_letter() -> None:
    mine = tree(A, B)
    mine.hear(Prune(), B, 0)
    mine.hear(Gossip(FIRST, 2), A, 0)
    assert mine.hear(Graft(FIRST.dot), B, 1) == [Tell(B, Gossip(FIRST, 3))]
    assert B in mine.eager


def test_a_new_neighbour_is_told_what_was_had_lately() -> None:
    mine = tree(A)
    mine.hear(Gossip(FIRST, 1), A, 0)
    assert mine.linked(B, 1) == [Tell(B, IHave((FIRST.dot,)))]


def test_nobody_is_expected_of_who_is_no_neighbour_any_more() -> None:
    mine = tree(A, B)
    mine.hear(IHave((FIRST.dot,)), B, 0)
    mine.unlinked(B)
    assert mine.wake((MISSING, FIRST.dot), CONFIG.graft_after_us) == []
    assert list(mine.eager) == [A]


def test_everything_kept_is_bounded() -> None:
    config = TreeConfig(kept_max=3, seen_max=5, missing_max=2, announced_max=4)
    mine = tree(A, B, config=config)
    for number in range(1, 30):
        mine.hear(Gossip(Letter(Dot(A, number)), 1), A, 0)
    (told,) = mine.linked(C, 0)
    assert told == Tell(C, IHave(tuple(Dot(A, number) for number in (27, 28, 29))))
    assert mine.hear(Graft(Dot(A, 1)), B, 0) == []
    waits = mine.hear(IHave(tuple(Dot(B, number) for number in range(1, 9))), B, 0)
    assert len(waits) == 2


def test_flooding_sends_on_once_and_only_what_is_new() -> None:
    flood = Flood(ME, CONFIG)
    effects = flood.hear(Copy(FIRST, 1), A, [A, B, C])
    assert effects == [Tell(B, Copy(FIRST, 2)), Tell(C, Copy(FIRST, 2)), Deliver(FIRST, A, 1)]
    assert flood.hear(Copy(FIRST, 2), B, [A, B, C]) == [Duplicate(FIRST.dot, B)]
    mesh = Flood(ME, CONFIG, relays=False)
    assert mesh.hear(Copy(FIRST, 1), A, [A, B, C]) == [Deliver(FIRST, A, 1)]


@pytest.mark.parametrize(
    "message",
    [
        Gossip(Letter(Dot(A, 2), (FIRST.dot,), b"x"), 3),
        IHave((FIRST.dot,)),
        Graft(FIRST.dot),
        Prune(),
        Shuffle(A, 2, (A, B)),
        ForwardJoin(A, 1),
        Accept(4),
    ],
)
def test_what_peers_say_survives_the_wire(message: Message) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(message), type=Message) == message
