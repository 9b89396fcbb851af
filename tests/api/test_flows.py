"""Pipelines over HTTP: declared as JSON, shown as JSON, stopped by name."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cluster.model.flow.pipeline import FlowEntry, FlowSpec, StageRow, StageSpec
from cluster.model.member import NodeId
from cluster.protocol.effects import FlowRoll, Response
from cluster.protocol.inputs import FlowCommand, FlowQuery, FlowStop, Request
from cluster.protocol.messages import Refusal
from tests.api.desk import Desk, exchange, http, parse, window

N1, N2 = NodeId("n1"), NodeId("n2")
BODY = (
    b'{"name":"quiz","way":"shed","queue_max":64,"stages":['
    b'{"name":"answers","kind":"producer","node":"n1","rate_per_s":1000},'
    b'{"name":"grade","kind":"consumer","node":"n2","cost_us":5000}]}'
)
SPEC = FlowSpec(
    "quiz",
    "shed",
    (
        StageSpec("answers", "producer", N1, rate_per_s=1_000),
        StageSpec("grade", "consumer", N2, cost_us=5_000),
    ),
    queue_max=64,
)


async def ask(desk: Desk, answer: Response, sent: bytes) -> tuple[int, Any]:
    def say(_request: Request) -> Response:
        return answer

    desk.answer = say
    async with window(desk) as address:
        status, _, said = parse(await exchange(address, sent))
    return status, msgspec.json.decode(said)


async def test_a_post_declares_the_pipeline_that_its_json_says() -> None:
    desk = Desk()
    assert await ask(desk, None, http("POST", "/flows", BODY)) == (200, {"done": True})
    assert desk.asked == [FlowCommand(SPEC)]


async def test_a_delete_stops_it() -> None:
    desk = Desk()
    assert await ask(desk, None, http("DELETE", "/flows/quiz")) == (200, {"done": True})
    assert desk.asked == [FlowStop("quiz")]


async def test_a_get_shows_pipelines_and_the_stages_of_this_node() -> None:
    desk = Desk()
    row = StageRow("answers", 0, "producer", 3, 5, 64, 10, 7, 1, 0, waiting=2)
    roll = FlowRoll((FlowEntry(SPEC, 17, N2, stopped=False),), (("quiz", row),))
    status, said = await ask(desk, roll, http("GET", "/flows"))
    assert status == 200
    assert desk.asked == [FlowQuery()]
    (flow,) = said["flows"]
    assert (flow["name"], flow["way"], flow["by"], flow["stopped"]) == ("quiz", "shed", "n2", False)
    assert (flow["max_demand"], flow["min_demand"]) == (1_000, 500)
    assert flow["stages"][1]["cost_us"] == 5_000
    (stage,) = said["stages"]
    assert (stage["flow"], stage["stage"], stage["queue"], stage["waiting"]) == (
        "quiz",
        "answers",
        3,
        2,
    )


async def test_a_refusal_says_why() -> None:
    refused = Refusal(409, "flow runs", "stop quiz first")
    status, said = await ask(Desk(), refused, http("POST", "/flows", BODY))
    assert (status, said) == (409, {"error": "flow runs", "detail": "stop quiz first"})


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/flows", b"{}", 400),
        ("POST", "/flows", b"nonsense", 400),
        ("POST", "/flows", b"\xff", 400),
        ("POST", "/flows", BODY.replace(b'"shed"', b'"magic"'), 400),
        ("POST", "/flows", BODY.replace(b'"queue_max"', b'"queue"'), 400),
        ("POST", "/flows", BODY.replace(b'"cost_us":5000', b'"cost_us":-1'), 400),
        ("POST", "/flows", BODY.replace(b'"quiz"', b'"../quiz"'), 400),
        ("POST", "/flows/quiz", BODY, 405),
        ("PUT", "/flows", BODY, 405),
        ("DELETE", "/flows", b"", 405),
        ("DELETE", "/flows/", b"", 400),
        ("DELETE", "/flows/" + "x" * 33, b"", 400),
        ("DELETE", "/flows/a%0A", b"", 400),
        ("GET", "/flows?x=1", b"", 400),
    ],
)
async def test_what_makes_no_sense_is_refused_before_the_node_hears_of_it(
    method: str, path: str, body: bytes, status: int
) -> None:
    desk = Desk()
    got, said = await ask(desk, None, http(method, path, body))
    assert got == status
    assert said["error"]
    assert desk.asked == []
