"""The mailbox of `primary`: one request after the other, refused or given up, never skipped."""

from __future__ import annotations

from msgspec.structs import replace

from cluster.config import DEMO, ArchitectureConfig, DataConfig
from cluster.model.member import NodeId
from cluster.model.ring import partition_of
from cluster.protocol.inputs import RequestId
from cluster.protocol.messages import GetRequest, PutRequest, ReadResponse, Refusal, WriteResponse
from tests.world import World

FOUNDERS = ("n1", "n2", "n3")


def cluster(queue_max: int, data: DataConfig | None = None) -> World:
    config = replace(
        DEMO,
        architecture=ArchitectureConfig("primary", FOUNDERS, queue_max),
        data=data or DataConfig(),
    )
    world = World(3, seed=1, config=config)
    workers = tuple(map(NodeId, FOUNDERS[1:]))

    def agreed() -> bool:
        return {node.placement.ring.members for node in world.live()} == {workers}

    world.until(agreed, 10, "one table of the workers")
    return world


def put(world: World, name: str, count: int) -> list[RequestId]:
    return [world.ask(name, PutRequest(b"k%d" % i, b"v%d" % i)) for i in range(count)]


def outcomes(world: World, asked: list[RequestId]) -> list[str]:
    found: list[str] = []
    for request in asked:
        match world.replies.get(request):
            case WriteResponse(outcome):
                found.append(outcome)
            case Refusal(_, error):
                found.append(error)
            case _:
                found.append("")
    return found


def waiting(world: World) -> int:
    return world.node("n1").policy.queued()


def test_requests_are_answered_in_the_order_in_which_they_came() -> None:
    world = cluster(queue_max=100)
    asked = put(world, "n1", 50)
    assert waiting(world) == 49
    done: list[int] = []
    while len(done) < 50:
        world.run(0.001)
        done += [i for i, request in enumerate(asked) if request in world.replies and i not in done]
    assert done == sorted(done)
    assert outcomes(world, asked) == ["ok"] * 50


def test_a_full_mailbox_refuses_at_once_and_for_certain() -> None:
    world = cluster(queue_max=10)
    asked = put(world, "n1", 20)
    assert outcomes(world, asked)[11:] == ["overload"] * 9
    world.run(1)
    assert outcomes(world, asked) == ["ok"] * 11 + ["overload"] * 9
    for i in range(20):
        read = world.call("n2", GetRequest(b"k%d" % i))
        assert isinstance(read, ReadResponse)
        assert bool(read.versions.siblings) == (i < 11)


def test_an_unbounded_mailbox_does_not_empty_itself_when_its_clients_give_up() -> None:
    """It once did: what had waited past the deadline was taken to be done as soon as it began."""
    world = cluster(queue_max=0)
    asked = put(world, "n2", 2_000)
    world.run(1)
    before = waiting(world)
    world.run(1.5)  # past the clients' deadline
    assert "maybe written" in outcomes(world, asked)
    middle = waiting(world)
    world.run(1.5)
    after = waiting(world)
    print(before, middle, after)
    served = before - middle
    assert served > 100
    assert 0.8 * served < middle - after < 1.2 * served


def test_what_clients_have_given_up_on_is_done_all_the_same() -> None:
    world = cluster(queue_max=0, data=DataConfig(operation_timeout_us=300_000))
    asked = put(world, "n2", 300)
    world.run(0.5)
    assert outcomes(world, asked)[-1] == "maybe written"
    world.until(lambda: not waiting(world), 5, "the mailbox is empty")
    world.run(0.1)
    read = world.call("n3", GetRequest(b"k299"))
    assert isinstance(read, ReadResponse)
    assert [sibling.value for sibling in read.versions.siblings] == [b"v299"]


def test_a_silent_worker_holds_up_those_who_wait_behind_it_and_not_for_ever() -> None:
    world = cluster(queue_max=100)
    ring = world.node("n1").placement.ring
    keys = {
        name: next(
            key
            for key in (b"k%d" % i for i in range(100))
            if ring.owners[partition_of(key, ring.partitions)] == (name,)
        )
        for name in ring.members
    }
    world.pause("n2")
    asked = [world.ask("n1", PutRequest(keys[NodeId(name)], b"v")) for name in ("n2", "n3")]
    world.run(1.9)
    assert outcomes(world, asked) == ["", ""]
    world.run(0.2)
    assert outcomes(world, asked) == ["maybe written", "overload"]
    answer = world.call("n1", PutRequest(keys[NodeId("n3")], b"again"), seconds=0.1)
    assert isinstance(answer, WriteResponse)
    assert answer.outcome == "ok"
