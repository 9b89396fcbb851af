"""Masters: what is folded of them, who wears a crown, what the verdict says, what the screens show."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from msgspec.structs import replace

from cluster.model.facts import Fact
from cluster.model.judging.reigns import dual_master_us
from cluster.model.member import MemberState, NodeId
from tests.tui.court.ruled import (
    HEALED,
    N1,
    N2,
    N3,
    N4,
    THROWN,
    USURPED,
    majority_death,
    no_majority,
    paused_master,
    single_death,
    two_masters,
)
from tests.tui.picture import assert_golden, assert_known_roles
from tests.tui.story import KILLED, MS, QUIET, SECOND, scene_at, view_at
from tui.draw.frame import Frame
from tui.judge.court.crowns import architecture_of, crown_of, followers, leaders
from tui.judge.verdict import SHORT_MAX, TEXT_MAX, Tone, verdict
from tui.scene import Scene
from tui.screens import home, matrix, ring
from tui.text.plain import Plain
from tui.text.status import status, status_text, to_json

Tell = Callable[[], tuple[Fact, ...]]
Paint = Callable[[Scene, int, int], Frame]

SPLIT = USURPED + 3_100 * MS

SAID: list[tuple[Tell, int, Tone, str]] = [
    (two_masters, KILLED - SECOND, "good", "5 nodes agree on master n1 of term 1. 5 of 5 nodes "
     "hold copies, written after the answer."),
    (two_masters, SPLIT, "bad", "Two masters for 3.1 s: n1 and n3 both accept writes. "
     "n2 follows n1, n4 n5 follow n3."),
    (two_masters, THROWN + SECOND, "bad", "n3 threw away 212 acknowledged writes to copy n1. "
     "n1 leads 4 others (term 3)."),
    (no_majority, KILLED + SECOND, "bad", "No master for 0.20 s: n1 stepped down, a majority must "
     "elect one."),
    (no_majority, KILLED + 6 * SECOND, "bad", "n1 n2 (2 of 5) have no majority and accept nothing. "
     "n3 leads n4 n5 (term 2)."),
    (single_death, KILLED - SECOND, "good", "5 nodes agree on master n1. n1 holds the only copy of "
     "every key."),
    (single_death, KILLED + 2 * SECOND, "bad", "n1 is dead and was the only one who may decide: "
     "0 of the last 36 answers succeeded; 4 nodes are alive."),
    (majority_death, KILLED + 3 * SECOND, "bad", "No master for 3.0 s: n1 is dead, a majority must "
     "elect one. 0 of the last 72 answers succeeded."),
    (paused_master, KILLED + 2 * SECOND, "warn", "n2 took over 0.90 s ago (term 2), 1.1 s after "
     "n1. 4 of 4 follow it."),
    (paused_master, KILLED + 3_300 * MS, "bad", "Two masters for 0.30 s: n1 and n2 both accept "
     "writes. Nobody follows n1, n3 n4 n5 follow n2."),
]  # fmt: skip
STORIES: list[Tell] = [two_masters, no_majority, single_death, majority_death, paused_master]


@pytest.mark.parametrize(
    ("tell", "at", "tone", "text"), SAID, ids=[f"{t.__name__}-{a - KILLED}" for t, a, _, _ in SAID]
)
def test_what_is_said_of_masters(tell: Tell, at: int, tone: Tone, text: str) -> None:
    said = verdict(view_at(at, tell), at)
    assert said.text.startswith(text)
    assert said.tone == tone


def test_a_worker_long_gone_does_not_crowd_out_the_masters_death() -> None:
    at = KILLED + 2 * SECOND
    view = view_at(at, single_death)
    gone = NodeId("n2")
    nodes = {
        name: replace(
            node,
            process="gone" if name == gone else node.process,
            connected=name != gone and node.connected,
            reported_at=KILLED - 20 * SECOND if name == gone else node.reported_at,
            beliefs={
                other: replace(b, state=MemberState.REMOVED) if other == gone else b
                for other, b in node.beliefs.items()
            },
        )
        for name, node in view.nodes.items()
    }
    said = verdict(replace(view, nodes=nodes), at)
    assert said.text.startswith("n1 is dead and was the only one who may decide")


@pytest.mark.parametrize("tell", STORIES)
def test_it_always_fits(tell: Tell) -> None:
    for at in range(KILLED - 500 * MS, tell()[-1].at, 250 * MS):
        said = verdict(view_at(at, tell), at)
        assert 0 < len(said.text) <= TEXT_MAX
        assert 0 < len(said.short) <= SHORT_MAX
        assert "  " not in said.text


def test_a_masterless_cluster_hears_nothing_of_masters() -> None:
    view = view_at(QUIET)
    assert architecture_of(view) == "masterless"
    assert leaders(view, QUIET) == ()
    assert "master" not in verdict(view, QUIET).text


# --- crowns --------------------------------------------------------------------------------------


def test_two_crowns_when_there_are_two() -> None:
    view = view_at(SPLIT, two_masters)
    assert leaders(view, SPLIT) == (N1, N3)
    assert followers(view, SPLIT, N3) == [N4, NodeId("n5")]


def test_a_paused_master_keeps_a_shadow_and_a_dead_one_nothing() -> None:
    at = KILLED + 2 * SECOND
    view = view_at(at, paused_master)
    assert crown_of(view, view.nodes[N1], at) == "shadow"
    assert crown_of(view, view.nodes[N2], at) == "worn"
    dead = view_at(at, single_death)
    assert crown_of(dead, dead.nodes[N1], at) == ""


def test_a_pause_is_cut_out_of_a_reign() -> None:
    at = KILLED + 3_900 * MS
    reigns = view_at(at, paused_master).court.reigns
    assert [(r.node, r.began, r.ended) for r in reigns[1:]] == [
        (N2, USURPED, 0),
        (N1, KILLED + 3 * SECOND, 0),
    ]
    assert reigns[0].ended == KILLED
    assert dual_master_us(reigns, at) == 900 * MS


def test_the_overlap_of_two_reigns_is_measured_by_the_one_judge() -> None:
    reigns = view_at(THROWN, two_masters).court.reigns
    assert dual_master_us(reigns, THROWN) == HEALED + 150 * MS - USURPED


# --- screens -------------------------------------------------------------------------------------

PAINTERS: dict[str, Paint] = {"home": home.paint, "ring": ring.paint, "matrix": matrix.paint}


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
@pytest.mark.parametrize("screen", PAINTERS)
def test_two_masters_look_like_the_picture_kept(screen: str, size: tuple[int, int]) -> None:
    scene = scene_at(SPLIT, two_masters)
    frame = PAINTERS[screen](scene, *size)
    assert_golden(f"{screen}-two-masters-{size[0]}x{size[1]}", frame)
    rows = [line for line in frame.lines() if "♛" in line]
    assert any("n1" in row for row in rows)
    assert any("n3" in row for row in rows)
    assert not any("♛ n2" in row for row in rows)


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
def test_a_thrown_away_write_looks_like_the_picture_kept(size: tuple[int, int]) -> None:
    at = THROWN + SECOND
    assert_golden(
        f"home-thrown-away-{size[0]}x{size[1]}", home.paint(scene_at(at, two_masters), *size)
    )


def test_in_plain_letters_a_crown_is_an_m() -> None:
    scene = scene_at(SPLIT, two_masters, glyphs="ascii", colour=False)
    frame = home.paint(scene, 80, 24)
    assert_golden("home-two-masters-ascii-80x24", frame)
    text = "\n".join(frame.lines())
    assert "M n1" in text
    assert "M n3" in text
    assert "♛" not in text


@pytest.mark.parametrize("tell", STORIES)
@pytest.mark.parametrize("size", [(40, 12), (60, 18), (80, 24), (101, 30), (200, 60)])
def test_any_moment_is_drawn_at_any_size(tell: Tell, size: tuple[int, int]) -> None:
    for at in (KILLED + 600 * MS, KILLED + 2 * SECOND, KILLED + 4 * SECOND):
        for paint in PAINTERS.values():
            assert_known_roles(paint(scene_at(at, tell), *size))


def test_the_architecture_is_named_only_where_it_is_not_masterless() -> None:
    assert "failover" in home.paint(scene_at(SPLIT, two_masters), 80, 24).lines()[0]
    assert "masterless" not in home.paint(scene_at(QUIET), 80, 24).lines()[0]


# --- text ----------------------------------------------------------------------------------------


def test_status_says_whom_each_node_follows() -> None:
    said = status(view_at(SPLIT, two_masters), SPLIT)
    assert said.architecture == "failover"
    assert not said.fine
    rules = {n.name: n.rule for n in said.nodes}
    assert rules["n3"] is not None
    assert (rules["n3"].master, rules["n3"].term, rules["n3"].leads) == ("n3", 2, True)
    document = msgspec.json.decode(to_json(said))
    assert document["nodes"][1]["rule"] == {"master": "n1", "term": 1, "leads": False}
    text = "\n".join(status_text(said))
    assert "MASTER, term 1" in text
    assert "n3, term 2" in text
    assert text.endswith("architecture failover") or "architecture failover" in text


def test_one_master_whom_all_follow_is_fine() -> None:
    at = KILLED - SECOND
    assert status(view_at(at, two_masters), at).fine
    view = view_at(at, two_masters)
    stray = replace(view.nodes[N2], rule=replace(view.nodes[N2].rule, master=NodeId("")))
    assert not status(replace(view, nodes={**view.nodes, N2: stray}), at).fine


def test_plain_lines_say_it_too() -> None:
    lines: list[str] = []
    Plain(lines.append).show(view_at(SPLIT, two_masters), SPLIT)
    assert lines[-1].endswith("follow n3.")
    assert any("n3  is master now, term 2" in line for line in lines)
