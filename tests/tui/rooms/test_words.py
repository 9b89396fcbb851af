"""Rooms in sentences: single facts, several at once, and what the verdict says of all."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest
from msgspec.structs import replace

from cluster.model.facts import (
    Fact,
    NameClaimed,
    NameFenced,
    NameLost,
    NameWon,
    ProcessObserved,
    RoomCheckpointed,
    RoomExited,
    RoomMoveBegan,
    RoomMoved,
    RoomStarted,
    RoomStayed,
    SupervisorEscalated,
)
from cluster.model.member import Address, NodeId
from cluster.model.rooms.naming import NO_TOKEN, Token
from tests.tui.rooms.tale import (
    CALM,
    EMPTYING,
    HEALED,
    HOME_AGAIN,
    KILLED,
    TWINS,
    drained,
    fallen,
    settled,
    stopped,
    thousand,
    twins,
    view_at,
)
from tests.tui.story import removed_story
from tests.tui.teller import MS, SECOND, START
from tui.fold import fold
from tui.folding.bursts import Told
from tui.judge.rooms.phrases import of_burst, of_room
from tui.judge.rooms.survey import home_of, survey
from tui.judge.verdict import SHORT_MAX, TEXT_MAX, verdict
from tui.seen.rooms import Burst, BurstKind
from tui.view import LAB, ClusterView

N1, N2 = NodeId("n1"), NodeId("n2")
ONE, TWO = Token(1, N1, 7), Token(2, N2, 7)
Tell = Callable[[], tuple[Fact, ...]]

SENTENCES: list[tuple[Told | RoomCheckpointed, str]] = [
    (NameClaimed("room-7", ONE, NO_TOKEN), "claims room-7 with token 1"),
    (NameClaimed("room-7", TWO, ONE), "claims room-7 with token 2, above n1's 1"),
    (NameWon("room-7", TWO, ONE), "room-7 ran twice: it goes on here, with all n1's had"),
    (NameLost("room-7", ONE, N2), "room-7 ran twice: it ends here, n2 has all it had"),
    (NameFenced("room-7", ONE, TWO), "room-7 may not answer here: token 2 of n2 is above 1"),
    (RoomStarted("room-7", "quiz", ONE, "opened", 0, 900), "opened room-7"),
    (RoomStarted("room-7", "quiz", ONE, "crashed", 412, 900),
     "room-7 runs again after its crash, with 412 bytes, 0.9 ms"),
    (RoomStarted("room-7", "quiz", ONE, "crashed", 0, 900),
     "room-7 runs again after its crash, with nothing, 0.9 ms"),
    (RoomStarted("room-7", "quiz", ONE, "died", 4_120, 60_000),
     "room-7 serves again here, with 4.1 kB, 60 ms"),
    (RoomStarted("room-7", "quiz", ONE, "moved", 1, 900), "room-7 goes on here, with 1 byte, 0.9 ms"),
    (RoomStarted("room-7", "quiz", ONE, "merged", 12, 900), "room-7 goes on as one, with 12 bytes"),
    (RoomStarted("room-7", "quiz", ONE, "escalated", 12, 900),
     "room-7 runs again with its supervisor, with 12 bytes"),
    (RoomExited("room-7", ONE, "closed"), "closed room-7"),
    (RoomExited("room-7", ONE, "crashed", "it was asked to"), "room-7 crashed: it was asked to"),
    (RoomExited("room-7", ONE, "moved"), "room-7 has left"),
    (RoomExited("room-7", ONE, "lost"), "room-7 ended here"),
    (RoomExited("room-7", ONE, "escalated"), "room-7 ended with its supervisor"),
    (RoomExited("room-7", ONE, "failed"), "gave room-7 up"),
    (RoomMoveBegan("room-7", ONE, N2, 412), "hands room-7 to n2, 412 bytes"),
    (RoomMoved("room-7", ONE, N2, 412, 4_000, 0), "room-7 went to n2: 4.0 ms without service"),
    (RoomStayed("room-7", ONE, N2, "n2 is leaving"), "room-7 stays: n2 is leaving"),
    (RoomCheckpointed("room-7", ONE, 412, 3), "room-7: 412 bytes on the disks, 3 answers told"),
    (SupervisorEscalated(1, "room-7", 12, 4, 5 * SECOND),
     "room-7: 4 crashes within 5.0 s, its supervisor starts all its 12 rooms anew"),
    (SupervisorEscalated(2, "room-7", 12, 4, 5 * SECOND),
     "a supervisor failed for good (4 crashes within 5.0 s): room-7 is given up"),
]  # fmt: skip


@pytest.mark.parametrize(("payload", "sentence"), SENTENCES, ids=lambda v: type(v).__name__)
def test_every_fact_about_a_room_is_a_sentence(
    payload: Told | RoomCheckpointed, sentence: str
) -> None:
    phrase = of_room(Fact(N1, 7, 1, START, START, payload))
    assert phrase is not None
    assert phrase.text == sentence


def test_no_kind_of_fact_about_rooms_is_without_one() -> None:
    said = {type(payload) for payload, _ in SENTENCES}
    assert said == {*get_args(Told), RoomCheckpointed}


@pytest.mark.parametrize("kind", get_args(BurstKind))
def test_several_at_once_are_one_sentence_with_their_number(kind: BurstKind) -> None:
    burst = Burst(kind, N1, START, START, 41, ("room-1", "room-2"), (N2,), 12_000)
    said = of_burst(burst)
    assert "41" in said.text
    assert "\n" not in said.text


SAID: list[tuple[Tell, int, str, str]] = [
    (fallen, CALM, "good", "5 nodes agree. 40 rooms, each runs once. Every key has 3 of 3 owners."),
    (fallen, KILLED + 300 * MS, "warn", "n4 was killed 0.30 s ago. n4's 7 rooms have no home yet. "
     "Nobody has noticed yet."),
    (fallen, EMPTYING, "bad", "n4 was killed 1.4 s ago, all 4 peers hold it dead. "
     "3 of n4's 7 rooms serve again."),
    (fallen, HOME_AGAIN, "bad", "n4 was killed 2.6 s ago, all 4 peers hold it dead. "
     "n4's 7 rooms serve again: p50 1.5 s, worst 2.0 s."),
    (drained, KILLED + 5 * SECOND, "bad", "5 nodes agree. room-3 is given up."),
    (twins, TWINS, "bad", "The cluster is split for 5.0 s: n3 n4 n5 | n1 n2. "
     "12 rooms run on both sides."),
    (thousand, CALM, "good", "5 nodes agree. 1,000 rooms, each runs once."),
]  # fmt: skip


@pytest.mark.parametrize(("tell", "at", "tone", "start"), SAID)
def test_the_verdict_says_how_the_rooms_are(tell: Tell, at: int, tone: str, start: str) -> None:
    said = verdict(view_at(at, tell), at)
    assert said.text.startswith(start)
    assert said.tone == tone
    assert len(said.text) <= TEXT_MAX
    assert len(said.short) <= SHORT_MAX


def test_after_a_heal_each_runs_once_again() -> None:
    assert "40 rooms, each runs once" in verdict(view_at(HEALED, twins), HEALED).text
    assert survey(view_at(HEALED, twins), HEALED).well


def test_a_cluster_without_rooms_says_nothing_of_them() -> None:
    assert "room" not in verdict(view_at(KILLED, removed_story), KILLED).text


def started(node: NodeId, number: int, at: int, seq: int) -> Fact:
    token = Token(number, node, START)
    payload = RoomStarted("room-7", "quiz", token, "died", 120, 1_000)
    return Fact(node, START if node == N1 else START + 15 * MS, seq, at, at, payload)


def two_of_one_name() -> ClusterView:
    view = fold(ClusterView(), settled(0 + 1).sorted())
    nodes = view.nodes
    facts: list[Fact] = []
    for number, name in enumerate((N1, N2), 1):
        node = nodes[name]
        token = Token(number, name, node.epoch)
        payload = RoomStarted("room-7", "quiz", token, "opened", 120, 1_000)
        facts.append(Fact(name, node.epoch, 99_999, view.at, view.at, payload))
    return fold(view, facts)


def test_a_name_that_runs_twice_in_a_whole_cluster_is_said_with_both_nodes() -> None:
    view = two_of_one_name()
    said = verdict(view, view.at)
    assert said.tone == "bad"
    assert "room-7 runs twice, at n1 n2." in said.text


def test_a_process_that_is_gone_or_paused_runs_nothing() -> None:
    view = two_of_one_name()
    for state in ("gone", "paused"):
        seen = ProcessObserved(N1, state, 1, Address(""))
        away = fold(view, [Fact(LAB, START, 99_999, view.at, view.at, seen)])
        assert not survey(away, away.at).twice


def test_a_room_without_a_process_is_said_after_a_while_and_is_bad_when_it_lasts() -> None:
    view = view_at(CALM, fallen)
    room = next(r for r in view.rooms.by_name.values() if r.places[0].node == N1)
    node = view.nodes[N1]
    crash = RoomExited(room.name, room.places[0].token, "crashed", "")
    for after, tone in ((1, "good"), (2 * SECOND, "warn"), (4 * SECOND, "bad")):
        broken = fold(view, [Fact(N1, node.epoch, 99_999, CALM - after, 0, crash)])
        said = verdict(broken, CALM)
        assert said.tone == tone
        assert ("1 room has had no process for" in said.text) is (after > SECOND)
        assert "each runs once" not in said.text


def test_rooms_of_a_paused_node_served_until_it_was_paused_however_old_they_are() -> None:
    for after, waits in ((300, ""), (1_000, ""), (2_000, "2.0 s"), (3_000, "3.0 s")):
        at = KILLED + after * MS
        found = survey(view_at(at, stopped), at)
        assert found.waiting
        assert found.waited_us == after * MS
        said = verdict(view_at(at, stopped), at).text
        assert ("rooms have had no process for" in said) is bool(waits), said
        assert waits in said


def test_the_way_back_of_a_paused_nodes_rooms_counts_from_its_pause() -> None:
    view = view_at(KILLED + 5 * SECOND, stopped)
    (recovery,) = view.rooms.recoveries
    assert (recovery.basis, recovery.began) == ("paused", KILLED)
    assert recovery.times[0] >= 3_700 * MS
    assert "p50 3.9 s, worst 4.0 s" in verdict(view, KILLED + 5 * SECOND).text
    assert any(line.text.endswith("worst 4.0 s after it was paused") for line in view.events)


def test_rooms_of_a_node_that_is_silent_served_until_its_last_word() -> None:
    view = view_at(CALM, fallen)
    later = CALM + 4 * SECOND
    others = {name: replace(n, reported_at=later) for name, n in view.nodes.items() if name != N1}
    quiet = replace(view.nodes[N1], reported_at=CALM)
    found = survey(replace(view, nodes={N1: quiet, **others}), later)
    assert found.waiting
    assert found.waited_us == 4 * SECOND


def test_the_rooms_of_a_node_that_came_back_empty_still_need_a_home() -> None:
    teller = settled(40)
    lost = len(teller.held_by(NodeId("n4")))
    teller.kill(NodeId("n4"), KILLED)
    teller.start(NodeId("n4"), KILLED + SECOND)
    view = fold(ClusterView(), teller.sorted())
    assert len(survey(view, view.at).waiting) == lost


def test_a_room_belongs_to_the_best_owner_that_serves() -> None:
    at = CALM
    view = view_at(at, fallen)
    for room in view.rooms.by_name.values():
        home = home_of(view, room.name, at)
        assert home is not None
        assert home.node == room.places[0].node
    later = view_at(HOME_AGAIN, fallen)
    moved = [n for n in later.rooms.by_name if later.rooms.by_name[n].why == "died"]
    for name in moved:
        home = home_of(later, name, HOME_AGAIN)
        assert home is not None
        assert home.node == later.rooms.by_name[name].places[0].node
    assert home_of(replace(view, nodes={}), "room-1", at) is None
