"""Facts of a newer version: shown for what they are, never an exception, and nothing seems missed."""

from __future__ import annotations

from typing import cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cluster.api.reading import KIND_MAX, read_fact, read_facts
from cluster.model.facts import Fact, KindUnknown, NodeStopped, Payload
from cluster.model.member import NodeId
from tests.tui.every import EVERY
from tests.tui.story import QUIET, scene_at, view_at
from tui.fold import fold
from tui.screens.events import paint
from tui.timeline.pack import pack, unpack

N1 = NodeId("n1")


def fact(payload: Payload) -> Fact:
    head = view_at(QUIET).heads[N1]
    return Fact(N1, head[0], head[1] + 1, QUIET + 1, QUIET + 1, payload)


def newer(payload: object) -> bytes:
    """A message with a fact we can read on either side of one that we may not."""
    known = fact(NodeStopped("told to"))
    row: list[object] = msgspec.msgpack.decode(msgspec.msgpack.encode(known), type=list[object])
    row[2], row[5] = known.seq + 1, payload
    return msgspec.msgpack.encode([known, row, replace(known, seq=known.seq + 2)])


def test_a_kind_of_tomorrow_keeps_its_place_between_facts_that_are_read() -> None:
    read = read_facts(newer(["moon.phase", 4, {"waxing": True}]))
    assert [each.payload for each in read] == [
        NodeStopped("told to"),
        KindUnknown("moon.phase"),
        NodeStopped("told to"),
    ]
    assert [each.seq - read[0].seq for each in read] == [0, 1, 2]


@pytest.mark.parametrize("payload", [[], [7], ["\x1b[2J", 1], {}, {"type": "x"}, 3, None, "text"])
def test_whatever_stands_in_its_place_is_a_kind_without_a_name(payload: object) -> None:
    assert read_facts(newer(payload))[1].payload == KindUnknown("")


def test_fields_that_a_known_kind_no_longer_has_are_a_kind_we_do_not_know() -> None:
    assert read_facts(newer(["msg.send", "seven"]))[1].payload == KindUnknown("msg.send")
    long = read_facts(newer(["k" * 500]))[1].payload
    assert long == KindUnknown("k" * KIND_MAX)


def test_bytes_that_are_no_facts_are_an_error() -> None:
    for junk in (b"", b"\xc1", msgspec.msgpack.encode({"a": 1}), msgspec.msgpack.encode([[1, 2]])):
        with pytest.raises(msgspec.MsgspecError):
            read_facts(junk)


@settings(max_examples=60, derandomize=True)
@given(st.lists(st.sampled_from(EVERY), max_size=6))
def test_what_every_version_can_read_is_read_as_ever(payloads: list[Payload]) -> None:
    facts = [fact(payload) for payload in payloads]
    assert read_facts(msgspec.msgpack.encode(facts)) == facts


def test_the_log_says_it_in_grey_and_counts_no_fact_as_missed() -> None:
    strange = read_facts(newer(["moon.phase", 4]))[1]
    view = fold(view_at(QUIET), [strange])
    assert view.lost == 0
    assert view.events[-1].tone == "muted"
    text = "\n".join(paint(replace(scene_at(QUIET), view=view, now=QUIET + 2), 80, 24).lines())
    assert "told kind moon.phase, which this version does not know" in text


def test_a_flood_of_them_is_one_line() -> None:
    base = read_facts(newer(["moon.phase", 4]))[1]
    flood = [replace(base, seq=base.seq + n) for n in range(50)]
    lines = [line for line in fold(view_at(QUIET), flood).events if line.tone == "muted"]
    assert len(lines) == 1


def test_a_recording_keeps_its_place_too() -> None:
    class MoonPhase(msgspec.Struct, frozen=True, array_like=True, tag="moon.phase"):
        share: int

    strange = fact(cast("Payload", MoonPhase(4)))
    span = unpack(pack([strange, fact(NodeStopped("y"))], [QUIET, QUIET]))
    assert [each.payload for each in span.facts] == [KindUnknown("moon.phase"), NodeStopped("y")]
    assert span.strange == 1


def test_one_fact_of_a_kind_that_is_not_known_is_read_like_many() -> None:
    one = msgspec.msgpack.encode(msgspec.msgpack.decode(newer(["moon.phase", 3]))[1])
    assert read_fact(one) == read_facts(newer(["moon.phase", 3]))[1]
    with pytest.raises(msgspec.MsgspecError):
        read_fact(b"\x00not a fact")
