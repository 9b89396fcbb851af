"""`/command` and `/fault`: what an operator can tell a node to do.

Decides what an order must look like. Ignores what follows from it.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from cluster.api.backend import Backend, Direction
from cluster.api.messages import HttpError, HttpResponse, json_response
from cluster.model.fault import DELAY_MS_MAX
from cluster.model.member import Address, NodeId
from cluster.protocol.inputs import DrainCommand, JoinCommand, LeaveCommand, TransferCommand
from cluster.protocol.messages import Refusal

RESOLVE_S: Final = 2.0

_Order = TypeVar("_Order")


class _Join(Struct, frozen=True, tag="join", tag_field="command", forbid_unknown_fields=True):
    address: Annotated[str, Meta(min_length=1, max_length=256)]


class _Leave(Struct, frozen=True, tag="leave", tag_field="command", forbid_unknown_fields=True):
    pass


class _Drain(Struct, frozen=True, tag="drain", tag_field="command", forbid_unknown_fields=True):
    pass


class _Undrain(Struct, frozen=True, tag="undrain", tag_field="command", forbid_unknown_fields=True):
    pass


class _Transfer(
    Struct, frozen=True, tag="transfer", tag_field="command", forbid_unknown_fields=True
):
    partition: Annotated[int, Meta(ge=0, le=65_535)]
    do: Literal["cancel", "resume"]


_Peer = Annotated[str, Meta(min_length=1, max_length=64)]


class _Fault(Struct, frozen=True, forbid_unknown_fields=True):
    kind: Literal["cut", "loss", "delay", "heal"]
    peers: Annotated[tuple[_Peer, ...], Meta(max_length=256)] = ()
    direction: Direction = "both"
    fraction: Annotated[float, Meta(ge=0, le=1)] = 0.0
    delay_ms: Annotated[int, Meta(ge=0, le=DELAY_MS_MAX)] = 0


_Command = _Join | _Leave | _Drain | _Undrain | _Transfer
_commands: msgspec.json.Decoder[_Command] = msgspec.json.Decoder(_Command)
_faults = msgspec.json.Decoder(_Fault)


async def command(backend: Backend, body: bytes) -> HttpResponse:
    """Perform `{"command": "join", "address": ...}`, `leave`, `drain`, `undrain`, or

    `{"command": "transfer", "partition": 17, "do": "cancel"}` (or `"resume"`).
    """
    order = _decoded(_commands, body)
    match order:
        case _Join():
            response = await backend.request(JoinCommand(await _resolved(order.address)))
        case _Leave():
            response = await backend.request(LeaveCommand())
        case _Drain() | _Undrain():
            response = await backend.request(DrainCommand(on=isinstance(order, _Drain)))
        case _Transfer():
            response = await backend.request(TransferCommand(order.partition, order.do))
    if isinstance(response, Refusal):
        raise HttpError(response.status, response.error, response.detail)
    return json_response({"done": True})


def fault(backend: Backend, body: bytes) -> HttpResponse:
    """Perform `{"kind": "cut", "peers": ["n2"], "direction": "both"}` and the like."""
    if not backend.config.faults_allowed:
        raise HttpError(403, "faults not allowed", "start the node with --allow-faults")
    order = _decoded(_faults, body)
    peers = tuple(NodeId(peer) for peer in order.peers)
    if backend.name in peers:
        raise HttpError(400, "bad peer", f"{backend.name} is this node itself")
    try:
        in_force = backend.fault(order.kind, peers, order.direction, order.fraction, order.delay_ms)
    except ValueError as error:
        raise HttpError(400, "bad fault", str(error)) from None
    return json_response({"in_force": in_force})


def _decoded(decoder: msgspec.json.Decoder[_Order], body: bytes) -> _Order:
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise HttpError(400, "bad order", str(error)) from None


async def _resolved(address: str) -> Address:
    host, colon, digits = address.rpartition(":")
    port_fits = digits.isascii() and digits.isdigit() and len(digits) <= 5
    if not colon or not host or not port_fits or not 0 < int(digits) < 65_536:
        raise HttpError(400, "bad address", "write it as HOST:PORT")
    host = host.removeprefix("[").removesuffix("]")
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_S):
            found = await loop.getaddrinfo(host, int(digits), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        raise HttpError(400, "bad address", f"nobody knows a host {host[:64]!r}") from None
    numeric = str(found[0][4][0])
    return Address(f"[{numeric}]:{digits}" if ":" in numeric else f"{numeric}:{digits}")
