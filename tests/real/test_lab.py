"""The lab's acts on real processes: each does what it says, and can be taken back."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncGenerator

import pytest

from cluster.lab.nodes import Lab, LabOptions
from cluster.lab.show import Show, ShowOptions
from cluster.lab.witness import LabError, Witness
from cluster.model.facts import (
    Fact,
    FaultHealed,
    FaultInjected,
    ProcessObserved,
    WorkloadCounted,
)
from cluster.model.member import MemberState, NodeId
from tests.real.stage import stage
from tests.real.test_nothing_left import is_gone

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("real")]

N1, N2, N3 = NodeId("n1"), NodeId("n2"), NodeId("n3")


class Rig:
    """A lab of two nodes and what it said."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.lab = Lab(LabOptions(nodes=2), Witness(self.facts.append))

    def seen(self, name: NodeId) -> list[str]:
        """What became of a process, and what was done to it, in order."""
        said: list[str] = []
        for fact in self.facts:
            payload = fact.payload
            if isinstance(payload, ProcessObserved) and payload.subject == name:
                said.append(payload.state)
            elif isinstance(payload, FaultInjected | FaultHealed) and payload.subject == name:
                ended = isinstance(payload, FaultHealed)
                said.append(f"{payload.kind} healed" if ended else payload.kind)
        return said


@pytest.fixture
async def rig() -> AsyncGenerator[Rig]:
    """Started."""
    made = Rig()
    await made.lab.start()
    yield made
    await made.lab.stop()


async def test_undo_brings_a_killed_node_back_as_itself(rig: Rig) -> None:
    slot = rig.lab.slots.get(N2)
    before = rig.lab.slots.process(N2).ready
    assert str(before.pid) in await rig.lab.kill(N2)
    assert rig.lab.windows().keys() == {N1}
    assert rig.lab.can_undo() == "start n2 again"
    await rig.lab.undo()
    after = rig.lab.slots.process(N2).ready
    assert (after.name, after.gossip, after.window, after.data) == (
        before.name,
        before.gossip,
        before.window,
        before.data,
    )
    assert after.pid != before.pid
    assert rig.seen(N2) == [
        *("starting", "running"),
        *("kill", "gone"),
        *("starting", "running", "kill healed"),
    ]
    assert slot.told == frozenset()
    with pytest.raises(LabError, match="nothing to undo"):
        await rig.lab.undo()


async def test_acts_that_make_no_sense_say_what_to_do(rig: Rig) -> None:
    await rig.lab.kill(N2)
    with pytest.raises(LabError, match="n2 is not running; start it again first"):
        await rig.lab.kill(N2)
    with pytest.raises(LabError, match="n2 is not running"):
        await rig.lab.pause(N2)
    with pytest.raises(LabError, match="n1 is running already"):
        await rig.lab.restart(N1)
    with pytest.raises(LabError, match="There is no node n9 here, only n1, n2"):
        await rig.lab.kill(NodeId("n9"))
    with pytest.raises(LabError, match="No link is cut"):
        await rig.lab.links.heal()
    with pytest.raises(LabError, match="both sides"):
        await rig.lab.links.partition((N1, N2))


async def test_a_node_whose_ports_were_taken_comes_back_on_others(rig: Rig) -> None:
    before = rig.lab.slots.process(N2).ready
    await rig.lab.kill(N2)
    host, _, port = before.window.rpartition(":")
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind((host, int(port)))
        stranger.listen()
        await rig.lab.restart(N2)
        after = rig.lab.slots.process(N2).ready
    assert after.window != before.window
    assert after.data == before.data


async def test_an_end_that_nobody_ordered_is_seen(rig: Rig) -> None:
    slot = rig.lab.slots.get(N2)
    os.kill(rig.lab.slots.process(N2).pid, signal.SIGKILL)
    await slot.gone.wait()
    assert rig.seen(N2) == ["starting", "running", "gone"]
    assert slot.last_words == "signal SIGKILL"


async def test_an_isolated_node_is_given_up_and_undo_brings_it_back() -> None:
    async with stage(3) as on:
        await on.lab.links.isolate(N3)
        await on.until(
            lambda: all(
                (belief := on.view.nodes[name].beliefs.get(N3)) is not None
                and belief.state is MemberState.DEAD
                for name in (N1, N2)
            ),
            "n1 and n2 hold n3 dead",
        )
        assert on.lab.can_undo() == "heal the links"
        await on.lab.undo()
        await on.until(on.all_alive, "everyone agrees again", 60)


async def test_a_show_can_be_stopped_before_while_and_after_it_starts() -> None:
    facts: list[Fact] = []
    show = Show(ShowOptions(nodes=3), facts.append)
    await show.stop()
    assert facts == []

    begun = asyncio.Event()
    show = Show(ShowOptions(nodes=3), lambda _: begun.set())
    starting = asyncio.create_task(show.start())
    await begun.wait()
    await show.stop()
    with pytest.raises((LabError, asyncio.CancelledError)):
        await starting
    assert not show.lab.root.exists()

    show = Show(ShowOptions(nodes=3), facts.append)
    await show.start()
    await show.stop()
    await show.stop()
    assert show.windows() == {}
    assert not show.lab.root.exists()
    running = [f.payload.pid for f in facts if isinstance(f.payload, ProcessObserved)]
    assert all(is_gone(pid) for pid in running if pid)


async def test_a_show_reads_every_answer_back_after_something_was_mended() -> None:
    audited = asyncio.Event()
    enough = asyncio.Event()
    counts: list[WorkloadCounted] = []

    def on_fact(fact: Fact) -> None:
        if isinstance(fact.payload, WorkloadCounted):
            counts.append(fact.payload)
            if fact.payload.audited:
                audited.set()
            if fact.payload.acknowledged >= 40:
                enough.set()

    show = Show(ShowOptions(nodes=3), on_fact)
    try:
        await show.start()
        async with asyncio.timeout(60):
            await enough.wait()
            await show.kill(N3)
            await show.undo()
            await audited.wait()
    finally:
        await show.stop()
    assert counts[-1].unreadable == 0
    assert counts[-1].audited >= 40


async def test_a_wiped_node_starts_again_with_its_name_and_an_empty_disk(rig: Rig) -> None:
    slot = rig.lab.slots.get(N2)
    said = await rig.lab.wipe(N2)
    assert "wiped" in said
    assert not slot.data.exists()
    assert rig.lab.can_undo() == "start n2 again"
    await rig.lab.undo()
    assert rig.lab.is_running(N2)
    assert rig.seen(N2)[-7:] == [
        "kill", "gone", "wipe", "starting", "running", "kill healed", "wipe healed",
    ]  # fmt: skip
