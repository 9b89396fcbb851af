"""What an engine does not tell is a sentence on every screen, and never a row of zeros."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from cluster.model.facts import Fact, PulseReported
from cluster.model.member import MemberState, NodeId
from tests.tui.foreign.pictured import LOST, NAMES, TELLING, facts, row, scene_of
from tests.tui.picture import assert_golden
from tests.tui.story import START
from tui.draw.frame import Frame
from tui.fold import fold
from tui.judge.foreign.telling import sampling, tells, untold, without
from tui.judge.verdict import verdict
from tui.scene import Scene
from tui.screens import flow, home, matrix, plots, recovery, ring, rooms
from tui.screens.detail import key, node
from tui.sources.foreign.seen import Look, Opinion, Row
from tui.sources.foreign.serf.words import overheard
from tui.sources.foreign.teller import Teller
from tui.sources.foreign.watching import shown
from tui.text.status import status, to_json
from tui.view import ClusterView

SIZES = [(120, 36), (80, 24)]
Paint = Callable[[Scene, int, int], Frame]
SENTENCES: dict[str, tuple[Paint, str]] = {
    "ring": (ring.paint, "There is no ring in Serf"),
    "flow": (flow.paint, "Serf tells no messages."),
    "rooms": (rooms.paint, "Serf tells of no rooms."),
    "plots": (plots.paint, "Serf tells no latencies."),
    "key": (key.paint, "Serf tells nothing of single keys"),
}


def text(frame: Frame) -> str:
    return "\n".join(frame.lines())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SENTENCES)
def test_a_screen_without_its_facts_says_so(name: str, size: tuple[int, int]) -> None:
    paint, sentence = SENTENCES[name]
    assert sentence in text(paint(scene_of(3), *size))


@pytest.mark.parametrize("size", SIZES)
def test_home_of_a_foreign_cluster(size: tuple[int, int]) -> None:
    frame = home.paint(scene_of(3), *size)
    said = text(frame)
    assert "polled every 0.25 s: times ± 0.25 s" in said
    assert "health score 0" in said
    assert not any(word in said for word in ("ops/s", "p99", "probe ", "hints held"))
    assert_golden(f"foreign-home-{size[0]}x{size[1]}", frame)


@pytest.mark.parametrize("size", SIZES)
def test_a_foreign_node_has_only_rows_that_it_tells(size: tuple[int, int]) -> None:
    frame = node.paint(replace(scene_of(3), selected=NAMES[0]), *size)
    said = text(frame)
    assert "goroutines" in said
    assert "puts/s" not in said
    assert "incarnation" not in said
    assert_golden(f"foreign-node-{size[0]}x{size[1]}", frame)


def test_what_is_worked_out_is_marked_as_estimated() -> None:
    view = scene_of(3)
    assert "estimated round trip" in text(node.paint(view, 120, 36))
    assert "~0.4 ms" in text(node.paint(view, 80, 24))


def test_the_first_look_is_whole_with_what_only_the_engine_has() -> None:
    told = facts(0.25)
    assert sum(isinstance(fact.payload, PulseReported) for fact in told) == len(NAMES)
    view = fold(ClusterView(), told)
    assert all(each.extras and each.round_trips for each in view.nodes.values())


def test_who_tells_a_thing_is_not_said_to_lack_it() -> None:
    first = scene_of(1).view
    told = replace(TELLING, tells=("keys", "ring", "messages"))
    nodes = {name: replace(each, telling=told) for name, each in first.nodes.items()}
    view = replace(first, nodes=nodes)
    assert tells(view, "keys")
    assert not without(view, "ring")
    assert untold(told) == "Serf tells no operations, latencies, hints or rooms."
    assert sampling(told) == "polled every 0.25 s: times ± 0.25 s"
    assert tells(ClusterView(), "keys"), "our own clusters tell everything"


@pytest.mark.parametrize("size", SIZES)
def test_recovery_of_a_foreign_member_knows_how_exact_it_is(size: tuple[int, int]) -> None:
    frame = recovery.paint(scene_of(14, killed_s=3, back_s=8), *size)
    said = text(frame)
    assert "polled every 0.25 s: times ± 0.25 s" in said
    assert "< 0.25 s" in said
    assert " 0 ms" not in said, "nobody knows that"
    assert_golden(f"foreign-recovery-{size[0]}x{size[1]}", frame)


@pytest.mark.parametrize("size", SIZES)
def test_before_a_first_failure_only_stages_are_listed_that_can_be_told(
    size: tuple[int, int],
) -> None:
    for scene in (scene_of(3), scene_of(14, killed_s=3, back_s=8)):
        said = text(recovery.paint(scene, *size))
        assert "one view" in said
        assert not any(word in said for word in ("hints c", "hints r", "rebuilt", "trees", "equal"))


def test_who_told_a_member_is_not_invented() -> None:
    frame = matrix.paint(replace(scene_of(6, killed_s=3), selected=LOST), 120, 36)
    assert "from whom is not told" in text(frame)
    assert "by itself" not in text(frame)


def test_nobody_alive_is_drawn_for_who_fell_silent() -> None:
    view = scene_of(6, killed_s=3).view
    assert view.incidents[-1].subject == LOST


def dead_before_we_came() -> ClusterView:
    """One look at a cluster whose third member fell long ago."""
    rows = {n: row(n, MemberState.DEAD) for n in NAMES if n != LOST}
    looked = Look(START, 250_000, rows, {LOST: "no answer"}, TELLING)
    return fold(ClusterView(), Teller(START // 1_000).tell(looked))


def test_since_when_a_member_is_silent_is_not_said_by_who_came_later() -> None:
    said = verdict(dead_before_we_came(), START + 1_000).text
    assert said.startswith("n3 is silent, all 4 peers hold it dead.")
    later = verdict(scene_of(6, killed_s=3).view, START + 6_000_000).text
    assert later.startswith("n3 has been silent 3.2 s"), "of this we saw the last answer"


def test_a_document_has_null_where_an_engine_tells_nothing() -> None:
    document = json.loads(to_json(status(dead_before_we_came(), START)))
    assert document["architecture"] is None
    for each in document["nodes"]:
        untold_ = ("share", "keys", "hints", "incarnation", "epoch", "rule")
        assert [each[name] for name in untold_] == [None] * 6, each["name"]


def test_the_log_gives_no_figures_that_no_line_of_an_agent_had() -> None:
    at = START + 5_000_000
    lines = (
        "memberlist: Failed UDP ping: n3 (timeout reached)",
        "memberlist: Suspect n3 has failed, no acks received",
        "memberlist: Marking n3 as failed, suspect timeout reached (0 peer confirmations)",
    )
    view = scene_of(3).view
    for number, line in enumerate(lines, start=1):
        word = overheard(line, NAMES[0], at)
        assert word is not None
        fact = Fact(NAMES[0], 1, 1_000 + number, at, at, word.payload, (), "inferred")
        view = fold(view, [fact])
    told = [event.text for event in view.events if event.at == at]
    assert sorted(told) == ["n3 did not answer", "n3 is suspect: it is silent"]


def test_a_matrix_counts_no_incarnations_and_dates_no_news_that_nobody_dated() -> None:
    said = text(matrix.paint(scene_of(3), 120, 36))
    assert "incarnation" not in said
    assert "knew it at boot" not in said


def test_names_of_five_letters_and_more_are_heard_whole() -> None:
    names = [NodeId(f"r2710{number}") for number in range(1, 7)]
    rows = {
        name: Row(
            name,
            dict.fromkeys(names, Opinion(MemberState.ALIVE)),
            heard={n: START for n in names if n != name},
        )
        for name in names
    }
    heard = replace(TELLING, engine="Redis", tells=("heard", "keys", "operations", "ring"))
    teller, view = Teller(1), ClusterView()
    for at in (START, START + 1_000_000):
        view = fold(view, teller.tell(Look(at, 100_000, rows, {}, heard)))
    scene = Scene(view, START + 1_400_000, source="redis://10.0.0.1:6379")
    assert "r27106, 1.4s" in text(matrix.paint(scene, 120, 36))
    wide = text(home.paint(scene, 120, 36))
    assert any(line.endswith("heard seen by") for line in wide.splitlines())


@pytest.mark.parametrize("size", SIZES)
def test_keys_of_a_node_that_never_answered_are_no_zero(size: tuple[int, int]) -> None:
    keyed = replace(TELLING, engine="Redis", tells=("keys", "operations"))
    rows = {
        n: replace(row(n, MemberState.DEAD), keys=7, extras=(("master of", "5,461 slots"),))
        for n in NAMES
        if n != LOST
    }
    looked = Look(START, 250_000, rows, {LOST: "no answer"}, keyed)
    view = fold(ClusterView(), Teller(1).tell(looked))
    said = text(home.paint(Scene(view, START, source="redis://10.0.0.1:6379"), *size))
    (line,) = (each for each in said.splitlines() if each.startswith("  n3 "))
    assert " 0 " not in line
    assert "master of 5,461 slots" in said, "what the engine says has room"


def test_an_address_without_a_user_is_shown_without_its_sign() -> None:
    assert shown("redis://:secret@10.0.0.1:6379") == "redis://10.0.0.1:6379"
    assert shown("redis://ann:secret@10.0.0.1:6379") == "redis://ann@10.0.0.1:6379"
    assert shown("erlang://a@10.0.0.1") == "erlang://a@10.0.0.1"
