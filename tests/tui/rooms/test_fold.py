"""Rooms in the fold: places, flights, recoveries, bursts; in any batches, and never without bound."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cluster.model.facts import (
    Fact,
    NameClaimed,
    NameFenced,
    NameLost,
    NameWon,
    NodeStarted,
    Payload,
    ProcessObserved,
    RoomCheckpointed,
    RoomExited,
    RoomMoveBegan,
    RoomMoved,
    RoomStarted,
    RoomStayed,
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
    Landlord,
    drained,
    fallen,
    settled,
    thousand,
    twins,
    view_at,
)
from tests.tui.teller import MS, N4, SECOND, START
from tests.tui.test_fold import UNSHRUNK, shuffled
from tui.fold import fold
from tui.seen import rooms as seen
from tui.view import EVENTS_MAX, LAB, ClusterView

N1, N2 = NodeId("n1"), NodeId("n2")
Tell = Callable[[], tuple[Fact, ...]]


def told(*steps: tuple[NodeId, Payload]) -> ClusterView:
    """The view after these, ten milliseconds apart."""
    seq: dict[NodeId, int] = {}
    facts: list[Fact] = []
    for index, (node, payload) in enumerate(steps):
        seq[node] = seq.get(node, 0) + 1
        at = START + index * 10 * MS
        facts.append(Fact(node, 7, seq[node], at, at, payload))
    return fold(ClusterView(), facts)


def started(node: NodeId, number: int, why: str = "opened") -> tuple[NodeId, Payload]:
    token = Token(number, node, 7)
    return node, RoomStarted("room-7", "quiz", token, why, 120, 1_000)  # pyright: ignore[reportArgumentType]


def where(view: ClusterView, room: str = "room-7") -> dict[NodeId, str]:
    return {place.node: place.state for place in view.rooms.by_name[room].places}


def recount(view: ClusterView) -> None:
    """The figures that hang on the rooms are what counting them again gives."""
    held: dict[NodeId, int] = {}
    odd: set[str] = set()
    for room in view.rooms.by_name.values():
        if [place.state for place in room.places] != ["serving"]:
            odd.add(room.name)
        assert len({place.node for place in room.places}) == len(room.places)
        for place in room.places:
            held[place.node] = held.get(place.node, 0) + 1
    assert {name: count for name, count in view.rooms.held.items() if count} == held
    assert set(view.rooms.odd) == odd


# --- one room ------------------------------------------------------------------------------------


def test_a_room_serves_where_its_node_says_so_and_starts_there_before() -> None:
    claim = (N1, NameClaimed("room-7", Token(1, N1, 7), NO_TOKEN))
    assert where(told(claim)) == {N1: "starting"}
    view = told(claim, started(N1, 1))
    assert where(view) == {N1: "serving"}
    assert view.rooms.odd == {}
    assert view.events[-1].text == "opened room-7"


def test_a_handoff_is_a_flight_that_lands_and_says_what_it_cost() -> None:
    begin = (N1, RoomMoveBegan("room-7", Token(1, N1, 7), N2, 120))
    end = (N1, RoomMoved("room-7", Token(1, N1, 7), N2, 120, 4_000, 2))
    view = told(started(N1, 1), begin)
    assert where(view) == {N1: "moving"}
    flight = view.rooms.flights["room-7"]
    assert (flight.source, flight.to, flight.ended) == (N1, N2, 0)
    view = told(started(N1, 1), begin, started(N2, 2, "moved"), end)
    assert where(view) == {N2: "serving"}
    flight = view.rooms.flights["room-7"]
    assert flight.ended
    assert flight.lost_us == 4_000
    assert view.rooms.by_name["room-7"].lost_us == 4_000
    assert view.events[-1].text == "room-7 went to n2: 4.0 ms without service, 2 messages sent on"


def test_both_ends_of_a_handoff_may_be_told_in_either_order() -> None:
    begin = (N1, RoomMoveBegan("room-7", Token(1, N1, 7), N2, 120))
    end = (N1, RoomMoved("room-7", Token(1, N1, 7), N2, 120, 4_000, 2))
    start = started(N2, 2, "moved")
    for order in ([begin, start, end], [start, begin, end], [begin, end, start]):
        view = told(started(N1, 1), *order)
        assert where(view) == {N2: "serving"}
        assert view.rooms.odd == {}
        recount(view)


def test_the_end_of_a_twin_is_one_line_and_no_gap_in_service() -> None:
    view = told(
        started(N1, 1),
        started(N2, 2, "died"),
        (N1, RoomMoveBegan("room-7", Token(1, N1, 7), N2, 120)),
        (N1, NameLost("room-7", Token(1, N1, 7), N2)),
        (N1, RoomMoved("room-7", Token(1, N1, 7), N2, 120, 1_400_000, 0)),
        (N1, RoomExited("room-7", Token(1, N1, 7), "lost")),
    )
    assert where(view) == {N2: "serving"}
    assert view.rooms.by_name["room-7"].lost_us == -1
    assert view.events[-1].text == "room-7 ran twice: it ends here, n2 has all it had"


def test_a_handoff_that_comes_to_nothing_leaves_it_where_it_was() -> None:
    view = told(
        started(N1, 1),
        (N1, RoomMoveBegan("room-7", Token(1, N1, 7), N2, 120)),
        (N1, RoomStayed("room-7", Token(1, N1, 7), N2, "n2 is leaving")),
    )
    assert where(view) == {N1: "serving"}
    assert view.rooms.flights["room-7"].stayed


def test_a_crashed_room_has_no_process_until_it_starts_again() -> None:
    crash = (N1, RoomExited("room-7", Token(1, N1, 7), "crashed", "it was asked to"))
    view = told(started(N1, 1), crash)
    assert where(view) == {N1: "starting"}
    assert view.events[-1].tone == "bad"
    assert where(told(started(N1, 1), crash, started(N1, 2, "crashed"))) == {N1: "serving"}


def test_a_closed_room_is_forgotten() -> None:
    view = told(started(N1, 1), (N1, RoomExited("room-7", Token(1, N1, 7), "closed")))
    assert view.rooms.by_name == {}
    recount(view)


def test_the_word_of_an_older_process_ends_no_newer_one() -> None:
    view = told(started(N1, 3), (N1, RoomExited("room-7", Token(2, N1, 7), "lost")))
    assert where(view) == {N1: "serving"}


def test_two_nodes_that_serve_one_name_are_both_shown() -> None:
    view = told(started(N1, 1), started(N2, 2, "died"))
    assert where(view) == {N1: "serving", N2: "serving"}
    assert "room-7" in view.rooms.odd
    old = view.rooms.by_name["room-7"].places[0]
    assert old.outrun


def test_a_fenced_process_serves_nobody_until_it_has_won() -> None:
    fence = (N1, NameFenced("room-7", Token(1, N1, 7), Token(2, N2, 7)))
    win = (N1, NameWon("room-7", Token(3, N1, 7), Token(2, N2, 7)))
    fenced = told(started(N1, 1), fence)
    assert where(fenced) == {N1: "starting"}
    assert fenced.rooms.by_name["room-7"].places[0].outrun
    assert where(told(started(N1, 1), fence, win)) == {N1: "serving"}


def test_a_room_that_was_given_up_and_opened_again_elsewhere_runs_there_alone() -> None:
    failed = (N1, RoomExited("room-7", Token(1, N1, 7), "failed"))
    view = told(started(N1, 1), failed, started(N2, 2))
    assert where(view) == {N2: "serving"}
    assert view.rooms.odd == {}


def test_a_checkpoint_changes_its_size_and_nothing_else() -> None:
    view = told(started(N1, 1), (N1, RoomCheckpointed("room-7", Token(1, N1, 7), 999, 3)))
    room = view.rooms.by_name["room-7"]
    assert room.places[0].bytes == 999
    assert len(room.trail) == 1


def test_what_ended_before_we_looked_makes_no_room() -> None:
    view = told((N1, RoomMoved("room-7", Token(1, N1, 7), N2, 120, 4_000, 2)))
    assert view.rooms.by_name == {}


# --- a node dies ---------------------------------------------------------------------------------


def test_the_rooms_of_a_dead_node_are_counted_from_the_kill_until_they_serve() -> None:
    before = len(
        [r for r in view_at(CALM, fallen).rooms.by_name.values() if r.places[0].node == N4]
    )
    (recovery,) = view_at(EMPTYING, fallen).rooms.recoveries
    assert (recovery.node, recovery.basis, recovery.rooms) == (N4, "killed", before)
    assert 0 < len(recovery.times) < before
    assert not recovery.ended
    view = view_at(HOME_AGAIN, fallen)
    (recovery,) = view.rooms.recoveries
    assert len(recovery.times) == recovery.rooms
    assert recovery.ended == KILLED + 1_960 * MS
    assert recovery.worst_us == 1_960 * MS
    assert recovery.times[0] == 1_110 * MS
    assert set(recovery.nodes) <= {"n1", "n2", "n3", "n5"}
    assert view.rooms.held[N4] == 0
    assert view.rooms.odd == {}


def test_two_hundred_rooms_that_come_back_are_one_line() -> None:
    view = view_at(HOME_AGAIN, thousand)
    (recovery,) = view.rooms.recoveries
    lines = [line.text for line in view.events if "serve" in line.text]
    assert lines == [
        f"n4's {recovery.rooms} rooms serve again on 4 nodes: p50 1.5 s, worst 2.0 s "
        "after it was killed"
    ]
    opened = [line for line in view.events if line.text.startswith("opened")]
    assert len(opened) <= 5


def test_a_place_that_a_dead_process_left_stays_until_the_room_serves_elsewhere() -> None:
    gone = view_at(KILLED + 900 * MS, fallen)
    assert gone.rooms.held[N4] > 0
    assert view_at(EMPTYING, fallen).rooms.held[N4] < gone.rooms.held[N4]


def test_a_node_that_returns_with_its_rooms_has_them_counted_too() -> None:
    view = told(started(N1, 1))
    lab = Fact(LAB, 1, 1, START + SECOND, 0, ProcessObserved(N1, "gone", 0, Address("")))
    born = Fact(N1, 8, 1, START + 2 * SECOND, 0, NodeStarted("demo", 1, 0))
    again = RoomStarted("room-7", "quiz", Token(2, N1, 8), "died", 120, 1_000)
    claim = NameClaimed("room-7", Token(2, N1, 8), Token(1, N1, 7))
    view = fold(view, [lab, born, Fact(N1, 8, 2, START + 3 * SECOND, 0, claim)])
    assert not view.rooms.recoveries[0].times
    view = fold(view, [Fact(N1, 8, 3, START + 3 * SECOND, 0, again)])
    assert view.rooms.recoveries[0].times == (2 * SECOND,)
    assert view.rooms.recoveries[0].basis == "gone"


def test_a_node_that_was_only_cut_off_ends_its_recovery_when_it_is_heard_again() -> None:
    split = view_at(TWINS, twins)
    assert {r.basis for r in split.rooms.recoveries} == {"believed dead"}
    assert all(not r.ended for r in split.rooms.recoveries if r.rooms > len(r.times))
    assert all(r.ended for r in view_at(HEALED, twins).rooms.recoveries)


def test_after_a_heal_each_room_runs_once_and_both_ends_are_told() -> None:
    split, healed = view_at(TWINS, twins), view_at(HEALED, twins)
    double = [r for r in split.rooms.by_name.values() if len(r.places) > 1]
    assert len(double) >= 4
    assert all(len(r.places) == 1 for r in healed.rooms.by_name.values())
    assert any("that ran twice go on here" in line.text for line in healed.events)


def test_a_snapshot_is_all_that_its_node_runs() -> None:
    teller = settled(40)
    teller.snapshot_with_rooms(N1, KILLED)
    before = fold(ClusterView(), [f for f in teller.sorted() if f.at < KILLED])
    told_late = fold(ClusterView(), [f for f in teller.sorted() if f.at >= KILLED])
    mine = sorted(r.name for r in before.rooms.by_name.values() if r.places[0].node == N1)
    assert sorted(told_late.rooms.by_name) == mine
    assert fold(before, [f for f in teller.sorted() if f.at >= KILLED]).rooms.held == (
        before.rooms.held
    )


def test_a_snapshot_forgets_what_its_node_runs_no_more() -> None:
    teller = settled(12)
    gone = teller.held_by(N1)[0]
    before = fold(ClusterView(), teller.sorted())
    del teller.rooms[gone]
    teller.facts.clear()
    teller.snapshot_with_rooms(N1, KILLED)
    snapshot = replace(teller.facts[0], seq=9_999)
    view = fold(before, [snapshot])
    assert gone not in view.rooms.by_name
    recount(view)


# --- a supervisor gives up -----------------------------------------------------------------------


def test_crashes_in_a_row_are_one_line_and_giving_up_another() -> None:
    view = view_at(KILLED + 5 * SECOND, drained)
    lines = [line.text for line in view.events if line.node == N1]
    assert any(text.startswith("4 crashes of room-") for text in lines)
    assert any("is given up" in text for text in lines)
    (failed,) = view.rooms.odd
    assert where(view, failed) == {N1: "failed"}


# --- batches, order, bounds ----------------------------------------------------------------------


@pytest.mark.parametrize("tell", [fallen, drained, twins])
@pytest.mark.parametrize("batch", [1, 7, 5_000])
def test_batches_do_not_matter(tell: Tell, batch: int) -> None:
    one, other = view_at(HEALED, tell, batch), view_at(HEALED, tell, 40)
    assert one.rooms == other.rooms
    assert one.events == other.events


@settings(max_examples=20, deadline=None, phases=UNSHRUNK, derandomize=True)
@given(seed=st.integers(0, 2**32), jitter_ms=st.integers(1, 15))
@pytest.mark.parametrize("tell", [fallen, drained, twins])
def test_nodes_may_be_heard_slightly_mixed(tell: Tell, seed: int, jitter_ms: int) -> None:
    facts = [f for f in tell() if f.at <= HEALED]
    mixed = shuffled(facts, Random(seed), jitter_ms * 1_000)
    view, other = fold(ClusterView(), facts), fold(ClusterView(), mixed)
    assert {r.name: {p.node for p in r.places} for r in other.rooms.by_name.values()} == {
        r.name: {p.node for p in r.places} for r in view.rooms.by_name.values()
    }
    assert sorted((r.node, r.rooms) for r in other.rooms.recoveries) == sorted(
        (r.node, r.rooms) for r in view.rooms.recoveries
    )
    recount(other)


@settings(max_examples=60, deadline=None, phases=UNSHRUNK, derandomize=True)
@given(seed=st.integers(0, 2**32))
def test_whatever_is_said_of_rooms_the_figures_are_those_of_the_rooms(seed: int) -> None:
    """Facts in no sensible order at all, from nodes that are there and gone."""
    random = Random(seed)
    nodes = [NodeId(f"n{i}") for i in range(1, 5)]
    seq = dict.fromkeys((*nodes, LAB), 0)
    view = ClusterView()
    for step in range(120):
        node = random.choice(nodes)
        room = f"room-{random.randrange(6)}"
        token = Token(random.randrange(1, 6), node, 7)
        to = random.choice([n for n in nodes if n != node])
        payload = random.choice([
            NameClaimed(room, token, NO_TOKEN),
            RoomStarted(room, "quiz", token, random.choice(["opened", "died", "moved"]), 9, 9),
            RoomExited(room, token, random.choice(["closed", "crashed", "moved", "failed"])),
            RoomMoveBegan(room, token, to, 9),
            RoomMoved(room, token, to, 9, 9, 0),
            RoomStayed(room, token, to, "no"),
            NameFenced(room, token, Token(9, to, 7)),
            ProcessObserved(to, random.choice(["gone", "running"]), 1, Address("")),
        ])  # fmt: skip
        if isinstance(payload, ProcessObserved):
            node = LAB
        seq[node] += 1
        view = fold(view, [Fact(node, 7, seq[node], START + step * MS, 0, payload)])
        recount(view)


def test_everything_kept_of_rooms_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    teller = Landlord(2)
    teller.start(N1, START)
    teller.start(N2, START)
    for number in range(2_000):
        at = START + SECOND + number * MS
        teller.run(f"room-{number}", N1, at, "opened", 0)
        teller.hand(f"room-{number}", N2, at + 20 * MS, 2 * MS)
    for number in range(400):  # far apart: no burst
        teller.crash("room-3", START + (10 + 4 * number) * SECOND)
    view = fold(ClusterView(), teller.sorted())
    assert len(view.rooms.flights) == seen.FLIGHTS_MAX
    assert len(view.rooms.by_name["room-3"].trail) == seen.TRAIL_MAX
    assert len(view.events) == EVENTS_MAX
    assert len(view.rooms.bursts) <= 24
    monkeypatch.setattr("tui.folding.rooms.ROOMS_SEEN_MAX", 10)
    view = fold(ClusterView(), teller.sorted())
    assert len(view.rooms.by_name) == 10
    assert view.rooms.unseen > 0
