"""A pipeline over three real nodes under five times what it can do, in three ways, as facts tell it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from cluster.api.operator import WindowClient
from cluster.config import SECOND
from cluster.model.flow.pipeline import Way
from cluster.model.member import Address
from tests.real.stage import Stage
from tui.view import FlowStage

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("real")]

COST_US = 5_000
RATE = 5 * SECOND // COST_US
BOUND = 100
LASTING_US = 4 * SECOND


def spec(way: Way) -> bytes:
    return json.dumps(
        {
            "name": way,
            "way": way,
            "stages": [
                {"name": "answers", "kind": "producer", "node": "n1", "rate_per_s": RATE},
                {"name": "grade", "kind": "relay", "node": "n2", "cost_us": COST_US},
                {"name": "store", "kind": "consumer", "node": "n3"},
            ],
            "max_demand": BOUND,
            "queue_max": BOUND,
            "lasting_us": LASTING_US,
        }
    ).encode()


class Flooded:
    """One pipeline as it is seen: folded from what its three nodes report."""

    def __init__(self, on: Stage, way: Way) -> None:
        self.on = on
        self.way = way

    def stages(self) -> dict[int, FlowStage]:
        flow = self.on.view.flows.get(self.way)
        return flow.stages if flow is not None else {}

    def over(self) -> bool:
        """All that arrived has been refused or has come out, and this is said by all three."""
        rows = [stage.row for stage in self.stages().values()]
        if len(rows) < 3 or any(row.queue or row.waiting for row in rows):
            return False
        arrived = rows[0].entered + rows[0].refused
        settled = rows[2].left + sum(row.refused for row in rows)
        return arrived == LASTING_US * RATE // SECOND and settled == arrived

    def ended(self) -> bool:
        return all(stage.ended for stage in self.stages().values())

    def lengths(self, index: int) -> list[int]:
        return [depth.queue for depth in self.stages()[index].history]

    def waiting(self) -> list[int]:
        return [depth.waiting for depth in self.stages()[0].history]


@asynccontextmanager
async def flooded(way: Way) -> AsyncGenerator[Flooded]:
    """Such a pipeline on three nodes, when its flood is over and everything has come out."""
    on = Stage(3)
    try:
        await on.start()
        flood = Flooded(on, way)
        doors = on.view.nodes
        address = next(n.window for n in doors.values() if n.name == "n2")
        async with WindowClient(Address(address)) as client:
            declared = await client.send("POST", "/flows", body=spec(way))
            assert declared.status == 200, declared.body
            await on.until(flood.over, f"the flood is over ({way})", 60)
            shown = (await client.send("GET", "/flows")).json()
            assert [(s["flow"], s["stage"]) for s in shown["stages"]] == [(way, "grade")]
            yield flood
            assert (await client.send("DELETE", f"/flows/{way}")).status == 200
        await on.until(flood.ended, "it has stopped everywhere")
    finally:
        await on.close()


async def test_without_a_bound_the_queue_grows_for_as_long_as_the_flood_lasts() -> None:
    async with flooded("unbounded") as flood:
        # 4 s of a thousand a second, of which 200 can be done; a loaded machine may do less.
        assert max(flood.lengths(1)) > 2_500
        assert flood.stages()[2].row.left == LASTING_US * RATE // SECOND


async def test_a_stage_that_sheds_stays_within_its_bound_and_refuses_the_rest() -> None:
    async with flooded("shed") as flood:
        assert BOUND // 2 < max(flood.lengths(1)) <= BOUND
        assert flood.stages()[1].row.refused > 2_000


async def test_stages_that_ask_hold_what_they_asked_for_and_the_source_waits() -> None:
    async with flooded("demand") as flood:
        for index in range(3):
            assert max(flood.lengths(index)) <= BOUND
        assert sum(stage.row.refused for stage in flood.stages().values()) == 0
        assert max(flood.waiting()) > 2_500
        assert flood.stages()[2].row.left == LASTING_US * RATE // SECOND
