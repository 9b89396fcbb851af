"""No rejoin cliff: whoever is gone is tried for ever, seldom, and never all at once."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from random import Random
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from cluster.config import DEMO, LAN, MS, SECOND, Config
from cluster.model.facts import MemberFlapped
from cluster.model.member import Address, MemberState, NodeId
from cluster.protocol.effects import Send
from cluster.protocol.inputs import Booted, JoinCommand, Requested, RequestId
from cluster.protocol.messages import Gossip, PushPull
from cluster.protocol.node import Memory, Node
from tests.protocol.lone import EPOCH, Lone, claim, facts, packet
from tests.world import START, MemoryRecords, World

ALIVE, DEAD, REMOVED = MemberState.ALIVE, MemberState.DEAD, MemberState.REMOVED
SWIM = DEMO.membership


def tuned(config: Config = DEMO, **changes: Any) -> Config:
    return replace(config, membership=replace(config.membership, **changes))


def tries(one: Lone, periods: int) -> list[tuple[int, str]]:
    """When and where this node pushed its view, over so many reconnect periods."""
    made: list[tuple[int, str]] = []
    for _ in range(periods):
        one.now += SWIM.reconnect_period_us
        pushes = [e for e in one.fire("reconnect") if isinstance(e, Send)]
        made += [(one.now, e.address) for e in pushes if isinstance(e.packet.body, PushPull)]
    return made


def gone(*names: str, state: MemberState = DEAD) -> Lone:
    one = Lone("n2", *names)
    one.hear(packet("n2", Gossip(), *(claim(n, state, accuser=NodeId("n2")) for n in names)))
    return one


@pytest.mark.parametrize("state", [DEAD, REMOVED])
def test_the_gone_are_tried_for_ever_at_growing_but_bounded_intervals(state: MemberState) -> None:
    made = [at for at, _ in tries(gone("n3", state=state), 400)]
    waits = [b - a for a, b in pairwise(made)]
    assert waits[0] <= 2 * SWIM.reconnect_period_us
    assert max(waits) <= SWIM.reconnect_max_us + SWIM.reconnect_period_us
    later = waits[5:]
    assert sum(later) / len(later) > 2 * SWIM.reconnect_period_us
    assert made[-1] > made[0] + 390 * SWIM.reconnect_period_us
    assert len(set(waits)) > 1, "the waits must not march in step"


def test_who_left_is_not_looked_for() -> None:
    assert tries(gone("n3", state=MemberState.LEFT), 50) == []


def test_a_seed_that_nobody_was_met_at_is_tried_for_ever_too() -> None:
    one = Lone("n2")
    seed = Address("10.0.0.9:7000")
    one.node.handle(Requested(RequestId(1), JoinCommand(seed)), one.now)
    made = tries(one, 100)
    assert {address for _, address in made} == {seed}
    assert made[-1][0] > one.now - SWIM.reconnect_max_us - SWIM.reconnect_period_us
    one.hear(packet("n9", Gossip(), claim("n9")))
    assert tries(one, 20) == []


def test_however_many_are_gone_a_period_has_few_tries_and_each_has_its_turn() -> None:
    names = [f"n{i}" for i in range(3, 33)]
    made = tries(gone(*names), 200)
    assert max(Counter(at for at, _ in made).values()) == SWIM.reconnect_tries
    last = {address: at for at, address in made}
    assert len(last) == len(names)
    turn = -(-len(names) // SWIM.reconnect_tries) + 1
    assert min(last.values()) >= made[-1][0] - turn * SWIM.reconnect_period_us


def test_a_sign_of_life_begins_the_series_anew() -> None:
    one = gone("n3")
    tries(one, 40)
    one.hear(packet("n3", Gossip()))
    assert one.belief("n3").state is DEAD, "only a refutation makes it alive"
    soon = [at - one.now for at, _ in tries(one, 3)]
    assert soon
    assert len(soon) >= 2


def test_an_accused_node_answers_whoever_repeats_the_accusation_but_not_too_often() -> None:
    one = Lone("n2", "n3")
    accused = packet("n2", Gossip(), claim("n1", DEAD, accuser=NodeId("n2")))

    def answered() -> list[tuple[str, int]]:
        sent = [e for e in one.hear(accused) if isinstance(e, Send)]
        return [(e.to, e.packet.claims[0].incarnation) for e in sent]

    assert answered() == [("n2", 1)]
    assert answered() == []
    one.now += SECOND
    assert answered() == [("n2", 1)]


def test_a_restarted_node_greets_a_bounded_number_of_those_it_remembers() -> None:
    def greeted(members: int) -> int:
        claims = tuple(claim(f"n{i}") for i in range(2, members + 2))
        blob = msgspec.msgpack.encode(Memory(claims, (NodeId("n1"),), ()))
        records = MemoryRecords()
        records.metas["memory"] = blob
        addresses = (Address("10.0.0.1:7000"), Address("10.0.0.1:8000"))
        node = Node(NodeId("n1"), EPOCH, *addresses, DEMO, records, Random(1))
        effects = node.handle(Booted((), 1), START)
        return len({e.to for e in effects if isinstance(e, Send)})

    assert greeted(5) == 5
    assert greeted(100) == SWIM.greetings_max


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "sides", [(("n1",), ("n2", "n3", "n4", "n5")), (("n1", "n2"), ("n3", "n4"), ("n5",))]
)
def test_a_partition_of_hours_heals_within_the_bound_of_the_config(
    seed: int, sides: tuple[tuple[str, ...], ...]
) -> None:
    config = tuned(LAN, suspicion_min_us=SECOND, suspicion_max_us=2 * SECOND)
    world = World(5, seed=seed, config=config)
    world.until(world.agreed, 10)
    world.partition(*sides)
    world.run(1_800)
    assert world.sees("n1", "n5") in (DEAD, REMOVED)
    world.heal()

    def one_view() -> bool:
        return all(len(n.members.others(ALIVE)) == 4 for n in world.live()) and world.agreed()

    world.until(one_view, config.membership.heal_bound_us(5) / SECOND, f"one view, seed {seed}")


def test_the_bound_of_a_heal_follows_from_the_longest_wait() -> None:
    assert DEMO.membership.heal_bound_us(5) == (2_800 + 700 + 2 * 2_000) * MS
    assert LAN.membership.heal_bound_us(5) == (60 + 10 + 2 * 30) * SECOND
    longer = tuned(reconnect_max_us=10 * SECOND).membership
    assert longer.heal_bound_us(5) > DEMO.membership.heal_bound_us(5)
    assert DEMO.membership.heal_bound_us(300) >= 100 * SWIM.reconnect_period_us


# --- flaps -------------------------------------------------------------------------------------------


def test_one_return_is_an_accident_and_the_second_a_flap() -> None:
    one = Lone("n2", "n3")
    told: list[MemberFlapped] = []
    for incarnation in range(3):
        one.hear(packet("n3", Gossip(), claim("n2", DEAD, incarnation, NodeId("n3"))))
        one.now += SECOND
        effects = one.hear(packet("n3", Gossip(), claim("n2", ALIVE, incarnation + 1)))
        told += [f for f in facts(effects) if isinstance(f, MemberFlapped)]
    window = SWIM.flap_window_us
    assert told == [MemberFlapped(NodeId("n2"), 2, window), MemberFlapped(NodeId("n2"), 3, window)]


def test_returns_that_lie_far_apart_are_no_flap() -> None:
    one = Lone("n2", "n3")
    for life in range(3):
        epoch = EPOCH + life
        one.hear(packet("n3", Gossip(), claim("n2", DEAD, accuser=NodeId("n3"), epoch=epoch)))
        one.now += SWIM.flap_window_us
        effects = one.hear(packet("n3", Gossip(), claim("n2", epoch=epoch + 1)))
        assert one.belief("n2").state is ALIVE
        assert not [f for f in facts(effects) if isinstance(f, MemberFlapped)]
        one.now += 1


def test_a_node_that_comes_back_after_a_farewell_does_not_flap() -> None:
    one = Lone("n2", "n3")
    for life in range(3):
        epoch = EPOCH + life
        one.hear(packet("n3", Gossip(), claim("n2", MemberState.LEFT, epoch=epoch)))
        effects = one.hear(packet("n3", Gossip(), claim("n2", epoch=epoch + 1)))
        assert not [f for f in facts(effects) if isinstance(f, MemberFlapped)]
