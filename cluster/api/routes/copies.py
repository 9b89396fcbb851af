"""`GET /kv/KEY?here=1`: the copy that this node holds, with everything known about its writes.

For whoever compares copies: no other node is asked, nothing is repaired, nothing is proved. Always
200 with JSON; a node that holds nothing says so with no siblings. Ignores where the key belongs.
"""

from __future__ import annotations

from base64 import b64encode

from cluster.api.backend import Backend
from cluster.api.messages import HttpError, HttpRequest, HttpResponse, json_response
from cluster.model.rooms.naming import unpacked
from cluster.model.values.copies import CopyShown, Kind, RoomShown, SiblingShown
from cluster.model.values.typed import decode, plain, type_name
from cluster.model.versions import Sibling, replica_of
from cluster.protocol.messages import GetRequest, ReadResponse, Refusal

SHOWN_BYTES_MAX = 256
"""Of each value: an inspector shows the beginning of it, and how long it is."""


async def handle(backend: Backend, key: bytes, request: HttpRequest) -> HttpResponse:
    """Answer one request."""
    if request.parameters("here") != {"here": "1"}:
        raise HttpError(400, "bad number", "here is 1, or left out")
    response = await backend.request(GetRequest(key, here=True))
    match response:
        case ReadResponse(versions, replicas, primaries):
            siblings = tuple(map(_shown, versions.siblings))
            copy = CopyShown(replicas[0], primaries > 0, versions.context, siblings)
            return json_response(copy)
        case Refusal(status, error, detail):
            raise HttpError(status, error, detail)
        case _:
            raise AssertionError("not an answer to GetRequest")


def _shown(sibling: Sibling) -> SiblingShown:
    value = sibling.value
    state = decode(sibling)
    record = unpacked(sibling)
    room = None
    kind: Kind = "value"
    text = b64encode((value or b"")[:SHOWN_BYTES_MAX]).decode()
    if value is None:
        kind = "deleted"
    elif record is not None:
        kind = "room"
        kept = len(record.state) if record.state is not None else -1
        token = record.token
        room = RoomShown(record.behaviour, token.number, token.node, kept, record.failed)
    elif state is not None:
        kind = type_name(state)
        text = str(plain(state))[:SHOWN_BYTES_MAX]
    return SiblingShown(
        sibling.actor, sibling.counter, replica_of(sibling.actor), sibling.written_at, kind,
        sibling.content_type, len(value or b""), text, room,
    )  # fmt: skip
