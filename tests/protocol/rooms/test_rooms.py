"""Rooms on whole nodes: found from anywhere, moved alive, started again with their state."""

from __future__ import annotations

import pytest

from cluster.model.facts import (
    NameClaimed,
    NameFenced,
    NameLost,
    NameWon,
    RoomMoved,
    RoomStarted,
    SupervisorEscalated,
)
from cluster.model.rooms.naming import room_key
from cluster.protocol.effects import RoomsRoll, TopicHistory
from cluster.protocol.inputs import (
    DrainCommand,
    LeaveCommand,
    RoomsQuery,
    SubscribeCommand,
    TopicQuery,
)
from cluster.protocol.messages import (
    PutRequest,
    Refusal,
    RoomAsk,
    RoomRequest,
    RoomResponse,
    Spread,
)
from tests.protocol.rooms.show import Show
from tests.world import World

ROOMS = [f"room-{i}" for i in range(12)]


@pytest.fixture
def show() -> Show:
    world = World(5)
    world.until(world.agreed, 5, "a ring")
    return Show(world)


def test_a_room_is_found_from_every_node_in_one_hop(show: Show) -> None:
    made = show.open("n1", "room-7")
    assert made.made
    home = show.runner("room-7")
    for at in ("n1", "n2", "n3", "n4", "n5"):
        show.world.sent.clear()
        assert show.answer(at, "room-7", f"p-{at}") == 10
        asked = [(a, b) for a, b, p in show.world.sent if isinstance(p.body, RoomAsk)]
        assert asked == ([] if at == home else [(at, home)])
    assert show.scores("n2", "room-7") == {f"p-n{i}": 10 for i in range(1, 6)}


def test_a_room_opened_twice_is_one_room(show: Show) -> None:
    assert show.open("n1", "room-7").made
    assert not show.open("n5", "room-7").made
    assert len(show.processes("room-7")) == 1


def test_a_room_nobody_opened_is_not_there(show: Show) -> None:
    assert show.refused("n3", "nowhere", {"scores": {}}).status == 404


def test_clients_may_not_write_where_rooms_do(show: Show) -> None:
    answer = show.world.call("n1", PutRequest(room_key("room-7"), b"x", "text/plain", {}))
    assert isinstance(answer, Refusal)
    assert answer.status == 400


def test_the_rooms_of_a_dead_node_serve_again_elsewhere_with_every_answer(show: Show) -> None:
    for room in ROOMS:
        show.open("n1", room)
        show.answer("n2", room, "ada")
    victim = show.runner("room-0")
    lost = [room for room in ROOMS if show.runner(room) == victim]
    other = next(n for n in ("n1", "n2") if n != victim)
    show.world.kill(victim)
    took = show.world.until(lambda: show.settled(*ROOMS), 4, "every room serves")
    assert took < 2
    for room in ROOMS:
        assert show.scores(other, room) == {"ada": 10}
    started = [f for f in show.world.told(RoomStarted) if f.why == "died"]
    assert {f.room for f in started} == set(lost)
    assert not show.world.told(NameLost)


def test_a_call_made_while_the_node_is_dead_is_answered_by_the_next(show: Show) -> None:
    show.open("n1", "room-7")
    victim = show.runner("room-7")
    other = next(n for n in ("n1", "n2") if n != victim)
    show.world.kill(victim)
    request = RoomRequest("room-7", "call", b'{"scores": {}}', again=True)
    answer = show.world.call(other, request, 5)
    assert isinstance(answer, RoomResponse), answer


def test_a_node_that_drains_gives_its_rooms_away_alive(show: Show) -> None:
    for room in ROOMS:
        show.open("n1", room)
        show.answer("n2", room, "ada")
    giver = show.runner("room-0")
    mine = {room for room in ROOMS if show.runner(room) == giver}
    show.world.call(giver, DrainCommand(on=True))
    show.world.until(lambda: not show.world.node(giver).rooms.running, 5, "it gave them away")
    show.world.until(lambda: show.settled(*ROOMS), 1, "every room serves elsewhere")
    moved = show.world.told(RoomMoved, giver)
    assert {m.room for m in moved} == mine
    assert all(m.lost_us < 100_000 for m in moved)
    assert not show.world.node(giver).rooms.running
    for room in ROOMS:
        assert show.answer(giver, room, "bob") == 10
        assert show.scores("n3", room) == {"ada": 10, "bob": 10}


def test_a_node_that_leaves_goes_only_when_its_rooms_are_gone(show: Show) -> None:
    for room in ROOMS:
        show.open("n1", room)
    giver = show.runner("room-0")
    other = next(n for n in ("n1", "n2") if n != giver)
    show.world.call(giver, LeaveCommand(), 10)
    show.world.until(lambda: show.settled(*ROOMS), 1, "every room serves elsewhere")
    for room in ROOMS:
        assert show.answer(other, room, "bob") == 10
    assert len(show.world.told(RoomMoved)) >= 1


def test_a_newcomer_gets_the_rooms_that_belong_to_it_and_no_others(show: Show) -> None:
    rooms = [f"room-{i}" for i in range(40)]
    for room in rooms:
        show.open("n1", room)
    before = {room: show.runner(room) for room in rooms}
    show.world.start("n6", ("n1",))
    show.world.until(show.world.agreed, 10, "a ring of six")
    show.world.until(lambda: show.settled(*rooms), 5, "every room at its home")
    moved = {room for room in rooms if show.runner(room) != before[room]}
    assert moved
    assert all(show.runner(room) == "n6" for room in moved)


def test_two_sides_of_a_split_score_on_and_the_sum_remains(show: Show) -> None:
    show.open("n1", "room-7")
    show.answer("n1", "room-7", "ada")
    show.world.partition(("n1", "n2"), ("n3", "n4", "n5"))
    show.world.run(5)
    small, large = show.answering("n1", "room-7", "eve"), show.answering("n3", "room-7", "bob")
    show.world.until(lambda: {small, large} <= set(show.world.replies), 8, "both sides answer")
    assert isinstance(show.world.replies[large], RoomResponse), show.world.replies[large]
    assert isinstance(show.world.replies[small], RoomResponse), show.world.replies[small]
    assert len(show.processes("room-7")) == 2
    show.world.heal()
    took = show.world.until(lambda: show.world.agreed() and show.settled("room-7"), 20, "one room")
    show.world.run(3)
    assert show.settled("room-7"), took
    assert show.scores("n2", "room-7") == {"ada": 10, "eve": 10, "bob": 10}
    tokens = [f.token for f in show.world.told(NameClaimed)]
    assert len(set(tokens)) == len(tokens)


def test_a_process_that_was_paused_while_another_took_over_writes_nothing(show: Show) -> None:
    show.open("n1", "room-7")
    old = show.runner("room-7")
    other = next(n for n in ("n1", "n2") if n != old)
    show.world.pause(old)
    show.world.run(6)
    assert show.answer(other, "room-7", "ada") == 10
    show.world.resume(old)
    show.world.until(lambda: show.settled("room-7"), 10, "one room")
    assert show.scores(other, "room-7") == {"ada": 10}
    show.world.run(15)
    assert show.settled("room-7")
    assert show.scores(old, "room-7") == {"ada": 10}


@pytest.mark.parametrize(("keep", "left"), [("memory", {}), ("heir", {"ada": 10})])
def test_a_crash_keeps_what_its_heir_keeps(show: Show, keep: str, left: dict[str, int]) -> None:
    show.open("n1", "room-7", keep)  # pyright: ignore[reportArgumentType]
    show.answer("n2", "room-7", "ada")
    before = show.token("room-7")
    assert show.refused("n2", "room-7", {"crash": {}}).status == 500
    show.world.until(lambda: show.settled("room-7"), 0.1, "it is back")
    assert show.scores("n2", "room-7") == left
    assert show.token("room-7") > before


def test_a_crash_of_a_room_with_checkpoints_loses_nothing(show: Show) -> None:
    show.open("n1", "room-7")
    show.answer("n2", "room-7", "ada")
    assert show.refused("n2", "room-7", {"crash": {}}).status == 500
    show.world.until(lambda: show.settled("room-7"), 0.1, "it is back")
    assert show.scores("n2", "room-7") == {"ada": 10}


def test_the_fourth_crash_in_five_seconds_takes_its_neighbours_along(show: Show) -> None:
    for room in ROOMS:
        show.open("n1", room)
    home = show.runner("room-0")
    mine = [room for room in ROOMS if show.runner(room) == home]
    for _ in range(4):
        show.refused("n2", "room-0", {"crash": {}})
        show.world.until(lambda: show.settled(*ROOMS), 0.5, "it is back")
    (escalated,) = show.world.told(SupervisorEscalated)
    assert (escalated.level, escalated.children) == (1, len(mine))
    restarted = [f.room for f in show.world.told(RoomStarted) if f.why == "escalated"]
    assert sorted(restarted) == sorted(mine)


def test_a_full_mailbox_refuses_at_once(show: Show) -> None:
    show.open("n1", "room-7")
    home = show.runner("room-7")
    limit = show.world.config.rooms.mailbox_max
    asked = [show.answering(home, "room-7", f"p{i}") for i in range(limit + 20)]
    refused = [show.world.replies.get(r) for r in asked]
    full = [r for r in refused if isinstance(r, Refusal) and r.error == "mailbox full"]
    assert len(full) == 20
    show.world.run(1)
    answered = [r for r in asked if isinstance(show.world.replies[r], RoomResponse)]
    assert len(answered) == limit


def test_every_node_tells_the_same_of_all_rooms(show: Show) -> None:
    for room in ROOMS:
        show.open("n1", room)
    rolls = [show.world.call(at, RoomsQuery()) for at in ("n1", "n4")]
    assert rolls[0] == rolls[1]
    assert isinstance(rolls[0], RoomsRoll)
    assert sorted(row.room for _, row in rolls[0].rooms) == sorted(ROOMS)


def test_a_closed_room_is_gone_and_can_be_opened_anew(show: Show) -> None:
    show.open("n1", "room-7")
    show.answer("n2", "room-7", "ada")
    assert isinstance(show.world.call("n3", RoomRequest("room-7", "close")), RoomResponse)
    assert show.refused("n2", "room-7", {"scores": {}}).status == 404
    assert show.open("n2", "room-7").made
    assert show.scores("n2", "room-7") == {}


def test_rooms_come_back_when_every_node_was_killed(show: Show) -> None:
    for room in ROOMS:
        show.open("n1", room)
        show.answer("n2", room, "ada")
    for name in list(show.world.hosts):
        show.world.kill(name)
    show.world.run(2)
    for name in list(show.world.hosts):
        show.world.start(name)
    show.world.until(lambda: show.settled(*ROOMS), 10, "every room serves")
    for room in ROOMS:
        assert show.scores("n3", room) == {"ada": 10}


def test_fencing_is_told_and_both_ends_of_a_merge_are_named(show: Show) -> None:
    show.open("n1", "room-7")
    show.world.partition(("n1", "n2"), ("n3", "n4", "n5"))
    show.world.run(5)
    for at in ("n1", "n3"):
        show.answering(at, "room-7", f"p-{at}")
    show.world.run(3)
    show.world.heal()
    show.world.until(lambda: show.world.agreed() and show.settled("room-7"), 20, "one room")
    assert show.world.told(NameWon)
    assert show.world.told(NameLost) or show.world.told(NameFenced)


def test_a_room_publishes_only_while_somebody_listens(show: Show) -> None:
    show.open("n1", "room-7")
    show.world.run(5)
    show.world.sent.clear()
    show.answer("n1", "room-7", "ada")
    show.world.run(1)
    assert not [p for _, _, p in show.world.sent if isinstance(p.body, Spread)]
    show.world.call("n4", SubscribeCommand("room/room-7", 1))
    show.world.run(5)
    show.answer("n1", "room-7", "bob")
    show.world.run(1)
    history = show.world.call("n4", TopicQuery("room/room-7"))
    assert isinstance(history, TopicHistory)
    assert b"bob" in history.items[-1].payload
