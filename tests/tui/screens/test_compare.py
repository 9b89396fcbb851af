"""The compare screen: golden frames, keys, and the process that plays beside the live cluster."""

from __future__ import annotations

import asyncio
import os

import pytest
from msgspec.structs import replace

from cluster.config import MS, SECOND, ArchitectureName
from cluster.model.judging.deeds import Reign
from cluster.model.judging.measures import Measures
from cluster.model.judging.moves import Moved
from cluster.model.judging.running import Bucket, Outage
from cluster.model.member import NodeId
from cluster.sim.compare.record import (
    ARCHITECTURES,
    BUCKET_US,
    SCHEDULES,
    Comparison,
    Mark,
    Row,
    Single,
)
from tests.tui.picture import assert_golden, assert_known_roles
from tests.tui.story import QUIET, scene_at
from tui import rounds
from tui.arena import Arena
from tui.contest import Contest, advanced, begun, chosen_beside, over, seed_next
from tui.keys import footer
from tui.scene import Scene
from tui.screens.compare import figures_of, paint

LASTING = 18 * SECOND
HURT = (3_300 * MS, 12 * SECOND)
# Of twenty operations in a quarter of a second, so many are answered while the network is split.
DURING: dict[ArchitectureName, int] = {
    "single": 8, "primary": 0, "failover": 20, "majority": 12, "masterless": 20,
}  # fmt: skip


def row(name: ArchitectureName) -> Row:
    """A row of paper."""
    buckets: list[Bucket] = []
    for began in range(0, LASTING, BUCKET_US):
        hurt = HURT[0] <= began < HURT[1]
        startled = name in ("failover", "majority") and hurt and began < HURT[0] + SECOND
        ok = 0 if startled else DURING[name] if hurt else 20
        buckets.append(Bucket(began, ok, 20 - ok))
    ok = sum(bucket.ok for bucket in buckets)
    total = Bucket(0, ok, 20 * len(buckets) - ok)
    lossy = name == "failover"
    measures = Measures(
        began=0,
        until=LASTING,
        total=total,
        buckets=tuple(buckets),
        longest_outage=Outage(HURT[0], HURT[1] if name == "primary" else HURT[0] + 600 * MS),
        acknowledged=1_302 if lossy else 940,
        lost_count=212 if lossy else 0,
        stale_count=43 if lossy else 0,
        dual_master_us=7_100 * MS if lossy else 0,
    )
    return Row(
        architecture=name,
        measures=measures,
        during=Bucket(HURT[0]),
        asked=(),
        moved=Moved(places=192, places_moved=265 if name == "primary" else 0),
        discards=(),
        master=NodeId("n1"),
        reigns=() if name == "masterless" else (Reign(NodeId("n1"), 1, 1),),
        commit_terms=1,
        split_terms=(),
        single=Single(),
        settled_us=0,
        verdict="Lost 212 of 1,302 acknowledged writes." if lossy else "Lost nothing.",
        messages=10_000,
    )


def comparison(rows: int = 5) -> Comparison:
    return Comparison(
        schedule="split-2-3",
        about="the network splits: the first master and n2 on one side, n3 n4 n5 on the other",
        seed=1,
        lasting_us=LASTING,
        rate_per_s=80.0,
        marks=(
            Mark(HURT[0], "n1 n2 | n3 n4 n5", harm=True),
            Mark(HURT[1], "one network again", harm=False),
        ),
        hurt_us=HURT,
        rows=tuple(row(name) for name in ARCHITECTURES[:rows]),
    )


def scene_of(contest: Contest) -> Scene:
    return scene_at(QUIET, contest=contest)


WHOLE = advanced(Contest(), comparison())
HALF = advanced(begun(Contest()), comparison(2))
SIZES = [(120, 36), (80, 24)]


@pytest.mark.parametrize(
    ("name", "contest"), [("none", Contest()), ("half", HALF), ("whole", WHOLE)]
)
@pytest.mark.parametrize("size", SIZES, ids=["120x36", "80x24"])
def test_the_comparison_looks_as_it_did(name: str, contest: Contest, size: tuple[int, int]) -> None:
    assert_golden(f"compare-{name}-{size[0]}x{size[1]}", paint(scene_of(contest), *size))


def test_in_ascii_it_is_ascii() -> None:
    scene = replace(scene_of(WHOLE), glyphs="ascii", colour=False)
    frame = paint(scene, 80, 24)
    assert_golden("compare-whole-ascii-80x24", frame)
    body = "".join(frame.lines()[2:-2])
    assert body.isascii() or set(body) - set(map(chr, range(128))) <= {"–"}


@pytest.mark.parametrize("size", [(40, 12), (60, 16), (79, 20), (99, 40), (100, 24), (200, 60)])
def test_any_size_shows_the_strips(size: tuple[int, int]) -> None:
    frame = paint(scene_of(WHOLE), *size)
    assert_known_roles(frame)
    assert any(line.strip().startswith("failover") for line in frame.lines())


def test_all_strips_stand_on_one_time_axis_under_the_marks() -> None:
    frame = paint(scene_of(WHOLE), 120, 36)
    lines = frame.lines()
    top = next(line for line in lines if "▼" in line)
    failover = next(line for line in lines if line.strip().startswith("failover"))
    primary = next(line for line in lines if line.strip().startswith("primary"))
    # Where the fault begins primary's outage begins, where it ends it ends.
    first, last = primary.index("✕"), len(primary) - 1 - primary[::-1].index("✕")
    assert abs(top.index("▼") - first) <= 1
    assert abs(top.index("▲") - last) <= 1
    assert failover.index("✕") == first
    assert "212/1,302" in failover


def test_what_is_broken_stands_out() -> None:
    roles = [role for _, role in figures_of(row("failover"))]
    assert roles[2] == "bad"
    assert roles[4] == "bad"
    assert "bad" not in [role for _, role in figures_of(row("masterless"))]


# --- choosing and playing ---------------------------------------------------------------------------


def test_the_arrows_go_round_all_schedules() -> None:
    contest = Contest()
    seen = [contest := chosen_beside(contest, 1) for _ in SCHEDULES]
    assert {each.chosen for each in seen} == set(SCHEDULES)
    assert chosen_beside(chosen_beside(contest, 1), -1) == contest


def test_played_again_it_is_played_with_the_next_seed() -> None:
    assert seed_next(Contest()) == 1
    assert seed_next(WHOLE) == 2
    assert seed_next(over(HALF, "the process died")) == 1


def test_results_stay_while_another_is_played() -> None:
    contest = begun(chosen_beside(WHOLE, 1))
    assert contest.playing == "grow-5-to-6"
    assert contest.found.keys() == {"split-2-3"}
    assert contest.rows_done == 0


def test_faults_are_not_offered_where_no_node_can_be_chosen() -> None:
    scene = scene_of(WHOLE)
    said = "".join(text for text, _, _ in footer(scene, "compare", 120))
    assert "kill" not in said
    assert "enter play" in said
    assert "enter" not in "".join(text for text, _, _ in footer(scene, "home", 120))


async def test_a_comparison_is_played_row_by_row_in_another_process() -> None:
    told: list[Comparison] = []
    whole = await rounds.play("kill-one", 1, told.append)
    assert [len(each.rows) for each in told] == [0, 1, 2, 3, 4, 5]
    assert whole == told[-1]
    assert [each.architecture for each in whole.rows] == list(ARCHITECTURES)
    assert all(each.measures.total.tried > 0 for each in whole.rows)


async def test_giving_up_leaves_no_process_behind() -> None:
    said: list[str] = []
    one_is_there = asyncio.Event()

    def changed() -> None:
        if arena.contest.rows_done:
            one_is_there.set()

    arena = Arena(changed, said.append)
    before = children()
    arena.press("run")
    assert arena.contest.playing == "split-2-3"
    await one_is_there.wait()
    assert len(children() - before) == 1
    arena.press("run")
    assert said == ["split-2-3 is being played: one at a time"]
    await arena.stop()
    assert not children() - before
    assert arena.contest.playing is None


def children() -> set[int]:
    """Our child processes that have not ended."""
    path = f"/proc/{os.getpid()}/task/{os.getpid()}/children"
    if not os.path.exists(path):
        pytest.skip("only where /proc lists children")
    with open(path) as file:
        return {int(word) for word in file.read().split()}
