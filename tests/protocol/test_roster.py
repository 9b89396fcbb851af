"""What is kept up to date by increments is what a look at everything would say."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cluster.config import PACKET_BYTES_MAX
from cluster.model.member import Address, Claim, MemberState, NodeId
from cluster.protocol.swim.roster import Roster
from cluster.protocol.swim.rumours import Rumours, claim_size
from tests.protocol.lone import claim

NAMES = tuple(f"n{i}" for i in range(1, 7))
claims = st.builds(
    claim,
    st.sampled_from(NAMES),
    st.sampled_from(MemberState),
    st.integers(0, 3),
    epoch=st.integers(1, 3),
)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.lists(claims, max_size=40))
def test_every_list_is_what_counting_afresh_gives(changes: list[Claim]) -> None:
    roster = Roster(claim("n1"))
    held = {NodeId("n1"): claim("n1")}
    for change in changes:
        version = roster.version
        roster.put(change)
        held[change.name] = change
        assert roster.version > version
        others = sorted(n for n in held if n != "n1")
        for worst in MemberState:
            assert roster.others(worst) == tuple(n for n in others if held[n].state <= worst)
        gone = (MemberState.DEAD, MemberState.REMOVED)
        assert roster.gone() == tuple(n for n in others if held[n].state in gone)
        assert roster.ring_members() == tuple(n for n in sorted(held) if held[n].on_ring)
        assert roster.whole() == tuple(held[n] for n in sorted(held))


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.lists(claims, max_size=20), st.lists(claims, max_size=20))
def test_digests_are_equal_exactly_when_beliefs_are(a: list[Claim], b: list[Claim]) -> None:
    one, two = Roster(claim("n1")), Roster(claim("n1"))
    for change in a:
        one.put(change)
    for change in b + a:
        two.put(change)
    same = [c.order for c in one.whole()] == [c.order for c in two.whole()]
    assert (one.digest() == two.digest()) is (same and len(one.claims) == len(two.claims))


def test_a_member_that_moved_is_found_at_its_new_address_only() -> None:
    roster = Roster(claim("n1"))
    roster.put(claim("n2"))
    moved = replace(claim("n2"), gossip=Address("10.9.9.9:7000"))
    roster.put(moved)
    assert roster.name_at(moved.gossip) == "n2"
    assert roster.name_at(claim("n2").gossip) is None


def test_an_address_taken_over_by_another_member_stays_its_own() -> None:
    roster = Roster(claim("n1"))
    roster.put(claim("n2"))
    heir = replace(claim("n3"), gossip=claim("n2").gossip)
    roster.put(heir)
    roster.put(replace(claim("n2"), gossip=Address("10.9.9.9:7000")))
    assert roster.name_at(heir.gossip) == "n3"


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.lists(claims, min_size=1, max_size=30), st.integers(0, PACKET_BYTES_MAX))
def test_rumours_fit_the_room_the_least_told_go_first_and_each_is_told_equally_often(
    news: list[Claim], room: int
) -> None:
    rumours = Rumours(2)
    for each in news:
        rumours.add(each)
    waiting = {c.name: 0 for c in news}
    newest = {c.name: c for c in news}
    for _ in range(200):
        least = min(waiting.values(), default=0)
        taken = rumours.take(room, 9)
        assert sum(claim_size(c) for c in taken) <= room
        assert all(c == newest[c.name] for c in taken)
        if taken:
            assert waiting[taken[0].name] == least
        for c in taken:
            waiting[c.name] += 1
            if waiting[c.name] == 2:
                del waiting[c.name]
        assert len(rumours) == len(waiting)
    assert (not waiting) is (room >= max(claim_size(c) for c in newest.values()))
