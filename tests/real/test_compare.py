"""`compare --real`: the same plan, clients and judge on processes, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from cluster.config import SECOND, ArchitectureName
from cluster.lab.compare.real import Show
from cluster.lab.witness import LabError
from cluster.sim.compare.play import Order
from cluster.sim.compare.promises import broken_by
from cluster.sim.compare.record import Row
from cluster.sim.compare.schedules import plan
from cluster.sim.faults.schedule import Episode

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("real")]

ROOT = Path(__file__).parents[2]
SHORT_US = 14 * SECOND


async def row(order: Order) -> Row:
    heard: list[int] = []
    found = await Show(order).play(heard.append)
    print(f"seed {order.seed}: {found.verdict}")
    assert heard == sorted(heard)
    return found


async def test_a_real_single_master_that_is_killed_takes_everything_with_it() -> None:
    found = await row(Order("kill-master", 1, "single", SHORT_US))
    assert found.during.ok == 0
    assert found.during.tried > 40
    assert {each.node for each in found.asked if each.tried} == {"n2", "n3", "n4", "n5"}
    assert found.strip[4].share == found.strip[-1].share == 1.0
    assert [reign.node for reign in found.reigns] == ["n1", "n1"]
    assert found.measures.lost_count == found.measures.unread == 0
    assert found.messages > 100


@pytest.mark.slow
async def test_a_real_split_makes_two_masters_of_failover_and_loses_what_one_acknowledged() -> None:
    found = await row(Order("split-2-3", 1, "failover"))
    assert found.measures.lost_count > 0
    assert found.measures.dual_master_us > SECOND
    assert sum(each.count for each in found.discards) > 0


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["majority", "masterless"])
async def test_a_real_split_costs_majority_its_answers_and_neither_of_them_a_write(
    architecture: ArchitectureName,
) -> None:
    found = await row(Order("split-2-3", 1, architecture))
    assert broken_by(found) == []
    mute = [each.node for each in found.asked if not each.ok]
    assert len(mute) == (2 if architecture == "majority" else 0)


async def test_what_cannot_be_done_to_processes_ends_it_in_a_sentence() -> None:
    planned = plan("kill-one", 1, SHORT_US)
    bad = replace(planned, episodes=(Episode(1, "kill", 0, SECOND, "n9"),))
    with pytest.raises(LabError, match="no node n9"):
        await Show(Order("kill-one", 1, "single", SHORT_US), bad).play(lambda _seconds: None)


def test_an_interrupt_leaves_no_process_and_no_directory(tmp_path: Path) -> None:
    words = ("compare", "--real", "--faults", "kill-one", "--architecture", "single")
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "masterless.py"), *words],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 30
    while not list(tmp_path.glob("masterless-*/n5/*")) and time.monotonic() < until:
        time.sleep(0.05)  # its five processes are coming up
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in told
    assert list(tmp_path.iterdir()) == []
