"""Rooms over HTTP: what is passed on, what is said back, and every way to ask badly."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.api.messages import HttpError, HttpRequest
from cluster.api.routes import rooms
from cluster.api.routes.registry import digest
from cluster.api.topics import Audience
from cluster.model.member import NodeId
from cluster.model.rooms.naming import Token
from cluster.model.summary import RoomRow
from cluster.protocol.effects import Response, RoomsRoll
from cluster.protocol.inputs import Request, RoomsQuery
from cluster.protocol.messages import Item, Refusal, RoomRequest, RoomResponse
from tests.api.desk import Desk, exchange, http, parse, window
from tests.api.test_topics import heard, listener
from tests.runtime.soon import soon

N2, N3 = NodeId("n2"), NodeId("n3")
TOKEN = Token(3, N2, 1_700)
JOIN = b'{"join": {"player": "ada"}}'
CLOSED = http("POST", "/rooms/room-7?act=close")


async def ask(desk: Desk, answer: Response, sent: bytes) -> tuple[int, dict[str, str], Any]:
    def say(_request: Request) -> Response:
        return answer

    desk.answer = say
    async with window(desk) as address:
        return parse(await exchange(address, sent))


async def test_a_call_passes_the_message_on_and_gives_back_the_rooms_own_reply() -> None:
    desk = Desk()
    answer = RoomResponse(b'{"players": 3}', N2, TOKEN)
    status, headers, body = await ask(desk, answer, http("POST", "/rooms/room-7", JOIN))
    assert desk.asked == [RoomRequest("room-7", "call", JOIN)]
    assert (status, body) == (200, b'{"players": 3}')
    assert headers["content-type"] == "application/json"
    assert headers["x-masterless-room-node"] == "n2"
    token = msgspec.json.decode(headers["x-masterless-room-token"])
    assert token == {"number": 3, "node": "n2", "epoch": 1_700}
    assert headers["x-content-type-options"] == "nosniff"


async def test_a_reply_that_is_no_json_is_not_called_json() -> None:
    for reply in (b"", b"\xff\x00", b"[" * 5_000, b"<html>"):
        answer = RoomResponse(reply, N2, TOKEN)
        _, headers, body = await ask(Desk(), answer, http("POST", "/rooms/r", JOIN))
        assert (body, headers["content-type"]) == (reply, "application/octet-stream")


async def test_asking_twice_may_be_allowed() -> None:
    desk = Desk()
    sent = http("POST", "/rooms/room-7?again=1&act=call", JOIN)
    await ask(desk, RoomResponse(b"{}", N2), sent)
    assert desk.asked == [RoomRequest("room-7", "call", JOIN, again=True)]


@pytest.mark.parametrize(("made", "status"), [(True, 201), (False, 200)])
async def test_opening_says_whether_it_has_made_the_room(made: bool, status: int) -> None:
    desk = Desk()
    sent = http("POST", "/rooms/a.b~c_D?act=open&behaviour=other&keep=heir", b'{"title": "x"}')
    got = await ask(desk, RoomResponse(b"", N2, TOKEN, made=made), sent)
    wanted = RoomRequest("a.b~c_D", "open", b'{"title": "x"}', "other", "heir")
    assert desk.asked == [wanted]
    assert got[0] == status
    said = msgspec.json.decode(got[2])
    token = {"number": 3, "node": "n2", "epoch": 1_700}
    where = {"room": "a.b~c_D", "act": "open", "node": "n2", "token": token}
    assert said == {**where, "made": made, "revived": False}


async def test_a_cast_is_accepted_not_done() -> None:
    desk = Desk()
    sent = http("POST", "/rooms/room-7?act=cast", b'{"cheer": {"player": "ada"}}')
    status, _, body = await ask(desk, RoomResponse(b"", N2, TOKEN), sent)
    assert status == 202
    assert msgspec.json.decode(body)["act"] == "cast"
    assert isinstance(desk.asked[0], RoomRequest)
    assert desk.asked[0].act == "cast"


@pytest.mark.parametrize("sent", [CLOSED, http("DELETE", "/rooms/room-7")])
async def test_a_room_is_closed_by_either_way(sent: bytes) -> None:
    desk = Desk()
    status, _, body = await ask(desk, RoomResponse(b"", N2, TOKEN), sent)
    assert desk.asked == [RoomRequest("room-7", "close")]
    assert status == 200
    assert msgspec.json.decode(body)["room"] == "room-7"


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal(503, "mailbox full", "not done: 256 messages wait in room-7, try again later"),
        Refusal(504, "unknown", "nobody knows whether it was done"),
        Refusal(404, "no such room", "nobody has opened room-7"),
    ],
)
async def test_a_refusal_keeps_its_status_and_its_words(refusal: Refusal) -> None:
    status, _, body = await ask(Desk(), refusal, http("POST", "/rooms/room-7", JOIN))
    assert status == refusal.status
    assert msgspec.json.decode(body) == {"error": refusal.error, "detail": refusal.detail}


async def test_a_percent_sign_may_spell_the_name() -> None:
    desk = Desk()
    await ask(desk, RoomResponse(b"{}", N2), http("POST", "/rooms/%72oom%2D7", JOIN))
    assert desk.asked == [RoomRequest("room-7", "call", JOIN)]


BAD: list[tuple[str, bytes, int]] = [
    ("no name", http("POST", "/rooms/", JOIN), 400),
    ("a dot", http("POST", "/rooms/.x", JOIN), 400),
    ("a dot spelled", http("POST", "/rooms/%2e%2e", JOIN), 400),
    ("a slash spelled", http("POST", "/rooms/a%2Fb", JOIN), 400),
    ("a path", http("POST", "/rooms/a/b", JOIN), 400),
    ("a newline", http("POST", "/rooms/a%0A", JOIN), 400),
    ("bytes", http("POST", "/rooms/%ff", JOIN), 400),
    ("other letters", http("POST", "/rooms/r%C3%A4um", JOIN), 400),
    ("other digits", http("POST", "/rooms/%D9%A2", JOIN), 400),
    ("half an escape", http("POST", "/rooms/a%2", JOIN), 400),
    ("a long name", http("POST", "/rooms/" + "r" * 65, JOIN), 400),
    ("read a room", http("GET", "/rooms/room-7"), 405),
    ("put a room", http("PUT", "/rooms/room-7", b"{}"), 405),
    ("patch a room", http("PATCH", "/rooms/room-7", b"{}"), 405),
    ("post to all", http("POST", "/rooms", JOIN), 405),
    ("close all", http("DELETE", "/rooms"), 405),
    ("unknown act", http("POST", "/rooms/r?act=shout", JOIN), 400),
    ("no act", http("POST", "/rooms/r?act=", JOIN), 400),
    ("unknown parameter", http("POST", "/rooms/r?w=2", JOIN), 400),
    ("unknown keep", http("POST", "/rooms/r?act=open&keep=disk"), 400),
    ("keep of a call", http("POST", "/rooms/r?keep=heir", JOIN), 400),
    ("behaviour of a close", http("POST", "/rooms/r?act=close&behaviour=quiz"), 400),
    ("odd behaviour", http("POST", "/rooms/r?act=open&behaviour=Quiz"), 400),
    ("behaviour with a newline", http("POST", "/rooms/r?act=open&behaviour=quiz%0A"), 400),
    ("long behaviour", http("POST", "/rooms/r?act=open&behaviour=" + "q" * 33), 400),
    ("again and again", http("POST", "/rooms/r?again=2", JOIN), 400),
    ("close with words", http("POST", "/rooms/r?act=close", JOIN), 400),
    ("delete with words", http("DELETE", "/rooms/r", JOIN), 400),
    ("delete with an act", http("DELETE", "/rooms/r?act=close"), 400),
    ("watch by post", http("POST", "/rooms/r/feed", JOIN), 405),
    ("watch without a WebSocket", http("GET", "/rooms/r/feed"), 426),
    ("watch a part", http("GET", "/rooms/r/feed?since=1"), 400),
    ("watch nothing", http("GET", "/rooms//feed"), 400),
    ("watch more", http("GET", "/rooms/r/feed/"), 400),
    ("watch a feed's feed", http("GET", "/rooms/r/feed/feed"), 400),
    ("ask a part of all", http("GET", "/rooms?node=n1"), 400),
    ("message too long", http("POST", "/rooms/r", b"x" * 16_385), 413),
    ("argument too long", http("POST", "/rooms/r?act=open", b"x" * 16_385), 413),
]


@pytest.mark.parametrize(("sent", "status"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
async def test_a_bad_request_is_refused_in_one_shape_and_reaches_no_node(
    sent: bytes, status: int
) -> None:
    desk = Desk()
    got, headers, body = await ask(desk, RoomResponse(b"{}", N2), sent)
    assert got == status
    assert sorted(msgspec.json.decode(body)) == ["detail", "error"]
    assert ("allow" in headers) == (status == 405)
    assert desk.listening == []
    assert desk.asked == []


async def test_the_longest_message_is_taken() -> None:
    desk = Desk()
    sent = http("POST", "/rooms/r", b"x" * 16_384)
    assert (await ask(desk, RoomResponse(b"{}", N2), sent))[0] == 200


@settings(derandomize=True, max_examples=300)
@given(st.text(alphabet="ab.%/~ 0\n2ä", max_size=70))
def test_a_name_is_taken_whole_or_refused(name: str) -> None:
    try:
        taken = rooms.room_name(name)
    except HttpError:
        return
    assert 0 < len(taken) <= 64
    assert set(taken) <= set("ab.~02")
    assert taken[0] != "."


@settings(derandomize=True, max_examples=200)
@given(st.text(max_size=40), st.sampled_from(["POST", "DELETE"]), st.binary(max_size=20))
async def test_whatever_the_query_is_the_answer_is_an_answer(
    query: str, method: str, body: bytes
) -> None:
    desk = Desk()
    desk.answer = lambda _request: RoomResponse(b"{}", N2)
    try:
        answer = await rooms.handle(
            desk, Audience(desk), HttpRequest(method, "/rooms/r", query, {}, body)
        )
        status = answer.status
    except HttpError as error:
        status = error.status
    assert status in ((200, 201, 202) if desk.asked else (400,))


# --- what a room tells -------------------------------------------------------------------------


def told(payload: bytes, room: str = "room-7") -> Item:
    return Item(f"room/{room}", N3, 1, 5, payload, 2)


async def test_a_feed_tells_what_the_room_publishes_wherever_it_runs() -> None:
    desk = Desk()
    async with (
        window(desk) as address,
        listener(address, "/rooms/room-7/feed") as feed,
        listener(address, "/topics/room%2Froom-7") as topic,
    ):
        for payload in (b'{"closed": {"number": 4}}', b"\xff", b""):
            desk.listeners.hand(told(payload), 0)
        desk.listeners.hand(told(b'"not mine"', "room-8"), 0)
        assert await heard(feed) == {
            "room": "room-7",
            "node": "n3",
            "event": {"closed": {"number": 4}},
        }
        assert await heard(feed) == {"room": "room-7", "node": "n3", "base64": "/w=="}
        assert await heard(feed) == {"room": "room-7", "node": "n3", "base64": ""}
        # The same messages, as anybody hears them who listens to the topic itself.
        assert (await heard(topic))["payload"] == '{"closed": {"number": 4}}'
    await soon(lambda: sorted(desk.listening) == [("room/room-7", 0), ("room/room-7", 1)])


# --- who runs what -----------------------------------------------------------------------------

ROWS = (
    (N2, RoomRow("room-1", "quiz", TOKEN, "serving", 120, 2, 99)),
    (N3, RoomRow("room-2", "quiz", Token(1, N3, 5), "moving", 7, 0, 98, N2)),
)


async def test_all_rooms_are_shown_with_their_nodes_and_tokens() -> None:
    desk = Desk()
    status, _, body = await ask(
        desk, RoomsRoll(ROWS, (NodeId("n4"),), (NodeId("n5"),)), http("GET", "/rooms")
    )
    assert desk.asked == [RoomsQuery()]
    assert status == 200
    said = msgspec.json.decode(body)
    assert (said["silent"], said["unasked"], said["removed"]) == (["n4"], ["n5"], [])
    assert said["digest"] == digest(ROWS)
    assert said["rooms"] == [
        {
            "room": "room-1",
            "node": "n2",
            "behaviour": "quiz",
            "token": {"number": 3, "node": "n2", "epoch": 1_700},
            "state": "serving",
            "bytes": 120,
            "queue": 2,
            "since": 99,
            "to": "",
            "keep": "",
            "blocked": False,
        },
        {
            "room": "room-2",
            "node": "n3",
            "behaviour": "quiz",
            "token": {"number": 1, "node": "n3", "epoch": 5},
            "state": "moving",
            "bytes": 7,
            "queue": 0,
            "since": 98,
            "to": "n2",
            "keep": "",
            "blocked": False,
        },
    ]


async def test_an_architecture_without_rooms_says_so() -> None:
    refusal = Refusal(409, "no rooms", "rooms need nodes that merge")
    status, _, body = await ask(Desk(), refusal, http("GET", "/rooms"))
    assert (status, msgspec.json.decode(body)["error"]) == (409, "no rooms")


def test_the_digest_is_of_names_nodes_and_tokens_in_any_order_and_nothing_else() -> None:
    first, second = ROWS
    assert digest(ROWS) == digest((second, first))
    busier = (N2, msgspec.structs.replace(first[1], queue=9, bytes=1, state="starting", since=0))
    assert digest((busier, second)) == digest(ROWS)
    newer = (N2, msgspec.structs.replace(first[1], token=Token(4, N2, 1_700)))
    moved = (N3, first[1])
    renamed = (N2, msgspec.structs.replace(first[1], room="room-3"))
    for changed in ((newer, second), (moved, second), (renamed, second), (second,), ()):
        assert digest(changed) != digest(ROWS)
