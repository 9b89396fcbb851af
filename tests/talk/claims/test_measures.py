"""Every measure, over clusters to which the thing happened and to which it did not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cluster.config import SECOND
from cluster.model.facts import Fact, RoomCounted, StallNoticed, TermRefused
from cluster.model.member import NodeId
from talk.claims.evidence import UNKNOWN, Evidence, Since
from talk.claims.measures import MEASURES
from talk.deck.deck import ALL
from tests.talk.claims import stories
from tui.view import ClusterView

EMPTY = Evidence(ClusterView(), SECOND, Since(ClusterView(), SECOND))
Row = tuple[str, Callable[[], stories.Looks], str, str, float | None]
"""A measure and its argument, a story, a moment in it, a relation, a bound (None: nobody can know)."""
ROWS: list[Row] = [
    ("views", stories.death, "quiet", "=", 1),
    ("views", stories.split, "apart", ">=", 2),
    ("views", stories.split, "whole", "=", 1),
    ("rings", stories.death, "quiet", "=", 1),
    ("rings", stories.split, "apart", ">=", 2),
    ("members", stories.death, "quiet", "=", 5),
    ("members", stories.death, "dead", "=", 4),
    ("suspecting n3", stories.death, "quiet", "=", 0),
    ("suspecting n3", stories.suspected, "doubted", ">=", 1),
    ("suspecting n3", stories.suspected, "answered", "=", 0),
    ("believing-dead n4", stories.death, "quiet", "=", 0),
    ("believing-dead n4", stories.death, "dead", "=", ALL),
    ("believing-dead n3", stories.suspected, "doubted", "=", 0),
    ("believing-alive n4", stories.death, "dead", "=", 0),
    ("believing-alive n4", stories.death, "back", "=", ALL),
    ("suspicions", stories.death, "quiet", "=", 0),
    ("suspicions", stories.death, "dead", ">=", 1),
    ("deaths", stories.death, "quiet", "=", 0),
    ("deaths", stories.death, "dead", "=", 4),
    ("deaths", stories.suspected, "answered", "=", 0),
    ("deaths-of n4", stories.death, "dead", "=", 4),
    ("deaths-of n3", stories.death, "dead", "=", 0),
    ("refutations", stories.death, "dead", "=", 0),
    ("refutations", stories.suspected, "answered", "=", 1),
    ("incarnations n3", stories.suspected, "doubted", "=", 0),
    ("incarnations n3", stories.suspected, "answered", "=", 1),
    ("incarnations n4", stories.death, "back", "=", None),
    ("noticed-s n4", stories.death, "quiet", "=", None),
    ("noticed-s n4", stories.death, "dead", "<=", 3),
    ("declared-s n4", stories.death, "quiet", "=", None),
    ("declared-s n4", stories.death, "dead", "<=", 6),
    ("declared-s n3", stories.suspected, "doubted", "=", None),
    ("declared-s n3", stories.suspected, "answered", "=", None),
    ("spread-s n4", stories.death, "quiet", "=", None),
    ("spread-s n4", stories.death, "dead", "<=", 3),
    ("back-s n4", stories.death, "dead", "=", None),
    ("back-s n4", stories.death, "back", "<=", 10),
    ("ring-changes", stories.death, "dead", "=", 0),
    ("ring-changes", stories.left, "gone", ">=", 3),
    ("messages-per-node", stories.crashed, "quiet", "=", 0),
    ("messages-per-node", stories.death, "quiet", ">", 10),
    ("lag", stories.death, "quiet", "=", 0),
    ("lag", stories.suspected, "answered", ">", 100),
    ("answers", stories.death, "quiet", ">", 20),
    ("answers", stories.crashed, "stopped", "<=", 8),
    ("answers-failed", stories.death, "quiet", "=", 0),
    ("answers-failed", stories.swamped, "swamped", ">", 0),
    ("availability", stories.death, "quiet", ">=", 99),
    ("availability", stories.swamped, "swamped", "<", 99),
    ("lost", stories.death, "quiet", "=", None),
    ("lost", stories.death, "back", "=", 0),
    ("lost", stories.crowned, "healed", ">", 0),
    ("hints", stories.death, "quiet", "=", 0),
    ("hints", stories.death, "dead", ">", 0),
    ("hints", stories.death, "back", "=", 0),
    ("hints-for n4", stories.death, "dead", ">", 0),
    ("hints-for n3", stories.death, "dead", "=", 0),
    ("hints-stored", stories.death, "quiet", "=", 0),
    ("hints-stored", stories.death, "dead", ">", 0),
    ("hints-delivered", stories.death, "dead", "=", 0),
    ("hints-delivered", stories.death, "back", ">", 0),
    ("unserved", stories.death, "quiet", "=", 0),
    ("unserved", stories.crashed, "stopped", "=", ALL),
    ("short", stories.death, "quiet", "=", 0),
    ("short", stories.death, "dead", ">", 0),
    ("filling", stories.death, "quiet", "=", 0),
    ("filling", stories.left, "moving", ">", 0),
    ("unequal-trees", stories.suspected, "doubted", ">", 0),
    ("unequal-trees", stories.death, "back", "=", 0),
    ("keys-repaired", stories.death, "quiet", "=", 0),
    ("keys-repaired", stories.split, "whole", ">", 0),
    ("share n2", stories.left, "stays", ">", 10),
    ("share n2", stories.left, "gone", "=", 0),
    ("largest-share", stories.left, "stays", "<=", 1.25),
    ("largest-share", stories.left, "gone", ">=", 1),
    ("running", stories.death, "quiet", "=", 5),
    ("running", stories.death, "dead", "=", 4),
    ("masters", stories.death, "quiet", "=", 0),
    ("masters", stories.crowned, "one", "=", 1),
    ("masters", stories.crowned, "two", "=", 2),
    ("two-masters", stories.death, "quiet", "=", None),
    ("two-masters", stories.crowned, "one", "=", 0),
    ("two-masters", stories.crowned, "two", ">", 1),
    ("discarded", stories.crowned, "one", "=", 0),
    ("discarded", stories.crowned, "healed", ">", 0),
    ("queue", stories.swamped, "calm", "<=", 2),
    ("queue", stories.swamped, "swamped", ">", 8),
    ("rooms", stories.death, "quiet", "=", 6),
    ("rooms", stories.crowned, "one", "=", None),
    ("rooms-served", stories.death, "back", "=", ALL),
    ("rooms-served", stories.split, "apart", "<", 12),
    ("rooms-unserved", stories.death, "quiet", "=", 0),
    ("rooms-unserved", stories.suspected, "doubted", ">", 0),
    ("rooms-twice", stories.split, "apart", ">", 0),
    ("rooms-twice", stories.split, "whole", "=", 0),
    ("rooms-on n4", stories.death, "quiet", ">", 0),
    ("rooms-on n4", stories.death, "dead", "=", 0),
    ("crashes", stories.crashed, "quiet", "=", 0),
    ("crashes", stories.crashed, "once", "=", 1),
    ("restarts", stories.crashed, "quiet", "=", 0),
    ("restarts", stories.crashed, "once", "=", 1),
    ("restart", stories.crashed, "quiet", "=", None),
    ("restart", stories.crashed, "once", "<=", 100),
    ("escalations", stories.crashed, "once", "=", 0),
    ("escalations", stories.crashed, "often", "=", 1),
    ("handed-over", stories.left, "stays", "=", 0),
    ("handed-over", stories.left, "gone", ">=", 1),
    ("handover", stories.left, "stays", "=", None),
    ("handover", stories.left, "gone", "<=", 2_000),
    ("merged", stories.split, "apart", "=", 0),
    ("merged", stories.split, "whole", ">", 0),
]  # fmt: skip
HOLDS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda a, b: a == b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
}
BY_HAND = {"terms-refused", "answers-in"}
"""Shown by facts made by hand, below."""


@pytest.mark.parametrize(
    ("name", "story", "moment", "relation", "bound"),
    [pytest.param(*row, id=f"{row[0]} {row[2]}") for row in ROWS],
)
def test_a_measure_says_what_happened(
    name: str, story: Callable[[], stories.Looks], moment: str, relation: str, bound: float | None
) -> None:
    measure, *args = name.split()
    found = MEASURES[measure].read(story()[moment], tuple(args))
    if bound is None:
        assert found.value is None
        return
    assert found.value is not None
    assert found.of > 0, "every measure says of how many"
    assert HOLDS[relation](found.value, found.of if bound == ALL else bound), found


def test_every_measure_is_shown_both_ways() -> None:
    shown: dict[str, set[object]] = {}
    for name, _, moment, relation, bound in ROWS:
        shown.setdefault(name.split()[0], set()).add((name, moment, relation, bound))
    assert set(shown) == set(MEASURES) - BY_HAND
    assert [name for name, rows in shown.items() if len(rows) < 2] == []


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_of_a_cluster_nobody_heard_of_nothing_is_known(name: str) -> None:
    measure = MEASURES[name]
    found = measure.read(EMPTY, tuple("n1" for _ in measure.args))
    assert found.value is None or not found.of


def test_writes_of_an_old_term_are_counted_and_named() -> None:
    since = Since(ClusterView(), SECOND)
    n1 = NodeId("n1")
    fact = Fact(n1, 1, 1, SECOND, SECOND, TermRefused(n1, 1, 2), (), "reported")
    stall = Fact(n1, 1, 2, SECOND, SECOND, StallNoticed(1), (), "reported")
    evidence = Evidence(ClusterView(), SECOND, since)
    since.hear([stall])
    assert MEASURES["terms-refused"].read(evidence, ()).value == 0
    since.hear([fact])
    found = MEASURES["terms-refused"].read(evidence, ())
    assert (found.value, found.of, found.fact) == (1, 2, fact)


def test_what_a_room_has_is_its_last_count_of_all_that_it_acknowledged() -> None:
    since, lab = Since(ClusterView(), SECOND), NodeId("lab")
    evidence = Evidence(ClusterView(), SECOND, since)

    def counted(seq: int, room: str, held: int) -> Fact:
        payload = RoomCounted(room, "memory", 20, held)
        return Fact(lab, 1, seq, SECOND, SECOND, payload, (), "reported")

    read = MEASURES["answers-in"].read
    since.hear([counted(1, "room-2", 20)])
    assert read(evidence, ("room-1",)) == UNKNOWN
    last = counted(3, "room-1", 0)
    since.hear([counted(2, "room-1", 20), last])
    found = read(evidence, ("room-1",))
    assert (found.value, found.of, found.fact) == (0, 20, last)
    assert read(evidence, ("room-2",)).value == 20
