"""A talk's real processes: made, hurt, mended, replaced by others, and none left behind."""

from __future__ import annotations

import asyncio
import os
import re

import pytest

from cluster.config import SECOND
from cluster.model.facts import RoomCounted
from talk.deck.deck import Act, Need
from talk.grounds.ground import GroundError
from talk.grounds.live import LiveGround
from tui.fold import fold
from tui.view import ClusterView

pytestmark = [pytest.mark.real, pytest.mark.timeout(240)]


def runs(pid: int) -> bool:
    """Whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_cluster_is_hurt_mended_replaced_and_nothing_is_left() -> None:
    ground = LiveGround(1)
    said: list[str] = []
    pids: set[int] = set()
    try:
        three = Need(nodes=3, answers_per_s=20)
        assert await ground.prepare(three, fresh=False, tell=said.append)
        assert said == ["starting 3 nodes"]
        assert ground.label() == "live cluster, 3 processes"
        view = await heard(ground, ClusterView(), 3)
        pids |= {node.pid for node in view.nodes.values()}
        with pytest.raises(GroundError):
            await ground.perform(Act("kill", ("n9",)), said.append)
        done = await ground.perform(Act("kill", ("n3",)), said.append)
        assert "n3" in done.said
        assert not await ground.prepare(three, fresh=False, tell=said.append), "the same, mended"
        assert ground.label() == "live cluster, 3 processes"
        view = await heard(ground, view, 3)
        pids |= {node.pid for node in view.nodes.values()}
        assert await ground.prepare(Need(nodes=2), fresh=False, tell=said.append)
        view = await heard(ground, ground.beginning(), 2)
        assert sorted(view.nodes) == ["n1", "n2"], "nothing of the one before is told"
        assert not any(map(runs, pids))
        pids |= {node.pid for node in view.nodes.values()}
        assert 1 <= ground.stretch <= 4
    finally:
        await ground.stop()
        await ground.stop()
    assert len(pids) >= 5
    assert not any(map(runs, pids))
    assert ground.label() == "no cluster"


async def test_packets_are_lost_at_every_node_until_it_is_taken_back_and_cuts_stay() -> None:
    ground = LiveGround(3)
    three = Need(nodes=3, answers_per_s=0)
    quiet: list[str] = []
    try:
        await ground.prepare(three, fresh=False, tell=quiet.append)
        view = await heard(ground, ClusterView(), 3)
        done = await ground.perform(Act("lose", ("20%",)), quiet.append)
        assert done.said == "20 % of all packets are lost."
        # Each end loses a part, so that of what passes both a fifth is lost.
        view = await faulty(ground, view, ["11% loss"] * 3)
        with pytest.raises(GroundError, match="20 % of all packets are lost already"):
            await ground.perform(Act("lose", ("20%",)), quiet.append)
        await ground.perform(Act("cut", ("n1", "n2")), quiet.append)
        view = await faulty(ground, view, ["11% cut loss", "11% cut loss", "11% loss"])
        await ground.perform(Act("lose", ("nothing",)), quiet.append)
        view = await faulty(ground, view, ["cut", "cut", ""])
        with pytest.raises(GroundError, match="No packet is lost on purpose"):
            await ground.perform(Act("lose", ("nothing",)), quiet.append)
        await ground.perform(Act("lose", ("50%",)), quiet.append)
        view = await faulty(ground, view, ["29% cut loss", "29% cut loss", "29% loss"])
        assert not await ground.prepare(three, fresh=False, tell=quiet.append), "the same, mended"
        await faulty(ground, view, ["", "", ""])
    finally:
        await ground.stop()


async def test_what_a_slow_node_had_to_send_leaves_late_and_at_once_when_it_is_taken_back() -> None:
    ground = LiveGround(5)
    three = Need(nodes=3, answers_per_s=0)
    quiet: list[str] = []
    try:
        await ground.prepare(three, fresh=False, tell=quiet.append)
        view = await heard(ground, ClusterView(), 3)
        done = await ground.perform(Act("slow", ("n2", "300ms")), quiet.append)
        assert done.said == "What n2 sends leaves 300 ms later."
        await ground.perform(Act("cut", ("n1", "n2")), quiet.append)
        view = await faulty(ground, view, ["cut", "cut delay", ""])
        await ground.perform(Act("slow", ("n2", "nothing")), quiet.append)
        view = await faulty(ground, view, ["cut", "cut", ""])
        with pytest.raises(GroundError, match="n2 is not slowed down"):
            await ground.perform(Act("slow", ("n2", "nothing")), quiet.append)
        with pytest.raises(GroundError, match="No node acts as master here"):
            await ground.perform(Act("slow", ("master", "1s")), quiet.append)
        await ground.perform(Act("slow", ("n2", "1s")), quiet.append)
        await faulty(ground, view, ["cut", "cut delay", ""])
        assert not await ground.prepare(three, fresh=False, tell=quiet.append), "the same, mended"
    finally:
        await ground.stop()


async def test_a_crash_takes_the_answers_of_a_room_unless_it_has_an_heir() -> None:
    ground = LiveGround(6)
    one = Need(nodes=1, architecture="single", rooms=1, answers_per_s=0)
    try:
        await ground.prepare(one, fresh=False, tell=print)
        for words in ("fill room-2 memory", "fill room-3 heir", "crash room-2", "crash room-3"):
            verb, *args = words.split()
            await ground.perform(Act(verb, tuple(args)), print)
        for room, left in (("room-2", 0), ("room-3", 20)):
            done = await ground.perform(Act("count", (room,)), print)
            assert done.said == f"{room} has {left} of the 20 answers it acknowledged."
        with pytest.raises(GroundError, match="`fill room-1 heir` opens it"):
            await ground.perform(Act("count", ("room-1",)), print)
        counts = [f.payload for f in ground.take() if isinstance(f.payload, RoomCounted)]
        assert [(c.room, c.held) for c in counts[-2:]] == [("room-2", 0), ("room-3", 20)]
    finally:
        await ground.stop()


async def test_stopping_while_it_is_being_made_leaves_nothing() -> None:
    ground = LiveGround(2)
    making = asyncio.create_task(
        ground.prepare(Need(nodes=3), fresh=False, tell=lambda _word: None)
    )
    await ground.pass_time(SECOND)
    view = fold(ClusterView(), ground.take())
    making.cancel()
    await asyncio.wait([making])
    await ground.stop()
    assert not any(runs(node.pid) for node in view.nodes.values() if node.pid)


async def heard(ground: LiveGround, view: ClusterView, nodes: int) -> ClusterView:
    """Until all nodes have said who they are."""
    async with asyncio.timeout(60):
        while True:
            view = fold(view, ground.take())
            if sum(node.pid > 0 and node.connected for node in view.nodes.values()) >= nodes:
                return view
            await asyncio.sleep(0.05)


async def faulty(ground: LiveGround, view: ClusterView, words: list[str]) -> ClusterView:
    """Until n1, n2, n3 have told these faults of their own transports."""
    found: list[str] = []
    try:
        async with asyncio.timeout(60):
            while found != words:
                await asyncio.sleep(0.05)
                view = fold(view, ground.take())
                found = [told(view.nodes[name].faults) for name in sorted(view.nodes)]
    except TimeoutError:
        assert found == words
    return view


def told(faults: tuple[str, ...]) -> str:
    """Kinds of faults, and how much is lost."""
    kinds = {word.split()[0] for word in faults}
    return " ".join(sorted(kinds | set(re.findall(r"[0-9]+%", " ".join(faults)))))
