"""What viewers are told and may ask: the dashboard's own view, and nothing without the right socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from cluster.lab.witness import LabError
from cluster.model.facts import Fact
from cluster.model.member import NodeId
from tests.tui.story import DEAD, END, KILLED, story
from tests.tui.test_app import FakeHands, dashboard
from tui.dashboard import MasterlessApp, Recorded
from tui.fold import fold
from tui.view import ClusterView
from tui.web.feed import Act, Turn, framed
from tui.web.relay import BACKLOG_MAX, Relay
from tui.web.spectator import AskingHands, Spectator

N1 = NodeId("n1")


class Watching:
    """A viewer without a screen: what he was told, folded."""

    def __init__(self, relay: Relay, *, acts: bool) -> None:
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(False)
        self.spectator = Spectator(ours, acts=acts)
        self.spectator.on_again = self._again
        self.view = ClusterView()
        self.opened = asyncio.Event()
        self.facts: list[Fact] = []
        relay.admit(theirs, acts=acts)
        self.task = asyncio.create_task(self.spectator.run(self.facts.append))
        WATCHING.append(self)

    def _again(self, view: ClusterView) -> None:
        self.view = view
        self.facts.clear()
        self.opened.set()


WATCHING: list[Watching] = []
"""To be waited for when a dashboard has gone."""


@asynccontextmanager
async def relayed() -> AsyncGenerator[tuple[MasterlessApp, Relay, FakeHands]]:
    """A dashboard that was told a part of the story, and passes on what it hears."""
    app, relay, hands = dashboard(), Relay(), FakeHands()
    app.acts.hands = hands
    app.view = fold(ClusterView(), [fact for fact in story() if fact.at <= KILLED])
    relay.attach(app)
    try:
        yield app, relay, hands
    finally:
        await relay.stop()
        while WATCHING:
            await WATCHING.pop().task  # the dashboard has hung up


async def test_who_comes_later_sees_the_same_as_the_dashboard() -> None:
    async with relayed() as (app, relay, _):
        # Some of it is heard, and not folded yet, when the viewer comes.
        app.facts.extend(fact for fact in story() if KILLED < fact.at <= DEAD)
        watching = Watching(relay, acts=False)
        await watching.opened.wait()
        rest = [fact for fact in story() if DEAD < fact.at <= END]
        await relay.through(Recorded(rest)).run(app.facts.append)
        async with asyncio.timeout(20):
            while len(watching.facts) < len(rest):  # noqa: ASYNC110
                await asyncio.sleep(0)
        assert watching.facts == rest
        whole = fold(app.view, list(app.facts))
        seen = fold(watching.view, watching.facts)
        assert (seen.nodes, seen.events, seen.marks) == (whole.nodes, whole.events, whole.marks)


async def test_a_socket_that_only_looks_is_not_heard_whatever_it_says() -> None:
    async with relayed() as (_, relay, hands):
        hands.go.set()
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(False)
        relay.admit(theirs, acts=False)
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        writer.write(framed(Act(1, "kill", "n1")) + framed(Turn("rewind", 0)))
        async with asyncio.timeout(20):
            await reader.read()  # until it hangs up
        writer.close()
        assert hands.done == []


async def test_who_may_act_is_told_what_came_of_it() -> None:
    async with relayed() as (_, relay, hands):
        hands.go.set()
        watching = Watching(relay, acts=True)
        await watching.opened.wait()
        asking = AskingHands(watching.spectator)
        assert await asking.kill(N1) == "kill n1, done"
        assert await asking.undo() == "undo, done"
        hands.refuse = "n1 does not run"
        with pytest.raises(LabError, match="n1 does not run"):
            await asking.pause(N1)
        await asking.stop()
        assert hands.done == ["kill n1", "undo"], "who leaves a page stops no cluster"


async def test_acts_of_a_viewer_wait_for_one_another_and_not_too_many_wait() -> None:
    async with relayed() as (_, relay, hands):
        watching = Watching(relay, acts=True)
        await watching.opened.wait()
        asked = [asyncio.create_task(watching.spectator.act("add")) for _ in range(9)]
        async with asyncio.timeout(20):
            while sum(task.done() for task in asked) < 5:  # noqa: ASYNC110
                await asyncio.sleep(0)
        hands.go.set()
        results = await asyncio.gather(*asked, return_exceptions=True)
        assert results.count("add, done") == 4
        assert sum(isinstance(each, LabError) for each in results) == 5


async def test_a_viewer_who_does_not_read_is_let_go_and_the_others_are_not() -> None:
    async with relayed() as (_, relay, _hands):
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        relay.admit(theirs, acts=False)
        watching = Watching(relay, acts=False)
        await watching.opened.wait()
        facts = [fact for fact in story() if fact.at <= END]
        told = 0
        with ours:
            while relay.guests == 2:
                for fact in facts:
                    relay.hear(fact)
                told += len(facts)
                async with asyncio.timeout(20):
                    while len(watching.facts) < told:  # noqa: ASYNC110  # who reads keeps up
                        await asyncio.sleep(0)
                assert told < BACKLOG_MAX, "a fact has more than a byte"
            assert relay.guests == 1
            assert not watching.task.done()
