"""The named schedules: the same for every architecture, and different for different seeds."""

from __future__ import annotations

from itertools import pairwise

import pytest

from cluster.config import SECOND
from cluster.model.member import NOBODY, NodeId
from cluster.sim.compare.clients import Load, wishes
from cluster.sim.compare.record import SCHEDULES
from cluster.sim.compare.schedules import ABOUT, AFTER_US, BEFORE_US, FOUNDERS, instead, plan
from cluster.sim.dice import Dice


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("seed", range(20))
def test_a_schedule_begins_and_ends_calm_and_has_a_mark_for_everything(
    name: str, seed: int
) -> None:
    found = plan(name, seed)  # pyright: ignore[reportArgumentType]
    assert found == plan(found.name, seed)
    assert ABOUT[found.name]
    assert found.episodes
    assert min(e.at for e in found.episodes) == found.hurt_us[0] >= BEFORE_US
    ends = [e.ends for e in found.episodes if e.kind != "join"]
    assert all(end <= found.lasting_us - AFTER_US for end in ends)
    begun = [mark.at_us for mark in found.marks if mark.harm]
    assert begun == sorted(e.at for e in found.episodes)
    over = [mark.at_us for mark in found.marks if not mark.harm]
    assert over == sorted(ends)


@pytest.mark.parametrize("seed", range(20))
def test_in_a_churn_one_thing_happens_at_a_time_and_the_witness_is_left_alone(seed: int) -> None:
    found = plan("churn", seed)
    passing = [e for e in found.episodes if e.kind != "join"]
    for earlier, later in pairwise(passing):
        assert earlier.ends < later.at
    assert found.witness in FOUNDERS
    assert found.witness not in {e.subject for e in found.episodes}
    assert len(found.episodes) == 6


def test_seeds_move_the_moments_and_choose_who_is_hurt() -> None:
    kills = [plan("kill-one", seed).episodes[0] for seed in range(20)]
    assert {kill.subject for kill in kills} == set(FOUNDERS[1:])
    assert len({kill.at for kill in kills}) > 15


def test_another_master_takes_the_part_of_n1_and_n1_takes_its() -> None:
    cut = plan("split-2-3", 1)
    assert instead(cut, NodeId("n1")) == instead(cut, NOBODY) == cut
    other = instead(cut, NodeId("n5"))
    assert (other.episodes[0].subject, other.episodes[0].peers) == ("n5", ("n2",))
    assert other.marks[0].text == "n5 n2 | n1 n3 n4"
    assert (cut.witness, other.witness) == ("n5", "n1")
    second = instead(cut, NodeId("n2"))
    assert second.marks[0].text == "n2 n1 | n3 n4 n5"


def test_a_schedule_too_short_to_show_anything_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 14 s"):
        plan("kill-one", 1, 5 * SECOND)


def test_wishes_come_at_their_rate_half_of_them_for_few_keys_read_only() -> None:
    load = Load()
    found = wishes(Dice(7).stream("wishes"), load, 100 * SECOND)
    assert abs(len(found) / 100 - load.wishes_per_s) < 2
    assert [wish.at for wish in found] == sorted(wish.at for wish in found)
    hot = [wish for wish in found if wish.key.startswith("h")]
    assert abs(len(hot) / len(found) - load.hot_share) < 0.05
    assert abs(sum(wish.reads_only for wish in hot) / len(hot) - 0.5) < 0.1
    assert not any(wish.reads_only for wish in found if wish.key.startswith("k"))
