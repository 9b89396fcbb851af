"""Who agrees with whom, whose words count, and when a cluster is split."""

from __future__ import annotations

from msgspec.structs import replace

from cluster.model.facts import FaultInjected
from cluster.model.member import MemberState, NodeId
from tests.tui.story import (
    ALIVE,
    DEAD,
    DEAD_STATE,
    KILLED,
    MS,
    N4,
    QUIET,
    SECOND,
    START,
    STARTED,
    SUSPECT,
    SUSPECTED,
    Teller,
    lively,
    paused_story,
    split_story,
    story,
    view_at,
)
from tui.fold import fold
from tui.judge.agreement import agreement, differs, is_live, sides
from tui.judge.exposure import common_ring, places, served
from tui.judge.standing import standings
from tui.scene import Scene
from tui.screens.matrix import paint
from tui.screens.pieces.hearsay import latest_news
from tui.view import LAB, ClusterView

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
    assert judged.behind[N3] == 1
    assert judged.behind[NodeId("n1")] == 0


def test_the_first_to_know_differs_from_the_majority_but_is_not_behind() -> None:
    at = KILLED + 330 * MS
    judged = agreement(view_at(at), at)
    assert judged.differing[NodeId("n2")] == (N4,)
    assert judged.behind[NodeId("n2")] == 0
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


def test_in_a_split_a_node_is_what_its_own_side_holds_of_it() -> None:
    at = KILLED + 5 * SECOND
    view = view_at(at, split_story)
    held = standings(view, at)
    assert {name: standing.word for name, standing in held.items()} == dict.fromkeys(
        view.nodes, "alive"
    )
    assert [(held[n].said_by, held[n].observers) for n in view.nodes] == [
        (1, 4), (1, 4), (2, 4), (2, 4), (2, 4),
    ]  # fmt: skip


def test_in_a_split_nobody_differs_from_its_own_side_but_the_views_are_not_one() -> None:
    at = KILLED + 5 * SECOND
    view = view_at(at, split_story)
    judged = agreement(view, at)
    for name in judged.observers:
        columns = judged.seen_by(name)
        assert not any(differs(view.nodes[name], columns[other]) for other in view.nodes)
        assert judged.behind[name] == judged.stale_since(name) == 0
    assert not judged.all
    lines = "\n".join(paint(Scene(view, at), 120, 36).lines())
    assert "▐" not in lines.replace("▐ differs from its own side", "")
    assert lines.count("4/4") == 5


def test_a_doubt_on_ones_own_side_is_still_a_doubt() -> None:
    at = KILLED + 5 * SECOND
    view = view_at(at, split_story)
    n4 = view.nodes[N4]
    doubt = replace(n4.beliefs[NodeId("n5")], state=SUSPECT)
    nodes = view.nodes | {N4: replace(n4, beliefs=n4.beliefs | {NodeId("n5"): doubt})}
    held = standings(replace(view, nodes=nodes), at)
    assert held[NodeId("n5")].word == "suspect"
    assert held[N3].word == held[NodeId("n1")].word == "alive"


def test_one_who_is_alone_on_its_side_is_what_all_others_hold() -> None:
    at = KILLED + 5 * SECOND
    view = view_at(at, split_story)
    n1, n2 = NodeId("n1"), NodeId("n2")
    apart = replace(view.nodes[n1].beliefs[N3], epoch=view.nodes[n2].epoch)
    back = replace(apart, epoch=view.nodes[n1].epoch)
    cut = {
        n1: replace(view.nodes[n1], beliefs=view.nodes[n1].beliefs | {n2: apart}),
        n2: replace(view.nodes[n2], beliefs=view.nodes[n2].beliefs | {n1: back}),
    }
    lonely = replace(view, nodes=view.nodes | cut)
    assert sides(lonely, at) == (("n3", "n4", "n5"), ("n1",), ("n2",))
    assert [s.word for s in standings(lonely, at).values()] == ["dead", "dead"] + ["alive"] * 3


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


def isolated() -> ClusterView:
    n2 = NodeId("n2")

    def cut(teller: Teller) -> None:
        at = START + 5 * SECOND
        teller.say(LAB, at, FaultInjected("isolate", n2))
        others = [n for n in teller.names if n != n2]
        for delay, state in ((500, SUSPECT), (1_600, DEAD_STATE)):
            claim = teller.claim(n2, state, "n1")
            teller.spread(at + delay * MS, claim, [(i * 20, n, "") for i, n in enumerate(others)])
            for i, other in enumerate(others):
                mine = teller.claim(other, state, n2)
                teller.believe(n2, at + (delay + 400 + i * 50) * MS, mine, "timer", n2)
        teller.beat(at, at + 3 * SECOND)

    return fold(ClusterView(), lively(cut))


def test_what_an_isolated_node_holds_of_the_others_is_no_news() -> None:
    view = isolated()
    news = latest_news(Scene(view, view.at))
    assert news is not None
    assert news.subject == "n2"
    assert news.unaware == ()
    assert {d.text for d in view.disagreements if d.began > START + 5 * SECOND} == {"n2 is cut off"}
    judged = agreement(view, view.at)
    assert not any(judged.behind[NodeId(n)] for n in ("n1", "n3", "n4", "n5"))


def test_a_join_names_the_joiner() -> None:
    def late(teller: Teller) -> None:
        n6, at = NodeId("n6"), START + 5 * SECOND
        teller.epoch[n6] = teller.incarnation[n6] = 0
        teller.start(n6, at)
        for index, other in enumerate(teller.names):
            teller.believe(n6, at + (200 + index) * MS, teller.claim(other, ALIVE), "pushpull")
            teller.believe(other, at + (300 + index) * MS, teller.claim(n6, ALIVE))

    view = fold(ClusterView(), lively(late))
    assert view.disagreements[-1].text == "n6 joins"
