"""What Redis nodes of several versions said is read; what none of them would say never raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.model.member import MemberState, NodeId
from tui.sources.foreign.redis_replies import (
    PARTITIONS,
    SLOTS,
    Known,
    Names,
    calls,
    fields_of,
    nodes_of,
    number,
    table_of,
)

A, B, C, D = ("a" * 40, "b" * 40, "c" * 40, "d" * 40)
SIX = f"""\
{A} 10.0.0.1:6379@16379 myself,master - 0 1795389318000 1 connected 0-5460
{B} 10.0.0.2:6379@16379 master - 0 1795389318592 2 connected 5461-10922
{C} 10.0.0.3:6379@16379 master,fail? - 1795389318000 1795389317100 3 disconnected 10923-16383
{D} 10.0.0.4:6379@16379 slave {B} 0 1795389318793 2 connected
"""
"""Redis 6.2."""
SEVEN = f"""\
{A} 127.0.0.1:7001@17001,redis-1.example,shard-id=69bc myself,master - 0 0 1 connected 0-8191 8192-16383
{B} 127.0.0.1:7002@17002,,shard-id=69bc slave,fail {A} 1795389318000 1795389317100 1 disconnected
{C} :0@0,,shard-id=42 master,noaddr - 1795389318000 1795389317100 7 disconnected
{D} 127.0.0.1:7004@17004 handshake - 1795389318000 0 0 connected
"""
"""Redis 7.2."""
FOUR = f"{A} :7001 myself,master - 0 0 connected\n{B} 10.0.0.2:7002 slave {A} 0 1 2 connected\n"
"""Redis 3.2: no bus port, and a first line with a word too few."""


def test_what_a_node_of_redis_6_knows_is_read() -> None:
    own, second, third, copy = nodes_of(SIX)
    assert (own.id, own.host, own.port, own.slots) == (A, "10.0.0.1", 6379, ((0, 5460),))
    assert "myself" in own.flags
    assert (second.state, third.state) == (MemberState.ALIVE, MemberState.SUSPECT)
    assert third.heard == 1795389317100_000
    assert (copy.master, copy.epoch, copy.slots) == (B, 2, ())


def test_hostnames_and_shards_of_redis_7_are_no_part_of_an_address() -> None:
    own, failed, nowhere = nodes_of(SEVEN)
    assert (own.host, own.port) == ("redis-1.example", 7001)
    assert own.slots == ((0, 8191), (8192, 16383))
    assert (failed.host, failed.state) == ("127.0.0.1", MemberState.DEAD)
    assert (nowhere.host, nowhere.state) == ("", MemberState.DEAD), "nobody can ask it any more"


def test_who_shakes_hands_has_no_name_yet() -> None:
    assert D not in {known.id for known in nodes_of(SEVEN)}


def test_a_node_without_a_bus_port_is_read_too() -> None:
    (copy,) = nodes_of(FOUR)
    assert (copy.host, copy.port) == ("10.0.0.2", 7002)


def test_an_address_of_version_six_keeps_its_colons() -> None:
    (known,) = nodes_of(f"{A} ::1:7001@17001 myself,master - 0 0 1 connected 7\n")
    assert (known.host, known.port, known.slots) == ("::1", 7001, ((7, 7),))


def test_slots_on_their_way_are_counted_by_the_other_end() -> None:
    moves = f"[93-<-{B}] [94-<-{B}] [77->-{C}] [1->-] [99999-<-{B}] 5-3 0-99999 x-y"
    (known,) = nodes_of(f"{A} h:1@2 myself,master - 0 0 1 connected 0-10 {moves}\n")
    assert known.slots == ((0, 10),)
    assert known.moving == (("from", B, 3), ("to", C, 1))


@given(st.text())
def test_text_that_is_none_is_left_out(text: str) -> None:
    assert all(known.port >= 0 for known in nodes_of(text))
    fields_of(text)
    number(text)


WORDS = st.one_of(
    st.sampled_from(
        [A, B, "h:1@2", "myself,master", "-", "0-16383", "5-1", f"[5-<-{B}]", "", "@", ":"]
    ),
    st.text(max_size=12),
)


@given(st.lists(st.lists(WORDS, min_size=6, max_size=14), max_size=6))
def test_nonsense_with_the_shape_of_an_answer_still_makes_a_table(rows: list[list[str]]) -> None:
    known = nodes_of("\n".join(" ".join(row) for row in rows))
    names = Names()
    names.take(known)
    table = table_of(known, names.by_id)
    assert len(table.owners) == PARTITIONS
    assert len(set(names.by_id.values())) == len(names.by_id), "no two share a name"


def test_a_field_a_line_is_read() -> None:
    assert fields_of("# Server\r\nredis_version:7.0.15\r\ndb0:keys=7,expires=0\r\nnone\r\n") == {
        "redis_version": "7.0.15",
        "db0": "keys=7,expires=0",
    }


@pytest.mark.parametrize("text", ["", "-1", "1.5", "٣", "9" * 30, "x"])
def test_what_is_no_count_is_nought(text: str) -> None:
    assert number(text) == 0


def test_only_what_clients_meant_counts_as_a_command() -> None:
    assert calls("cmdstat_get", "calls=7,usec=9,usec_per_call=1.29") == 7
    assert calls("cmdstat_cluster|nodes", "calls=7,usec=9") == 0
    assert calls("cmdstat_replconf", "calls=7,usec=9") == 0
    assert calls("redis_version", "7.0.15") == 0
    assert calls("cmdstat_get", "lots") == 0


# --- names and slots -----------------------------------------------------------------------------


def line(id_: str, host: str, port: int, *slots: tuple[int, int], master: str = "") -> Known:
    return Known(
        id_, host, port, frozenset({"slave" if master else "master"}), master, 0, 1, slots, ()
    )


def named(*known: Known) -> dict[str, NodeId]:
    names = Names()
    names.take(known)
    return names.by_id


def test_nodes_of_one_host_are_named_by_their_ports() -> None:
    assert named(line(A, "::1", 7001), line(B, "::1", 7002)) == {A: "r7001", B: "r7002"}


def test_nodes_of_different_hosts_are_named_by_them() -> None:
    assert named(line(A, "10.0.0.1", 6379), line(B, "redis-2", 6379)) == {
        A: "10.0.0.1",
        B: "redis-2",
    }


def test_nodes_that_share_hosts_are_named_by_both() -> None:
    names = named(line(A, "h1", 1), line(B, "h1", 2), line(C, "h2", 1))
    assert names == {A: "h1-1", B: "h1-2", C: "h2-1"}


def test_a_name_is_kept_and_never_given_twice() -> None:
    names = Names()
    names.take([line(A, "h", 1), line(B, "h", 2)])
    names.take([line(A, "h", 9), line(C, "h", 1), line(D, "", 0)])
    assert names.by_id == {A: "r1", B: "r2", C: "h-1", D: D}


def test_a_partition_belongs_to_who_leads_most_of_its_slots() -> None:
    known = [
        line(A, "h", 1, (0, 5460)),
        line(B, "h", 2, (5461, 16383)),
        line(C, "h", 3, master=A),
        line(D, "h", 4, master=B),
    ]
    table = table_of(known, named(*known))
    assert (table.slots, table.partitions, table.replicas, table.led) == (SLOTS, 256, 2, True)
    first = [table.members[owners[0]] for owners in table.owners]
    # 5,461 slots are 85 whole partitions and 21 slots of the next, of which 43 are another's.
    assert first == ["r1"] * 85 + ["r2"] * 171
    assert {tuple(table.members[o] for o in owners) for owners in table.owners} == {
        ("r1", "r3"),
        ("r2", "r4"),
    }


def test_a_partition_with_one_free_slot_is_nobodys() -> None:
    known = [line(A, "h", 1, (0, 99), (101, 16383))]
    table = table_of(known, named(*known))
    assert [place for place, owners in enumerate(table.owners) if not owners] == [1]


def test_two_tables_are_the_same_only_to_the_slot() -> None:
    one = [line(A, "h", 1, (0, 5460)), line(B, "h", 2, (5461, 16383))]
    other = [line(A, "h", 1, (0, 5461)), line(B, "h", 2, (5462, 16383))]
    tables = [table_of(known, named(*known)) for known in (one, other, one[::-1])]
    assert tables[0].owners == tables[1].owners
    assert tables[0].digest != tables[1].digest
    assert tables[0] == tables[2], "whatever the order of an answer"


def test_more_ranges_than_there_are_slots_are_read_as_what_they_cover() -> None:
    words = " ".join(["0-16383"] * 60_000)
    lines = [
        f"{number:040x} 127.0.0.1:{number}@1 master - 0 0 1 connected {words}" for number in (1, 2)
    ]
    first, second = nodes_of("\n".join(lines))
    assert first.slots == ((0, 16_383),)
    assert len(second.slots) == 1
    overlapping = "5-9 7-12 13 20-30"
    (one,) = nodes_of(f"{1:040x} 127.0.0.1:1@1 master - 0 0 1 connected {overlapping}")
    assert one.slots == ((5, 12), (13, 13), (20, 30))
