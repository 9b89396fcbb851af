"""How looking begins and goes on: a first place that is gone by then, and memory between looks."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from cluster.model.member import MemberState, NodeId
from cluster.model.summary import Telling
from tui.driving.options import Options, stage_of
from tui.fold import fold
from tui.judge.verdict import verdict
from tui.sources.foreign import watching
from tui.sources.foreign.erlang.mesh import Listing, Mesh
from tui.sources.foreign.seen import Look, Row
from tui.sources.foreign.watching import Engine, ForeignSource, Hear, beside, looks
from tui.view import ClusterView

A, B, C = (NodeId(f"{name}@h") for name in "abc")
TELLING = Telling("Erlang", 250_000, ("memory",), suspects=False)
SECOND = 1_000_000


class Scripted:
    """An engine whose first look finds three nodes linked, and all later ones `a` by itself."""

    def __init__(self, rest: str, _hear: Hear) -> None:
        self.places = rest.split(",")
        self.mesh = Mesh([A])
        self.looked = 0
        self.trouble = "" if "alive" in self.places else "nobody answers at dead"

    async def look(self, every_us: int) -> Look:
        """What its script says."""
        self.looked += 1
        at = self.looked * SECOND
        if self.trouble:
            return Look(at, every_us, {}, {NodeId("dead"): self.trouble}, TELLING)
        whole = self.looked == 1
        listing = {A: Listing(frozenset({B, C}) if whole else frozenset())}
        rows = {
            name: Row(name, held) for name, held in self.mesh.opinions(listing, at / SECOND).items()
        }
        return Look(at, every_us, rows, {}, TELLING)

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """`scripted://` beside the others; looks follow at once."""
    monkeypatch.setitem(watching.ENGINES, "scripted", Engine("scripted", "PLACE", Scripted))
    monkeypatch.setattr(watching, "LOOKS_S", 0.0)


async def test_a_first_place_that_is_gone_is_said_and_the_others_found_there_are_tried() -> None:
    named = ForeignSource("scripted://dead")
    assert await named.look() == []
    options = Options(stage="waiting for scripted://dead…", trouble=lambda: named.trouble)
    assert stage_of(options, ClusterView()) == "nobody answers at dead; trying again…"
    source = ForeignSource("scripted://dead", also=("dead", "alive"))
    assert fold(ClusterView(), await source.look()).nodes.keys() == {A, B, C}


def test_places_that_were_found_stand_beside_the_named_ones_before_what_is_asked_for() -> None:
    found = ("10.0.0.1:7001", "10.0.0.2:7001")
    assert (
        beside("rediss://u:p@10.0.0.1:7001?ssl_ca_certs=ca.pem", found)
        == "rediss://u:p@10.0.0.1:7001,10.0.0.2:7001?ssl_ca_certs=ca.pem"
    )
    assert beside("redis://10.0.0.1:7001", found[:1]) == "redis://10.0.0.1:7001"


async def test_who_looks_on_remembers_whom_a_lone_node_lost() -> None:
    async with asyncio.timeout(60), aclosing(looks("scripted://alive")) as seen:
        first, _, _ = await anext(seen)
        assert first.nodes[A].beliefs[B].state is MemberState.ALIVE
        later, _, _ = await anext(seen)
    assert {b: held.state for b, held in later.nodes[A].beliefs.items()} == {
        B: MemberState.DEAD,
        C: MemberState.DEAD,
    }
    assert "alone" not in verdict(later, 2 * SECOND).text
    assert "nobody" not in verdict(later, 2 * SECOND).text
