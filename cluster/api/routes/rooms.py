"""`/rooms`: speaking to a room wherever it runs, and who runs which.

POST /rooms/{name}            the body is the message; `?act=` call (unless told), cast, open, close;
                              with open also `behaviour` and `keep`; `again=1`: twice is as once
DELETE /rooms/{name}          closes it and forgets its state
GET /rooms/{name}/feed        a WebSocket: what the room publishes, wherever it runs, one text frame
                              each: `{"room", "node", "event"}`; who reads too slowly is told in
                              between how many it `missed`
GET /rooms                    all rooms of the cluster (`registry.py`)

The body of an answered call is the room's own reply. Who answered, and under which fencing token,
is in the headers. A refusal says whether it was done: 504 is "nobody knows", anything else is "no".
Ignores what rooms do and where they are.
"""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Final, Literal, get_args
from urllib.parse import unquote

import msgspec

from cluster.api.backend import Backend
from cluster.api.messages import JSON, HttpError, HttpRequest, HttpResponse, json_response
from cluster.api.routes.registry import roll_shown, token_shown
from cluster.api.topics import Audience
from cluster.model.rooms.naming import ROOM_NAME_PATTERN, Keep, room_topic
from cluster.protocol.effects import RoomsRoll
from cluster.protocol.inputs import RoomsQuery
from cluster.protocol.messages import Item, Refusal, RoomRequest, RoomResponse

ROOT: Final = "/rooms"
PREFIX: Final = "/rooms/"
FEED: Final = "/feed"
NODE: Final = "X-Masterless-Room-Node"
TOKEN: Final = "X-Masterless-Room-Token"

Act = Literal["call", "cast", "open", "close"]

_NAME: Final = re.compile(ROOM_NAME_PATTERN, re.ASCII)
_BEHAVIOUR: Final = re.compile(r"[a-z0-9_-]{1,32}\Z")
_ACTS: Final[dict[str, Act]] = {act: act for act in get_args(Act)}
_KEEPS: Final[dict[str, Keep]] = {keep: keep for keep in get_args(Keep)}
_RAW: Final = "application/octet-stream"

# A reply repeats what players typed: a browser must not take it for a page of ours.
_INERT: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
}


async def handle(backend: Backend, audience: Audience, request: HttpRequest) -> HttpResponse:
    """Answer one request for `/rooms` or under it."""
    if request.path == ROOT:
        return await _roll(backend, request)
    escaped = request.path[len(PREFIX) :]
    name = room_name(escaped.removesuffix(FEED))
    if escaped.endswith(FEED):
        _only("GET", request, "GET a room's feed")
        request.parameters()
        raise audience.connect(room_topic(name), event)
    match request.method:
        case "POST":
            asked = _asked(name, request)
        case "DELETE":
            request.parameters()
            _no_message(request, "a DELETE")
            asked = RoomRequest(name, "close")
        case _:
            allowed = {"Allow": "POST, DELETE"}
            raise HttpError(405, "method not allowed", "POST to a room, or DELETE it", allowed)
    limit = backend.config.rooms.message_bytes_max
    if len(asked.message) > limit:
        raise HttpError(413, "message too long", f"a message to a room has at most {limit} bytes")
    response = await backend.request(asked)
    match response:
        case RoomResponse():
            return _answered(asked, response)
        case Refusal(status, error, detail):
            raise HttpError(status, error, detail)
        case _:
            raise AssertionError("not an answer to RoomRequest")


def room_name(escaped: str) -> str:
    """The room that a part of a path names."""
    name = unquote(escaped)
    if not _NAME.match(name):
        wanted = "1 to 64 letters, digits, - _ . ~, not beginning with a dot: /rooms/NAME"
        raise HttpError(400, "bad room name", wanted)
    return name


def _asked(name: str, request: HttpRequest) -> RoomRequest:
    given = request.parameters("act", "behaviour", "keep", "again")
    act = _ACTS.get(given.get("act", "call"))
    if act is None:
        raise HttpError(400, "bad act", f"act is one of {', '.join(_ACTS)}")
    again = given.get("again", "0")
    if again not in ("0", "1"):
        raise HttpError(400, "bad number", "again is 1 if doing it twice is the same as once, or 0")
    if act == "close":
        _no_message(request, "close")
    if act != "open":
        for only in ("behaviour", "keep"):
            if only in given:
                detail = f"{only} is said when a room is opened: act=open"
                raise HttpError(400, "unknown parameter", detail)
    behaviour = given.get("behaviour", "quiz")
    if not _BEHAVIOUR.match(behaviour):
        raise HttpError(400, "bad behaviour", "1 to 32 lower-case letters, digits, - and _")
    keep = _KEEPS.get(given.get("keep", "checkpoint"))
    if keep is None:
        raise HttpError(400, "bad keep", f"keep is one of {', '.join(_KEEPS)}")
    return RoomRequest(name, act, request.body, behaviour, keep, again == "1")


def _only(method: str, request: HttpRequest, detail: str) -> None:
    if request.method != method:
        raise HttpError(405, "method not allowed", detail, {"Allow": method})


def _no_message(request: HttpRequest, what: str) -> None:
    if request.body:
        raise HttpError(400, "bad message", f"{what} takes no message: send no body")


def _answered(asked: RoomRequest, response: RoomResponse) -> HttpResponse:
    token = token_shown(response.token)
    headers = {NODE: response.node, TOKEN: msgspec.json.encode(token).decode(), **_INERT}
    if asked.act == "call":
        return HttpResponse(200, response.reply, _media_type(response.reply), headers)
    said: dict[str, object] = {
        "room": asked.room,
        "act": asked.act,
        "node": response.node,
        "token": token,
    }
    if asked.act == "open":
        said |= {"made": response.made, "revived": response.revived}
    status = {"open": 201 if response.made else 200, "cast": 202}.get(asked.act, 200)
    return HttpResponse(status, msgspec.json.encode(said), headers=headers)


def _media_type(reply: bytes) -> str:
    """Behaviours reply with bytes of their own; those that speak JSON are shown as JSON."""
    try:
        msgspec.json.decode(reply)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _RAW
    return JSON


async def _roll(backend: Backend, request: HttpRequest) -> HttpResponse:
    _only("GET", request, "GET /rooms, POST /rooms/NAME")
    request.parameters()
    response = await backend.request(RoomsQuery())
    match response:
        case RoomsRoll():
            return json_response(roll_shown(response))
        case Refusal(status, error, detail):
            raise HttpError(status, error, detail)
        case _:
            raise AssertionError("not an answer to RoomsQuery")


def event(item: Item) -> str:
    """What a room published, as its listeners get it."""
    said: dict[str, object] = {"room": item.topic.removeprefix(room_topic("")), "node": item.origin}
    if _media_type(item.payload) == JSON:
        said["event"] = msgspec.Raw(item.payload)
    else:
        said["base64"] = b64encode(item.payload).decode()
    return msgspec.json.encode(said).decode()
