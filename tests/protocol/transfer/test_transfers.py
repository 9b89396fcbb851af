"""One transfer at a time: resumed after a failure, throttled, cancelled, and never mute."""

from __future__ import annotations

from msgspec.structs import replace

from cluster.config import DEMO, SECOND, Config
from cluster.model.facts import (
    PartitionFilled,
    TransferFinished,
    TransferProgressed,
    TransfersQueued,
    TransferStalled,
    TransferStarted,
)
from cluster.model.member import NodeId
from cluster.model.summary import TransferRow
from cluster.protocol.inputs import TransferCommand
from cluster.protocol.messages import FetchPage, PutRequest, Refusal, WriteResponse
from tests.world import World

KEYS = 240
VALUE = b"v" * 400


def slow(bytes_per_s: int = 40_000, **data: int) -> Config:
    """Small pages and a narrow budget, so that a test can step into the middle of a transfer."""
    few = replace(DEMO.ring, partitions=4)
    small = replace(DEMO.data, transfer_page_bytes=4_000, transfer_bytes_per_s=bytes_per_s, **data)
    return replace(DEMO, ring=few, data=small)


def loaded(config: Config, nodes: int = 3) -> World:
    world = World(nodes, config=config)
    world.until(world.agreed, 10, "a ring")
    for i in range(KEYS):
        response = world.call("n1", PutRequest(b"key%d" % i, VALUE))
        assert isinstance(response, WriteResponse)
    return world


def row(world: World, name: str, partition: int) -> TransferRow:
    rows = world.node(name).transfers.rows()
    return next(r for r in rows if r.partition == partition)


def running(world: World, name: str) -> list[TransferRow]:
    node = world.hosts[NodeId(name)].node
    return [r for r in node.transfers.rows() if r.state == "running"] if node is not None else []


def pages_to(world: World, name: str) -> list[FetchPage]:
    bodies = [packet.body for _, to, packet in world.sent if to == name]
    return [body for body in bodies if isinstance(body, FetchPage)]


def test_a_transfer_stays_inside_its_budget_and_says_how_far_it_is() -> None:
    world = loaded(slow())
    world.start("n4", ("n1",))
    world.until(lambda: len(running(world, "n4")) > 0, 5)
    began = world.now
    world.until(lambda: len(world.told(TransferProgressed, by="n4")) > 3, 20)
    world.until(world.agreed, 60, "n4 to be filled")
    moved = sum(t.size for t in world.told(TransferFinished, by="n4"))
    assert moved > 100_000
    # What was in flight when the budget ran out, one page a slot, may come on top.
    in_flight = DEMO.data.transfers_parallel * (4_000 + len(VALUE))
    assert moved <= (world.now - began) * 40_000 / SECOND + in_flight
    told = world.told(TransferProgressed, by="n4")
    assert all(p.keys <= p.total and 0 < p.rate <= 44_000 for p in told)
    assert all(p.eta_us is not None for p in told)
    queued = world.told(TransfersQueued, by="n4")
    assert {p for q in queued for p in q.partitions} >= set(world.node("n4").placement.owned())


def test_without_a_limit_a_transfer_does_not_wait() -> None:
    world = loaded(slow(0))
    world.start("n4", ("n1",))
    assert world.until(world.agreed, 5, "n4 to be filled") < 3


def test_a_source_that_fails_is_gone_on_with_after_its_last_durable_key() -> None:
    world = loaded(slow(), nodes=2)  # both must give
    world.start("n3", ("n1",))
    world.until(lambda: any(r.keys > 20 for r in running(world, "n3")), 10)
    source = next(r for r in running(world, "n3") if r.keys > 20).source
    given = sum(len(p.records) for p in pages_to(world, "n3"))
    world.kill(source)
    world.until(lambda: bool(world.told(TransferStalled, by="n3")), 3, "the failure to be told")
    world.start(source)
    world.until(world.agreed, 60, "n3 to be filled")
    resumed = [s for s in world.told(TransferStarted, by="n3") if s.keys]
    assert any(s.source == source for s in resumed)
    fetched = sum(len(p.records) for p in pages_to(world, "n3"))
    finished = sum(t.keys for t in world.told(TransferFinished, by="n3"))
    # Nothing was fetched twice, but for the pages that were on their way.
    assert fetched <= finished + DEMO.data.transfers_parallel * 11
    assert given > 20


def test_a_new_owner_that_restarts_goes_on_where_it_stopped() -> None:
    world = loaded(slow())
    world.start("n4", ("n1",))
    world.until(lambda: any(r.keys > 30 and not r.merged for r in running(world, "n4")), 10)
    halfway = [r for r in running(world, "n4") if r.keys > 30 and not r.merged]
    world.kill("n4")
    world.run(0.3)
    told = len(world.facts)
    world.start("n4")
    world.until(world.agreed, 60, "n4 to be filled")
    later = [f.payload for f in world.facts[told:] if f.node == "n4"]
    started = [s for s in later if isinstance(s, TransferStarted)]
    for was in halfway:
        again = [s for s in started if (s.partition, s.source) == (was.partition, was.source)]
        assert max(s.keys for s in again) >= was.keys
    assert all(world.node("n4").replica.read(p, k).siblings for p, k in own_keys(world, "n4"))


def own_keys(world: World, name: str) -> list[tuple[int, bytes]]:
    """All keys of the partitions a node owns, as others have them."""
    owned = set(world.node(name).placement.owned())
    disks = [h.disk for h in world.hosts.values() if h.name != name]
    return sorted(
        {(p, k) for d in disks for p, held in d.records.items() if p in owned for k in held}
    )


def test_progress_of_another_ring_is_not_trusted_after_a_restart() -> None:
    world = loaded(slow())
    world.start("n4", ("n1",))
    world.until(lambda: any(r.keys > 30 for r in running(world, "n4")), 10)
    world.start("n5", ("n1",))
    world.until(lambda: "n5" in world.node("n4").placement.ring.members, 5)
    world.run(0.0015)  # the new ring is on disk, and no page under it
    world.kill("n4")
    told = len(world.facts)
    world.start("n4")
    later = [f.payload for f in world.facts[told:] if f.node == "n4"]
    started = [f for f in later if isinstance(f, TransferStarted)]
    assert started
    assert all(s.keys == 0 for s in started)
    world.until(world.agreed, 90, "both to be filled")


def test_cancelling_one_transfer_leaves_all_others_running() -> None:
    world = loaded(slow())
    world.start("n4", ("n1",))
    world.until(lambda: len(running(world, "n4")) > 1, 5)
    first = running(world, "n4")[0].partition
    assert world.call("n4", TransferCommand(first, "cancel")) is None
    mine = world.node("n4").transfers
    world.until(lambda: mine.filling == {first}, 60, "all others to be filled")
    assert row(world, "n4", first).state == "cancelled"
    assert row(world, "n4", first).waiting_on == "cancelled by the operator"
    assert first not in {p.partition for p in world.told(PartitionFilled, by="n4")}
    before = len(world.sent)
    world.run(3)
    assert not [p for p in world.sent[before:] if isinstance(p[2].body, FetchPage)]


def test_a_cancelled_transfer_is_still_cancelled_after_a_restart_and_can_go_on() -> None:
    world = loaded(slow())
    world.start("n4", ("n1",))
    world.until(lambda: len(running(world, "n4")) > 1, 5)
    first = running(world, "n4")[0].partition
    assert world.call("n4", TransferCommand(first, "cancel")) is None
    world.kill("n4")
    world.start("n4")
    world.until(lambda: world.node("n4").transfers.filling == {first}, 60, "the others")
    assert row(world, "n4", first).state == "cancelled"
    assert world.call("n4", TransferCommand(first, "resume")) is None
    world.until(world.agreed, 60, "the last one")


def test_only_a_transfer_that_exists_can_be_cancelled_or_resumed() -> None:
    world = loaded(slow())
    world.start("n4", ("n1",))
    world.until(lambda: len(running(world, "n4")) > 1, 5)
    busy = running(world, "n4")[0].partition
    for name, order in (
        ("n1", TransferCommand(busy, "cancel")),
        ("n4", TransferCommand(busy, "resume")),
        ("n4", TransferCommand(999, "cancel")),
    ):
        refusal = world.call(name, order)
        assert isinstance(refusal, Refusal)
        assert refusal.status == 409
    assert world.call("n4", TransferCommand(busy, "cancel")) is None
    assert world.call("n4", TransferCommand(busy, "cancel")) is None


def test_who_waits_for_a_source_does_not_fetch_everything_again_and_again() -> None:
    """An incomplete holder was asked for all it has once a second while an owner was away."""
    world = loaded(slow(0))
    world.kill("n2")
    world.kill("n3")
    world.run(1.5)
    world.start("n4", ("n1",))
    world.start("n5", ("n1",))
    world.run(2)
    before = len(world.sent)
    world.run(3)
    later = [packet.body for _, to, packet in world.sent[before:] if to == "n4"]
    pages = [body for body in later if isinstance(body, FetchPage)]
    assert pages
    assert not any(page.records for page in pages)
