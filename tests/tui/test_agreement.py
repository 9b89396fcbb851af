"""Who agrees with whom, whose words count, and when a cluster is split."""

from __future__ import annotations

from msgspec.structs import replace

from cluster.model.member import MemberState, NodeId
from tests.tui.story import (
    DEAD,
    KILLED,
    MS,
    N4,
    QUIET,
    SECOND,
    STARTED,
    SUSPECTED,
    paused_story,
    split_story,
    story,
    view_at,
)
from tui.judge.agreement import agreement, is_live, sides
from tui.judge.exposure import common_ring, places, served

N3 = NodeId("n3")


def test_a_quiet_cluster_agrees() -> None:
    judged = agreement(view_at(QUIET), QUIET)
    assert judged.all
    assert judged.agreeing == len(judged.observers) == 5
    assert judged.since == 0
    assert judged.state(N4) is MemberState.ALIVE


def test_only_live_observers_are_asked() -> None:
    judged = agreement(view_at(SUSPECTED), SUSPECTED)
    assert judged.observers == ("n1", "n2", "n3", "n5")
    nodes = view_at(QUIET).nodes
    assert is_live(nodes[N4], QUIET)
    assert not is_live(replace(nodes[N4], process="paused"), QUIET)
    assert not is_live(replace(nodes[N4], connected=False), QUIET)
    assert not is_live(nodes[N4], QUIET + 4 * SECOND)


def test_the_one_who_has_not_heard_is_named_with_the_time_it_is_behind() -> None:
    judged = agreement(view_at(SUSPECTED), SUSPECTED)
    assert not judged.all
    assert judged.agreeing == 3
    assert judged.differing[N3] == (N4,)
    assert judged.subjects[N4].late == (N3,)
    assert judged.stale_since(N3) == judged.since == KILLED + 310 * MS
    assert judged.behind(N3) == 1
    assert judged.behind(NodeId("n1")) == 0


def test_the_first_to_know_differs_from_the_majority_but_is_not_behind() -> None:
    at = KILLED + 330 * MS
    judged = agreement(view_at(at), at)
    assert judged.differing[NodeId("n2")] == (N4,)
    assert judged.behind(NodeId("n2")) == 0
    assert judged.state(N4) is MemberState.ALIVE


def test_a_refutation_is_newer_than_the_suspicion() -> None:
    at = KILLED + 2_080 * MS
    subject = agreement(view_at(at, paused_story), at).subjects[N4]
    assert subject.newest is not None
    assert subject.newest.state is MemberState.ALIVE
    assert set(subject.late) == {"n1", "n5"}


def test_a_new_life_is_newer_than_a_death() -> None:
    at = STARTED + 330 * MS
    subject = agreement(view_at(at), at).subjects[N4]
    assert subject.newest is not None
    assert subject.newest.state is MemberState.ALIVE


def test_two_who_hold_each_other_dead_are_two_sides() -> None:
    at = KILLED + 5 * SECOND
    assert sides(view_at(at, split_story), at) == (("n3", "n4", "n5"), ("n1", "n2"))
    assert sides(view_at(QUIET), QUIET) == ()


def test_to_be_late_with_a_return_is_not_to_be_on_another_side() -> None:
    for delay in range(0, 600, 75):
        at = STARTED + delay * MS
        assert sides(view_at(at), at) == ()


# --- owners ----------------------------------------------------------------------------------------


def test_every_place_is_held_and_counted() -> None:
    ring = common_ring(view_at(QUIET).nodes, QUIET)
    assert ring is not None
    assert sum(places(ring).values()) == 192
    assert max(places(ring).values()) == 41


def test_a_dead_owner_does_not_serve_and_a_single_doubt_changes_nothing() -> None:
    view = view_at(DEAD)
    counts = served(view.nodes, agreement(view, DEAD), DEAD)
    assert counts == (0, 0, 41, 23)
    doubt = {
        n: replace(node, process="running") if n == N4 else node for n, node in view.nodes.items()
    }
    at = KILLED + 330 * MS
    early = {**view_at(at).nodes, N4: replace(view_at(at).nodes[N4], process="running")}
    judged = agreement(replace(view, nodes=early), at)
    assert served(early, judged, at) == (0, 0, 0, 64)
    assert served(doubt, agreement(replace(view, nodes=doubt), DEAD), DEAD) == (0, 0, 41, 23)


def test_a_place_still_being_filled_does_not_serve() -> None:
    view = view_at(QUIET)
    ring = common_ring(view.nodes, QUIET)
    assert ring is not None
    owned = next(p for p, o in enumerate(ring.owners) if ring.members.index(N3) in o)
    nodes = {**view.nodes, N3: replace(view.nodes[N3], filling=1, filling_partitions=(owned,))}
    assert served(nodes, agreement(view, QUIET), QUIET) == (0, 0, 1, 63)


def test_story_is_what_these_tests_think_it_is() -> None:
    assert story()[-1].at > DEAD
