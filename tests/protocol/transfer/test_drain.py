"""Giving up places: others take over first, and nothing leaves with the leaver."""

from __future__ import annotations

import pytest

from cluster.config import DEMO, SECOND
from cluster.model.facts import DrainEnded, DrainProgressed, HintsHandedOver
from cluster.model.member import MemberState, NodeId
from cluster.model.ring import partition_of
from cluster.protocol.inputs import (
    DrainCommand,
    LeaveCommand,
    RequestId,
    SnapshotQuery,
    TransferCommand,
)
from cluster.protocol.messages import GetRequest, PutRequest, ReadResponse, WriteResponse
from tests.protocol.transfer.test_transfers import loaded, running, slow
from tests.world import World


def put(world: World, at: str, key: bytes, value: bytes, w: int = 0) -> WriteResponse:
    response = world.call(at, PutRequest(key, value, w=w))
    assert isinstance(response, WriteResponse), response
    return response


def read(world: World, at: str, key: bytes, r: int = 0) -> set[bytes | None]:
    response = world.call(at, GetRequest(key, r=r))
    assert isinstance(response, ReadResponse), response
    return {s.value for s in response.versions.siblings}


def gone(world: World, name: str) -> bool:
    return world.hosts[NodeId(name)].node is None


def ends(world: World, name: str) -> list[str]:
    return [end.how for end in world.told(DrainEnded, by=name)]


@pytest.fixture
def world() -> World:
    made = World(5)
    made.until(made.agreed, 5, "a ring")
    for i in range(80):
        put(made, f"n{1 + i % 5}", b"key%d" % i, b"v%d" % i)
    return made


def test_a_leaver_goes_only_when_all_it_held_is_readable_elsewhere(world: World) -> None:
    request = world.ask("n3", LeaveCommand())
    left: list[int] = []

    def unfilled_while_present() -> bool:
        if world.sees("n1", "n3") is MemberState.LEFT:
            left.append(sum(len(n.transfers.filling) for n in world.live() if n.name != "n3"))
        return request in world.replies

    world.until(unfilled_while_present, 5, "n3 to leave")
    assert ends(world, "n3") == ["drained"]
    assert left
    assert left[0] == 0
    assert gone(world, "n3")
    for i in range(80):
        assert read(world, "n1", b"key%d" % i) == {b"v%d" % i}


def test_what_only_the_leaver_has_acknowledged_does_not_leave_with_it() -> None:
    """Three nodes: nobody gains a place, so nobody would fetch anything from the leaver."""
    world = World(3)
    world.until(world.agreed, 5, "a ring")
    world.partition(("n3",), ("n1", "n2"))
    for i in range(10):
        assert put(world, "n3", b"alone%d" % i, b"v", w=1).replicas == ("n3",)
    world.heal()
    world.hosts[NodeId("n3")].disk.notes.clear()
    world.kill("n3")  # without its notes only its records are left
    world.start("n3")
    world.until(world.agreed, 10, "one view")
    request = world.ask("n3", LeaveCommand())
    world.until(lambda: request in world.replies, 5, "n3 to leave")
    assert ends(world, "n3") == ["drained"]
    for i in range(10):
        assert read(world, "n1", b"alone%d" % i) == {b"v"}


def test_writes_go_on_while_a_node_leaves_and_none_is_lost(world: World) -> None:
    asked: dict[RequestId, bytes] = {}
    world.ask("n3", LeaveCommand())
    for i in range(200):
        key = b"during%d" % i
        asked[world.ask(f"n{1 + i % 2}", PutRequest(key, key))] = key
        world.run(0.005)
    world.run(3)
    assert gone(world, "n3")
    for request, key in asked.items():
        response = world.replies[request]
        assert isinstance(response, WriteResponse)
        assert response.outcome == "ok"
        assert read(world, "n4", key) == {key}


def test_a_lone_node_leaves_without_hanging() -> None:
    world = World(1)
    world.run(1)
    world.call("n1", LeaveCommand(), 2)
    assert ends(world, "n1") == ["alone"]
    assert gone(world, "n1")


def test_when_all_leave_at_once_nobody_waits_for_the_others(world: World) -> None:
    requests = [world.ask(f"n{i}", LeaveCommand()) for i in range(1, 6)]
    world.until(lambda: all(r in world.replies for r in requests), 4, "everybody to leave")
    assert all(gone(world, f"n{i}") for i in range(1, 6))


def test_a_leaver_gives_up_after_its_time_and_says_so() -> None:
    world = loaded(slow(2_000), nodes=4)
    request = world.ask("n3", LeaveCommand())
    took = world.until(lambda: request in world.replies, 10, "n3 to leave")
    limit = (DEMO.data.drain_max_us + DEMO.membership.leave_linger_us) / SECOND
    assert limit <= took <= limit + 0.5
    assert ends(world, "n3") == ["timeout"]
    assert any(p.row.waiting_on for p in world.told(DrainProgressed, by="n3"))


def test_a_drained_node_stays_as_a_coordinator_without_places(world: World) -> None:
    assert world.call("n3", DrainCommand(on=True)) is None
    world.until(lambda: ends(world, "n3") == ["drained"], 5, "n3 to be drained")
    node = world.node("n3")
    assert node.placement.owned() == ()
    assert all(n.members.alive(NodeId("n3")) for n in world.live() if n.name != "n3")
    put(world, "n3", b"through n3", b"v")
    assert read(world, "n3", b"through n3") == {b"v"}
    row = node.drain.row()
    assert row is not None
    assert (row.done, row.leaving, row.partitions, row.waiting_on) == (True, False, 0, "")


def test_a_drained_node_is_still_drained_after_a_restart_and_can_take_places_again(
    world: World,
) -> None:
    world.call("n3", DrainCommand(on=True))
    world.until(lambda: ends(world, "n3") == ["drained"], 5, "n3 to be drained")
    world.kill("n3")
    world.start("n3")
    world.run(2)
    assert all("n3" not in n.placement.ring.members for n in world.live())
    world.call("n3", DrainCommand(on=False))
    world.until(lambda: world.agreed() and bool(world.node("n3").placement.owned()), 5, "places")
    for i in range(80):
        assert read(world, "n3", b"key%d" % i) == {b"v%d" % i}


def test_a_false_accusation_does_not_end_a_drain(world: World) -> None:
    world.call("n3", DrainCommand(on=True))
    world.until(lambda: ends(world, "n3") == ["drained"], 5, "n3 to be drained")
    world.pause("n3")
    world.until(lambda: world.all_see("n3", MemberState.DEAD), 10)
    world.resume("n3")
    world.until(lambda: world.all_see("n3", MemberState.ALIVE), 5)
    assert all("n3" not in n.placement.ring.members for n in world.live())


def test_a_leaver_hands_its_hints_to_other_keepers(world: World) -> None:
    world.kill("n2")
    world.until(lambda: world.all_see("n2", MemberState.DEAD), 5)
    for i in range(120):
        put(world, "n1", b"later%d" % i, b"v")
    world.run(1)
    keeper = next(n.name for n in world.live() if n.hints.depth(NodeId("n2")))
    kept = world.node(keeper).hints.depth(NodeId("n2"))
    request = world.ask(keeper, LeaveCommand())
    world.until(lambda: request in world.replies, 8, "the keeper to leave")
    assert ends(world, keeper) == ["drained"]
    assert sum(h.count for h in world.told(HintsHandedOver, by=keeper)) >= kept
    world.start("n2")
    world.until(world.agreed, 10, "n2 to be back")
    world.until(lambda: not any(n.hints.depths() for n in world.live()), 10, "hints home")
    held = world.node("n2")
    mine = [i for i in range(120) if held.placement.owns(partition_of(b"later%d" % i, 64))]
    assert mine
    for i in mine:
        key = b"later%d" % i
        assert held.replica.read(partition_of(key, 64), key).siblings


def test_who_left_for_good_does_not_bring_back_what_was_deleted_since(world: World) -> None:
    request = world.ask("n3", LeaveCommand())
    world.until(lambda: request in world.replies, 5, "n3 to leave")
    world.start("n3")
    disk = world.hosts[NodeId("n3")].records
    assert not any(disk.keys(p) for p in range(64))
    world.until(world.agreed, 5, "n3 to be filled")
    for i in range(80):
        assert read(world, "n3", b"key%d" % i) == {b"v%d" % i}


def test_two_leave_and_one_joins_at_once(world: World) -> None:
    requests = [world.ask(name, LeaveCommand()) for name in ("n2", "n4")]
    world.start("n6", ("n1",))
    world.until(lambda: all(r in world.replies for r in requests), 8, "both to leave")
    assert ends(world, "n2") == ends(world, "n4") == ["drained"]
    world.until(world.agreed, 8, "the rest to settle")
    for i in range(80):
        assert read(world, "n6", b"key%d" % i) == {b"v%d" % i}


def test_a_leaver_says_whose_cancelled_transfer_it_waits_for() -> None:
    world = loaded(slow(), nodes=4)
    world.call("n3", DrainCommand(on=True))
    world.until(lambda: any(running(world, n) for n in ("n1", "n2", "n4")), 5)
    name = next(n for n in ("n1", "n2", "n4") if running(world, n))
    partition = next(iter(sorted(world.node(name).transfers.filling)))
    assert world.call(name, TransferCommand(partition, "cancel")) is None
    world.run(20)
    row = world.node("n3").drain.row()
    assert row is not None
    assert row.waiting_on == f"{name} to fill partition {partition}"
    answer = world.call("n3", SnapshotQuery())
    assert getattr(getattr(answer, "payload", None), "drain", None) == row
