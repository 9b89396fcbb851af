"""Links of a cluster that is not ours: cut at both ends, taken back exactly, refused in a sentence."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace

from cluster.lab.witness import LabError
from cluster.model.member import Address, NodeId
from tests.tui.story import QUIET, view_at
from tui.inspecting.surgeon import Surgeon
from tui.view import ClusterView

N1, N2, N3 = NodeId("n1"), NodeId("n2"), NodeId("n3")


class Ward:
    """Three windows that keep what they are told, as nodes with --allow-faults do."""

    def __init__(self) -> None:
        self.cut: dict[str, set[str]] = {"n1": set(), "n2": set(), "n3": set()}
        self.refusing = ""
        self.view = ClusterView()

    async def fault(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        order: dict[str, Any] = await request.json()
        if name == self.refusing:
            return web.json_response({"error": "not now", "detail": "busy"}, status=403)
        if order["kind"] == "cut":
            self.cut[name] |= set(order["peers"])
        else:
            self.cut[name] -= set(order["peers"] or self.cut[name])
        return web.Response(text=json.dumps({"in_force": []}))


@asynccontextmanager
async def ward(allowing: tuple[NodeId, ...] = (N1, N2, N3)) -> AsyncGenerator[Ward]:
    kept = Ward()
    app = web.Application()
    app.router.add_post("/{name}/fault", kept.fault)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        known = view_at(QUIET).nodes
        nodes = {
            name: replace(
                known[name],
                window=Address(f"127.0.0.1:{port}/{name}"),
                faults_allowed=name in allowing,
                connected=True,
            )
            for name in (N1, N2, N3)
        }
        kept.view = ClusterView(nodes=nodes)
        yield kept
    finally:
        await runner.cleanup()


async def test_a_link_is_cut_at_both_ends_and_taken_back() -> None:
    async with ward() as kept:
        hand = Surgeon(lambda: kept.view)
        assert "between n1 and n2" in await hand.cut(N1, N2)
        assert kept.cut == {"n1": {"n2"}, "n2": {"n1"}, "n3": set()}
        assert "took back" in await hand.undo()
        assert kept.cut == {"n1": set(), "n2": set(), "n3": set()}
        with pytest.raises(LabError, match="nothing was cut from here"):
            await hand.undo()


async def test_taking_back_one_cut_leaves_the_one_under_it() -> None:
    async with ward() as kept:
        hand = Surgeon(lambda: kept.view)
        await hand.cut(N1, N2)
        await hand.isolate(N1)
        await hand.isolate(N1)
        assert kept.cut == {"n1": {"n2"}, "n2": {"n1"}, "n3": set()}


async def test_one_end_that_allows_faults_is_enough_and_none_is_not() -> None:
    async with ward((N3,)) as kept:
        hand = Surgeon(lambda: kept.view)
        await hand.partition((N1, N2))
        assert kept.cut == {"n1": set(), "n2": set(), "n3": {"n1", "n2"}}
        with pytest.raises(LabError, match="neither end allows faults"):
            await hand.cut(N1, N2)
    async with ward(()) as kept:
        with pytest.raises(LabError, match="--allow-faults"):
            await Surgeon(lambda: kept.view).heal()


async def test_what_one_end_refuses_is_not_left_half_done() -> None:
    async with ward() as kept:
        kept.refusing = "n2"
        hand = Surgeon(lambda: kept.view)
        with pytest.raises(LabError, match="n2 could not be told"):
            await hand.cut(N1, N2)
        assert kept.cut["n1"] == set()


async def test_who_leaves_mends_what_was_cut_from_here_and_nothing_else() -> None:
    async with ward() as kept:
        kept.cut["n3"] = {"n1"}
        hand = Surgeon(lambda: kept.view)
        await hand.cut(N1, N2)
        await hand.partition((N2,))
        await hand.stop()
        assert kept.cut == {"n1": set(), "n2": set(), "n3": {"n1"}}
        assert hand.left == []


async def test_who_leaves_says_what_could_not_be_mended() -> None:
    async with ward() as kept:
        hand = Surgeon(lambda: kept.view)
        await hand.cut(N1, N2)
        kept.refusing = "n2"
        await hand.stop()
        assert len(hand.left) == 1
        assert "the link between n1 and n2 is still cut" in hand.left[0]


async def test_processes_of_others_are_left_alone() -> None:
    hand = Surgeon(ClusterView)
    for act in (hand.kill, hand.restart, hand.pause):
        with pytest.raises(LabError, match="no process of ours"):
            await act(N1)
