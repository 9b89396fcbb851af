"""`transfers` and `plan` over what real nodes say of themselves, in virtual time."""

from __future__ import annotations

import pytest

from cluster.model.facts import Fact
from cluster.model.member import NodeId
from cluster.model.plan import PlanError
from cluster.protocol.inputs import DrainCommand, SnapshotQuery, TransferCommand
from tests.protocol.transfer.test_transfers import loaded, running, slow
from tests.world import World
from tui.fold import fold
from tui.text.plan import plan_document, plan_text, planned
from tui.text.status import status
from tui.text.transfers import transfers, transfers_text
from tui.view import ClusterView

N4, N5 = NodeId("n4"), NodeId("n5")


def view_of(world: World) -> ClusterView:
    facts: list[Fact] = []
    for node in world.live():
        answer = world.call(node.name, SnapshotQuery())
        assert isinstance(answer, Fact)
        facts.append(answer)
    return fold(ClusterView(), facts)


def test_transfers_say_source_bytes_rate_and_what_each_waits_for() -> None:
    world = loaded(slow())
    world.start("n4", ("n1",))
    world.until(lambda: any(r.keys > 20 for r in running(world, "n4")), 10)
    cancelled = running(world, "n4")[-1].partition
    world.call("n4", TransferCommand(cancelled, "cancel"))
    world.run(0.3)
    found = transfers(view_of(world), world.now)
    n4 = next(each for each in found if each["node"] == "n4")
    rows = {row["partition"]: row for row in n4["transfers"]}
    assert sorted(rows) == n4["partitions"]
    assert rows[cancelled]["state"] == "cancelled"
    moving = [row for row in rows.values() if row["state"] == "running"]
    assert moving
    assert any(row["bytes_per_s"] and row["eta_s"] is not None for row in moving)
    text = "\n".join(transfers_text(found))
    assert f"partition {cancelled}: cancelled by the operator" in text
    assert f"from {moving[0]['source']}" in text
    assert transfers_text([]) == ["Nothing is being filled and no hint waits."]


def test_a_cancelled_place_is_not_said_to_be_filled() -> None:
    """Nothing happens by itself: the sentence says whose turn it is."""
    world = loaded(slow())
    world.start("n4", ("n1",))
    world.until(lambda: any(r.keys > 20 for r in running(world, "n4")), 10)
    cancelled = running(world, "n4")[-1].partition
    world.call("n4", TransferCommand(cancelled, "cancel"))
    world.run(0.3)
    said = "1 place at n4 was cancelled by the operator"
    both = status(view_of(world), world.now).verdict
    assert "still being filled at n4, " + said in both
    world.until(
        lambda: world.node("n4").transfers.waiting() == (cancelled,), 120, "all others to be filled"
    )
    view = view_of(world)
    alone = status(view, world.now).verdict
    assert said in alone
    assert "being filled" not in alone
    world.call("n4", TransferCommand(cancelled, "resume"))
    assert "1 place still being filled at n4" in status(view_of(world), world.now).verdict


def test_a_drain_says_how_far_it_is() -> None:
    world = loaded(slow(), nodes=4)
    world.call("n3", DrainCommand(on=True))
    world.run(1)
    text = "\n".join(transfers_text(transfers(view_of(world), world.now)))
    assert "n3  gives up its places" in text
    assert "to fill partition" in text
    world.until(lambda: getattr(world.node("n3").drain.row(), "done", False), 60, "n3 drained")
    text = "\n".join(transfers_text(transfers(view_of(world), world.now)))
    assert "n3  has given up its places" in text


def test_a_plan_says_what_a_join_then_really_moves() -> None:
    world = loaded(slow(0))
    found = planned(view_of(world), world.now, (N4,), ())
    before = {n.name: set(n.placement.owned()) for n in world.live()}
    world.start("n4", ("n1",))
    world.until(world.agreed, 10, "n4 to be filled")
    gained = {
        (p, node.name)
        for node in world.live()
        for p in set(node.placement.owned()) - before.get(node.name, set())
    }
    assert {(m.partition, m.to) for m in found.moves} == gained
    held = world.node("n4").placement.owned()
    assert found.keys == sum(world.hosts[N4].disk.keys(p) for p in held)
    assert found.digest_after == world.node("n4").placement.ring.digest
    text = plan_text(found)
    assert text[0] == "When n4 joins:"
    assert any(line.startswith("n4") for line in text)
    assert {"joins", "drains", "moves", "shares", "keys", "short_after"} <= set(
        plan_document(found)
    )


def test_a_plan_warns_when_too_few_would_be_left_and_refuses_nonsense() -> None:
    world = loaded(slow(0))
    text = "\n".join(plan_text(planned(view_of(world), world.now, (), (NodeId("n3"),))))
    assert "4 partitions would have fewer than 3 owners: too few nodes would be left." in text
    with pytest.raises(PlanError, match="n5 is not on the ring"):
        planned(view_of(world), world.now, (), (N5,))
