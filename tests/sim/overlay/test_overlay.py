"""A world of peers: symmetric and in one piece, whatever is killed; every seed the same again."""

from __future__ import annotations

import pytest

from cluster.bounds.overlay import MS, SECOND, CausalConfig
from cluster.protocol.overlay.messages import PeerId
from cluster.sim.overlay.beyond import film
from cluster.sim.overlay.questions import Evening
from cluster.sim.overlay.wave import NEVER, NOBODY, Camera, Wave, depths
from cluster.sim.overlay.world import JITTER, Air, OverlayWorld

SMALL = 120


def grown(seed: int, air: Air | None = None, count: int = SMALL) -> OverlayWorld:
    world = OverlayWorld(seed, air=air or Air())
    world.grow(count)
    world.run(30 * SECOND)
    return world


def wave(world: OverlayWorld, author: PeerId, us: int = 4 * SECOND) -> Wave:
    camera = Camera(world)
    camera.begin()
    world.publish(author)
    world.run(us)
    world.watchers.pop()
    return camera.cut("one")


@pytest.mark.parametrize("seed", range(6))
def test_views_are_symmetric_and_in_one_piece_also_after_three_in_ten_have_died(seed: int) -> None:
    print("seed", seed)
    world = grown(seed)
    assert (world.one_sided(), world.pieces()) == (0, 1)
    assert len(world.links()) <= 3 * SMALL
    doomed = world.dice.stream("doomed").sample(list(world.peers), SMALL * 3 // 10)
    world.kill(doomed)
    assert world.one_sided() > 0
    world.run(15 * SECOND)
    assert (world.one_sided(), world.pieces()) == (0, 1)
    author = next(iter(world.peers))
    seen = wave(world, author)
    assert seen.had_by(seen.lasts_us) == seen.living == SMALL - len(doomed)


@pytest.mark.parametrize("seed", range(4))
def test_a_letter_sent_as_they_die_reaches_all_who_live(seed: int) -> None:
    print("seed", seed)
    world = grown(seed)
    author = PeerId("p0000")
    for _ in range(2):
        wave(world, author)
    camera = Camera(world)
    camera.begin()
    others = [name for name in world.peers if name != author]
    world.kill(world.dice.stream("doomed").sample(others, SMALL * 3 // 10))
    world.publish(author)
    world.run(15 * SECOND)
    seen = camera.cut("as they die")
    assert seen.had_by(seen.lasts_us) == seen.living
    assert seen.mended
    assert all(seen.reached[peer] == NEVER for peer in seen.dead)


def test_dead_names_are_crowded_out_of_the_reserves() -> None:
    world = grown(3)
    world.kill(list(world.peers)[10:46])

    def remembered() -> int:
        return sum(n in world.dead for peer in world.peers.values() for n in peer.view.passive)

    before = remembered()
    world.run(300 * SECOND)
    assert before > 500
    assert remembered() < 0.6 * before


@pytest.mark.parametrize("seed", range(3))
def test_a_tree_forms_at_the_first_letter_and_serves_every_author(seed: int) -> None:
    world = grown(seed)
    first = wave(world, PeerId("p0000"))
    assert len(first.again) > first.deliveries
    for number in (0, 17, 60, 111):
        seen = wave(world, PeerId(f"p{number:04}"))
        assert seen.had_by(seen.lasts_us) == SMALL
        assert len(seen.again) < 0.3 * seen.deliveries
        assert seen.parent.count(NOBODY) == 1
        assert seen.most_sent <= 6


def test_order_is_broken_only_where_letters_may_overtake_and_nothing_restores_it() -> None:
    early: dict[tuple[bool, bool], int] = {}
    for jitter in (False, True):
        for ordered in (False, True):
            world = grown(5)
            for _ in range(3):
                wave(world, PeerId("p0000"))
            world.air = JITTER if jitter else Air()
            readings = Evening(world, ordered=ordered).play()
            assert readings.answers == 3 * readings.questions > 0
            assert readings.waiting_most <= CausalConfig().waiting_max
            assert (readings.unread, readings.refused) == (0, 0)
            early[jitter, ordered] = readings.too_early
    # One connection a link and a tree that does not change: order comes for nothing.
    assert early.pop((True, False)) > 0
    assert set(early.values()) == {0}


def test_equal_seeds_film_equal_waves_and_others_do_not() -> None:
    first, again, other = (film(seed, 60) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert [wave.title for wave in first] == [wave.title for wave in other]


def test_a_wave_counts_what_it_shows() -> None:
    flood, calm, disaster, after = film(4, 60)
    assert calm.had_by(NEVER) == 0
    assert calm.had_by(0) == 1
    assert calm.had_by(calm.lasts_us) == calm.living == 60
    assert len(flood.again) > 2 * len(calm.again)
    assert disaster.tree == calm.parent
    assert after.living == 42
    hops = calm.hops()
    assert hops[calm.source] == 0
    assert all(hops[peer] == hops[calm.parent[peer]] + 1 for peer in range(60) if hops[peer])


def test_depths_end_where_parents_go_round() -> None:
    assert depths((NOBODY, 0, 1, 4, 3), 0) == (0, 1, 2, NEVER, NEVER)


def test_nobody_learns_of_a_death_before_a_broken_connection_can_say_so() -> None:
    world = grown(2)
    victim = PeerId("p0050")
    neighbours = list(world.peers[victim].view.active)
    assert neighbours
    world.kill([victim])
    world.run(20 * MS - 1)
    assert all(victim in world.peers[name].view.active for name in neighbours)
    world.run(400 * MS)
    assert not any(victim in world.peers[name].view.active for name in neighbours)
