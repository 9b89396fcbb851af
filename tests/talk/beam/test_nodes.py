"""A real BEAM cluster: who is killed is missed at once, who is stopped after its tick; nothing is left.

Needs `erl` and `epmd` (Debian: erlang-base); skipped, and said, where they are missing.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from talk.beam.nodes import Beam, installed

ROOT = Path(__file__).parents[3]
TICK_S = 4
"""Instead of Erlang's 60, so that a test can wait for it."""
GONE_WITHIN_S = 20.0
needs_erlang = pytest.mark.skipif(
    not installed(), reason="NO ERLANG HERE: the real BEAM cluster is not tested (erl, epmd)"
)


def alive(pid: int) -> bool:
    """Whether it runs: a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@needs_erlang
def test_a_kill_is_noticed_at_once_and_a_stop_when_the_tick_says_so() -> None:
    async def compared() -> Beam:
        beam = Beam(TICK_S)
        beam.begin()
        beam.begin()  # a second look at the slide begins nothing
        await asyncio.wait_for(beam.ended(), 180)
        return beam

    course = asyncio.run(compared()).course
    assert course.state == "done", course.trouble
    assert (course.tick_s, course.release.isdigit()) == (TICK_S, True)
    assert course.kill is not None
    assert course.stop is not None
    assert course.kill.who == ("b1", "b2")
    assert course.stop.who == ("b1",)
    assert course.kill.known
    assert course.stop.known
    assert course.stop.after_s >= 0.7 * TICK_S, "silence alone proves nothing before that"
    assert course.kill.after_s < course.stop.after_s


PLAYER = f"""
import asyncio
from talk.beam.nodes import Beam

async def main():
    beam = Beam({TICK_S})
    beam.begin()
    while beam.course.state != "stopped":
        await asyncio.sleep(0.05)
    others = [process.pid for process in beam._others]
    print(*others, *(node.process.pid for node in beam._nodes.values()), flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@needs_erlang
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
def test_nothing_outlives_a_stage_that_is_killed_not_even_a_node_that_was_stopped() -> None:
    player = subprocess.Popen(
        [sys.executable, "-c", PLAYER], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert player.stdout is not None
    pids = [int(word) for word in player.stdout.readline().split()]
    try:
        assert len(pids) == 5, "epmd, the guard and three nodes"
        assert sum(map(alive, pids)) >= 4
    finally:
        os.kill(player.pid, signal.SIGKILL)
        player.wait()
        player.stdout.close()
    end = time.monotonic() + GONE_WITHIN_S
    while any(map(alive, pids)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(alive, pids))


def test_without_erlang_nothing_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    beam = Beam()
    beam.begin()
    assert beam.course.state == "absent"
    asyncio.run(beam.stop())
