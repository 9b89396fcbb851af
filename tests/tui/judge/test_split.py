"""While a cluster is split, no figure is drawn as if one side were all there is."""

from __future__ import annotations

from msgspec.structs import replace

from cluster.model.member import NodeId
from tests.tui.story import KILLED, MS, SECOND, split_story, story, view_at
from tui.judge.agreement import agreement
from tui.judge.exposure import apart, common_ring, served, side_with_most
from tui.scene import Scene
from tui.screens import home, matrix, recovery
from tui.screens.pieces.forecast import claims, forecasts
from tui.view import ClusterView

AT = KILLED + 5 * SECOND
N1, N2, N3, N4, N5 = (NodeId(f"n{i}") for i in range(1, 6))


def split() -> ClusterView:
    return view_at(AT, split_story)


def test_owners_are_counted_together_on_the_side_that_has_most_of_them() -> None:
    view = split()
    judged, ring = agreement(view, AT), common_ring(view.nodes, AT)
    assert ring is not None
    left = {ring.members.index(N1), ring.members.index(N2)}
    expected = [0] * 4
    for owners in ring.owners:
        here = sum(owner in left for owner in owners)
        expected[max(here, len(owners) - here)] += 1
    counts = served(view.nodes, judged, AT)
    assert counts == tuple(expected)
    assert counts[1] == 0, "of three owners two are always together"


def test_each_place_is_drawn_from_the_side_where_most_of_its_owners_are() -> None:
    view = split()
    judged, ring = agreement(view, AT), common_ring(view.nodes, AT)
    assert ring is not None
    sides = apart(ring, view.nodes, judged)
    lost = sum(
        owner not in side_with_most(owners, sides) for owners in ring.owners for owner in owners
    )
    lines = home.paint(Scene(view, AT), 120, 36).lines()
    strip = [line for line in lines if line.split()[:1] in (["first"], ["second"], ["third"])]
    assert len(strip) == 3
    assert sum(line.split()[1].count("✕") for line in strip) == lost
    text = "\n".join(lines)
    assert "split: n3 n4 n5 | n1 n2" in text
    assert "sit on n1 n2" not in text
    assert "owners left" not in text


def test_what_is_due_names_the_side_on_which_it_is_due() -> None:
    due = forecasts(Scene(split(), AT))
    leaves = [text for text in due if "leaves the ring" in text]
    assert any(text.startswith("n2 leaves the ring of n3 n4 n5") for text in leaves)
    assert any(text.startswith("n3 leaves the ring of n1 n2") for text in leaves)
    rebuilt = [text for text in due if "rebuilt" in text]
    assert len(rebuilt) == 2, "two nodes cannot keep three copies: nothing is claimed of their side"
    assert all(text.endswith("rebuilt on n3 n4 n5") for text in rebuilt)


def test_hints_for_the_other_side_are_not_on_their_way() -> None:
    view = split()
    rows = dict(view.nodes)
    kept = view_at(KILLED + 3 * SECOND, story).nodes[N5].hints
    rows[N1] = replace(rows[N1], hints=kept)
    due = forecasts(Scene(replace(view, nodes=rows), AT))
    assert any("go to n4 once it can be reached again" in text for text in due)
    assert not any("on their way" in text for text in due)


def test_home_and_matrix_say_the_same_of_who_agrees() -> None:
    scene = Scene(split(), AT)
    (claim,) = (c for c in claims(scene) if c.text == "live nodes agree who is alive")
    assert (claim.mark, claim.figure) == ("no", "2 sides: 3 | 2")
    lines = "\n".join(matrix.paint(scene, 120, 36).lines())
    assert "differs from its own side: n3 n4 n5 | n1 n2" in lines


def test_a_disagreement_names_all_that_are_cut_off() -> None:
    said = {d.text for d in split().disagreements if not d.ended}
    assert said == {"n1 n2 are cut off"}


def test_nobody_is_late_to_hear_of_the_death_of_one_with_whom_it_is_cut_off() -> None:
    view = split()
    for incident in view.incidents:
        lines = recovery.paint(Scene(view, AT, selected=incident.subject), 120, 36).lines()
        (row,) = (line for line in lines if "dead, until all know" in line)
        assert "is cut off with it; n3 n4" in row
        assert "not heard" not in row
        assert "bound" not in row


def test_a_whole_cluster_is_told_as_before() -> None:
    view = view_at(KILLED + 3_200 * MS)
    judged = agreement(view, KILLED + 3_200 * MS)
    assert not judged.sides
    due = forecasts(Scene(view, KILLED + 3_200 * MS))
    assert any(text.startswith("n4 leaves the ring in") for text in due)
