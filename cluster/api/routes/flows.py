"""`/flows`: declaring pipelines, stopping them, and how their stages at this node stand.

POST /flows            the body declares one (`cluster.model.flow.pipeline.FlowSpec`, by its names)
DELETE /flows/{name}   stops it, everywhere
GET /flows             all pipelines this node knows of, and the stages of them that run here; ask
                       the other nodes for theirs, or read it from anybody's facts

Ignores how stages talk. The names in the answers are a promise to scripts.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from cluster.api.backend import Backend
from cluster.api.messages import HttpError, HttpRequest, HttpResponse, json_response
from cluster.model.flow.pipeline import FLOW_NAME_PATTERN, FlowEntry, FlowSpec
from cluster.protocol.effects import FlowRoll
from cluster.protocol.inputs import FlowCommand, FlowQuery, FlowRequest, FlowStop
from cluster.protocol.messages import Refusal

ROOT: Final = "/flows"
PREFIX: Final = "/flows/"

_NAME: Final = re.compile(FLOW_NAME_PATTERN, re.ASCII)
_spec: Final = msgspec.json.Decoder(FlowSpec)


class FlowsShown(Struct, frozen=True):
    """What `GET /flows` says."""

    node: str
    flows: list[dict[str, object]]
    """As they were declared, with `by`, `version`, `stopped`, and `min_demand` as a number."""
    stages: list[dict[str, object]]
    """Those that run at this node: `flow` and the fields of a `StageRow`."""


async def handle(backend: Backend, request: HttpRequest) -> HttpResponse:
    """Answer one request for `/flows` or under it."""
    request.parameters()
    if request.path != ROOT:
        if request.method != "DELETE":
            allowed = {"Allow": "DELETE"}
            raise HttpError(405, "method not allowed", "DELETE a pipeline to stop it", allowed)
        name = request.path[len(PREFIX) :]
        if not _NAME.match(name):
            detail = "a pipeline's name is 1 to 32 of A-Z a-z 0-9 _ . - and begins with no dot"
            raise HttpError(400, "bad name", detail)
        await _asked(backend, FlowStop(name))
        return json_response({"done": True})
    match request.method:
        case "GET":
            return json_response(_shown(backend, await _asked(backend, FlowQuery())))
        case "POST":
            await _asked(backend, FlowCommand(_declared(request.body)))
            return json_response({"done": True})
        case _:
            allowed = {"Allow": "GET, POST"}
            raise HttpError(405, "method not allowed", "GET /flows, or POST a pipeline", allowed)


def _declared(body: bytes) -> FlowSpec:
    try:
        return _spec.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise HttpError(400, "bad flow", str(error)) from None


async def _asked(backend: Backend, request: FlowRequest) -> FlowRoll | None:
    response = await backend.request(request)
    match response:
        case FlowRoll() | None:
            return response
        case Refusal(status, error, detail):
            raise HttpError(status, error, detail)
        case _:
            raise AssertionError("not an answer about pipelines")


def _shown(backend: Backend, roll: FlowRoll | None) -> FlowsShown:
    assert roll is not None
    return FlowsShown(
        node=backend.name,
        flows=[_flow(entry) for entry in roll.entries],
        stages=[{"flow": flow, **asdict(row)} for flow, row in roll.rows],
    )


def _flow(entry: FlowEntry) -> dict[str, object]:
    spec = entry.spec
    said = {"by": entry.by, "version": entry.version, "stopped": entry.stopped}
    return {
        **asdict(spec),
        "min_demand": spec.low,
        "stages": [asdict(stage) for stage in spec.stages],
        **said,
    }
