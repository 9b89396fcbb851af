"""What strangers broke: thousands of names at a node that was cut off, a name whose owners are all
gone, a cluster too small for its quorum, names opened and closed by everybody at once."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cluster.config import DEMO
from cluster.model.member import MemberState, NodeId
from cluster.protocol.inputs import RequestId
from cluster.protocol.messages import Refusal, RoomRequest, RoomResponse
from tests.protocol.rooms.show import Show, request
from tests.world import World


def test_a_node_cut_off_with_thousands_of_names_to_claim_goes_on() -> None:
    # One at a time, so that each refusal makes room for the next.
    world = World(5, config=replace(DEMO, rooms=replace(DEMO.rooms, claims_parallel=1)))
    world.until(world.agreed, 5, "a ring")
    node = world.node("n1")
    names = [f"room-{i}" for i in range(3_000)]
    world.partition(("n1",), ("n2", "n3", "n4", "n5"))
    world.until(lambda: len(node.members.others(MemberState.SUSPECT)) == 0, 20, "it is alone")
    for name in names:
        world.ask("n1", RoomRequest(name, "open", b"{}"))
    world.run(1)
    assert len(node.rooms.claims.open) > 2_000
    world.run(6)
    assert world.node("n1") is node
    refused = [r for r in world.replies.values() if isinstance(r, Refusal)]
    assert len(refused) == len(names)
    assert {r.status for r in refused} <= {503, 504}


def test_a_room_whose_owners_are_all_gone_is_not_said_to_be_none() -> None:
    world = World(5)
    world.until(world.agreed, 5, "a ring")
    show = Show(world)
    show.open("n1", "room-7")
    owners = world.node("n1").placement.ring.owners[
        world.node("n1").rooms.homes.partition("room-7")
    ]
    left = next(NodeId(n) for n in ("n1", "n2", "n3", "n4", "n5") if n not in owners)
    for owner in owners:
        world.kill(owner)
    world.run(2)
    answer = show.refused(left, "room-7", {"scores": {}})
    assert (answer.status, answer.error) == (503, "not known")
    assert answer.detail.startswith("not done")


def test_a_node_without_a_quorum_says_so_instead_of_nobody_knows() -> None:
    world = World(1)
    world.run(1)
    answer = world.call("n1", RoomRequest("room-7", "open", b"{}"), 6)
    assert isinstance(answer, Refusal)
    assert answer.status == 503
    assert "1 of 2" in answer.detail


@pytest.mark.parametrize("seed", [1, 2])
def test_whoever_opens_a_room_while_it_is_closed_gets_a_room(seed: int) -> None:
    world = World(5, seed)
    world.until(world.agreed, 5, "a ring")
    asked: list[RequestId] = []
    for number in range(60):
        at = f"n{number % 5 + 1}"
        if number % 3 == 2:
            world.ask(at, RoomRequest("room-7", "close"))
        else:
            asked.append(world.ask(at, RoomRequest("room-7", "open", b"{}")))
        world.run(0.002)
    world.run(2)
    opened = [world.replies[request] for request in asked]
    assert all(isinstance(answer, RoomResponse) for answer in opened), opened


def test_two_sides_that_are_too_large_together_are_merged_all_the_same() -> None:
    # Each side may grow to what seven players take; together they are more.
    small = replace(DEMO, rooms=replace(DEMO.rooms, state_bytes_max=420))
    world = World(5, config=small)
    world.until(world.agreed, 5, "a ring")
    show = Show(world)
    show.open("n1", "room-7")
    world.partition(("n1", "n2"), ("n3", "n4", "n5"))
    world.run(5)
    counted: list[str] = []
    for side, at in (("a", "n1"), ("b", "n3")):
        for number in range(30):
            body = {"answer": {"player": f"{side}{number}", "question": 1, "choice": 0}}
            answer = world.call(at, request("room-7", body), 8)
            if isinstance(answer, Refusal):
                assert answer.error == "room full"
                break
            counted.append(f"{side}{number}")
    assert {name[0] for name in counted} == {"a", "b"}
    world.heal()
    world.until(lambda: world.agreed() and show.settled("room-7"), 20, "one room")
    world.run(3)
    assert show.scores("n2", "room-7") == dict.fromkeys(counted, 10)
    full = show.refused("n2", "room-7", {"join": {"player": "eve"}})
    assert full.error == "room full"
