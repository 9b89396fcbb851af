"""Real Erlang nodes, where Debian's package is installed: looked at, and not otherwise touched."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Callable
from pathlib import Path
from time import monotonic, time_ns

import pytest

from cluster.model.incident import Incident
from cluster.model.member import MemberState, NodeId
from tests.tui.foreign.erlang.beams import ERLANG, Beam, Beams, beams
from tui.fold import fold
from tui.judge.agreement import agreement
from tui.judge.verdict import verdict
from tui.sources.foreign.erlang.asking import Question, allowed
from tui.sources.foreign.erlang.terms import Atom
from tui.sources.foreign.watching import ForeignSource
from tui.view import ClusterView

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not ERLANG, reason="Debian's erlang-base is not installed"),
]
N1, N2, N3 = (NodeId(f"n{number}@127.0.0.1") for number in (1, 2, 3))
ALIVE, DEAD = MemberState.ALIVE, MemberState.DEAD
RESTS = "lists:sort(nodes())"


def now() -> int:
    """The wall's clock."""
    return time_ns() // 1_000


async def three(some: Beams, *options: str) -> list[Beam]:
    """Three nodes that have heard nothing of each other."""
    return list(await asyncio.gather(*(some.node(name, *options) for name in (N1, N2, N3))))


async def linked(nodes: list[Beam]) -> None:
    """All of them with each other."""
    for place, node in enumerate(nodes):
        for other in nodes[:place]:
            assert await node.does(f"net_kernel:connect_node('{other.name}')") == "true"
    for node in nodes:
        await node.until("length(nodes())", str(len(nodes) - 1))


async def seen(source: ForeignSource, *names: NodeId) -> ClusterView:
    """Look until all of these have been seen."""
    view, deadline = ClusterView(), monotonic() + 60
    while not set(names) <= set(view.nodes):
        view = fold(view, await source.look())
        assert monotonic() < deadline, (source.trouble, list(view.nodes))
    return view


class Watch:
    """A source that is followed, and the view of what it told."""

    def __init__(self, address: str) -> None:
        self.source = ForeignSource(address)
        self.view = ClusterView()

    async def until(self, what: str, so: Callable[[], bool], within_s: float = 60.0) -> None:
        """Follow until it is so."""
        deadline = monotonic() + within_s
        while True:
            self.view = fold(self.view, self.source.drain())
            if so():
                return
            assert monotonic() < deadline, f"not seen: {what}; {verdict(self.view, now()).text}"
            await asyncio.sleep(0.02)

    def agree(self, count: int) -> bool:
        """Whether so many agree that all is well."""
        return verdict(self.view, now()).text == f"{count} nodes agree."

    def held(self, observer: NodeId, subject: NodeId) -> MemberState | None:
        """What one holds of another."""
        node = self.view.nodes.get(observer)
        belief = node.beliefs.get(subject) if node is not None else None
        return belief.state if belief is not None else None

    def incident(self, subject: NodeId) -> Incident | None:
        """The last one about a node."""
        found = [each for each in self.view.incidents if each.subject == subject]
        return found[-1] if found else None


async def test_a_killed_node_is_dead_for_all_and_an_incident_and_comes_back(tmp_path: Path) -> None:
    async with beams(tmp_path) as some:
        nodes = await three(some)
        await linked(nodes)
        watch = Watch(some.address(N1))  # the others are found through it
        watch.source.start()
        try:
            await watch.until("three that agree", lambda: watch.agree(3))
            assert all(node.ringless for node in watch.view.nodes.values())
            nodes[2].process.kill()
            await watch.until(
                "n3 dead for both",
                lambda: watch.held(N1, N3) is DEAD and watch.held(N2, N3) is DEAD,
            )
            incident = watch.incident(N3)
            assert incident is not None
            assert incident.stage("dead").began
            suspected = incident.stage("suspected")
            assert suspected.began == suspected.ended, "Erlang suspects nobody"
            again = await some.node(N3)
            await linked([nodes[0], again, nodes[1]])
            await watch.until("three that agree again", lambda: watch.agree(3))
            back = watch.incident(N3)
            assert back is not None
            assert back.stage("back").ended
        finally:
            await watch.source.close()


async def test_a_netsplit_is_seen_from_both_sides(tmp_path: Path) -> None:
    never = ("-kernel", "dist_auto_connect", "never", "prevent_overlapping_partitions", "false")
    async with beams(tmp_path) as some:
        nodes = await three(some, *never)
        await linked(nodes)
        watch = Watch(some.address(N1, N2, N3))
        watch.source.start()
        try:
            await watch.until("three that agree", lambda: watch.agree(3))
            for other in (N1, N2):  # n3 is cut off, and lives
                await nodes[2].does(f"erlang:disconnect_node('{other}')")
            sides = {
                (N1, N3): DEAD,
                (N2, N3): DEAD,
                (N3, N1): DEAD,
                (N3, N2): DEAD,
                (N1, N2): ALIVE,
            }
            await watch.until(
                "two sides",
                lambda: all(watch.held(*pair) is state for pair, state in sides.items()),
            )
            assert not agreement(watch.view, now()).all
            assert "agree." not in verdict(watch.view, now()).text
            assert all(node.connected for node in watch.view.nodes.values()), "all three are heard"
            incident = watch.incident(N3)
            assert incident is not None
            assert incident.stage("dead").began
            late = ForeignSource(some.address(N1, N3))
            view = await seen(late, N1, N2, N3)
            await late.close()
            assert {n: b.state for n, b in view.nodes[N3].beliefs.items()} in (
                {N1: DEAD, N2: DEAD},
                {},  # the names it knew have been collected: nothing is invented
            )
            assert view.nodes[N1].beliefs[N2].state is ALIVE
            await nodes[2].does(f"net_kernel:connect_node('{N1}')")
            await nodes[2].does(f"net_kernel:connect_node('{N2}')")
            await watch.until("three that agree again", lambda: watch.agree(3))
            assert watch.view.nodes[N3].incarnation >= 1, "it came back"
        finally:
            await watch.source.close()


async def test_looking_connects_nobody_with_anybody(tmp_path: Path) -> None:
    async with beams(tmp_path) as some:
        nodes = await three(some)
        source = ForeignSource(some.address(N1, N2, N3))
        view = await seen(source, N1, N2, N3)
        assert set(view.nodes) == {N1, N2, N3}
        assert all(not node.beliefs for node in view.nodes.values()), "they know of nobody"
        assert verdict(view, now()).text == "3 nodes are up, and none knows of another."
        for node in nodes:
            assert await node.does("nodes()") == "[]"
            assert re.fullmatch(
                r"\['masterless-[0-9a-f]{4}@[^']+'\]", await node.does("nodes(hidden)")
            )
        await source.close()
        for node in nodes:
            await node.until("nodes(hidden)", "[]")
        await linked(nodes)
        before = [await node.does(RESTS) for node in nodes]
        source = ForeignSource(some.address(N2))
        for _ in range(3):
            await source.look()
        assert [await node.does(RESTS) for node in nodes] == before
        await source.close()


TRACES = """
spawn(fun() ->
    register(tracer_here, self()),
    erlang:trace(whereis(rex), true, ['receive']),
    Word = fun(A) when is_atom(A) -> A; (_) -> no_atom end,
    Keep = fun(Keep, Seen) -> receive
        {trace, _, 'receive', {'$gen_call', _, {call, M, F, As, _}}} ->
            Keep(Keep, lists:usort([{asked, M, F, lists:map(Word, As)} | Seen]));
        {trace, _, 'receive', {'DOWN', _, _, _, _}} -> Keep(Keep, Seen);
        {trace, _, 'receive', _} -> Keep(Keep, [something_else | Seen]);
        {tell, Who} -> Who ! {seen, Seen}, Keep(Keep, Seen)
    end end,
    Keep(Keep, [])
end)
"""


async def test_a_real_node_receives_nothing_that_is_not_on_the_list(tmp_path: Path) -> None:
    async with beams(tmp_path) as some:
        node = await some.node(N1)
        await node.does(" ".join(TRACES.split()))
        await node.does("global:register_name(leader, self())")
        source = ForeignSource(some.address(N1))
        tell = "begin tracer_here ! {tell, self()}, receive {seen, All} -> All end end"
        all_kinds = {("erlang", "nodes", ""), ("global", "whereis_name", "leader")}
        calls: list[tuple[str, str, str]] = []
        deadline = monotonic() + 60
        while not all_kinds <= set(calls) or not any(f == "process_info" for _, f, _ in calls):
            assert monotonic() < deadline, calls
            await source.look()
            said = await node.does(tell)
            assert "something_else" not in said
            calls = re.findall(r"\{asked,(\w+),(\w+),\[([^\]]*)\]\}", said)
            assert len(calls) == said.count("asked")
        await source.close()
        for module, function, given in calls:
            arguments = tuple(map(Atom, given.split(","))) if given else ()
            assert allowed(Question(module, function, arguments)), (module, function, given)


async def test_short_names_and_one_node_with_another_cookie(tmp_path: Path) -> None:
    async with beams(tmp_path) as some:
        short, other = await asyncio.gather(
            some.node("s1@localhost", long_name=False),
            some.node("s2@localhost", cookie="another", long_name=False),
        )
        source = ForeignSource(some.address(short.name, other.name))
        view = await seen(source, NodeId("s1@localhost"))
        assert set(view.nodes) == {NodeId("s1@localhost")}
        assert re.match(r"Erlang/OTP \d\d \(erts \d", view.nodes[NodeId("s1@localhost")].profile)
        assert abs(view.nodes[NodeId("s1@localhost")].started_at - now()) < 600_000_000
        assert source.trouble == "", "one of the two can be read"
        await source.close()
        wrong = ForeignSource(some.address(other.name))
        assert await wrong.look() == []
        assert wrong.trouble.startswith("s2@localhost has another cookie")
        assert some.cookie not in wrong.trouble
        await wrong.close()


async def test_a_paused_node_falls_silent_and_the_others_go_on(tmp_path: Path) -> None:
    async with beams(tmp_path) as some:
        nodes = await three(some)
        await linked(nodes)
        watch = Watch(some.address(N1, N2, N3))
        watch.source.start()
        try:
            await watch.until("three that agree", lambda: watch.agree(3))
            nodes[1].process.send_signal(signal.SIGSTOP)
            await watch.until("n2 silent", lambda: not watch.view.nodes[N2].connected)
            assert watch.held(N1, N2) is ALIVE, "Erlang has not noticed"
            reported = watch.view.nodes[N1].reported_at
            await watch.until("news of n1", lambda: watch.view.nodes[N1].reported_at > reported)
            nodes[1].process.send_signal(signal.SIGCONT)
            await watch.until("n2 again", lambda: watch.view.nodes[N2].connected)
        finally:
            await watch.source.close()


async def test_what_a_node_holds_for_the_cluster_is_told_of_it(tmp_path: Path) -> None:
    async with beams(tmp_path) as some:
        one, two = await asyncio.gather(some.node(N1), some.node(N2))
        await linked([one, two])
        await one.does("global:register_name(leader, self())")
        await two.until("global:registered_names()", "[leader]")
        for node in (one, two):
            await node.does("pg:start_link()")
        await one.does("pg:join(chat, self())")
        await two.does("pg:join(chat, self())")
        await one.until("length(pg:get_members(chat))", "2")
        sizes = await one.does("{ets:info(pg, size), ets:info(global_names, size)}")
        assert sizes == "{1,1}", "as many as there are: by these very many are not asked for"
        stored = await one.does("mnesia:start()") == "ok"  # erlang-mnesia, where it is installed
        source = ForeignSource(some.address(N1))
        view = await seen(source, N1, N2)
        first, second = (dict(view.nodes[name].extras) for name in (N1, N2))
        assert first["global names"] == "1, 1 here: leader"
        assert second["global names"] == "1, 0 here"
        assert first["pg groups"] == "1, 1 here: chat 1/2"
        assert first.get("Mnesia", "") == (f"runs on {N1}; 1 table" if stored else "")
        assert "Mnesia" not in second, "it is asked only where it runs"
        assert int(first["processes"]) > 20
        assert first["queues asked"].endswith("registered processes")
        await source.close()
