"""The wire: what is said can be read again, and nothing else is ever taken for a message."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.model.member import Address, NodeId
from cluster.protocol.messages import ClientCall, Hello, Packet, Ping, PutRequest
from cluster.protocol.wire import Deframer, MalformedMessageError, decode, encode, encode_frame

PACKETS = (
    Packet("c", NodeId("n1"), 7, 1, 99, traced=True, body=Ping(4, NodeId("n2"))),
    Packet("c", NodeId("n1"), 7, 2, 99, traced=False, body=Hello(Address("127.0.0.1:7400"))),
    Packet("", NodeId(""), 0, 3, 0, traced=False, body=ClientCall(9, PutRequest(b"k", b"v" * 999))),
)


@pytest.mark.parametrize("packet", PACKETS)
def test_a_packet_survives_the_wire(packet: Packet) -> None:
    assert decode(encode(packet)) == packet


@given(st.binary(max_size=300))
def test_junk_is_one_error_and_nothing_else(junk: bytes) -> None:
    try:
        decode(junk)
    except MalformedMessageError:
        pass


@given(st.integers(0, 60), st.binary(min_size=1, max_size=4))
def test_a_damaged_packet_is_one_error_or_another_packet(at: int, damage: bytes) -> None:
    data = bytearray(encode(PACKETS[0]))
    data[at : at + len(damage)] = damage
    try:
        decode(bytes(data))
    except MalformedMessageError:
        pass


def test_deeply_nested_junk_is_refused() -> None:
    with pytest.raises(MalformedMessageError):
        decode(b"\x91" * 100_000)


@pytest.mark.parametrize("field", [2, 3, 4])
def test_a_counter_that_could_not_be_counted_on_is_refused(field: int) -> None:
    values: list[object] = ["c", "n1", 7, 1, 99, False, [1, 4, "n2"], []]
    values[field] = 2**64 - 1
    with pytest.raises(MalformedMessageError):
        decode(msgspec.msgpack.encode(values))


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=200), max_size=12), st.data())
def test_frames_come_out_whole_however_the_bytes_arrive(
    bodies: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(len(body).to_bytes(4, "big") + body for body in bodies)
    deframer = Deframer(1_000)
    found: list[bytes] = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += [bytes(frame) for frame in deframer.feed(stream[:size])]
        stream = stream[size:]
    assert found == bodies


def test_a_frame_over_the_limit_is_refused_before_it_arrives() -> None:
    deframer = Deframer(100)
    assert len(deframer.feed((100).to_bytes(4, "big") + b"x" * 100)) == 1
    with pytest.raises(MalformedMessageError, match="101"):
        deframer.feed((101).to_bytes(4, "big"))


def test_a_long_frame_in_many_pieces_is_not_copied_for_each() -> None:
    # 4 MiB in pieces of 64 bytes: copying what is held each time would move 128 GiB.
    body = bytes(4 << 20)
    stream = len(body).to_bytes(4, "big") + body
    deframer = Deframer()
    frames = 0
    for at in range(0, len(stream), 64):
        frames += len(deframer.feed(stream[at : at + 64]))
    assert frames == 1


def test_a_frame_is_the_packet_after_its_length() -> None:
    framed = encode_frame(PACKETS[0])
    (frame,) = Deframer().feed(framed)
    assert decode(frame) == PACKETS[0]


def test_a_stranger_s_first_frame_is_kept_shorter_than_those_that_follow() -> None:
    with pytest.raises(MalformedMessageError):
        Deframer(100, first_frame_bytes_max=10).feed((11).to_bytes(4, "big"))
    deframer = Deframer(100, first_frame_bytes_max=10)
    both = (2).to_bytes(4, "big") + b"hi" + (50).to_bytes(4, "big") + b"x" * 50
    assert [len(frame) for frame in deframer.feed(both)] == [2, 50]
    deframer.restrict(10)
    with pytest.raises(MalformedMessageError):
        deframer.feed((11).to_bytes(4, "big"))
