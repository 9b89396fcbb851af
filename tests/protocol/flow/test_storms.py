"""What holds whatever happens: pipelines under kills, pauses, cuts and slow neighbours."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.config import DEMO, SECOND
from cluster.model.flow.pipeline import Way
from cluster.model.member import NodeId
from cluster.protocol.flow.link import Inlet, Outlet
from cluster.protocol.flow.messages import FlowAsk, FlowItem
from cluster.protocol.flow.source import Bucket, Source
from tests.protocol.flow.pipes import N1, N2, N3, Books, asked_and_sent, declare, three, world_of

WAYS: list[Way] = ["unbounded", "shed", "demand"]
STORMS = 6


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", range(STORMS))
def test_whatever_happens_queues_keep_their_bounds_and_nothing_vanishes_uncounted(
    way: Way, seed: int
) -> None:
    print(f"seed {seed}")
    rng = Random(f"{seed}/{way}")
    world = world_of(4, seed)
    world.loss = rng.choice([0.0, 0.05])
    books = Books(world)
    bound = rng.choice([8, 64, 100])
    nodes = rng.choice([(N1, N2, N3), (N2, N3, N2), (N3, N1, NodeId("n4"))])
    spec = three(way, rate=500, lasting_s=8, demand=bound, queue=bound, nodes=nodes)
    declare(world, spec, at=rng.choice(["n1", "n2", "n4"]))
    for _ in range(3):
        world.run(rng.uniform(0.3, 2))
        victim = rng.choice(nodes[1:])
        match rng.choice(["kill", "pause", "cut", "reset"]):
            case "kill":
                books.kill(victim)
                world.run(rng.uniform(0.2, 5))
                world.start(victim, tuple(n for n in ("n1", "n2") if n != victim)[:1])
            case "pause":
                world.pause(victim)
                world.run(rng.uniform(0.2, 6))
                world.resume(victim)
            case "cut":
                others = tuple(n for n in world.hosts if n != victim)
                world.partition((victim,), others)
                world.run(rng.uniform(0.2, 6))
                world.heal()
            case _:
                pass
        for node in world.live():
            for stage in node.flows.stages.values():
                limit = DEMO.flow.unbounded_max if way == "unbounded" else bound
                assert stage.held <= stage.limit == limit
    world.run(12)
    world.until(books.quiet, 90, "everything that was let in has come out")
    world.run(1)
    found = books.balance()
    missing = books.missing(found)
    print(dict(found), "missing", missing)
    assert found["arrived"] >= 500 * 8
    # What a node was unsure of when it died, nobody can count any more.
    assert 0 <= missing <= found["lost"] + found["unsure"]
    assert found["delivered"] > 0
    asked_and_sent(world)


# --- the two ends of a link ----------------------------------------------------------------------


@settings(derandomize=True, max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ask", "make", "send", "drop", "relink", "rebirth", "dead", "cut"]),
            st.integers(0, 50),
        ),
        max_size=60,
    )
)
def test_a_link_never_carries_more_than_was_asked_and_its_sender_knows_what_was_lost(
    steps: list[tuple[str, int]],
) -> None:
    inlet, outlet = Inlet(DEMO.flow), Outlet()
    link, life = 1, 5
    inlet.renew(link, 9)
    made = had_before = 0
    last = FlowAsk("f", 1, 0, 9, link, 0, 0, 0)

    def ask() -> None:
        outlet.ask(FlowAsk("f", 1, 0, 9, inlet.link, inlet.asked, inlet.had, inlet.had), life)

    for what, number in steps:
        match what:
            case "ask":
                inlet.asked += number
                ask()
                outlet.ask(last, life)  # one that was held up on the way changes nothing
            case "make":
                count = min(number, outlet.room)
                outlet.pending += [FlowItem(made + i, 0) for i in range(count)]
                made += count
            case "send" | "drop":
                for items in outlet.batches(7):
                    if what == "send":
                        assert inlet.take(outlet.link, outlet.batch, outlet.sent, len(items))
                        again = inlet.take(outlet.link, outlet.batch, outlet.sent, len(items))
                        assert not again
            case "relink":
                link += 1
                inlet.renew(link, 9)
                ask()
            case "rebirth":
                had_before += inlet.had
                life, link = life + 1, link + 1
                inlet = Inlet(DEMO.flow)
                inlet.renew(link, 9)
                ask()
            case "dead":
                outlet.close()
                assert outlet.room == 0
            case _:
                outlet.cut()
                assert outlet.room == 0
        assert outlet.sent <= outlet.asked
        assert outlet.asked <= inlet.asked or outlet.link < inlet.link
    link += 1
    inlet.renew(link, 9)
    ask()
    # In the end: what was sent has come, in this life or an earlier one, or is counted as lost.
    sent = made - len(outlet.pending)
    assert sent - had_before - inlet.had <= outlet.lost <= sent - inlet.had


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.integers(1, 20_000), st.integers(0, 10**15), st.integers(0, 10 * SECOND))
def test_a_sources_item_has_arrived_exactly_when_its_time_has_come(
    rate: int, began: int, span: int
) -> None:
    source = Source(rate, began, 0)
    count = source.arrived(began + span)
    assert count == 0 or source.came_at(count) <= began + span
    assert source.came_at(count + 1) > began + span
    source.taken = count
    assert source.next_at() == source.came_at(count + 1)
    assert source.waited_us(began + span) == 0


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.integers(1, 20_000), st.lists(st.integers(0, SECOND // 4), max_size=80))
def test_a_bucket_lets_through_its_rate_and_one_burst(rate: int, rests: list[int]) -> None:
    bucket = Bucket(rate, DEMO.flow, 0)
    now = taken = 0
    for rest in rests:
        now += rest
        while bucket.ready_at() <= now:
            bucket.take(now)
            taken += 1
            if taken > 50_000:
                return
        burst = max(1, rate * DEMO.flow.burst_us // SECOND)
        assert taken <= now * rate // SECOND + burst + 1
    if rests and sum(rests) >= SECOND // rate + 1:
        assert taken >= 1
