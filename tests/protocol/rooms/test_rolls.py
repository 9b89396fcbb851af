"""Who runs what, asked while a node dies: no name is ever missing without a node named as silent."""

from __future__ import annotations

import pytest

from cluster.model.member import NodeId
from cluster.protocol.effects import RoomsRoll
from cluster.protocol.inputs import LeaveCommand, RequestId, RoomsQuery
from tests.protocol.rooms.show import Show
from tests.world import World

ROOMS = [f"room-{i}" for i in range(30)]


def rolls_while(show: Show, asker: NodeId, seconds: float) -> list[RoomsRoll]:
    """What a node is told that asks twenty times a second."""
    asked: list[RequestId] = []
    for _ in range(int(seconds * 20)):
        asked.append(show.world.ask(asker, RoomsQuery()))
        show.world.run(0.05)
    show.world.run(2)
    rolls = [show.world.replies[number] for number in asked]
    return [roll for roll in rolls if isinstance(roll, RoomsRoll)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_name_is_missing_from_a_roll_only_if_a_node_is_said_to_be_silent(seed: int) -> None:
    world = World(5, seed)
    world.until(world.agreed, 5, "a ring")
    show = Show(world)
    for room in ROOMS:
        show.open("n1", room)
    victim = show.runner("room-0")
    asker = next(node.name for node in world.live() if node.name != victim)
    world.kill(victim)
    rolls = rolls_while(show, asker, 5)
    assert len(rolls) == 100
    missing = [roll for roll in rolls if {row.room for _, row in roll.rooms} < set(ROOMS)]
    assert missing, "the test shows nothing"
    assert {roll.silent for roll in missing} == {(victim,)}
    assert rolls[-1].silent == ()
    assert [row.room for _, row in rolls[-1].rooms] == sorted(ROOMS)


def test_a_node_that_left_is_not_missed_and_no_name_with_it() -> None:
    world = World(5, 1)
    world.until(world.agreed, 5, "a ring")
    show = Show(world)
    for room in ROOMS:
        show.open("n1", room)
    leaver = show.runner("room-0")
    asker = next(node.name for node in world.live() if node.name != leaver)
    world.ask(leaver, LeaveCommand())
    rolls = rolls_while(show, asker, 5)
    assert {row.room for _, row in rolls[-1].rooms} == set(ROOMS)
    for roll in rolls:
        assert {row.room for _, row in roll.rooms} == set(ROOMS) or roll.silent == (leaver,)


def test_in_a_split_each_side_says_whom_it_cannot_ask_and_after_the_heal_nobody() -> None:
    world = World(4, 1)
    world.until(world.agreed, 5, "a ring")
    show = Show(world)
    for room in ROOMS[:9]:
        show.open("n1", room)
    sides = ("n1", "n2"), ("n3", "n4")
    world.partition(*sides)
    world.run(20)
    for side, others in (sides, sides[::-1]):
        for asker in side:
            roll = rolls_while(show, NodeId(asker), 0.05)[0]
            assert (roll.silent, roll.unasked, roll.removed) == ((), others, ())
    world.heal()
    world.until(world.agreed, 30, "a heal")
    world.run(5)
    roll = rolls_while(show, NodeId("n1"), 0.05)[0]
    assert (roll.silent, roll.unasked, roll.removed) == ((), (), ())


def test_a_member_that_was_removed_is_named_apart_from_the_dead() -> None:
    world = World(4, 2)
    world.until(world.agreed, 5, "a ring")
    show = Show(world)
    show.open("n1", "room-0")
    world.kill("n4")
    world.run(5)
    roll = rolls_while(show, NodeId("n1"), 0.05)[0]
    assert (roll.unasked, roll.removed) == (("n4",), ())
    world.run(20)
    roll = rolls_while(show, NodeId("n1"), 0.05)[0]
    assert (roll.unasked, roll.removed) == ((), ("n4",))


def test_a_node_cut_off_alone_says_that_its_rooms_wait_for_disks_until_it_is_back() -> None:
    world = World(4, 3)
    world.until(world.agreed, 5, "a ring")
    show = Show(world)
    show.open("n1", "room-0")
    alone = show.runner("room-0")
    rest = tuple(node.name for node in world.live() if node.name != alone)
    world.partition((alone,), rest)
    world.run(10)
    roll = rolls_while(show, alone, 0.05)[0]
    assert [(row.room, row.keep, row.blocked) for _, row in roll.rooms] == [
        ("room-0", "checkpoint", True)
    ]
    assert roll.heard == (alone,)
    world.heal()
    world.until(lambda: world.agreed() and show.settled("room-0"), 30, "a heal")
    roll = rolls_while(show, alone, 0.05)[0]
    assert [row.blocked for _, row in roll.rooms] == [False]
    assert roll.heard == ("n1", "n2", "n3", "n4")
