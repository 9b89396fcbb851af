"""The bars of the five architectures, on a dozen seeds here, a hundred where there is time, and a
thousand by `python -m tests.bench.architectures`."""

from __future__ import annotations

import pytest

from cluster.sim.compare.bars import BARS, KEPT, Bar, order
from cluster.sim.compare.play import Order, play
from cluster.sim.compare.record import Row


def held(bar: Bar, seeds: range) -> None:
    """The bar is met by these seeds; what each falls short of is printed."""
    short: dict[int, list[str]] = {}
    for seed in seeds:
        row = play(order(bar, seed))
        if lacks := bar.short(row):
            short[seed] = lacks
            print(f"seed {seed}: {'; '.join(lacks)} ({row.verdict})")
    assert len(seeds) - len(short) >= bar.least * len(seeds), short


@pytest.mark.parametrize("bar", BARS, ids=lambda bar: bar.name)
@pytest.mark.parametrize("first", [1, 5, 9])
def test_a_bar_is_met_on_a_dozen_seeds(bar: Bar, first: int) -> None:
    held(bar, range(first, first + 4))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("bar", BARS, ids=lambda bar: bar.name)
def test_a_bar_is_met_on_a_hundred_seeds(bar: Bar) -> None:
    held(bar, range(101, 201))


@pytest.mark.parametrize("bar", KEPT, ids=lambda bar: bar.name)
def test_what_is_promised_is_kept_whatever_is_done(bar: Bar) -> None:
    held(bar, range(1, 3))


def test_the_worlds_of_a_bar_differ() -> None:
    orders = [order(BARS[1], seed) for seed in range(1, 13)]
    assert len({each.load for each in orders}) == len(orders)
    assert len({each.lasting_us for each in orders}) == len(orders)


# --- one register or not -------------------------------------------------------------------------


def split(architecture: str, seed: int) -> Row:
    bar = next(b for b in BARS if b.name == f"{architecture}/split-2-3")
    row = play(order(bar, seed))
    print(f"seed {seed}: {row.single}")
    return row


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_majority_is_one_register_although_its_clients_write_at_once(seed: int) -> None:
    found = split("majority", seed)
    assert found.single.answer == "yes"
    assert found.single.operations > 50
    assert found.commit_terms >= 2  # the split took its master away


@pytest.mark.parametrize(("seed", "name"), [(1, "two values at once"), (10, "stale read")])
def test_masterless_is_no_register_under_a_split_and_the_anomaly_has_a_name(
    seed: int, name: str
) -> None:
    """Sloppy quorums on both sides: what one side acknowledged the other does not show, and after
    the heal both are there."""
    found = split("masterless", seed)
    assert found.single.answer == "no"
    assert found.single.anomaly == name
    assert found.single.sentence
    assert found.measures.stale_count > 0
    assert found.measures.lost_count == 0


def test_masterless_is_one_register_while_nothing_is_cut() -> None:
    """So the anomaly above is the split's, not the clients': their writers take turns."""
    row = play(Order("kill-one", 1, "masterless"))
    assert row.single.answer == "yes"
    assert row.single.operations > 100


def test_failover_tells_that_it_threw_away_what_it_had_acknowledged() -> None:
    found = split("failover", 2)
    assert found.measures.lost_count > 0
    assert found.measures.dual_master_us > 0
    assert sum(each.count for each in found.discards) >= found.measures.lost_count
    assert "two masters for" in found.verdict
    assert "threw away" in found.verdict
