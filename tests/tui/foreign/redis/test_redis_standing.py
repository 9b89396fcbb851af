"""How far replicas are, as Redis 7 and Valkey 8 tell it; what none of them would say never raises."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cluster.model.member import NodeId
from tui.sources.foreign.redis_replies import Known, nodes_of
from tui.sources.foreign.redis_standing import (
    Standing,
    behind,
    sized,
    standing_words,
    standings_of,
    waiting_of,
    waiting_words,
)

A, B, C = ("a" * 40, "b" * 40, "c" * 40)
NAMES = {A: NodeId("m"), B: NodeId("s1"), C: NodeId("s2")}
KNOWN = nodes_of(
    f"{A} 10.0.0.1:1@2 myself,master - 0 0 1 connected 0-16383\n"
    f"{B} 10.0.0.2:1@2 slave {A} 0 0 1 connected\n"
    f"{C} 10.0.0.3:1@2 slave {A} 0 0 1 connected\n"
)
MASTER, S1, _ = KNOWN
MB = 1_000_000


def words(own: Known, known: list[Known] = KNOWN, **stands: Standing) -> list[tuple[str, str]]:
    """What is said of a node where these stand so."""
    held = {name * 40: standing for name, standing in stands.items()}
    return standing_words(own, known, {k.id: held.get(k.id) for k in known}, NAMES, MB)


def online(offset: int) -> Standing:
    return Standing("online", offset)


def test_shards_are_read_by_id() -> None:
    said: list[object] = [
        "id",
        A,
        "port",
        1,
        "role",
        "master",
        "replication-offset",
        50,
        "health",
        "online",
    ]
    other: list[object] = [
        "id",
        B,
        "replication-offset",
        0,
        "health",
        "loading",
        "a field of tomorrow",
        [],
    ]
    answer: list[object] = [
        ["slots", [0, 16383], "nodes", [said, other]],
        ["slots", [], "nodes", [["id", C]]],
    ]
    assert standings_of(answer) == {A: online(50), B: Standing("loading", 0)}


def test_a_link_counts_when_it_has_something_to_send() -> None:
    """Valkey 8 calls 48 bytes of an empty buffer used, so it is the events that tell."""
    idle = ["node", A, "events", "r", "send-buffer-allocated", 48, "send-buffer-used", 48]
    busy = ["node", B, "events", "rw", "send-buffer-allocated", 2_048, "send-buffer-used", 99]
    assert waiting_of([idle, busy, busy]) == {B: 4_096}
    assert waiting_words({B: 4_096}, NAMES) == [("waits on its bus", "4,096 bytes, most to s1")]
    assert waiting_words({}, NAMES) == []


def test_a_replica_says_what_it_lacks_or_that_it_is_not_told() -> None:
    assert words(S1, a=online(900), b=online(400)) == [("behind its master", "500 bytes")]
    assert words(S1, a=online(400), b=online(900)) == [("behind its master", "0 bytes")]
    assert words(S1, b=online(900)) == [("behind its master", "not told")]
    assert behind(None, online(1)) is None


def test_a_master_names_its_next_where_that_would_lose_much() -> None:
    assert words(MASTER, a=online(9 * MB), b=online(9 * MB), c=online(0)) == []
    assert words(MASTER, a=online(9 * MB), b=online(2 * MB), c=online(5 * MB)) == [
        ("next master", "s2, 4.0 MB behind")
    ]
    assert words(MASTER, a=online(9), b=Standing("loading", 0), c=Standing("loading", 0)) == [
        ("next master", "s1, loading, 9 bytes behind")
    ]
    assert words(MASTER) == [], "an older server tells nothing of it"


def test_a_replica_at_nought_of_a_master_at_nought_lacks_nothing() -> None:
    """Redis calls it loading for the first seconds of every cluster."""
    assert words(MASTER, a=online(0), b=Standing("loading", 0), c=Standing("loading", 0)) == []


def test_a_dead_replica_is_nobodys_next() -> None:
    dead = nodes_of(
        f"{A} 10.0.0.1:1@2 myself,master - 0 0 1 connected 0-16383\n"
        f"{B} 10.0.0.2:1@2 slave,fail {A} 0 0 1 connected\n"
    )
    assert words(dead[0], dead, a=online(9 * MB), b=online(0)) == []


def test_bytes_are_for_people() -> None:
    assert [sized(n) for n in (0, 9_999, 10_000, 12_345_678)] == [
        *("0 bytes", "9,999 bytes", "10 kB", "12.3 MB"),
    ]


FIELDS = st.sampled_from(
    ["id", "nodes", "node", "health", "events", "rw", "replication-offset", "send-buffer-allocated"]
)
NONSENSE = st.recursive(
    st.one_of(FIELDS, st.integers(), st.text(max_size=9), st.none(), st.floats()),
    lambda inner: st.lists(inner, max_size=8),
    max_leaves=40,
)


@given(NONSENSE)
def test_nonsense_is_left_out(answer: object) -> None:
    assert all(standing.offset >= 0 for standing in standings_of(answer).values())
    assert all(size > 0 for size in waiting_of(answer).values())
