"""What each architecture makes of a schedule: the lesson of each, on one seed, with its figures."""

from __future__ import annotations

import pytest

from cluster.config import ArchitectureName
from cluster.sim.compare.play import Order, play
from cluster.sim.compare.record import Row, ScheduleName
from cluster.sim.compare.runner import compare, compare_all

SEED = 3


def row(schedule: ScheduleName, architecture: ArchitectureName, seed: int = SEED) -> Row:
    found = play(Order(schedule, seed, architecture))
    print(f"seed {seed}, {schedule}, {architecture}: {found.verdict}")
    return found


@pytest.mark.parametrize("architecture", ["single", "primary"])
def test_after_its_master_died_nothing_is_answered_although_four_nodes_live(
    architecture: ArchitectureName,
) -> None:
    found = row("kill-master", architecture)
    assert found.during.ok == 0
    assert found.during.tried > 100
    alive = {each.node for each in found.asked if each.tried > 10}
    assert alive == {"n2", "n3", "n4", "n5"}
    assert found.measures.longest_outage.us > 8_000_000
    assert found.strip[-1].share == 1.0  # somebody started it again
    assert [reign.node for reign in found.reigns] == ["n1", "n1"]


@pytest.mark.parametrize("schedule", ["kill-one", "kill-master"])
def test_masterless_answers_everything_while_one_node_is_dead(schedule: ScheduleName) -> None:
    found = row(schedule, "masterless")
    assert found.during.share is not None
    assert found.during.share > 0.97
    assert found.measures.lost_count == found.measures.unread == 0
    assert found.settled_us is not None


def test_masterless_takes_writes_on_both_sides_of_a_split_and_keeps_them_all() -> None:
    found = row("split-2-3", "masterless")
    written = {each.node for each in found.asked if each.written > 5}
    assert written == {"n1", "n2", "n3", "n4", "n5"}
    assert found.measures.lost_count == found.measures.unread == 0
    assert found.settled_us is not None
    assert found.measures.stale_count > 0


def test_a_newcomer_moves_most_places_under_modulo_and_few_on_the_ring() -> None:
    modulo, ring = row("grow-5-to-6", "primary"), row("grow-5-to-6", "masterless")
    assert 0.7 < modulo.moved_share < 0.9  # four workers become five: four in five
    assert 1 / 6 <= ring.moved_share < 0.25
    assert row("grow-5-to-6", "single").moved.places_moved == 0
    assert modulo.measures.lost_count == ring.measures.lost_count == 0


def test_a_worker_that_dies_and_returns_moves_everything_twice_under_modulo() -> None:
    assert row("kill-one", "primary").moved_share > 1
    assert row("kill-one", "masterless").moved_share == 0


def test_equal_arguments_give_equal_rows_wherever_they_are_played() -> None:
    names: tuple[ArchitectureName, ...] = ("single", "masterless")
    here = compare("pause-master", SEED, names)
    heard: list[tuple[int, int]] = []

    def told(done: int, total: int, _what: str) -> None:
        heard.append((done, total))

    found = list(compare_all(("pause-master", "kill-one"), SEED, names, told))
    assert found[0] == here
    assert [each.schedule for each in found] == ["pause-master", "kill-one"]
    assert heard[0] == (0, 4)
    assert heard[-1] == (4, 4)


def test_all_architectures_are_asked_the_same_until_they_answer_otherwise() -> None:
    first, second = compare("kill-master", SEED, ("single", "masterless")).rows
    calm = slice(0, 10)
    assert [b.tried for b in first.strip[calm]] == [b.tried for b in second.strip[calm]]
