"""Whatever an agent says is read or is nonsense: bytes never bring the reader down."""

from __future__ import annotations

from importlib import import_module
from random import Random
from typing import Any

import pytest

from cluster.model.member import Address, MemberState, NodeId
from tui.sources.foreign.serf.coordinates import Coordinate, round_trip_us
from tui.sources.foreign.serf.words import (
    FRAME_MAX,
    ITEMS_MAX,
    Answer,
    Conversation,
    Log,
    Members,
    NonsenseError,
    Place,
    Stats,
    overheard,
    read,
    row_of,
)

MSGPACK: Any = import_module("msgpack")
HANDSHAKE, MEMBERS, STATS, PLACE, MONITOR = range(1, 6)
N1 = NodeId("n1")


def packed(thing: object) -> bytes:
    """As an agent packs: texts and addresses are raw."""
    return MSGPACK.packb(thing, use_bin_type=False)


def header(seq: int, error: str = "") -> bytes:
    return packed({"Seq": seq, "Error": error})


def member(name: str, status: str = "alive") -> dict[str, object]:
    return {
        "Name": name,
        "Addr": bytes((127, 0, 0, 1)),
        "Port": 7946,
        "Tags": {"role": "web"},
        "Status": status,
    }


BODIES: dict[int, object] = {
    MEMBERS: {"Members": [member("n1"), member("n2", "failed"), member("n3", "left")]},
    STATS: {"agent": {"name": "n1"}, "serf": {"health_score": "2", "event_queue": "3"},
            "runtime": {"goroutines": "23"}, "tags": {}},
    PLACE: {"Ok": True, "Coord": {"Vec": [0.1] * 8, "Error": 0.1, "Adjustment": 0.0, "Height": 1e-5}},
    MONITOR: {"Log": "2026/11/22 [INFO] memberlist: Suspect n2 has failed, no acks received"},
}  # fmt: skip
WHOLE = header(HANDSHAKE) + header(MONITOR) + b"".join(
    header(seq) + packed(BODIES[seq]) for seq in (MEMBERS, STATS, PLACE, MONITOR)
)  # fmt: skip


def conversation() -> Conversation:
    talk = Conversation()
    talk.expect(HANDSHAKE, answered=False)
    for seq in (MEMBERS, STATS, PLACE):
        talk.expect(seq, answered=True)
    talk.expect(MONITOR, answered=False, streams=True)
    return talk


def understood(answers: list[Answer]) -> None:
    """All that the agent's reader makes of answers. Raises NonsenseError."""
    members, stats = Members(), Stats()
    for answer in answers:
        if answer.seq == MEMBERS:
            members = read(answer.body, Members)
        elif answer.seq == STATS:
            stats = read(answer.body, Stats)
        elif answer.seq == PLACE:
            place = read(answer.body, Place)
            round_trip_us(place.coord or Coordinate(), Coordinate([0.0] * 8))
        elif answer.seq == MONITOR and answer.body is not None:
            overheard(read(answer.body, Log).log, N1, 1)
    row = row_of(members.members, stats, Address("127.0.0.1:7373"))
    if row is not None:
        assert all(len(name) <= 64 and name.isprintable() for name in row.opinions)


def test_a_conversation_is_read_however_its_bytes_are_cut() -> None:
    for size in (1, 2, 7, 64, len(WHOLE)):
        talk = conversation()
        found: list[Answer] = []
        for start in range(0, len(WHOLE), size):
            found += talk.feed(WHOLE[start : start + size])
        assert [answer.seq for answer in found] == [
            HANDSHAKE,
            MONITOR,
            MEMBERS,
            STATS,
            PLACE,
            MONITOR,
        ]
        members, stats = read(found[2].body, Members), read(found[3].body, Stats)
        row = row_of(members.members, stats, Address("127.0.0.1:7373"))
        assert row is not None
        assert [opinion.state for opinion in row.opinions.values()] == [
            MemberState.ALIVE, MemberState.DEAD, MemberState.LEFT,
        ]  # fmt: skip
        assert row.opinions[N1].address == "127.0.0.1:7946"
        assert (row.health, dict(row.extras)["messages queued"]) == (2, "3")


NONSENSE = {
    "a list as a key": b"\x81\x90\x01",
    "lists in lists": b"\x91" * 3_000,
    "a list of four thousand million": b"\xdd\xff\xff\xff\xff",
    "a list longer than any cluster": b"\xdd" + (ITEMS_MAX + 1).to_bytes(4, "big"),
    "a map of four thousand million": b"\xdf\xff\xff\xff\xff",
    "a text of four gigabytes": b"\xdb\xff\xff\xff\xff" + bytes(FRAME_MAX),
    "a type of its own": b"\xc7\x05\x01hello",
    "a byte that means nothing": b"\xc1",
    "an answer to nothing asked": header(99),
    "no header": packed({"Log": "x"}),
    "a header that is a text": packed("HTTP/1.1 400 Bad Request"),
    "a body nine deep": header(MEMBERS) + packed([[[[[[[[[[1]]]]]]]]]]),
}


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_is_one_error(what: str) -> None:
    with pytest.raises(NonsenseError):
        conversation().feed(NONSENSE[what])


def test_what_is_not_known_is_passed_over() -> None:
    body = {
        "Members": [{**member("n1"), "Shoe": [1, {"size": 44}]}, member("n2", "new")],
        "More": 1,
    }
    (answer,) = conversation().feed(header(MEMBERS) + packed(body))
    row = row_of(read(answer.body, Members).members, Stats({"name": "n1"}), Address(""))
    assert row is not None
    assert list(row.opinions) == ["n1"], "a status that nobody knows is no belief"


def test_odd_figures_and_names_stay_harmless() -> None:
    odd = [member("a\x1b[2Jb"), member("x" * 900), {**member("n3"), "Port": -5, "Addr": b"\0" * 16}]
    (answer,) = conversation().feed(header(MEMBERS) + packed({"Members": odd}))
    stats = Stats({"name": "n1"}, {"health_score": "²", "event_queue": "9" * 5_000})
    row = row_of(read(answer.body, Members).members, stats, Address(""))
    assert row is not None
    assert list(row.opinions) == ["a?[2Jb", "x" * 64, "n3"]
    assert (row.health, row.opinions[NodeId("n3")].address) == (0, "")


def test_coordinates_tell_the_round_trip_as_serf_works_it_out() -> None:
    a = Coordinate([0.003, 0.0], height=0.0001, adjustment=0.0002)
    b = Coordinate([0.0, 0.004], height=0.0001, adjustment=-0.0001)
    assert round_trip_us(a, b) == round_trip_us(b, a) == 5_300
    far = Coordinate([0.003, 0.0], height=0.0001, adjustment=-1.0)
    assert round_trip_us(far, b) == 5_200, "adjustments never make it less than nothing"


@pytest.mark.parametrize(
    "other", [Coordinate(), Coordinate([1.0]), Coordinate([float("nan"), 0.0]), Coordinate([1e300, 0.0])]
)  # fmt: skip
def test_coordinates_that_do_not_fit_tell_nothing(other: Coordinate) -> None:
    assert round_trip_us(Coordinate([0.0, 0.0]), other) == 0


def mutated(rng: Random) -> bytes:
    """A conversation with some of it changed, cut, doubled or made up."""
    data = bytearray(WHOLE)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(6):
            case 0:
                data[at : at + 1] = bytes((rng.randrange(256),))
            case 1:
                del data[at : at + rng.randint(1, 40)]
            case 2:
                data[at:at] = rng.randbytes(rng.randint(1, 12))
            case 3:  # a length that is not true
                kind = rng.choice((0xDB, 0xDD, 0xDF, 0xDC, 0xDE, 0xC6, 0xC9, 0xDA))
                data[at : at + 1] = bytes((kind,)) + rng.randbytes(4)
            case 4:
                start = rng.randrange(len(WHOLE))
                data[at:at] = WHOLE[start : start + rng.randint(1, 60)]
            case _:
                data[:] = data[:at] or rng.randbytes(30)
    return bytes(data)


def fuzz(seed: int, count: int) -> tuple[int, int]:
    """(understood, nonsense) of so many inputs; anything else is raised, with its seed and number."""
    rng = Random(seed)
    fine = 0
    for number in range(count):
        data = mutated(rng)
        cut = rng.randrange(len(data) + 1)
        talk = conversation()
        try:
            understood([*talk.feed(data[:cut]), *talk.feed(data[cut:])])
            fine += 1
        except NonsenseError:
            pass
        except BaseException as error:
            raise AssertionError(f"seed {seed}, input {number}: {data.hex()}") from error
    return fine, count - fine


def test_no_bytes_bring_the_reader_down() -> None:
    fine, nonsense = fuzz(1, 5_000)
    assert fine > 100, "nothing was tried beyond the first byte"
    assert nonsense > 100


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_a_million_inputs_do_not_bring_the_reader_down() -> None:
    fine, nonsense = fuzz(2, 1_000_000)
    assert fine + nonsense == 1_000_000


def test_a_member_without_a_place_is_no_nonsense() -> None:
    nowhere = {"Adjustment": 0.0, "Error": 0.0, "Height": 0.0, "Vec": None}
    place = read({"Coord": nowhere, "Ok": False}, Place)  # of a dead member, serf 0.9.4
    assert not place.ok
    assert round_trip_us(Coordinate([1.0]), place.coord or Coordinate()) == 0
