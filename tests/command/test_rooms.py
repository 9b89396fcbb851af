"""`rooms` and `room`: what is said of a roll, and what a whole cluster in virtual time says."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from cluster.api.routes.registry import roll_shown
from cluster.model.member import NodeId
from cluster.model.rooms.naming import ROOM_NAME_PATTERN, Token
from cluster.model.summary import RoomRow, RoomState
from cluster.protocol.effects import RoomsRoll
from tests.command.test_calls import run
from tui.command.arguments import ROOM_NAME
from tui.command.rooms import ROOM_ENDS
from tui.text.rooms import (
    Rooms,
    Spoken,
    roll_from,
    rooms,
    rooms_text,
    spoken_json,
    spoken_note,
    stranger,
    twice,
)
from tui.text.status import to_json

N1, N2, N10 = NodeId("n1"), NodeId("n2"), NodeId("n10")
Place = tuple[NodeId, RoomRow]


def place(
    name: str, node: NodeId = N1, state: RoomState = "serving", queue: int = 0, to: str = ""
) -> Place:
    return node, RoomRow(name, "quiz", Token(3, node, 1), state, 100, queue, 7, NodeId(to))


def judged(*places: Place, silent: tuple[NodeId, ...] = ()) -> Rooms:
    return rooms(roll_shown(RoomsRoll(places, silent)))


def missing(*places: Place, dead: tuple[NodeId, ...], removed: tuple[NodeId, ...] = ()) -> Rooms:
    return rooms(roll_shown(RoomsRoll(places, (), dead, removed)))


def test_no_room_is_fine_and_said() -> None:
    said = judged()
    assert (said.sentence, said.fine) == ("No room is open.", True)
    assert rooms_text(said) == ["No room is open."]


def test_many_rooms_that_run_once_are_one_sentence() -> None:
    places = [place(f"room-{i:04}", (N1, N2)[i % 2]) for i in range(1_000)]
    said = judged(*places)
    assert said.sentence == "1,000 rooms on 2 nodes, each runs once."
    assert said.fine
    assert [(node.node, node.rooms, node.serving) for node in said.nodes] == [
        ("n1", 500, 500),
        ("n2", 500, 500),
    ]


def test_a_name_that_runs_twice_is_not_fine() -> None:
    said = judged(place("a"), place("b", N1), place("b", N2))
    assert said.sentence == "2 rooms on 2 nodes, b runs TWICE."
    assert (said.fine, said.twice, said.names) == (False, ["b"], 2)


def test_a_room_that_moves_is_on_two_lists_and_runs_once() -> None:
    said = judged(place("b", N1, "moving", to="n2"), place("b", N2, "starting"))
    assert said.sentence == "1 room on 2 nodes, 1 starts or moves just now."
    assert said.fine
    assert "moving to n2" in "\n".join(rooms_text(said))


def test_a_name_that_somebody_asks_for_is_no_room_yet() -> None:
    asked = (N2, RoomRow("typo", "", Token(), "starting", 0, 1, 7))
    said = judged(place("a"), asked)
    assert (said.sentence, said.names) == ("1 room on 1 node, it runs once.", 1)
    assert [row.room for row in said.rooms] == ["a", "typo"]


def test_what_ran_twice_for_a_moment_only_is_not_twice() -> None:
    roll = roll_shown(RoomsRoll((place("b", N1), place("b", N2)), ()))
    assert twice(roll) == ["b"]
    assert rooms(roll, doubled=[]).fine


def test_rooms_that_were_given_up_are_named_and_many_are_counted() -> None:
    one = judged(place("a"), place("b", N2, "failed"))
    assert one.sentence == "2 rooms on 1 node, b was given up after too many crashes."
    assert (one.fine, one.failed) == (False, ["b"])
    many = judged(*(place(name, N1, "failed") for name in "abcd"))
    assert many.sentence == "4 rooms, 4 rooms were given up after too many crashes."


def test_a_node_that_did_not_answer_may_have_rooms() -> None:
    said = judged(place("a"), silent=(N2, N10))
    wanted = "1 room on 1 node, it runs once; n2 n10 did not answer, so rooms may be missing here."
    assert said.sentence == wanted
    assert not said.fine


def test_who_is_believed_dead_may_run_rooms_on_the_other_side_of_a_split() -> None:
    said = missing(place("a"), place("b", N2), dead=(NodeId("n3"), NodeId("n4")))
    assert said.sentence == (
        "2 rooms on 2 nodes, each runs once there; "
        "n3 and n4 cannot be asked: what they run is unknown here."
    )
    assert (said.fine, said.unasked) == (False, ["n3", "n4"])
    alone = missing(dead=(N2,)).sentence
    assert alone == "No room is known of, n2 cannot be asked: what it runs is unknown here."


def test_who_was_removed_is_mentioned_and_no_fault() -> None:
    said = missing(place("a"), dead=(), removed=(N2,))
    assert said.sentence == "1 room on 1 node, it runs once; n2 was removed and not asked."
    assert (said.fine, said.removed) == (True, ["n2"])


def test_the_table_has_a_row_for_each_node_in_order_and_for_each_room() -> None:
    said = judged(place("a", N10, queue=2), place("b", N2, queue=5), place("c", N2, queue=1))
    assert rooms_text(said) == [
        "3 rooms on 2 nodes, each runs once.",
        "node  rooms  serving  starting  moving  failed  queued  longest  bytes",
        "n2    2      2        0         0       0       6       5        200",
        "n10   1      1        0         0       0       2       2        100",
        "",
        "room  node  token     keep  state    queue  bytes",
        "a     n10   3 of n10  -     serving  2      100",
        "b     n2    3 of n2   -     serving  5      100",
        "c     n2    3 of n2   -     serving  1      100",
        f"registry {said.digest}: the same on every node that knows the same",
    ]


def test_one_nodes_rooms_are_listed_and_all_are_judged() -> None:
    roll = roll_shown(RoomsRoll((place("a", N1), place("b", N1), place("b", N2)), ()))
    said = rooms(roll, node="n1")
    assert [row.room for row in said.rooms] == ["a", "b"]
    assert (said.twice, said.names, len(said.nodes)) == (["b"], 2, 1)


def test_a_node_without_rooms_has_a_row_and_one_that_is_none_is_refused_with_those_there_are() -> (
    None
):
    roll = roll_shown(RoomsRoll((place("a", N1),), (), (NodeId("n3"),), (), (N1, N2)))
    assert [(node.node, node.rooms) for node in rooms(roll).nodes] == [("n1", 1), ("n2", 0)]
    assert stranger(roll, "n2") == ""
    assert stranger(roll, "n99") == "n99 is no member; there are n1 n2"
    assert stranger(roll, "n3") == "n3 cannot be asked: it is believed dead"


def test_a_room_that_can_write_nothing_is_said_to_wait_for_disks() -> None:
    node, row = place("a")
    said = judged((node, replace(row, keep="checkpoint", blocked=True)), place("b"))
    assert said.sentence == "2 rooms on 1 node, a waits for disks that cannot be reached."
    assert (said.fine, said.blocked) == (False, ["a"])
    assert "a     n1    3 of n1  checkpoint  serving, waits for disks" in "\n".join(
        rooms_text(said)
    )


def test_the_document_has_the_promised_names() -> None:
    said = json.loads(to_json(judged(place("a"))))
    assert set(said) == {
        "sentence",
        "fine",
        "names",
        "twice",
        "failed",
        "blocked",
        "silent",
        "unasked",
        "removed",
        "nodes",
        "rooms",
        "digest",
    }
    assert set(said["nodes"][0]) >= {"node", "rooms", "serving", "queued", "longest", "bytes"}
    assert set(said["rooms"][0]) >= {"room", "node", "token", "state", "queue", "bytes"}


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"rooms": [1]}', b"\xff"])
def test_what_is_no_roll_is_none(body: bytes) -> None:
    assert roll_from(body) is None


TOKEN = '{"number":3,"node":"n2","epoch":1}'


def test_the_note_says_who_answered_under_which_token() -> None:
    call = Spoken("r", "call", 200, "n2", TOKEN, b'{"players":3}')
    assert spoken_note(call) == "r on n2 answered (token 3 of n2)"
    made = replace(call, act="open", status=201)
    assert spoken_note(made) == "r on n2 is open (token 3 of n2)"
    assert "already" in spoken_note(replace(call, act="open"))
    again = replace(call, act="open", body=b'{"made":false,"revived":true}')
    assert (
        spoken_note(again) == "r on n2 was given up after crashes, and runs again (token 3 of n2)"
    )
    assert "forgotten" in spoken_note(replace(call, act="close"))
    assert "nobody knows" in spoken_note(replace(call, act="cast", status=202))


@pytest.mark.parametrize(
    ("body", "reply"), [(b'{"players":3}', {"players": 3}), (b"\xff", "\\xff")]
)
def test_the_answer_as_a_document(body: bytes, reply: object) -> None:
    said = json.loads(spoken_json(Spoken("r", "call", 200, "n2", TOKEN, body)))
    token = {"number": 3, "node": "n2", "epoch": 1}
    assert said == {
        "room": "r",
        "act": "call",
        "status": 200,
        "node": "n2",
        "token": token,
        "reply": reply,
    }


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["room", "1", "r", "shout"], 2, "invalid choice: 'shout'"),
        (["room", "1", "r", "cast"], 2, "tell the room what?"),
        (["room", "1", "r", "close", "{}"], 2, "close takes no message"),
        (["room", "1", "r", "call", "{}", "--keep", "heir"], 2, "when a room is opened"),
        (["room", "1", "r", "open", "{}", "--keep", "disk"], 2, "invalid choice: 'disk'"),
        (["room", "1"], 2, "NAME"),
        (["room", "1", ".."], 2, "'..' is not a room's name"),
        (["room", "1", "a/b"], 2, "is not a room's name"),
        (["room", "1", "r" * 65], 2, "is not a room's name"),
        (["room", "1", "r\n"], 2, "is not a room's name"),
        (["room", "1", "r"], 3, "no node answers at 127.0.0.1:1"),
        (["rooms", "1"], 3, "no node answers at 127.0.0.1:1"),
        (["rooms"], 2, "ADDRESS"),
    ],
)
def test_a_wrong_call_is_one_sentence(words: list[str], code: int, sentence: str) -> None:
    ran = run(*words)
    assert ran.returncode == code
    assert sentence in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert ran.stdout == ""


def test_the_command_takes_the_names_that_the_wire_takes() -> None:
    assert ROOM_NAME == ROOM_NAME_PATTERN


def test_every_example_of_the_help_is_json_that_a_quiz_understands() -> None:
    from cluster.model.rooms.behaviour import Moment, UnknownMessageError
    from cluster.model.rooms.quiz import CrashAskedError, QuizBehaviour

    quiz = QuizBehaviour()
    at = Moment(0, "friday", "1.n1.a")
    state = quiz.init(b"{}", at).state
    spoken = 0
    for example in ROOM_ENDS.split("%(prog)s 7400 friday")[1:]:
        act, quoted, rest = example.strip().partition("'")
        if not quoted:
            continue
        message = rest.partition("'")[0].encode()
        spoken += 1
        try:
            match act.strip():
                case "open":
                    quiz.init(message, at)
                case "cast":
                    state = quiz.handle_cast(state, message, at).state
                case _:
                    state = quiz.handle_call(state, message, at).state
        except CrashAskedError:
            assert b"crash" in message
        except UnknownMessageError as error:
            raise AssertionError(message) from error
    assert spoken == 6
    assert state.score("ada") == 10
