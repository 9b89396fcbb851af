"""What seeds of the simulator found in rooms, told again by hand: one short story for each bug."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from cluster.config import DEMO
from cluster.model.member import NOBODY, NodeId
from cluster.model.rooms.game import Game, Question, answered
from cluster.model.rooms.game import packed as packed_game
from cluster.model.rooms.naming import CONTENT_TYPE, Checkpoint, Token, packed, room_key
from cluster.model.versions import EMPTY, put
from cluster.protocol.inputs import DrainCommand
from cluster.protocol.messages import Refusal, RoomAnswer, RoomAsk, RoomRequest
from tests.protocol.rooms.show import Show
from tests.world import World

WRITE_ALL = replace(DEMO, data=replace(DEMO.data, read_quorum=1, write_quorum=3))


def shown(world: World) -> Show:
    world.until(world.agreed, 5, "a ring")
    return Show(world)


def test_a_room_whose_opener_has_given_up_meanwhile_still_begins() -> None:
    # `sim --faults partitions --seed 12 --rooms 20`: whoever opened it was no longer in its mailbox.
    show = shown(World(5))
    home = show.home("room-7")
    assert home is not None
    show.world.ask(home, RoomRequest("room-7", "open"))
    claims = show.world.node(home).rooms.claims.open
    show.world.until(lambda: claims["room-7"].step == "writing", 1, "it claims the name")
    show.world.partition((home,), tuple(n for n in show.world.hosts if n != home))
    show.world.run(8)
    show.world.heal()
    show.world.until(lambda: show.settled("room-7"), 20, "it serves")


def test_a_room_that_could_not_be_closed_serves_on() -> None:
    # `sim --faults partitions --seed 8 --rooms 12`: closed while a checkpoint found no quorum, it
    # neither ended nor served.
    show = shown(World(5))
    show.open("n1", "room-7")
    home = show.runner("room-7")
    show.world.partition((home,), tuple(n for n in show.world.hosts if n != home))
    show.answering(home, "room-7", "ada")
    closing = show.world.ask(home, RoomRequest("room-7", "close"))
    show.world.run(2.6)
    show.world.heal()
    show.world.run(8)
    assert closing in show.world.replies
    found = show.processes("room-7")
    assert [process.status for _, process in found] in ([], ["serving"])


def test_a_room_moves_although_its_last_checkpoint_found_no_quorum() -> None:
    # `sim --faults partitions --seed 9 --rooms 12`: it waited for a checkpoint that had failed.
    show = shown(World(5, config=WRITE_ALL))
    show.open("n1", "room-7")
    giver = show.runner("room-7")
    node = show.world.node(giver)
    owners = node.placement.ring.owners[node.rooms.homes.partition("room-7")]
    taker = next(owner for owner in owners if owner != giver)
    for name in show.world.hosts:
        if name not in (giver, taker):
            show.world.cuts |= {(giver, name), (name, giver)}
    answered = show.answering(giver, "room-7", "ada")
    show.world.ask(giver, DrainCommand(on=True))
    show.world.until(lambda: show.processes("room-7")[0][0] == taker, 8, "it has moved")
    show.world.until(lambda: answered in show.world.replies, 8, "its player has an answer")
    assert show.scores(taker, "room-7") == {"ada": 10}


def test_what_is_given_while_the_name_is_being_claimed_is_not_forgotten() -> None:
    # `sim --faults kills --seed 8 --rooms 12`: the giver was told that its process had arrived.
    lost: list[str] = []
    for seed in range(1, 13):
        show = shown(World(5, seed, WRITE_ALL))
        show.open("n1", "room-7")
        home = show.runner("room-7")
        partition = show.world.node(home).rooms.homes.partition("room-7")
        other = next(n for n in show.world.hosts if n != home)
        show.world.kill(home)
        show.world.run(2)
        show.say(other, "room-7", {"scores": {}}, again=True)
        assert show.answer(other, "room-7", "ada") == 10
        owners = show.world.node(other).placement.ring.owners[partition]
        slow = next(n for n in owners if n not in (home, show.runner("room-7")))
        show.world.pause(slow)  # so that to claim the name takes a while
        show.world.start(home, (other,))
        back = show.world.node(home)
        show.world.until(lambda node=back: "room-7" in node.rooms.running, 5, "it is home again")
        show.world.until(partial(show.settled, "room-7"), 5, "and nowhere else")
        if show.scores(home, "room-7") != {"ada": 10}:
            lost.append(f"seed {seed}")
    assert lost == []


def test_what_another_process_wrote_is_not_replaced_unseen() -> None:
    # `sim --faults partitions`: the answer to one checkpoint covered what the record held beside
    # it, and the next one took that for its own and wiped it out.
    show = shown(World(5))
    show.open("n1", "room-7")
    asked = [show.answering("n1", "room-7", f"p{i}") for i in range(3)]
    show.world.until(lambda: set(asked) <= set(show.world.replies), 5, "they are answered")
    bring(show, "room-7", Token(1, NodeId("a9"), 1), "eve")
    # So many that a checkpoint is written, and another begun, while the record is read again.
    for number in range(3, 60):
        show.answering("n1", "room-7", f"p{number}")
        show.world.run(0.0005)
    show.world.run(3)
    scores = show.scores("n1", "room-7")
    assert scores.pop("eve", 0) == 10
    assert len(scores) == 60


def test_what_an_older_process_wrote_is_merged_when_it_shows() -> None:
    # `sim --faults partitions`: only the records of newer processes were looked at.
    show = shown(World(5))
    show.open("n1", "room-7")
    assert show.answer("n1", "room-7", "ada") == 10
    bring(show, "room-7", Token(1, NodeId("a9"), 1), "eve")
    show.world.run(3)
    assert show.scores("n1", "room-7") == {"ada": 10, "eve": 10}


def test_a_claim_is_above_the_token_that_its_asker_has_seen() -> None:
    # `sim --faults partitions --seed 111 --rooms 16`: where the record of the newer process was out
    # of reach, whoever had spoken to that was answered by a process under a lower token.
    show = shown(World(5))
    home = show.home("room-7")
    asker = next(name for name in show.world.hosts if name != home)
    assert home is not None
    seen = Token(7, NodeId("n9"), 1)
    open_it = RoomRequest("room-7", "open")
    show.world.node(home).rooms.heard(RoomAsk(1, open_it, seen), NodeId(asker))
    show.world.until(lambda: show.settled("room-7"), 5, "it serves")
    assert show.token("room-7") > seen


def test_a_call_sent_twice_is_not_called_undone_because_one_copy_was() -> None:
    # `sim --faults hell --seed 19 --rooms 20 --for 20s`: a paused home did the first copy when it
    # woke, and had no room for the second; the caller was told "not done".
    show = shown(World(5))
    show.open("n1", "room-7")
    home = show.runner("room-7")
    asker = next(name for name in show.world.hosts if name != home)
    show.world.pause(home)
    body = b'{"answer": {"player": "ada", "question": 1, "choice": 0}}'
    asked = show.world.ask(asker, RoomRequest("room-7", "call", body, again=True))
    rooms = show.world.node(asker).rooms
    ((number, call),) = getattr(rooms.desk, "_open").items()  # noqa: B009
    show.world.until(lambda: call.doubted, 5, "its home is given up, and it is asked again")
    full = Refusal(503, "mailbox full", "not done: 4 messages wait in room-7, try again later")
    rooms.heard(RoomAnswer(number, full), home)
    show.world.until(lambda: asked in show.world.replies, 1, "it is answered")
    answer = show.world.replies[asked]
    assert isinstance(answer, Refusal)
    assert answer.status == 504


def bring(show: Show, room: str, token: Token, player: str) -> None:
    """A copy of what another process of the name wrote comes to the room's home, as by a hint."""
    node = show.world.node(show.runner(room))
    state = packed_game(
        answered(Game(), token.actor, player, Question(1, "", False, "?", ("a",), 0, 10), True)
    )
    value = packed(Checkpoint("quiz", "checkpoint", token, b"{}", state))
    record = put(EMPTY, {}, "a9.1.1", value, CONTENT_TYPE, show.world.now)
    node.replica.write(node.rooms.homes.partition(room), room_key(room), record, NOBODY, print)
