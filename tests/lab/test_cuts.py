"""Overlapping cuts are acts that heal one by one; both ends of a lossy link lose what it loses."""

from __future__ import annotations

import pytest

from cluster.lab.network.cuts import CUTS_MAX, Cut, Cuts
from cluster.lab.network.links import at_each_end
from cluster.model.fault import LOST_PERCENT_MAX
from cluster.model.member import NodeId

N1, N2, N3, N4, N5 = (NodeId(f"n{i}") for i in range(1, 6))
ALL = (N1, N2, N3, N4)


def test_an_isolated_node_is_cut_from_everyone_and_everyone_from_it() -> None:
    cuts = Cuts()
    cuts.add(Cut("isolate", frozenset((N2,))))
    assert cuts.severed(N2, ALL) == {N1, N3, N4}
    assert cuts.severed(N1, ALL) == {N2}


def test_healing_one_cut_leaves_the_other() -> None:
    cuts = Cuts()
    isolation = Cut("isolate", frozenset((N4,)))
    cuts.add(Cut("partition", frozenset((N3, N4))))
    cuts.add(isolation)
    assert cuts.severed(N4, ALL) == {N1, N2, N3}
    cuts.remove(isolation)
    assert cuts.severed(N4, ALL) == {N1, N2}


def test_a_node_added_during_a_partition_is_on_the_larger_side() -> None:
    cuts = Cuts()
    cuts.add(Cut("partition", frozenset((N1,))))
    assert cuts.severed(N5, (*ALL, N5)) == {N1}


def test_one_cut_link_leaves_all_others() -> None:
    cuts = Cuts()
    cuts.add(Cut("cut", frozenset((N1,)), frozenset((N2,))))
    assert cuts.severed(N1, ALL) == {N2}
    assert cuts.severed(N3, ALL) == frozenset()


def test_the_same_cut_is_not_made_twice_and_cuts_are_bounded() -> None:
    cuts = Cuts()
    assert cuts.add(Cut("isolate", frozenset((N1,))))
    assert not cuts.add(Cut("isolate", frozenset((N1,))))
    for number in range(2 * CUTS_MAX):
        cuts.add(Cut("isolate", frozenset((NodeId(f"x{number}"),))))
    assert len(cuts.acts) == CUTS_MAX


@pytest.mark.parametrize("percent", [0, 1, 20, 50, LOST_PERCENT_MAX])
def test_what_passes_both_ends_of_a_lossy_link_is_what_is_not_lost(percent: int) -> None:
    each = at_each_end(percent)
    assert 0 <= each < 1
    assert (1 - each) ** 2 == pytest.approx(1 - percent / 100)
