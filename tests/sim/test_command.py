"""`masterless sim`: options first, a summary, and for a broken promise the way back to it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from cluster.config import SECOND
from cluster.sim.faults.options import NAMES
from cluster.sim.trial.crew import Sweep, parted
from cluster.sim.trial.shrink import Shrink
from cluster.sim.trial.trial import Broken, Result
from cluster.sim.trial.worker import Order, play
from tui.command.worlds.sim import FAULTS

ROOT = Path(__file__).parents[2]
SHORT = Order(1, "kills", 3 * SECOND, nodes=3)


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "masterless.py"), "sim", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def test_the_command_knows_every_named_schedule() -> None:
    assert FAULTS == NAMES


def test_it_says_every_option_first_and_then_one_summary() -> None:
    ran = run("--check", "--seed", "1", "--faults", "kills", "--nodes", "3", "--for", "3s")
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert lines[0].startswith("seed 1, faults kills, 3 nodes, 3 s")
    assert lines[1].startswith("N=3 R=2 W=2")
    assert "checks passed" in lines[-1]
    assert "digest " in lines[-1]


def test_its_json_is_one_document() -> None:
    ran = run("--check", "--seed", "1", "--faults", "calm", "--nodes", "3", "--for", "2", "--json")
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["fine"] is True
    assert found["seed"] == 1
    assert found["broken"] is None


def test_many_seeds_are_counted(tmp_path: Path) -> None:
    ran = run("--check", "--seeds", "1..3", "--faults", "calm", "--nodes", "3", "--for", "2")
    assert ran.returncode == 0, ran.stderr
    assert "3 seeds, 0 broken" in ran.stdout
    history = tmp_path / "history"
    words = ("--once", "--seed", "1", "--for", "2", "--faults", "calm", "--history", str(history))
    assert run("--check", *words).returncode == 0
    rows = [json.loads(line) for line in history.read_text().splitlines()]
    assert {row["type"] for row in rows} >= {"invoke", "ok"}
    assert [row["index"] for row in rows] == list(range(len(rows)))


@pytest.mark.parametrize(
    "words",
    [
        ["--seed", "1"],
        ["--check", "--faults", "nothing"],
        ["--check", "--seeds", "9..1"],
        ["--check", "--seeds", "1..2", "--seed", "1"],
        ["--check", "--only", "a"],
        ["--check", "--seed", "1", "--faults", "kills", "--for", "20", "--only", "1,999"],
        ["--check", "--seed", "1", "--faults", "calm", "--only", "0"],
        ["--check", "--nodes", "2"],
        ["--check", "--history", "/nowhere/history"],
        ["--check", "--shiviz", "/nowhere/trace"],
        ["--check", "--shiviz", "/"],
        ["--check", "--elle", "/dev/null/elle"],
    ],
)
def test_a_wrong_call_is_one_sentence(words: list[str]) -> None:
    ran = run(*words)
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert len(ran.stderr.splitlines()) == 1
    assert "Traceback" not in ran.stderr


def test_an_interrupted_sweep_says_how_far_it_came() -> None:
    words = ("--check", "--seeds", "1..5000", "--faults", "calm", "--nodes", "3", "--for", "2")
    command = [sys.executable, str(ROOT / "masterless.py"), "sim", *words, "--once", "--jobs", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        assert it.stdout.readline().startswith("seeds 1..5000")
        it.send_signal(signal.SIGINT)
        said, errors = it.communicate(timeout=30)
    assert it.returncode == 130
    assert re.match(r"interrupted after \d+ of 5000 seeds, 0 broken; ", said)
    assert "Traceback" not in errors


def test_two_processes_with_different_hash_seeds_play_the_same_world() -> None:
    with Sweep(2, twice=True) as crew:
        found = list(crew.play([SHORT, replace(SHORT, seed=2)]))
    assert [order.seed for order, _, _ in found] == [1, 2]
    assert [differ for _, _, differ in found] == [None, None]


def test_the_input_at_which_two_runs_part_is_named() -> None:
    first = play(SHORT)
    assert parted(SHORT, first, play(SHORT), (play, play)) is None
    other = replace(SHORT, seed=2)

    def another(order: Order) -> object:
        return play(replace(order, seed=2))

    differ = parted(SHORT, first, play(other), (play, another))  # pyright: ignore[reportArgumentType]
    assert differ is not None
    assert differ.index >= 1
    assert differ.lines[0] != differ.lines[1]


def test_shrinking_keeps_only_the_episodes_that_break_the_promise() -> None:
    order = Order(4, "hell", 40 * SECOND, nodes=6)
    whole = play(replace(order, lasting_us=SECOND)).result

    def run_it(tried: Order) -> Result:
        """A world that breaks whenever episodes 3 and 7 are both played for 10 s."""
        only = tried.only if tried.only is not None else tuple(range(1, 31))
        broken = None
        if {3, 7} <= set(only) and tried.lasting_us >= 10 * SECOND:
            broken = Broken("survival", "gone", 10 * SECOND, ())
        episodes = tuple(replace(first_episode, number=number) for number in only)
        options = replace(whole.options, only=tried.only, lasting_us=tried.lasting_us)
        return replace(whole, options=options, episodes=episodes, broken=broken)

    first_episode = play(replace(order, lasting_us=20 * SECOND)).result.episodes[0]
    tries: list[int] = []
    search = Shrink(order, run_it(order), run_it, lambda count, _best: tries.append(count))
    found, result = search.search()
    assert found.only == (3, 7)
    assert found.lasting_us == 10 * SECOND
    assert result.broken is not None
    assert len(tries) <= 60


def test_a_world_is_written_for_elle_cli_and_for_shiviz(tmp_path: Path) -> None:
    folder, trace = tmp_path / "new" / "elle", tmp_path / "trace"
    words = ("--once", "--seed", "1", "--nodes", "3", "--for", "4", "--faults", "calm")
    ran = run("--check", *words, "--elle", str(folder), "--shiviz", str(trace))
    assert ran.returncode == 0, ran.stderr
    registers = folder / "rw-register.json"
    assert f"{registers}: " in ran.stdout
    assert "--model rw-register" in ran.stdout
    assert json.loads(registers.read_text())[0]["type"] == "invoke"
    lines = trace.read_text().splitlines()
    assert lines[0].startswith("(?<host>")
    assert lines[2].startswith(("n1 {", "n2 {", "n3 {"))
    assert any(line.startswith("receives ") for line in lines)
