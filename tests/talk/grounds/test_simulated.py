"""A simulated ground does whatever a cue can say, refuses in a sentence, and is the same for equal seeds."""

from __future__ import annotations

import pytest

from cluster.config import SECOND
from cluster.model.facts import Fact, RoomCounted
from talk.deck.deck import Act, Need
from talk.deck.words import VERBS
from talk.grounds.ground import GroundError
from talk.grounds.simulated import SimGround
from tui.fold import fold
from tui.view import ClusterView


def quiet(_word: str) -> None:
    """Nobody listens."""


async def stands(need: Need, seed: int = 1) -> SimGround:
    ground = SimGround(seed)
    assert await ground.prepare(need, fresh=True, tell=quiet)
    return ground


def act(words: str) -> Act:
    verb, *args = words.split()
    return Act(verb, tuple(args))


ALL_OF_THEM = [
    ("kill n4", "kill"),
    ("start n4", "start"),
    ("pause n3", "pause"),
    ("resume n3", "n3"),
    ("cut n1 n2", "cut"),
    ("heal", ""),
    ("isolate n5", "n5"),
    ("undo", "took back"),
    ("partition n1,n2", ""),
    ("heal", ""),
    ("lose 20%", "20 % of all packets are lost"),
    ("lose nothing", "no more packets are lost"),
    ("slow n2 2s", "what n2 sends leaves 2,000 ms later"),
    ("slow n2 nothing", "n2 sends at once again"),
    ("put 20", " answers acknowledged"),
    ("fill room-3 heir", "room-3 has acknowledged 20 answers (kept: heir)"),
    ("count room-3", "asked room-3 how many answers it has"),
    ("crash room-1", "made room-1 crash"),
    ("add", "added n6"),
    ("drain n2", "n2 gives up its places"),
    ("leave n2", "n2"),
    ("wipe n3", "wiped"),
    ("start n3", "started n3"),
]


async def test_every_verb_can_be_done_and_is_said() -> None:
    ground = await stands(Need(nodes=5, rooms=2))
    for words, said in ALL_OF_THEM:
        done = await ground.perform(act(words), quiet)
        assert said in done.said, (words, done.said)
        assert done.said
        await ground.pass_time(3 * SECOND)
    assert {words.split()[0] for words, _ in ALL_OF_THEM} >= set(VERBS) - {"play", "audit"}
    view = fold(ClusterView(), ground.take())
    assert "n6" in view.nodes
    await ground.stop()


async def test_answers_are_read_back_after_an_audit() -> None:
    ground = await stands(Need(nodes=3))
    await ground.perform(act("put 30"), quiet)
    assert "acknowledged answers back" in (await ground.perform(act("audit"), quiet)).said
    view = fold(ClusterView(), ground.take())
    assert view.load is not None
    assert view.load.audits > 0
    assert view.load.unreadable == 0
    await ground.stop()


async def test_a_pair_is_played_beside_and_tells_what_it_does() -> None:
    ground = SimGround(1)
    said: list[str] = []
    done = await ground.perform(act("play modulo"), said.append)
    assert done.played is not None
    assert done.played.fine
    assert said, "whoever waits is told what happens"
    assert await ground.perform(act("play modulo"), said.append) == done, "it is remembered"
    with pytest.raises(GroundError, match="there is no pair 'nothing'"):
        await ground.perform(act("play nothing"), quiet)
    await ground.stop()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("start n1", "n1 runs already"),
        ("dance", "a simulated world cannot dance"),
        ("slow n1 nothing", "n1 is not slowed down"),
        ("slow n9 1s", "there is no node 'n9'"),
        ("count room-3", "`fill room-3 heir` opens it"),
        ("kill master", "no node acts as master here"),
    ],
)
async def test_what_cannot_be_done_is_refused_in_a_sentence(words: str, why: str) -> None:
    ground = await stands(Need(nodes=2, answers_per_s=0))
    with pytest.raises(GroundError, match=why):
        await ground.perform(act(words), quiet)
    await ground.stop()


async def test_without_a_cluster_nothing_can_be_done_to_it() -> None:
    ground = SimGround(1)
    assert ground.take() == []
    await ground.pass_time(SECOND)
    with pytest.raises(GroundError, match="there is no cluster"):
        await ground.perform(act("kill n1"), quiet)
    await ground.stop()
    await ground.stop()


async def test_equal_seeds_tell_equal_facts_and_another_world_is_another() -> None:
    told: list[list[Fact]] = []
    for seed in (4, 4, 5):
        ground = await stands(Need(nodes=3), seed)
        await ground.perform(act("kill n2"), quiet)
        await ground.pass_time(2 * SECOND)
        told.append(ground.take())
        await ground.stop()
    assert told[0] == told[1]
    assert told[0] != told[2]


@pytest.mark.parametrize("kind", ["single", "primary", "failover", "majority", "masterless"])
async def test_every_architecture_stands(kind: str) -> None:
    nodes = 1 if kind == "single" else 3
    ground = await stands(Need(nodes=nodes, architecture=kind))  # type: ignore[arg-type]
    assert ground.label() == f"simulated, {nodes} node{'' if nodes == 1 else 's'}"
    await ground.pass_time(2 * SECOND)
    view = fold(ClusterView(), ground.take())
    assert len(view.nodes) == nodes
    assert {node.architecture for node in view.nodes.values()} == {kind}
    await ground.stop()


async def test_the_master_is_whoever_reigned_when_the_slide_first_said_so() -> None:
    ground = await stands(Need(nodes=5, architecture="majority", answers_per_s=40))
    first = (await ground.perform(act("pause master"), quiet)).said.removeprefix("paused ")
    await ground.pass_time(4 * SECOND)
    assert (await ground.perform(act("resume master"), quiet)).said == f"{first} goes on"
    view = fold(ClusterView(), ground.take())
    assert [n.name for n in view.nodes.values() if n.rule.leads] not in ([], [first])
    await ground.prepare(Need(nodes=5, architecture="majority"), fresh=True, tell=quiet)
    assert (await ground.perform(act("kill master"), quiet)).said.startswith("killed n")
    await ground.stop()


@pytest.mark.parametrize(("keep", "left"), [("memory", 0), ("heir", 20), ("checkpoint", 20)])
async def test_what_a_room_still_has_after_a_crash_is_counted(keep: str, left: int) -> None:
    ground = await stands(Need(nodes=1, architecture="single", rooms=1))
    for words in (f"fill room-2 {keep}", "crash room-2", "count room-2"):
        await ground.perform(act(words), quiet)
    counts = [fact.payload for fact in ground.take() if isinstance(fact.payload, RoomCounted)]
    told = [(c.room, c.keep, c.acknowledged, c.held) for c in counts]
    assert told == [("room-2", keep, 20, 20), ("room-2", keep, 20, left)]
    with pytest.raises(GroundError, match="room-2 is open already"):
        await ground.perform(act("fill room-2 heir"), quiet)
    await ground.stop()
